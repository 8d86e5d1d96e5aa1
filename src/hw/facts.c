/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only declarations outside of functions are read. Of those, initializers of device tables and drivers are kept with their
 * macros expanded as they are at that place, since a later #define may give names another meaning; what is between the braces
 * of anything else is passed over. Calls of macros there are expanded where that gives declarations of interest.
 *
 * A table is worked out when the whole file is known: MODULE_DEVICE_TABLE() and the driver that names it come behind it.
 */
#include "hw/facts_parts.h"

#include <string.h>

#define MAX_TABLE (1 << 20) /* tokens */
#define MAX_FACTS 100000    /* of one source; amdgpu's and the largest of USB have some thousands */

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
	strv_adds(ret, "id_table", "_match_table", "platform_driver",
		  "static struct device_driver ", ".c\"\n", NULL);
	for (size_t i = 0; i < w->names.slots; i++) {
		const struct hw_c_def *d = w->names.slot[i];

		if (!d || d->kind != HW_C_MACRO ||
		    memmem(d->name, d->name_n, "MODULE_", strlen("MODULE_")))
			continue;
		if (!has_said(d->rest, d->rest_n))
			continue;
		w->headers.v[d->header]->used = true;
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

const char *hw_reader_name(struct hw_reader *r, const struct hw_c_tok *t)
{
	return arena_strndup(&r->arena, t->s, t->n);
}

/* HW_C_MODNAME is the one control character that may be in a name. */
static bool is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)s[i] < ' ' && s[i] != *HW_C_MODNAME)
			return false;
	return true;
}

bool hw_reader_is_full(const struct hw_reader *r)
{
	return r->facts->n - r->before >= MAX_FACTS;
}

void hw_reader_fact(struct hw_reader *r, struct hw_fact f, const char *text, size_t n)
{
	if (!is_plain(text, n))
		return;
	if (f.driver && !is_plain(f.driver, strlen(f.driver)))
		f.driver = NULL;
	if (f.file && !is_plain(f.file, strlen(f.file)))
		f.file = NULL;
	if (hw_reader_is_full(r))
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

static bool next(struct hw_reader *r, struct hw_c_tok *t)
{
	if (r->queued == r->queue.n)
		return hw_c_unit_next(&r->u, t);
	*t = r->queue.v[r->queued++];
	r->u.braces += hw_c_is(t, '{') - hw_c_is(t, '}');
	return true;
}

static bool unfold(struct hw_reader *r, const struct hw_c_tok *name, bool always);

/* Whether a macro opens or closes braces that are not its own: CH_PCI_DEVICE_ID_TABLE_DEFINE_END. */
static bool is_unbalanced(struct hw_reader *r, const struct hw_c_tok *name)
{
	struct hw_c_def *d = hw_c_find(&r->u, name->s, name->n);
	const struct hw_c_macro *m = d ? hw_c_def_macro(d) : NULL;

	return m && m->braces;
}

/* Behind an open bracket: what stands up to the one that closes it, without that. */
static bool in_brackets(struct hw_reader *r, struct hw_c_toks *ret)
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
static void in_braces(struct hw_reader *r, struct hw_c_toks *ret)
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
static void pass(struct hw_reader *r)
{
	const int outside = r->u.braces - 1;
	struct hw_c_tok t;

	while (next(r, &t) && r->u.braces > outside)
		if (t.kind == HW_C_IDENT && t.n == 4 && hw_c_named(&t, "enum") &&
		    r->queued == r->queue.n)
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
		ret->v[ret->n++] = (struct hw_c_span){ hw_c_behind(t->v, begin), i - begin };
		begin = i + 1;
	}
}

static const char *span_name(struct hw_reader *r, const struct hw_c_span *s)
{
	struct hw_c_toks all = { 0 };
	const char *name = NULL;

	hw_c_expand(&r->u, s->v, s->n, &all);
	if (all.n == 1 && all.v->kind == HW_C_IDENT)
		name = hw_reader_name(r, all.v);
	free(all.v);
	return name;
}

static void say_text(struct hw_reader *r, const struct hw_c_tok *at, enum hw_fact_kind kind,
		     const struct hw_c_span *s)
{
	const struct hw_fact f = {
		.kind = kind, .line = at->line, .cond = at->cond, .file = hw_c_unit_where(&r->u)
	};
	auto_str struct str text = { 0 };
	struct hw_c_toks all = { 0 };

	hw_c_expand(&r->u, s->v, s->n, &all);
	/* dvb_usb_lmedm04 has it in the macro, where the compiler takes it for the end of the declaration */
	while (all.n && hw_c_is(&all.v[all.n - 1], ';'))
		all.n--;
	if (all.n && hw_c_text(&r->u, &(struct hw_c_span){ all.v, all.n }, &text))
		hw_reader_fact(r, f, str_c(&text), strlen(str_c(&text)));
	free(all.v);
}

static void say_info(struct hw_reader *r, const struct hw_c_tok *at, const struct hw_c_span *tag,
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

static void say_table(struct hw_reader *r, const struct hw_c_tok *at, const struct argument *a)
{
	const char *table = a->n == 2 ? span_name(r, &a->v[1]) : NULL;

	if (table && a->v[0].n == 1)
		vec_push(&r->exports,
			 ((struct hw_reader_export){ .kind = hw_reader_name(r, a->v[0].v),
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

static void say(struct hw_reader *r, const struct hw_c_tok *at, enum word w,
		const struct hw_c_toks *t)
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

/* Whether a macro calls what it is given, as i915's INTEL_GUC_FIRMWARE_DEFS: that may be one that speaks. */
static bool calls_param(const struct hw_c_macro *m, size_t i)
{
	const struct hw_c_tok *t = &m->body.v[i];

	if (i + 1 >= m->body.n || !hw_c_is(t + 1, '('))
		return false;
	for (size_t k = 0; k < m->n_params; k++)
		if (m->param[k].n == t->n && !memcmp(m->param[k].s, t->s, t->n))
			return true;
	return false;
}

static bool speaks(struct hw_reader *r, struct hw_c_def *d, int depth)
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
		else if (calls_param(m, i))
			yes = true;
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
static bool unfold(struct hw_reader *r, const struct hw_c_tok *name, bool always)
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
	struct hw_reader *r = data;

	hw_c_expand(&r->u, r->pending.v, r->pending.n, &r->expanded);
	r->pending.n = 0;
}

struct hw_reader_table *hw_reader_table(struct hw_reader *r, const struct map *places,
					const char *name)
{
	const uintptr_t place = (uintptr_t)map_get(places, name);

	return place ? &r->tables.v[place - 1] : NULL;
}

static void add_table(struct hw_reader *r, const struct hw_reader_table *table)
{
	struct hw_reader_table *before = hw_reader_table(r, &r->last, table->name);
	void *place;

	if (before)
		before->same = r->tables.n + 1;
	vec_push(&r->tables, *table);
	place = (void *)(uintptr_t)r->tables.n;
	map_set(&r->last, table->name, place);
	if (!before)
		map_set(&r->first, table->name, place);
}

static void keep_table(struct hw_reader *r, const char *name, const char *tag, uint32_t cond,
		       bool array)
{
	struct hw_reader_table table = {
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
		add_table(r, &table);
	else /* one structure, not a list of them */
		free(table.toks.v);
}

/* Behind "= {" of a declaration. */
static void initializer(struct hw_reader *r)
{
	const struct hw_c_tok *tag, *name;
	const char *tag_name, *table_name;
	const uint32_t cond = r->stmt.v->cond, line = r->stmt.v->line;
	bool array;

	if (!declared(&r->stmt, &tag, &name, &array)) {
		pass(r);
		return;
	}
	tag_name = hw_reader_name(r, tag);
	table_name = hw_reader_name(r, name);
	if (hw_c_layout_get(r->layouts, tag_name)) {
		keep_table(r, table_name, tag_name, cond, array);
	} else if (str_ends(tag_name, "_driver") && !array) {
		struct hw_reader_driver d = { .bus = arena_strndup(&r->arena, tag_name,
								   strlen(tag_name) - 7),
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
static void keep_text(struct hw_reader *r)
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
		map_set(&r->texts, hw_reader_name(r, name), arena_strdup(&r->arena, str_c(&text)));
	free(all.v);
}

static bool is_assigned(const struct hw_c_toks *s)
{
	return s->n && hw_c_is(&s->v[s->n - 1], '=');
}

/* Where a macro may be one that declares: at the beginning of a line, or as "static DEFINE_IPACK_DEVICE_TABLE(ids) = {". */
static bool may_declare(const struct hw_reader *r, const struct hw_c_tok *t)
{
	return t->first || r->depth ||
	       (r->stmt.n && (hw_c_named(&r->stmt.v[r->stmt.n - 1], "static") ||
			      hw_c_named(&r->stmt.v[r->stmt.n - 1], "const")));
}

static void one(struct hw_reader *r, const struct hw_c_tok *t)
{
	const enum word w = word_of(t);
	struct hw_c_toks inner = { 0 };
	struct hw_c_tok open;

	if (w != NO_WORD) {
		if (next(r, &open) && hw_c_is(&open, '(') && in_brackets(r, &inner))
			say(r, t, w, &inner);
		r->stmt.n = 0;
	} else if (hw_c_named(t, "enum") && r->queued == r->queue.n) {
		hw_c_unit_enum(&r->u);
	} else if (t->kind == HW_C_IDENT && may_declare(r, t) && unfold(r, t, false)) {
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

static void reader_release(struct hw_reader *r)
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
	map_release(&r->first, NULL);
	map_release(&r->last, NULL);
	hw_c_unit_release(&r->u);
	arena_release(&r->arena);
}

void hw_facts_read(struct hw_c_world *w, const struct hw_c_layouts *l, const char *path,
		   const char *text, size_t n, struct hw_facts *ret)
{
	struct hw_reader r = { .layouts = l, .facts = ret, .before = ret->n };
	struct hw_c_tok t;

	hw_c_unit_init(&r.u, w, path, text, n);
	while (next(&r, &t)) {
		if (r.queued >= r.queue.n)
			r.depth = 0;
		one(&r, &t);
	}
	hw_reader_say(&r);
	reader_release(&r);
	hw_c_world_forget(w);
}

void hw_facts_release(struct hw_facts *f)
{
	free(f->v);
	arena_release(&f->arena);
	*f = (struct hw_facts){ 0 };
}
