# SPDX-License-Identifier: GPL-2.0-or-later
# Projects of a tree that has kbuild's targets and next to nothing to build (kbuild-tree), with two patches and two variants.
import ctypes
import glob
import hashlib
import io
import os
import subprocess
import tarfile
import time

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
    files["lib/c1.c"] += "#include <generated/utsrelease.h>\nconst char c1_release[] = \"release \" UTS_RELEASE;\n"
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


def project(folder, source, sha256=None, patched=True):
    """FOLDER/kiln.yaml and what it names: the cells small/plain and small/vlan."""
    for name, text in patches().items():
        put(os.path.join(folder, "patches", name), text)
    put(os.path.join(folder, "kiln.yaml"), "kernels:\n  small:\n    source: %s\n%s    arch: x86_64\n    config: [CONFIG_NET=y]\n"
        "    variants: {plain: [], vlan: [CONFIG_VLAN=y]}\n%s"
        % (source, "    sha256: %s\n" % sha256 if sha256 else "", "    patches: patches\n" if patched else ""))


class Kilns:
    """Starts them in a folder with a project, "a project"; their words are in WORK/NAME.out and NAME.err."""

    # Nothing here takes that long: it hangs.
    DEADLINE = 120

    def __init__(self, kiln, work):
        self.kiln, self.work = os.path.abspath(kiln), os.path.abspath(work)
        self.project, self.cache, self.store = self.work + "/a project", self.work + "/cache/kiln", self.work + "/store"
        # what loses its parent comes to this process (PR_SET_CHILD_SUBREAPER)
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)

    def words(self, name="last"):
        return "".join(open("%s/%s.%s" % (self.work, name, s), errors="replace").read() for s in ("out", "err"))

    def start(self, *words, name="last", **env):
        """It leads a process group of its own."""
        out, err = (open("%s/%s.%s" % (self.work, name, s), "w") for s in ("out", "err"))
        with out, err:
            return subprocess.Popen([self.kiln] + list(words), cwd=self.project, stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=err, start_new_session=True, env=dict(os.environ, **env))

    def run(self, *words, status=0):
        """One that nobody disturbs; how long it took."""
        begin = time.monotonic()
        got = self.start(*words).wait(self.DEADLINE)
        assert got == status, "%s: status %d\n%s" % (" ".join(words), got, self.words())
        return time.monotonic() - begin

    def verify(self, when):
        if os.path.exists(self.store + "/format"):
            status = self.start("store", "verify").wait(self.DEADLINE)
            assert status == 0, "the store is damaged, %s:\n%s" % (when, self.words())

    def wait_alone(self):
        """Until nothing is left that any kiln started."""
        until = time.monotonic() + self.DEADLINE
        while time.monotonic() < until:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.005)
            except ChildProcessError:
                return
        subprocess.run(["ps", "-ef", "--forest"])
        raise AssertionError("processes are left")

    def cell(self, name):
        """Its path and its release."""
        path = subprocess.run([self.kiln, "store", "path", name], cwd=self.project, check=True, capture_output=True,
                              text=True).stdout.strip()
        return path, os.path.basename(glob.glob(path + "/boot/System.map-*")[0])[len("System.map-"):]

    def content(self, cell, marker):
        """All of a cell but what tells of its making: path -> digest, what differs between markers by its name."""
        path, release = self.cell(cell)
        names = ((release, "RELEASE"), (release[len("6.1.7"):], "LABEL"), (marker, "MARKER"))
        files = {}
        for folder, _, inside in os.walk(path):
            for at in (os.path.join(folder, name) for name in inside):
                below = os.path.relpath(at, path)
                if not below.startswith(".kiln/"):
                    files[below.replace(release, "RELEASE")] = digest_without(at, names)
        return files

    def check_cells(self, marker, reference):
        """Both are as they are in reference: cell -> content; the first ones are taken for it."""
        for cell in ("small/plain", "small/vlan"):
            got = self.content(cell, marker)
            want = reference.setdefault(cell, got)
            differ = [n for n in sorted(set(got) | set(want)) if got.get(n) != want.get(n)]
            assert not differ, "%s of %s is not what it should be: %s" % (cell, marker, differ)

    def left(self):
        """What a call that ended must not leave."""
        found = [p for kind in ("sources", "patched", "downloads") for p in glob.glob(self.cache + "/" + kind + "/*.tmp")]
        found += glob.glob(self.cache + "/downloads/*/part") + glob.glob(self.cache + "/build/*/kiln-running")
        return found + glob.glob(self.cache + "/build/*/.kiln-*") + glob.glob(self.store + "/tmp/*")


def digest_without(path, names):
    data = open(path, "rb").read()
    for name, stands_for in names:
        data = data.replace(name.encode(), stands_for.encode())
    return hashlib.sha256(data).hexdigest()
