/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.org signs the uncompressed tar (linux-6.1.tar.sign beside linux-6.1.tar.xz), so that is what gpgv gets, piece by
 * piece through its standard input. gpgv knows the keys of the one keyring and no other; it exits with 0 only if the
 * signature is good, and says VALIDSIG then (doc/DETAILS of GnuPG).
 */
#include "source/parts.h"

#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "kernel/larchive.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define TAR_MAX	    (UINT64_C(16) << 30)
#define PIECE	    ((size_t)1 << 16)
#define KEYRING_MAX ((size_t)64 << 20)

/* gpgv reads no armour, and says of it only that there is no public key. */
static int check_keyring(const char *keyring, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, keyring, KEYRING_MAX, &text, err);

	if (r < 0)
		return err_wrap(err, r, "the keyring");
	if (memmem(text.s, MIN(text.n, (size_t)4096), "-----BEGIN PGP", 14)) {
		auto_str struct str name = { 0 };

		str_add_quoted(&name, keyring);
		err_set(err, -EINVAL, "the keyring '%s' is text, which gpgv does not read",
			keyring);
		return err_hint(err, -EINVAL, "gpg --dearmor %s", name.s);
	}
	return 0;
}

struct feed {
	const struct la *la;
	struct archive *a;
	const char *name;
	int to;
};

/* The archive's bytes without compression. That gpgv wants no more of them is told by its exit. */
static int copy(const struct feed *f, struct err *err)
{
	auto_free char *buf = xmalloc(PIECE);
	uint64_t done = 0;
	la_ssize_t n;
	int r;

	while ((n = f->la->archive_read_data(f->a, buf, PIECE)) > 0) {
		r = write_all(f->to, buf, (size_t)n);
		if (r == -EPIPE)
			return 0;
		if (r < 0)
			return err_code(err, r, "cannot write to gpgv");
		done += (uint64_t)n;
		if (done > TAR_MAX)
			return err_set(err, -EFBIG, "'%s' unpacks to more than %llu bytes", f->name,
				       (unsigned long long)TAR_MAX);
	}
	if (n == 0)
		return 0;
	return err_set(err, -EBADMSG, "'%s' is damaged: %s", f->name, la_error(f->la, f->a));
}

static int feed(int fd, const char *name, int to, const struct src_progress *progress,
		struct err *err)
{
	auto_free struct la_range *range = xcalloc(1, sizeof(*range));
	auto_free char *what = xasprintf("checking the signature of %s", name);
	struct feed f = { .name = name, .to = to };
	off_t size = lseek(fd, 0, SEEK_END);
	struct archive_entry *e;
	struct krn_progress buf;
	int r = la_load(&f.la, err);

	if (r < 0)
		return r;
	range->fd = fd;
	range->end = size > 0 ? (uint64_t)size : 0;
	range->progress = src_krn_progress(progress, &buf);
	range->what = what;
	auto_la struct la_auto a = { f.la, f.la->archive_read_new() };

	f.a = a.a;
	la_add_filters(f.la, f.a);
	f.la->archive_read_support_format_raw(f.a);
	if (la_open_range(f.la, f.a, range) != ARCHIVE_OK ||
	    f.la->archive_read_next_header(f.a, &e) != ARCHIVE_OK)
		return err_set(err, -EBADMSG, "'%s' is damaged: %s", name, la_error(f.la, f.a));
	return copy(&f, err);
}

/* gpgv's own lines, those for people, of what it wrote to both its outputs. */
static void add_words(struct str *text, struct str *ret)
{
	char *save = NULL, *line = strtok_r(text->s, "\n", &save);

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		if (!str_skip((const char **)&line, "gpgv: "))
			continue;
		str_adds(ret, ret->n ? "; " : "");
		str_add_printable(ret, line, strlen(line));
	}
}

static int judge(int status, int output, const char *name, struct err *err)
{
	auto_str struct str text = { 0 }, words = { 0 };
	auto_free char *path = xasprintf("/proc/self/fd/%d", output);
	bool valid;

	if (file_read(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		str_adds(&text, "");
	valid = strstr(str_c(&text), "[GNUPG:] VALIDSIG ") != NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && valid)
		return 0;
	if (text.n)
		add_words(&text, &words);
	err_set(err, -EBADMSG, "the signature of '%s' is not good: %s", name,
		words.n ? words.s : "gpgv gave no reason");
	return err_hint(
		err, -EBADMSG,
		"is it the signature of this file, and is the signer's key in the keyring?");
}

static int start(const char *sign, const char *keyring, int in, int output, pid_t *ret_pid,
		 struct err *err)
{
	auto_strv struct strv argv = { 0 };
	struct proc_fd fds[] = { { in, 0 }, { output, 1 }, { output, 2 } };
	struct proc_spec spec = { .fds = fds, .n_fds = countof(fds) };
	int r;

	/* its own folder has no keys, and a keyring with a '/' is not looked for there */
	strv_adds(&argv, "gpgv", "--homedir", "/nonexistent", "--status-fd", "1", "--keyring",
		  keyring, "--", sign, "-", NULL);
	spec.argv = argv.v;
	r = proc_spawn(&spec, ret_pid, err);
	if (r == -ENOENT)
		err_hint(err, r, "on Debian and Ubuntu: apt install gpgv");
	return r;
}

int src_gpg_verify(int fd, const char *name, const char *sign, const char *keyring,
		   const struct src_progress *progress, struct err *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	auto_close int output = memfd_create("gpgv", MFD_CLOEXEC), in = -1, ours = -1;
	int r = check_keyring(keyring, err), p[2], status = 0;
	auto_err struct err fed = { 0 };
	pid_t pid;

	if (r < 0)
		return r;
	if (output < 0 || pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	in = p[0];
	ours = p[1];
	r = start(sign, keyring, in, output, &pid, err);
	if (r < 0)
		return r;
	in = close_fd(in);
	sigaction(SIGPIPE, &ignore, &before);
	r = feed(fd, name, ours, progress, &fed);
	sigaction(SIGPIPE, &before, NULL);
	ours = close_fd(ours);
	status = proc_wait(pid);
	if (r == 0)
		return judge(status, output, name, err);
	err_move(err, &fed);
	return r;
}
