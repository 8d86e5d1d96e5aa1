/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dkms would do with a dkms.conf (dkms(8)): which kernels it is for, patches, the call of make, and where its modules are.
 * The tree is seen where dkms has it, DKMS_TREE/NAME/VERSION/build, since that is what their calls of make name.
 */
#include "module/dkms.h"
#include "module/parts.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>

#define CONF_MAX (1 << 20)

struct plan {
	struct mod_build *m;
	struct mod_dkms conf;
	struct mod_findings *found;
	char *name, *version, *tree; /* tree: what dkms calls dkms_tree */
};

/* What `uname -m` says there. */
static const char *machine(const struct mod_target *c)
{
	static const struct {
		const char *srcarch, *wide, *narrow;
	} all[] = {
		{ "x86", "x86_64", "i686" },	   { "arm64", "aarch64", "aarch64" },
		{ "riscv", "riscv64", "riscv32" }, { "loongarch", "loongarch64", "loongarch32" },
		{ "arm", "armv7l", "armv7l" },	   { "s390", "s390x", "s390" }
	};

	for (size_t i = 0; i < countof(all); i++)
		if (str_eq(all[i].srcarch, c->srcarch))
			return mod_target_has(c, "64BIT") ? all[i].wide : all[i].narrow;
	if (str_eq(c->srcarch, "powerpc"))
		return mod_target_has(c, "CPU_LITTLE_ENDIAN") ? "ppc64le" : "ppc64";
	return c->srcarch;
}

static int get(const struct plan *p, const char *name, unsigned i, char **ret, struct err *err)
{
	return mod_dkms_get(&p->conf, name, i, ret, err);
}

/* Whether a text matches the extended regular expression NAME[i]; *ret_set: whether there is one. */
static int matches(const struct plan *p, const char *name, unsigned i, const char *text,
		   bool *ret_set, bool *ret, struct err *err)
{
	auto_free char *pattern = NULL;
	regex_t re;
	int r = get(p, name, i, &pattern, err);

	*ret_set = r == 0 && pattern && *pattern;
	*ret = true;
	if (r < 0 || !*ret_set)
		return r;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(err, -EINVAL, "%s: %s is no regular expression: '%s'", p->conf.name,
			       name, pattern);
	*ret = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return 0;
}

static void exclude(const struct plan *p, char *text)
{
	mod_finding_add(p->found, (struct mod_finding){ .kind = MOD_EXCLUDED, .text = text });
}

static int exclude_by(const struct plan *p, const char *name, const char *text, struct err *err)
{
	bool is_set, fits;
	auto_free char *pattern = NULL;
	int r = matches(p, name, 0, text, &is_set, &fits, err);

	if (r < 0 || fits)
		return r;
	r = get(p, name, 0, &pattern, err);
	if (r == 0)
		exclude(p, xasprintf("its %s is '%s', which '%s' does not match", name, pattern,
				     text));
	return r;
}

/* BUILD_EXCLUSIVE_CONFIG: symbols that must be set, and behind '!' such that must not. */
static int exclude_by_config(const struct plan *p, struct err *err)
{
	auto_free char *text = NULL;
	int r = get(p, "BUILD_EXCLUSIVE_CONFIG", 0, &text, err);

	for (const char *q = text; r == 0 && q && *q;) {
		size_t n = strcspn(q, " \t\n");
		auto_free char *word = xstrndup(q, n);

		mod_check_config(p->m->spec->cell, "it", word, p->found);
		q += n;
		q += strspn(q, " \t\n");
	}
	return r;
}

static int exclude_by_version(const struct plan *p, struct err *err)
{
	static const char *const names[] = { "BUILD_EXCLUSIVE_KERNEL_MIN",
					     "BUILD_EXCLUSIVE_KERNEL_MAX" };
	const char *release = p->m->spec->cell->release;

	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *limit = NULL;
		int r = get(p, names[i], 0, &limit, err);
		int way;

		if (r < 0)
			return r;
		way = limit && *limit ? str_vercmp(release, limit) : 0;
		if (i == 0 ? way < 0 : way > 0)
			exclude(p, xasprintf("it is for kernels %s %s", i == 0 ? "from" : "up to",
					     limit));
	}
	return 0;
}

static int exclude_all(const struct plan *p, struct err *err)
{
	const struct mod_target *c = p->m->spec->cell;
	int r = exclude_by(p, "BUILD_EXCLUSIVE_KERNEL", c->release, err);

	if (r == 0)
		r = exclude_by(p, "BUILD_EXCLUSIVE_ARCH", machine(c), err);
	if (r == 0)
		r = exclude_by_version(p, err);
	return r < 0 ? r : exclude_by_config(p, err);
}

static int add_patches(const struct plan *p, struct err *err)
{
	unsigned n = mod_dkms_count(&p->conf, "PATCH");
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++) {
		auto_free char *patch = NULL;
		struct mod_step *step;
		bool is_set, fits = false;

		r = get(p, "PATCH", i, &patch, err);
		if (r == 0)
			r = matches(p, "PATCH_MATCH", i, p->m->spec->cell->release, &is_set, &fits,
				    err);
		if (r < 0 || !fits || !*patch)
			continue;
		if (strchr(patch, '/'))
			return err_set(err, -EINVAL, "%s: a patch is a name, not '%s'",
				       p->conf.name, patch);
		step = mod_add_step(p->m, p->m->top);
		strv_adds(&step->argv, "patch", "-p1", "-s", "-i", NULL);
		strv_addf(&step->argv, "patches/%s", patch);
	}
	return r;
}

/* A command line of the file; make gets what dkms gives it, and what this kernel needs. */
static int add_command(const struct plan *p, const char *command, struct err *err)
{
	struct mod_step *step = mod_add_step(p->m, p->m->top);
	auto_strv struct strv words = { 0 };
	int r = mod_words(command, &words, err);

	if (r < 0)
		return err_wrap(err, r, "%s", p->conf.name);
	if (!words.n)
		return err_set(err, -EINVAL, "%s: an empty command", p->conf.name);
	strv_add(&step->argv, words.v[0]);
	if (str_eq(words.v[0], "make")) {
		strv_addf(&step->argv, "-j%u", p->m->spec->jobs);
		strv_addf(&step->argv, "KERNELRELEASE=%s", p->m->spec->cell->release);
		strv_extend(&step->argv, p->m->make.v);
	}
	strv_extend(&step->argv, words.v + 1);
	return 0;
}

/* The first without MAKE_MATCH, unless a later one's fits. */
static int add_make(const struct plan *p, struct err *err)
{
	unsigned n = mod_dkms_count(&p->conf, "MAKE");
	auto_free char *chosen = NULL;
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++) {
		auto_free char *command = NULL;
		bool is_set, fits;

		r = get(p, "MAKE", i, &command, err);
		if (r == 0)
			r = matches(p, "MAKE_MATCH", i, p->m->spec->cell->release, &is_set, &fits,
				    err);
		if (r < 0 || !(is_set ? fits : !chosen) || !*command)
			continue;
		free(chosen);
		chosen = take_ptr(command);
	}
	if (r == 0 && !chosen)
		chosen = xasprintf("make -C %s M=%s/%s/%s/build", p->m->spec->cell->sdk, p->tree,
				   p->name, p->version);
	return r < 0 ? r : add_command(p, chosen, err);
}

/* "/kernel/drivers/net" and the like: what lies over the kernel's own is below updates. */
static const char *place(const char *location)
{
	static const char *const tops[] = { "kernel", "updates", "extra", "dkms" };

	location += strspn(location, "/");
	for (size_t i = 0; i < countof(tops); i++) {
		const char *p = location;

		if (str_skip(&p, tops[i]) && (*p == '/' || !*p))
			return p + strspn(p, "/");
	}
	return location;
}

static bool is_plain(const char *path)
{
	return !str_eq(path, "..") && !str_starts(path, "../") && !strstr(path, "/../") &&
	       !str_ends(path, "/..");
}

static int add_file(const struct plan *p, unsigned i, struct err *err)
{
	auto_free char *built = NULL, *from = NULL, *dest = NULL, *to = NULL;
	const char *below;
	int r = get(p, "BUILT_MODULE_NAME", i, &built, err);

	if (r == 0)
		r = get(p, "BUILT_MODULE_LOCATION", i, &from, err);
	if (r == 0)
		r = get(p, "DEST_MODULE_NAME", i, &dest, err);
	if (r == 0)
		r = get(p, "DEST_MODULE_LOCATION", i, &to, err);
	if (r < 0)
		return r;
	built = built ?: xstrdup(p->name);
	below = place(to ?: "");
	if (!is_plain(built) || !is_plain(from ?: "") || !is_plain(below) || !is_plain(dest ?: ""))
		return err_set(err, -EINVAL, "%s: the place of '%s' leads out of its folder",
			       p->conf.name, built);
	vec_push(&p->m->files,
		 ((struct mod_file){
			 xasprintf("%s/%s%s%s.ko", p->m->top, from ?: "", from ? "/" : "", built),
			 xasprintf("%s%s%s.ko", below, *below && !str_ends(below, "/") ? "/" : "",
				   dest ?: built) }));
	return 0;
}

static int add_files(const struct plan *p, struct err *err)
{
	unsigned n = mod_dkms_count(&p->conf, "BUILT_MODULE_NAME");
	int r = 0;

	for (unsigned i = 0; i < MAX(n, 1U) && r == 0; i++)
		r = add_file(p, i, err);
	return r;
}

/* It is a part of paths. */
static int get_name(const struct plan *p, const char *name, char **ret, struct err *err)
{
	int r = get(p, name, 0, ret, err);

	if (r == 0 && (!*ret || !**ret || **ret == '.' || strpbrk(*ret, "/ \t\n")))
		r = err_set(err, -EINVAL, "%s: there is no %s", p->conf.name, name);
	return r;
}

static int put_tree(const struct plan *p, struct err *err)
{
	auto_free char *dir = path_join3(p->tree, p->name, p->version);
	auto_free char *link = path_join(dir, "build"), *source = path_join(dir, "source");
	int r = mkdir_p(dir, 0755, err);

	if (r == 0 && (symlink(p->m->top, link) < 0 || symlink(p->m->top, source) < 0))
		r = err_sys(err, "cannot create the link '%s'", link);
	return r;
}

static int parse(struct plan *p, const struct str *text, const struct strv *vars, struct err *err)
{
	mod_dkms_release(&p->conf);
	return mod_dkms_parse(&p->conf, str_c(text), text->n, "dkms.conf", vars->v, err);
}

/* Read twice: what dkms calls module and module_version is what the file says its name is. */
static int read_conf(struct plan *p, struct err *err)
{
	auto_free char *path = path_join(p->m->top, "dkms.conf");
	const struct mod_target *c = p->m->spec->cell;
	auto_strv struct strv vars = { 0 };
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, path, CONF_MAX, &text, err);

	strv_addf(&vars, "kernelver=%s", c->release);
	strv_addf(&vars, "kernel_source_dir=%s", c->sdk);
	strv_addf(&vars, "arch=%s", machine(c));
	strv_addf(&vars, "dkms_tree=%s", p->tree);
	strv_addf(&vars, "source_tree=%s", p->tree);
	strv_addf(&vars, "parallel_jobs=%u", p->m->spec->jobs);
	if (r == 0)
		r = parse(p, &text, &vars, err);
	if (r == 0)
		r = get_name(p, "PACKAGE_NAME", &p->name, err);
	if (r == 0)
		r = get_name(p, "PACKAGE_VERSION", &p->version, err);
	if (r < 0)
		return r;
	strv_addf(&vars, "module=%s", p->name);
	strv_addf(&vars, "module_version=%s", p->version);
	return parse(p, &text, &vars, err);
}

static int plan(struct plan *p, struct err *err)
{
	auto_free char *before = NULL;
	int r = read_conf(p, err);

	if (r == 0)
		r = exclude_all(p, err);
	if (r < 0 || p->found->n)
		return r;
	r = put_tree(p, err);
	if (r == 0)
		r = add_patches(p, err);
	if (r == 0)
		r = get(p, "PRE_BUILD", 0, &before, err);
	if (r == 0 && before && *before) {
		auto_free char *command = xasprintf("./%s", before);

		r = add_command(p, command, err);
	}
	if (r == 0)
		r = add_make(p, err);
	return r < 0 ? r : add_files(p, err);
}

int mod_plan_dkms(struct mod_build *m, struct mod_findings *found, struct err *err)
{
	struct plan p = { .m = m, .found = found, .tree = path_join(m->scratch.tmp, "dkms") };
	int r = plan(&p, err);

	mod_dkms_release(&p.conf);
	free(p.name);
	free(p.version);
	free(p.tree);
	return r;
}
