# SPDX-License-Identifier: GPL-2.0-or-later
# kill_build.py KILN FOLDER: kills kiln build and kiln store gc at random moments, again and again, and lets them go on with
# what is left. Half of the moments are spread evenly over the time that a build takes, the others are in a phase that was
# waited for. After each kill the store verifies clean; a call that is let alone ends well, with both cells exact, nothing half
# made anywhere and no process left. Which moment it is goes by chance, what must hold does not.
#
# KILN_TEST_SEED repeats the choices, not the moments; KILN_TEST_KILLS says how many.
import ctypes
import glob
import hashlib
import http.server
import os
import random
import signal
import subprocess
import sys
import threading
import time

import fake_kbuild

kiln, work = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
seed = int(os.environ.get("KILN_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
kills = int(os.environ.get("KILN_TEST_KILLS") or 100)
rng = random.Random(seed)
cache, store, served = work + "/cache/kiln", work + "/store", work + "/served"
project = work + "/a project"
PHASES = ("fetch", "unpack", "patch", "build", "take", "publish", "gc")
# Nothing here takes that long: it hangs.
DEADLINE = 120


class Server(http.server.BaseHTTPRequestHandler):
    """Sends its files slowly, in pieces, and the rest of one to who has some of it."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        data = open(os.path.join(served, os.path.basename(self.path)), "rb").read()
        tag, wanted = '"%s"' % hashlib.sha256(data).hexdigest(), self.headers.get("Range", "")
        start = int(wanted[6:].split("-")[0]) if wanted and self.headers.get("If-Range", tag) == tag else 0
        self.send_response(206 if start else 200)
        self.send_header("ETag", tag)
        if start:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        try:
            for at in range(start, len(data), 1 << 15):
                self.wfile.write(data[at:at + (1 << 15)])
                time.sleep(0.005)
        except OSError:
            pass


def words_of(name):
    return open(work + "/" + name, errors="replace").read()


def start(*words):
    """A kiln that leads a process group of its own."""
    return subprocess.Popen([kiln] + list(words), cwd=project, stdin=subprocess.DEVNULL, start_new_session=True,
                            stdout=open(work + "/out", "w"), stderr=open(work + "/err", "w"))


def finish(*words):
    """A kiln that nobody disturbs."""
    begin = time.monotonic()
    status = start(*words).wait(DEADLINE)
    assert status == 0, "%s: status %d\n%s%s" % (" ".join(words), status, words_of("out"), words_of("err"))
    return time.monotonic() - begin


def verify(when):
    if os.path.exists(store + "/format"):
        status = start("store", "verify").wait(DEADLINE)
        assert status == 0, "the store is damaged, %s:\n%s%s" % (when, words_of("out"), words_of("err"))


def wait_alone():
    """Until nothing is left that any kiln started: all of it is handed to this process when its parent dies."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return
    subprocess.run(["ps", "-ef", "--forest"])
    raise AssertionError("processes are left")


# What shows the phase: paths that are there while it goes on.
MARKS = {
    "fetch": cache + "/downloads/*/part",
    "unpack": cache + "/sources/*.tmp",
    "patch": cache + "/patched/*.tmp",
    "build": cache + "/build/*/kiln-running",
    "take": store + "/tmp/[0-9a-f]*/cell",
    "publish": store + "/tmp/[0-9a-f]*/cell/.kiln/metadata.json",
    "gc": store + "/tmp/gc-*",
}


def mark(phase):
    """What there is of it; another one later is another call's."""
    found = set()
    for path in glob.glob(MARKS[phase]):
        try:
            st = os.lstat(path)
        except OSError:
            continue
        found.add((path, st.st_ino, st.st_size if phase == "fetch" else 0))
    return found


def marks():
    return {p: mark(p) for p in PHASES}


def phase_since(before):
    """The last phase that the killed one came to; None: it was before, or between two."""
    now = marks()
    for phase in reversed(PHASES):
        if now[phase] - before[phase]:
            return phase
    return None


def measure(*words):
    """How long it takes, and each of its phases."""
    before, seen, begin = marks(), {}, time.monotonic()
    p = start(*words)
    while p.poll() is None:
        for phase in PHASES:
            if mark(phase) - before[phase]:
                first = seen.setdefault(phase, [time.monotonic(), 0])
                first[1] = time.monotonic()
        time.sleep(0.001)
    assert p.returncode == 0, words_of("err")
    return time.monotonic() - begin, {k: v[1] - v[0] for k, v in seen.items()}


def strike(p):
    """The whole group, or kiln alone: then what it started has to see to its own end."""
    if rng.random() < 0.7:
        os.killpg(p.pid, signal.SIGKILL)
    else:
        p.kill()
    return p.wait(DEADLINE) == -signal.SIGKILL


def kill_one(words, took, aim=None, width=0.0):
    """Starts it and kills it. (whether it was killed, the phase)"""
    before = marks()
    p = start(*words)
    begin = time.monotonic()
    until = begin + rng.random() * took
    if aim:
        while p.poll() is None and not mark(aim) - before[aim]:
            time.sleep(0 if aim == "gc" else 0.001)
        until = time.monotonic() + rng.random() * width
    while p.poll() is None and time.monotonic() < until:
        time.sleep(min(0.002, max(0.0, until - time.monotonic())))
    killed = p.poll() is None and strike(p)
    return killed, phase_since(before)


def digest(path, names):
    data = open(path, "rb").read()
    for name, stands_for in names:
        data = data.replace(name, stands_for)
    return hashlib.sha256(data).hexdigest()


def content(cell, marker):
    """All of a cell but what tells of its making; what differs between rounds by its name."""
    path = subprocess.run([kiln, "store", "path", cell], cwd=project, check=True, capture_output=True,
                          text=True).stdout.strip()
    release = os.path.basename(glob.glob(path + "/boot/System.map-*")[0])[len("System.map-"):]
    names = ((release.encode(), b"RELEASE"), (release[len("6.1.7"):].encode(), b"LABEL"), (marker.encode(), b"MARKER"))
    files = {}
    for folder, _, inside in os.walk(path):
        for name in inside:
            at = os.path.join(folder, name)
            below = os.path.relpath(at, path)
            if not below.startswith(".kiln/"):
                files[below.replace(release, "RELEASE")] = digest(at, names)
    return files


def check_cells(marker, reference):
    for cell in ("small/plain", "small/vlan"):
        got = content(cell, marker)
        if reference.setdefault(cell, got) != got:
            want = reference[cell]
            differ = [n for n in sorted(set(got) | set(want)) if got.get(n) != want.get(n)]
            raise AssertionError("%s of %s is not what it should be: %s" % (cell, marker, differ))


def check_nothing_left():
    left = [p for kind in ("sources", "patched", "downloads") for p in glob.glob(cache + "/" + kind + "/*.tmp")]
    left += glob.glob(cache + "/downloads/*/part") + glob.glob(cache + "/build/*/kiln-running")
    left += glob.glob(cache + "/build/*/.kiln-*") + glob.glob(store + "/tmp/*")
    assert not left, left
    assert len(os.listdir(store + "/cells")) == 2, os.listdir(store + "/cells")
    assert sorted(os.listdir(store + "/used")) == sorted(os.listdir(store + "/cells"))


class Count:
    def __init__(self):
        self.of = dict.fromkeys(PHASES, 0)
        self.other = 0

    def add(self, phase):
        if phase:
            self.of[phase] += 1
        else:
            self.other += 1

    def all(self):
        return sum(self.of.values()) + self.other

    def least(self, since):
        """The phase of a build that was hit least, of those that are not done."""
        phases = list(PHASES[PHASES.index(since):-1])
        rng.shuffle(phases)
        return min(phases, key=lambda p: self.of[p])


def set_round(n):
    marker = "round-%05d" % n
    os.makedirs(served, exist_ok=True)
    for old in os.listdir(served):
        os.unlink(served + "/" + old)
    name = "linux-%d.tar" % n
    digest_of = fake_kbuild.tarball(served + "/" + name, marker)
    fake_kbuild.project(project, "tarball:http://127.0.0.1:%d/%s" % (port, name), digest_of)
    return marker


def kills_of_build(count, took, widths):
    since = PHASES[0]
    while True:
        aim = count.least(since) if rng.random() < 0.5 else None
        killed, phase = kill_one(("build",), took, aim, widths.get(aim, 0.0))
        if not killed:
            # it came to its end: whether a good one is for the next to tell
            return
        count.add(phase)
        since = phase or since
        verify("killed in %s" % phase)
        if rng.random() < 0.15:
            return


def kills_of_gc(count, took):
    """What earlier rounds built has no name any more."""
    for _ in range(2):
        killed, _ = kill_one(("store", "gc", "--quota", "1"), took, "gc" if rng.random() < 0.5 else None)
        if killed:
            count.add("gc")
            verify("killed in gc")


def main():
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    count, reference, n = Count(), {}, 0
    marker = set_round(n)
    took, widths = measure("build")
    assert all(p in widths for p in PHASES if p != "gc"), widths
    check_cells(marker, reference)
    # the first has asked compilers what they are, which is remembered
    marker = set_round(1)
    took, widths = measure("build")
    check_cells(marker, reference)
    gc_took = finish("store", "gc", "--quota", "1")
    check_nothing_left()
    print("# a build takes %.2f s: %s; gc %.3f s" % (took, ", ".join("%s %.3f" % (p, widths[p]) for p in PHASES if p in widths), gc_took))
    n = 2
    while count.all() < kills or min(count.of.values()) == 0:
        # a kill that is aimed may come too late, and not each time
        assert n < kills * 3, "after %d builds: %s" % (n, count.of)
        marker = set_round(n)
        kills_of_build(count, took, widths)
        finish("build")
        check_cells(marker, reference)
        wait_alone()
        kills_of_gc(count, gc_took)
        finish("store", "gc", "--quota", "1")
        verify("behind gc")
        check_cells(marker, reference)
        check_nothing_left()
        n += 1
    print("# %d kills in %d builds: %s, elsewhere %d" % (count.all(), n - 2, ", ".join("%s %d" % (p, count.of[p]) for p in PHASES), count.other))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
port = server.server_address[1]
threading.Thread(target=server.serve_forever, daemon=True).start()
print("# KILN_TEST_SEED=%d" % seed)
sys.stdout.flush()
main()
