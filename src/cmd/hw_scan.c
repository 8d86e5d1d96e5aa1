/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw scan`: the devices of a machine. */
#include "cmd/cmd.h"
#include "cmd/hw_source.h"

extern const struct cmd cmd_hw_scan;

struct scan_opts {
	struct hw_source_opts source;
	struct strv buses;
};

static const struct opt opts[] = {
	/* clang-format off */
	HW_SOURCE_OPTS(offsetof(struct scan_opts, source)),
	{ "bus", 'b', OPT_LIST, offsetof(struct scan_opts, buses), "BUS", "only devices of this bus; may be given several times" },
	/* clang-format on */
};

static void release(void *o)
{
	strv_release(&((struct scan_opts *)o)->buses);
}

/* In the order in which a person looks for things; what is not here comes behind, by name. */
static const char *const bus_order[] = { "dmi", "cpu", "pci", "usb", "block", "net" };

static size_t rank(const char *bus)
{
	size_t i = 0;

	while (i < countof(bus_order) && !str_eq(bus_order[i], bus))
		i++;
	return i;
}

static int by_bus(const void *a, const void *b)
{
	const struct hw_device *x = *(const struct hw_device *const *)a;
	const struct hw_device *y = *(const struct hw_device *const *)b;
	size_t i = rank(x->bus), k = rank(y->bus);

	if (i != k)
		return i < k ? -1 : 1;
	if (!str_eq(x->bus, y->bus))
		return strcmp(x->bus, y->bus);
	if (strverscmp(x->addr, y->addr))
		return strverscmp(x->addr, y->addr);
	return x < y ? -1 : 1;
}

struct picked {
	const struct hw_device **v;
	size_t n, cap;
};

static void pick(const struct hw_inventory *inv, const struct strv *buses, struct picked *ret)
{
	for (size_t i = 0; i < inv->n; i++)
		if (!buses->n || strv_has(buses, inv->v[i].bus))
			vec_push(ret, &inv->v[i]);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(const struct hw_device *), by_bus);
}

static json_t *json_texts(const char *const *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, out_json_text(v[i]));
	return a;
}

static json_t *json_device(const struct hw_inventory *inv, const struct hw_device *d)
{
	const char *parent = d->parent ? inv->v[d->parent - 1].path : NULL;
	json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "bus",
			      out_json_text(d->bus), "address", out_json_text(d->addr), "path",
			      out_json_text(d->path), "parent", out_json_text(parent), "name",
			      out_json_text(d->name), "kind", out_json_text(d->kind), "alias",
			      json_texts(d->alias, d->n_alias), "driver", out_json_text(d->driver),
			      "module", json_texts(d->module, d->n_module));

	if (d->line)
		json_object_set_new(j, "line", json_integer(d->line));
	if (d->secret)
		json_object_set_new(j, "secret", out_json_text(d->secret));
	return j;
}

static void print_json(struct out *out, const struct hw_inventory *inv, const struct picked *p)
{
	json_t *devices = json_array(), *odd = json_array();

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(devices, json_device(inv, p->v[i]));
	for (size_t i = 0; i < inv->odd.n; i++)
		json_array_append_new(odd, json_pack("{s:i, s:o, s:o}", "line", inv->odd.v[i].line,
						     "text", out_json_text(inv->odd.v[i].text),
						     "why", out_json_text(inv->odd.v[i].why)));
	out_json(out, json_pack("{s:o, s:o, s:o}", "devices", devices, "loaded",
				json_texts(inv->loaded.v, inv->loaded.n), "odd", odd));
}

static char *joined(const char *const *v, size_t n, const char *between)
{
	struct str b = { 0 };

	for (size_t i = 0; i < n; i++)
		str_addf(&b, "%s%s", i ? between : "", v[i]);
	return str_take(&b);
}

/* "Ethernet controller: Intel I219-V" */
static char *what(const struct hw_device *d)
{
	return xasprintf("%s%s%s%s%s%s", d->kind ? d->kind : "", d->kind && d->name ? ": " : "",
			 d->name ? d->name : "", d->secret ? " (" : "", d->secret ? d->secret : "",
			 d->secret ? ")" : "");
}

/* The driver; in brackets what the text says could be it. */
static char *driver(const struct hw_device *d)
{
	auto_free char *modules = joined(d->module, d->n_module, ", ");

	if (d->driver || !d->n_module)
		return xstrdup(d->driver ? d->driver : "");
	return xasprintf("(%s)", modules);
}

static int print_table(struct out *out, const struct picked *p, struct err *err)
{
	static const char *const columns[] = { "BUS", "ADDRESS", "DRIVER", "DEVICE", "MODALIAS" };
	const size_t n_columns = countof(columns) - (out->verbose < 1);
	struct table *t = table_new(columns, n_columns);
	int r;

	for (size_t i = 0; i < p->n; i++) {
		const struct hw_device *d = p->v[i];
		auto_free char *drv = driver(d), *name = what(d);
		auto_free char *alias = joined(d->alias, d->n_alias, " ");

		table_row(t);
		table_cell(t, d->bus);
		table_cell(t, d->addr);
		table_cell(t, drv);
		table_cell(t, name);
		if (out->verbose >= 1)
			table_cell(t, alias);
	}
	r = table_print(t, out, err);
	table_free(t);
	return r;
}

static int print(struct out *out, const struct hw_inventory *inv, const struct picked *p,
		 struct err *err)
{
	if (out->json) {
		print_json(out, inv, p);
		return 0;
	}
	if (inv->loaded.n)
		out_note(out, "%zu modules are loaded", inv->loaded.n);
	if (!p->n) {
		out_note(out, "no devices");
		return 0;
	}
	return print_table(out, p, err);
}

static int run_scan(struct out *out, const struct global_opts *global, void *o, char **args,
		    size_t n_args, size_t dashes, struct err *err)
{
	const struct scan_opts *so = o;
	auto_hw_inventory struct hw_inventory inv = { 0 };
	struct picked p = { 0 };
	int r;

	if (n_args)
		return usage_error(&cmd_hw_scan, err, "unexpected argument '%s'", args[0]);
	r = hw_source_read(out, &cmd_hw_scan, &so->source, &inv, err);
	if (r < 0)
		return r;
	pick(&inv, &so->buses, &p);
	r = print(out, &inv, &p, err);
	free(p.v);
	return r;
}

static const char *const examples[] = {
	"kiln hw scan",
	"kiln hw scan --bus pci --bus usb -v",
	"ssh there lspci -nnk | kiln hw scan --from -",
	NULL,
};

const struct cmd cmd_hw_scan = {
	.name = "hw scan",
	.args = "",
	.summary = "show the devices of a machine, with their drivers",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct scan_opts),
	.facts = true,
	.run = run_scan,
	.release = release,
};
