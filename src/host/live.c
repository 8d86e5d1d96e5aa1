/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real host: this process, its user and what its programs answer. */
#include "host/host.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define VERSION_TIMEOUT (5 * NSEC_PER_SEC)

static int ask_qemu(const struct host *h, enum krn_arch arch, struct vm_qemu *ret, struct err *err)
{
	return vm_qemu_find(arch, NULL, ret, err);
}

static int ask_accel(const struct host *h, const struct vm_qemu *q, struct vm_accel_verdict *ret,
		     struct err *err)
{
	return vm_accel_choose(q, ACCEL_AUTO, h->fresh, ret, err);
}

static int say_version(const char *program, const char *option, struct proc_result *ret,
		       struct err *err)
{
	char *argv[] = { (char *)program, (char *)option, NULL };
	struct proc_spec spec = { .argv = argv, .new_group = true };

	return proc_run(&spec, NULL, VERSION_TIMEOUT, 64 << 10, ret, err);
}

/* OpenSSL knows it as a command only. */
static int ask_version(const struct host *h, const char *program, char **ret, struct err *err)
{
	auto_proc_result struct proc_result r = { 0 }, again = { 0 };
	const struct proc_result *use = &r;
	const char *text;
	int rc = say_version(program, "--version", &r, err);

	if (rc < 0)
		return rc;
	if (r.timeout)
		return err_set(err, -ETIMEDOUT, "'%s --version' does not end", program);
	if (r.status && say_version(program, "version", &again, NULL) == 0 && !again.status)
		use = &again;
	if (use->status)
		return err_set(err, -EIO, "'%s --version' fails with status %d: %.*s", program,
			       r.status, (int)strcspn(str_c(&r.errout), "\n"), str_c(&r.errout));
	text = use->out.n ? use->out.s : str_c(&use->errout);
	text += strspn(text, "\n"); /* perl begins with an empty line */
	*ret = xstrndup(text, strcspn(text, "\n"));
	return 0;
}

/* Tried in a child: a process cannot go back to the namespace it left. */
static int try_userns(const struct host *h)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) < 0 ? errno & 0xff : 0);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int ask_space(const struct host *h, const char *dir, uint64_t *ret)
{
	auto_free char *there = path_existing(dir);
	struct statvfs v;

	if (statvfs(there, &v) < 0)
		return -errno;
	*ret = (uint64_t)v.f_bavail * v.f_frsize;
	return 0;
}

static const struct host_ops live_ops = {
	.qemu = ask_qemu,
	.accel = ask_accel,
	.version = ask_version,
	.userns = try_userns,
	.space = ask_space,
};

static void take_groups(struct host *h)
{
	int n = getgroups(0, NULL);
	gid_t *gids = arena_alloc(&h->arena, (size_t)(MAX(n, 0) + 1) * sizeof(*gids));

	n = getgroups(n, gids);
	gids[MAX(n, 0)] = getegid();
	h->gids = gids;
	h->n_gids = (size_t)MAX(n, 0) + 1;
}

static void take_user(struct host *h)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	const struct passwd *pw;

	h->uid = geteuid();
	pw = getpwuid(h->uid);
	h->user = pw ? arena_strdup(&h->arena, pw->pw_name)
		     : arena_printf(&h->arena, "%u", (unsigned)h->uid);
	if (!home || *home != '/')
		home = pw ? pw->pw_dir : "/";
	h->home = arena_strdup(&h->arena, home);
	h->runtime_dir = runtime && *runtime == '/'
				 ? arena_strdup(&h->arena, runtime)
				 : arena_printf(&h->arena, "/run/user/%u", (unsigned)h->uid);
	take_groups(h);
}

/* To look is not to make: a folder that kiln never needed is not there. */
static char *folder(struct host *h, enum dir_kind kind, const char *below_home)
{
	auto_free char *path = NULL;

	if (dir_path(kind, &path, NULL) < 0)
		return arena_printf(&h->arena, "%s/%s", h->home, below_home);
	return arena_strdup(&h->arena, path);
}

int host_init(struct host *h, struct err *err)
{
	struct rlimit limit = { 0 };
	struct utsname u = { 0 };

	*h = (struct host){ .root = -1, .arch = krn_arch_host(), .ops = &live_ops };
	h->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->root < 0)
		return err_sys(err, "cannot open '/'");
	uname(&u);
	h->release = arena_strdup(&h->arena, u.release);
	h->path = arena_strdup(&h->arena, getenv("PATH") ?: "/usr/bin:/bin");
	getrlimit(RLIMIT_MEMLOCK, &limit);
	h->memlock = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	take_user(h);
	h->cache_dir = folder(h, DIR_CACHE, ".cache/kiln");
	h->data_dir = folder(h, DIR_DATA, ".local/share/kiln");
	return 0;
}

void host_release(struct host *h)
{
	h->root = close_fd(h->root);
	arena_release(&h->arena);
}
