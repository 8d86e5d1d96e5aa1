/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kiln.yaml as structs, and its axes as cells. */
#include "build/project.h"

#include "base/path.h"
#include "base/ynode.h"

#include <errno.h>
#include <fnmatch.h>
#include <sys/utsname.h>

#define MAX_CELLS 10000

static void names_release(struct bld_names *n)
{
	for (size_t i = 0; i < n->n; i++) {
		free(n->v[i].name);
		strv_release(&n->v[i].values);
	}
	free(n->v);
	*n = (struct bld_names){ 0 };
}

void bld_kernel_release(struct bld_kernel *k)
{
	names_release(&k->sources);
	names_release(&k->variants);
	strv_release(&k->arch);
	strv_release(&k->config);
	strv_release(&k->patches);
	strv_release(&k->toolchains);
	free(k->name);
	free(k->base);
	free(k->launcher);
	free(k->sha256);
	free(k->keyring);
	free(k->sign);
	*k = (struct bld_kernel){ 0 };
}

void bld_project_release(struct bld_project *p)
{
	for (size_t i = 0; i < p->kernels.n; i++)
		bld_kernel_release(&p->kernels.v[i]);
	free(p->kernels.v);
	free(p->path);
	free(p->dir);
	*p = (struct bld_project){ 0 };
}

/* Names become parts of refs and of file names. */
static bool is_name(const char *s)
{
	if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *s))
		return false;
	return !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-")];
}

static int take_named(const char *name, struct yn key, struct yn value, void *ctx, struct err *err)
{
	struct bld_names *to = ctx;
	struct bld_named n = { 0 };
	int r;

	if (!is_name(name))
		return yn_bad(key, err, "'%s' is no name: letters, digits and ._+-", name);
	r = yn_take_texts(value, &n.values, err);
	n.name = xstrdup(name);
	vec_push(to, n);
	return r;
}

static int take_variants(struct yn value, void *to, struct err *err)
{
	return yn_each_key(value, take_named, to, err);
}

static int take_source(struct yn value, void *to, struct err *err)
{
	struct bld_named n = { 0 };
	int r = yn_take_texts(value, &n.values, err);

	vec_push((struct bld_names *)to, n);
	return r;
}

/* A source, a list of them, or names with one each. */
static int take_sources(struct yn value, void *to, struct err *err)
{
	struct bld_names *all = to;
	int r;

	if (!yn_is_mapping(value))
		return yn_each(value, take_source, to, err);
	r = yn_each_key(value, take_named, to, err);
	for (size_t i = 0; i < all->n && r == 0; i++)
		if (all->v[i].values.n != 1)
			r = yn_bad(value, err, "'%s' needs one source", all->v[i].name);
	return r;
}

static int take_kernel(const char *name, struct yn key, struct yn value, void *ctx, struct err *err)
{
#define K(member) offsetof(struct bld_kernel, member)
	static const struct yn_key keys[] = {
		/* clang-format off */
		{ "source", take_sources, K(sources), true },
		{ "arch", yn_take_texts, K(arch), false },
		{ "base", yn_take_text, K(base), false },
		{ "config", yn_take_texts, K(config), false },
		{ "variants", take_variants, K(variants), false },
		{ "patches", yn_take_texts, K(patches), false },
		{ "toolchain", yn_take_texts, K(toolchains), false },
		{ "launcher", yn_take_text, K(launcher), false },
		{ "debug_info", yn_take_bool, K(debug_info), false },
		{ "sha256", yn_take_text, K(sha256), false },
		{ "keyring", yn_take_text, K(keyring), false },
		{ "sign", yn_take_text, K(sign), false },
		/* clang-format on */
	};
#undef K
	struct bld_project *p = ctx;
	struct bld_kernel k = { .line = yn_line(key) };
	int r;

	if (!is_name(name))
		return yn_bad(key, err, "'%s' is no name: letters, digits and ._+-", name);
	k.name = xstrdup(name);
	r = yn_take(value, keys, countof(keys), &k, err);
	if (r == 0)
		r = bld_kernel_finish(&k, p->dir, err);
	if (r < 0 && err && err->msg && !str_starts(err->msg, p->path))
		err_wrap(err, r, "%s:%u", p->path, k.line);
	vec_push(&p->kernels, k);
	return r;
}

static int take_kernels(struct yn value, void *to, struct err *err)
{
	return yn_each_key(value, take_kernel, to, err);
}

int bld_project_read(const char *path, struct bld_project *ret, struct err *err)
{
	/* what other commands read is left to them */
	struct file {
		struct bld_project project;
		struct yn other;
	} f = { 0 };
	static const struct yn_key keys[] = {
		{ "kernels", take_kernels, offsetof(struct file, project), false },
		{ "machines", yn_take_node, offsetof(struct file, other), false },
		{ "passthrough", yn_take_node, offsetof(struct file, other), false },
		{ "tests", yn_take_node, offsetof(struct file, other), false },
	};
	struct yn_doc *doc;
	int r = yn_read(path, &doc, err);

	if (r < 0)
		return r;
	f.project.path = xstrdup(path);
	f.project.dir = path_dir(path);
	r = yn_take(yn_root(doc), keys, countof(keys), &f, err);
	yn_free(doc);
	if (r < 0) {
		bld_project_release(&f.project);
		return r;
	}
	*ret = f.project;
	return 0;
}

char *bld_project_find(const char *dir)
{
	auto_free char *at = path_abs(dir);

	for (;;) {
		auto_free char *file = path_join(at, BLD_PROJECT_FILE);
		char *up;

		if (access(file, F_OK) == 0)
			return take_ptr(file);
		up = path_dir(at);
		if (str_eq(up, at)) {
			free(up);
			return NULL;
		}
		free(at);
		at = up;
	}
}

/* What a source is called where it has no name: what tells it from others of the same place. */
static char *name_of_source(const char *text)
{
	static const char *const endings[] = { ".xz", ".gz", ".zst", ".bz2", ".tar", ".git" };
	const char *ref = strchr(text, '#');
	const char *base = str_starts(text, "git:") && ref ? ref + 1 : path_base(text);
	char *name;

	if (strchr(base, ':') && !strchr(base, '/'))
		base = strchr(base, ':') + 1;
	name = xstrdup(*base ? base : "source");
	for (size_t i = 0; i < countof(endings); i++)
		if (str_ends(name, endings[i]))
			name[strlen(name) - strlen(endings[i])] = '\0';
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-",
			    *p))
			*p = '-';
	return name;
}

static int name_sources(struct bld_kernel *k, struct err *err)
{
	for (size_t i = 0; i < k->sources.n; i++) {
		struct bld_named *s = &k->sources.v[i];

		if (!s->name)
			s->name = name_of_source(s->values.v[0]);
		for (size_t j = 0; j < i; j++) {
			if (!str_eq(s->name, k->sources.v[j].name))
				continue;
			err_set(err, -EINVAL, "two sources of '%s' are called '%s'", k->name,
				s->name);
			return err_hint(err, -EINVAL, "give them names: source: {a: %s, b: %s}",
					k->sources.v[j].values.v[0], s->values.v[0]);
		}
	}
	if (k->sources.n > 1 && (k->sha256 || k->sign))
		return err_set(err, -EINVAL, "'%s' has a sha256 or sign, and more than one source",
			       k->name);
	return k->sources.n ? 0 : err_set(err, -EINVAL, "the kernel '%s' has no source", k->name);
}

/* Paths below dir; what is no path stays. */
static void place(char **path, const char *dir)
{
	char *old = *path;

	if (*old == '/' || str_starts(old, "kiln:") || str_starts(old, "CONFIG_"))
		return;
	*path = path_join(dir, old);
	free(old);
}

static void place_all(struct strv *v, const char *dir)
{
	for (size_t i = 0; i < v->n; i++)
		place(&v->v[i], dir);
}

/* A base is a path if it says so, or is there. */
static void place_base(struct bld_kernel *k, const char *dir)
{
	auto_free char *path = k->base ? path_join(dir, k->base) : NULL;

	if (path && *k->base != '/' && (strchr(k->base, '/') || access(path, F_OK) == 0)) {
		free(k->base);
		k->base = take_ptr(path);
	}
}

int bld_kernel_finish(struct bld_kernel *k, const char *dir, struct err *err)
{
	struct utsname host;

	place_base(k, dir);
	place_all(&k->config, dir);
	place_all(&k->patches, dir);
	for (size_t i = 0; i < k->variants.n; i++)
		place_all(&k->variants.v[i].values, dir);
	if (!k->arch.n)
		strv_add(&k->arch, uname(&host) < 0 ? "x86_64" : host.machine);
	for (size_t i = 0; i < k->arch.n; i++)
		if (str_eq(k->arch.v[i], "aarch64"))
			memcpy(k->arch.v[i], "arm64", sizeof("arm64"));
	if (!k->toolchains.n)
		strv_add(&k->toolchains, "gcc");
	if ((uint64_t)k->sources.n * k->arch.n * k->toolchains.n * (k->variants.n + 1) > MAX_CELLS)
		return err_set(err, -EINVAL, "the kernel '%s' has more than %d cells", k->name,
			       MAX_CELLS);
	return name_sources(k, err);
}

static void add_axis(struct str *name, size_t n, const char *value)
{
	if (n < 2)
		return;
	str_addc(name, '/');
	for (const char *p = value; *p; p++)
		str_addc(name, strchr("/:#@", *p) ? '-' : *p);
}

static void add_cell(struct bld_cells *to, const struct bld_kernel *k, size_t source, size_t arch,
		     size_t variant, size_t toolchain)
{
	const struct bld_named *v = variant < k->variants.n ? &k->variants.v[variant] : NULL;
	struct bld_cell c = {
		.kernel = k,
		.source = k->sources.v[source].values.v[0],
		.arch = k->arch.v[arch],
		.variant = v ? v->name : NULL,
		.variant_parts = v ? &v->values : NULL,
		.toolchain = k->toolchains.v[toolchain],
	};
	struct str name = { 0 };

	str_adds(&name, k->name);
	add_axis(&name, k->sources.n, k->sources.v[source].name);
	add_axis(&name, k->arch.n, c.arch);
	add_axis(&name, k->variants.n, v ? v->name : "");
	add_axis(&name, k->toolchains.n, c.toolchain);
	c.name = str_take(&name);
	vec_push(to, c);
}

static void add_cells(struct bld_cells *to, const struct bld_kernel *k)
{
	for (size_t s = 0; s < k->sources.n; s++)
		for (size_t a = 0; a < k->arch.n; a++)
			for (size_t v = 0; v < MAX(k->variants.n, (size_t)1); v++)
				for (size_t t = 0; t < k->toolchains.n; t++)
					add_cell(to, k, s, a, v, t);
}

void bld_cells_of(const struct bld_project *p, struct bld_cells *ret)
{
	*ret = (struct bld_cells){ 0 };
	for (size_t i = 0; i < p->kernels.n; i++)
		add_cells(ret, &p->kernels.v[i]);
}

void bld_cells_release(struct bld_cells *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].name);
	free(c->v);
	*c = (struct bld_cells){ 0 };
}

bool bld_cell_matches(const struct bld_cell *c, const char *word)
{
	size_t n = strlen(word);

	if (!strncmp(c->name, word, n) && (!c->name[n] || c->name[n] == '/'))
		return true;
	return strpbrk(word, "*?[") && fnmatch(word, c->name, 0) == 0;
}
