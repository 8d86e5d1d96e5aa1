# SPDX-License-Identifier: GPL-2.0-or-later
# kill_build.py KILN FOLDER: kills kiln build and kiln store gc at random moments, again and again, and lets them go on with
# what is left. Half of the moments are spread evenly over the time that a build takes, the others are in a phase that was
# waited for. After each kill the store verifies clean; a call that is let alone ends well, with both cells exact, nothing half
# made anywhere and no process left. Which moment it is goes by chance, what must hold does not.
#
# KILN_TEST_SEED repeats the choices, not the moments; KILN_TEST_KILLS says how many.
import glob
import hashlib
import http.server
import os
import random
import signal
import sys
import threading
import time

import fake_kbuild

kilns = fake_kbuild.Kilns(sys.argv[1], sys.argv[2])
seed = int(os.environ.get("KILN_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
kills = int(os.environ.get("KILN_TEST_KILLS") or 100)
rng = random.Random(seed)
cache, store, served = kilns.cache, kilns.store, kilns.work + "/served"
# On a slow machine fewer kills are enough.
LONG_ENOUGH = 600
PHASES = ("fetch", "unpack", "patch", "build", "take", "publish", "gc")


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


# What shows the phase: paths that are there while it goes on.
MARKS = {
    "fetch": cache + "/downloads/*/part",
    "unpack": cache + "/sources/*.tmp",
    "patch": cache + "/patched/*.tmp",
    "build": cache + "/build/*/kiln-running",
    # the stage is there while make runs: what the tree alone gives is laid then
    "take": store + "/tmp/[0-9a-f]*/cell/boot",
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
    p = kilns.start(*words)
    while p.poll() is None:
        for phase in PHASES:
            if mark(phase) - before[phase]:
                first = seen.setdefault(phase, [time.monotonic(), 0])
                first[1] = time.monotonic()
        time.sleep(0.001)
    assert p.returncode == 0, kilns.words()
    return time.monotonic() - begin, {k: v[1] - v[0] for k, v in seen.items()}


def strike(p):
    """The whole group, or kiln alone: then what it started has to see to its own end."""
    if rng.random() < 0.7:
        os.killpg(p.pid, signal.SIGKILL)
    else:
        p.kill()
    return p.wait(kilns.DEADLINE) == -signal.SIGKILL


def kill_one(words, took, aim=None, width=0.0):
    """Starts it and kills it. (whether it was killed, the phase)"""
    before = marks()
    p = kilns.start(*words)
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


def check_nothing_left():
    left = kilns.left()
    assert not left, left
    cells = sorted(os.listdir(store + "/cells"))
    assert len(cells) == 2 and sorted(os.listdir(store + "/used")) == cells, cells


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
    fake_kbuild.project(kilns.project, "tarball:http://127.0.0.1:%d/%s" % (port, name), digest_of)
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
        kilns.verify("killed in %s" % phase)
        if rng.random() < 0.15:
            return


def kills_of_gc(count, took):
    """What earlier rounds built has no name any more."""
    for _ in range(2):
        killed, _ = kill_one(("store", "gc", "--quota", "1"), took, "gc" if rng.random() < 0.5 else None)
        if killed:
            count.add("gc")
            kilns.verify("killed in gc")


def main():
    count, reference, n = Count(), {}, 0
    marker = set_round(n)
    took, widths = measure("build")
    assert all(p in widths for p in PHASES if p != "gc"), widths
    kilns.check_cells(marker, reference)
    # the first has asked compilers what they are, which is remembered
    marker = set_round(1)
    took, widths = measure("build")
    kilns.check_cells(marker, reference)
    gc_took = kilns.run("store", "gc", "--quota", "1")
    check_nothing_left()
    print("# a build takes %.2f s: %s; gc %.3f s" % (took, ", ".join("%s %.3f" % (p, widths[p]) for p in PHASES if p in widths), gc_took))
    n = 2
    begun = time.monotonic()
    while min(count.of.values()) == 0 or (count.all() < kills and time.monotonic() - begun < LONG_ENOUGH):
        # a kill that is aimed may come too late, and not each time
        assert n < kills * 3, "after %d builds: %s" % (n, count.of)
        marker = set_round(n)
        kills_of_build(count, took, widths)
        kilns.run("build")
        kilns.check_cells(marker, reference)
        kilns.wait_alone()
        kills_of_gc(count, gc_took)
        kilns.run("store", "gc", "--quota", "1")
        kilns.verify("behind gc")
        kilns.check_cells(marker, reference)
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
