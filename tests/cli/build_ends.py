# SPDX-License-Identifier: GPL-2.0-or-later
# build_ends.py KILN FOLDER: builds that cannot go on: two of the same at once, one that is interrupted wherever it is, one
# whose disk is full at each of its writes. What is told, that nothing half made is left, and that the next call ends well.
import glob
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import fake_kbuild

MARKER = "marker-0"
reference = {}
mounted = len(sys.argv) > 3


def new(name):
    """Its own project, cache and store."""
    folder = os.path.join(sys.argv[2], re.sub("[^a-z0-9]", "-", name))  # kbuild takes no blanks
    os.makedirs(folder + "/tmp")
    os.environ.update(HOME=folder, XDG_CACHE_HOME=folder + "/cache", KILN_STORE=folder + "/store", TMPDIR=folder + "/tmp")
    k = fake_kbuild.Kilns(sys.argv[1], folder)
    k.sha256 = fake_kbuild.tarball(folder + "/linux.tar", MARKER)
    fake_kbuild.project(k.project, "tarball:../linux.tar", k.sha256)
    return k


def check_done(k):
    k.verify("in the end")
    k.check_cells(MARKER, reference)
    k.wait_alone()
    assert not k.left(), k.left()


def states(k, name):
    return [c["state"] for c in json.load(open("%s/%s.out" % (k.work, name)))]


def two_at_once():
    k = new("two at once")
    count = k.work + "/count"
    both = [k.start("build", "--json", name=n, FAKE_COUNT=count) for n in ("one", "two")]
    for p, name in zip(both, ("one", "two")):
        assert p.wait(k.DEADLINE) == 0, k.words(name)
        assert set(states(k, name)) <= {"built", "unchanged"}, k.words(name)
    made = open(count).read().split()
    assert len(made) == 2 and len(set(made)) == 2, made
    check_done(k)


def wait_file(k, path, p):
    until = time.monotonic() + k.DEADLINE
    while not os.path.exists(path):
        assert p.poll() is None and time.monotonic() < until, k.words()
        time.sleep(0.01)


def left_but_mark(k):
    """The mark stays where a command outlived its make, were it by a moment, or where kiln killed it: to be mended."""
    return [x for x in k.left() if not x.endswith("/kiln-running")]


def interrupt(k, target, how, deaf=""):
    """It hangs at target, and would for ever."""
    started = k.work + "/started"
    if os.path.exists(started):
        os.unlink(started)
    p = k.start("build", FAKE_HANG=target, FAKE_STARTED=started, FAKE_DEAF=deaf)
    wait_file(k, started, p)
    begin = time.monotonic()
    how(p.pid, signal.SIGINT)
    status = p.wait(k.DEADLINE)
    took = time.monotonic() - begin
    assert status in (125, 130), (target, status, k.words())
    assert "what is done is kept, and the next call goes on from there" in k.words(), k.words()
    assert "was not built" not in k.words(), k.words()
    k.wait_alone()
    assert not left_but_mark(k), (target, k.left())
    k.verify("interrupted at %s" % target)
    return took


def interrupted():
    """As a terminal does it, all of the group at once; and kiln alone."""
    took = {}
    for i, target in enumerate(("lib/t3.o", "install-drivers/d1.ko", "usr/include/linux/h2.h")):
        k = new("interrupted %d" % i)
        for how in (os.killpg, os.kill):
            took[target + " " + how.__name__] = interrupt(k, target, how)
        took[target + " deaf"] = interrupt(k, target, os.kill, "yes")
        k.run("build")
        check_done(k)
    print("# interrupted, it ended within: " + ", ".join("%s %.2f s" % t for t in took.items()))


def interrupted_fetching():
    """Of a server that never sends the rest."""
    k = new("fetching")
    with socket.create_server(("127.0.0.1", 0)) as server:
        fake_kbuild.project(k.project, "tarball:http://127.0.0.1:%d/linux.tar" % server.getsockname()[1], k.sha256)
        p = k.start("build")
        client, _ = server.accept()
        with client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 1000000\r\n\r\nbegun")
            until = time.monotonic() + k.DEADLINE
            while not any(os.path.getsize(x) for x in glob.glob(k.cache + "/downloads/*/part")):
                assert p.poll() is None and time.monotonic() < until, k.words()
                time.sleep(0.01)
            p.send_signal(signal.SIGINT)
            assert p.wait(k.DEADLINE) == -signal.SIGINT, k.words()
    assert "what is done is kept, and the next call goes on from there" in k.words(), k.words()
    k.wait_alone()


def interrupted_waiting():
    """One waits for another that builds in the same folder; the other is not disturbed."""
    k = new("waiting")
    started = k.work + "/started"
    other = k.start("build", name="other", FAKE_HANG="lib/t3.o", FAKE_STARTED=started)
    wait_file(k, started, other)
    p = k.start("build")
    until = time.monotonic() + k.DEADLINE
    while not has_worker(p.pid):
        assert p.poll() is None and time.monotonic() < until, k.words()
        time.sleep(0.01)
    # by now it most likely waits; if not, it ends just as well
    time.sleep(0.3)
    p.send_signal(signal.SIGINT)
    assert p.wait(k.DEADLINE) in (125, 130, -signal.SIGINT), k.words()
    assert other.poll() is None
    other.send_signal(signal.SIGINT)
    other.wait(k.DEADLINE)
    k.run("build")
    check_done(k)


def has_worker(pid):
    """A child of it that is the same program."""
    for status in glob.glob("/proc/[0-9]*/status"):
        try:
            text = open(status).read()
        except OSError:
            continue
        if re.search(r"^PPid:\s*%d$" % pid, text, re.M) and text.startswith("Name:\tkiln"):
            return True
    return False


def folders(k):
    return [f for f in glob.glob(k.cache + "/build/*") if os.path.isdir(f)]


def power_lost():
    """Behind a make that went well: by name all is there."""
    k = new("power lost")
    k.run("build")
    assert len(folders(k)) == 2, os.listdir(k.cache + "/build")
    for folder in folders(k):
        # one of them may have it, as its cell had few new files
        with open(folder + "/kiln-unsynced", "w") as f:
            f.write("another boot\n")
        os.utime(folder + "/kiln-unsynced", (1700000000, 1700000000))
        objects = glob.glob(folder + "/lib/*.o")
        assert objects, folder
        for path in objects:
            os.truncate(path, 0)
            os.utime(path)
    k.run("store", "rm", "small/plain", "small/vlan")
    k.run("store", "gc", "--quota", "0")
    k.run("build")
    check_done(k)


def from_folder(k, **how):
    for name, text in fake_kbuild.tree(MARKER).items():
        fake_kbuild.put(k.work + "/tree/" + name, text)
    fake_kbuild.project(k.project, "dir:../tree", **how)


def named_otherwise():
    """A file localversion makes another release than version and configuration say, for which the SDK was begun."""
    k = new("named otherwise")
    from_folder(k)
    fake_kbuild.put(k.work + "/tree/localversion", "-more\n")
    k.run("build", "small/plain")
    sdks = glob.glob(k.work + "/store/cells/*/usr/src/*")
    assert len(sdks) == 1 and "/linux-headers-6.1.7-more-small-plain-" in sdks[0], sdks
    for path in ("Makefile", "include/linux/x.h", "include/config/kernel.release"):
        assert os.path.exists(sdks[0] + "/" + path), path
    k.verify("with another release")


def compiled(k):
    log, = glob.glob(k.cache + "/build/*/kiln-build.log")
    return re.findall(r"^  CC +(\S+)$", open(log).read(), re.M)


def edit(k, name):
    with open(k.work + "/tree/" + name, "a") as f:
        f.write("/* %d */\n" % os.stat(f.name).st_size)


def carried():
    """A changed file is another release, which what has it in it is given without being compiled: once that was seen to do."""
    k = new("carried")
    from_folder(k, patched=False)
    everything = ["drivers/d0.o", "drivers/d1.o", "lib/c0.o", "lib/c1.o", "lib/c2.o"]
    for i, want in enumerate((everything, everything, ["lib/c0.o"], ["lib/c0.o"])):
        edit(k, "lib/c0.c")
        k.run("build", "small/plain")
        assert sorted(compiled(k)) == want, (i, compiled(k))
    # what was changed for another reason, too, is compiled
    edit(k, "lib/c1.c")
    k.run("build", "small/plain")
    assert compiled(k) == ["lib/c1.o"], compiled(k)
    # killed behind it, with nothing compiled yet
    edit(k, "lib/c0.c")
    started = k.work + "/started"
    p = k.start("build", "small/plain", FAKE_HANG="lib/c0.o", FAKE_STARTED=started)
    wait_file(k, started, p)
    os.killpg(p.pid, signal.SIGKILL)
    p.wait(k.DEADLINE)
    k.wait_alone()
    k.run("build", "small/plain")
    assert "lib/c0.o" in compiled(k), compiled(k)
    k.run("build", "small/plain", "--verify")
    path, release = k.cell("small/plain")
    image = open(glob.glob(path + "/boot/vmlinuz-*")[0], "rb").read()
    assert b"release " + release.encode() in image, release
    k.verify("with what was carried")


def mount(path, size):
    os.makedirs(path, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % size, "kiln-test", path], check=True)


def full(name, folder, sizes):
    """FOLDER of its own is a disk that has one page more each time."""
    k = new(name)
    mount(k.work + folder, sizes[0])
    failed = helped = 0
    for size in sizes:
        subprocess.run(["mount", "-o", "remount,size=%dk" % size, k.work + folder], check=True)
        status = k.start("build").wait(k.DEADLINE)
        if status == 0:
            break
        failed += 1
        assert status in (1, 125), (size, status, k.words())
        assert "No space left on device" in k.words(), (size, k.words())
        helped += "'kiln store gc' removes" in k.words()
        k.wait_alone()
        assert not left_but_mark(k), (size, k.left())
        k.verify("full at %d KiB" % size)
    subprocess.run(["mount", "-o", "remount,size=64m", k.work + folder], check=True)
    k.run("build")
    check_done(k)
    print("# %s: %d times full" % (name, failed))
    assert failed and (helped or folder != "/store"), k.words()
    subprocess.run(["umount", k.work + folder], check=True)


def main():
    k = new("reference")
    k.run("build")
    check_done(k)
    two_at_once()
    interrupted()
    interrupted_waiting()
    interrupted_fetching()
    power_lost()
    named_otherwise()
    carried()
    if not mounted:
        print("# no namespace for mounts here: full disks are not tried")
        return
    full("the store's disk", "/store", range(8, 1200, 28))
    full("the cache's disk", "/cache", range(200, 4000, 100))


main()
