/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a configuration needs beside a compiler, from data/build-tools.def. Programs are looked for, headers proved by
 * compiling a file that includes them and linking it with their library, as the kernel's own programs are: with what pkg-config
 * says where they are not found without.
 */
#include "base/path.h"
#include "build/missing.h"
#include "build/place.h"
#include "build/toolchain.h"
#include "build/words.h"
#include "kconfig/dotconfig.h"

#include <errno.h>

#define ALWAYS	 NULL
#define ARTIFACT true
#define HELPER	 false

static const struct program {
	const char *name, *when;
	bool into;
} programs[] = {
#define PROGRAM(name, when, into, what) { name, when, into },
#define HEADER(title, header, library, module, when, what)
#define SINCE(name, when, version)
#include "data/build-tools.def"
#undef PROGRAM
#undef HEADER
#undef SINCE
};

static const struct header {
	const char *title, *header, *library, *module, *when;
} headers[] = {
#define PROGRAM(name, when, into, what)
#define HEADER(title, header, library, module, when, what) { title, header, library, module, when },
#define SINCE(name, when, version)
#include "data/build-tools.def"
#undef PROGRAM
#undef HEADER
#undef SINCE
};

static const struct since {
	const char *name, *when, *version;
} sinces[] = {
#define PROGRAM(name, when, into, what)
#define HEADER(title, header, library, module, when, what)
#define SINCE(name, when, version) { name, when, version },
#include "data/build-tools.def"
};

struct check {
	const struct bld_toolchain *t;
	struct dotconfig config;
	struct bld_missing missing;
};

static void release(struct check *c)
{
	dotconfig_release(&c->config);
	bld_missing_release(&c->missing);
}

static bool is_set(const struct dotconfig *c, const char *name, size_t n)
{
	auto_free char *symbol = xstrndup(name, n);
	const char *value = dotconfig_get(c, symbol);

	return str_eq(value, "y") || str_eq(value, "m");
}

/* "A&B" up to the next '|' */
static bool all_set(const struct dotconfig *c, const char *when)
{
	for (;;) {
		size_t n = strcspn(when, "&|");

		if (!is_set(c, when, n))
			return false;
		if (when[n] != '&')
			return true;
		when += n + 1;
	}
}

static bool wanted(const struct dotconfig *c, const char *when)
{
	if (!when)
		return true;
	for (; *when; when += strcspn(when, "|"), when += *when == '|') {
		if (all_set(c, when))
			return true;
	}
	return false;
}

/*
 * The libraries of all of these headers at once, for programs of the host; options: what pkg-config knows of them, or NULL.
 * Headers come and go with no file of the question, so it is always asked anew.
 */
static void ask_headers(struct bld_questions *q, const struct bld_toolchain *t,
			const struct header *const *which, size_t n, const char *options)
{
	struct bld_question *one = bld_question_add(q, t->hostcc, "-shared", "-fPIC", NULL);

	one->fresh = true;
	for (size_t i = 0; i < n; i++)
		strv_adds(&one->argv, "-include", which[i]->header, NULL);
	strv_adds(&one->argv, "-x", "c", "/dev/null", "-x", "none", NULL);
	for (const char *p = options ?: ""; *p;) {
		size_t len = strcspn(p, " \t\n");

		if (len)
			strv_take(&one->argv, xstrndup(p, len));
		p += len + strspn(p + len, " \t\n");
	}
	for (size_t i = 0; i < n; i++)
		strv_addf(&one->argv, "-l%s", which[i]->library);
	strv_adds(&one->argv, "-o", "/dev/null", NULL);
}

static struct bld_question *ask_fresh(struct bld_questions *q, const char *program,
				      const char *option, const char *arg)
{
	struct bld_question *one = bld_question_add(q, program, option, arg, NULL);

	one->fresh = true;
	return one;
}

static void add_program(struct check *c, const char *name)
{
	auto_free char *what = xasprintf("'%s'", name);

	bld_missing_add(&c->missing, what, name);
}

static int check_programs(struct check *c, struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	int r;

	for (size_t i = 0; i < countof(programs); i++) {
		if (wanted(&c->config, programs[i].when))
			bld_question_add(&q, programs[i].name, NULL)->look = true;
	}
	r = bld_ask(c->t->place, &q, err);
	for (size_t i = 0; r == 0 && i < q.n; i++) {
		if (q.v[i].status == BLD_NOT_THERE)
			add_program(c, q.v[i].argv.v[0]);
	}
	return r;
}

/* What is there, and too old; what is not there was said before. */
static int check_versions(struct check *c, struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	const struct since *asked[countof(sinces)];
	int r;

	for (size_t i = 0; i < countof(sinces); i++) {
		if (!wanted(&c->config, sinces[i].when))
			continue;
		asked[q.n] = &sinces[i];
		bld_question_add(&q, sinces[i].name, "--version", NULL);
	}
	r = q.n ? bld_ask(c->t->place, &q, err) : 0;
	for (size_t i = 0; r == 0 && i < q.n; i++) {
		const char *name = asked[i]->name, *least = asked[i]->version;
		auto_free char *has = bld_words_number(str_c(&q.v[i].said));
		auto_free char *what = xasprintf("'%s' %s (it is %s)", name, least, has ?: "?");

		if (q.v[i].status != BLD_NOT_THERE && (!has || str_vercmp(has, least) < 0))
			bld_missing_add(&c->missing, what, name);
	}
	return r;
}

/* Each with pkg-config's options; what is missing then is. */
static int check_again(struct check *c, const struct header *const *which, size_t n,
		       struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions options = { 0 }, q = { 0 };
	int r;

	for (size_t i = 0; i < n; i++) {
		struct bld_question *one = ask_fresh(&options, "pkg-config", "--cflags", "--libs");

		strv_add(&one->argv, which[i]->module);
	}
	r = bld_ask(c->t->place, &options, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct bld_question *o = &options.v[i];

		ask_headers(&q, c->t, &which[i], 1, o->status ? NULL : str_c(&o->said));
	}
	if (r == 0)
		r = bld_ask(c->t->place, &q, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (q.v[i].status)
			bld_missing_add(&c->missing, which[i]->title, which[i]->header);
	}
	return r;
}

static int check_headers(struct check *c, struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	const struct header *which[countof(headers)];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < countof(headers); i++) {
		if (wanted(&c->config, headers[i].when))
			which[n++] = &headers[i];
	}
	ask_headers(&q, c->t, which, n, NULL);
	r = bld_ask(c->t->place, &q, err);
	return r < 0 || !q.v[0].status ? r : check_again(c, which, n, err);
}

/* "gcc-plugin.h-12", as the package is named after the compiler's version. */
static char *plugin_need(const struct check *c, const char *version)
{
	const char *cc = path_base(c->t->cc);
	const char *base = strstr(cc, "-gcc");
	auto_free char *prefix = base ? xstrndup(cc, (size_t)(base - cc) + 1) : xstrdup("");

	return xasprintf("%sgcc-plugin.h-%.*s", prefix, (int)strcspn(version, ".\n"), version);
}

/* As scripts/gcc-plugins is compiled: by the host's compiler for C++, with headers of the one that loads them. */
static int check_plugins(struct check *c, struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 }, compile = { 0 };
	auto_free char *include = NULL, *need = NULL;
	char *dir;
	int r;

	if (!wanted(&c->config, "GCC_PLUGINS") || c->t->kind != BLD_GCC)
		return 0;
	bld_question_add(&q, c->t->cc, "-print-file-name=plugin", NULL);
	bld_question_add(&q, c->t->cc, "-dumpversion", NULL);
	bld_question_add(&q, "g++", NULL)->look = true;
	r = bld_ask(c->t->place, &q, err);
	if (r < 0)
		return r;
	if (q.v[2].status == BLD_NOT_THERE)
		add_program(c, "g++");
	dir = q.v[0].said.n ? q.v[0].said.s : (char *)"";
	dir = xstrndup(dir, strcspn(dir, "\n"));
	include = xasprintf("-I%s/include", dir);
	free(dir);
	bld_question_add(&compile, q.v[2].status ? c->t->hostcc : "g++", "-fsyntax-only", include,
			 "-include", "plugin-version.h", "-x", q.v[2].status ? "c" : "c++",
			 "/dev/null", NULL);
	compile.v[0].fresh = true;
	r = bld_ask(c->t->place, &compile, err);
	need = plugin_need(c, str_c(&q.v[1].said));
	if (r == 0 && compile.v[0].status)
		bld_missing_add(&c->missing, "headers for gcc's plugins", need);
	return r;
}

/* The kernel compiles Rust's core library anew, from its source beside rustc. */
static int check_rust(struct check *c, struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 }, there = { 0 };
	auto_free char *source = NULL;
	int r;

	if (!wanted(&c->config, "RUST"))
		return 0;
	ask_fresh(&q, "rustc", "--print", "sysroot");
	r = bld_ask(c->t->place, &q, err);
	if (r < 0 || q.v[0].status)
		return r; /* without rustc there is nothing more to say */
	source = xasprintf("%.*s/lib/rustlib/src/rust/library/core/src/lib.rs",
			   (int)strcspn(str_c(&q.v[0].said), "\n"), str_c(&q.v[0].said));
	ask_fresh(&there, "test", "-e", source);
	r = bld_ask(c->t->place, &there, err);
	if (r == 0 && there.v[0].status)
		bld_missing_add(&c->missing, "the source of Rust's core library", "rust-src");
	return r;
}

int bld_tools_check(const struct bld_toolchain *t, const char *config, bool built, struct err *err)
{
	cleanup(release) struct check c = { .t = t };
	auto_free char *who = xasprintf("building this configuration for %s", t->arch);
	int r;

	dotconfig_parse(&c.config, config, strlen(config));
	r = check_programs(&c, err);
	if (r == 0)
		r = check_versions(&c, err);
	if (r == 0 && !built)
		r = check_headers(&c, err);
	if (r == 0 && !built)
		r = check_plugins(&c, err);
	if (r == 0)
		r = check_rust(&c, err);
	return r < 0 ? r : bld_missing_check(&c.missing, who, t->place, err);
}

/* bzip2 has no option that says its version and does nothing else; rustc may be rustup's, which chooses one by other files. */
static void ask_version(struct bld_questions *q, const char *name)
{
	const char *option = str_eq(name, "bzip2") ? "--help" : "--version";
	struct bld_question *one = bld_question_add(q, name, option, NULL);

	one->fresh = str_eq(name, "rustc") || str_eq(name, "bindgen");
}

int bld_tools_probe(const struct bld_toolchain *t, const char *config, struct str *ret,
		    struct err *err)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	cleanup(dotconfig_release) struct dotconfig c = { 0 };
	int r;

	dotconfig_parse(&c, config, strlen(config));
	for (size_t i = 0; i < countof(programs); i++) {
		if (programs[i].into == ARTIFACT && wanted(&c, programs[i].when))
			ask_version(&q, programs[i].name);
	}
	r = bld_ask(t->place, &q, err);
	for (size_t i = 0; r == 0 && i < q.n; i++) {
		str_addf(ret, "%s\n", q.v[i].argv.v[0]);
		if (q.v[i].status == BLD_NOT_THERE)
			str_adds(ret, "\tmissing\n");
		else
			bld_words_tool(str_c(&q.v[i].said), ret);
	}
	return r;
}
