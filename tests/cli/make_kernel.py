# SPDX-License-Identifier: GPL-2.0-or-later
# make_kernel.py OUT RELEASE [flagless] [stub] [size=BYTES] [cmdline=BYTES]: an x86_64 bzImage that says it is RELEASE, laid
# out as Documentation/arch/x86/boot.rst has it. Its payload is noise. stub: with a PE header, as CONFIG_EFI_STUB gives it.
import random
import struct
import sys

out, release, words = sys.argv[1], sys.argv[2], sys.argv[3:]
options = dict(w.split("=") for w in words if "=" in w)
size = int(options.get("size", 20000))
setup = 5 * 512
body = bytearray(random.Random(release).randbytes(size // 16 * 16))
image = bytearray(setup) + body
version = release.encode() + b" (me@here) #7 SMP Fri Nov 20\0"


def put(offset, fmt, *values):
    struct.pack_into(fmt, image, offset, *values)


put(0x1F1, "<B", 4)
put(0x1F4, "<I", len(body) // 16)
put(0x1FE, "<H", 0 if "flagless" in words else 0xAA55)
put(0x202, "<4sH", b"HdrS", 0x20F)
put(0x20E, "<H", 0x400)
put(0x211, "<B", 1)
put(0x22C, "<I", 0x7FFFFFFF)
put(0x230, "<I", 0x200000)
put(0x234, "<BBHI", 1, 21, 0x3F, int(options.get("cmdline", 2047)))
put(0x248, "<II", 64, len(body) - 64)
put(0x258, "<QI", 0x1000000, 0x2000000)
image[0x600 : 0x600 + len(version)] = version
if "stub" in words:
    # PE32+ for x86_64, an EFI application of one section, which is all behind the headers
    put(0, "<2s", b"MZ")
    put(0x3C, "<I", 0x40)
    put(0x40, "<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 112 + 6 * 8, 0x206)
    put(0x58, "<HBBIIIII", 0x20B, 2, 20, len(body), 0, 0, setup, setup)
    put(0x58 + 24, "<QII", 0, 512, 512)
    put(0x58 + 56, "<II", len(image), setup)
    put(0x58 + 68, "<HH", 10, 0)
    put(0x58 + 108, "<I", 6)
    put(0xF8, "<8sIIII", b".text\0\0\0", len(body), setup, len(body), setup)
open(out, "wb").write(image)
