/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kiln hw why`: the way from a device to lines of a configuration, or from a symbol back to devices. Both are found by
 * working out the lines of one device alone.
 */
#include "cmd/hw_find.h"
#include "cmd/hw_lines.h"
#include "hw/needs.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

extern const struct cmd cmd_hw_why;

struct hw_why_opts {
	struct config_opts config;
	struct hw_source_opts source;
	const char *base;
	bool module;
};

#define S(member) offsetof(struct hw_why_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(S(config)),
	HW_SOURCE_OPTS(S(source)),
	{ "base", 'b', OPT_STRING, S(base), "BASE", "what the lines would be put on (default: allnoconfig)", .complete = OC_FILE },
	{ "module", 'm', OPT_FLAG, S(module), NULL, "drivers as modules where that can be" },
	/* clang-format on */
};

struct why {
	struct out *out;
	const struct hw_why_opts *o;
	struct hw_find find;
	struct hw_lines lines;
	json_t *json; /* an array; NULL: text */
	bool any;
};

/* What one device needs; left in w->lines.found. */
static int work_out(struct why *w, size_t device, struct hw_needs *needs, struct err *err)
{
	struct hw_inventory one = { .v = &w->find.inv.v[device], .n = 1 };
	const struct hw_needs_spec spec = { .inv = &one,
					    .found = &w->find.found[device],
					    .index = &w->find.index[0],
					    .srcarch = w->find.srcarch,
					    .unbound = true };

	hw_symbols_release(&w->lines.found);
	hw_needs_devices(&spec, needs);
	return hw_lines_find(&w->lines, needs->wanted.v, needs->wanted.n, w->o->module, err);
}

static const struct kb_module *module_of(const struct why *w, const struct hw_needs *needs)
{
	size_t n;

	return needs->wanted.n && needs->wanted.v[0].module
		       ? kb_module_find(&w->lines.modules, needs->wanted.v[0].module, &n)
		       : NULL;
}

static void print_match(const struct why *w, const struct hw_match *m, size_t of)
{
	const struct hw_ix_record *r = m->record;

	out_print(w->out, "  modalias   %s\n", m->alias);
	out_print(w->out, "  table      %s  (%s:%u)\n", hw_ix_text(m->index, r->text),
		  hw_ix_text(m->index, r->file), r->line);
	if (r->cond)
		out_print(w->out, "             where %s\n", hw_ix_text(m->index, r->cond));
	out_print(w->out, "  driver     %s", hw_match_driver(m));
	if (of > 1)
		out_print(w->out, ", the first of %zu that match", of);
	out_print(w->out, "%s%s\n", m->yields ? "; but " : "", m->yields ? m->yields : "");
}

static void print_module(const struct why *w, const struct kb_module *k)
{
	const struct kb_way *way = k->n_way ? &k->way[0] : NULL;

	out_print(w->out, "  object     %s\n", k->path);
	for (size_t i = 0; way && i < way->term.n; i++)
		out_print(w->out, "  %s CONFIG_%s  (%s:%d)\n", i ? "          " : "symbols   ",
			  way->term.need[i].symbol, way->term.need[i].file, way->term.need[i].line);
}

static void print_lines(const struct why *w)
{
	for (size_t i = 0; i < w->lines.found.lines.n; i++) {
		const struct hw_line *l = &w->lines.found.lines.v[i];

		out_print(w->out, "  %s CONFIG_%s=%s  # %s\n", i ? "          " : "lines     ",
			  l->symbol, l->value, l->reason);
	}
}

static json_t *json_match(const struct hw_match *m)
{
	const struct hw_ix_record *r = m->record;

	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:o}", "modalias", out_json_text(m->alias),
			 "alias", out_json_text(hw_ix_text(m->index, r->text)), "driver",
			 out_json_text(hw_match_driver(m)), "file",
			 out_json_text(hw_ix_text(m->index, r->file)), "line", (int)r->line,
			 "condition",
			 r->cond ? out_json_text(hw_ix_text(m->index, r->cond)) : json_null());
}

static void tell_device(struct why *w, size_t i, const struct hw_needs *needs)
{
	const struct hw_device *d = &w->find.inv.v[i];
	const struct hw_match *m = hw_device_match(d, &w->find.found[i]);
	const struct kb_module *k = module_of(w, needs);
	auto_free char *what = hw_device_text(d);

	w->any = true;
	if (w->json) {
		json_array_append_new(
			w->json, json_pack("{s:o, s:o, s:o, s:o}", "device", out_json_text(what),
					   "match", m ? json_match(m) : json_null(), "object",
					   out_json_text(k ? k->path : NULL), "config",
					   hw_lines_json(&w->lines, needs->wanted.v)));
		return;
	}
	out_print(w->out, "%s%s%s\n", what, d->name ? ": " : "", d->name ? d->name : "");
	for (size_t t = 0; t < d->n_alias && !m; t++)
		out_print(w->out, "  modalias   %s\n", d->alias[t]);
	if (m)
		print_match(w, m, w->find.found[i].n);
	if (k)
		print_module(w, k);
	else
		out_print(w->out, "  no driver of this tree is for it\n");
	print_lines(w);
	hw_lines_tell(&w->lines, needs->wanted.v);
}

/* A device by its address, with or without the domain, or a part of its name. */
static bool is_called(const struct hw_device *d, const char *what)
{
	const char *addr = d->addr;

	str_skip(&addr, "0000:");
	return str_eq(d->addr, what) || str_eq(addr, what) ||
	       (strlen(what) > 2 && d->name && strcasestr(d->name, what));
}

static int devices(struct why *w, const char *what, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->find.inv.n; i++) {
		struct hw_needs needs = { 0 };

		if (!is_called(&w->find.inv.v[i], what))
			continue;
		r = work_out(w, i, &needs, err);
		if (r == 0)
			tell_device(w, i, &needs);
		hw_needs_release(&needs);
	}
	return r;
}

/* Whether the lines of a device have the symbol. */
static const struct hw_line *line_of(const struct why *w, const char *symbol)
{
	for (size_t i = 0; i < w->lines.found.lines.n; i++)
		if (str_eq(w->lines.found.lines.v[i].symbol, symbol))
			return &w->lines.found.lines.v[i];
	return NULL;
}

static void tell_symbol(struct why *w, size_t i, const struct hw_line *l)
{
	const struct hw_match *m = hw_device_match(&w->find.inv.v[i], &w->find.found[i]);
	auto_free char *what = hw_device_text(&w->find.inv.v[i]);

	w->any = true;
	if (w->json) {
		json_array_append_new(w->json,
				      json_pack("{s:o, s:o, s:o, s:s, s:o}", "device",
						out_json_text(what), "driver",
						out_json_text(m ? hw_match_driver(m) : NULL),
						"symbol", out_json_text(l->symbol), "value",
						l->value, "reason", out_json_text(l->reason)));
		return;
	}
	out_print(w->out, "CONFIG_%s=%s for %s", l->symbol, l->value, what);
	if (m)
		out_print(w->out, ", driven by %s", hw_match_driver(m));
	out_print(w->out, "%s%s\n", l->needed ? ": " : "", l->needed ? l->reason : "");
}

/* What no device wants, but the machine: data/hardware/needs.yaml. */
static int tell_rules(struct why *w, const char *name, struct err *err)
{
	const struct hw_needs_spec spec = { .inv = &w->find.inv,
					    .found = w->find.found,
					    .index = &w->find.index[0],
					    .srcarch = w->find.srcarch,
					    .is_static = true };
	struct hw_needs needs = { 0 };
	int r;

	hw_needs_devices(&spec, &needs);
	r = hw_needs_rules(&spec, &needs, err);
	for (size_t i = 0; r == 0 && i < needs.wanted.n; i++) {
		const struct hw_wanted *want = &needs.wanted.v[i];

		if (!str_eq(want->symbol, name))
			continue;
		w->any = true;
		if (w->json)
			json_array_append_new(w->json,
					      json_pack("{s:n, s:n, s:o, s:s, s:o}", "device",
							"driver", "symbol", out_json_text(name),
							"value", want->value, "reason",
							out_json_text(want->reason)));
		else
			out_print(w->out, "CONFIG_%s=%s for this machine: %s\n", name, want->value,
				  want->reason);
	}
	hw_needs_release(&needs);
	return r;
}

static int symbol(struct why *w, const char *name, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->find.inv.n; i++) {
		struct hw_needs needs = { 0 };
		const struct hw_line *l;

		if (!w->find.found[i].n && !w->find.inv.v[i].driver)
			continue;
		r = work_out(w, i, &needs, err);
		l = r == 0 ? line_of(w, name) : NULL;
		if (l)
			tell_symbol(w, i, l);
		hw_needs_release(&needs);
		out_progress(w->out, "working out devices", i + 1, w->find.inv.n);
	}
	out_progress_end(w->out);
	return r == 0 ? tell_rules(w, name, err) : r;
}

static int open_all(struct why *w, struct err *err)
{
	const struct hw_find_opts find = hw_lines_find_opts(&w->o->config, &w->o->source);
	int r = hw_lines_open(&w->lines, w->out, &w->o->config, w->o->base, err);

	if (r == 0)
		r = hw_find_open(&w->find, w->out, &find, err);
	return r == 0 ? hw_find_devices(&w->find, &cmd_hw_why, &find, err) : r;
}

static int answer(struct why *w, const char *what, struct err *err)
{
	const char *name = what;
	int r;

	str_skip(&name, "CONFIG_");
	if (hw_lines_has(&w->lines, name))
		r = symbol(w, name, err);
	else
		r = devices(w, what, err);
	if (r < 0)
		return r;
	if (w->json)
		out_json(w->out, take_ptr(w->json));
	else if (!w->any && hw_lines_has(&w->lines, name))
		out_print(w->out, "no device of this machine wants CONFIG_%s\n", name);
	if (w->any || hw_lines_has(&w->lines, name))
		return w->any ? EXIT_OK : EXIT_NO;
	err_set(err, -ENOENT, "'%s' is no symbol of this tree, and no device of this machine",
		what);
	return err_hint(err, -ENOENT, "'kiln hw scan' shows the devices with their addresses");
}

static int run_hw_why(struct out *out, const struct global_opts *global, void *o, char **args,
		      size_t n_args, size_t dashes, struct err *err)
{
	struct why w = { .out = out, .o = o, .lines = HW_LINES_NONE };
	int r;

	if (n_args != 1)
		return usage_error(&cmd_hw_why, err,
				   n_args ? "unexpected argument '%s'"
					  : "no SYMBOL or DEVICE given",
				   n_args ? args[1] : "");
	w.json = out->json ? json_array() : NULL;
	r = open_all(&w, err);
	if (r == 0)
		r = answer(&w, args[0], err);
	json_decref(w.json);
	hw_lines_release(&w.lines);
	hw_find_release(&w.find);
	return r;
}

static const char *const examples[] = {
	"kiln hw why --tree linux 00:1f.6",
	"kiln hw why --tree linux E1000E",
	"kiln hw why --tree linux --from there.tar.zst 'I219'",
	NULL,
};

const struct cmd cmd_hw_why = {
	.name = "hw why",
	.args = "SYMBOL|DEVICE",
	.summary = "the way from a device to lines of a configuration, or back from a symbol",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct hw_why_opts),
	.facts = true,
	.run = run_hw_why,
};
