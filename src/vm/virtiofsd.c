/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running virtiofsd. See virtiofsd.h for how a share is kept read-only. */
#include "vm/virtiofsd.h"

#include "base/boot_id.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "vm/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define TRIAL_NS (150 * NSEC_PER_MSEC)

/* Debian and Ubuntu, Fedora and Arch, QEMU's old one. */
const char *const vm_virtiofsd_dirs[] = { "/usr/libexec", "/usr/lib", "/usr/lib/virtiofsd",
					  "/usr/lib/qemu", NULL };

struct jail {
	const char *source; /* the shared folder */
	const char *target; /* where it is bound for virtiofsd */
	bool readonly;
	uid_t uid;
	gid_t gid;
};

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;
	ssize_t n;

	if (fd < 0)
		return errno;
	n = write(fd, text, strlen(text));
	r = n < 0 ? errno : 0;
	close_fd(fd);
	return r;
}

static int become_root_of_namespace(const struct jail *j)
{
	char map[64];
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	r = write_text("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", j->uid);
	r = r ? r : write_text("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", j->gid);
	return r ? r : write_text("/proc/self/gid_map", map);
}

static int bind_readonly(const char *target)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV };

	return syscall(SYS_mount_setattr, AT_FDCWD, target, AT_RECURSIVE, &attr, sizeof(attr)) < 0
		       ? errno
		       : 0;
}

/* In the child, before exec. */
static int enter_jail(void *ctx)
{
	const struct jail *j = ctx;
	int r = 0;

	if (j->uid != 0)
		r = become_root_of_namespace(j);
	else if (unshare(CLONE_NEWNS) < 0)
		r = errno;
	if (r)
		return r;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(j->source, j->target, NULL, MS_BIND | MS_REC, NULL) < 0)
		return errno;
	return j->readonly ? bind_readonly(j->target) : 0;
}

static int listen_at(const char *path, struct err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, -ENAMETOOLONG, "the socket path '%s' is longer than %zu bytes",
			       path, sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 1) < 0)
		return err_sys(err, "cannot listen at '%s'", path);
	return take_fd(&fd);
}

/* socket: NULL for what kiln starts, which is given it as descriptor 3; else its path, for a line to paste. */
static void add_args(const struct vm_virtiofsd *v, const struct vm_share *s, const char *folder,
		     const char *socket, struct strv *argv)
{
	bool fixed = s->mode != VM_SHARE_RW;

	strv_add(argv, v->path);
	if (socket)
		strv_addf(argv, "--socket-path=%s", socket);
	else
		strv_add(argv, "--fd=3");
	if (v->rust) {
		strv_addf(argv, "--shared-dir=%s", folder);
		strv_adds(argv, "--sandbox=chroot", fixed ? "--cache=always" : "--cache=auto",
			  "--xattr", NULL);
		return;
	}
	strv_adds(argv, "-f", "-o", "sandbox=chroot,xattr,log_level=warn", "-o",
		  fixed ? "cache=always" : "cache=auto", "-o", NULL);
	strv_addf(argv, "source=%s", folder);
}

static char *preload_variable(const struct vm_virtiofsd *v)
{
	const char *before = getenv("LD_PRELOAD");

	return xasprintf("LD_PRELOAD=%s%s%s", v->preload, before ? ":" : "", before ? before : "");
}

static void make_env(const struct vm_virtiofsd *v, struct strv *ret)
{
	for (char **e = environ; *e; e++)
		if (!v->preload || !str_starts(*e, "LD_PRELOAD="))
			strv_add(ret, *e);
	if (v->preload)
		strv_take(ret, preload_variable(v));
}

/* Why the jail could not be entered, where that is known. */
static const char *jail_trouble(int r)
{
	auto_close int root = open("/", O_PATH | O_CLOEXEC);

	if (r == -EPERM && geteuid() != 0)
		return "user namespaces are refused here, by a chroot or by the host's policy";
	if (r == -EINVAL && mount_root(root) == 0)
		return "this is a chroot, from which mounts would reach the host: enter it by "
		       "systemd-nspawn or pivot_root";
	return NULL;
}

static int spawn(const struct vm_virtiofsd *v, struct vm_share *s, const char *folder, int sock,
		 int log_fd, struct err *err)
{
	auto_strv struct strv argv = { 0 }, env = { 0 };
	struct jail jail = {
		.source = s->host,
		.target = folder,
		.readonly = s->mode != VM_SHARE_RW,
		.uid = geteuid(),
		.gid = getegid(),
	};
	struct proc_fd fds[] = { { log_fd, 1 }, { log_fd, 2 }, { sock, 3 } };
	struct proc_spec spec = { .fds = fds,
				  .n_fds = countof(fds),
				  .setup = enter_jail,
				  .setup_ctx = &jail,
				  .new_group = true };
	const char *why;
	int r;

	add_args(v, s, folder, NULL, &argv);
	make_env(v, &env);
	spec.argv = argv.v;
	spec.env = env.v;
	r = proc_spawn(&spec, &s->virtiofsd, err);
	why = r < 0 ? jail_trouble(r) : NULL;
	if (why)
		err_set(err, r, "%s", why);
	return r < 0 ? err_wrap(err, r, "cannot serve '%s' by virtiofs", s->host) : 0;
}

int vm_virtiofsd_start(const struct vm_virtiofsd *v, struct vm_share *s, const char *dir,
		       int log_fd, struct err *err)
{
	auto_free char *folder = xasprintf("%s/%s", dir, s->tag);
	auto_close int sock = -1;

	if (strchr(folder, ','))
		return err_set(err, -EINVAL, "virtiofsd cannot take the comma in '%s'", folder);
	if (mkdir(folder, 0700) < 0)
		return err_sys(err, "cannot make '%s'", folder);
	free(s->socket);
	s->socket = xasprintf("%s.sock", folder);
	sock = listen_at(s->socket, err);
	if (sock < 0)
		return sock;
	return spawn(v, s, folder, sock, log_fd, err);
}

/*
 * enter_jail() in a shell's words: $1 shows $0 to the program behind, with all that is mounted below it. mount(8) can
 * make that read-only in one step since util-linux 2.39 only, and ignores the option before; so each mount is turned by
 * itself.
 */
#define BIND "mkdir -p \"$1\" && mount --rbind \"$0\" \"$1\" && "
#define READONLY                                                                                  \
	"while read -r _ _ _ _ at _; do at=$(printf %b \"$at\"); case $at in \"$1\" | \"$1\"/*) " \
	"mount -o remount,bind,ro \"$at\" || exit 1 ;; esac; done </proc/self/mountinfo && "
#define SERVE "shift && exec \"$@\""

char *vm_virtiofsd_line(const struct vm_virtiofsd *v, const struct vm_share *s)
{
	auto_strv struct strv argv = { 0 };
	auto_free char *folder = xstrndup(s->socket, strlen(s->socket) - strlen(".sock"));
	auto_free char *quoted = NULL;

	strv_adds(&argv, "unshare", geteuid() == 0 ? "-m" : "-rm", "sh", "-c", NULL);
	strv_add(&argv, s->mode == VM_SHARE_RW ? BIND SERVE : BIND READONLY SERVE);
	strv_adds(&argv, s->host, folder, NULL);
	if (v->preload) {
		strv_add(&argv, "env");
		strv_take(&argv, preload_variable(v));
	}
	add_args(v, s, folder, s->socket, &argv);
	quoted = strv_quoted(argv.v);
	return xasprintf("%s &", quoted);
}

/* NULL if it still runs after the trial, else its last words, or what stands for them. */
static char *outlives_trial(pid_t pid, int log_fd)
{
	uint64_t end = now_ns() + TRIAL_NS;
	char words[1024] = "";
	int status;

	while (now_ns() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			ssize_t n = pread(log_fd, words, sizeof(words) - 1, 0);

			words[n > 0 ? n : 0] = 0;
			words[strcspn(words, "\n")] = 0;
			return xasprintf("virtiofsd does not work here: %s",
					 *words ? words : "it ended at once without a word");
		}
		usleep(5000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return NULL;
}

/* *ret_failure: why it does not work, or NULL. An error is that it could not be tried. */
static int trial(const struct vm_virtiofsd *v, char **ret_failure, struct err *err)
{
	auto_free char *run = NULL, *dir = NULL, *empty = NULL;
	struct vm_share s = { .fs = VM_FS_VIRTIOFS, .mode = VM_SHARE_RO, .tag = "trial" };
	auto_close int log = memfd_create("virtiofsd", MFD_CLOEXEC);
	auto_guard struct vm_guard guard = { 0 };
	int r = dir_get(DIR_RUNTIME, &run, err);

	if (r < 0)
		return r;
	dir = xasprintf("%s/trial.XXXXXX", run);
	if (!mkdtemp(dir))
		return err_sys(err, "cannot make a folder in '%s'", run);
	r = vm_guard_start(&guard, dir, err);
	if (r < 0) {
		rmdir(dir);
		return r;
	}
	empty = path_join(dir, "empty");
	if (mkdir(empty, 0700) < 0)
		return err_sys(err, "cannot make '%s'", empty);
	s.host = xstrdup(empty);
	r = vm_virtiofsd_start(v, &s, dir, log, err);
	if (r == 0)
		*ret_failure = outlives_trial(s.virtiofsd, log);
	vm_share_release(&s);
	return r;
}

/* One file per program, user and boot: "ok", or why it does not work. */
static int verdict_path(const char *program, char **ret, struct err *err)
{
	auto_str struct str name = { 0 }, boot = { 0 };
	auto_free char *dir = NULL;
	struct file_id id;
	struct stat st;
	int r;

	if (stat(program, &st) < 0)
		return err_sys(err, "cannot look at '%s'", program);
	r = boot_id(&boot, err);
	if (r == 0)
		r = dir_sub(DIR_CACHE, "probe", &dir, err);
	if (r < 0)
		return r;
	id = file_id_of(&st);
	str_addf(&name, "%s/virtiofsd-%u-%s-", dir, geteuid(), str_c(&boot));
	str_add_file_id(&name, &id);
	*ret = str_take(&name);
	return 0;
}

static bool is_rust(const char *path)
{
	auto_strv struct strv argv = { 0 };
	auto_proc_result struct proc_result res = { 0 };
	struct proc_spec spec = { 0 };

	strv_adds(&argv, path, "--help", NULL);
	spec.argv = argv.v;
	if (proc_run(&spec, NULL, 5 * NSEC_PER_SEC, 65536, &res, NULL) < 0)
		return false;
	return strstr(str_c(&res.out), "--shared-dir") ||
	       strstr(str_c(&res.errout), "--shared-dir");
}

/* A file system in which nothing can be opened is of no use, so that its lack is a failure. */
static int find_preload(struct vm_virtiofsd *v, struct err *err)
{
	return v->rust || geteuid() == 0 ? 0 : dir_own_file("kiln-noatime.so", &v->preload, err);
}

/*
 * What could not be tried is not remembered: a full disk or a long path may be mended. Not to be able
 * to remember costs time, nothing else.
 */
static int try_out(struct vm_virtiofsd *v, const char *verdict, struct err *err)
{
	auto_free char *failure = NULL, *text = NULL;
	int r;

	v->rust = is_rust(v->path);
	r = find_preload(v, err);
	if (r == 0)
		r = trial(v, &failure, err);
	if (r < 0)
		return r;
	text = xasprintf("%s\n%s", v->rust ? "rust" : "c", failure ? failure : "ok");
	(void)file_publish(verdict, text, strlen(text), 0600, NULL);
	return failure ? err_set(err, -EIO, "%s", failure) : 0;
}

int vm_virtiofsd_find(struct vm_virtiofsd *ret, struct err *err)
{
	struct vm_virtiofsd v = { 0 };
	auto_free char *verdict = NULL;
	auto_str struct str known = { 0 };
	const char *nl;
	int r;

	if (path_find_program("virtiofsd", vm_virtiofsd_dirs, &v.path) < 0) {
		err_set(err, -ENOENT, "there is no virtiofsd on this host");
		return err_hint(err, -ENOENT,
				"install the package virtiofsd (Debian 12: qemu-system-common)");
	}
	r = verdict_path(v.path, &verdict, err);
	if (r == 0 && file_read(AT_FDCWD, verdict, 4096, &known, NULL) == 0 &&
	    (nl = strchr(str_c(&known), '\n'))) {
		v.rust = str_starts(known.s, "rust");
		if (!str_eq(nl + 1, "ok"))
			r = err_set(err, -EIO, "%s", nl + 1);
		else
			r = find_preload(&v, err);
	} else if (r == 0) {
		r = try_out(&v, verdict, err);
	}
	if (r < 0)
		vm_virtiofsd_release(&v);
	else
		*ret = v;
	return r;
}

void vm_virtiofsd_release(struct vm_virtiofsd *v)
{
	free(v->path);
	free(v->preload);
	*v = (struct vm_virtiofsd){ 0 };
}
