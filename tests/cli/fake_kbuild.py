# SPDX-License-Identifier: GPL-2.0-or-later
# Projects of a tree that has kbuild's targets and next to nothing to build (kbuild-tree), with two patches and two variants.
import hashlib
import io
import os
import tarfile

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kbuild-tree")


def lines(name, n):
    return "".join("%s: line %d\n" % (name, i) for i in range(n))


def tree(marker):
    """Its files: path -> text. marker goes into the image and the headers."""
    files = {name: open(os.path.join(here, name)).read() for name in os.listdir(here)}
    files["marker"] = marker + "\n"
    files["Kbuild"] = "obj-y += lib/\n"
    files["arch/x86/configs/x86_64_defconfig"] = "CONFIG_NET=y\n"
    files["arch/x86/Makefile"] = "# nothing\n"
    files["arch/x86/include/asm/x.h"] = "/* x */\n"
    files["scripts/x.sh"] = "echo\n"
    files["include/linux/x.h"] = "/* x */\n"
    for i in range(3):
        files["lib/c%d.c" % i] = "int c%d(int x);\nint c%d(int x)\n{\n\treturn x * %d;\n}\n" % (i, i, i + 3)
    for i in range(2):
        files["net/n%d.c" % i] = "int n%d(int x);\nint n%d(int x)\n{\n\treturn x + %d;\n}\n" % (i, i, i + 5)
    for i in range(8):
        files["lib/t%d.txt" % i] = lines("t%d" % i, 40)
    for i in range(2):
        files["drivers/d%d.c" % i] = ("const char license%d[] __attribute__((section(\".modinfo\"), used)) = \"license=GPL\";\n"
                                      "int d%d;\n" % (i, i))
    for i in range(12):
        files["include/uapi/linux/h%d.h" % i] = "/* %s */\n" % marker + lines("h%d" % i, 9)
    # so that there is something to unpack and to copy
    for i in range(300):
        files["Documentation/%d/%d.txt" % (i % 10, i)] = lines("doc %d" % i, 5)
    return files


def patches():
    """One of a text and one of a C file."""
    text = "--- a/lib/t1.txt\n+++ b/lib/t1.txt\n@@ -1,3 +1,3 @@\n t1: line 0\n-t1: line 1\n+t1: line one\n t1: line 2\n"
    code = ("--- a/lib/c2.c\n+++ b/lib/c2.c\n@@ -1,5 +1,5 @@\n int c2(int x);\n int c2(int x)\n {\n-\treturn x * 5;\n"
            "+\treturn x * 55;\n }\n")
    return {"0001-text.patch": text, "0002-code.patch": code}


def tarball(path, marker):
    """Writes it; its SHA-256."""
    with tarfile.open(path, "w") as tar:
        for name, text in sorted(tree(marker).items()):
            info = tarfile.TarInfo("linux-6.1.7/" + name)
            info.size = len(text)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(text.encode()))
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def project(folder, source, sha256=None):
    """FOLDER/kiln.yaml and what it names: the cells small/plain and small/vlan."""
    for name, text in patches().items():
        put(os.path.join(folder, "patches", name), text)
    put(os.path.join(folder, "kiln.yaml"), "kernels:\n  small:\n    source: %s\n%s    arch: x86_64\n    config: [CONFIG_NET=y]\n"
        "    variants: {plain: [], vlan: [CONFIG_VLAN=y]}\n    patches: patches\n"
        % (source, "    sha256: %s\n" % sha256 if sha256 else ""))
