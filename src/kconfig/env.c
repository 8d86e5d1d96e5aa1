/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's Makefile exports before it calls scripts/kconfig/conf. */
#include "kconfig/env.h"

#include "base/file.h"
#include "kconfig/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>

#define MAX_MAKEFILE (1 << 20)

static const struct {
	const char *from, *to;
} srcarchs[] = {
	{ "i386", "x86" },    { "x86_64", "x86" },	{ "sparc32", "sparc" },
	{ "sparc64", "sparc" }, { "parisc64", "parisc" }, { "sh64", "sh" },
}, machines[] = {
	{ "aarch64", "arm64" },	  { "armv7l", "arm" },	  { "armv6l", "arm" }, { "ppc64le", "powerpc" },
	{ "ppc64", "powerpc" },	  { "ppc", "powerpc" },	  { "s390x", "s390" }, { "riscv64", "riscv" },
	{ "riscv32", "riscv" },	  { "loongarch64", "loongarch" }, { "mips64", "mips" },
	{ "x86_64", "x86" },	  { "i686", "x86" },	  { "i586", "x86" },   { "i386", "x86" },
};

const char *kc_srcarch(const char *arch)
{
	for (size_t i = 0; i < countof(srcarchs); i++)
		if (str_eq(srcarchs[i].from, arch))
			return srcarchs[i].to;
	return arch;
}

/* What make takes for ARCH by itself on a machine that uname -m calls so. */
static const char *arch_of_machine(const char *machine)
{
	for (size_t i = 0; i < countof(machines); i++)
		if (str_eq(machines[i].from, machine))
			return machines[i].to;
	return machine;
}

static const struct tool {
	const char *name, *program, *llvm; /* llvm NULL: the same with LLVM= */
	bool host;			   /* never with the prefix */
} tools[] = {
	/* clang-format off */
	{ "CC", "gcc", "clang", false },             { "LD", "ld", "ld.lld", false },
	{ "AR", "ar", "llvm-ar", false },            { "NM", "nm", "llvm-nm", false },
	{ "OBJCOPY", "objcopy", "llvm-objcopy", false }, { "OBJDUMP", "objdump", "llvm-objdump", false },
	{ "READELF", "readelf", "llvm-readelf", false }, { "STRIP", "strip", "llvm-strip", false },
	{ "HOSTCC", "gcc", "clang", true },          { "HOSTCXX", "g++", "clang++", true },
	{ "RUSTC", "rustc", NULL, true },            { "BINDGEN", "bindgen", NULL, true },
	{ "PAHOLE", "pahole", NULL, true },
	/* clang-format on */
};

static void drop(struct strv *env, const char *name)
{
	size_t n = strlen(name), kept = 0;

	for (size_t i = 0; i < env->n; i++) {
		if (!strncmp(env->v[i], name, n) && env->v[i][n] == '=')
			free(env->v[i]);
		else
			env->v[kept++] = env->v[i];
	}
	env->n = kept;
	if (env->v)
		env->v[kept] = NULL;
}

static void set(struct strv *env, const char *name, const char *value)
{
	drop(env, name);
	strv_addf(env, "%s=%s", name, value);
}

/* LLVM=1 is clang and its kin; LLVM=DIR/ those in a folder; LLVM=-14 those with that ending. */
static char *llvm_program(const char *program, const char *llvm)
{
	return xasprintf("%s%s%s", str_ends(llvm, "/") ? llvm : "", program,
			 *llvm == '-' ? llvm : "");
}

static void set_tools(const struct kc_env_spec *spec, struct strv *env)
{
	const char *cross = spec->cross ? spec->cross : env_get(spec->env, "CROSS_COMPILE");
	const char *llvm = env_get(spec->env, "LLVM");

	if (spec->cross)
		set(env, "CROSS_COMPILE", spec->cross);
	for (size_t i = 0; i < countof(tools); i++) {
		const struct tool *t = &tools[i];
		auto_free char *of_llvm =
			t->llvm && llvm && *llvm ? llvm_program(t->llvm, llvm) : NULL;

		if (env_get(spec->env, t->name))
			continue;
		if (of_llvm)
			strv_addf(env, "%s=%s", t->name, of_llvm);
		else
			strv_addf(env, "%s=%s%s", t->name, !t->host && cross ? cross : "",
				  t->program);
	}
}

/* "NAME = VALUE" of the Makefile's first lines; "" where there is none. */
static char *makefile_var(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *p = text;

		if (strncmp(p, name, n) != 0)
			continue;
		p += n + strspn(p + n, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t");
		return xstrndup(p, strcspn(p, " \t\n"));
	}
	return xstrdup("");
}

int kc_tree_version(int dirfd, char **ret, struct err *err)
{
	auto_free char *version = NULL, *level = NULL, *sub = NULL, *extra = NULL;
	auto_str struct str text = { 0 };
	int r = file_read(dirfd, "Makefile", MAX_MAKEFILE, &text, NULL);

	version = makefile_var(str_c(&text), "VERSION");
	if (r < 0 || !*version)
		return err_set(err, -ENOENT, "there is no kernel's Makefile");
	level = makefile_var(text.s, "PATCHLEVEL");
	sub = makefile_var(text.s, "SUBLEVEL");
	extra = makefile_var(text.s, "EXTRAVERSION");
	*ret = xasprintf("%s.%s.%s%s", version, level, *sub ? sub : "0", extra);
	return 0;
}

static int set_version(const struct kc_env_spec *spec, struct strv *env, struct err *err)
{
	auto_free char *version = NULL;
	int r = kc_tree_version(spec->dirfd, &version, err);

	if (r == 0)
		set(env, "KERNELVERSION", version);
	return r;
}

/* The first line of what a command said; "#" would begin a comment in make, and is left out there too. */
static void set_line(struct strv *env, const char *name, const struct str *said)
{
	auto_free char *line = xstrndup(str_c(said), strcspn(str_c(said), "\n"));

	for (char *at = line; (at = strchr(at, '#'));)
		memmove(at, at + 1, strlen(at));
	set(env, name, line);
}

/* What commands say in env. Here one that cannot be started has said nothing, as for make. */
static int ask(const struct kc_env_spec *spec, const struct strv *env, const char *const *commands,
	       size_t n, struct str *ret, struct err *err)
{
	struct kc_probe *p = kc_probe_new(spec->dirfd, env->v, spec->remember, spec->elsewhere);
	int r = kc_probe_ask(p, commands, n, ret, spec->elsewhere ? err : NULL);

	kc_probe_free(p);
	return spec->elsewhere ? r : 0;
}

static int set_versions(const struct kc_env_spec *spec, struct strv *env, struct err *err)
{
	auto_free char *cc =
		xasprintf("LC_ALL=C %s --version 2>/dev/null | head -n 1", env_get(env->v, "CC"));
	auto_free char *rustc = xasprintf("%s --version 2>/dev/null", env_get(env->v, "RUSTC"));
	const char *const commands[] = { cc, rustc };
	struct str said[countof(commands)] = { 0 };
	int r = ask(spec, env, commands, countof(commands), said, err);

	set_line(env, "CC_VERSION_TEXT", &said[0]);
	set_line(env, "RUSTC_VERSION_TEXT", &said[1]);
	for (size_t i = 0; i < countof(said); i++)
		str_release(&said[i]);
	return r;
}

static const char *or_none(const char *s)
{
	return s ? s : "";
}

/* What clang is called with is worked out by the tree's scripts/Makefile.clang: make is asked what it comes to. */
static int set_clang_flags(const struct kc_env_spec *spec, struct strv *env, struct err *err)
{
	auto_free char *command = NULL;
	auto_str struct str said = { 0 };
	int r;

	if (!strstr(or_none(env_get(env->v, "CC_VERSION_TEXT")), "clang"))
		return 0;
	if (faccessat(spec->dirfd, "scripts/Makefile.clang", R_OK, 0) < 0) {
		err_set(err, -ENOTSUP,
			"this tree has no scripts/Makefile.clang, which says how clang is called");
		return err_hint(err, -ENOTSUP,
				"trees since 5.13 have one; others can be configured with gcc");
	}
	command = xasprintf(
		"make -s -f scripts/Makefile.clang --eval='kiln:;@echo $(CLANG_FLAGS)' srctree=. SRCARCH=%s "
		"CROSS_COMPILE=%s LLVM_IAS=%s kiln",
		env_get(env->v, "SRCARCH"), or_none(env_get(env->v, "CROSS_COMPILE")),
		or_none(env_get(env->v, "LLVM_IAS")));
	/* the Makefile adds to it */
	drop(env, "CLANG_FLAGS");
	r = ask(spec, env, (const char *const[]){ command }, 1, &said, err);
	if (r < 0)
		return r;
	set_line(env, "CLANG_FLAGS", &said);
	if (*env_get(env->v, "CLANG_FLAGS"))
		return 0;
	err_set(err, -EINVAL, "the tree's scripts/Makefile.clang gives no flags for clang");
	return err_hint(err, -EINVAL, "it says why: make -f scripts/Makefile.clang SRCARCH=%s",
			env_get(env->v, "SRCARCH"));
}

int kc_env_make(const struct kc_env_spec *spec, struct strv *ret, struct err *err)
{
	const char *arch = spec->arch ? spec->arch : env_get(spec->env, "ARCH");
	struct utsname host;
	int r;

	if (!arch && uname(&host) == 0)
		arch = arch_of_machine(host.machine);
	strv_extend(ret, spec->env);
	if (spec->elsewhere)
		set(ret, "KILN_PLACE", spec->elsewhere->identity);
	set_tools(spec, ret);
	set(ret, "ARCH", arch);
	set(ret, "SRCARCH", kc_srcarch(arch));
	set(ret, "srctree", ".");
	set(ret, "objtree", ".");
	/* as the Makefile does: the compiler's words in its own language would be others */
	drop(ret, "LC_ALL");
	set(ret, "LC_COLLATE", "C");
	set(ret, "LC_NUMERIC", "C");
	r = set_version(spec, ret, err);
	if (r < 0)
		return r;
	r = set_versions(spec, ret, err);
	return r < 0 ? r : set_clang_flags(spec, ret, err);
}
