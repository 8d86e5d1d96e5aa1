/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make as a child, by a tree whose Makefile prints what kbuild prints. Nothing here waits for a time to pass: jobs that must run
 * at once wait for each other, and those that must not end by themselves never do.
 */
#include "../unit/unit.h"

#include "base/proc.h"
#include "build/kbuild.h"
#include "build/mark.h"
#include "build/room.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A goal meet-N-OF is made when all of meet-1 to meet-OF are being made. */
static const char makefile[] =
	"MAKEFLAGS += -rR --no-print-directory\n"
	"ifndef INNER\n"
	"%:\n"
	"\t@$(MAKE) -C $(O) -f $(CURDIR)/Makefile INNER=1 TREE=$(CURDIR) $@\n"
	"else\n"
	".DELETE_ON_ERROR:\n"
	"all: a.o b.o\n"
	"%.o:\n"
	"\t@printf '  %-7s %s\\n' CC $@; echo '$(TREE)/$*.c:3:4: warning: odd' >&2; echo x >$@\n"
	"broken: lib/bad.o\n"
	"lib/bad.o:\n"
	"\t@printf '  %-7s %s\\n' CC $@; echo '$(TREE)/lib/bad.c:7:1: error: no' >&2; exit 1\n"
	"meet-%:\n"
	"\t@touch here-$*; echo + >>jobs; "
	"for i in $(ALL); do while [ ! -e here-$$i ]; do sleep 0.02; done; done; echo - >>jobs\n"
	"meet: $(addprefix meet-,$(ALL))\n"
	"again-%: meet\n"
	"\t@touch there-$*; "
	"for i in $(ALL); do while [ ! -e there-$$i ]; do sleep 0.02; done; done\n"
	"again: $(addprefix again-,$(ALL))\n"
	"count-%:\n"
	"\t@echo + >>$(COUNT); sleep 0.01; echo - >>$(COUNT)\n"
	"count: $(addprefix count-,1 2 3 4 5 6 7 8 9)\n"
	"hang-%:\n"
	"\t@sh -c 'echo $$$$ >pid-$*.tmp; mv pid-$*.tmp pid-$*; exec sleep 100000'\n"
	"hang: $(addprefix hang-,$(ALL))\n"
	"flags:\n"
	"\t@touch flags$(filter -j%,$(MAKEFLAGS))\n"
	"half:\n"
	"\t@echo half >$@; echo >started; exec sleep 100000\n"
	"deaf:\n"
	"\t@trap '' TERM; echo >started; while :; do sleep 0.1; done\n"
	"endif\n";

struct fake {
	char *tree, *build;
	struct bld_kbuild_spec spec;
};

static void fake_init(struct fake *f, const char *dir, const char *name)
{
	auto_free char *file = path_join3(dir, "tree", "Makefile");
	auto_err struct err err = { 0 };

	f->tree = path_join(dir, "tree");
	f->build = path_join(dir, name);
	assert_done(mkdir_p(f->tree, 0755, &err), &err);
	assert_done(mkdir_p(f->build, 0755, &err), &err);
	assert_done(file_publish(file, makefile, strlen(makefile), 0644, &err), &err);
	f->spec = (struct bld_kbuild_spec){ .tree = f->tree, .build = f->build, .log_fd = -1 };
}

static void fake_release(struct fake *f)
{
	free(f->tree);
	free(f->build);
}
#define auto_fake   cleanup(fake_release)
#define auto_kbuild cleanup(bld_kbuild_release)
#define auto_jobs   cleanup(jobs_freep)

static void jobs_freep(struct bld_jobs **j)
{
	bld_jobs_free(*j);
}

static struct bld_jobs *pool(unsigned n)
{
	auto_err struct err err = { 0 };
	struct bld_jobs *j = NULL;

	assert_done(bld_jobs_new(n, &j, &err), &err);
	return j;
}

#define WORDS(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

static void start(struct fake *f, struct bld_kbuild *k)
{
	auto_err struct err err = { 0 };

	assert_done(bld_kbuild_start(&f->spec, k, &err), &err);
}

static int turn(struct bld_kbuild *k)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };
	auto_err struct err err = { 0 };
	int r;

	poll(&p, 1, 20);
	r = bld_kbuild_read(k, &err);
	if (r < 0)
		fail_msg("%s", err.msg);
	return r;
}

static void finish(struct bld_kbuild *k)
{
	while (turn(k))
		;
}

static bool there(const struct fake *f, const char *name)
{
	auto_free char *path = path_join(f->build, name);

	return !access(path, F_OK);
}

static void wait_file(const struct fake *f, struct bld_kbuild *k, const char *name)
{
	while (!there(f, name))
		assert_int_equal(turn(k), 1);
}

static pid_t read_pid(const struct fake *f, const char *name)
{
	auto_free char *path = path_join(f->build, name);
	auto_str struct str text = { 0 };

	assert_int_equal(file_read(AT_FDCWD, path, 64, &text, NULL), 0);
	return (pid_t)strtol(str_c(&text), NULL, 10);
}

/* A zombie that nobody reaps counts as gone: in a container the first process may not. */
static bool lives(pid_t pid)
{
	auto_free char *path = xasprintf("/proc/%d/stat", pid);
	auto_str struct str text = { 0 };

	if (file_read(AT_FDCWD, path, 4096, &text, NULL) < 0)
		return false;
	return !strstr(str_c(&text), ") Z ");
}

static void done_in_order(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };
	auto_jobs struct bld_jobs *j = pool(2);
	auto_free char *log = path_join(*state, "log");
	auto_close int fd = open(log, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	auto_str struct str text = { 0 };

	fake_init(&f, *state, "build");
	f.spec.jobs = j;
	f.spec.log_fd = fd;
	f.spec.make = WORDS("all");
	start(&f, &k);
	assert_true(there(&f, BLD_MARK));
	finish(&k);
	assert_int_equal(k.status, 0);
	assert_int_equal(k.steps, 2);
	assert_string_equal(k.step + strlen(k.step) - 2, ".o");
	assert_int_equal(k.warnings.n, 2);
	assert_int_equal(k.errors.n, 0);
	assert_true(str_starts(k.warnings.v[0].object,
			       str_starts(k.warnings.v[0].file, "a") ? "a.o" : "b.o"));
	assert_false(there(&f, BLD_MARK));
	assert_int_equal(bld_kbuild_read(&k, NULL), 0);
	assert_int_equal(file_read(AT_FDCWD, log, 4096, &text, NULL), 0);
	assert_contains(str_c(&text), "  CC      a.o\n");
	assert_contains(str_c(&text), "b.c:3:4: warning: odd\n");
}

static int run_sh(const char *line, struct str *ret)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)line, NULL };
	auto_proc_result struct proc_result r = { 0 };

	assert_int_equal(proc_run(&(struct proc_spec){ .argv = argv }, NULL, 0, 65536, &r, NULL),
			 0);
	str_adds(ret, str_c(&r.out));
	str_adds(ret, str_c(&r.errout));
	return r.status;
}

static void failure_and_repeat(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };
	auto_str struct str said = { 0 };
	auto_free char *line = NULL, *boot = NULL;

	fake_init(&f, *state, "build");
	f.spec.make = WORDS("A=it's", "broken");
	start(&f, &k);
	finish(&k);
	assert_int_equal(k.status, 2);
	assert_string_equal(k.failed_object, "lib/bad.o");
	assert_int_equal(k.errors.n, 1);
	assert_string_equal(k.errors.v[0].file, "lib/bad.c");
	assert_string_equal(k.errors.v[0].object, "lib/bad.o");
	assert_contains(str_c(&k.first_error), "lib/bad.c:7:1: error: no\nmake[1]: *** [");
	assert_false(there(&f, BLD_MARK));

	line = bld_kbuild_repeat(&f.spec, k.failed_object);
	assert_contains(line, "'A=it'\\''s' -j1 V=1 lib/bad.o");
	assert_int_equal(run_sh(line, &said), 2);
	assert_contains(str_c(&said), "error: no");
	/* what kbuild has no goal for */
	boot = bld_kbuild_repeat(&f.spec, "arch/x86/boot/main.o");
	assert_contains(boot, "broken -j1 V=1");
	assert_null(strstr(boot, "main.o"));
}

static void repeat_has_environment(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_free char *line = NULL, *path = xasprintf("PATH=%s", getenv("PATH"));

	fake_init(&f, *state, "build");
	f.spec.make = WORDS("M=/x", "modules");
	f.spec.env = WORDS(path, "KBUILD_BUILD_USER=a b");
	line = bld_kbuild_repeat(&f.spec, "y.o");
	assert_true(str_starts(line, "env 'KBUILD_BUILD_USER=a b' make -C "));
	assert_true(str_ends(line, " M=/x modules -j1 V=1"));
}

/* Three at once where there are three, and it would not end with fewer; and then the same three again. */
static void jobs_are_given(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };
	auto_jobs struct bld_jobs *j = pool(3);

	fake_init(&f, *state, "build");
	f.spec.jobs = j;
	f.spec.make = WORDS("ALL=1 2 3", "again");
	start(&f, &k);
	finish(&k);
	assert_int_equal(k.status, 0);
}

static int most_at_once(const char *path)
{
	auto_str struct str text = { 0 };
	int now = 0, most = 0;

	assert_int_equal(file_read(AT_FDCWD, path, 65536, &text, NULL), 0);
	for (const char *p = str_c(&text); *p; p++) {
		now += *p == '+' ? 1 : (*p == '-' ? -1 : 0);
		most = MAX(most, now);
	}
	assert_int_equal(now, 0);
	return most;
}

/* Three makes, two jobs: never more, and all come to their end. */
static void jobs_are_shared(void **state)
{
	struct fake f[3] = { 0 };
	struct bld_kbuild k[3] = { 0 };
	auto_jobs struct bld_jobs *j = pool(2);
	auto_free char *count = path_join(*state, "count");
	auto_free char *arg = xasprintf("COUNT=%s", count);

	for (int i = 0; i < 3; i++) {
		auto_free char *name = xasprintf("build%d", i);

		fake_init(&f[i], *state, name);
		f[i].spec.jobs = j;
		f[i].spec.make = WORDS(arg, "count");
		start(&f[i], &k[i]);
	}
	for (int i = 0; i < 3; i++) {
		finish(&k[i]);
		assert_int_equal(k[i].status, 0);
		bld_kbuild_release(&k[i]);
		fake_release(&f[i]);
	}
	assert_in_range(most_at_once(count), 1, 2);
}

/* A make that is killed with all jobs of the pool: its children go, and the next one has all jobs. */
static void killed_make_gives_back(void **state)
{
	auto_fake struct fake a = { 0 }, b = { 0 };
	auto_kbuild struct bld_kbuild ka = { 0 }, kb = { 0 };
	auto_jobs struct bld_jobs *j = pool(3);
	pid_t pid[3];

	fake_init(&a, *state, "a");
	fake_init(&b, *state, "b");
	a.spec.jobs = b.spec.jobs = j;
	a.spec.make = WORDS("ALL=1 2 3", "hang");
	b.spec.make = WORDS("ALL=1 2 3", "meet");
	start(&a, &ka);
	for (int i = 0; i < 3; i++) {
		auto_free char *name = xasprintf("pid-%d", i + 1);

		wait_file(&a, &ka, name);
		pid[i] = read_pid(&a, name);
		assert_true(lives(pid[i]));
	}
	start(&b, &kb);
	assert_int_equal(turn(&kb), 1);
	assert_int_equal(kb.pid, 0);
	kill(ka.pid, SIGKILL);
	finish(&ka);
	assert_int_equal(ka.status, 128 + SIGKILL);
	for (int i = 0; i < 3; i++)
		assert_false(lives(pid[i]));
	assert_true(there(&a, BLD_MARK));
	finish(&kb);
	assert_int_equal(kb.status, 0);
}

/* kiln itself is killed, with no chance to do anything. */
static void kiln_killed(void **state)
{
	auto_fake struct fake f = { 0 };
	pid_t kiln, pid[2];

	fake_init(&f, *state, "build");
	f.spec.jobs = pool(2);
	f.spec.make = WORDS("ALL=1 2", "hang");
	kiln = fork();
	if (!kiln) {
		struct bld_kbuild k;

		start(&f, &k);
		for (;;)
			pause();
	}
	bld_jobs_free(f.spec.jobs);
	while (!there(&f, "pid-1") || !there(&f, "pid-2"))
		poll(NULL, 0, 20);
	pid[0] = read_pid(&f, "pid-1");
	pid[1] = read_pid(&f, "pid-2");
	assert_true(lives(pid[0]) && lives(pid[1]));
	kill(kiln, SIGKILL);
	waitpid(kiln, NULL, 0);
	while (lives(pid[0]) || lives(pid[1]))
		poll(NULL, 0, 20);
	assert_true(there(&f, BLD_MARK));
}

static pid_t parent_of(pid_t pid)
{
	auto_free char *path = xasprintf("/proc/%d/status", (int)pid);
	auto_str struct str text = { 0 };
	const char *line;

	assert_int_equal(file_read(AT_FDCWD, path, 65536, &text, NULL), 0);
	line = strstr(text.s, "\nPPid:");
	assert_non_null(line);
	return (pid_t)strtol(line + 6, NULL, 10);
}

/* kiln is dead and make is not yet: nobody else may begin in the folder, for as long as that takes. */
static void lock_outlives_kiln(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_free char *lock = path_join(*state, "lock");
	auto_close int fd = -1;
	pid_t kiln, command, guard;

	fake_init(&f, *state, "build");
	f.spec.make = WORDS("ALL=1", "hang");
	kiln = fork();
	if (!kiln) {
		struct bld_kbuild k;

		if (file_lock(lock, &f.spec.lock_fd, NULL) < 0)
			_exit(1);
		start(&f, &k);
		for (;;)
			pause();
	}
	while (!there(&f, "pid-1"))
		poll(NULL, 0, 20);
	command = read_pid(&f, "pid-1");
	guard = parent_of(getpgid(command));
	kill(guard, SIGSTOP);
	kill(kiln, SIGKILL);
	waitpid(kiln, NULL, 0);
	assert_true(lives(command));
	assert_int_equal(file_try_lock(lock, &fd, NULL), -EAGAIN);
	kill(guard, SIGCONT);
	assert_int_equal(file_lock(lock, &fd, NULL), 0);
	assert_false(lives(command));
}

static void asked_to_end(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };

	fake_init(&f, *state, "build");
	f.spec.make = WORDS("half");
	start(&f, &k);
	wait_file(&f, &k, "started");
	bld_kbuild_stop(&k, 100);
	assert_true(k.status != 0);
	assert_false(there(&f, "half")); /* make removed it */
	assert_false(there(&f, BLD_MARK));
}

static void deaf_is_killed(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };
	pid_t pid;

	fake_init(&f, *state, "build");
	f.spec.make = WORDS("deaf");
	start(&f, &k);
	wait_file(&f, &k, "started");
	pid = k.pid;
	bld_kbuild_stop(&k, 0);
	assert_int_equal(k.status, 128 + SIGKILL);
	assert_int_equal(kill(-pid, 0), -1);
	assert_true(there(&f, BLD_MARK));
}

static void log_cannot_be_written(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };
	auto_close int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	auto_err struct err err = { 0 };
	int r;

	fake_init(&f, *state, "build");
	f.spec.log_fd = full;
	f.spec.make = WORDS("all");
	start(&f, &k);
	do
		r = bld_kbuild_read(&k, &err);
	while (r == 1);
	assert_int_equal(r, -ENOSPC);
	assert_contains(err.msg, "log of make");
	finish(&k);
	assert_int_equal(k.status, 0);
}

static void paths_kbuild_cannot_use(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_err struct err err = { 0 };
	struct bld_kbuild k = { 0 };

	fake_init(&f, *state, "a b");
	assert_int_equal(bld_kbuild_start(&f.spec, &k, &err), -EINVAL);
	assert_contains(err.msg, "a b");
	bld_kbuild_release(&k);
}

/*
 * A make in a container: it inherits no descriptors. This one says that it knows fifos, takes a job from it, gives it back,
 * and says how many it could have had.
 */
static const char in_container[] = "#!/bin/sh\n"
				   "for a; do case $a in\n"
				   "--eval=*) echo features jobserver jobserver-fifo; exit;;\n"
				   "--jobserver-auth=fifo:*) fifo=${a#*fifo:};;\n"
				   "esac; done\n"
				   "exec 5<>\"$fifo\" && cd \"${0%/*}\"\n"
				   "dd bs=1 count=1 <&5 >one 2>/dev/null\n"
				   "dd bs=1 count=1 <&5 >two 2>/dev/null\n"
				   "printf '  %-7s %s\\n' GOT \"$(cat one two | wc -c)\"\n"
				   "cat one two >&5\n";

static char *script(const char *dir, const char *text)
{
	char *path = path_join(dir, "wrap");
	auto_err struct err err = { 0 };

	assert_done(file_publish(path, text, strlen(text), 0755, &err), &err);
	return path;
}

static void jobs_by_fifo(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };
	auto_jobs struct bld_jobs *j = pool(3);
	auto_free char *wrap = script(*state, in_container), *list = NULL;
	auto_str struct str left = { 0 };

	fake_init(&f, *state, "build");
	f.spec.jobs = j;
	f.spec.wrap = WORDS(wrap);
	for (int i = 0; i < 2; i++) { /* the second time all jobs are there again */
		start(&f, &k);
		finish(&k);
		assert_int_equal(k.status, 0);
		assert_string_equal(k.step, "GOT 2");
		bld_kbuild_release(&k);
	}
	list = xasprintf("ls -A '%s'", f.build);
	assert_int_equal(run_sh(list, &left), 0);
	assert_string_equal(str_c(&left), BLD_UNSYNCED "\n");
}

/* A make that knows no fifo there gets what is free, as a number. */
static void jobs_by_number(void **state)
{
	auto_fake struct fake f = { 0 };
	auto_kbuild struct bld_kbuild k = { 0 };
	auto_jobs struct bld_jobs *j = pool(3);
	auto_free char *wrap = script(*state, "#!/bin/sh\nexec \"$@\"\n");

	fake_init(&f, *state, "build");
	f.spec.jobs = j;
	f.spec.wrap = WORDS(wrap);
	f.spec.make = WORDS("ALL=1 2 3", "meet");
	start(&f, &k);
	finish(&k);
	assert_int_equal(k.status, 0);
}

/* So does one that shares with nobody: all there is, and the next one again. */
static void jobs_for_one(void **state)
{
	auto_jobs struct bld_jobs *j = pool(3);

	bld_jobs_for_one(j);
	for (int i = 0; i < 2; i++) {
		auto_fake struct fake f = { 0 };
		auto_kbuild struct bld_kbuild k = { 0 };

		fake_init(&f, *state, i ? "second" : "first");
		f.spec.jobs = j;
		f.spec.make = WORDS("ALL=1 2 3", "meet", "flags");
		start(&f, &k);
		finish(&k);
		assert_int_equal(k.status, 0);
		assert_true(there(&f, "flags-j3"));
	}
}

/* Hosts as they are */

static void host_file(const char *root, const char *name, const char *text)
{
	auto_free char *path = path_join(root, name), *dir = path_dir(path);

	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	assert_int_equal(file_publish(path, text, strlen(text), 0644, NULL), 0);
}

static unsigned jobs_of(const char *root, unsigned cpus, const char *config)
{
	auto_close int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct bld_room room;

	bld_room_read(fd, cpus, &room);
	return bld_room_jobs(&room, config);
}

static void room_of_hosts(void **state)
{
	const char *root = *state;

	assert_int_equal(jobs_of(root, 7, NULL), 7); /* nothing is known */
	host_file(root, "proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    8388608 kB\n");
	assert_int_equal(jobs_of(root, 64, NULL), 20);
	assert_int_equal(jobs_of(root, 64, "CONFIG_DEBUG_INFO=y\n"), 10);
	assert_int_equal(jobs_of(root, 3, NULL), 3);
	host_file(root, "proc/meminfo", "MemAvailable: 4194304 kB\n");
	assert_int_equal(jobs_of(root, 64, "CONFIG_DEBUG_INFO=y\n"), 4);
	host_file(root, "proc/meminfo", "MemAvailable: 1000 kB\n");
	assert_int_equal(jobs_of(root, 64, NULL), 1);
}

static void room_of_cgroups(void **state)
{
	const char *root = *state;

	host_file(root, "proc/meminfo", "MemAvailable: 83886080 kB\n");
	host_file(root, "proc/self/cgroup", "0::/user/build\n");
	host_file(root, "sys/fs/cgroup/user/build/memory.max", "max\n");
	host_file(root, "sys/fs/cgroup/user/memory.max", "4294967296\n");
	host_file(root, "sys/fs/cgroup/user/memory.current", "3221225472\n");
	host_file(root, "sys/fs/cgroup/user/memory.stat", "anon 1\ninactive_file 1073741824\n");
	assert_int_equal(jobs_of(root, 64, NULL), 5);
	host_file(root, "sys/fs/cgroup/user/build/cpu.max", "max 100000\n");
	assert_int_equal(jobs_of(root, 64, NULL), 5);
	host_file(root, "sys/fs/cgroup/user/build/cpu.max", "150000 100000\n");
	assert_int_equal(jobs_of(root, 64, NULL), 2);

	host_file(root, "proc/self/cgroup", "4:memory:/a\n5:cpu,cpuacct:/a\n");
	host_file(root, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2147483648\n");
	host_file(root, "sys/fs/cgroup/memory/a/memory.usage_in_bytes", "0\n");
	assert_int_equal(jobs_of(root, 64, NULL), 5);
	host_file(root, "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "300000\n");
	host_file(root, "sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
	assert_int_equal(jobs_of(root, 64, NULL), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(done_in_order),
		scratch_test(failure_and_repeat),
		scratch_test(repeat_has_environment),
		scratch_test(jobs_are_given),
		scratch_test(jobs_are_shared),
		scratch_test(killed_make_gives_back),
		scratch_test(kiln_killed),
		scratch_test(asked_to_end),
		scratch_test(lock_outlives_kiln),
		scratch_test(deaf_is_killed),
		scratch_test(log_cannot_be_written),
		scratch_test(paths_kbuild_cannot_use),
		scratch_test(jobs_by_fifo),
		scratch_test(jobs_by_number),
		scratch_test(jobs_for_one),
		scratch_test(room_of_hosts),
		scratch_test(room_of_cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
