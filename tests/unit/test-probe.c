/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * $(shell,...) where the compiler is elsewhere: nothing runs on this host, all that a reading finds goes in one call, and what one
 * place answered is never taken for another's.
 */
#include "../kernel/home.h"
#include "kconfig/conf.h"
#include "kconfig/env.h"
#include "kconfig/modes.h"
#include "kconfig/probe.h"

/* Says what it was asked, behind its name; notes how it was called. */
struct fake {
	struct kc_elsewhere place;
	const char *name;
	int ends; /* what ask returns */
	unsigned calls;
	struct str asked; /* "[one][two]\n" for each call */
	struct strv env;  /* of the last */
};

static int fake_ask(void *ctx, char *const *env, char *const *commands, size_t n, struct str *ret,
		    struct err *err)
{
	struct fake *f = ctx;

	f->calls++;
	strv_release(&f->env);
	strv_extend(&f->env, env);
	for (size_t i = 0; i < n; i++) {
		const char *last = strrchr(commands[i], ' ');

		str_addf(&f->asked, "[%s]", commands[i]);
		str_addf(&ret[i], "%s-%s\n", f->name, last ? last + 1 : commands[i]);
	}
	str_addc(&f->asked, '\n');
	return f->ends < 0 ? err_set(err, f->ends, "%s is not there", f->name) : f->ends;
}

static void fake_init(struct fake *f, const char *name)
{
	*f = (struct fake){ .name = name };
	f->place = (struct kc_elsewhere){ .identity = name, .ask = fake_ask, .ctx = f };
}

static void fake_release(struct fake *f)
{
	str_release(&f->asked);
	strv_release(&f->env);
}

static void put(void **state, const char *name, const char *text)
{
	auto_free char *path = path_join(*state, name);

	assert_int_equal(file_publish(path, text, strlen(text), 0644, NULL), 0);
}

/* Two commands of a first round, one that wants an answer of it; each would leave a file here. */
static void put_tree(void **state)
{
	put(state, "Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nEXTRAVERSION =\n");
	put(state, "Kconfig",
	    "one := $(shell,touch here; echo one)\n"
	    "config ONE\n\tdef_bool $(shell,touch here; echo y)\n"
	    "config X\n\tstring\n\tdefault \"$(shell,touch here; echo $(one))\"\n");
}

static bool ran_here(void **state)
{
	auto_free char *path = path_join(*state, "here");

	return access(path, F_OK) == 0;
}

static void keep_said(void *ctx, bool err, const char *line)
{
	str_adds(ctx, line);
}

/* Reads the tree; the value of X, or what is said where that fails. */
static char *read_x(void **state, struct fake *f, bool remember)
{
	auto_free char *place = xasprintf("KILN_PLACE=%s", f ? f->place.identity : "");
	auto_close int dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[] = "PATH=/usr/bin:/bin", *env[] = { f ? place : path, NULL };
	struct kc_probe *p = kc_probe_new(dirfd, env, remember, f ? &f->place : NULL);
	auto_str struct str said = { 0 };
	const struct kc_parse spec = { .dirfd = dirfd,
				       .env = env,
				       .dialect = &kc_dialect_newest,
				       .say = keep_said,
				       .ctx = &said };
	struct kc_tree *tree = NULL;
	struct kc_conf *c;
	char *x;

	if (kc_probe_parse(p, &spec, "Kconfig", &tree) < 0) {
		kc_probe_free(p);
		return str_take(&said);
	}
	c = kc_conf_new(tree, NULL, NULL);
	kc_fill(c, KC_FILL_DEFAULT, NULL);
	kc_calc(c, kc_sym_find(tree, "X"));
	x = xstrdup(kc_value_text(c, kc_sym_find(tree, "X")));
	kc_conf_free(c);
	kc_tree_free(tree);
	kc_probe_free(p);
	return x;
}

static void rounds(void **state)
{
	cleanup(fake_release) struct fake f;
	auto_free char *x = NULL;

	fake_init(&f, "a");
	put_tree(state);
	x = read_x(state, &f, false);
	assert_string_equal(x, "a-a-one");
	assert_string_equal(str_c(&f.asked), "[touch here; echo one][touch here; echo y]\n"
					     "[touch here; echo a-one]\n");
	assert_false(ran_here(state));
}

static void keys(void **state)
{
	cleanup(fake_release) struct fake a, b;
	auto_free char *first = NULL, *again = NULL, *other = NULL, *here = NULL;

	fake_init(&a, "a");
	fake_init(&b, "b");
	put_tree(state);
	first = read_x(state, &a, true);
	again = read_x(state, &a, true);
	assert_string_equal(again, "a-a-one");
	assert_int_equal(a.calls, 2);
	other = read_x(state, &b, true);
	assert_string_equal(other, "b-b-one");
	assert_int_equal(b.calls, 2);
	here = read_x(state, NULL, true);
	assert_string_equal(here, "one");
	assert_true(ran_here(state));
}

/* Of one that was killed there. */
static void not_remembered(void **state)
{
	cleanup(fake_release) struct fake f;
	auto_free char *first = NULL, *again = NULL;

	fake_init(&f, "a");
	f.ends = 1;
	put_tree(state);
	first = read_x(state, &f, true);
	again = read_x(state, &f, true);
	assert_string_equal(again, "a-a-one");
	assert_int_equal(f.calls, 4);
}

static void fails(void **state)
{
	cleanup(fake_release) struct fake f;
	auto_free char *said = NULL;

	fake_init(&f, "a");
	f.ends = -EIO;
	put_tree(state);
	said = read_x(state, &f, true);
	assert_string_equal(said, "a is not there\n");
	assert_int_equal(f.calls, 1);
}

static int make_env(void **state, struct fake *f, struct strv *ret, struct err *err)
{
	auto_close int dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char cc[] = "CC=gcc-99", *env[] = { cc, NULL };
	const struct kc_env_spec spec = { .dirfd = dirfd,
					  .arch = "x86_64",
					  .env = env,
					  .remember = true,
					  .elsewhere = &f->place };

	return kc_env_make(&spec, ret, err);
}

static void environment(void **state)
{
	cleanup(fake_release) struct fake f;
	auto_strv struct strv env = { 0 }, none = { 0 };
	auto_err struct err err = { 0 };

	fake_init(&f, "a");
	put_tree(state);
	assert_done(make_env(state, &f, &env, &err), &err);
	/* both compilers in one call */
	assert_int_equal(f.calls, 1);
	assert_contains(str_c(&f.asked), "gcc-99 --version");
	assert_contains(str_c(&f.asked), "rustc --version");
	assert_string_equal(env_get(env.v, "CC_VERSION_TEXT"), "a-1");
	assert_string_equal(env_get(env.v, "KILN_PLACE"), "a");
	assert_string_equal(env_get(f.env.v, "srctree"), ".");
	assert_null(env_get(f.env.v, "PATH"));
	fake_release(&f);
	fake_init(&f, "gone");
	f.ends = -EIO;
	assert_int_equal(make_env(state, &f, &none, &err), -EIO);
	assert_string_equal(err.msg, "gone is not there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		home_test(rounds), home_test(keys),	   home_test(not_remembered),
		home_test(fails),  home_test(environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
