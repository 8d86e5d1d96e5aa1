/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kbuild takes CC="ccache gcc", two words, and HOSTCC likewise.
 *
 * ccache gives back an object where the source, the headers, the compiler and its options are the same. For variants of one kernel
 * these differ by the build folder only: that the current folder does not count (CCACHE_NOHASHDIR) is right as long as a prefix
 * map takes it out of what is written. Of such a map ccache looks at neither half (4.7), so what paths are replaced by must
 * always be the same. Headers are generated in the second in which they are used first, which is no reason to look at their content
 * again (sloppiness include_file_*time). What the user has set of these is kept.
 *
 * But CCACHE_BASEDIR is taken away: it makes paths relative before the compiler sees them, the prefix maps do not fit any more, and
 * the object is another one (__FILE__, debug information) than without ccache. tests/build/test_tools.c compares them.
 *
 * distcc compiles with what the other host has by that name, so that it is part of the identity; icecream sends the compiler over.
 */
#include "build/launcher.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

static const char *const launchers[] = { "ccache", "distcc", "icecc" };

int bld_launcher_of(const char *launcher, const char **ret, struct err *err)
{
	*ret = NULL;
	if (!launcher || !*launcher || str_eq(launcher, "none"))
		return 0;
	for (size_t i = 0; i < countof(launchers); i++) {
		if (str_eq(launchers[i], launcher))
			*ret = launchers[i];
	}
	if (*ret)
		return 0;
	err_set(err, -EINVAL, "'%s' is no launcher", launcher);
	return err_hint(err, -EINVAL, "one of: ccache, distcc, icecc, none");
}

/* An empty variable is none. */
static const char *given(char *const *env, const char *name)
{
	const char *value = env_get(env, name);

	return value && *value ? value : NULL;
}

char *bld_ccache_dir(char *const *env)
{
	const char *dir = given(env, "CCACHE_DIR"), *cache = given(env, "XDG_CACHE_HOME"),
		   *home = given(env, "HOME");
	auto_free char *old = home ? path_join(home, ".ccache") : NULL;

	if (dir)
		return path_abs(dir);
	/* ccache(1): where the old folder is there, it is used */
	if (old && access(old, F_OK) == 0)
		return take_ptr(old);
	if (cache)
		return path_join(cache, "ccache");
	return home ? path_join(home, ".cache/ccache") : NULL;
}

#define MAX_CCACHE_LOG (256 << 20)
#define SLOPPINESS     "include_file_mtime,include_file_ctime"

/* Each call is a line "# FILE" and the names of the counters that it raises. */
int bld_ccache_read_log(const char *path, size_t *ret_asked, size_t *ret_had, struct err *err)
{
	auto_str struct str text = { 0 };
	size_t had = 0, missed = 0;
	int r = file_read(AT_FDCWD, path, MAX_CCACHE_LOG, &text, err);

	if (r < 0)
		return r;
	for (const char *p = str_c(&text); *p; p += strcspn(p, "\n"), p += *p == '\n') {
		had += str_starts(p, "direct_cache_hit\n") ||
		       str_starts(p, "preprocessed_cache_hit\n");
		missed += str_starts(p, "cache_miss\n");
	}
	*ret_asked = had + missed;
	*ret_had = had;
	return 0;
}

static void set_env(const char *name, const char *value, struct strv *env)
{
	strv_addf(env, "%s=%s", name, given(environ, name) ?: value);
}

void bld_ccache_strict(struct strv *env)
{
	size_t n = 0;

	for (size_t i = 0; i < env->n; i++) {
		if (str_eq(env->v[i], "CCACHE_SLOPPINESS=" SLOPPINESS))
			free(env->v[i]);
		else
			env->v[n++] = env->v[i];
	}
	env->n = n;
	env->v[n] = NULL;
}

static void set_ccache(struct bld_toolchain *t)
{
	/* empty: also against ccache.conf */
	strv_add(&t->env, "CCACHE_BASEDIR=");
	set_env("CCACHE_NOHASHDIR", "1", &t->env);
	set_env("CCACHE_SLOPPINESS", SLOPPINESS, &t->env);
}

/* Puts words in front of the wrap's last, which is the image, or --command. */
static void wrap_insert(struct strv *wrap, const struct strv *words)
{
	auto_free char *last = xstrdup(wrap->v[wrap->n - 1]);

	wrap->n--;
	free(take_ptr(wrap->v[wrap->n]));
	strv_extend(wrap, words->v);
	strv_add(wrap, last);
}

static void keep_in_flake(struct bld_toolchain *t)
{
	auto_strv struct strv words = { 0 };

	strv_adds(&words, "--keep", "CCACHE_DIR", "--keep", "XDG_CACHE_HOME", NULL);
	for (size_t i = 0; i < t->env.n; i++) {
		strv_add(&words, "--keep");
		strv_take(&words, xstrndup(t->env.v[i], strcspn(t->env.v[i], "=")));
	}
	wrap_insert(&t->wrap, &words);
}

/* In a container ccache would have its cache in a home that dies with it. */
static int show_in_container(struct bld_toolchain *t, struct err *err)
{
	auto_free char *dir = bld_ccache_dir(environ);
	auto_strv struct strv words = { 0 };
	int r = dir ? mkdir_p(dir, 0700, err) : 0;

	if (r == 0 && dir)
		r = bld_container_mount(dir, false, &words, err);
	if (r < 0 || !dir)
		return r;
	strv_addf(&words, "--env=CCACHE_DIR=%s", dir);
	for (size_t i = 0; i < t->env.n; i++)
		strv_addf(&words, "--env=%s", t->env.v[i]);
	wrap_insert(&t->wrap, &words);
	return 0;
}

/* distcc(1): -j prints how many jobs its hosts take. */
static int set_distcc(struct bld_toolchain *t, struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	uint64_t jobs = 0;
	int r;

	bld_question_add(&q, "distcc", "-j", NULL)->fresh = true;
	r = bld_ask(t->place, &q, err);
	if (r < 0)
		return r;
	if (q.v[0].said.n)
		q.v[0].said.s[strcspn(q.v[0].said.s, "\n")] = '\0';
	if (q.v[0].status || !str_u64(str_c(&q.v[0].said), &jobs) || !jobs || jobs > 10000) {
		err_set(err, -ENOENT, "distcc has no hosts: %s", str_c(&q.v[0].said));
		return err_hint(err, -ENOENT, "list them in $DISTCC_HOSTS or ~/.distcc/hosts");
	}
	t->jobs = (unsigned)jobs;
	str_adds(&t->probe, "launcher distcc\n");
	return 0;
}

/*
 * icecream has no list of hosts: its scheduler finds them, and makes a job wait where all are busy. So it is offered more jobs
 * than this host takes, each of which is a waiting process and little else.
 */
#define ICECC_JOBS_PER_CPU 4

static void set_icecc(struct bld_toolchain *t)
{
	t->jobs = ICECC_JOBS_PER_CPU * (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
}

int bld_launcher_set(const char *launcher, struct bld_toolchain *t, struct err *err)
{
	enum bld_place_kind kind = t->place->kind;

	if (!launcher)
		return 0;
	if (!str_eq(launcher, "ccache") && kind == BLD_CONTAINER)
		return err_set(err, -ENOTSUP, "%s sends jobs to other hosts, and %s has no network",
			       launcher, t->place->name);
	if (str_eq(launcher, "distcc"))
		return set_distcc(t, err);
	if (str_eq(launcher, "icecc"))
		set_icecc(t);
	else
		set_ccache(t);
	if (kind == BLD_CONTAINER)
		return show_in_container(t, err);
	if (kind == BLD_FLAKE && t->env.n)
		keep_in_flake(t);
	return 0;
}
