/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What modules out of tree are built against: the files of the tree and of the build folder that `make M=` reads, laid over each
 * other in one folder that is tree and build folder at once and so can lie anywhere. The same as the tree's own
 * scripts/package/install-extmod-build takes (6.12), and:
 *
 *	.config, Kbuild			configure scripts of modules look there
 *	certs/signing_key.x509		what signatures of this kernel's modules are checked with; the private key never
 *	objects named in arch/ARCH/Makefile that the linker joins to each module (powerpc, s390)
 *	vmlinux				the types (BTF) of the kernel alone, where modules get types of their own
 *
 * Not taken: .cmd files and auto.conf.cmd (paths of the build folder; kbuild reads none of them for M=), and the empty files
 * below include/config, whose times tell make which symbols changed: nothing here is ever made again.
 */
#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"
#include "build/parts.h"
#include "build/step.h"

#include <errno.h>
#include <fcntl.h>

#define MAKEFILE_MAX (1 << 20)

struct sdk {
	const struct bld_take *t;
	char *to;
	char *arch; /* "arch/x86" */
	struct bld_copy tree, build;
};

static bool is_left_out(const char *name)
{
	static const char *const ends[] = { ".o",   ".s",     ".cmd",  ".a",
					    ".mod", ".mod.c", ".orig", ".rej" };

	for (size_t i = 0; i < countof(ends); i++)
		if (str_ends(name, ends[i]))
			return true;
	return str_starts(name, ".tmp_");
}

/* Folders of scripts/ that build the kernel and its packages, and helpers of its build that no module needs. */
static bool want_script(const char *path)
{
	static const char *const not [] = { "scripts/atomic",  "scripts/dtc",
					    "scripts/kconfig", "scripts/package",
					    "scripts/unifdef", "scripts/mod/mk_elfconfig" };

	for (size_t i = 0; i < countof(not ); i++)
		if (str_eq(path, not [i]))
			return false;
	return true;
}

static bool want(void *ctx, const char *path, mode_t type)
{
	if (!S_ISDIR(type) && is_left_out(path_base(path)))
		return false;
	/* taken file by file from the build folder; a tree in which somebody built has them too */
	if (str_eq(path, "include/config"))
		return false;
	return want_script(path);
}

static bool want_in_tree(void *ctx, const char *path, mode_t type)
{
	return want(ctx, path, type) && !str_eq(path, "include/generated");
}

/* Below arch/ARCH: what stands in folders named include, but what is generated there. */
static bool want_in_arch(void *ctx, const char *path, mode_t type)
{
	const struct sdk *s = ctx;
	const char *name = path_base(path), *p = path;

	if (S_ISDIR(type))
		return !str_eq(name, "generated");
	if (is_left_out(name))
		return false;
	if (str_eq(name, "Kbuild.platforms") || str_eq(name, "Platform") ||
	    strstr(path, "/include/"))
		return true;
	return str_skip(&p, s->arch) && str_skip(&p, "/Makefile") && !strchr(p, '/');
}

static int take(const struct bld_copy *c, const char *path, struct err *err)
{
	return bld_copy_tree(c, path, err);
}

static int from_tree(struct sdk *s, struct err *err)
{
	static const char *const names[] = { "Makefile", "Kbuild", "include", "scripts" };
	struct bld_copy arch = s->tree;
	int r = 0;

	for (size_t i = 0; i < countof(names) && r == 0; i++)
		r = take(&s->tree, names[i], err);
	arch.want = want_in_arch;
	arch.ctx = s;
	return r < 0 ? r : take(&arch, s->arch, err);
}

static int from_build(struct sdk *s, struct err *err)
{
	static const char *const names[] = { "Module.symvers", "include/config/auto.conf",
					     "include/config/kernel.release", "include/generated" };
	static const struct {
		const char *symbol, *path;
	} where[] = {
		{ "OBJTOOL", "tools/objtool/objtool" },
		{ "STACK_VALIDATION", "tools/objtool/objtool" }, /* before 5.19 */
		{ "DEBUG_INFO_BTF_MODULES", "tools/bpf/resolve_btfids/resolve_btfids" },
		{ "MODULE_SIG", "certs/signing_key.x509" },
	};
	auto_free char *generated = path_join(s->arch, "include/generated");
	struct bld_copy programs = s->build;
	int r = take(&s->build, generated, err);

	for (size_t i = 0; i < countof(names) && r == 0; i++)
		r = take(&s->build, names[i], err);
	/* what strip_programs() is for */
	programs.how = BLD_STRIPPED_HOST;
	if (r == 0)
		r = take(&programs, "scripts", err);
	for (size_t i = 0; i < countof(where) && r == 0; i++)
		if (bld_take_has(s->t, where[i].symbol))
			r = take(&programs, where[i].path, err);
	return r;
}

static int put_config(const struct sdk *s, struct err *err)
{
	auto_free char *to = path_join(s->to, ".config");

	return file_publish(to, s->t->o->config, strlen(s->t->o->config), 0644, err);
}

/* One object of KBUILD_LDFLAGS_MODULE; where it was not built the configuration has no use for it. */
static int take_object(const struct sdk *s, const char *word, size_t n, struct err *err)
{
	auto_free char *copy = xstrndup(word, n);
	const char *path = copy;
	auto_free char *from = NULL, *to = NULL;
	int r;

	str_skip(&path, "$(objtree)/");
	if (!str_starts(path, "arch/") || !str_ends(path, ".o") || strstr(path, ".."))
		return 0;
	from = path_join(s->t->o->kbuild.build, path);
	to = path_join(s->to, path);
	if (access(from, F_OK) < 0)
		return 0;
	r = bld_copy_file(from, to, err);
	return r < 0 ? r : bld_take_strip(s->t, to, false, err);
}

static int take_objects(const struct sdk *s, struct err *err)
{
	/* the tree's, taken by now */
	auto_free char *path = path_join3(s->to, s->arch, "Makefile");
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, path, MAKEFILE_MAX, &text, err);

	for (const char *p = str_c(&text); r == 0 && (p = strstr(p, "KBUILD_LDFLAGS_MODULE"));) {
		const char *end = strchrnul(p, '\n');

		while (r == 0 && p < end) {
			size_t n = strcspn(p, " \t\n");

			r = take_object(s, p, n, err);
			p += n;
			p += strspn(p, " \t");
		}
	}
	return r;
}

static int take_btf(const struct sdk *s, struct err *err)
{
	auto_free char *from = path_join(s->t->o->kbuild.build, "vmlinux");
	auto_free char *to = path_join(s->to, "vmlinux"), *dir = NULL, *types = NULL;
	auto_strv struct strv argv = { 0 };
	int r;

	if (!bld_take_has(s->t, "DEBUG_INFO_BTF_MODULES"))
		return 0;
	/* behind a wrap only the build folder is sure to be seen */
	r = bld_take_scratch(s->t, "btf", &dir, err);
	if (r < 0)
		return r;
	types = path_join(dir, "vmlinux");
	bld_tool(&s->t->o->kbuild, "objcopy", false, &argv);
	strv_adds(&argv, "--only-section=.BTF", from, types, NULL);
	r = bld_step_run(&(struct bld_step){ .argv = argv.v,
					     .env = s->t->o->kbuild.env,
					     .log_fd = s->t->o->kbuild.log_fd },
			 "taking the types of the kernel out of vmlinux", err);
	return r < 0 ? r : bld_copy_file(types, to, err);
}

static int files_below(const char *dir, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = access(dir, F_OK) < 0 ? 0 : file_names(AT_FDCWD, dir, &names, err);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		auto_free char *path = path_join(dir, names.v[i]);
		struct stat st;

		if (lstat(path, &st) < 0)
			return err_sys(err, "cannot read '%s'", path);
		if (S_ISDIR(st.st_mode))
			r = files_below(path, ret, err);
		else if (S_ISREG(st.st_mode))
			strv_add(ret, path);
	}
	return r;
}

/* The host's programs that the build made, and plugins of the compiler. */
static int strip_programs(const struct sdk *s, struct err *err)
{
	static const char *const dirs[] = { "scripts", "tools" };
	auto_strv struct strv files = { 0 };
	int r = 0;

	for (size_t i = 0; i < countof(dirs) && r == 0; i++) {
		auto_free char *dir = path_join(s->to, dirs[i]);

		r = files_below(dir, &files, err);
	}
	return r < 0 ? r : bld_take_strip_all(s->t, &files, true, err);
}

static char *folder_of(const struct bld_take *t, const char *release)
{
	auto_free char *name = xasprintf("usr/src/linux-headers-%s", release);

	return path_join(t->o->to, name);
}

static struct sdk begin(const struct bld_take *t)
{
	char *to = folder_of(t, t->release);

	return (struct sdk){
		.t = t,
		.to = to,
		.arch = path_join("arch", t->srcarch),
		.tree = { .from = t->o->kbuild.tree,
			  .to = to,
			  .want = want_in_tree,
			  .known = t->o->known,
			  .how = BLD_AS_IT_IS },
		.build = { .from = t->o->kbuild.build,
			   .to = to,
			   .want = want,
			   .known = t->o->known,
			   .how = BLD_AS_IT_IS },
	};
}

static void end(struct sdk *s)
{
	free(s->to);
	free(s->arch);
}

int bld_take_sdk_ahead(const struct bld_take *t, struct err *err)
{
	cleanup(end) struct sdk s = begin(t);
	int r = bld_take_has(t, "MODULES") ? from_tree(&s, err) : 0;

	if (r < 0)
		rm_rf(s.to, NULL);
	return r;
}

/* The tree's files, but where they were taken ahead; those of what was thought to be the release go. */
static int lay_tree(struct sdk *s, struct err *err)
{
	const char *ahead = s->t->o->ahead ? s->t->o->ahead->release : NULL;
	auto_free char *other = NULL;
	int r = 0;

	if (ahead && str_eq(ahead, s->t->release))
		return 0;
	if (ahead) {
		other = folder_of(s->t, ahead);
		r = rm_rf(other, err);
	}
	bld_take_reads_tree(s->t);
	return r < 0 ? r : from_tree(s, err);
}

static int fill(struct sdk *s, struct err *err)
{
	int r = lay_tree(s, err);

	if (r == 0)
		r = from_build(s, err);
	if (r == 0)
		r = put_config(s, err);
	if (r == 0)
		r = take_objects(s, err);
	if (r == 0)
		r = take_btf(s, err);
	return r < 0 ? r : strip_programs(s, err);
}

int bld_take_sdk(const struct bld_take *t, struct err *err)
{
	cleanup(end) struct sdk s = begin(t);

	return bld_take_has(t, "MODULES") ? fill(&s, err) : 0;
}
