/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw drivers`: which drivers of a tree are for a machine's devices. */
#include "cmd/hw_find.h"

#include <string.h>

extern const struct cmd cmd_hw_drivers;

struct drivers_opts {
	struct hw_find_opts find;
	struct strv buses;
	bool all, list;
};

#define S(member) offsetof(struct drivers_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	HW_SOURCE_OPTS(S(find) + offsetof(struct hw_find_opts, source)),
	HW_FIND_OPTS(S(find)),
	{ "bus", 'b', OPT_LIST, S(buses), "BUS", "only devices of this bus; may be given several times" },
	{ "all", 0, OPT_FLAG, S(all), NULL, "devices without a driver too" },
	{ "list", 'l', OPT_FLAG, S(list), NULL, "no machine: all aliases of the tree, as modules.alias has them" },
	/* clang-format on */
};

static void release(void *o)
{
	strv_release(&((struct drivers_opts *)o)->buses);
}

/* "drivers/net/ethernet/intel/e1000e/netdev.c:7795" */
static char *place(const struct hw_index *ix, const struct hw_ix_record *r)
{
	return xasprintf("%s:%u", hw_ix_text(ix, r->file), r->line);
}

/* --list */

static json_t *json_record(const struct hw_index *ix, const struct hw_ix_record *r)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:o, s:b}", "alias",
			 out_json_text(hw_ix_text(ix, r->text)), "module",
			 out_json_text(hw_ix_text(ix, ix->module[r->module].name)), "driver",
			 r->driver ? out_json_text(hw_ix_text(ix, r->driver)) : json_null(), "file",
			 out_json_text(hw_ix_text(ix, r->file)), "line", (int)r->line, "condition",
			 r->cond ? out_json_text(hw_ix_text(ix, r->cond)) : json_null(), "exported",
			 !r->binds);
}

static void list_one(const struct hw_find *f, const struct hw_index *ix, json_t *json)
{
	for (size_t i = 0; i < ix->alias.n; i++) {
		const struct hw_ix_record *r = &ix->alias.v[i];

		if (!hw_find_holds(f, ix, r))
			continue;
		if (json)
			json_array_append_new(json, json_record(ix, r));
		else if (!r->binds)
			out_print(f->out, "alias %s %s\n", hw_ix_text(ix, r->text),
				  hw_ix_text(ix, ix->module[r->module].name));
	}
}

static int list(struct hw_find *f)
{
	json_t *json = f->out->json ? json_array() : NULL;

	for (size_t i = 0; i < f->n_indexes; i++)
		list_one(f, &f->index[i], json);
	for (size_t i = 0; f->out->verbose >= 1 && i < f->index[0].odd.n; i++) {
		const struct hw_ix_record *r = &f->index[0].odd.v[i];

		out_warn(f->out, "%s:%u: %s", hw_ix_text(&f->index[0], r->file), r->line,
			 hw_ix_text(&f->index[0], r->text));
	}
	if (json)
		out_json(f->out, json);
	return 0;
}

/* Devices */

static bool is_wanted(const struct drivers_opts *o, const struct hw_device *d)
{
	return !o->buses.n || strv_has(&o->buses, d->bus);
}

/* Whether the driver that is bound is the first of those that were found. */
static bool is_first(const struct hw_device *d, const struct hw_matches *m)
{
	return d->driver && m->n && hw_alias_cmp(hw_match_driver(&m->v[0]), d->driver) == 0;
}

/* Whether what is bound is a driver of the tree at all: out-of-tree ones, as nvidia, are not. Unknown without a tree. */
static bool is_foreign(const struct hw_find *f, const struct hw_device *d,
		       const struct hw_matches *m)
{
	for (size_t i = 0; d->driver && i < m->n; i++)
		if (hw_alias_cmp(hw_match_driver(&m->v[i]), d->driver) == 0)
			return false;
	return d->driver && f->tree && !hw_driver_find(&f->index[0], d->bus, d->driver);
}

/* Whether any of those that match takes such a device by itself. */
static bool is_driven(const struct hw_matches *m)
{
	return m->n && !m->v[0].stays_out;
}

static json_t *json_match(const struct hw_match *m)
{
	json_t *j = json_record(m->index, m->record);

	json_object_set_new(j, "matches", out_json_text(m->alias));
	json_object_set_new(j, "yields", out_json_text(m->yields));
	return j;
}

/* null where nothing is bound, or there is no tree */
static json_t *json_in_tree(const struct hw_find *f, const struct hw_device *d,
			    const struct hw_matches *m)
{
	return d->driver && f->tree ? json_boolean(!is_foreign(f, d, m)) : json_null();
}

static void print_json(struct hw_find *f, const struct drivers_opts *o)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->inv.n; i++) {
		const struct hw_device *d = &f->inv.v[i];
		json_t *found;

		if (!is_wanted(o, d))
			continue;
		found = json_array();
		for (size_t k = 0; k < f->found[i].n; k++)
			json_array_append_new(found, json_match(&f->found[i].v[k]));
		json_array_append_new(
			all,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "bus", out_json_text(d->bus),
				  "address", out_json_text(d->addr), "name", out_json_text(d->name),
				  "bound", out_json_text(d->driver), "in_tree",
				  json_in_tree(f, d, &f->found[i]), "drivers", found));
	}
	out_json(f->out, all);
}

static void row(struct table *t, const struct hw_device *d, const struct hw_match *m, bool first)
{
	auto_free char *at = m ? place(m->index, m->record) : NULL;
	const char *driver = m ? hw_match_driver(m) : "", *module = m ? hw_match_module(m) : "";

	table_row(t);
	table_cell(t, first ? d->bus : "");
	table_cell(t, first ? d->addr : "");
	table_cell_color(t, driver, m && m->yields ? TABLE_DIM : TABLE_PLAIN);
	table_cell(t, hw_alias_cmp(driver, module) ? module : "");
	table_cell(t, first ? d->driver : "");
	table_cell(t, first ? d->name : "");
	table_cell(t, m && m->yields ? m->yields : at);
}

/* All where the first is not what is bound; what does not take the device only where it is asked for. */
static void print_device(struct table *t, const struct hw_device *d, const struct hw_matches *m,
			 bool verbose, bool all)
{
	const bool first = is_driven(m) || is_first(d, m) || (m->n && (verbose || all));

	row(t, d, first ? &m->v[0] : NULL, true);
	for (size_t k = 1; k < m->n && (verbose || !is_first(d, m)); k++)
		if (verbose || !m->v[k].stays_out)
			row(t, d, &m->v[k], false);
}

static void note_foreign(struct hw_find *f, const struct drivers_opts *o)
{
	for (size_t i = 0; i < f->inv.n; i++) {
		const struct hw_device *d = &f->inv.v[i];

		if (is_wanted(o, d) && is_foreign(f, d, &f->found[i]))
			out_note(f->out, "%s %s: '%s' is no driver of this tree", d->bus, d->addr,
				 d->driver);
	}
}

static int print_table(struct hw_find *f, const struct drivers_opts *o, struct err *err)
{
	static const char *const columns[] = { "BUS",	    "ADDRESS", "DRIVER", "MODULE",
					       "BOUND NOW", "DEVICE",  "SAID BY" };
	struct table *t = table_new(columns, countof(columns));
	size_t without = 0, shown = 0;
	int r = 0;

	for (size_t i = 0; i < f->inv.n; i++) {
		const struct hw_device *d = &f->inv.v[i];
		const struct hw_matches *m = &f->found[i];

		if (!is_wanted(o, d))
			continue;
		if (!is_driven(m) && !o->all && !d->driver) {
			without += d->n_alias > 0;
			continue;
		}
		shown++;
		print_device(t, d, m, f->out->verbose >= 1, o->all);
	}
	if (shown)
		r = table_print(t, f->out, err);
	table_free(t);
	note_foreign(f, o);
	if (!shown && !without)
		out_note(f->out, "no devices");
	if (without)
		out_note(f->out, "%zu more devices have no driver there; --all shows them",
			 without);
	return r;
}

static int run_drivers(struct out *out, const struct global_opts *global, void *opts_, char **args,
		       size_t n_args, size_t dashes, struct err *err)
{
	const struct drivers_opts *o = opts_;
	struct hw_find f = { 0 };
	int r;

	if (n_args)
		return usage_error(&cmd_hw_drivers, err, "unexpected argument '%s'", args[0]);
	r = hw_find_open(&f, out, &o->find, err);
	if (r == 0 && o->list)
		r = MIN(hw_find_confirm(&f, err), 0);
	if (r == 0 && o->list) {
		r = list(&f);
	} else if (r == 0) {
		r = hw_find_devices(&f, &cmd_hw_drivers, &o->find, err);
		if (r == 0 && out->json)
			print_json(&f, o);
		else if (r == 0)
			r = print_table(&f, o, err);
	}
	hw_find_release(&f);
	return r;
}

static const char *const examples[] = {
	"kiln hw drivers --tree linux-6.12",
	"lspci -nnk | kiln hw drivers --tree linux-6.12 --from -",
	"kiln hw drivers --tree linux-6.12 --list --config .config",
	NULL,
};

const struct cmd cmd_hw_drivers = {
	.name = "hw drivers",
	.args = "",
	.summary = "say which drivers of a tree are for a machine's devices",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct drivers_opts),
	.facts = true,
	.run = run_drivers,
	.release = release,
};
