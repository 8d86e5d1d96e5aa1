/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of several drivers that match comes first. data/hardware/order.yaml has one key, `order`, a list of rules:
 *
 *	- driver: snd_hda_intel		a module, as in /proc/modules; '*' stands for anything
 *	  yields-to: ["snd_sof_pci_*"]	where one of these matches too, that comes first
 *	  when: "pci:*bc04sc01i00*"	only for devices whose modalias this fits
 *	  revision: ["01", "20-ff"]	it takes no chips of another revision (two hexadecimal digits, or from-to)
 *	  on-request: true		it takes nothing by itself
 *	  reason: one sentence
 *
 * What does not bind outdoes nobody: a driver for another revision or on request, a module whose table no driver has.
 */
#include "hw/match.h"

#include "base/path.h"
#include "base/yaml.h"

#include <errno.h>
#include <string.h>

#define MAX_TEXT 4096
#define MAX_LIST 1000

struct rule {
	char *driver, *reason;
	char **yields_to, **revision;
	unsigned n_yields_to, n_revision;
	char *when;
	bool on_request;
};

struct hw_order {
	struct rule *v;
	unsigned n;
};

/* clang-format off */
static const cyaml_schema_value_t text = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, MAX_TEXT) };

static const cyaml_schema_field_t rule_fields[] = {
	CYAML_FIELD_STRING_PTR("driver", CYAML_FLAG_POINTER, struct rule, driver, 1, MAX_TEXT),
	CYAML_FIELD_SEQUENCE_COUNT("yields-to", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct rule, yields_to, n_yields_to, &text, 1, MAX_LIST),
	CYAML_FIELD_SEQUENCE_COUNT("revision", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct rule, revision, n_revision, &text, 1, 256),
	CYAML_FIELD_STRING_PTR("when", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct rule, when, 1, MAX_TEXT),
	CYAML_FIELD_BOOL("on-request", CYAML_FLAG_OPTIONAL, struct rule, on_request),
	CYAML_FIELD_STRING_PTR("reason", CYAML_FLAG_POINTER, struct rule, reason, 1, MAX_TEXT),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t rule = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule, rule_fields) };

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("order", CYAML_FLAG_POINTER, struct hw_order, v, n, &rule, 0, MAX_LIST),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct hw_order, file_fields) };
/* clang-format on */

/* "01" or "20-ff", in lower case: ranges are compared as text. */
static bool is_revision(const char *s)
{
	const char digits[] = "0123456789abcdef";
	const size_t n = strspn(s, digits);

	if (n != 2 || (s[2] && s[2] != '-'))
		return false;
	return !s[2] || (strspn(s + 3, digits) == 2 && !s[5] && strncmp(s, s + 3, 2) <= 0);
}

static int check(const struct hw_order *o, const char *path, struct err *err)
{
	for (unsigned i = 0; i < o->n; i++) {
		const struct rule *r = &o->v[i];

		if (!r->n_yields_to && !r->n_revision && !r->on_request)
			return err_set(err, -EINVAL,
				       "%s: the rule for '%s' says nothing: 'yields-to', "
				       "'revision' or 'on-request' is missing",
				       path, r->driver);
		for (unsigned k = 0; k < r->n_revision; k++)
			if (!is_revision(r->revision[k]))
				return err_set(err, -EINVAL,
					       "%s: '%s' of '%s' is no revision, as \"0a\" or "
					       "\"02-1f\"",
					       path, r->revision[k], r->driver);
	}
	return 0;
}

int hw_order_read_file(const char *path, struct hw_order **ret, struct err *err)
{
	auto_str struct str content = { 0 };
	void *data = NULL;
	int r = yaml_read(path, &schema, &data, &content, err);

	if (r == 0)
		r = check(data, path, err);
	if (r < 0)
		hw_order_free(data);
	else
		*ret = data;
	return r;
}

int hw_order_read(struct hw_order **ret, struct err *err)
{
	auto_free char *path = NULL;
	int r = dir_own_file("hardware/order.yaml", &path, err);

	return r < 0 ? r : hw_order_read_file(path, ret, err);
}

void hw_order_free(struct hw_order *o)
{
	yaml_free(&schema, o);
}

/* "snd_sof_pci_*": one '*' at the end. */
static bool is_called(const char *pattern, const char *module)
{
	return hw_alias_fits(pattern, module);
}

static bool is_for(const struct rule *r, const struct hw_match *x)
{
	return is_called(r->driver, hw_match_module(x)) &&
	       (!r->when || hw_alias_fits(r->when, x->alias));
}

/* Whether a driver that is for some revisions of a chip alone is not for this one. */
static bool is_other_revision(const struct rule *r, const struct hw_device *d)
{
	auto_free char *revision = xasprintf("%02x", (unsigned)(d->revision - 1));

	for (unsigned i = 0; i < r->n_revision; i++) {
		const char *from = r->revision[i], *to = from[2] ? from + 3 : from;

		if (strncmp(from, revision, 2) <= 0 && strncmp(revision, to, 2) <= 0)
			return false;
	}
	return r->n_revision && d->revision;
}

/*
 * Whether some driver has the table that the record is of. Modules that look for their device by themselves, as
 * sp5100_tco, have one too, to be loaded by it, and leave the device to others. A list of aliases does not tell, and
 * processors and the like have no drivers at all.
 */
static bool has_driver(const struct hw_match *x)
{
	const struct hw_ix_record *r = x->record;
	const struct hw_ix_list *all = &x->index->driver;
	const char *table = hw_ix_text(x->index, r->table);
	bool is_bus = false;

	if (r->binds || r->driver)
		return true;
	for (size_t i = 0; i < all->n; i++) {
		if (!str_eq(hw_ix_text(x->index, all->v[i].table), table))
			continue;
		if (all->v[i].module == r->module)
			return true;
		is_bus = true;
	}
	return !is_bus;
}

/* Why it does not bind to this device at all; NULL: it may. */
static const char *reason_to_stay_out(const struct hw_match *x, const struct hw_device *d,
				      const struct hw_order *o)
{
	for (unsigned i = 0; o && i < o->n; i++)
		if (is_for(&o->v[i], x) && (o->v[i].on_request || is_other_revision(&o->v[i], d)))
			return o->v[i].reason;
	return NULL;
}

/* Only beside drivers that are known: where there is none, one may have been overlooked. */
static void leave_to_drivers(struct hw_matches *m)
{
	bool known = false;

	for (size_t i = 0; i < m->n && !known; i++)
		known = !m->v[i].stays_out && has_driver(&m->v[i]);
	for (size_t i = 0; i < m->n && known; i++)
		if (!m->v[i].stays_out && !has_driver(&m->v[i])) {
			m->v[i].yields =
				"the module is loaded for this device and binds no driver to it";
			m->v[i].stays_out = true;
		}
}

/* Whether another of those that may bind is one that it yields to. */
static bool is_outdone(const struct hw_matches *m, const struct hw_match *x, const struct rule *r)
{
	for (size_t k = 0; k < m->n; k++)
		for (unsigned t = 0; t < r->n_yields_to; t++)
			if (!m->v[k].stays_out &&
			    strcmp(hw_match_module(&m->v[k]), hw_match_module(x)) &&
			    is_called(r->yields_to[t], hw_match_module(&m->v[k])))
				return true;
	return false;
}

static const char *reason_to_yield(const struct hw_matches *m, const struct hw_match *x,
				   const struct hw_order *o)
{
	for (unsigned i = 0; o && i < o->n; i++)
		if (is_for(&o->v[i], x) && is_outdone(m, x, &o->v[i]))
			return o->v[i].reason;
	return NULL;
}

static int better(const void *a, const void *b)
{
	const struct hw_match *x = a, *y = b;

	if (x->stays_out != y->stays_out)
		return x->stays_out ? 1 : -1;
	if (!x->yields != !y->yields)
		return x->yields ? 1 : -1;
	if (x->exact != y->exact)
		return x->exact > y->exact ? -1 : 1;
	/* of one device's aliases the first is the most particular: ACPI's HID before its CIDs */
	if (x->record->binds != y->record->binds)
		return x->record->binds ? 1 : -1;
	if (x->record->module != y->record->module)
		return x->record->module < y->record->module ? -1 : 1;
	return x->record->line < y->record->line ? -1 : x->record->line > y->record->line;
}

/* Keeps the best of each module and driver. */
static void drop_repeated(struct hw_matches *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		bool again = false;

		for (size_t k = 0; k < n && !again; k++)
			again = !strcmp(hw_match_module(&m->v[k]), hw_match_module(&m->v[i])) &&
				!strcmp(hw_match_driver(&m->v[k]), hw_match_driver(&m->v[i]));
		if (!again)
			m->v[n++] = m->v[i];
	}
	m->n = n;
}

void hw_matches_sort(struct hw_matches *m, const struct hw_device *d, const struct hw_order *order)
{
	if (!m->n)
		return;
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].yields = reason_to_stay_out(&m->v[i], d, order);
		m->v[i].stays_out = m->v[i].yields;
	}
	leave_to_drivers(m);
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].yields)
			m->v[i].yields = reason_to_yield(m, &m->v[i], order);
	qsort(m->v, m->n, sizeof(*m->v), better);
	drop_repeated(m);
}
