/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two readings. The first goes on without answers and finds the commands whose text depends on none; they run beside it
 * and side by side. The second waits for each answer where it is needed, which is in the order in which they were
 * started, and so comes to its end soon after the last of them.
 *
 * Elsewhere each call starts a container: there is no waiting in a reading, all that it found goes in one call behind it, and as
 * many readings follow as commands depend on answers.
 */
#include "kconfig/probe.h"

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/proc.h"
#include "kconfig/plain.h"
#include "kconfig/scratch.h"
#include "kconfig/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ANSWER  4096
#define MAX_RUNNING 64

struct asked {
	char *command, *key;
	struct str answer;
	struct kc_plain plain; /* runs without a shell; without argv: with one */
	pid_t pid;
	int fd; /* its stdout, or what is closed when it ends; -1: not started yet, or ended */
	int scratch_fd; /* holds plain.dir; -1: none */
	bool started, ended;
};

struct known {
	struct str answer;
	char *key; /* NULL without cache */
	bool used; /* in this reading */
};

struct line {
	bool err;
	char *text;
};

struct kc_probe {
	int dirfd;
	char *scratch; /* what its names of scratch folders begin with */
	char *const *env;
	const struct kc_elsewhere *elsewhere; /* NULL: commands run here */
	struct kc_cache *cache;		      /* NULL: nothing is remembered across runs */
	struct map known;		      /* command -> struct known */
	struct kc_inputs inputs;	      /* of this reading */
	struct {
		struct asked **v;
		size_t n, cap;
	} asked;
	struct map by_command; /* of asked */
	struct asked *running[MAX_RUNNING];
	size_t n_running, next; /* of asked all before it are started */
	size_t max_running;
	bool waits;	/* an answer is waited for: the second reading */
	bool doubtful;	/* answers are not remembered */
	int error;	/* negative errno: commands cannot be started */
	struct err why; /* elsewhere: words for it */
	struct {
		struct line *v;
		size_t n, cap;
	} said; /* in this reading */
};

static size_t processors(void)
{
	cpu_set_t set;
	size_t n = 1;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = (size_t)CPU_COUNT(&set);
	/* one more may run for its being waited for */
	return n < 1 ? 1 : MIN(n, (size_t)MAX_RUNNING - 2);
}

struct kc_probe *kc_probe_new(int dirfd, char *const *env, bool remember,
			      const struct kc_elsewhere *elsewhere)
{
	struct kc_probe *p = xnew(struct kc_probe);

	p->dirfd = dirfd;
	p->scratch = xasprintf("%s%08x", SCRATCH_NAME, random_u32());
	p->env = env;
	p->elsewhere = elsewhere;
	p->max_running = processors() + 1;
	if (remember)
		p->cache = kc_cache_open(dirfd, env, !elsewhere);
	return p;
}

static void forget_said(struct kc_probe *p)
{
	for (size_t i = 0; i < p->said.n; i++)
		free(p->said.v[i].text);
	p->said.n = 0;
}

static void forget_asked(struct kc_probe *p)
{
	for (size_t i = 0; i < p->asked.n; i++) {
		free(p->asked.v[i]->command);
		free(p->asked.v[i]->key);
		str_release(&p->asked.v[i]->answer);
		kc_plain_release(&p->asked.v[i]->plain);
		free(p->asked.v[i]);
	}
	p->asked.n = p->next = 0;
	map_release(&p->by_command, NULL);
	p->by_command = (struct map){ 0 };
}

static void free_known(void *p)
{
	struct known *k = p;

	str_release(&k->answer);
	free(k->key);
	free(k);
}

void kc_probe_free(struct kc_probe *p)
{
	if (!p)
		return;
	forget_said(p);
	forget_asked(p);
	free(p->said.v);
	free(p->asked.v);
	map_release(&p->known, free_known);
	kc_inputs_release(&p->inputs);
	kc_cache_free(p->cache);
	err_release(&p->why);
	free(p->scratch);
	free(p);
}

static struct known *know(struct kc_probe *p, const char *command, const char *key,
			  const struct str *answer)
{
	struct known *k = xnew(struct known);

	str_add(&k->answer, str_c(answer), answer->n);
	k->key = key ? xstrdup(key) : NULL;
	map_set(&p->known, command, k);
	return k;
}

static int enter(void *ctx)
{
	const int *dirfd = ctx;

	return *dirfd == AT_FDCWD || fchdir(*dirfd) == 0 ? 0 : errno;
}

static int start_shell(const struct kc_probe *p, struct asked *a, int out)
{
	char sh[] = "/bin/sh", c[] = "-c";
	char *argv[] = { sh, c, a->command, NULL };
	struct proc_fd fds[] = { { out, STDOUT_FILENO }, { STDERR_FILENO, STDERR_FILENO } };
	const struct proc_spec spec = {
		.argv = argv,
		.env = p->env,
		.fds = fds,
		.n_fds = countof(fds),
		.setup = enter,
		.setup_ctx = (void *)&p->dirfd,
	};

	return proc_spawn(&spec, &a->pid, NULL);
}

/* Its output goes nowhere; what it holds open tells when it has ended. */
static int start_plain(const struct kc_probe *p, struct asked *a, int held)
{
	/* any number will do but that of the folder, which is still to be entered */
	struct proc_fd fds[] = { { held, p->dirfd == 3 ? 4 : 3 } };
	const struct proc_spec spec = {
		.argv = a->plain.argv.v,
		.env = p->env,
		.fds = fds,
		.n_fds = countof(fds),
		.setup = enter,
		.setup_ctx = (void *)&p->dirfd,
	};

	if (a->plain.dir)
		a->scratch_fd = scratch_make(p->dirfd, a->plain.dir);
	return proc_spawn(&spec, &a->pid, NULL);
}

static void remove_scratch(const struct kc_probe *p, struct asked *a)
{
	scratch_remove(p->dirfd, a->plain.dir, a->scratch_fd);
	a->scratch_fd = -1;
}

static int start(struct kc_probe *p, struct asked *a)
{
	int pipe_fd[2], r = -ENOENT;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	if (a->plain.argv.n)
		r = start_plain(p, a, pipe_fd[1]);
	if (r < 0) {
		/* a shell knows more kinds of programs, and what to say where there is none */
		remove_scratch(p, a);
		kc_plain_release(&a->plain);
		r = start_shell(p, a, pipe_fd[1]);
	}
	close_fd(pipe_fd[1]);
	if (r < 0) {
		close_fd(pipe_fd[0]);
		return r;
	}
	a->fd = pipe_fd[0];
	return 0;
}

/* What the command wrote; at the end of it, it is waited for. The rest behind the first 4096 bytes is dropped. */
static void drain(struct kc_probe *p, struct asked *a)
{
	char buf[MAX_ANSWER];
	ssize_t n = read(a->fd, buf, sizeof(buf));
	int status = -1;

	if (n < 0 && errno == EINTR)
		return;
	if (n > 0) {
		str_add(&a->answer, buf, MIN((size_t)n, MAX_ANSWER - a->answer.n));
		/* who goes on writing behind that dies of SIGPIPE, as under conf */
		if (a->answer.n < MAX_ANSWER)
			return;
	}
	a->fd = close_fd(a->fd);
	status = proc_wait(a->pid);
	/* one that was killed has not answered; that it wrote too much is no such case */
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
		p->doubtful = true;
	if (a->plain.argv.n)
		str_adds(&a->answer, status == 0 ? a->plain.yes : a->plain.no);
	remove_scratch(p, a);
}

/* It has its answer. */
static void end(struct kc_probe *p, struct asked *a)
{
	a->ended = true;
	know(p, a->command, p->cache ? a->key : NULL, &a->answer);
}

/* Takes what those running have written, waiting for it at most so long. */
static void wait_for(struct kc_probe *p, int timeout_ms)
{
	struct pollfd fds[MAX_RUNNING];

	for (size_t i = 0; i < p->n_running; i++)
		fds[i] = (struct pollfd){ .fd = p->running[i]->fd, .events = POLLIN };
	if (poll(fds, p->n_running, timeout_ms) <= 0)
		return;
	for (size_t i = p->n_running; i-- > 0;) {
		if (!fds[i].revents)
			continue;
		drain(p, p->running[i]);
		if (p->running[i]->fd >= 0)
			continue;
		end(p, p->running[i]);
		p->running[i] = p->running[--p->n_running];
	}
}

static void start_one(struct kc_probe *p, struct asked *a)
{
	if (a->started || p->error)
		return;
	a->started = true;
	p->error = start(p, a);
	if (!p->error)
		p->running[p->n_running++] = a;
}

/* Starts as many as may run: one more than there are processors, for they start with reading files. */
static void start_more(struct kc_probe *p)
{
	while (p->n_running < p->max_running && p->next < p->asked.n && !p->error)
		start_one(p, p->asked.v[p->next++]);
}

/* Waits for one of those asked, before all others. */
static void wait_for_one(struct kc_probe *p, struct asked *a)
{
	start_one(p, a);
	while (!a->ended && !p->error) {
		wait_for(p, -1);
		start_more(p);
	}
}

/* What the cache knows; *key gets the command's key. */
static struct known *look_up(struct kc_probe *p, const char *command, struct str *key)
{
	const struct str *answer;

	if (!p->cache)
		return NULL;
	kc_cache_key(p->cache, command, key);
	answer = kc_cache_get(p->cache, str_c(key));
	return answer ? know(p, command, str_c(key), answer) : NULL;
}

static struct asked *ask(struct kc_probe *p, const char *command, char *key)
{
	struct asked *a = xnew(struct asked);
	auto_free char *scratch = xasprintf("%s-%zu", p->scratch, p->asked.n);

	if (!p->asked.n && !p->elsewhere)
		scratch_sweep(p->dirfd);
	a->fd = a->scratch_fd = -1;
	if (!p->elsewhere)
		kc_plain_of(command, scratch, &a->plain);
	a->command = xstrdup(command);
	a->key = key;
	vec_push(&p->asked, a);
	map_set(&p->by_command, command, a);
	return a;
}

/* They run while reading goes on: takes what has ended, starts what is next. */
static void take_turn(void *ctx)
{
	struct kc_probe *p = ctx;

	if (p->elsewhere)
		return;
	if (p->n_running)
		wait_for(p, 0);
	start_more(p);
}

/* What is not known yet: asked for, and waited for if that is to be. */
static struct known *get(struct kc_probe *p, const char *command)
{
	struct asked *a = map_get(&p->by_command, command);
	auto_str struct str key = { 0 };
	struct known *k = a ? NULL : look_up(p, command, &key);

	if (k)
		return k;
	if (!a)
		a = ask(p, command, str_take(&key));
	if (p->waits)
		wait_for_one(p, a);
	else
		take_turn(p);
	return p->waits ? map_get(&p->known, command) : NULL;
}

static bool answer(void *ctx, const char *command, struct str *ret)
{
	struct kc_probe *p = ctx;
	struct known *k = map_get(&p->known, command);

	/* in one reading an answer is unknown throughout, or known */
	if (k && !p->waits && map_has(&p->by_command, command))
		return false;
	if (!k)
		k = get(p, command);
	if (!k)
		return false;
	if (!k->used && k->key)
		kc_inputs_answer(&p->inputs, k->key);
	k->used = true;
	str_add(ret, str_c(&k->answer), k->answer.n);
	return true;
}

/* Whether a folder with a file can be made below dirfd. */
static bool can_write(const struct kc_probe *p, int dirfd)
{
	auto_free char *file = path_join(p->scratch, "f");
	int hold = scratch_make(dirfd, p->scratch);
	auto_close int fd = openat(dirfd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good = hold >= 0 && fd >= 0 && write_all(fd, file, strlen(file)) == 0;

	scratch_remove(dirfd, p->scratch, hold);
	return good;
}

/* Where compilers put what lies between their steps. */
static bool can_write_between(const struct kc_probe *p)
{
	const char *dir = getenv("TMPDIR");
	auto_close int fd = open(dir && *dir ? dir : "/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && can_write(p, fd);
}

static void take_answer(struct kc_probe *p, struct asked *a, const struct str *answer)
{
	str_add(&a->answer, str_c(answer), MIN(answer->n, (size_t)MAX_ANSWER));
	end(p, a);
	if (p->cache && !p->doubtful)
		kc_cache_put(p->cache, a->key, str_c(&a->answer), a->answer.n);
}

/* All that was asked, in one call. */
static void ask_elsewhere(struct kc_probe *p)
{
	size_t n = p->asked.n;
	char **commands = xcalloc(n + 1, sizeof(*commands));
	struct str *answers = xcalloc(n + 1, sizeof(*answers));
	int r;

	for (size_t i = 0; i < n; i++)
		commands[i] = p->asked.v[i]->command;
	r = n ? p->elsewhere->ask(p->elsewhere->ctx, p->env, commands, n, answers, &p->why) : 0;
	p->error = MIN(r, 0);
	p->doubtful |= r > 0;
	for (size_t i = 0; i < n; i++) {
		if (r >= 0)
			take_answer(p, p->asked.v[i], &answers[i]);
		str_release(&answers[i]);
	}
	forget_asked(p);
	free(commands);
	free(answers);
}

/* Waits for all that was asked. */
static int finish_asked(struct kc_probe *p)
{
	/* what is left there was found by a reading that failed */
	if (p->elsewhere)
		forget_asked(p);
	while (p->n_running || (p->next < p->asked.n && !p->error)) {
		start_more(p);
		if (p->n_running)
			wait_for(p, -1);
	}
	/* commands make folders where they run; what they answer where that fails says nothing of a compiler */
	if (p->cache && p->asked.n && (!can_write(p, p->dirfd) || !can_write_between(p)))
		p->doubtful = true;
	for (size_t i = 0; i < p->asked.n && p->cache && !p->doubtful && !p->error; i++) {
		const struct asked *a = p->asked.v[i];

		kc_cache_put(p->cache, a->key, str_c(&a->answer), a->answer.n);
	}
	forget_asked(p);
	return p->error;
}

static void keep_line(void *ctx, bool err, const char *line)
{
	struct kc_probe *p = ctx;

	vec_push(&p->said, ((struct line){ err, xstrdup(line) }));
}

static void pass_on(struct kc_probe *p, const struct kc_parse *spec)
{
	for (size_t i = 0; i < p->said.n && spec->say; i++)
		spec->say(spec->ctx, p->said.v[i].err, p->said.v[i].text);
	forget_said(p);
}

/* What was said in a reading without answers is of no value. */
static void tell_error(struct kc_probe *p)
{
	auto_free char *line = p->why.msg ? xasprintf("%s\n", p->why.msg)
					  : xasprintf("/bin/sh: %s\n", strerror(-p->error));

	forget_said(p);
	keep_line(p, true, line);
}

static void begin_reading(struct kc_probe *p)
{
	forget_said(p);
	kc_inputs_release(&p->inputs);
	kc_inputs_begin(&p->inputs);
	for (size_t i = 0; i < p->known.n; i++)
		((struct known *)p->known.v[i].value)->used = false;
}

static void keep(struct kc_probe *p, const struct kc_snapshot_name *name, const struct kc_tree *t)
{
	for (size_t i = 0; i < p->said.n; i++)
		kc_inputs_said(&p->inputs, p->said.v[i].err, p->said.v[i].text);
	kc_snapshot_save(name, t, &p->inputs);
}

/* Reads it until no answer is unknown. */
static int read_all(struct kc_probe *p, const struct kc_parse *asking, const char *file,
		    struct kc_tree **ret_tree)
{
	int r;

	begin_reading(p);
	r = kc_tree_parse(asking, file, ret_tree);
	while (r == -EAGAIN && p->elsewhere && p->asked.n) {
		ask_elsewhere(p);
		if (p->error)
			return -EINVAL;
		begin_reading(p);
		r = kc_tree_parse(asking, file, ret_tree);
	}
	if (r != -EAGAIN || p->elsewhere)
		return r;
	p->waits = true;
	begin_reading(p);
	return kc_tree_parse(asking, file, ret_tree);
}

int kc_probe_parse(struct kc_probe *p, const struct kc_parse *spec, const char *file,
		   struct kc_tree **ret_tree)
{
	const struct kc_snapshot_name name = { spec->dirfd, spec->env, spec->dialect, file };
	struct kc_parse asking = *spec;
	int r;

	*ret_tree = p->cache ? kc_snapshot_load(&name, p->cache, spec->say, spec->ctx) : NULL;
	if (*ret_tree)
		return 0;
	asking.shell = answer;
	asking.say = keep_line;
	asking.turn = take_turn;
	asking.ctx = p;
	asking.inputs = &p->inputs;
	r = read_all(p, &asking, file, ret_tree);
	if (finish_asked(p) < 0)
		r = -EINVAL;
	if (r == 0 && p->cache && !p->doubtful)
		keep(p, &name, *ret_tree);
	if (p->error)
		tell_error(p);
	pass_on(p, spec);
	if (p->cache)
		kc_cache_save(p->cache);
	return r;
}

int kc_probe_ask(struct kc_probe *p, const char *const *commands, size_t n, struct str *ret,
		 struct err *err)
{
	auto_str struct str none = { 0 };

	p->waits = !p->elsewhere;
	for (size_t i = 0; i < n && p->elsewhere; i++)
		answer(p, commands[i], &none);
	if (p->elsewhere)
		ask_elsewhere(p);
	for (size_t i = 0; i < n && !p->error; i++)
		answer(p, commands[i], &ret[i]);
	if (finish_asked(p) < 0)
		return err_set(err, p->error, "%s", p->why.msg ?: "commands cannot be started");
	if (p->cache)
		kc_cache_save(p->cache);
	return 0;
}
