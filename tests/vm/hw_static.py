# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/vm/hw-static cannot do as a shell: disks, the devices of a record, QEMU's arguments, the comparison.

hw_static.py disk IMAGE ROOT GUID       a GPT disk with one partition of that PARTUUID: ext4 with what is below ROOT
hw_static.py machine RUN SERIAL WORD... the argv of RUN (kiln run --dry-run --json), started from its disk, one word a line
hw_static.py resemble SCAN DIR          QEMU's arguments for PCI devices like those of the machine, one a line; "# ..." else
hw_static.py compare SCAN SERIAL        what SERIAL (of tests/vm/hw-init.c) tells, and devices that only SCAN has bound
hw_static.py alike SCAN SERIAL LIKE DRIVER...
                                        the same for a machine that has what resemble wrote to LIKE, and, wherever they are,
                                        devices with these drivers; others are told of with "#"
"""
import collections
import json
import re
import struct
import subprocess
import sys
import uuid
import zlib

SECTOR = 512
MIB = 1 << 20
LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")


def load(file):
    with open(file, encoding="utf-8") as f:
        return json.load(f)


def gpt(sectors, guid, first, last):
    """The two copies of the table (UEFI 2.10, 5.3): (sector, bytes)."""
    entry = LINUX.bytes_le + guid.bytes_le + struct.pack("<QQQ", first, last, 0) + "root".encode("utf-16-le").ljust(72, b"\0")
    entries = entry.ljust(128 * 128, b"\0")

    def header(own, other, at):
        fields = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, own, other, 34, sectors - 34,
                             uuid.uuid5(guid, "disk").bytes_le, at, 128, 128, zlib.crc32(entries))
        return fields[:16] + struct.pack("<I", zlib.crc32(fields)) + fields[20:]

    yield 0, struct.pack("<446xB3sB3sII48xH", 0, b"\0\2\0", 0xee, b"\xff\xff\xff", 1, sectors - 1, 0xaa55)
    yield 1, header(1, sectors - 1, 2)
    yield 2, entries
    yield sectors - 33, entries
    yield sectors - 1, header(sectors - 1, 1, sectors - 33)


def disk(image, root, guid):
    size = 32 * MIB
    with open(image, "wb") as f:
        f.truncate(size)
    kib = (size - 2 * MIB) // 1024
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", root, "-E", f"offset={MIB},root_owner=0:0", image, f"{kib}k"],
                   check=True)
    with open(image, "r+b") as f:
        for sector, data in gpt(size // SECTOR, uuid.UUID(guid), MIB // SECTOR, MIB // SECTOR + kib * 2 - 1):
            f.seek(sector * SECTOR)
            f.write(data)


def machine(run, serial, *words):
    """QEMU with the same devices, without kiln: its port leads nowhere, and what starts is the kernel alone."""
    argv = load(run)["argv"]
    out = []
    for i, a in enumerate(argv):
        option = argv[i - 1]
        if a in ("-initrd", "-kernel", "-append") or option in ("-initrd", "-kernel", "-append"):
            continue
        if option == "-chardev" and "id=kiln" in a.split(","):
            a = "null,id=kiln"
        if option == "-chardev" and "id=console" in a.split(","):
            a = f"file,id=console,path={serial}"
        out.append(a)
    print("\n".join(out + list(words)))


# Devices of which QEMU has one, by vendor, device and class: a backend (or None), and the device.
LIKE = [
    (r"v00001AF4d00001041", "-netdev user,id={id}", "virtio-net-pci,netdev={id}"),
    (r"v00001AF4d00001042", "disk", "virtio-blk-pci,drive={id}"),
    (r"v00001AF4d00001044", None, "virtio-rng-pci"),
    (r"v00001AF4d00001045", None, "virtio-balloon-pci"),
    (r"v00001AF4d00001048", None, "virtio-scsi-pci"),
    (r"v00008086d000010D3", "-netdev user,id={id}", "e1000e,netdev={id}"),
    (r"bc01sc08i02", "disk", "nvme,drive={id},serial={id}"),
    (r"bc0Csc03i30", None, "qemu-xhci"),
]


def pci_devices(scan):
    return [d for d in load(scan)["devices"] if d["bus"] == "pci" and d["driver"] and d["alias"]]


def resemble(scan, folder):
    """The first disk is FOLDER/disk."""
    disks = 0
    for d in pci_devices(scan):
        like = next(((b, q) for p, b, q in LIKE if re.search(p, d["alias"][0])), None)
        place = re.fullmatch(r"0000:00:([0-9a-f]+)\.0", d["address"])
        if not like or not place:
            print(f"# {d['address']} {d['driver']}: QEMU has none like it")
            continue
        ident = "d" + place[1]
        if like[0] == "disk":
            print(f"-drive\nif=none,id={ident},format=raw,file={folder}/{'disk' if not disks else 'blank'}")
            disks += 1
        elif like[0]:
            print("\n".join(like[0].format(id=ident).split()))
        modern = ",disable-legacy=on" if like[1].startswith("virtio") else ""
        print(f"-device\n{like[1].format(id=ident)}{modern},addr={place[1]}")


# Numbers that count what came before, in whatever order drivers did: of SCSI hosts, ATA ports, HID and virtio devices, and
# those that drivers give to platform devices that they make.
COUNTED = [
    (r"/host\d+/target\d+:", "/hostN/targetN:"),
    (r"/target(N:\d+:\d+)/\d+:(\d+:\d+:\d+)", r"/target\1/N:\2"),
    (r"/ata\d+/", "/ataN/"),
    (r"/([0-9A-F]{4}:[0-9A-F]{4}:[0-9A-F]{4})\.[0-9A-F]{4}", r"/\1.N"),
    (r"/virtio\d+", "/virtioN"),
    (r"\.\d+\.auto\b", ".N.auto"),
    (r"/block/sd[a-z]+", "/block/sdN"),
]


def place_of(path):
    for pattern, instead in COUNTED:
        path = re.sub(pattern, instead, path)
    return path


def told(serial):
    """What PID 1 said: words by what they begin with, and devices."""
    words, devices = {}, []
    with open(serial, encoding="utf-8", errors="replace") as f:
        for line in f.read().replace("\r", "").split("\n"):
            fields = line.split("\t")
            if fields[0] == "device" and len(fields) == 5:
                devices.append((fields[1], place_of(fields[2]), fields[3]))
            elif line.split(" ")[0] in ("root", "dev", "modules", "end"):
                words[line.split(" ")[0]] = line
    return words, devices


def expected(scan):
    """Devices that have a driver, and disks and interfaces, which have none of their own."""
    for d in load(scan)["devices"]:
        if d["driver"] or d["bus"] in ("block", "net"):
            yield d["bus"], place_of(d["path"]), d["driver"] or "-"


def tell(words, want, devices):
    for word in ("root", "dev", "modules", "end"):
        print(words.get(word, f"no {word}"))
    have = collections.Counter(devices)
    want = collections.Counter(want)
    for bus, path, driver in sorted((want - have).elements()):
        now = [d for b, p, d in devices if (b, p) == (bus, path)]
        print(f"lost {bus} {path} {driver}: {'it has ' + now[0] if now else 'there is no such device'}")
    print(f"bound {sum((want & have).values())} of {sum(want.values())}")


def compare(scan, serial):
    words, devices = told(serial)
    tell(words, expected(scan), devices)


def is_made(path, places):
    """Whether it is a device that resemble() made, or a device, disk or interface that such a one is by itself."""
    found = re.match(r"devices/pci0000:00/0000:00:([0-9a-f]+)\.0(/|$)", path)
    return found and found[1] in places and "/usb" not in path and not re.search(r"/block/[^/]+/|n\d+/nvme\w+$", path)


def alike(scan, serial, like, *drivers):
    with open(like, encoding="utf-8") as f:
        places = re.findall(r"addr=([0-9a-f]+)", f.read())
    words, devices = told(serial)
    want = []
    for bus, path, driver in expected(scan):
        if is_made(path, places):
            want.append((bus, path, driver))
        elif driver in drivers:
            # Wherever it is: PNP numbers what it finds, and drivers of ACPI devices became drivers of platform devices.
            want.append(next((found for found in devices if found[2] == driver), (bus, path, driver)))
        elif driver != "-" and (bus, path, driver) not in devices:
            print(f"# not there: {bus} {path} {driver}")
    tell(words, want, devices)


if __name__ == "__main__":
    {"disk": disk, "machine": machine, "resemble": resemble, "compare": compare,
     "alike": alike}[sys.argv[1]](*sys.argv[2:])
