/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool. A token's way is pool -> guard -> make and back; a guard counts before it writes and behind it reads, so that a
 * kill between the two loses a token and never makes one. What was lost so is made good when no build is left.
 */
#include "build/jobs.h"

#include "base/clock.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* what any pipe holds (pipe(7): a page at least) */
#define MAX_JOBS 4096
/* a container's image may have to be fetched first */
#define PROBE_NS (600 * NSEC_PER_SEC)

static void fill(struct bld_jobs *j)
{
	char byte[256];

	while (read(j->in, byte, sizeof(byte)) > 0)
		;
	for (unsigned i = 0; i < j->n; i++)
		if (write(j->out, "+", 1) != 1)
			return;
}

int bld_jobs_new(unsigned n, struct bld_jobs **ret, struct err *err)
{
	struct bld_jobs *j;
	int p[2];
	void *m;

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, "cannot make a pipe");
	m = mmap(NULL, BLD_SLOTS * sizeof(struct bld_slot), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED) {
		int r = err_sys(err, "cannot share memory with builds");

		close(p[0]);
		close(p[1]);
		return r;
	}
	j = xnew(struct bld_jobs);
	j->n = n < 1 ? 1 : MIN(n, (unsigned)MAX_JOBS);
	j->in = p[0];
	j->out = p[1];
	j->slot = m;
	fill(j);
	*ret = j;
	return 0;
}

void bld_jobs_for_one(struct bld_jobs *j)
{
	j->for_one = true;
}

void bld_jobs_free(struct bld_jobs *j)
{
	if (!j)
		return;
	close_fd(j->in);
	close_fd(j->out);
	munmap(j->slot, BLD_SLOTS * sizeof(struct bld_slot));
	map_release(&j->make, free);
	free(j);
}

struct bld_slot *bld_slot_get(struct bld_jobs *j)
{
	for (size_t i = 0; i < BLD_SLOTS; i++) {
		struct bld_slot *s = &j->slot[i];
		bool no = false;

		/* the workers are processes of their own */
		if (!atomic_compare_exchange_strong(&s->used, &no, true))
			continue;
		atomic_store(&s->held, 0);
		atomic_store(&s->waiting, false);
		return s;
	}
	return NULL;
}

void bld_slot_put(struct bld_jobs *j, struct bld_slot *s)
{
	if (!s)
		return;
	bld_token_give(j, s, atomic_load(&s->held));
	atomic_store(&s->waiting, false);
	atomic_store(&s->used, false);
	for (size_t i = 0; i < BLD_SLOTS; i++)
		if (atomic_load(&j->slot[i].used))
			return;
	fill(j);
}

bool bld_token_take(const struct bld_jobs *j, struct bld_slot *s)
{
	char byte;

	if (read(j->in, &byte, 1) != 1)
		return false;
	atomic_fetch_add(&s->held, 1);
	return true;
}

void bld_token_give(const struct bld_jobs *j, struct bld_slot *s, int n)
{
	for (; n > 0; n--) {
		atomic_fetch_sub(&s->held, 1);
		if (write(j->out, "+", 1) != 1)
			return;
	}
}

bool bld_token_wanted(const struct bld_jobs *j, const struct bld_slot *s)
{
	for (size_t i = 0; i < BLD_SLOTS; i++)
		if (&j->slot[i] != s && atomic_load(&j->slot[i].used) &&
		    atomic_load(&j->slot[i].waiting))
			return true;
	return false;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n)
		if ((p == text || p[-1] == ' ') && (!p[n] || p[n] == ' ' || p[n] == '\n'))
			return true;
	return false;
}

/*
 * Asked is for the words that say it, not for the version: "jobserver-fifo" came with 4.4, "output-sync" with 4.0.
 * "--jobserver-auth" came with 4.2 and no such word, so it is tried.
 */
static int ask(char *const *wrap, char *const *env, const char *option, struct proc_result *r,
	       struct err *err)
{
	auto_strv struct strv argv = { 0 };
	struct proc_spec spec = { .env = env, .new_group = true };

	strv_extend(&argv, wrap);
	strv_adds(&argv, "make", "-s", "-f", "/dev/null", "--eval=$(info features $(.FEATURES))",
		  "--eval=kiln:;@:", "kiln", NULL);
	if (option)
		strv_add(&argv, option);
	spec.argv = argv.v;
	return proc_run(&spec, NULL, PROBE_NS, 65536, r, err);
}

static int probe(char *const *wrap, char *const *env, struct bld_make *ret, struct err *err)
{
	auto_proc_result struct proc_result r = { 0 }, again = { 0 };
	const char *line;
	int e = ask(wrap, env, NULL, &r, err);

	if (e < 0)
		return e;
	line = strstr(str_c(&r.out), "features ");
	if (r.status || !line) {
		err_set(err, -ENOEXEC, "'%smake' does not work: %s", wrap && *wrap ? "... " : "",
			r.timeout ? "no answer" : str_c(&r.errout));
		return err_hint(err, -ENOEXEC, "GNU make 3.82 or newer is wanted");
	}
	*ret = (struct bld_make){
		.fifo = has_word(line, "jobserver-fifo"),
		.jobserver = has_word(line, "jobserver"),
		.output_sync = has_word(line, "output-sync"),
	};
	if (ret->jobserver && !ret->fifo && !(wrap && *wrap)) {
		e = ask(NULL, env, "--jobserver-auth=0,1", &again, err);
		ret->old_fds = e < 0 || again.status;
	}
	return 0;
}

int bld_make_probe(struct bld_jobs *j, char *const *wrap, char *const *env, struct bld_make *ret,
		   struct err *err)
{
	auto_free char *key = wrap ? strv_quoted(wrap) : xstrdup("");
	struct bld_make *known = j ? map_get(&j->make, key) : NULL;
	int r;

	if (known) {
		*ret = *known;
		return 0;
	}
	r = probe(wrap, env, ret, err);
	if (r < 0 || !j)
		return r;
	known = xnew(struct bld_make);
	*known = *ret;
	map_set(&j->make, key, known);
	return 0;
}
