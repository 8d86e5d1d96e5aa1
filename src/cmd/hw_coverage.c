/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw coverage`: which devices of machines a configuration drives. */
#include "base/file.h"
#include "base/path.h"
#include "cmd/hw_find.h"
#include "hw/coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

extern const struct cmd cmd_hw_coverage;

#define MAX_CONFIG (16 << 20)

struct coverage_opts {
	struct hw_find_opts find;
	struct strv buses;
	bool all;
};

#define S(member) offsetof(struct coverage_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "from", 0, OPT_STRING, S(find.source.from), "FILE", "not this machine: a record, what lspci, lsusb or lsmod printed, or a folder of such", .complete = OC_FILE },
	{ "root", 0, OPT_STRING, S(find.source.root), "DIR", "the folder with sys and proc in it, instead of /", .complete = OC_DIR },
	{ "tree", 't', OPT_STRING, S(find.tree), "DIR", "the kernel source (default: the current folder)", .complete = OC_DIR },
	{ "arch", 'a', OPT_STRING, S(find.arch), "ARCH", "x86_64, arm64, ... as make's ARCH (default: this machine's)" },
	{ "no-cache", 0, OPT_FLAG, S(find.again), NULL, "read the sources again" },
	{ "bus", 'b', OPT_LIST, S(buses), "BUS", "only devices of this bus; may be given several times" },
	{ "all", 0, OPT_FLAG, S(all), NULL, "devices too for which the tree has no driver" },
	/* clang-format on */
};

static void release(void *o)
{
	strv_release(&((struct coverage_opts *)o)->buses);
}

struct coverage {
	struct out *out;
	const struct coverage_opts *o;
	struct hw_find find; /* the tree's index; no machine */
	struct kb_module_list modules;
	struct dotconfig config;
};

/* One machine. */
struct machine {
	const char *name;
	struct hw_find find;
	struct hw_covered *v; /* for each device */
	size_t count[4];      /* by enum hw_driven */
};

static const char *const words[] = {
	[HW_DRIVEN_BUILTIN] = "built in",
	[HW_DRIVEN_MODULE] = "module",
	[HW_DRIVEN_NOT] = "dead",
	[HW_DRIVEN_NO_DRIVER] = "no driver",
};

static unsigned value_of(void *ctx, const char *symbol)
{
	const struct coverage *c = ctx;
	const char *value = dotconfig_get(&c->config, symbol);

	if (str_eq(value, "y"))
		return KB_Y;
	return str_eq(value, "m") ? KB_M : (str_eq(value, "n") ? KB_N : 0);
}

static bool counts(const struct coverage *c, const struct hw_device *d)
{
	if (!d->n_alias || str_eq(d->bus, "dmi") || str_eq(d->bus, "cpu"))
		return false;
	return !c->o->buses.n || strv_has(&c->o->buses, d->bus);
}

static int cover(struct coverage *c, const char *from, struct machine *m, struct err *err)
{
	struct hw_find_opts o = c->o->find;
	int r;

	o.source.from = from;
	m->name = from ? path_base(from) : "this machine";
	m->find.out = c->out;
	m->find.index[0] = c->find.index[0];
	m->find.n_indexes = 1;
	r = hw_find_devices(&m->find, &cmd_hw_coverage, &o, err);
	if (r < 0)
		return r;
	m->v = xcalloc(m->find.inv.n + 1, sizeof(*m->v));
	for (size_t i = 0; i < m->find.inv.n; i++) {
		hw_cover(&m->find.inv.v[i], &m->find.found[i], &c->modules, value_of, c, &m->v[i]);
		if (counts(c, &m->find.inv.v[i]))
			m->count[m->v[i].how]++;
	}
	return 0;
}

static void machine_release(struct machine *m)
{
	m->find.index[0] = (struct hw_index){ 0 }; /* it is shared */
	hw_find_release(&m->find);
	free(m->v);
}

/* "CONFIG_E1000E (drivers/net/ethernet/intel/Makefile:7)" */
static char *lack(const struct hw_covered *v)
{
	if (v->how != HW_DRIVEN_NOT)
		return xstrdup("");
	if (v->lacks)
		return xasprintf("CONFIG_%s (%s:%d)", v->lacks->symbol, v->lacks->file,
				 v->lacks->line);
	if (v->match->record->cond)
		return xasprintf("its entry is there with %s",
				 hw_ix_text(v->match->index, v->match->record->cond));
	return xstrdup("");
}

static int print_machine(const struct coverage *c, const struct machine *m, struct err *err)
{
	static const char *const columns[] = { "BUS",	 "ADDRESS", "STATE",
					       "DRIVER", "DEVICE",  "LACKS" };
	static const enum table_color colors[] = { TABLE_GOOD, TABLE_GOOD, TABLE_BAD, TABLE_DIM };
	struct table *t = table_new(columns, countof(columns));
	int r;

	for (size_t i = 0; i < m->find.inv.n; i++) {
		const struct hw_device *d = &m->find.inv.v[i];
		const struct hw_covered *v = &m->v[i];
		auto_free char *lacks = lack(v);

		if (!counts(c, d) || (v->how == HW_DRIVEN_NO_DRIVER && !c->o->all))
			continue;
		table_row(t);
		table_cell(t, d->bus);
		table_cell(t, d->addr);
		table_cell_color(t, words[v->how], colors[v->how]);
		table_cell(t, v->match ? hw_match_driver(v->match) : "");
		table_cell(t, d->name);
		table_cell(t, lacks);
	}
	r = table_print(t, c->out, err);
	table_free(t);
	out_note(
		c->out,
		"%zu devices: %zu built in, %zu by modules, %zu dead, %zu without a driver in the tree",
		m->count[0] + m->count[1] + m->count[2] + m->count[3], m->count[0], m->count[1],
		m->count[2], m->count[3]);
	return r;
}

static json_t *json_machine(const struct coverage *c, const struct machine *m)
{
	json_t *devices = json_array();

	for (size_t i = 0; i < m->find.inv.n; i++) {
		const struct hw_device *d = &m->find.inv.v[i];
		const struct hw_covered *v = &m->v[i];

		if (counts(c, d))
			json_array_append_new(
				devices,
				json_pack(
					"{s:o, s:o, s:o, s:s, s:o, s:o}", "bus",
					out_json_text(d->bus), "address", out_json_text(d->addr),
					"name", out_json_text(d->name), "state", words[v->how],
					"driver",
					out_json_text(v->match ? hw_match_driver(v->match) : NULL),
					"lacks",
					out_json_text(v->lacks ? v->lacks->symbol : NULL)));
	}
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:o}", "machine", out_json_text(m->name),
			 "builtin", (json_int_t)m->count[0], "modules", (json_int_t)m->count[1],
			 "dead", (json_int_t)m->count[2], "no_driver", (json_int_t)m->count[3],
			 "devices", devices);
}

/* One machine: 1 where something is dead. */
static int one(struct coverage *c, struct err *err)
{
	struct machine m = { 0 };
	int r = cover(c, c->o->find.source.from, &m, err);

	if (r == 0 && c->out->json)
		out_json(c->out, json_machine(c, &m));
	else if (r == 0)
		r = print_machine(c, &m, err);
	if (r == 0)
		r = m.count[HW_DRIVEN_NOT] ? EXIT_NO : EXIT_OK;
	machine_release(&m);
	return r;
}

static void row(struct table *t, const struct machine *m)
{
	table_row(t);
	table_cell(t, m->name);
	for (size_t i = 0; i < countof(m->count); i++) {
		auto_free char *n = xasprintf("%zu", m->count[i]);

		table_cell_color(t, n, i == HW_DRIVEN_NOT && m->count[i] ? TABLE_BAD : TABLE_PLAIN);
	}
}

/* A folder: a line for each machine. */
static int many(struct coverage *c, const char *folder, struct err *err)
{
	static const char *const columns[] = { "MACHINE", "BUILT IN", "MODULES", "DEAD",
					       "NO DRIVER" };
	struct table *t = table_new(columns, countof(columns));
	json_t *json = c->out->json ? json_array() : NULL;
	auto_strv struct strv names = { 0 };
	int r = file_names(AT_FDCWD, folder, &names, err), dead = 0;

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_free char *path = path_join(folder, names.v[i]);
		struct machine m = { 0 };

		if (*names.v[i] == '.')
			continue;
		r = cover(c, path, &m, err);
		if (r == 0 && json)
			json_array_append_new(json, json_machine(c, &m));
		else if (r == 0)
			row(t, &m);
		dead |= m.count[HW_DRIVEN_NOT] > 0;
		machine_release(&m);
	}
	if (r == 0 && !json)
		r = table_print(t, c->out, err);
	if (r == 0 && json)
		out_json(c->out, json);
	else
		json_decref(json);
	table_free(t);
	return r < 0 ? r : (dead ? EXIT_NO : EXIT_OK);
}

static int open_all(struct coverage *c, const char *config, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, config, MAX_CONFIG, &text, err);

	if (r < 0)
		return r;
	dotconfig_parse(&c->config, str_c(&text), text.n);
	if (!c->config.value.n)
		return err_set(err, -EBADMSG, "'%s' has no line of a configuration", config);
	r = hw_find_open(&c->find, c->out, &c->o->find, err);
	return r < 0 ? r : kb_module_list(c->find.tree, c->find.srcarch, &c->modules, err);
}

static int run_hw_coverage(struct out *out, const struct global_opts *global, void *o, char **args,
			   size_t n_args, size_t dashes, struct err *err)
{
	struct coverage c = { .out = out, .o = o };
	const char *from = c.o->find.source.from;
	struct stat st;
	int r;

	if (n_args != 1)
		return usage_error(&cmd_hw_coverage, err,
				   n_args ? "unexpected argument '%s'" : "no CONFIG given",
				   n_args ? args[1] : "");
	r = open_all(&c, args[0], err);
	if (r == 0)
		r = from && stat(from, &st) == 0 && S_ISDIR(st.st_mode) ? many(&c, from, err)
									: one(&c, err);
	hw_find_release(&c.find);
	kb_module_list_release(&c.modules);
	dotconfig_release(&c.config);
	return r;
}

static const char *const examples[] = {
	"kiln hw coverage --tree linux linux/.config",
	"kiln hw coverage --tree linux --from inventories/ fleet.config",
	NULL,
};

const struct cmd cmd_hw_coverage = {
	.name = "hw coverage",
	.args = "CONFIG",
	.summary = "say which devices of machines a configuration drives, and which it leaves dead",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct coverage_opts),
	.facts = true,
	.run = run_hw_coverage,
	.release = release,
};
