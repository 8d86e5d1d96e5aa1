/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/needs.h"

#include "base/path.h"
#include "base/yaml.h"
#include "hw/c_cond.h"

#include <string.h>

#define MAX_TEXT 4096
#define MAX_LIST 10000

struct rule {
	char **when, **unless, **arch, **symbols, **modules;
	unsigned n_when, n_unless, n_arch, n_symbols, n_modules;
	bool is_static;
	char *reason;
};

struct rules {
	struct rule *v;
	unsigned n;
};

/* clang-format off */
static const cyaml_schema_value_t text = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, MAX_TEXT) };

#define LIST(key, member) \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct rule, member, n_##member, &text, 1, MAX_LIST)
static const cyaml_schema_field_t rule_fields[] = {
	LIST("when", when),
	LIST("unless", unless),
	LIST("arch", arch),
	LIST("symbols", symbols),
	LIST("modules", modules),
	CYAML_FIELD_BOOL("static", CYAML_FLAG_OPTIONAL, struct rule, is_static),
	CYAML_FIELD_STRING_PTR("reason", CYAML_FLAG_POINTER, struct rule, reason, 1, MAX_TEXT),
	CYAML_FIELD_END
};
#undef LIST
static const cyaml_schema_value_t rule = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule, rule_fields) };

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("needs", CYAML_FLAG_POINTER, struct rules, v, n, &rule, 0, MAX_LIST),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct rules, file_fields) };
/* clang-format on */

/* Devices */

/* "8086:15be" of a PCI or USB modalias; NULL: it has no such numbers. */
static char *ids_of(const char *alias)
{
	const bool pci = str_skip(&alias, "pci:v0000"), usb = !pci && str_skip(&alias, "usb:v");
	char vendor[5] = "", device[5] = "";
	auto_free char *s = NULL;

	if (!pci && !usb)
		return NULL;
	memcpy(vendor, alias, strnlen(alias, 4));
	alias += strlen(vendor);
	if (!str_skip(&alias, pci ? "d0000" : "p"))
		return NULL;
	memcpy(device, alias, strnlen(alias, 4));
	s = xasprintf("%s:%s", vendor, device);
	for (char *p = s; *p; p++)
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p + 'a' - 'A');
	return take_ptr(s);
}

char *hw_device_text(const struct hw_device *d)
{
	auto_free char *ids = d->n_alias ? ids_of(d->alias[0]) : NULL;
	const char *what = d->kind ? d->kind : d->name, *addr = d->addr;
	struct str s = { 0 };

	str_skip(&addr, "0000:"); /* the one PCI domain that most have */
	str_adds(&s, addr);
	if (what)
		str_addf(&s, " %s", what);
	if (ids)
		str_addf(&s, " [%s]", ids);
	str_addf(&s, " via %s", d->bus);
	return str_take(&s);
}

const struct hw_match *hw_device_match(const struct hw_device *d, const struct hw_matches *m)
{
	for (size_t i = 0; d->driver && i < m->n; i++)
		if (hw_alias_cmp(hw_match_driver(&m->v[i]), d->driver) == 0)
			return &m->v[i];
	/* those that do stand first */
	return m->n && !m->v[0].stays_out ? &m->v[0] : NULL;
}

static void want(struct hw_needs *n, const char *module, const char *symbol, const char *value,
		 const char *reason)
{
	for (size_t i = 0; i < n->wanted.n; i++) {
		const struct hw_wanted *w = &n->wanted.v[i];

		if (module ? str_eq(w->module, module) && str_eq(w->reason, reason)
			   : str_eq(w->symbol, symbol))
			return;
	}
	vec_push(&n->wanted,
		 ((struct hw_wanted){
			 .module = module, .symbol = symbol, .value = value, .reason = reason }));
}

/* A driver of the tree by its name alone, on that bus: platform devices and others are bound by more than modaliases. */
static const char *module_of_driver(const struct hw_index *ix, const char *bus, const char *name)
{
	const struct hw_ix_record *r = hw_driver_find(ix, bus, name);

	return r ? hw_ix_text(ix, ix->module[r->module].path) : NULL;
}

/* What an entry of a table hangs on besides the driver: all terms of an &&, the first of an ||. What must not be set is passed over. */
static void want_cond(struct hw_needs *n, const struct hw_conds *c, uint32_t cond,
		      const char *reason)
{
	const struct hw_cond *v = &c->v[cond];

	if (v->op == HW_COND_AND)
		want_cond(n, c, v->b, reason);
	if (v->op == HW_COND_AND || v->op == HW_COND_OR)
		want_cond(n, c, v->a, reason);
	else if (v->op == HW_COND_SYM || v->op == HW_COND_BUILTIN || v->op == HW_COND_MODULE)
		want(n, NULL, arena_strdup(&n->arena, v->name), v->op == HW_COND_MODULE ? "m" : "y",
		     reason);
}

static void want_entry(struct hw_needs *n, const struct hw_match *m, const char *what)
{
	struct hw_conds conds;
	const char *reason;

	if (!m->record->cond)
		return;
	reason = arena_printf(&n->arena, "%s: its entry in %s's table is there with it", what,
			      hw_match_driver(m));
	hw_conds_init(&conds);
	want_cond(n, &conds, hw_cond_parse(&conds, hw_ix_text(m->index, m->record->cond)), reason);
	hw_conds_release(&conds);
}

static bool any_is_bound(const struct hw_inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++)
		if (inv->v[i].driver)
			return true;
	return false;
}

static const char *path_of(const struct hw_match *m)
{
	return hw_ix_text(m->index, m->index->module[m->record->module].path);
}

static void need_device(const struct hw_needs_spec *s, const struct hw_device *d,
			const struct hw_matches *found, bool others_bound, struct hw_needs *ret)
{
	const struct hw_match *m = hw_device_match(d, found);
	auto_free char *what = hw_device_text(d);
	const char *module = m ? path_of(m) : NULL, *reason;

	if (m && d->driver && hw_alias_cmp(hw_match_driver(m), d->driver))
		m = NULL;
	if (!m && d->driver && s->index)
		module = module_of_driver(s->index, d->bus, d->driver);
	if (!module && d->driver && d->n_module) /* of what binds by no table */
		module = d->module[0];
	if (d->driver && !module) {
		strv_addf(&ret->odd, "%s: its driver '%s' is none of this tree", what, d->driver);
		return;
	}
	if (!module || (!d->driver && others_bound && !s->unbound)) {
		ret->left_out += module != NULL;
		return;
	}
	reason = arena_strdup(&ret->arena, what);
	want(ret, module, NULL, NULL, reason);
	if (m)
		want_entry(ret, m, reason);
}

static bool is_loaded(const struct hw_inventory *inv, const char *module)
{
	for (size_t i = 0; i < inv->loaded.n; i++)
		if (hw_alias_cmp(inv->loaded.v[i], module) == 0)
			return true;
	return false;
}

/* The board and the processor have no one driver: many modules go by what they are, and which were loaded tells the rest. */
static void need_platform(const struct hw_needs_spec *s, const struct hw_device *d,
			  const struct hw_matches *found, struct hw_needs *ret)
{
	for (size_t i = 0; i < found->n; i++) {
		const bool all = str_eq(d->bus, "dmi") && !s->inv->loaded.n;

		if (all || is_loaded(s->inv, hw_match_module(&found->v[i])))
			want(ret, path_of(&found->v[i]), NULL, NULL,
			     arena_printf(&ret->arena, "this %s",
					  str_eq(d->bus, "dmi") ? "board" : "processor"));
	}
}

void hw_needs_devices(const struct hw_needs_spec *s, struct hw_needs *ret)
{
	const bool bound = any_is_bound(s->inv);

	for (size_t i = 0; i < s->inv->n; i++)
		if (str_eq(s->inv->v[i].bus, "dmi") || str_eq(s->inv->v[i].bus, "cpu"))
			need_platform(s, &s->inv->v[i], &s->found[i], ret);
		else if (!str_eq(s->inv->v[i].bus, "block") && !str_eq(s->inv->v[i].bus, "net"))
			need_device(s, &s->inv->v[i], &s->found[i], bound, ret);
	/* a list of modules alone: what was loaded is what is wanted */
	for (size_t i = 0; !s->inv->n && i < s->inv->loaded.n; i++)
		want(ret, s->inv->loaded.v[i], NULL, NULL, "loaded there");
}

/* Rules */

static bool fits_device(const struct hw_needs_spec *s, const char *pattern)
{
	for (size_t i = 0; i < s->inv->n; i++)
		for (size_t k = 0; k < s->inv->v[i].n_alias; k++)
			if (hw_alias_fits(pattern, s->inv->v[i].alias[k]))
				return true;
	return false;
}

static bool fits_module(const struct hw_needs *n, const char *pattern)
{
	for (size_t i = 0; i < n->wanted.n; i++) {
		const char *module = n->wanted.v[i].module;

		if (module && hw_alias_fits(pattern, path_base(module)))
			return true;
	}
	return false;
}

static bool fits(const struct hw_needs_spec *s, const struct hw_needs *n, const char *pattern)
{
	const char *module = pattern;

	if (str_skip(&module, "module:"))
		return fits_module(n, module);
	for (size_t i = 0; i < s->inv->facts.n; i++)
		if (hw_alias_fits(pattern, s->inv->facts.v[i]))
			return true;
	return fits_device(s, pattern);
}

static bool any_fits(const struct hw_needs_spec *s, const struct hw_needs *n, char *const *patterns,
		     unsigned n_patterns)
{
	for (unsigned i = 0; i < n_patterns; i++)
		if (fits(s, n, patterns[i]))
			return true;
	return false;
}

static bool applies(const struct hw_needs_spec *s, const struct hw_needs *n, const struct rule *r)
{
	bool arch = !r->n_arch;

	for (unsigned i = 0; i < r->n_arch; i++)
		arch |= str_eq(r->arch[i], s->srcarch);
	return arch && (s->is_static || !r->is_static) &&
	       (!r->n_when || any_fits(s, n, r->when, r->n_when)) &&
	       !any_fits(s, n, r->unless, r->n_unless);
}

static void apply(struct hw_needs *n, const struct rule *r)
{
	const char *reason = arena_strdup(&n->arena, r->reason);

	for (unsigned i = 0; i < r->n_modules; i++)
		want(n, arena_strdup(&n->arena, r->modules[i]), NULL, NULL, reason);
	for (unsigned i = 0; i < r->n_symbols; i++) {
		const char *equals = strchr(r->symbols[i], '=');
		const size_t len =
			equals ? (size_t)(equals - r->symbols[i]) : strlen(r->symbols[i]);

		want(n, NULL, arena_strndup(&n->arena, r->symbols[i], len),
		     equals ? arena_strdup(&n->arena, equals + 1) : "y", reason);
	}
}

/* What modprobe would be asked for by this name: file systems ("fs-ext4"), levels of RAID ("md-raid1"). */
static void want_alias(const struct hw_needs_spec *s, struct hw_needs *n, const char *alias,
		       const char *reason)
{
	const char *const list[] = { alias };
	const struct hw_device d = { .bus = "", .addr = "", .alias = list, .n_alias = 1 };
	struct hw_matches found = { 0 };

	if (s->index)
		hw_match_device(s->index, &d, NULL, NULL, &found);
	hw_matches_sort(&found, &d, NULL);
	if (found.n)
		want(n, path_of(&found.v[0]), NULL, NULL, arena_strdup(&n->arena, reason));
	else
		strv_addf(&n->odd, "%s: nothing of this tree is called '%s'", reason, alias);
	hw_matches_release(&found);
}

static void storage(const struct hw_needs_spec *s, struct hw_needs *n)
{
	for (size_t i = 0; i < s->inv->facts.n; i++) {
		const char *f = s->inv->facts.v[i], *value = f;
		auto_free char *alias = NULL, *reason = NULL;

		if (str_skip(&value, "root-fs:") || str_skip(&value, "fs:")) {
			/* of layers of containers and networks nothing is known that a disk has */
			if (str_eq(value, "overlay") || str_eq(value, "rootfs") ||
			    str_eq(value, "tmpfs") || strchr(value, '.'))
				continue;
			alias = xasprintf("fs-%s", value);
			reason = xasprintf("%s %s", value,
					   *f == 'r' ? "is the root file system"
						     : "is mounted from a disk");
		} else if (str_skip(&value, "md:")) {
			alias = xasprintf("md-%s", value);
			reason = xasprintf("disks are joined by md, %s", value);
		} else {
			continue;
		}
		want_alias(s, n, alias, reason);
	}
}

int hw_needs_rules(const struct hw_needs_spec *s, struct hw_needs *ret, struct err *err)
{
	auto_free char *path = NULL;
	auto_str struct str content = { 0 };
	struct rules *rules;
	void *data = NULL;
	int r = dir_own_file("hardware/needs.yaml", &path, err);

	if (r == 0)
		r = yaml_read(path, &schema, &data, &content, err);
	if (r < 0)
		return r;
	storage(s, ret);
	rules = data;
	for (unsigned i = 0; i < rules->n; i++)
		if (applies(s, ret, &rules->v[i]))
			apply(ret, &rules->v[i]);
	yaml_free(&schema, data);
	return 0;
}

void hw_needs_release(struct hw_needs *n)
{
	free(n->wanted.v);
	strv_release(&n->odd);
	arena_release(&n->arena);
	*n = (struct hw_needs){ 0 };
}
