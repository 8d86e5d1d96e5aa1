/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usr/include. Trees since 5.4 make the headers in the build folder (target `headers`) and copy them with rsync, which is
 * left out by copying them here; the trees before install them without it.
 */
#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"
#include "build/parts.h"
#include "build/step.h"

#include <fcntl.h>

#define MAKEFILE_MAX (1 << 20)

static bool is_header(void *ctx, const char *path, mode_t type)
{
	return S_ISDIR(type) || str_ends(path, ".h");
}

static int has_target(const struct bld_take *t, bool *ret, struct err *err)
{
	auto_free char *path = path_join(t->o->kbuild.tree, "Makefile");
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, path, MAKEFILE_MAX, &text, err);

	*ret = r == 0 && strstr(str_c(&text), "\nheaders:");
	return r;
}

/* What the headers are made of, by the identity of each file: cheaper than a make that finds nothing to do. */
static void add_stats(const char *path, struct str *ret)
{
	auto_strv struct strv names = { 0 };
	struct file_id id;
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		id = file_id_of(&st);
		str_add(ret, path, strlen(path) + 1);
		str_add(ret, &id, sizeof(id));
		return;
	}
	/* of a folder its names count: its times are another wherever make had a temporary file */
	if (file_names(AT_FDCWD, path, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *below = path_join(path, names.v[i]);

		add_stats(below, ret);
	}
}

/* scripts/Makefile.headersinst, Makefile.asm-generic: what they read of the tree. */
static void add_sources(const struct bld_take *t, struct str *ret)
{
	static const char *const in_tree[] = { "Makefile",
					       "include/uapi",
					       "include/asm-generic",
					       "scripts/Makefile.headersinst",
					       "scripts/Makefile.asm-generic",
					       "scripts/Makefile.asm-headers",
					       "scripts/headers_install.sh",
					       "scripts/unifdef.c" };
	static const char *const in_arch[] = { "Makefile",	 "include/uapi",
					       "entry/syscalls", "kernel/syscalls",
					       "tools",		 "include/asm/Kbuild" };
	auto_free char *arch = path_join3(t->o->kbuild.tree, "arch", t->srcarch);

	for (size_t i = 0; i < countof(in_tree); i++) {
		auto_free char *path = path_join(t->o->kbuild.tree, in_tree[i]);

		add_stats(path, ret);
	}
	for (size_t i = 0; i < countof(in_arch); i++) {
		auto_free char *path = path_join(arch, in_arch[i]);

		add_stats(path, ret);
	}
}

/* Where `make headers` puts them. */
static char *made_path(const struct bld_take *t)
{
	return path_join(t->o->kbuild.build, "usr/include");
}

/* Of the sources, as they were before make, and of what it made: what was changed meanwhile is made next time. */
static int stamp_of(const struct bld_take *t, const struct str *sources, char ret[DIGEST_HEX + 1],
		    struct err *err)
{
	auto_free char *own = path_join3(t->o->kbuild.build, "arch", t->srcarch);
	auto_free char *of_arch = path_join(own, "include/generated/uapi");
	auto_free char *generated = path_join(t->o->kbuild.build, "include/generated/uapi");
	auto_free char *made = made_path(t);
	auto_str struct str text = { 0 };

	str_add(&text, sources->s, sources->n);
	add_stats(generated, &text);
	add_stats(made, &text);
	add_stats(of_arch, &text);
	return digest_bytes(text.s, text.n, ret, err);
}

static bool is_stamped(const char *path, const char *stamp)
{
	auto_str struct str text = { 0 };

	return file_read(AT_FDCWD, path, DIGEST_HEX + 1, &text, NULL) == 0 &&
	       str_eq(str_c(&text), stamp);
}

static char *stamp_path(const struct bld_take *t)
{
	return path_join(t->o->kbuild.build, "kiln-uapi");
}

/* Makes them in the build folder, unless they are as the last make left them. */
static int make_headers(const struct bld_take *t, char stamp[DIGEST_HEX + 1], struct err *err)
{
	auto_free char *path = stamp_path(t);
	auto_strv struct strv more = { 0 };
	auto_str struct str sources = { 0 };
	int r;

	add_sources(t, &sources);
	r = stamp_of(t, &sources, stamp, err);
	if (r < 0 || is_stamped(path, stamp))
		return r;
	strv_add(&more, "headers");
	r = bld_make(&t->o->kbuild, &more, err);
	if (r == 0)
		r = stamp_of(t, &sources, stamp, err);
	return r < 0 ? r : file_publish(path, stamp, strlen(stamp), 0644, err);
}

static int copy(const struct bld_take *t, const char *from, struct bld_known *known,
		struct err *err)
{
	auto_free char *to = path_join(t->o->to, "usr/include");

	return bld_copy_tree(&(struct bld_copy){ .from = from,
						 .to = to,
						 .want = is_header,
						 .known = known,
						 .how = BLD_AS_IT_IS },
			     "", err);
}

static int drop(const struct bld_take *t, struct err *err)
{
	auto_free char *to = path_join(t->o->to, "usr/include");

	return rm_rf(to, err);
}

static int take_made(const struct bld_take *t, struct err *err)
{
	auto_free char *from = made_path(t);
	char stamp[DIGEST_HEX + 1] = "";
	int r = make_headers(t, stamp, err);

	return r < 0 ? r : copy(t, from, t->o->known, err);
}

static int take_installed(const struct bld_take *t, struct err *err)
{
	auto_free char *base = NULL, *from = NULL;
	auto_strv struct strv more = { 0 };
	int r = bld_take_scratch(t, "uapi", &base, err);

	if (r < 0)
		return r;
	strv_add(&more, "headers_install");
	strv_addf(&more, "INSTALL_HDR_PATH=%s", base);
	from = path_join(base, "include");
	r = bld_make(&t->o->kbuild, &more, err);
	return r < 0 ? r : copy(t, from, NULL, err);
}

/*
 * 1: those that were laid ahead hold, as make changed nothing that they hang on; 0: there are none, or none any more. That the tree
 * did not change meanwhile is asked for anyway.
 */
static int was_laid(const struct bld_take *t, struct err *err)
{
	const struct bld_ahead *ahead = t->o->ahead;
	char stamp[DIGEST_HEX + 1];
	int r;

	if (!ahead || !ahead->uapi)
		return 0;
	r = stamp_of(t, &ahead->uapi_sources, stamp, err);
	if (r < 0 || str_eq(ahead->uapi, stamp))
		return r < 0 ? r : 1;
	return drop(t, err);
}

int bld_take_uapi(const struct bld_take *t, struct err *err)
{
	bool headers = false;
	int r;

	/* its programs are the host's: there are no headers of its own */
	if (str_eq(t->srcarch, "um"))
		return 0;
	r = was_laid(t, err);
	if (r != 0)
		return MIN(r, 0);
	bld_take_reads_tree(t);
	r = has_target(t, &headers, err);
	if (r < 0)
		return r;
	return headers ? take_made(t, err) : take_installed(t, err);
}

void bld_take_uapi_ahead(const struct bld_take *t, struct bld_ahead *ret)
{
	auto_free char *path = stamp_path(t);
	auto_free char *from = made_path(t);
	auto_str struct str sources = { 0 };
	char stamp[DIGEST_HEX + 1];

	if (access(path, F_OK) < 0)
		return;
	add_sources(t, &sources);
	if (stamp_of(t, &sources, stamp, NULL) < 0 || !is_stamped(path, stamp))
		return;
	if (copy(t, from, t->o->known, NULL) < 0) {
		drop(t, NULL);
		return;
	}
	ret->uapi = xstrdup(stamp);
	ret->uapi_sources = sources;
	sources = (struct str){ 0 };
}
