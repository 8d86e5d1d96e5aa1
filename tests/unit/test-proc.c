/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "base/proc.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define SH(script) ((char *[]){ (char *)"/bin/sh", (char *)"-c", (char *)(script), NULL })

static void output_and_status(void **state)
{
	const struct proc_spec spec = { .argv = SH("echo out; echo err >&2; exit 7") };
	auto_proc_result struct proc_result r = { 0 };
	auto_err struct err err = { 0 };

	assert_done(proc_run(&spec, NULL, 0, 4096, &r, &err), &err);
	assert_int_equal(r.status, 7);
	assert_false(r.timeout);
	assert_string_equal(str_c(&r.out), "out\n");
	assert_string_equal(str_c(&r.errout), "err\n");
}

static void death_by_signal(void **state)
{
	const struct proc_spec spec = { .argv = SH("kill -TERM $$") };
	auto_proc_result struct proc_result r = { 0 };

	assert_int_equal(proc_run(&spec, NULL, 0, 4096, &r, NULL), 0);
	assert_int_equal(r.status, 128 + SIGTERM);
}

/* More than any pipe holds, both ways at once. */
static void input_comes_back(void **state)
{
	const struct proc_spec spec = { .argv = SH("cat") };
	auto_proc_result struct proc_result r = { 0 };
	auto_str struct str input = { 0 };

	for (int i = 0; input.n < 3000000; i++)
		str_addf(&input, "%d\n", i);
	assert_int_equal(proc_run(&spec, &input, 0, input.n, &r, NULL), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.out.n, input.n);
	assert_memory_equal(r.out.s, input.s, input.n);
}

static void unwanted_input_is_no_error(void **state)
{
	const struct proc_spec spec = { .argv = SH("exec <&-; sleep 0.1; exit 3") };
	auto_proc_result struct proc_result r = { 0 };
	auto_str struct str input = { 0 };

	str_room(&input, 1000000);
	memset(input.s, 'x', 1000000);
	input.n = 1000000;
	assert_int_equal(proc_run(&spec, &input, 0, 10, &r, NULL), 0);
	assert_int_equal(r.status, 3);
}

static void output_has_a_maximum(void **state)
{
	const struct proc_spec spec = { .argv = SH("head -c 1000000 /dev/zero; exit 4") };
	auto_proc_result struct proc_result r = { 0 };

	assert_int_equal(proc_run(&spec, NULL, 0, 100, &r, NULL), 0);
	assert_int_equal(r.out.n, 100);
	assert_int_equal(r.status, 4);
}

static void standard_input_is_empty(void **state)
{
	const struct proc_spec spec = { .argv = SH("wc -c") };
	auto_proc_result struct proc_result r = { 0 };

	assert_int_equal(proc_run(&spec, NULL, 0, 100, &r, NULL), 0);
	assert_string_equal(str_c(&r.out), "0\n");
}

/* Becomes the reaper of orphans, so that the end of a grandchild can be seen. */
static void assert_gone_by(pid_t pid, int signal, uint64_t within)
{
	uint64_t deadline = now_ns() + within;
	int status = 0;
	pid_t r;

	while (!(r = waitpid(pid, &status, WNOHANG)) && now_ns() < deadline)
		usleep(2000);
	assert_int_equal(r, pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal);
}

static void deadline_kills_the_group(void **state)
{
	const struct proc_spec spec = { .argv = SH("sleep 61 & echo $!; wait"), .new_group = true };
	auto_proc_result struct proc_result r = { 0 };
	uint64_t begin = now_ns(), pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(proc_run(&spec, NULL, 200 * NSEC_PER_MSEC, 100, &r, NULL), 0);
	assert_true(r.timeout);
	assert_int_equal(r.status, 128 + SIGKILL);
	assert_in_range(now_ns() - begin, 200 * NSEC_PER_MSEC, 5 * NSEC_PER_SEC);
	r.out.s[r.out.n - 1] = '\0';
	assert_true(str_u64(r.out.s, &pid));
	assert_gone_by((pid_t)pid, SIGKILL, 2 * NSEC_PER_SEC);
}

static void grandchild_with_the_pipes_is_not_waited_for(void **state)
{
	const struct proc_spec spec = { .argv = SH("sleep 62 & echo $!") };
	auto_proc_result struct proc_result r = { 0 };
	uint64_t begin = now_ns(), pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(proc_run(&spec, NULL, 0, 100, &r, NULL), 0);
	assert_in_range(now_ns() - begin, 0, 5 * NSEC_PER_SEC);
	r.out.s[r.out.n - 1] = '\0';
	assert_true(str_u64(r.out.s, &pid));
	kill((pid_t)pid, SIGTERM);
	assert_gone_by((pid_t)pid, SIGTERM, 2 * NSEC_PER_SEC);
}

struct tracer {
	pid_t pid;
	_Atomic bool attached;
};

/* In the child: a debugger that attaches and then looks away. */
static int get_traced(void *ctx)
{
	struct tracer *t = ctx;
	pid_t self = getpid(), pid;
	int status;

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	pid = fork();
	if (!pid) {
		close_range(0, ~0U, 0);
		if (ptrace(PTRACE_SEIZE, self, NULL, NULL) < 0)
			_exit(errno);
		t->attached = true;
		sleep(20);
		_exit(0);
	}
	t->pid = pid;
	while (!t->attached)
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WEXITSTATUS(status);
	return 0;
}

/* Nobody but its debugger sees the end of a process that has one. */
TEST_OR_SKIP(killed_child_is_not_waited_for_without_end)
{
	struct tracer *t =
		mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct proc_spec spec = { .argv = SH("exec sleep 64"),
					.setup = get_traced,
					.setup_ctx = t };
	auto_proc_result struct proc_result r = { 0 };
	uint64_t begin = now_ns();

	assert_true(t != MAP_FAILED);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (proc_run(&spec, NULL, 100 * NSEC_PER_MSEC, 100, &r, NULL) < 0) {
		print_message("ptrace is not allowed here: not tested\n");
		return false;
	}
	assert_true(r.timeout);
	assert_int_equal(r.status, 128 + SIGKILL);
	assert_in_range(now_ns() - begin, 0, 10 * NSEC_PER_SEC);
	kill(t->pid, SIGKILL);
	assert_gone_by(t->pid, SIGKILL, 2 * NSEC_PER_SEC);
	while (waitpid(-1, NULL, 0) > 0)
		;
	munmap(t, sizeof(*t));
	return true;
}

static void dies_with_its_parent(void **state)
{
	const struct proc_spec spec = { .argv = SH("exec sleep 63") };
	int fds[2], status;
	pid_t middle, child = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(pipe(fds), 0);
	middle = fork();
	if (!middle) {
		if (proc_spawn(&spec, &child, NULL) < 0)
			_exit(1);
		if (write(fds[1], &child, sizeof(child)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read_full(fds[0], &child, sizeof(child)), sizeof(child));
	close(fds[0]);
	assert_int_equal(kill(child, 0), 0);
	kill(middle, SIGKILL);
	assert_int_equal(waitpid(middle, &status, 0), middle);
	assert_gone_by(child, SIGKILL, 2 * NSEC_PER_SEC);
}

static void no_such_program(void **state)
{
	struct proc_spec spec = { .argv = (char *[]){ (char *)"kiln-no-such-program", NULL } };
	auto_err struct err err = { 0 };
	pid_t pid = 0;

	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_contains(err.msg, "'kiln-no-such-program'");
	spec.argv = (char *[]){ (char *)"/no/such/program", NULL };
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_contains(err.msg, "'/no/such/program'");
	assert_int_equal(pid, 0);
	/* nothing is left behind */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void unfit_programs_say_why(void **state)
{
	auto_free char *script = path_join(*state, "script"), *junk = path_join(*state, "junk");
	struct proc_spec spec = { .argv = (char *[]){ script, NULL } };
	auto_err struct err err = { 0 };
	pid_t pid;

	assert_int_equal(file_publish(script, "#!/no/interpreter\n", 18, 0700, NULL), 0);
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_contains(err.msg, "interpreter or loader is missing");
	assert_int_equal(file_publish(junk, "\177ELFjunk", 8, 0700, NULL), 0);
	spec.argv = (char *[]){ junk, NULL };
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOEXEC);
	assert_contains(err.msg, "not a program for this machine");
	spec.argv = SH("true");
	spec.cwd = "/no/such/folder";
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_contains(err.msg, "cannot enter '/no/such/folder'");
}

static int refuse(void *ctx)
{
	return *(int *)ctx;
}

static void setup_can_refuse(void **state)
{
	int why = EPERM;
	struct proc_spec spec = { .argv = SH("true"), .setup = refuse, .setup_ctx = &why };
	auto_err struct err err = { 0 };
	pid_t pid;

	assert_int_equal(proc_spawn(&spec, &pid, &err), -EPERM);
	assert_contains(err.msg, "set-up failed");
}

static void only_named_descriptors_pass(void **state)
{
	const struct proc_spec spec = {
		.argv = SH("for fd in 5 6 77; do test -e /proc/self/fd/$fd && echo $fd; done; :"),
		.fds = &(struct proc_fd){ .from = 77, .to = 6 },
		.n_fds = 1,
	};
	auto_proc_result struct proc_result r = { 0 };

	assert_int_equal(dup2(STDERR_FILENO, 77), 77);
	assert_int_equal(proc_run(&spec, NULL, 0, 100, &r, NULL), 0);
	close(77);
	assert_string_equal(str_c(&r.out), "6\n");
}

/*
 * Opens PATH/9 down to PATH/3, each meant for the descriptor of its name; the sources from `base`
 * up.
 */
static void open_crossing(const char *dir, int base, struct proc_fd fds[static 7])
{
	for (int i = 0; i < 7; i++) {
		auto_free char *path = xasprintf("%s/%d", dir, 9 - i);
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		fds[i].from = fcntl(fd, F_DUPFD_CLOEXEC, base);
		fds[i].to = 9 - i;
		close(fd);
		assert_true(fds[i].from >= base);
	}
}

/*
 * Seven at once in reverse: with low sources each target is another's source, with high ones it
 * lies where a careless copy would land. Each file must get its own number.
 */
static void descriptors_can_cross(void **state)
{
	struct proc_fd fds[7];
	const struct proc_spec spec = {
		.argv = SH("for n in 3 4 5 6 7 8 9; do eval \"echo $n >&$n\"; done"),
		.fds = fds,
		.n_fds = countof(fds),
	};

	for (int base = 3; base <= 53; base += 50) {
		int status;
		pid_t pid;

		open_crossing(*state, base, fds);
		assert_int_equal(proc_spawn(&spec, &pid, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		for (int i = 0; i < 7; i++) {
			auto_free char *path = xasprintf("%s/%d", (char *)*state, 9 - i);
			auto_free char *want = xasprintf("%d\n", 9 - i);
			auto_str struct str got = { 0 };

			close(fds[i].from);
			assert_int_equal(file_read(AT_FDCWD, path, 100, &got, NULL), 0);
			assert_string_equal(str_c(&got), want);
		}
	}
}

static void signals_are_reset(void **state)
{
	const struct proc_spec spec = { .argv = SH("grep -E 'Sig(Blk|Ign)' /proc/self/status") };
	auto_proc_result struct proc_result r = { 0 };
	sigset_t set, before;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	assert_int_equal(proc_run(&spec, NULL, 0, 1000, &r, NULL), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	assert_string_equal(str_c(&r.out),
			    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void environment_and_folder(void **state)
{
	char *env[] = { (char *)"ONLY=this", NULL };
	const struct proc_spec spec = { .argv = SH("echo $ONLY $HOME; pwd"),
					.env = env,
					.cwd = "/usr" };
	auto_proc_result struct proc_result r = { 0 };

	assert_int_equal(proc_run(&spec, NULL, 0, 1000, &r, NULL), 0);
	assert_string_equal(str_c(&r.out), "this\n/usr\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status),
		cmocka_unit_test(death_by_signal),
		cmocka_unit_test(input_comes_back),
		cmocka_unit_test(unwanted_input_is_no_error),
		cmocka_unit_test(output_has_a_maximum),
		cmocka_unit_test(standard_input_is_empty),
		cmocka_unit_test(deadline_kills_the_group),
		cmocka_unit_test(grandchild_with_the_pipes_is_not_waited_for),
		cmocka_unit_test(killed_child_is_not_waited_for_without_end),
		cmocka_unit_test(dies_with_its_parent),
		cmocka_unit_test(no_such_program),
		scratch_test(unfit_programs_say_why),
		cmocka_unit_test(setup_can_refuse),
		cmocka_unit_test(only_named_descriptors_pass),
		scratch_test(descriptors_can_cross),
		cmocka_unit_test(signals_are_reset),
		cmocka_unit_test(environment_and_folder),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
