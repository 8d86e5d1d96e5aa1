/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recipe names lies below the tree: absolute paths and ".." are refused when it is read. */
#include "module/recipe.h"

#include "base/file.h"
#include "base/path.h"
#include "base/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>

#define MAX_TEXT 1000
#define MAX_LIST 200

struct mod_recipe_file {
	char *summary;
	char **source, **match, **tools, **config;
	unsigned n_source, n_match, n_tools, n_config;
	struct mod_recipe_step *steps;
	unsigned n_steps;
	enum mod_recipe_modules modules;
};

/* clang-format off */
static const cyaml_schema_value_t text = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, MAX_TEXT) };

static const cyaml_strval_t places[] = {
	{ "destdir", MOD_IN_DESTDIR },
	{ "tree", MOD_IN_TREE },
};

#define LIST(type, key, member, flags) \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member, n_##member, &text, 1, MAX_LIST)
#define F struct mod_recipe_file
#define S struct mod_recipe_step

static const cyaml_schema_field_t step_fields[] = {
	CYAML_FIELD_STRING_PTR("in", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, S, in, 1, MAX_TEXT),
	LIST(S, "run", run, 0),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t step = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, S, step_fields) };

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_STRING_PTR("summary", CYAML_FLAG_POINTER, F, summary, 1, MAX_TEXT),
	LIST(F, "source", source, CYAML_FLAG_OPTIONAL),
	LIST(F, "match", match, 0),
	LIST(F, "tools", tools, CYAML_FLAG_OPTIONAL),
	LIST(F, "config", config, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_SEQUENCE_COUNT("steps", CYAML_FLAG_POINTER, F, steps, n_steps, &step, 1, MAX_LIST),
	CYAML_FIELD_ENUM("modules", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, F, modules, places, countof(places)),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, F, file_fields) };
#undef LIST
#undef F
#undef S
/* clang-format on */

void mod_recipe_release(struct mod_recipe *r)
{
	free(r->name);
	yaml_free(&schema, r->file);
	*r = (struct mod_recipe){ 0 };
}

static bool is_below(const char *path)
{
	if (*path == '/')
		return false;
	for (const char *p = path; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return false;
		p += n;
	}
	return true;
}

static int check(const struct mod_recipe_file *f, const char *path, struct err *err)
{
	const char *bad = NULL;

	for (unsigned i = 0; i < f->n_match; i++)
		bad = is_below(f->match[i]) ? bad : f->match[i];
	for (unsigned i = 0; i < f->n_steps; i++)
		if (f->steps[i].in && !is_below(f->steps[i].in))
			bad = f->steps[i].in;
	return bad ? err_set(err, -EINVAL, "%s: '%s' is not a path below the tree", path, bad) : 0;
}

static int read_file(struct mod_recipe *r, const char *name, const char *path, struct err *err)
{
	auto_str struct str yaml = { 0 };
	struct mod_recipe_file *f;
	void *data = NULL;
	int ret = yaml_read(path, &schema, &data, &yaml, err);

	if (ret < 0)
		return ret;
	f = data;
	*r = (struct mod_recipe){ .name = xstrdup(name),
				  .file = f,
				  .summary = f->summary,
				  .match = f->match,
				  .tools = f->tools,
				  .n_match = f->n_match,
				  .n_tools = f->n_tools,
				  .config = f->config,
				  .n_config = f->n_config,
				  .steps = f->steps,
				  .n_steps = f->n_steps,
				  .modules = f->modules };
	ret = check(f, path, err);
	if (ret < 0)
		mod_recipe_release(r);
	return ret;
}

/* The names of kiln's own, in order; *ret_dir is where they lie. */
static int own_names(char **ret_dir, struct strv *ret, struct err *err)
{
	auto_strv struct strv all = { 0 };
	int r = dir_own_file("modules", ret_dir, err);

	if (r == 0)
		r = file_names(AT_FDCWD, *ret_dir, &all, err);
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (str_ends(all.v[i], ".yaml"))
			strv_take(ret, xstrndup(all.v[i], strlen(all.v[i]) - strlen(".yaml")));
	return r;
}

static int unknown(const char *name, const struct strv *names, struct err *err)
{
	auto_str struct str all = { 0 };

	for (size_t i = 0; i < names->n; i++)
		str_addf(&all, "%s%s", i ? ", " : "", names->v[i]);
	err_set(err, -ENOENT, "there is no recipe '%s'", name);
	return err_hint(err, -ENOENT,
			"there are: %s; a file's name has a slash in it or ends in .yaml",
			str_c(&all));
}

int mod_recipe_read(struct mod_recipe *r, const char *name, struct err *err)
{
	auto_free char *dir = NULL, *path = NULL;
	auto_strv struct strv names = { 0 };
	int ret;

	if (strchr(name, '/') || str_ends(name, ".yaml"))
		return read_file(r, path_base(name), name, err);
	ret = own_names(&dir, &names, err);
	if (ret < 0)
		return ret;
	if (!strv_has(&names, name))
		return unknown(name, &names, err);
	path = xasprintf("%s/%s.yaml", dir, name);
	return read_file(r, name, path, err);
}

static bool has_match(const char *tree, const char *pattern)
{
	auto_str struct str all = { 0 };
	glob_t found = { 0 };
	bool ret;

	/* the tree's own path is no pattern */
	for (const char *p = tree; *p; p++) {
		if (strchr("*?[\\", *p))
			str_addc(&all, '\\');
		str_addc(&all, *p);
	}
	str_addf(&all, "/%s", pattern);
	ret = glob(str_c(&all), GLOB_NOSORT, NULL, &found) == 0;
	globfree(&found);
	return ret;
}

bool mod_recipe_matches(const struct mod_recipe *r, const char *tree)
{
	for (unsigned i = 0; i < r->n_match; i++)
		if (!has_match(tree, r->match[i]))
			return false;
	return true;
}

int mod_recipe_find(const char *tree, struct mod_recipe *ret, struct err *err)
{
	auto_free char *dir = NULL;
	auto_strv struct strv names = { 0 };
	int r = own_names(&dir, &names, err);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		auto_free char *path = xasprintf("%s/%s.yaml", dir, names.v[i]);
		struct mod_recipe one;

		r = read_file(&one, names.v[i], path, err);
		if (r < 0)
			break;
		if (mod_recipe_matches(&one, tree)) {
			*ret = one;
			return 1;
		}
		mod_recipe_release(&one);
	}
	return r;
}

/* The value of the variable whose name is the n bytes at name; NULL if there is none. */
static char *value_of(const struct mod_recipe_vars *v, const char *name, size_t n)
{
	auto_free char *word = xstrndup(name, n);
	const struct {
		const char *name, *value;
	} all[] = { { "TREE", v->tree },
		    { "SDK", v->sdk },
		    { "RELEASE", v->release },
		    { "ARCH", v->arch },
		    { "DESTDIR", v->destdir } };

	for (size_t i = 0; i < countof(all); i++)
		if (str_eq(all[i].name, word))
			return xstrdup(all[i].value);
	return str_eq(word, "JOBS") ? xasprintf("%u", v->jobs) : NULL;
}

static int add_word(const struct mod_recipe *r, const char *word, const struct mod_recipe_vars *v,
		    struct strv *ret, struct err *err)
{
	auto_str struct str b = { 0 };

	if (str_eq(word, "${MAKEARGS}")) {
		strv_extend(ret, v->make->v);
		return 0;
	}
	for (const char *p = word; *p;) {
		const char *end = str_starts(p, "${") ? strchr(p, '}') : NULL;
		auto_free char *value = NULL;

		if (!end) {
			str_addc(&b, *p++);
			continue;
		}
		value = value_of(v, p + 2, (size_t)(end - p - 2));
		if (!value)
			return err_set(err, -EINVAL, "recipe '%s' has an unknown variable in '%s'",
				       r->name, word);
		str_adds(&b, value);
		p = end + 1;
	}
	strv_take(ret, str_take(&b));
	return 0;
}

int mod_recipe_words(const struct mod_recipe *r, const struct mod_recipe_step *s,
		     const struct mod_recipe_vars *vars, struct strv *ret, struct err *err)
{
	int e = 0;

	for (unsigned i = 0; i < s->n_run && e == 0; i++)
		e = add_word(r, s->run[i], vars, ret, err);
	return e;
}
