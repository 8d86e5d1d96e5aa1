/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a patch, on a small tree. What is read names nothing outside; what applies can be taken back, and gives what was
 * there.
 */
#include "fuzz.h"
#include "scratch.h"

#include "source/files.h"

#include <fcntl.h>

static const char text[] =
	"line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\n";

static void put(const char *dir, const char *name, const char *content)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);

	fuzz_need(file_publish(path, content, strlen(content), 0644, NULL) == 0);
}

static const char *tree(void)
{
	static char *dir;

	if (!dir) {
		auto_free char *lib = NULL;

		dir = fuzz_empty_dir("tree");
		lib = xasprintf("%s/lib", dir);
		fuzz_need(mkdir_p(lib, 0700, NULL) == 0);
		put(dir, "a.c", text);
		put(dir, "lib/b.c", "b\n");
		put(dir, "bin", "no newline");
	}
	return dir;
}

static void need_inside(const char *name)
{
	fuzz_need(*name && *name != '/' && !strstr(name, "/../") && !str_starts(name, "../") &&
		  !str_eq(name, "..") && !str_ends(name, "/..") && !strcasestr(name, "/.git/") &&
		  strncasecmp(name, ".git/", 5) != 0);
}

static bool has_link(const struct src_diff *d)
{
	for (size_t i = 0; i < d->files.n; i++)
		if (((d->files.v[i].old_mode | d->files.v[i].new_mode) & 0170000) == 0120000)
			return true;
	return false;
}

/* Of one diff alone: several of one file may meet in ways that only have an order forwards. */
static void apply(const struct src_diff *d)
{
	unsigned long moved;
	struct src_files f;

	fuzz_need(src_files_init(&f, tree(), NULL) == 0);
	if (src_files_apply(&f, d, false, true, NULL, &moved, NULL) > 0 && d->files.n == 1 &&
	    !has_link(d) && moved == 0 && !d->files.v[0].maybe_new) {
		auto_str struct str now = { 0 };
		const struct src_file *file;

		if (src_files_apply(&f, d, true, true, NULL, &moved, NULL) > 0 && moved == 0) {
			fuzz_need(src_files_get(&f, "a.c", &file, NULL) == 0 && file->present);
			src_file_text(file, &now);
			fuzz_need(str_eq(str_c(&now), text));
		}
	}
	src_files_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_str struct str b = { 0 };
	auto_err struct err err = { 0 };
	struct src_diff *d = NULL;

	str_add(&b, data, size);
	if (src_diff_parse(&b, &d, &err) < 0) {
		fuzz_need(err.msg && *err.msg);
		return 0;
	}
	fuzz_need(d->files.n > 0 && d->head_n <= d->text.n);
	for (size_t i = 0; i < d->files.n; i++) {
		need_inside(d->files.v[i].old_name);
		need_inside(d->files.v[i].new_name);
	}
	apply(d);
	src_diff_free(d);
	return 0;
}
