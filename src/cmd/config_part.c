/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts by name: a file, or kiln:NAME for data/parts/NAME.config, where NAME may be FOLDER/NAME and never leads elsewhere. */
#include "base/file.h"
#include "base/path.h"
#include "cmd/config_tree.h"

#include <errno.h>
#include <fcntl.h>

/* No empty name, none that begins with a dot: ".." would lead out of the folder. */
static bool is_part_name(const char *name)
{
	for (;;) {
		size_t n = strcspn(name, "/");

		if (!n || *name == '.')
			return false;
		if (!name[n])
			return true;
		name += n + 1;
	}
}

static void list_parts(const char *dir, const char *prefix, struct strv *to)
{
	static const char suffix[] = ".config";
	auto_strv struct strv names = { 0 };

	file_names(AT_FDCWD, dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *path = path_join(dir, names.v[i]);
		auto_free char *name = xasprintf("%s%s", prefix, names.v[i]);
		auto_free char *below = xasprintf("%s/", name);

		if (*names.v[i] == '.')
			continue;
		if (!str_ends(name, suffix)) {
			list_parts(path, below, to);
			continue;
		}
		name[strlen(name) - strlen(suffix)] = '\0';
		strv_take(to, take_ptr(name));
	}
}

void config_part_names(struct strv *to)
{
	auto_free char *dir = NULL;

	if (dir_own_file("parts", &dir, NULL) == 0)
		list_parts(dir, "", to);
	strv_sort(to);
}

static int no_part(const char *name, struct err *err)
{
	auto_strv struct strv names = { 0 };
	auto_str struct str list = { 0 };
	const char *near;

	err_set(err, -ENOENT, "there is no built-in part 'kiln:%s'", name);
	config_part_names(&names);
	if (!names.n)
		return err_hint(err, -ENOENT, "this kiln came without its folder of parts");
	near = str_nearest(name, (const char *const *)names.v, names.n);
	if (near)
		return err_hint(err, -ENOENT,
				"did you mean 'kiln:%s'? 'kiln help config resolve' lists all",
				near);
	for (size_t i = 0; i < names.n; i++)
		str_addf(&list, "%skiln:%s", i ? " " : "", names.v[i]);
	return err_hint(err, -ENOENT, "there are %s", str_c(&list));
}

int config_part(const struct config_tree *t, const char *name, struct kc_wishes *wishes,
		struct err *err)
{
	const struct kc_part_spec spec = { t->version, t->arch, t->srcarch };
	auto_free char *own = NULL, *path = NULL;

	if (str_starts(name, "CONFIG_") && strchr(name, '='))
		return config_wish_arg(t, name, wishes, err);
	if (!str_skip(&name, "kiln:"))
		return kc_part_read(wishes, &spec, name, err);
	own = xasprintf("parts/%s.config", name);
	if (!is_part_name(name) || dir_own_file(own, &path, NULL) < 0)
		return no_part(name, err);
	return kc_part_read(wishes, &spec, path, err);
}
