/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding a toolchain takes two rounds of questions, each asked at once, for behind a wrap every round starts a container:
 * all compilers that may be meant, each what it is; then the tools of the one that was chosen.
 *
 * Everything goes to make by name, as kbuild would name it itself; what is named by its path, and clang of a version, tool by
 * tool, for kernels before 5.18 know LLVM=1 only.
 */
#include "build/toolchain.h"

#include "build/launcher.h"
#include "build/missing.h"
#include "build/place.h"
#include "build/spec.h"
#include "build/words.h"
#include "kconfig/env.h"

#include <errno.h>
#include <sys/utsname.h>

/* What changes when the text below is made otherwise. */
#define PROBE_FORMAT "kiln toolchain 1\n"

struct find {
	const struct bld_toolchain_ask *ask;
	struct bld_spec spec;
	const char *launcher;
	char *tools; /* in front of gcc's tools: CROSS_COMPILE */
	size_t at;   /* first of the questions about the chosen compiler */
	struct bld_questions first, second;
	struct bld_missing missing;
	struct bld_toolchain t;
};

static const struct tool {
	const char *variable, *gnu, *llvm;
} tools[] = {
	/* clang-format off */
	{ "LD",      "ld",      "ld.lld" },       { "AR",      "ar",      "llvm-ar" },
	{ "NM",      "nm",      "llvm-nm" },      { "OBJCOPY", "objcopy", "llvm-objcopy" },
	{ "OBJDUMP", "objdump", "llvm-objdump" }, { "READELF", "readelf", "llvm-readelf" },
	{ "STRIP",   "strip",   "llvm-strip" },
	/* clang-format on */
};

/* Questions about each compiler that may be meant, in this order. */
enum { Q_WORDS, Q_BANNER, Q_AS, Q_LD, N_CANDIDATE };

static void release(struct find *f)
{
	bld_spec_release(&f->spec);
	free(f->tools);
	bld_questions_release(&f->first);
	bld_questions_release(&f->second);
	bld_missing_release(&f->missing);
	bld_toolchain_release(&f->t);
}

static int open_place(struct find *f, struct err *err)
{
	struct bld_toolchain *t = &f->t;
	int r = 0;

	t->place = xnew(struct bld_place);
	bld_toolchain_env(NULL, NULL, &t->place->env);
	if (f->spec.container)
		r = bld_container_open(f->spec.container, t->place, err);
	else if (f->spec.flake)
		r = bld_flake_open(f->spec.flake, t->place, err);
	if (r < 0)
		return r;
	if (f->spec.container)
		return bld_container_wrap(t->place, f->ask, &t->wrap, err);
	strv_extend(&t->wrap, t->place->wrap.v);
	return 0;
}

static bool is_clang_spec(const struct find *f)
{
	return str_eq(f->spec.base, "clang");
}

/* The target that clang is asked about: whether it makes code for it shows in its status. */
static void clang_words(const struct find *f, const char *cc, struct bld_questions *q)
{
	auto_strv struct strv prefixes = { 0 };
	auto_free char *target = NULL;

	bld_cross_prefixes(f->ask->arch, &prefixes);
	if (prefixes.n)
		target = xasprintf("--target=%.*s", (int)strlen(prefixes.v[0]) - 1, prefixes.v[0]);
	bld_question_add(q, cc, "-v", "-S", "-x", "cpp-output", "/dev/null", "-o", "/dev/null",
			 target, NULL);
}

static void add_candidate(struct find *f, const char *prefix)
{
	const struct bld_spec *s = &f->spec;
	auto_free char *cc = xasprintf("%s%s%s%s", s->dir, prefix, s->base, s->suffix);
	auto_free char *ld = xasprintf("%s%sld", s->dir, prefix);

	/* nothing to preprocess: a compiler may be alone, without a single folder of headers */
	if (is_clang_spec(f))
		clang_words(f, cc, &f->first);
	else
		bld_question_add(&f->first, cc, "-v", "-fsyntax-only", "-x", "cpp-output",
				 "/dev/null", NULL);
	bld_question_add(&f->first, cc, "--version", NULL);
	bld_question_add(&f->first, cc, "-print-prog-name=as", NULL);
	bld_question_add(&f->first, ld, NULL)->look = true;
}

/* The compiler without a prefix comes first: where it fits, this is no cross compiling. */
static void add_candidates(struct find *f)
{
	auto_strv struct strv prefixes = { 0 };

	if (f->spec.prefix) {
		add_candidate(f, f->spec.prefix);
		return;
	}
	add_candidate(f, "");
	if (is_clang_spec(f))
		return;
	bld_cross_prefixes(f->ask->arch, &prefixes);
	for (size_t i = 0; i < prefixes.n; i++)
		add_candidate(f, prefixes.v[i]);
}

static const char *cc_of(const struct find *f, size_t at)
{
	return f->first.v[at + Q_WORDS].argv.v[0];
}

static char *tool_name(const struct find *f, const struct tool *tool)
{
	if (f->t.kind == BLD_CLANG)
		return xasprintf("%s%s%s", f->spec.dir, tool->llvm, f->spec.suffix);
	return xasprintf("%s%s", f->tools, tool->gnu);
}

/* The name in the table of packages: cross binutils come with the compiler, LLVM's tools together. */
static char *need_of(const struct find *f, const char *program)
{
	if (f->t.kind == BLD_CLANG && strstr(program, "llvm-"))
		return xasprintf("llvm-ar%s", f->spec.suffix);
	if (f->t.kind == BLD_GCC && f->tools && *f->tools && str_starts(program, f->tools))
		return xasprintf("gcc for %s%s", kc_srcarch(f->ask->arch), f->spec.suffix);
	for (size_t i = 0; i < countof(tools); i++) {
		if (str_eq(tools[i].gnu, program))
			return xstrdup("ld");
	}
	return xstrdup(str_eq(program, "as") ? "ld" : program);
}

/* clang has an assembler of its own, and may have been made to call its own linker. */
static bool is_needed(const struct find *f, const char *program)
{
	const char *base = strrchr(program, '/');

	base = base ? base + 1 : program;
	return f->t.kind == BLD_GCC || (!str_eq(base, "as") && !str_eq(base, "ld"));
}

static void add_missing(struct find *f)
{
	for (size_t i = 0; i < f->second.n; i++) {
		const char *program = f->second.v[i].argv.v[0];
		auto_free char *what = xasprintf("'%s'", program), *need = need_of(f, program);

		if (f->second.v[i].status == BLD_NOT_THERE && is_needed(f, program))
			bld_missing_add(&f->missing, what, need);
	}
}

/* What else a clang that is not there would want: all of it is said at once. */
static int add_llvm(struct find *f, struct err *err)
{
	int r;

	f->t.kind = BLD_CLANG;
	for (size_t i = 0; i < countof(tools); i++) {
		auto_free char *name = tool_name(f, &tools[i]);

		bld_question_add(&f->second, name, NULL)->look = true;
	}
	r = bld_ask(f->t.place, &f->second, err);
	if (r == 0)
		add_missing(f);
	return r;
}

/* Whether code for it is made here by gcc under its plain name. */
static bool is_native(const char *arch)
{
	struct utsname host;

	return uname(&host) == 0 && bld_target_fits(host.machine, arch);
}

static int no_compiler(struct find *f, struct err *err)
{
	const struct bld_spec *s = &f->spec;
	auto_strv struct strv usual = { 0 };
	auto_free char *what = NULL, *need = NULL, *who = NULL;
	bool cross = !is_clang_spec(f) && !*s->dir && !is_native(f->ask->arch);
	int r = 0;

	bld_cross_prefixes(f->ask->arch, &usual);
	if (s->prefix)
		cross = cross && strv_has(&usual, s->prefix);
	what = cross && !s->prefix && !*s->suffix ? xasprintf("a compiler for %s", f->ask->arch)
						  : xasprintf("'%s'", cc_of(f, 0));
	need = cross ? xasprintf("gcc for %s%s", kc_srcarch(f->ask->arch), s->suffix)
		     : xstrdup(cc_of(f, 0));
	bld_missing_add(&f->missing, what, need);
	if (is_clang_spec(f))
		r = add_llvm(f, err);
	who = xasprintf("building for %s with '%s'", f->ask->arch, f->t.spec);
	return r < 0 ? r : bld_missing_check(&f->missing, who, f->t.place, err);
}

/* The one compiler that was named is there, and is not what it should be. */
static int unfit(const struct find *f, const struct bld_question *q, struct err *err)
{
	auto_free char *target = bld_words_target(str_c(&q->said));
	const char *last = str_c(&q->said);

	for (const char *p = last; (p = strchr(p, '\n')) && p[1];)
		last = ++p;
	if (q->status)
		return err_set(err, -EINVAL, "'%s' fails with status %d: %.*s", q->argv.v[0],
			       q->status, (int)strcspn(last, "\n"), last);
	if (!target)
		return err_set(err, -EINVAL, "'%s' does not say what a compiler says to -v",
			       q->argv.v[0]);
	return err_set(err, -EINVAL, "'%s' compiles for %s, not for %s", q->argv.v[0], target,
		       f->ask->arch);
}

static bool fits(const struct find *f, const struct bld_question *q)
{
	auto_free char *target = bld_words_target(str_c(&q->said));

	return q->status == 0 && target && bld_target_fits(target, f->ask->arch);
}

static int choose(struct find *f, struct err *err)
{
	bool named = f->spec.prefix || *f->spec.dir || is_clang_spec(f);
	int r = bld_ask(f->t.place, &f->first, err);

	if (r < 0)
		return r;
	for (f->at = 0; f->at < f->first.n; f->at += N_CANDIDATE) {
		if (fits(f, &f->first.v[f->at]))
			return 0;
	}
	if (f->first.v[0].status != BLD_NOT_THERE && (named || f->first.v[0].status))
		return unfit(f, &f->first.v[0], err);
	return no_compiler(f, err);
}

/* "/opt/bin/aarch64-linux-gnu-" of "/opt/bin/aarch64-linux-gnu-gcc-12"; a folder without binutils is the compiler's alone. */
static void set_tools(struct find *f)
{
	const struct bld_spec *s = &f->spec;
	const char *cc = cc_of(f, f->at);
	size_t n = strlen(cc) - strlen(s->suffix) - strlen(s->base);

	if (n == strlen(s->dir) && f->first.v[f->at + Q_LD].status == BLD_NOT_THERE)
		n = 0;
	f->tools = xstrndup(cc, n);
	f->t.cc = xstrdup(cc);
	f->t.kind = bld_words_clang(str_c(&f->first.v[f->at].said)) ? BLD_CLANG : BLD_GCC;
	f->t.hostcc = xstrdup(f->t.kind == BLD_CLANG ? cc : "gcc");
}

static void ask_version(struct find *f, const char *program)
{
	bld_question_add(&f->second, program, "--version", NULL);
}

/* Of programs that run while the kernel is built: "as" and "ld" are those that this host's compiler calls. */
static void ask_host(struct find *f)
{
	ask_version(f, "as");
	ask_version(f, "ld");
	bld_question_add(&f->second, f->t.hostcc, "-v", "-fsyntax-only", "-x", "cpp-output",
			 "/dev/null", NULL);
}

static int ask_tools(struct find *f, struct err *err)
{
	const char *said = str_c(&f->first.v[f->at + Q_AS].said);
	auto_free char *as =
		f->t.kind == BLD_CLANG ? xstrdup("as") : xstrndup(said, strcspn(said, "\n"));

	for (size_t i = 0; i < countof(tools); i++) {
		auto_free char *name = tool_name(f, &tools[i]);

		ask_version(f, name);
	}
	ask_version(f, *as ? as : "as");
	ask_host(f);
	if (f->launcher)
		ask_version(f, f->launcher);
	return bld_ask(f->t.place, &f->second, err);
}

static int check_tools(struct find *f, struct err *err)
{
	auto_free char *who = xasprintf("building for %s with '%s'", f->ask->arch, f->t.spec);

	add_missing(f);
	return bld_missing_check(&f->missing, who, f->t.place, err);
}

static void set_variable(struct find *f, const char *name, const char *program, bool compiler)
{
	strv_addf(&f->t.make, "%s=%s%s%s", name, compiler && f->launcher ? f->launcher : "",
		  compiler && f->launcher ? " " : "", program);
}

static void set_gcc(struct find *f)
{
	auto_free char *usual = xasprintf("%sgcc", f->tools);

	if (*f->tools)
		strv_addf(&f->t.make, "CROSS_COMPILE=%s", f->tools);
	if (f->launcher || !str_eq(usual, f->t.cc))
		set_variable(f, "CC", f->t.cc, true);
	if (f->launcher)
		set_variable(f, "HOSTCC", f->t.hostcc, true);
}

/* kbuild's LLVM= takes a folder or a version, not both (Documentation/kbuild/llvm.rst). */
static void set_clang(struct find *f)
{
	const struct bld_spec *s = &f->spec;
	bool plain = !*s->dir && !*s->suffix && str_eq(f->t.cc, "clang");
	auto_free char *ar = xasprintf("%sllvm-ar%s", s->dir, s->suffix);
	auto_free char *ld = xasprintf("%sld.lld%s", s->dir, s->suffix);
	auto_free char *cxx = xasprintf("%sclang++%s", s->dir, s->suffix);

	strv_addf(&f->t.make, "LLVM=%s",
		  *s->dir && !*s->suffix   ? s->dir
		  : *s->suffix && !*s->dir ? s->suffix
					   : "1");
	if (!plain || f->launcher) {
		set_variable(f, "CC", f->t.cc, true);
		set_variable(f, "HOSTCC", f->t.hostcc, true);
	}
	if (plain)
		return;
	for (size_t i = 0; i < countof(tools); i++) {
		auto_free char *name = tool_name(f, &tools[i]);

		set_variable(f, tools[i].variable, name, false);
	}
	set_variable(f, "HOSTCXX", cxx, false);
	set_variable(f, "HOSTAR", ar, false);
	set_variable(f, "HOSTLD", ld, false);
}

static void add_section(struct find *f, const char *name, const struct bld_question *q,
			bool compiler)
{
	str_addf(&f->t.probe, "%s\n", name);
	if (q->status == BLD_NOT_THERE)
		return;
	if (compiler)
		bld_words_compiler(str_c(&q->said), &f->t.probe);
	else
		bld_words_tool(str_c(&q->said), &f->t.probe);
}

/* The banner has the name it was called by, which goes into the kernel's own banner. */
static void set_probe(struct find *f)
{
	const struct bld_question *first = &f->first.v[f->at], *q = f->second.v;
	struct bld_toolchain *t = &f->t;
	const char *identity = t->place->identity;

	str_adds(&t->probe, PROBE_FORMAT);
	if (identity)
		str_addf(&t->probe, "%s%s", identity, str_ends(identity, "\n") ? "" : "\n");
	add_section(f, "cc", &first[Q_WORDS], true);
	add_section(f, "banner", &first[Q_BANNER], false);
	for (size_t i = 0; i < countof(tools); i++, q++)
		add_section(f, tools[i].gnu, q, false);
	add_section(f, "as", q++, false);
	add_section(f, "host as", q++, false);
	add_section(f, "host ld", q++, false);
	add_section(f, "host cc", q, true);
}

static void set_name(struct find *f)
{
	auto_free char *version = bld_words_version(str_c(&f->first.v[f->at].said));
	const char *base = strrchr(f->t.cc, '/'), *place = f->t.place->name;

	f->t.name = xasprintf("%s %s%s%s", base ? base + 1 : f->t.cc, version ?: "?",
			      place ? " in " : "", place ?: "");
}

static int find(struct find *f, struct err *err)
{
	int r = open_place(f, err);

	if (r < 0)
		return r;
	add_candidates(f);
	r = choose(f, err);
	if (r < 0)
		return r;
	set_tools(f);
	r = ask_tools(f, err);
	if (r == 0)
		r = check_tools(f, err);
	if (r < 0)
		return r;
	set_name(f);
	strv_addf(&f->t.make, "ARCH=%s", f->ask->arch);
	if (f->t.kind == BLD_CLANG)
		set_clang(f);
	else
		set_gcc(f);
	set_probe(f);
	return bld_launcher_set(f->launcher, &f->t, err);
}

static bool is_arch(const char *arch)
{
	return *arch && strspn(arch, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(arch);
}

int bld_toolchain_find(const struct bld_toolchain_ask *ask, struct bld_toolchain *ret,
		       struct err *err)
{
	cleanup(release) struct find f = { .ask = ask };
	int r;

	if (!is_arch(ask->arch))
		return err_set(err, -EINVAL, "'%s' is no architecture", ask->arch);
	r = bld_launcher_of(ask->launcher, &f.launcher, err);
	if (r == 0)
		r = bld_spec_parse(ask->spec, &f.spec, err);
	if (r < 0)
		return r;
	f.t.spec = xstrdup(ask->spec ?: "gcc");
	f.t.arch = xstrdup(ask->arch);
	r = find(&f, err);
	if (r < 0)
		return r;
	*ret = f.t;
	f.t = (struct bld_toolchain){ 0 };
	return 0;
}

void bld_toolchain_release(struct bld_toolchain *t)
{
	free(t->spec);
	free(t->arch);
	free(t->name);
	free(t->cc);
	free(t->hostcc);
	strv_release(&t->make);
	strv_release(&t->wrap);
	strv_release(&t->env);
	str_release(&t->probe);
	bld_place_free(t->place);
	*t = (struct bld_toolchain){ 0 };
}
