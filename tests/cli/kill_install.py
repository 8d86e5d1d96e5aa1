# SPDX-License-Identifier: GPL-2.0-or-later
# kill_install.py KILN FOLDER TESTS: kills kiln install, and --rollback, at random moments. FOLDER holds kernels as roots,
# by their release. After each kill the default that the loader's file names must be the old or the new one and whole: image
# and modules byte for byte. And the next call must end well and leave nothing that is not in its list.
import filecmp
import os
import random
import shutil
import subprocess
import sys
import time

kiln, folder, tests = sys.argv[1:4]
sys.path.insert(0, tests)
import read_loader  # noqa: E402

seed = int(os.environ.get("KILN_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
kills = int(os.environ.get("KILN_TEST_KILLS") or 50)
rng = random.Random(seed)
print("# kills: KILN_TEST_SEED=%d" % seed)
releases = ["6.9.3", "6.18.0", "6.18.0-rc1", "6.9.12", "5.10.0", "6.15.3", "6.15.4"]
env = dict(os.environ)


def command(root, *words):
    return [kiln, "install", "--root", root] + list(words)


def same_tree(a, b):
    names = sorted(n for n in os.listdir(a) if n != "build")
    assert names == sorted(os.listdir(b)), (b, names, os.listdir(b))
    for n in names:
        x, y = os.path.join(a, n), os.path.join(b, n)
        if os.path.isdir(x):
            same_tree(x, y)
        else:
            assert filecmp.cmp(x, y, shallow=False), y


def check_boots(root, loader, expected):
    try:
        default, entries = read_loader.read(root, loader)
    except FileNotFoundError:
        default, entries = "", []
    assert default in expected, "default %r, not of %r" % (default, expected)
    for e in entries:
        # of bls the menu also has what is not the default yet, and may be chosen
        assert e.id == "kiln-" + e.release, e
        assert filecmp.cmp(os.path.join(folder, e.release, "boot/vmlinuz-" + e.release), root + e.image, shallow=False), e
        same_tree(os.path.join(folder, e.release, "lib/modules", e.release), root + "/lib/modules/" + e.release)
        assert os.path.exists(root + "/boot/config-" + e.release), e
    assert not default or default in [e.id for e in entries], default


def check_clean(root, loader):
    default, entries = read_loader.read(root, loader)
    known = {e.release for e in entries}
    for where, _, files in os.walk(root):
        for f in files:
            assert ".tmp-" not in f, os.path.join(where, f)
    for f in os.listdir(root + "/boot"):
        if "-" in f:
            assert f.split("-", 1)[1] in known, "%s is nobody's" % f
    assert set(os.listdir(root + "/lib/modules")) == known, os.listdir(root + "/lib/modules")


def default_of(root, loader):
    try:
        return read_loader.read(root, loader)[0]
    except FileNotFoundError:
        return ""


def length(root, words):
    copy = root + ".copy"
    shutil.copytree(root, copy, symlinks=True)
    begin = time.monotonic()
    subprocess.run(command(copy, *words), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took = time.monotonic() - begin
    shutil.rmtree(copy)
    return took


per = (kills + 2) // 3
landed = during = tries = 0
for loader in ("grub", "bls", "extlinux"):
    root = os.path.join(folder, "killed " + loader)
    os.makedirs(root + "/boot/" + {"grub": "grub", "bls": "loader", "extlinux": "extlinux"}[loader])
    common = ["--loader", loader, "--root-device", "PARTUUID=0a1b-02", "--keep", "3"]
    subprocess.run(command(root, "6.9.3", *common), cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    os.chdir(folder)
    took = min(length(root, ["6.18.0"] + common) for _ in range(3))
    hit, left = 0, per * 8
    while hit < per and left:
        left -= 1
        old = default_of(root, loader)
        release = rng.choice(releases)
        back = rng.random() < 0.2 and old
        words = ["--rollback"] if back else [release] + common
        p = subprocess.Popen(command(root, *words), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * took)
        p.kill()
        status = p.wait()
        hit += status == -9
        tries += 1
        assert status in (0, -9), "ended with %d" % status
        new = default_of(root, loader)
        landed += new != old
        if back:
            # whichever the one before was, it must be whole
            check_boots(root, loader, {new})
        else:
            check_boots(root, loader, {old, "kiln-" + release})
        if rng.random() < 0.5:
            continue
        nxt = rng.choice(releases)
        r = subprocess.run(command(root, nxt, *common), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert r.returncode == 0, r.stderr
        check_boots(root, loader, {"kiln-" + nxt})
        check_clean(root, loader)
    during += hit
print("# kills: %d of %d while it ran, the switch was seen %d times" % (during, tries, landed))
sys.exit(not during)
