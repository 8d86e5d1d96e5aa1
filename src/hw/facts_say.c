/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file as a whole says: which driver has which table, and what the entries of tables are as aliases. */
#include "hw/devtable.h"
#include "hw/facts_parts.h"

#include <string.h>

struct emit {
	struct hw_reader *r;
	struct hw_fact fact;
};

static void emit(void *data, const char *alias)
{
	const struct emit *e = data;

	hw_reader_fact(e->r, e->fact, alias, strlen(alias));
}

static void odd(struct hw_reader *r, const struct hw_fact *like, const char *why)
{
	struct hw_fact f = *like;

	f.kind = HW_FACT_ODD;
	hw_reader_fact(r, f, why, strlen(why));
}

static void table_entry(struct hw_reader *r, const struct hw_kind *k,
			const struct hw_reader_table *t, const struct hw_c_span *element,
			struct emit *e)
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
static void table_entries(struct hw_reader *r, const struct hw_kind *k,
			  const struct hw_reader_table *t, struct emit *e)
{
	struct hw_c_span list = { t->toks.v, t->toks.n }, element, after;
	bool more = hw_c_element(&list, &element);

	e->fact.table = hw_kind_name(k);
	e->fact.file = t->file;
	e->fact.driver = t->driver;
	while (more && !hw_reader_is_full(r)) {
		more = hw_c_element(&list, &after);
		if (more)
			table_entry(r, k, t, &element, e);
		element = after;
	}
}

static void export_table(struct hw_reader *r, const struct hw_reader_export *x)
{
	struct emit e = { .r = r,
			  .fact = { .kind = HW_FACT_ALIAS, .line = x->line, .cond = x->cond } };
	const struct hw_kind *k = hw_kind_get(x->kind);
	struct hw_reader_table *t = hw_reader_table(r, &r->first, x->table);

	if (!k) {
		odd(r, &e.fact, "a kind of device table that is not known");
	} else if (!t || !hw_c_layout_get(r->layouts, t->tag)) {
		odd(r, &e.fact, "the device table is not in this file");
	} else {
		for (; t && !hw_reader_is_full(r); t = t->same ? &r->tables.v[t->same - 1] : NULL) {
			t->exported = true;
			e.fact.cond = hw_cond_and(&r->u.w->conds, x->cond, t->cond);
			table_entries(r, k, t, &e);
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

static const char *driver_name(struct hw_reader *r, const struct hw_reader_driver *d)
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
		name = map_get(&r->texts, hw_reader_name(r, s.v));
	else if (s.n && hw_c_text(&r->u, &s, &text))
		name = arena_strdup(&r->arena, str_c(&text));
	free(all.v);
	return name;
}

/* The table that a field of the driver names: of_match_ptr(table), ACPI_PTR(table), &table[0]. */
static struct hw_reader_table *driver_table(struct hw_reader *r, const struct hw_reader_driver *d,
					    const char *field)
{
	struct hw_c_span s;

	if (!field_value(&d->toks, field, &s))
		return NULL;
	for (size_t i = s.n; i-- > 0;)
		if (s.v[i].kind == HW_C_IDENT)
			return hw_reader_table(r, &r->first, hw_reader_name(r, &s.v[i]));
	return NULL;
}

static void driver_tables(struct hw_reader *r, struct hw_reader_driver *d)
{
	static const char *const fields[] = { "id_table", "of_match_table", "acpi_match_table",
					      "ids" };
	const char *name = driver_name(r, d);
	const struct hw_fact f = {
		.line = d->line, .cond = d->cond, .file = d->file, .table = d->bus
	};
	bool any = false;

	for (size_t i = 0; i < countof(fields); i++) {
		struct hw_reader_table *t = driver_table(r, d, fields[i]);

		any |= t != NULL;
		if (t && name && !t->driver)
			t->driver = name;
	}
	if (!name)
		return;
	hw_reader_fact(r,
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

void hw_reader_say(struct hw_reader *r)
{
	for (size_t i = 0; i < r->drivers.n; i++)
		driver_tables(r, &r->drivers.v[i]);
	for (size_t i = 0; i < r->exports.n; i++)
		export_table(r, &r->exports.v[i]);
	for (size_t i = 0; i < r->tables.n; i++) {
		const struct hw_reader_table *t = &r->tables.v[i];
		const struct hw_kind *k = hw_kind_of_tag(t->tag);
		struct emit e = { .r = r, .fact = { .kind = HW_FACT_BINDS, .cond = t->cond } };

		if (!t->exported && t->driver && k)
			table_entries(r, k, t, &e);
	}
	if (!r->u.budget)
		odd(r, &(struct hw_fact){ 0 }, "more macros than are followed");
}
