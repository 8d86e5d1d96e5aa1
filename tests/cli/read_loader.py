# SPDX-License-Identifier: GPL-2.0-or-later
# read_loader.py ROOT grub|bls|extlinux: "default=ID RELEASE RELEASE ..." in the order of the menu, read from what a loader
# reads, each format by its own rules. As a module: read(root, loader) -> default, [Entry].
import glob
import os
import re
import shlex
import sys
from collections import namedtuple

Entry = namedtuple("Entry", "id release image initrd options")


def lines(path):
    with open(path) as f:
        return [line.rstrip("\n") for line in f]


def grub(root):
    default, found = "", []
    for line in lines(root + "/boot/grub/kiln.cfg"):
        words = shlex.split(line.replace("{", " ") if line.startswith("menuentry") else line, comments=line.startswith("#"))
        if not words:
            continue
        if words[0] == "set" and words[1].startswith("default="):
            default = words[1][8:]
        elif words[0] == "menuentry":
            assert words[2] == "--id", line
            found.append(Entry(words[3], words[1].split()[1], None, None, []))
        elif words[0] == "linux":
            found[-1] = found[-1]._replace(image=words[1], options=words[2:])
        elif words[0] == "initrd":
            found[-1] = found[-1]._replace(initrd=words[1])
        else:
            assert words[0] in ("}", "probe", "search"), line
    return default, found


def extlinux(root):
    default, found = "", []
    for line in lines(root + "/boot/extlinux/kiln.conf"):
        word, _, rest = line.strip().partition(" ")
        if word == "DEFAULT":
            default = rest
        elif word == "LABEL":
            found.append(Entry(rest, None, None, None, []))
        elif word == "MENU":
            found[-1] = found[-1]._replace(release=rest.split()[2])
        elif word == "LINUX":
            found[-1] = found[-1]._replace(image=rest)
        elif word == "INITRD":
            found[-1] = found[-1]._replace(initrd=rest)
        elif word == "APPEND":
            found[-1] = found[-1]._replace(options=rest.split())
        else:
            assert not word or word.startswith("#"), line
    return default, found


# The Version Format Specification, as far as kernels need it.
def version_key(text):
    key = []
    for part in re.findall(r"[0-9]+|[a-zA-Z]+|~|[.^-]", text):
        key.append((-1,) if part == "~" else (2, int(part)) if part.isdigit() else (1, part))
    return key + [(0,)]


def bls(root):
    default, found = "", []
    for line in lines(root + "/boot/loader/loader.conf"):
        if line.startswith("default "):
            default = line.split(None, 1)[1]
            default = default[:-5] if default.endswith(".conf") else default
    for path in glob.glob(glob.escape(root) + "/boot/loader/entries/*.conf"):
        fields = dict(line.split(None, 1) for line in lines(path))
        assert fields["sort-key"] == "kiln" and fields["architecture"] == "x64", fields
        found.append((version_key(fields["version"]), Entry(
            os.path.basename(path)[:-5], fields["title"].split()[1], fields["linux"], fields.get("initrd"),
            fields.get("options", "").split())))
    return default, [e for _, e in sorted(found, key=lambda x: x[0], reverse=True)]


def read(root, loader):
    return {"grub": grub, "bls": bls, "extlinux": extlinux}[loader](root)


if __name__ == "__main__":
    chosen, entries = read(sys.argv[1], sys.argv[2])
    print(" ".join(["default=" + chosen] + [e.release for e in entries]))
