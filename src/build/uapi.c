/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usr/include. Trees since 5.4 make the headers in the build folder (target `headers`) and copy them with rsync, which is
 * left out by copying them here; the trees before install them without it.
 */
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

int bld_take_uapi(const struct bld_take *t, struct err *err)
{
	auto_free char *base = NULL, *to = path_join(t->o->to, "usr/include");
	auto_strv struct strv more = { 0 };
	auto_free char *from = NULL;
	bool headers = false;
	int r;

	/* its programs are the host's: there are no headers of its own */
	if (str_eq(t->srcarch, "um"))
		return 0;
	r = has_target(t, &headers, err);
	if (r == 0)
		r = bld_take_scratch(t, "uapi", &base, err);
	if (r < 0)
		return r;
	strv_add(&more, headers ? "headers" : "headers_install");
	if (!headers)
		strv_addf(&more, "INSTALL_HDR_PATH=%s", base);
	from = headers ? path_join(t->o->kbuild.build, "usr/include") : path_join(base, "include");
	r = bld_make(&t->o->kbuild, &more, err);
	return r < 0 ? r
		     : bld_copy_tree(&(struct bld_copy){ .from = from,
							 .to = to,
							 .want = is_header,
							 .known = headers ? t->o->known : NULL,
							 .how = BLD_AS_IT_IS },
				     "", err);
}
