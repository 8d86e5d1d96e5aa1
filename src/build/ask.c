/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record is a file CACHE/tools/KEY: the files that the answer depends on beside those in the key, a line each with their
 * identity, an empty line, the status, and what was said. Whatever does not hold any more is asked again.
 */
#include "build/ask.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "kernel/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define MAX_SAID  (1U << 20)
#define DEADLINE  (60 * NSEC_PER_SEC)
#define MAX_PARTS 16
static const char magic[] = "kiln tools 1\n";

void bld_place_free(struct bld_place *p)
{
	if (!p)
		return;
	strv_release(&p->wrap);
	strv_release(&p->env);
	free(p->identity);
	free(p->name);
	free(p);
}

struct bld_question *bld_question_add(struct bld_questions *q, const char *word, ...)
{
	struct bld_question one = { 0 };
	va_list ap;

	va_start(ap, word);
	for (; word; word = va_arg(ap, const char *))
		strv_add(&one.argv, word);
	va_end(ap);
	return vec_push(q, one);
}

void bld_questions_release(struct bld_questions *q)
{
	for (size_t i = 0; i < q->n; i++) {
		strv_release(&q->v[i].argv);
		str_release(&q->v[i].said);
	}
	free(q->v);
	*q = (struct bld_questions){ 0 };
}

struct found {
	char *program;	/* the first; NULL: none */
	bool is_recent; /* a second change might not show in its times */
};

static void see(struct found *f, const char *path, struct krn_mix *key)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return;
	krn_mix_str(key, path);
	krn_mix_stat(key, &st);
	f->is_recent |= MAX(st.st_mtim.tv_sec, st.st_ctim.tv_sec) + 2 >= time(NULL);
	if (!f->program)
		f->program = xstrdup(path);
}

/* The programs of that name, all of them into the key. */
static struct found locate(const struct bld_place *p, const char *name, struct krn_mix *key)
{
	const char *dirs = env_get(p->env.v, "PATH") ?: "/usr/local/bin:/usr/bin:/bin";
	struct found f = { 0 };

	if (strchr(name, '/')) {
		see(&f, name, key);
		return f;
	}
	while (*dirs) {
		size_t n = strcspn(dirs, ":");
		auto_free char *path = xasprintf("%.*s/%s", (int)n, dirs, name);

		if (n)
			see(&f, path, key);
		dirs += n + (dirs[n] == ':');
	}
	return f;
}

static void mix_argv(struct krn_mix *key, const struct strv *argv)
{
	for (size_t i = 0; i < argv->n; i++)
		krn_mix_str(key, argv->v[i]);
}

static int record_path(const struct krn_mix *key, char **ret)
{
	auto_free char *dir = NULL;
	char hex[33];
	int r = dir_sub(DIR_CACHE, "tools", &dir, NULL);

	if (r < 0)
		return r;
	krn_mix_hex(key, hex);
	*ret = path_join(dir, hex);
	return 0;
}

/* Takes a line off *p; NULL where there is none. */
static char *line_of(char **p)
{
	char *line = *p, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*p = end + 1;
	return line;
}

/* "IDENTITY PATH" */
static bool file_holds(const char *line)
{
	auto_str struct str now = { 0 };
	const char *path = strchr(line, ' ');
	struct file_id id;
	struct stat st;

	if (!path || stat(path + 1, &st) < 0)
		return false;
	id = file_id_of(&st);
	str_add_file_id(&now, &id);
	return strlen(str_c(&now)) == (size_t)(path - line) &&
	       strncmp(str_c(&now), line, now.n) == 0;
}

static bool recall(const struct krn_mix *key, struct bld_question *q)
{
	auto_free char *path = NULL;
	auto_str struct str text = { 0 };
	char *p, *line;
	uint64_t status;

	if (record_path(key, &path) < 0 ||
	    file_read(AT_FDCWD, path, MAX_SAID + 65536, &text, NULL) < 0 ||
	    strlen(str_c(&text)) != text.n || !str_starts(str_c(&text), magic))
		return false;
	p = text.s + strlen(magic);
	while ((line = line_of(&p)) && *line) {
		if (!file_holds(line))
			return false;
	}
	line = line ? line_of(&p) : NULL;
	if (!line || !str_u64(line, &status) || status > 255)
		return false;
	q->status = (int)status;
	str_adds(&q->said, p);
	return true;
}

/*
 * What a compiler started, in answer to -v: lines of a blank and a path. They are of other packages than the compiler's driver,
 * and change alone. False: one changed just now.
 */
static bool add_parts(const char *said, struct str *record)
{
	unsigned n = 0;

	for (const char *p = said; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		auto_free char *path = NULL;
		struct file_id id;
		struct stat st;

		if (!str_starts(p, " /") || n == MAX_PARTS)
			continue;
		path = xstrndup(p + 1, strcspn(p + 1, " \n"));
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (MAX(st.st_mtim.tv_sec, st.st_ctim.tv_sec) + 2 >= time(NULL))
			return false;
		id = file_id_of(&st);
		str_add_file_id(record, &id);
		str_addf(record, " %s\n", path);
		n++;
	}
	return true;
}

/* Not to be able to is no error. here: paths in the answer are of this host. */
static void remember(const struct krn_mix *key, const struct bld_question *q, bool here)
{
	auto_publish struct publish p = PUBLISH_NONE;
	auto_str struct str record = { 0 };
	auto_free char *path = NULL;

	str_adds(&record, magic);
	if (strlen(str_c(&q->said)) != q->said.n ||
	    (here && !add_parts(str_c(&q->said), &record)) || record_path(key, &path) < 0)
		return;
	str_addf(&record, "\n%d\n%s", q->status, str_c(&q->said));
	if (publish_begin(&p, path, 0600, NULL) == 0 && write_all(p.fd, record.s, record.n) == 0)
		publish_commit(&p, false, NULL);
}

static int run(const struct bld_place *p, char *program, struct bld_question *q, struct err *err)
{
	const struct proc_spec spec = { .argv = q->argv.v, .env = p->env.v, .new_group = true };
	auto_proc_result struct proc_result r = { 0 };
	auto_free char *name = q->argv.v[0];
	int rc;

	q->argv.v[0] = program; /* along the PATH of p->env, which may not be this process's */
	rc = proc_run(&spec, NULL, DEADLINE, MAX_SAID / 2, &r, err);
	q->argv.v[0] = take_ptr(name);
	if (rc < 0)
		return rc;
	if (r.timeout)
		return err_set(err, -ETIMEDOUT, "'%s %s' does not end", q->argv.v[0],
			       q->argv.n > 1 ? q->argv.v[1] : "");
	q->status = r.status;
	str_add(&q->said, str_c(&r.out), r.out.n);
	str_add(&q->said, str_c(&r.errout), r.errout.n);
	return 0;
}

static int ask_here(const struct bld_place *p, struct bld_question *q, struct err *err)
{
	struct krn_mix key = KRN_MIX_INIT;
	struct found f = locate(p, q->argv.v[0], &key);
	auto_free char *program = f.program;
	int r;

	q->status = program ? 0 : BLD_NOT_THERE;
	if (q->look || !program)
		return 0;
	mix_argv(&key, &q->argv);
	if (!q->fresh && recall(&key, q))
		return 0;
	r = run(p, program, q, err);
	if (r == 0 && !q->fresh && !f.is_recent)
		remember(&key, q, true);
	return r;
}

static void wrapped_key(const struct bld_place *p, const struct bld_question *q,
			struct krn_mix *key)
{
	*key = KRN_MIX_INIT;
	krn_mix_str(key, p->identity);
	krn_mix_add(key, &q->look, sizeof(q->look));
	mix_argv(key, &q->argv);
}

/* Each answer stands between "TOKEN" and "TOKEN STATUS", lines of their own. */
static char *script_of(struct bld_question **open, size_t n, const char *token)
{
	struct str s = { 0 };

	for (size_t i = 0; i < n; i++) {
		str_addf(&s, "echo; echo %s; ( ", token);
		if (open[i]->look)
			str_adds(&s, "command -v ");
		for (size_t k = 0; k < open[i]->argv.n; k++) {
			str_add_quoted(&s, open[i]->argv.v[k]);
			str_addc(&s, ' ');
		}
		str_addf(&s, ") 2>&1 </dev/null; s=$?; echo; echo %s $s\n", token);
	}
	str_adds(&s, "exit 0\n");
	return str_take(&s);
}

bool bld_ask_parse(const char *text, size_t size, const char *token, struct bld_question **open,
		   size_t n)
{
	auto_free char *begin = xasprintf("\n%s\n", token), *end = xasprintf("\n%s ", token);
	const char *p = text;

	for (size_t i = 0; i < n; i++) {
		auto_free char *status = NULL;
		const char *from = memmem(p, size - (size_t)(p - text), begin, strlen(begin)), *to;
		uint64_t number;

		if (!from)
			return false;
		from += strlen(begin);
		to = memmem(from, size - (size_t)(from - text), end, strlen(end));
		if (!to)
			return false;
		p = to + strlen(end);
		status = xstrndup(p, strnlen(p, size - (size_t)(p - text)));
		status[strcspn(status, "\n")] = '\0';
		if (!str_u64(status, &number) || number > 255)
			return false;
		str_add(&open[i]->said, from, (size_t)(to - from));
		open[i]->status = open[i]->look && number ? BLD_NOT_THERE : (int)number;
	}
	return true;
}

int bld_ask_shell(const struct bld_place *p, const struct strv *argv, const char *token,
		  struct bld_question **open, size_t n, struct err *err)
{
	auto_proc_result struct proc_result r = { 0 };
	const struct proc_spec spec = { .argv = argv->v, .env = p->env.v, .new_group = true };
	int rc;

	/* a flake's shell may have to be built first */
	rc = proc_run(&spec, NULL, 60 * DEADLINE, (n + 1) * MAX_SAID, &r, err);
	if (rc < 0)
		return rc;
	if (r.status || !bld_ask_parse(str_c(&r.out), r.out.n, token, open, n))
		return err_set(err, -EIO, "cannot run 'sh' in %s: %s (status %d)", p->name,
			       r.errout.n ? str_c(&r.errout) : "it says nothing", r.status);
	return 0;
}

static int ask_script(const struct bld_place *p, struct bld_question **open, size_t n,
		      struct err *err)
{
	auto_free char *token = xasprintf("kiln-%08x", random_u32());
	auto_free char *script = script_of(open, n, token);
	auto_strv struct strv argv = { 0 };

	strv_extend(&argv, p->wrap.v);
	strv_adds(&argv, "sh", "-c", script, NULL);
	return bld_ask_shell(p, &argv, token, open, n, err);
}

static int ask_wrapped(const struct bld_place *p, struct bld_questions *q, struct err *err)
{
	struct bld_question **open = xcalloc(q->n + 1, sizeof(*open));
	struct krn_mix key;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < q->n; i++) {
		wrapped_key(p, &q->v[i], &key);
		if (q->v[i].fresh || !recall(&key, &q->v[i]))
			open[n++] = &q->v[i];
	}
	if (n)
		r = ask_script(p, open, n, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		wrapped_key(p, open[i], &key);
		if (!open[i]->fresh)
			remember(&key, open[i], false);
	}
	free(open);
	return r;
}

int bld_ask(const struct bld_place *p, struct bld_questions *q, struct err *err)
{
	int r = 0;

	if (p->wrap.n)
		return ask_wrapped(p, q, err);
	for (size_t i = 0; r == 0 && i < q->n; i++)
		r = ask_here(p, &q->v[i], err);
	return r;
}

int bld_place_distro(struct bld_place *p, struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	int r;

	if (p->distro_known)
		return 0;
	if (p->wrap.n) {
		bld_question_add(&q, "cat", "/etc/os-release", NULL);
		r = bld_ask(p, &q, err);
		if (r < 0)
			return r;
		p->distro = distro_of(str_c(&q.v[0].said));
	} else {
		p->distro = distro_here();
	}
	p->distro_known = true;
	return 0;
}
