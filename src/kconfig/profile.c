/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: read by a schema, checked for what a schema cannot say, held against the values of a configuration. */
#include "kconfig/profile.h"

#include "base/file.h"
#include "base/path.h"
#include "base/yaml.h"
#include "kconfig/confline.h"

#include <errno.h>
#include <fcntl.h>

#define MAX_TEXT  4096
#define MAX_LIST  1000
#define MAX_FILES 64

struct kc_profile_file {
	char *summary;
	char **source, **include;
	unsigned n_source, n_include;
	struct kc_requirement *requires;
	unsigned n_requires;
	/* not of the file: where it lies, which file that is, what places in it are called */
	char *path, *shown;
	struct file_id id;
};

/* clang-format off */
static const cyaml_schema_value_t text = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, MAX_TEXT) };

static const cyaml_strval_t levels[] = {
	{ "required", KC_REQUIRED },
	{ "recommended", KC_RECOMMENDED },
};

#define TEXT(type, key, member, flags) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 1, MAX_TEXT)
#define LIST(type, key, member, flags) \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member, n_##member, &text, 1, MAX_LIST)
#define R struct kc_requirement
#define F struct kc_profile_file

static const cyaml_schema_field_t requirement_fields[] = {
	TEXT(R, "symbol", symbol, CYAML_FLAG_OPTIONAL),
	LIST(R, "any", any, CYAML_FLAG_OPTIONAL),
	LIST(R, "want", want, 0),
	TEXT(R, "since", since, CYAML_FLAG_OPTIONAL),
	TEXT(R, "until", until, CYAML_FLAG_OPTIONAL),
	TEXT(R, "when", when, CYAML_FLAG_OPTIONAL),
	LIST(R, "arch", arch, CYAML_FLAG_OPTIONAL),
	LIST(R, "was", was, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_ENUM("level", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, R, level, levels, countof(levels)),
	TEXT(R, "reason", reason, 0),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t requirement = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, R, requirement_fields) };

static const cyaml_schema_field_t file_fields[] = {
	TEXT(F, "summary", summary, 0),
	LIST(F, "source", source, 0),
	LIST(F, "include", include, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_SEQUENCE_COUNT("requires", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, F, requires, n_requires, &requirement, 0, 10000),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, F, file_fields) };
#undef TEXT
#undef LIST
#undef R
#undef F
/* clang-format on */

static void file_free(struct kc_profile_file *f)
{
	free(f->path);
	free(f->shown);
	/* symbols is not the file's own */
	yaml_free(&schema, f);
}

void kc_profile_release(struct kc_profile *p)
{
	for (size_t i = 0; i < p->files.n; i++)
		file_free(p->files.v[i]);
	free(p->files.v);
	free(p->requires.v);
	free(p->name);
	*p = (struct kc_profile){ 0 };
}

static bool is_symbol(const char *name)
{
	return *name &&
	       !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_")] &&
	       !str_starts(name, "CONFIG_");
}

/* ">=", "<" and so on; *want moves behind it. NULL: it is no comparison. */
static const char *take_comparison(const char **want)
{
	static const char *const all[] = { ">=", "<=", ">", "<" };

	for (size_t i = 0; i < countof(all); i++)
		if (str_skip(want, all[i]))
			return all[i];
	return NULL;
}

static bool is_want(const char *want)
{
	const char *how;
	uint64_t number;

	/* it ends up in a line of a configuration */
	for (const char *p = want; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	how = take_comparison(&want);
	if (how)
		return str_u64(want, &number) && number < UINT64_MAX &&
		       (number || !str_eq(how, "<"));
	return !str_skip(&want, "has ") || *want;
}

static bool is_version(const char *version)
{
	return !version || (*version >= '0' && *version <= '9');
}

static int bad(const struct kc_requirement *r, struct err *err, const char *what,
	       const char *subject)
{
	return err_set(err, -EINVAL, "%s:%d: %s '%s'", r->pos.file, r->pos.line, what, subject);
}

static int check_names(const struct kc_requirement *r, struct err *err)
{
	for (unsigned i = 0; i < r->n_symbols; i++)
		if (!is_symbol(r->symbols[i]))
			return bad(r, err,
				   "not the name of a symbol (without CONFIG_):", r->symbols[i]);
	if (r->when && !is_symbol(r->when))
		return bad(r, err, "not the name of a symbol (without CONFIG_):", r->when);
	for (unsigned i = 0; i < r->n_was; i++)
		if (!is_symbol(r->was[i]))
			return bad(r, err,
				   "not the name of a symbol (without CONFIG_):", r->was[i]);
	return 0;
}

/* What the schema cannot say. */
static int check(struct kc_requirement *r, struct err *err)
{
	if (!r->symbol == !r->any)
		return bad(r, err, "there must be one of 'symbol' and 'any':", r->reason);
	for (unsigned i = 0; i < r->n_want; i++)
		if (!is_want(r->want[i]))
			return bad(r, err, "not something to want:", r->want[i]);
	if (!is_version(r->since) || !is_version(r->until))
		return bad(r, err, "not a version:", is_version(r->since) ? r->until : r->since);
	return check_names(r, err);
}

/* Whether a line has name as a word of its own. */
static bool names(const char *line, const char *name)
{
	static const char word[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	const size_t n = strlen(name);

	for (const char *p = strstr(line, name); p; p = strstr(p + 1, name))
		if ((p == line || !strchr(word, p[-1])) && (!p[n] || !strchr(word, p[n])))
			return true;
	return false;
}

/* A line without its comment; n: its bytes. */
static char *bare_line(const char *at, size_t n)
{
	size_t indent = 0, end;

	while (indent < n && strchr(" -", at[indent]))
		indent++;
	for (end = indent; end < n && at[end] != '#'; end++)
		;
	/* only behind a blank, or alone, does one begin */
	return xstrndup(at, end > indent && at[end - 1] != ' ' ? n : end);
}

/*
 * The line of a requirement, which libcyaml does not keep: the first from *line on that has its key, with its name there or
 * in the list below. *p and *line move behind that.
 */
static int find_line(const char **p, int *line, const struct kc_requirement *r)
{
	const char *name = r->n_symbols ? r->symbols[0] : "want";
	int n = *line, key_line = 0;

	for (const char *at = *p; *at; n++) {
		size_t len = strcspn(at, "\n");
		auto_free char *one = bare_line(at, len);
		bool key = !r->n_symbols || strstr(one, "symbol:") || strstr(one, "any:");

		at += len + (at[len] == '\n');
		if (key)
			key_line = n;
		else if (strchr(one, ':'))
			key_line = 0;
		if (key_line && names(one, name)) {
			*p = at;
			*line = n + 1;
			return key_line;
		}
	}
	return MAX(*line - 1, 1);
}

static int prepare(struct kc_profile_file *f, const char *yaml, struct err *err)
{
	int line = 1, r = 0;

	for (unsigned i = 0; i < f->n_requires && r == 0; i++) {
		struct kc_requirement *q = &f->requires[i];

		q->symbols = q->symbol ? &q->symbol : q->any;
		q->n_symbols = q->symbol ? 1 : q->n_any;
		q->pos.line = find_line(&yaml, &line, q);
		q->pos.file = f->shown;
		r = check(q, err);
	}
	return r;
}

static bool is_file(const char *name)
{
	return strchr(name, '/') || str_ends(name, ".yaml");
}

static int find_file(const char *name, const char *from, char **ret, struct err *err)
{
	auto_free char *own = xasprintf("profiles/%s.yaml", name), *dir = NULL;
	auto_strv struct strv all = { 0 };
	const char *near;
	int r;

	if (is_file(name)) {
		dir = from ? path_dir(from) : NULL;
		while (dir && str_skip(&name, "./"))
			;
		*ret = dir && *name != '/' ? path_join(dir, name) : xstrdup(name);
		return 0;
	}
	r = *name ? dir_own_file(own, ret, NULL) : -ENOENT;
	if (r == 0)
		return 0;
	err_set(err, r, "there is no profile '%s'", name);
	kc_profile_names(&all, NULL);
	near = str_nearest(name, (const char *const *)all.v, all.n);
	if (near)
		return err_hint(err, r, "did you mean '%s'? 'kiln config check' lists them all",
				near);
	return err_hint(
		err, r,
		"'kiln config check' lists those there are; a file's name has a slash in it "
		"or ends in .yaml");
}

static int read_file(struct kc_profile *p, const char *name, const char *from, struct err *err);

static int read_includes(struct kc_profile *p, const struct kc_profile_file *f, struct err *err)
{
	for (unsigned i = 0; i < f->n_include; i++) {
		int r = read_file(p, f->include[i], f->path, err);

		if (r < 0)
			return err_wrap(err, r, "%s: 'include'", f->path);
	}
	return 0;
}

static int load(struct kc_profile *p, const char *name, const char *path,
		struct kc_profile_file **ret, struct err *err)
{
	auto_str struct str yaml = { 0 };
	void *data = NULL;
	int r = yaml_read(path, &schema, &data, &yaml, err);

	if (r < 0)
		return r;
	*ret = data;
	(*ret)->path = xstrdup(path);
	/* kiln's own by its name: where it lies says nothing */
	(*ret)->shown = xstrdup(is_file(name) ? path : name);
	vec_push(&p->files, *ret);
	return prepare(*ret, str_c(&yaml), err);
}

bool kc_profile_is_from(const struct kc_profile *p, const struct stat *st)
{
	for (size_t i = 0; i < p->files.n; i++)
		if (p->files.v[i]->id.dev == st->st_dev && p->files.v[i]->id.ino == st->st_ino)
			return true;
	return false;
}

/* A file that was read already adds nothing, so profiles may include the same or each other. */
static int read_file(struct kc_profile *p, const char *name, const char *from, struct err *err)
{
	auto_free char *path = NULL;
	struct kc_profile_file *f;
	struct stat st = { 0 };
	int r = find_file(name, from, &path, err);

	if (r == 0 && stat(path, &st) == 0 && kc_profile_is_from(p, &st))
		return 0;
	if (r == 0 && p->files.n >= MAX_FILES)
		return err_set(err, -EINVAL, "more than %d profiles include each other", MAX_FILES);
	if (r == 0)
		r = load(p, name, path, &f, err);
	if (r == 0)
		f->id = file_id_of(&st);
	if (r == 0)
		r = read_includes(p, f, err);
	for (unsigned i = 0; r == 0 && i < f->n_requires; i++)
		vec_push(&p->requires, &f->requires[i]);
	return r;
}

int kc_profile_read(struct kc_profile *p, const char *name, struct err *err)
{
	int r;

	*p = (struct kc_profile){ .name = xstrdup(name) };
	r = read_file(p, name, NULL, err);
	if (r < 0)
		kc_profile_release(p);
	else
		p->summary = p->files.v[0]->summary;
	return r;
}

int kc_profile_names(struct strv *ret, struct err *err)
{
	auto_strv struct strv names = { 0 };
	auto_free char *path = NULL;
	int r = dir_own_file("profiles", &path, err);

	if (r == 0)
		r = file_names(AT_FDCWD, path, &names, err);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];

		if (*name != '.' && str_ends(name, ".yaml"))
			strv_take(ret, xstrndup(name, strlen(name) - strlen(".yaml")));
	}
	strv_sort(ret);
	return r;
}

bool kc_requirement_applies(const struct kc_requirement *r, const struct kc_part_spec *kernel,
			    const struct dotconfig *c)
{
	bool known = kernel->arch || kernel->srcarch, found = !r->n_arch || !known;

	for (unsigned i = 0; i < r->n_arch; i++)
		found |= kc_is_arch(kernel, r->arch[i]);
	if (r->when && str_eq(dotconfig_get(c, r->when), "n"))
		return false;
	return found && kc_is_version(kernel, r->since, r->until);
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, ",")) {
		p += *p == ',';
		if (!strncmp(p, word, n) && (!p[n] || p[n] == ','))
			return true;
	}
	return false;
}

static bool compares(const char *value, const char *how, const char *bound)
{
	uint64_t a, b;

	if (!str_u64(value, &a) || !str_u64(bound, &b))
		return false;
	if (*how == '>')
		return how[1] ? a >= b : a > b;
	return how[1] ? a <= b : a < b;
}

static bool is_wanted(const char *value, const char *want)
{
	auto_free char *unquoted = kc_unquoted(value);
	const char *text_of = unquoted ? unquoted : value, *how;

	if (str_eq(want, "set"))
		return !str_eq(value, "n") && *text_of;
	if (str_skip(&want, "has "))
		return has_word(text_of, want);
	how = take_comparison(&want);
	if (how)
		return compares(text_of, how, want);
	return str_eq(text_of, want);
}

const char *kc_requirement_is(const struct kc_requirement *r, const char *symbol,
			      const struct dotconfig *c)
{
	const char *value = dotconfig_get(c, symbol);

	for (unsigned i = 0; i < r->n_was && str_eq(value, "n"); i++)
		value = dotconfig_get(c, r->was[i]);
	return value;
}

bool kc_requirement_accepts(const struct kc_requirement *r, const char *value)
{
	for (unsigned i = 0; i < r->n_want; i++)
		if (is_wanted(value, r->want[i]))
			return true;
	return false;
}

bool kc_requirement_holds(const struct kc_requirement *r, const struct dotconfig *c,
			  const char **ret_symbol, const char **ret_is)
{
	for (unsigned i = 0; i < r->n_symbols; i++) {
		const char *value = kc_requirement_is(r, r->symbols[i], c);

		if (i == 0) {
			*ret_symbol = r->symbols[i];
			*ret_is = value;
		}
		if (kc_requirement_accepts(r, value)) {
			*ret_symbol = r->symbols[i];
			*ret_is = value;
			return true;
		}
	}
	return false;
}

static void add_words(struct str *out, const char *want)
{
	const char *how = take_comparison(&want);

	if (how)
		str_addf(out, "%s %s",
			 *how == '>' ? (how[1] ? "at least" : "more than")
				     : (how[1] ? "at most" : "less than"),
			 want);
	else if (str_eq(want, "set"))
		str_adds(out, "set");
	else if (str_skip(&want, "has "))
		str_addf(out, "'%s' in it", want);
	else
		str_adds(out, *want ? want : "empty");
}

char *kc_requirement_words(const struct kc_requirement *r)
{
	struct str out = { 0 };

	for (unsigned i = 0; i < r->n_want; i++) {
		str_adds(&out, i ? " or " : "");
		add_words(&out, r->want[i]);
	}
	return str_take(&out);
}

static bool is_tri(const char *want)
{
	return str_eq(want, "y") || str_eq(want, "m") || str_eq(want, "n");
}

/* A literal as it stands in .config. */
static char *literal(const char *want, bool is_text)
{
	struct str out = { 0 };
	uint64_t number;

	if (!is_text && (is_tri(want) || str_u64(want, &number) ||
			 (*want == '-' && str_u64(want + 1, &number))))
		return xstrdup(want);
	kc_add_quoted(&out, want);
	return str_take(&out);
}

/* The number that fulfils a comparison; NULL: that is none. */
static char *number_for(const char *want)
{
	const char *how = take_comparison(&want);
	uint64_t bound;

	if (!how || !str_u64(want, &bound))
		return NULL;
	if (how[1])
		return xstrdup(want);
	return xasprintf("%llu", (unsigned long long)(*how == '>' ? bound + 1 : bound - !!bound));
}

char *kc_requirement_value(const struct kc_requirement *r, const char *now)
{
	const bool is_text = *now == '"';

	for (unsigned i = 0; i < r->n_want; i++) {
		const char *want = r->want[i];
		char *number = number_for(want);

		if (number)
			return number;
		/* of a text, n says that there need be no such symbol: nothing that can be asked for */
		if (is_text && is_tri(want))
			continue;
		if (!str_eq(want, "set") && !str_starts(want, "has "))
			return literal(want, is_text);
	}
	return NULL;
}
