/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of a series: series.yaml, else the file `series` (quilt(1)), else names. A cover letter of git format-patch is
 * left out of the latter: it has no diff.
 */
#include "source/series_list.h"

#include "base/file.h"
#include "base/path.h"
#include "base/yaml.h"
#include "kernel/tree.h"
#include "source/patch.h"

#include <errno.h>
#include <fcntl.h>

#define LIST_MAX   10000
#define SERIES_MAX (1 << 20)

void src_list_release(struct src_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		free(l->v[i].name);
		free(l->v[i].since);
		free(l->v[i].until);
	}
	free(l->v);
	*l = (struct src_list){ 0 };
}

static void add(struct src_list *l, const char *folder, const char *name)
{
	vec_push(l,
		 ((struct src_listed){ .path = path_join(folder, name), .name = xstrdup(name) }));
}

/* A name that a list has: below its folder, and there. */
static int add_listed(struct src_list *l, const char *folder, const char *name, const char *list,
		      struct err *err)
{
	auto_free char *plain = NULL, *path = NULL;
	auto_err struct err why = { 0 };
	struct stat st;
	int r = krn_tree_path(name, &plain, &why);

	if (r < 0 || !*plain)
		return err_set(err, -EINVAL, "%s: '%s' is no file below its folder", list, name);
	path = path_join(folder, plain);
	if (stat(path, &st) < 0)
		return err_sys(err, "%s names '%s'", list, name);
	add(l, folder, plain);
	return 0;
}

/* series.yaml */

struct entry {
	char *file, *since, *until;
};
struct yaml_list {
	struct entry *patches;
	unsigned n_patches;
};

/* clang-format off */
static const cyaml_schema_field_t entry_fields[] = {
	CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER, struct entry, file, 1, 4096),
	CYAML_FIELD_STRING_PTR("since", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct entry, since, 1, 100),
	CYAML_FIELD_STRING_PTR("until", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct entry, until, 1, 100),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t entry = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct entry, entry_fields) };
static const cyaml_schema_field_t list_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("patches", CYAML_FLAG_POINTER, struct yaml_list, patches, n_patches, &entry, 1, LIST_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_list, list_fields) };
/* clang-format on */

static int check_range(const char *list, const struct entry *e, struct err *err)
{
	const char *wrong = e->since && !src_is_version(e->since)   ? e->since
			    : e->until && !src_is_version(e->until) ? e->until
								    : NULL;

	if (wrong)
		return err_set(err, -EINVAL, "%s: '%s' is no version", list, wrong);
	if (e->since && e->until && !str_kernel_in(e->since, NULL, e->until))
		return err_set(err, -EINVAL, "%s: '%s': there is no version since %s and until %s",
			       list, e->file, e->since, e->until);
	return 0;
}

static int add_entry(struct src_list *l, const char *folder, const struct entry *e,
		     const char *list, struct err *err)
{
	int r = check_range(list, e, err);
	struct src_listed *x;

	if (r == 0)
		r = add_listed(l, folder, e->file, list, err);
	if (r < 0)
		return r;
	x = &l->v[l->n - 1];
	x->ranged = e->since || e->until;
	x->since = e->since ? xstrdup(e->since) : NULL;
	x->until = e->until ? xstrdup(e->until) : NULL;
	return 0;
}

static int read_yaml(struct src_list *l, const char *folder, const char *path, struct err *err)
{
	struct yaml_list *y = NULL;
	auto_str struct str text = { 0 };
	void *data = NULL;
	int r = yaml_read(path, &schema, &data, &text, err);

	if (r < 0)
		return r;
	y = data;
	for (unsigned i = 0; r == 0 && i < y->n_patches; i++)
		r = add_entry(l, folder, &y->patches[i], path, err);
	yaml_free(&schema, data);
	return r;
}

/* quilt's */

/* "NAME [-p1]"; *ret_name is NULL for an empty line. */
static int quilt_line(const char *path, unsigned line, const char *s, size_t n, char **ret_name,
		      struct err *err)
{
	auto_free char *text = xstrndup(s, n);
	size_t name;
	const char *rest;

	text[strcspn(text, "#\r")] = '\0';
	s = text + strspn(text, " \t");
	name = strcspn(s, " \t");
	rest = s + name + strspn(s + name, " \t");
	if (*rest && strncmp(rest, "-p1", 3) != 0)
		return err_set(err, -EINVAL,
			       "%s:%u: '%s': patches are taken at strip 1, as they are", path, line,
			       rest);
	*ret_name = name ? xstrndup(s, name) : NULL;
	return 0;
}

static int read_quilt(struct src_list *l, const char *folder, const char *path, struct err *err)
{
	auto_str struct str text = { 0 };
	unsigned line = 1;
	int r = file_read(AT_FDCWD, path, SERIES_MAX, &text, err);

	for (const char *p = str_c(&text); r == 0 && *p; p += *p == '\n', line++) {
		auto_free char *name = NULL;
		size_t n = strcspn(p, "\n");

		r = quilt_line(path, line, p, n, &name, err);
		if (r == 0 && name)
			r = add_listed(l, folder, name, path, err);
		p += n;
	}
	return r;
}

/* Names */

static bool is_patch_name(const char *name)
{
	return *name != '.' && (str_ends(name, ".patch") || str_ends(name, ".diff")) &&
	       !str_ends(name, "0000-cover-letter.patch");
}

static int by_version(const void *a, const void *b)
{
	return str_vercmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(struct src_list *l, const char *folder, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = file_names(AT_FDCWD, folder, &names, err);

	if (r == 0 && names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_version);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (is_patch_name(names.v[i]))
			add(l, folder, names.v[i]);
	return r;
}

static int add_folder(struct src_list *l, const char *folder, struct err *err)
{
	auto_free char *yaml = path_join(folder, "series.yaml"),
		       *quilt = path_join(folder, "series");
	const size_t n = l->n;
	int r;

	if (access(yaml, F_OK) == 0)
		r = read_yaml(l, folder, yaml, err);
	else if (access(quilt, F_OK) == 0)
		r = read_quilt(l, folder, quilt, err);
	else
		r = read_names(l, folder, err);
	if (r == 0 && l->n == n) {
		err_set(err, -ENOENT, "there are no patches in '%s'", folder);
		r = err_hint(
			err, -ENOENT,
			"*.patch and *.diff are looked for, or what series.yaml or series name");
	}
	return r;
}

int src_list_add(struct src_list *l, const char *path, struct err *err)
{
	auto_free char *folder = path_dir(path);
	const char *name = path_base(path);
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(err, "cannot read the patch '%s'", path);
	if (S_ISDIR(st.st_mode))
		return add_folder(l, path, err);
	if (str_eq(name, "series.yaml"))
		return read_yaml(l, folder, path, err);
	if (str_eq(name, "series"))
		return read_quilt(l, folder, path, err);
	vec_push(l, ((struct src_listed){ .path = xstrdup(path), .name = xstrdup(name) }));
	return 0;
}
