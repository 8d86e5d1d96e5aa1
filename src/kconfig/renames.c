/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcyaml makes the entries by the schema below; what it allocates it frees, and the maps point into it. */
#include "kconfig/renames.h"

#include "base/yaml.h"

#include <errno.h>

#define MAX_ENTRIES 20000
#define MAX_INTO    16
#define MAX_STEPS   64

static const cyaml_strval_t kinds[] = {
	{ "renamed", KC_RENAMED },
	{ "merged", KC_MERGED },
	{ "split", KC_SPLIT },
	{ "removed", KC_REMOVED },
};

/* clang-format off */
static const cyaml_schema_value_t word = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 100) };

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_STRING_PTR("symbol", CYAML_FLAG_POINTER, struct kc_rename, symbol, 1, 100),
	CYAML_FIELD_ENUM("kind", CYAML_FLAG_DEFAULT, struct kc_rename, kind, kinds, countof(kinds)),
	{ .key = "into", .value = { CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char *, &word, 1, MAX_INTO) },
	  .data_offset = offsetof(struct kc_rename, into), .count_offset = offsetof(struct kc_rename, n_into), .count_size = sizeof(unsigned) },
	CYAML_FIELD_STRING_PTR("since", CYAML_FLAG_POINTER, struct kc_rename, since, 1, 20),
	CYAML_FIELD_STRING_PTR("first", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct kc_rename, first, 1, 20),
	CYAML_FIELD_STRING_PTR("last", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct kc_rename, last, 1, 20),
	{ .key = "arch", .value = { CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char *, &word, 1, MAX_INTO) },
	  .data_offset = offsetof(struct kc_rename, arch), .count_offset = offsetof(struct kc_rename, n_arch), .count_size = sizeof(unsigned) },
	CYAML_FIELD_STRING_PTR("note", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct kc_rename, note, 1, 1000),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t entry = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct kc_rename, fields) };

static const cyaml_schema_field_t table_fields[] = {
	{ .key = "renames", .value = { CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER, struct kc_rename, &entry, 0, MAX_ENTRIES) },
	  .data_offset = offsetof(struct kc_rename_table, v), .count_offset = offsetof(struct kc_rename_table, n), .count_size = sizeof(unsigned) },
	CYAML_FIELD_END
};
static const cyaml_schema_value_t table = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct kc_rename_table, table_fields) };
/* clang-format on */

const char *kc_rename_kind_name(enum kc_rename_kind kind)
{
	return kinds[kind].str;
}

/* The entries about one name, in the order of the table. */
struct places {
	unsigned index;
	struct places *next;
};

static void add_place(struct kc_renames *r, struct map *map, const char *name, unsigned index)
{
	struct places *p = arena_alloc(&r->mem, sizeof(*p)), *last = map_get(map, name);

	p->index = index;
	while (last && last->next)
		last = last->next;
	if (last)
		last->next = p;
	else
		map_set(map, name, p);
}

/* The line of the first entry about a symbol. */
static int line_of(const char *text, const char *symbol)
{
	auto_free char *words = xasprintf("symbol: %s", symbol);
	const size_t n = strlen(words);
	const char *at = strstr(text, words);
	int line = 1;

	while (at && at[n] && !strchr(" \t\r\n,}#", at[n]))
		at = strstr(at + n, words);
	for (const char *p = text; at && p < at; p++)
		line += *p == '\n';
	return line;
}

/* What the schema cannot say. */
static int check_entry(const struct kc_rename *e, const char *path, const char *text,
		       struct err *err)
{
	if ((e->kind == KC_REMOVED) != (e->n_into == 0))
		return err_set(err, -EINVAL, "%s:%d: %s is %s and has %s", path,
			       line_of(text, e->symbol), e->symbol, kc_rename_kind_name(e->kind),
			       e->n_into ? "names behind 'into'" : "no name behind 'into'");
	if (e->last && str_vercmp(e->last, e->since) >= 0)
		return err_set(err, -EINVAL, "%s:%d: %s: 'last' %s is not before 'since' %s", path,
			       line_of(text, e->symbol), e->symbol, e->last, e->since);
	return 0;
}

static int index_all(struct kc_renames *r, const char *path, const char *text, struct err *err)
{
	for (unsigned i = 0; i < r->table->n; i++) {
		const struct kc_rename *e = &r->table->v[i];
		int ret = check_entry(e, path, text, err);

		if (ret < 0)
			return ret;
		add_place(r, &r->by_old, e->symbol, i);
		for (unsigned k = 0; k < e->n_into; k++)
			add_place(r, &r->by_new, e->into[k], i);
	}
	return 0;
}

int kc_renames_load(struct kc_renames *r, const char *path, struct err *err)
{
	auto_str struct str text = { 0 };
	void *data = NULL;
	int ret;

	*r = (struct kc_renames){ 0 };
	ret = yaml_read(path, &table, &data, &text, err);
	if (ret < 0)
		return ret;
	r->table = data;
	ret = index_all(r, path, str_c(&text), err);
	if (ret < 0)
		kc_renames_release(r);
	return ret;
}

void kc_renames_release(struct kc_renames *r)
{
	yaml_free(&table, r->table);
	map_release(&r->by_old, NULL);
	map_release(&r->by_new, NULL);
	arena_release(&r->mem);
	*r = (struct kc_renames){ 0 };
}

struct search {
	const struct kc_renames *r;
	const struct kc_tree *t;
	const char *version, *srcarch;
	struct kc_renamed *ret;
	struct strv seen; /* names that have been followed: tables may go in circles */
};

struct kc_sym *kc_sym_defined(const struct kc_tree *t, const char *name)
{
	struct kc_sym *s = kc_sym_find(t, name);

	return s && s->defs && !kc_is_choice(s) ? s : NULL;
}

static bool concerns(const struct search *x, const struct kc_rename *e)
{
	if (!e->n_arch || !x->srcarch)
		return true;
	for (unsigned i = 0; i < e->n_arch; i++)
		if (str_eq(e->arch[i], x->srcarch))
			return true;
	return false;
}

/* Whether the tree is one of those that the entry is about. What lies between its versions may be either. */
static bool is_behind(const struct search *x, const struct kc_rename *e)
{
	return !x->version || str_vercmp(e->last ? e->last : e->since, x->version) <= 0;
}

static bool is_before(const struct search *x, const struct kc_rename *e)
{
	return !x->version || str_vercmp(x->version, e->since) < 0;
}

static void reach(struct search *x, const char *name)
{
	if (kc_sym_defined(x->t, name) && !strv_has(&x->ret->names, name))
		strv_add(&x->ret->names, name);
}

static void go_on(struct search *x, const char *name)
{
	if (strv_has(&x->seen, name))
		return;
	strv_add(&x->seen, name);
	for (const struct places *p = map_get(&x->r->by_old, name); p; p = p->next) {
		const struct kc_rename *e = &x->r->table->v[p->index];

		if (!concerns(x, e) || !is_behind(x, e))
			continue;
		if (!x->ret->entry)
			x->ret->entry = e;
		for (unsigned i = 0; i < e->n_into; i++) {
			reach(x, e->into[i]);
			if (!kc_sym_defined(x->t, e->into[i]) && x->seen.n < MAX_STEPS)
				go_on(x, e->into[i]);
		}
	}
}

static void go_back(struct search *x, const char *name)
{
	if (strv_has(&x->seen, name))
		return;
	strv_add(&x->seen, name);
	for (const struct places *p = map_get(&x->r->by_new, name); p; p = p->next) {
		const struct kc_rename *e = &x->r->table->v[p->index];
		size_t before = x->ret->names.n;

		if (!concerns(x, e) || !is_before(x, e))
			continue;
		reach(x, e->symbol);
		if (x->ret->names.n == before && x->seen.n < MAX_STEPS)
			go_back(x, e->symbol);
		if (!x->ret->entry && x->ret->names.n > before)
			x->ret->entry = e;
	}
}

void kc_renames_find(const struct kc_renames *r, const struct kc_tree *t, const char *version,
		     const char *srcarch, const char *name, struct kc_renamed *ret)
{
	struct search x = { r, t, version, srcarch, ret, { 0 } };

	*ret = (struct kc_renamed){ 0 };
	go_on(&x, name);
	strv_release(&x.seen);
	if (ret->entry)
		return;
	go_back(&x, name);
	strv_release(&x.seen);
	ret->back = ret->entry;
}

void kc_renamed_release(struct kc_renamed *r)
{
	strv_release(&r->names);
}

static void add_list(struct str *out, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%s%s", !i ? "" : i + 1 < n ? ", " : " and ", names[i]);
}

static void add_when(struct str *out, const struct kc_rename *e)
{
	if (e->last)
		str_addf(out, " between %s and %s", e->last, e->since);
	else
		str_addf(out, " in %s", e->since);
}

/* Whether further steps led to other names than the first. */
static bool went_on(const struct kc_renamed *r)
{
	for (unsigned i = 0; i < r->entry->n_into; i++)
		if (strv_has(&r->names, r->entry->into[i]))
			return false;
	return !r->back && r->names.n;
}

char *kc_renamed_words(const struct kc_renamed *r)
{
	static const char *const verbs[] = {
		[KC_RENAMED] = "renamed to ",
		[KC_MERGED] = "merged into ",
		[KC_SPLIT] = "split into ",
		[KC_REMOVED] = "removed",
	};
	const struct kc_rename *e = r->entry;
	struct str out = { 0 };

	if (r->back) {
		str_adds(&out, "newer than this tree, which has ");
		add_list(&out, r->names.v, r->names.n);
		str_addf(&out, ": %s was ", e->symbol);
	}
	str_adds(&out, verbs[e->kind]);
	add_list(&out, e->into, e->n_into);
	add_when(&out, e);
	if (went_on(r)) {
		str_adds(&out, ", now ");
		add_list(&out, r->names.v, r->names.n);
	}
	if (e->note && !r->back)
		str_addf(&out, ": %s", e->note);
	return str_take(&out);
}

void kc_explain_renamed(struct kc_explanation *e, const struct kc_wish *w,
			const struct kc_renamed *r)
{
	if (!r->entry)
		return;
	strv_take(&e->lines, kc_renamed_words(r));
	strv_release(&e->near);
	for (size_t i = 0; i < r->names.n; i++)
		strv_addf(&e->lines,
			  str_eq(w->value, "n") ? "write # CONFIG_%s is not set"
						: "write CONFIG_%s=%s",
			  r->names.v[i], w->value);
}
