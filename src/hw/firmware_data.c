/* SPDX-License-Identifier: GPL-2.0-or-later */
/* data/firmware: also.yaml, what drivers ask for by way of other modules, and packages.yaml. */
#include "hw/firmware_data.h"

#include "base/path.h"
#include "base/yaml.h"

#include <ctype.h>
#include <fnmatch.h>

#define MAX_TEXT 4096
#define MAX_LIST 1000

struct package {
	char **files;
	unsigned n_files;
	char *debian, *fedora, *arch, *alpine;
};

struct packages {
	struct package *v;
	unsigned n;
};

struct hw_fw_data {
	struct hw_fw_also_list *also;
	struct packages *packages;
};

/* clang-format off */
static const cyaml_schema_value_t text = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, MAX_TEXT) };

static const cyaml_schema_field_t also_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("driver", CYAML_FLAG_POINTER, struct hw_fw_also, driver, n_driver, &text, 1, MAX_LIST),
	CYAML_FIELD_SEQUENCE_COUNT("modules", CYAML_FLAG_POINTER, struct hw_fw_also, module, n_module, &text, 1, MAX_LIST),
	CYAML_FIELD_STRING_PTR("reason", CYAML_FLAG_POINTER, struct hw_fw_also, reason, 1, MAX_TEXT),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t also = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct hw_fw_also, also_fields) };
static const cyaml_schema_field_t also_file[] = {
	CYAML_FIELD_SEQUENCE_COUNT("also", CYAML_FLAG_POINTER, struct hw_fw_also_list, v, n, &also, 0, MAX_LIST),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t also_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct hw_fw_also_list, also_file) };

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
static const cyaml_schema_field_t package_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("files", CYAML_FLAG_POINTER, struct package, files, n_files, &text, 1, MAX_LIST),
	CYAML_FIELD_STRING_PTR("debian", OPTIONAL, struct package, debian, 1, MAX_TEXT),
	CYAML_FIELD_STRING_PTR("fedora", OPTIONAL, struct package, fedora, 1, MAX_TEXT),
	CYAML_FIELD_STRING_PTR("arch", OPTIONAL, struct package, arch, 1, MAX_TEXT),
	CYAML_FIELD_STRING_PTR("alpine", OPTIONAL, struct package, alpine, 1, MAX_TEXT),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t package = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct package, package_fields) };
static const cyaml_schema_field_t packages_file[] = {
	CYAML_FIELD_SEQUENCE_COUNT("packages", CYAML_FLAG_POINTER, struct packages, v, n, &package, 0, MAX_LIST),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t packages_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct packages, packages_file) };
/* clang-format on */

static int read_one(const char *name, const cyaml_schema_value_t *schema, void *ret,
		    struct err *err)
{
	auto_free char *path = NULL;
	auto_str struct str content = { 0 };
	int r = dir_own_file(name, &path, err);

	return r < 0 ? r : yaml_read(path, schema, ret, &content, err);
}

int hw_fw_data_read(struct hw_fw_data **ret, struct err *err)
{
	struct hw_fw_data *d = xnew(struct hw_fw_data);
	void *a = NULL, *p = NULL;
	int r = read_one("firmware/also.yaml", &also_schema, &a, err);

	if (r == 0)
		r = read_one("firmware/packages.yaml", &packages_schema, &p, err);
	d->also = a;
	d->packages = p;
	if (r == 0)
		*ret = d;
	else
		hw_fw_data_free(d);
	return r;
}

void hw_fw_data_free(struct hw_fw_data *d)
{
	if (!d)
		return;
	yaml_free(&also_schema, d->also);
	yaml_free(&packages_schema, d->packages);
	free(d);
}

const struct hw_fw_also_list *hw_fw_data_also(const struct hw_fw_data *d)
{
	return d->also;
}

static const char *name_for(const struct package *p, const char *distro)
{
	const struct {
		const char *distro, *name;
	} names[] = { { "debian", p->debian },
		      { "fedora", p->fedora },
		      { "arch", p->arch },
		      { "alpine", p->alpine } };

	for (size_t i = 0; i < countof(names); i++)
		if (str_eq(names[i].distro, distro))
			return names[i].name;
	return NULL;
}

/* '@' stands for the file's first folder, in small letters: Alpine has a package for each. */
static char *with_folder(const char *name, const char *file)
{
	const char *at = strchr(name, '@');
	auto_free char *folder = xstrndup(file, strcspn(file, "/"));

	for (char *p = folder; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return at ? xasprintf("%.*s%s%s", (int)(at - name), name, folder, at + 1) : xstrdup(name);
}

char *hw_fw_package(const struct hw_fw_data *d, const char *distro, const char *file)
{
	for (unsigned i = 0; i < d->packages->n; i++) {
		const struct package *p = &d->packages->v[i];
		const char *name = name_for(p, distro);

		for (unsigned k = 0; name && k < p->n_files; k++)
			if (fnmatch(p->files[k], file, 0) == 0)
				return with_folder(name, file);
	}
	return NULL;
}
