/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prompts are off in every way: git's own, those by helper programs, and ssh's, which needs a terminal and gets none by a
 * session of its own. What git says is read as it comes, for progress; a grandchild that keeps the pipe (ssh's
 * ControlPersist) is not waited for.
 */
#include "source/gitrun.h"

#include "base/file.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define OUT_MAX	  ((size_t)256 << 20)
#define WORDS_MAX 2048
#define LINE_MAX_ 1024
#define ASK_MSEC  100

/* Those that say how to reach a server; all others of git's name a repository, or how to treat it. */
static const char *const kept[] = {
	"GIT_SSH=",
	"GIT_SSH_COMMAND=",
	"GIT_SSH_VARIANT=",
	"GIT_SSL_",
	"GIT_PROXY_COMMAND=",
	"GIT_HTTP_",
	"GIT_TRACE",
	"GIT_CURL_VERBOSE=",
	"GIT_EXEC_PATH=",
	"GIT_CONFIG_GLOBAL=",
	"GIT_CONFIG_SYSTEM=",
	"GIT_CONFIG_NOSYSTEM=",
	"GIT_ALLOW_PROTOCOL=",
};

static bool is_kept(const char *var)
{
	if (!str_starts(var, "GIT_"))
		return !str_starts(var, "LC_ALL=") && !str_starts(var, "LANGUAGE=");
	for (size_t i = 0; i < countof(kept); i++)
		if (str_starts(var, kept[i]))
			return true;
	return false;
}

static void make_env(const struct src_git *g, struct strv *ret)
{
	for (char **e = environ; e && *e; e++)
		if (is_kept(*e) && !(g->plain && str_starts(*e, "GIT_CONFIG_")))
			strv_add(ret, *e);
	/* an empty GIT_ASKPASS also keeps git from core.askPass and SSH_ASKPASS (prompt.c) */
	strv_adds(ret, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GCM_INTERACTIVE=never",
		  "SSH_ASKPASS_REQUIRE=never", "GIT_OPTIONAL_LOCKS=0", NULL);
	if (g->plain)
		strv_adds(ret, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			  "GIT_ATTR_NOSYSTEM=1", NULL);
	strv_extend(ret, g->env);
}

static void make_argv(const struct src_git *g, struct strv *ret)
{
	strv_adds(ret, "git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", NULL);
	if (g->plain)
		strv_adds(ret, "-c", "core.attributesFile=/dev/null", "-c", "core.autocrlf=false",
			  "-c", "core.symlinks=true", "-c", "checkout.workers=0", NULL);
	for (size_t i = 0; g->args[i]; i++)
		strv_add(ret, g->args[i]);
}

/* What git says, put together from pieces. */
struct voice {
	const struct src_progress *progress;
	struct str line, words;
};
static void voice_release(struct voice *v)
{
	str_release(&v->line);
	str_release(&v->words);
}

/* "Receiving objects:  42% (4200/10000), 1.20 MiB | 3 MiB/s" */
static bool is_progress(const struct voice *v, const char *line)
{
	const char *percent = strstr(line, "% ("), *colon = strchr(line, ':');
	char *end = NULL;
	uint64_t done, total;

	if (!percent || !colon || colon > percent)
		return false;
	done = strtoull(percent + 3, &end, 10);
	total = *end == '/' ? strtoull(end + 1, NULL, 10) : 0;
	if (v->progress) {
		auto_free char *what = NULL;

		str_skip(&line, "remote: ");
		colon = strchr(line, ':');
		what = xasprintf("git: %.*s", (int)(colon ? colon - line : 0), line);
		v->progress->report(v->progress->ctx, what, done, total);
	}
	return true;
}

static void end_line(struct voice *v)
{
	const char *line = str_c(&v->line);

	line += strspn(line, " ");
	if (*line && !is_progress(v, line) && v->words.n < WORDS_MAX) {
		str_adds(&v->words, v->words.n ? "; " : "");
		str_add_printable(&v->words, line, strlen(line));
	}
	str_clear(&v->line);
}

static void hear(struct voice *v, const char *p, size_t n)
{
	for (; n; p++, n--) {
		if (*p == '\n' || *p == '\r')
			end_line(v);
		else if (*p && v->line.n < LINE_MAX_)
			str_addc(&v->line, *p);
	}
}

/* One read; false where the next would wait, and at the end. */
static bool listen(struct voice *v, int fd, bool *ret_end)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		hear(v, buf, (size_t)n);
	*ret_end = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	return n > 0 || (n < 0 && errno == EINTR);
}

static int wait_for(pid_t pid, int fd, struct voice *v)
{
	bool end = false;
	int status = 0;

	while (!end) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, ASK_MSEC) == 0 && waitpid(pid, &status, WNOHANG) == pid) {
			while (listen(v, fd, &end))
				;
			end_line(v);
			return status;
		}
		if (p.revents)
			listen(v, fd, &end);
	}
	end_line(v);
	return proc_wait(pid);
}

static int own_session(void *ctx)
{
	return setsid() < 0 ? errno : 0;
}

static int tell(const struct src_git *g, int status, const struct voice *v, struct err *err)
{
	const char *verb = "";

	for (size_t i = 0; g->args[i] && !*verb; i++) {
		if (str_eq(g->args[i], "-C") || str_eq(g->args[i], "-c"))
			i++;
		else if (*g->args[i] != '-')
			verb = g->args[i];
	}
	if (WIFSIGNALED(status))
		return err_set(err, -EIO, "git %s was killed by signal %d", verb, WTERMSIG(status));
	return err_set(err, -EIO, "git %s: %s", verb,
		       v->words.n ? v->words.s : "failed without a word");
}

static int run(const struct src_git *g, int out, struct voice *v, struct err *err)
{
	auto_strv struct strv argv = { 0 }, env = { 0 };
	auto_close int theirs = -1, ours = -1;
	int p[2], r, status;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	ours = p[0];
	theirs = p[1];
	fcntl(ours, F_SETFL, O_NONBLOCK);
	make_argv(g, &argv);
	make_env(g, &env);
	struct proc_fd fds[] = { { out, 1 }, { theirs, 2 } };
	struct proc_spec spec = { .argv = argv.v,
				  .env = env.v,
				  .cwd = g->cwd,
				  .fds = fds,
				  .n_fds = countof(fds),
				  .setup = own_session };

	r = proc_spawn(&spec, &pid, err);
	if (r == -ENOENT)
		err_hint(err, r, "on Debian and Ubuntu: apt install git");
	if (r < 0)
		return r;
	theirs = close_fd(theirs);
	status = wait_for(pid, ours, v);
	return status ? tell(g, status, v, err) : 0;
}

int src_git_run(const struct src_git *g, struct str *ret_out, struct err *err)
{
	cleanup(voice_release) struct voice v = { .progress = g->progress };
	auto_close int out = memfd_create("git", MFD_CLOEXEC);
	auto_free char *path = xasprintf("/proc/self/fd/%d", out);
	int r;

	if (out < 0)
		return err_sys(err, "cannot make a file in memory");
	r = run(g, out, &v, err);
	if (r == 0 && ret_out)
		r = file_read(AT_FDCWD, path, OUT_MAX, ret_out, err);
	return r;
}

int src_git_line(const struct src_git *g, char **ret, struct err *err)
{
	auto_str struct str out = { 0 };
	int r = src_git_run(g, &out, err);

	if (r == 0)
		*ret = xstrndup(str_c(&out), strcspn(str_c(&out), "\n"));
	return r;
}
