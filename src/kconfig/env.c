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
	const char *name, *program;
	bool host; /* never with the prefix */
} tools[] = {
	/* clang-format off */
	{ "CC", "gcc", false },       { "LD", "ld", false },         { "AR", "ar", false },
	{ "NM", "nm", false },        { "OBJCOPY", "objcopy", false }, { "OBJDUMP", "objdump", false },
	{ "READELF", "readelf", false }, { "STRIP", "strip", false }, { "HOSTCC", "gcc", true },
	{ "HOSTCXX", "g++", true },   { "RUSTC", "rustc", true },    { "BINDGEN", "bindgen", true },
	{ "PAHOLE", "pahole", true },
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

static void set_tools(const struct kc_env_spec *spec, struct strv *env)
{
	const char *cross = spec->cross ? spec->cross : kc_env_get(spec->env, "CROSS_COMPILE");

	if (spec->cross)
		set(env, "CROSS_COMPILE", spec->cross);
	for (size_t i = 0; i < countof(tools); i++) {
		const struct tool *t = &tools[i];
		bool prefixed = !t->host && cross;

		if (!kc_env_get(spec->env, t->name))
			strv_addf(env, "%s=%s%s", t->name, prefixed ? cross : "", t->program);
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

/* The first line of what a command says; "#" would begin a comment in make, and is left out there too. */
static void set_answer(struct kc_probe *p, struct strv *env, const char *name, const char *command)
{
	auto_str struct str out = { 0 };
	auto_free char *line = NULL;

	kc_probe_ask(p, command, &out);
	line = xstrndup(str_c(&out), strcspn(str_c(&out), "\n"));
	for (char *at = line; (at = strchr(at, '#'));)
		memmove(at, at + 1, strlen(at));
	set(env, name, line);
}

static void set_versions(const struct kc_env_spec *spec, struct strv *env)
{
	struct kc_probe *p = kc_probe_new(spec->dirfd, env->v, spec->remember);
	auto_free char *cc = xasprintf("LC_ALL=C %s --version 2>/dev/null | head -n 1",
				       kc_env_get(env->v, "CC"));
	auto_free char *rustc = xasprintf("%s --version 2>/dev/null", kc_env_get(env->v, "RUSTC"));
	auto_strv struct strv found = { 0 };

	set_answer(p, &found, "CC_VERSION_TEXT", cc);
	set_answer(p, &found, "RUSTC_VERSION_TEXT", rustc);
	kc_probe_free(p);
	set(env, "CC_VERSION_TEXT", kc_env_get(found.v, "CC_VERSION_TEXT"));
	set(env, "RUSTC_VERSION_TEXT", kc_env_get(found.v, "RUSTC_VERSION_TEXT"));
}

/* What clang is called with is worked out by scripts/Makefile.clang, which has no second implementation here yet. */
static int refuse_clang(const struct kc_env_spec *spec, const struct strv *env, struct err *err)
{
	const char *llvm = kc_env_get(spec->env, "LLVM"), *cc = kc_env_get(env->v, "CC");

	if (!(llvm && *llvm && !str_eq(llvm, "0")) && !strstr(cc, "clang"))
		return 0;
	err_set(err, -ENOTSUP,
		"clang's flags come from the tree's makefiles, and kiln does not know them yet");
	return err_hint(err, -ENOTSUP,
			"configure with make, and 'kiln config conf' as its scripts/kconfig/conf");
}

int kc_env_make(const struct kc_env_spec *spec, struct strv *ret, struct err *err)
{
	const char *arch = spec->arch ? spec->arch : kc_env_get(spec->env, "ARCH");
	struct utsname host;
	int r;

	if (!arch && uname(&host) == 0)
		arch = arch_of_machine(host.machine);
	strv_extend(ret, spec->env);
	set_tools(spec, ret);
	r = refuse_clang(spec, ret, err);
	if (r < 0)
		return r;
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
	set_versions(spec, ret);
	return 0;
}
