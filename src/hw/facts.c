/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only declarations outside of functions are read. Of those, initializers of device tables and drivers are kept with their
 * macros expanded as they are at that place, since a later #define may give names another meaning; what is between the braces
 * of anything else is passed over. Calls of macros there are expanded where that gives declarations of interest.
 *
 * A table is worked out when the whole file is known: MODULE_DEVICE_TABLE() and the driver that names it come behind it.
 */
#include "hw/facts.h"

#include "hw/devtable.h"

#include <string.h>

#define MAX_TABLE (1 << 20) /* tokens */

struct table {
	const char *name, *tag;
	struct hw_c_toks toks; /* between the braces, expanded */
	bool exported;	       /* by MODULE_DEVICE_TABLE */
	const char *driver;
	const char *file;
	uint32_t cond;
};

struct export
{
	const char *kind, *table;
	uint32_t cond, line;
};

struct driver {
	const char *bus;       /* "pci" of struct pci_driver */
	struct hw_c_toks toks; /* between the braces, as written */
	const char *file;
	uint32_t cond, line;
};

struct reader {
	struct hw_c_unit u;
	const struct hw_c_layouts *layouts;
	struct hw_facts *facts;
	struct arena arena;
	struct hw_c_toks stmt;	/* the declaration under way, outside of braces */
	struct hw_c_toks queue; /* what a macro became: read before the file goes on */
	size_t queued;
	struct {
		struct table *v;
		size_t n, cap;
	} tables;
	struct {
		struct export *v;
		size_t n, cap;
	} exports;
	struct {
		struct driver *v;
		size_t n, cap;
	} drivers;
	struct map texts; /* static const char name[] = "text" */
	int depth;	  /* of macros that became macros */
	/* an initializer: what was read since a name last changed its meaning, and before that, expanded */
	struct hw_c_toks pending, expanded;
};

/* What a line begins with that says something; the compiler's KBUILD_MODNAME and the like stay out. */
static const char *const said[] = { "MODULE_DEVICE_TABLE", "MODULE_ALIAS", "MODULE_FIRMWARE",
				    "MODULE_SOFTDEP", "MODULE_INFO" };

static bool has_said(const char *text, size_t n)
{
	static const char prefix[] = "MODULE_";
	const size_t prefix_n = sizeof(prefix) - 1;
	const char *end = text + n, *p = text;

	while ((p = memmem(p, (size_t)(end - p), prefix, prefix_n))) {
		for (size_t i = 0; i < countof(said); i++)
			if ((size_t)(end - p) > strlen(said[i]) &&
			    !memcmp(p, said[i], strlen(said[i])))
				return true;
		p += prefix_n;
	}
	return false;
}

void hw_facts_words(const struct hw_c_world *w, struct strv *ret)
{
	strv_adds(ret, "id_table", "_match_table", "platform_driver", ".c\"\n", NULL);
	for (size_t i = 0; i < w->names.slots; i++) {
		const struct hw_c_def *d = w->names.slot[i];

		if (!d || d->kind != HW_C_MACRO ||
		    memmem(d->name, d->name_n, "MODULE_", strlen("MODULE_")))
			continue;
		if (has_said(d->rest, d->rest_n))
			strv_take(ret, xstrndup(d->name, d->name_n));
	}
}

bool hw_facts_possible(const struct strv *words, const char *text, size_t n)
{
	if (has_said(text, n))
		return true;
	for (size_t i = 0; i < words->n; i++)
		if (memmem(text, n, words->v[i], strlen(words->v[i])))
			return true;
	return false;
}

static const char *name_of(struct reader *r, const struct hw_c_tok *t)
{
	return arena_strndup(&r->arena, t->s, t->n);
}

static void fact(struct reader *r, struct hw_fact f, const char *text, size_t n)
{
	if (memchr(text, '\n', n) || memchr(text, '\t', n))
		return;
	f.text = arena_strndup(&r->facts->arena, text, n);
	if (f.file)
		f.file = str_eq(f.file, r->u.path) ? NULL : arena_strdup(&r->facts->arena, f.file);
	if (f.driver)
		f.driver = arena_strdup(&r->facts->arena, f.driver);
	if (f.table)
		f.table = arena_strdup(&r->facts->arena, f.table);
	vec_push(r->facts, f);
}

static bool next(struct reader *r, struct hw_c_tok *t)
{
	if (r->queued == r->queue.n)
		return hw_c_unit_next(&r->u, t);
	*t = r->queue.v[r->queued++];
	r->u.braces += hw_c_is(t, '{') - hw_c_is(t, '}');
	return true;
}

static bool unfold(struct reader *r, const struct hw_c_tok *name, bool always);

/* Whether a macro opens or closes braces that are not its own: CH_PCI_DEVICE_ID_TABLE_DEFINE_END. */
static bool is_unbalanced(struct reader *r, const struct hw_c_tok *name)
{
	struct hw_c_def *d = hw_c_find(&r->u, name->s, name->n);
	const struct hw_c_macro *m = d ? hw_c_def_macro(d) : NULL;
	int depth = 0;

	for (size_t i = 0; m && i < m->body.n; i++)
		depth += hw_c_is(&m->body.v[i], '{') - hw_c_is(&m->body.v[i], '}');
	return depth != 0;
}

/* Behind an open bracket: what stands up to the one that closes it, without that. */
static bool in_brackets(struct reader *r, struct hw_c_toks *ret)
{
	struct hw_c_tok t;
	int depth = 0;

	while (next(r, &t)) {
		if (hw_c_is(&t, ')') && !depth--)
			return true;
		depth += hw_c_is(&t, '(');
		if (ret && ret->n < MAX_TABLE)
			vec_push(ret, t);
	}
	return false;
}

/* The same for braces. */
static void in_braces(struct reader *r, struct hw_c_toks *ret)
{
	const int outside = r->u.braces - 1;
	struct hw_c_tok t;

	while (next(r, &t) && r->u.braces > outside)
		if (t.kind == HW_C_IDENT && t.first && is_unbalanced(r, &t) && unfold(r, &t, true))
			continue;
		else if (ret->n < MAX_TABLE)
			vec_push(ret, t);
}

/* Behind the open brace of what is of no interest. Enumerators may be asked for wherever they stand. */
static void pass(struct reader *r)
{
	const int outside = r->u.braces - 1;
	struct hw_c_tok t;

	while (next(r, &t) && r->u.braces > outside)
		if (t.kind == HW_C_IDENT && t.n == 4 && hw_c_named(&t, "enum"))
			hw_c_unit_enum(&r->u);
}

/* Macros that say something */

struct argument {
	struct hw_c_span v[3];
	size_t n;
};

static void split(const struct hw_c_toks *t, size_t max, struct argument *ret)
{
	size_t begin = 0;
	int depth = 0;

	ret->n = 0;
	for (size_t i = 0; i <= t->n; i++) {
		if (i < t->n && (depth > 0 || !hw_c_is(&t->v[i], ',') || ret->n + 1 >= max)) {
			depth += hw_c_is(&t->v[i], '(') - hw_c_is(&t->v[i], ')');
			continue;
		}
		ret->v[ret->n++] = (struct hw_c_span){ t->v + begin, i - begin };
		begin = i + 1;
	}
}

static const char *span_name(struct reader *r, const struct hw_c_span *s)
{
	struct hw_c_toks all = { 0 };
	const char *name = NULL;

	hw_c_expand(&r->u, s->v, s->n, &all);
	if (all.n == 1 && all.v->kind == HW_C_IDENT)
		name = name_of(r, all.v);
	free(all.v);
	return name;
}

static void say_text(struct reader *r, const struct hw_c_tok *at, enum hw_fact_kind kind,
		     const struct hw_c_span *s)
{
	const struct hw_fact f = {
		.kind = kind, .line = at->line, .cond = at->cond, .file = hw_c_unit_where(&r->u)
	};
	auto_str struct str text = { 0 };
	struct hw_c_toks all = { 0 };

	hw_c_expand(&r->u, s->v, s->n, &all);
	if (all.n && hw_c_text(&r->u, &(struct hw_c_span){ all.v, all.n }, &text))
		fact(r, f, str_c(&text), strlen(str_c(&text)));
	free(all.v);
}

static void say_info(struct reader *r, const struct hw_c_tok *at, const struct hw_c_span *tag,
		     const struct hw_c_span *text)
{
	static const struct {
		const char *name;
		enum hw_fact_kind kind;
	} tags[] = {
		{ "alias", HW_FACT_ALIAS },
		{ "firmware", HW_FACT_FIRMWARE },
		{ "softdep", HW_FACT_SOFTDEP },
	};

	for (size_t i = 0; i < countof(tags); i++)
		if (tag->n == 1 && hw_c_named(tag->v, tags[i].name))
			say_text(r, at, tags[i].kind, text);
}

static void say_table(struct reader *r, const struct hw_c_tok *at, const struct argument *a)
{
	const char *table = a->n == 2 ? span_name(r, &a->v[1]) : NULL;

	if (table && a->v[0].n == 1)
		vec_push(&r->exports, ((struct export){ .kind = name_of(r, a->v[0].v),
							.table = table,
							.cond = at->cond,
							.line = at->line }));
}

enum word { NO_WORD, DEVICE_TABLE, ALIAS, FIRMWARE, SOFTDEP, INFO, INFO3, SILENT };

static enum word word_of(const struct hw_c_tok *t)
{
	static const struct {
		const char *name;
		enum word word;
	} all[] = {
		{ "MODULE_DEVICE_TABLE", DEVICE_TABLE },
		{ "MODULE_ALIAS", ALIAS },
		{ "MODULE_FIRMWARE", FIRMWARE },
		{ "MODULE_SOFTDEP", SOFTDEP },
		{ "MODULE_INFO", INFO },
		{ "__MODULE_INFO", INFO3 },
		{ "MODULE_LICENSE", SILENT },
		{ "MODULE_AUTHOR", SILENT },
		{ "MODULE_DESCRIPTION", SILENT },
		{ "MODULE_VERSION", SILENT },
		{ "MODULE_PARM_DESC", SILENT },
		{ "MODULE_IMPORT_NS", SILENT },
	};

	if (t->kind != HW_C_IDENT || t->n < 11 || (*t->s != 'M' && *t->s != '_'))
		return NO_WORD;
	for (size_t i = 0; i < countof(all); i++)
		if (hw_c_named(t, all[i].name))
			return all[i].word;
	return NO_WORD;
}

static void say(struct reader *r, const struct hw_c_tok *at, enum word w, const struct hw_c_toks *t)
{
	struct argument a;

	split(t, w == DEVICE_TABLE || w == INFO ? 2 : (w == INFO3 ? 3 : 1), &a);
	if (w == DEVICE_TABLE)
		say_table(r, at, &a);
	else if (w == INFO && a.n == 2)
		say_info(r, at, &a.v[0], &a.v[1]);
	else if (w == INFO3 && a.n == 3)
		say_info(r, at, &a.v[0], &a.v[2]);
	else if (w == ALIAS || w == FIRMWARE || w == SOFTDEP)
		say_text(r, at,
			 w == ALIAS ? HW_FACT_ALIAS
				    : (w == FIRMWARE ? HW_FACT_FIRMWARE : HW_FACT_SOFTDEP),
			 &a.v[0]);
}

/* Other macros that become such */

static bool tok_ends(const struct hw_c_tok *t, const char *suffix)
{
	const size_t n = strlen(suffix);

	return t->n > n && !memcmp(t->s + t->n - n, suffix, n);
}

static bool speaks(struct reader *r, struct hw_c_def *d, int depth)
{
	const struct hw_c_macro *m;
	bool yes = false;

	if (d->speaks || depth > 20)
		return d->speaks > 0;
	d->speaks = -1;
	m = hw_c_def_macro(d);
	for (size_t i = 0; m && i < m->body.n && !yes; i++) {
		const struct hw_c_tok *t = &m->body.v[i];
		const enum word w = word_of(t);
		struct hw_c_def *inner;

		if (t->kind != HW_C_IDENT)
			continue;
		if (w != NO_WORD)
			yes = w != SILENT;
		else if (i && hw_c_named(t - 1, "struct"))
			yes = tok_ends(t, "_device_id") || tok_ends(t, "_system_id") ||
			      tok_ends(t, "_driver");
		else {
			inner = hw_c_find(&r->u, t->s, t->n);
			yes = inner && inner != d && inner->kind == HW_C_MACRO &&
			      speaks(r, inner, depth + 1);
		}
	}
	d->speaks = yes ? 1 : -1;
	return yes;
}

/* At a name outside of everything: true where it was a macro, and what it became is queued. */
static bool unfold(struct reader *r, const struct hw_c_tok *name, bool always)
{
	struct hw_c_toks call = { 0 }, all = { 0 };
	struct hw_c_def *d;
	struct hw_c_tok t;

	if (r->depth > 50)
		return false;
	d = hw_c_find(&r->u, name->s, name->n);
	if (!d || !hw_c_def_macro(d) || !(always || speaks(r, d, 0)))
		return false;
	vec_push(&call, *name);
	if (d->macro->call && next(r, &t)) {
		vec_push(&call, t);
		if (hw_c_is(&t, '(') && in_brackets(r, &call))
			vec_push(&call,
				 ((struct hw_c_tok){
					 .kind = HW_C_PUNCT, .punct = ')', .s = ")", .n = 1 }));
	}
	hw_c_expand(&r->u, call.v, call.n, &all);
	for (; r->queued < r->queue.n; r->queued++)
		vec_push(&all, r->queue.v[r->queued]);
	free(r->queue.v);
	r->queue = all;
	r->queued = 0;
	r->depth++;
	free(call.v);
	return true;
}

/* Declarations */

/* "static const struct TAG NAME[...] =": false where it is none. */
static bool declared(const struct hw_c_toks *s, const struct hw_c_tok **tag,
		     const struct hw_c_tok **name, bool *array)
{
	size_t i = 0;

	while (i < s->n && !hw_c_named(&s->v[i], "struct"))
		i++;
	if (i + 2 >= s->n || s->v[i + 1].kind != HW_C_IDENT)
		return false;
	*tag = &s->v[i + 1];
	*array = false;
	*name = NULL;
	/* attributes may stand before and behind the name, but not between it and its bracket */
	for (i += 2; i < s->n && !*array; i++) {
		if (hw_c_is(&s->v[i], '['))
			*array = *name != NULL;
		else if (s->v[i].kind == HW_C_IDENT && !hw_c_named(&s->v[i], "const"))
			*name = &s->v[i];
	}
	return *name != NULL;
}

static void expand_pending(void *data)
{
	struct reader *r = data;

	hw_c_expand(&r->u, r->pending.v, r->pending.n, &r->expanded);
	r->pending.n = 0;
}

static void keep_table(struct reader *r, const char *name, const char *tag, uint32_t cond,
		       bool array)
{
	struct table table = {
		.name = name, .tag = tag, .file = hw_c_unit_where(&r->u), .cond = cond
	};

	r->pending.n = 0;
	r->u.inside = true;
	r->u.before = expand_pending;
	r->u.before_data = r;
	in_braces(r, &r->pending);
	r->u.inside = false;
	expand_pending(r);
	table.toks = r->expanded;
	r->expanded = (struct hw_c_toks){ 0 };
	if (array)
		vec_push(&r->tables, table);
	else /* one structure, not a list of them */
		free(table.toks.v);
}

/* Behind "= {" of a declaration. */
static void initializer(struct reader *r)
{
	const struct hw_c_tok *tag, *name;
	const char *tag_name, *table_name;
	const uint32_t cond = r->stmt.v->cond, line = r->stmt.v->line;
	bool array;

	if (!declared(&r->stmt, &tag, &name, &array)) {
		pass(r);
		return;
	}
	tag_name = name_of(r, tag);
	table_name = name_of(r, name);
	if (hw_c_layout_get(r->layouts, tag_name)) {
		keep_table(r, table_name, tag_name, cond, array);
	} else if (str_ends(tag_name, "_driver") && !array) {
		struct driver d = { .bus = arena_strndup(&r->arena, tag_name, strlen(tag_name) - 7),
				    .file = hw_c_unit_where(&r->u),
				    .cond = cond,
				    .line = line };

		in_braces(r, &d.toks);
		vec_push(&r->drivers, d);
	} else {
		pass(r);
	}
}

/* static const char name[] = "text"; */
static void keep_text(struct reader *r)
{
	const struct hw_c_toks *s = &r->stmt;
	const struct hw_c_tok *name = NULL;
	auto_str struct str text = { 0 };
	struct hw_c_toks all = { 0 };
	size_t i = 0;

	while (i < s->n && !hw_c_is(&s->v[i], '=')) {
		if (s->v[i].kind == HW_C_IDENT && i + 1 < s->n && hw_c_is(&s->v[i + 1], '['))
			name = &s->v[i];
		i++;
	}
	if (!name || i + 1 >= s->n)
		return;
	hw_c_expand(&r->u, s->v + i + 1, s->n - i - 1, &all);
	if (all.n && (all.v->kind == HW_C_STRING || hw_c_named(all.v, "KBUILD_MODNAME")) &&
	    hw_c_text(&r->u, &(struct hw_c_span){ all.v, all.n }, &text))
		map_set(&r->texts, name_of(r, name), arena_strdup(&r->arena, str_c(&text)));
	free(all.v);
}

static bool is_assigned(const struct hw_c_toks *s)
{
	return s->n && hw_c_is(&s->v[s->n - 1], '=');
}

static void one(struct reader *r, const struct hw_c_tok *t)
{
	const enum word w = word_of(t);
	struct hw_c_toks inner = { 0 };
	struct hw_c_tok open;

	if (w != NO_WORD) {
		if (next(r, &open) && hw_c_is(&open, '(') && in_brackets(r, &inner))
			say(r, t, w, &inner);
		r->stmt.n = 0;
	} else if (hw_c_named(t, "enum")) {
		hw_c_unit_enum(&r->u);
	} else if (t->kind == HW_C_IDENT && (t->first || r->depth) && unfold(r, t, false)) {
		;
	} else if (hw_c_is(t, '{')) {
		if (is_assigned(&r->stmt))
			initializer(r);
		else
			pass(r);
		r->stmt.n = 0;
	} else if (hw_c_is(t, ';')) {
		keep_text(r);
		r->stmt.n = 0;
	} else if (hw_c_is(t, '(')) {
		in_brackets(r, NULL);
	} else if (r->stmt.n < 1000) {
		vec_push(&r->stmt, *t);
	}
	free(inner.v);
}

/* What the file as a whole says */

static struct table *table_find(struct reader *r, const char *name)
{
	for (size_t i = 0; name && i < r->tables.n; i++)
		if (str_eq(r->tables.v[i].name, name))
			return &r->tables.v[i];
	return NULL;
}

struct emit {
	struct reader *r;
	struct hw_fact fact;
};

static void emit(void *data, const char *alias)
{
	const struct emit *e = data;

	fact(e->r, e->fact, alias, strlen(alias));
}

static void odd(struct reader *r, const struct hw_fact *like, const char *why)
{
	struct hw_fact f = *like;

	f.kind = HW_FACT_ODD;
	fact(r, f, why, strlen(why));
}

static void table_entry(struct reader *r, const struct hw_kind *k, const struct table *t,
			const struct hw_c_span *element, struct emit *e)
{
	const struct hw_c_layout *layout = hw_c_layout_get(r->layouts, t->tag);
	const uint32_t cond = e->fact.cond;
	struct hw_c_entry entry;
	struct hw_c_span inner;

	e->fact.line = element->v->line;
	e->fact.cond = hw_cond_and(&r->u.w->conds, cond, element->v->cond);
	if (!hw_c_braces(element, &inner)) {
		odd(r, &e->fact, "not an entry in braces");
	} else {
		hw_c_entry_read(&r->u, layout, &inner, &entry);
		if (hw_kind_aliases(k, &entry, emit, e) < 0)
			odd(r, &e->fact, "an entry with a value that is not known");
	}
	e->fact.cond = cond;
}

/* All entries but the last one, which ends the table. */
static void table_entries(struct reader *r, const struct hw_kind *k, const struct table *t,
			  struct emit *e)
{
	struct hw_c_span list = { t->toks.v, t->toks.n }, element, after;
	bool more = hw_c_element(&list, &element);

	e->fact.table = hw_kind_name(k);
	e->fact.file = t->file;
	e->fact.driver = t->driver;
	while (more) {
		more = hw_c_element(&list, &after);
		if (more)
			table_entry(r, k, t, &element, e);
		element = after;
	}
}

static void export_table(struct reader *r, const struct export *x)
{
	struct emit e = { .r = r,
			  .fact = { .kind = HW_FACT_ALIAS, .line = x->line, .cond = x->cond } };
	const struct hw_kind *k = hw_kind_get(x->kind);
	struct table *t = table_find(r, x->table);

	if (!k) {
		odd(r, &e.fact, "a kind of device table that is not known");
	} else if (!t || !hw_c_layout_get(r->layouts, t->tag)) {
		odd(r, &e.fact, "the device table is not in this file");
	} else {
		/* tables of one name are there in both branches of an #if */
		for (size_t i = (size_t)(t - r->tables.v); i < r->tables.n; i++) {
			if (!str_eq(r->tables.v[i].name, x->table))
				continue;
			r->tables.v[i].exported = true;
			e.fact.cond = hw_cond_and(&r->u.w->conds, x->cond, r->tables.v[i].cond);
			table_entries(r, k, &r->tables.v[i], &e);
		}
	}
}

/* The value of ".field = value" in an initializer, however deep it stands. */
static bool field_value(const struct hw_c_toks *t, const char *field, struct hw_c_span *ret)
{
	for (size_t i = 0; i + 3 < t->n; i++) {
		size_t n = 0;
		int depth = 0;

		if (!hw_c_is(&t->v[i], '.') || !hw_c_named(&t->v[i + 1], field) ||
		    !hw_c_is(&t->v[i + 2], '='))
			continue;
		i += 3;
		for (; i + n < t->n; n++) {
			const struct hw_c_tok *x = &t->v[i + n];

			if (depth <= 0 && (hw_c_is(x, ',') || hw_c_is(x, '}')))
				break;
			depth += hw_c_is(x, '(') - hw_c_is(x, ')');
		}
		*ret = (struct hw_c_span){ t->v + i, n };
		return n > 0;
	}
	return false;
}

static const char *driver_name(struct reader *r, const struct driver *d)
{
	auto_str struct str text = { 0 };
	struct hw_c_toks all = { 0 };
	const char *name = NULL;
	struct hw_c_span s;

	if (!field_value(&d->toks, "name", &s))
		return NULL;
	hw_c_expand(&r->u, s.v, s.n, &all);
	s = (struct hw_c_span){ all.v, all.n };
	while (s.n > 1 && hw_c_is(s.v, '(')) { /* (char *)name */
		while (s.n && !hw_c_is(s.v, ')')) {
			s.v++;
			s.n--;
		}
		s.v++;
		s.n--;
	}
	if (s.n == 1 && s.v->kind == HW_C_IDENT && !hw_c_named(s.v, "KBUILD_MODNAME"))
		name = map_get(&r->texts, name_of(r, s.v));
	else if (s.n && hw_c_text(&r->u, &s, &text))
		name = arena_strdup(&r->arena, str_c(&text));
	free(all.v);
	return name;
}

/* The table that a field of the driver names: of_match_ptr(table), ACPI_PTR(table), &table[0]. */
static struct table *driver_table(struct reader *r, const struct driver *d, const char *field)
{
	struct hw_c_span s;

	if (!field_value(&d->toks, field, &s))
		return NULL;
	for (size_t i = s.n; i-- > 0;)
		if (s.v[i].kind == HW_C_IDENT)
			return table_find(r, name_of(r, &s.v[i]));
	return NULL;
}

static void driver_tables(struct reader *r, struct driver *d)
{
	static const char *const fields[] = { "id_table", "of_match_table", "acpi_match_table",
					      "ids" };
	const char *name = driver_name(r, d);
	const struct hw_fact f = {
		.line = d->line, .cond = d->cond, .file = d->file, .table = d->bus
	};
	bool any = false;

	for (size_t i = 0; i < countof(fields); i++) {
		struct table *t = driver_table(r, d, fields[i]);

		any |= t != NULL;
		if (t && name && !t->driver)
			t->driver = name;
	}
	if (!name)
		return;
	fact(r,
	     (struct hw_fact){ .kind = HW_FACT_DRIVER,
			       .table = d->bus,
			       .line = d->line,
			       .cond = d->cond,
			       .file = d->file },
	     name, strlen(name));
	if (!any && str_eq(d->bus, "platform") && *name) {
		struct emit e = { .r = r, .fact = f };
		auto_free char *alias = xasprintf("platform:%s", name);

		e.fact.kind = HW_FACT_BINDS;
		e.fact.driver = name;
		emit(&e, alias);
	}
}

static void say_all(struct reader *r)
{
	for (size_t i = 0; i < r->drivers.n; i++)
		driver_tables(r, &r->drivers.v[i]);
	for (size_t i = 0; i < r->exports.n; i++)
		export_table(r, &r->exports.v[i]);
	for (size_t i = 0; i < r->tables.n; i++) {
		const struct table *t = &r->tables.v[i];
		const struct hw_kind *k = hw_kind_of_tag(t->tag);
		struct emit e = { .r = r, .fact = { .kind = HW_FACT_BINDS, .cond = t->cond } };

		if (!t->exported && t->driver && k)
			table_entries(r, k, t, &e);
	}
}

static void reader_release(struct reader *r)
{
	for (size_t i = 0; i < r->tables.n; i++)
		free(r->tables.v[i].toks.v);
	for (size_t i = 0; i < r->drivers.n; i++)
		free(r->drivers.v[i].toks.v);
	free(r->tables.v);
	free(r->drivers.v);
	free(r->exports.v);
	free(r->stmt.v);
	free(r->queue.v);
	free(r->pending.v);
	free(r->expanded.v);
	map_release(&r->texts, NULL);
	hw_c_unit_release(&r->u);
	arena_release(&r->arena);
}

void hw_facts_read(struct hw_c_world *w, const struct hw_c_layouts *l, const char *path,
		   const char *text, size_t n, struct hw_facts *ret)
{
	struct reader r = { .layouts = l, .facts = ret };
	struct hw_c_tok t;

	hw_c_unit_init(&r.u, w, path, text, n);
	while (next(&r, &t)) {
		if (r.queued >= r.queue.n)
			r.depth = 0;
		one(&r, &t);
	}
	say_all(&r);
	reader_release(&r);
}

void hw_facts_release(struct hw_facts *f)
{
	free(f->v);
	arena_release(&f->arena);
	*f = (struct hw_facts){ 0 };
}
