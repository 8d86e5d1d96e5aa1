/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kiln hw diff`: what came and went between two machines, or two states of one, and what that means for a configuration and for
 * firmware.
 */
#include "cmd/hw_files.h"
#include "cmd/hw_lines.h"
#include "hw/needs.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

extern const struct cmd cmd_hw_diff;

struct hw_diff_opts {
	struct config_opts config;
	const char *base;
	struct strv firmware_dirs;
	bool module;
};

#define S(member) offsetof(struct hw_diff_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(S(config)),
	{ "base", 'b', OPT_STRING, S(base), "BASE", "what the lines would be put on (default: allnoconfig)", .complete = OC_FILE },
	{ "module", 'm', OPT_FLAG, S(module), NULL, "drivers as modules where that can be" },
	{ "firmware-dir", 'f', OPT_LIST, S(firmware_dirs), "DIR", "look for firmware here, not in /lib/firmware; may be given several times", .complete = OC_DIR },
	/* clang-format on */
};

static void release(void *o)
{
	strv_release(&((struct hw_diff_opts *)o)->firmware_dirs);
}

/* One side. */
struct side {
	const char *name; /* "." for this machine */
	struct hw_find find;
	struct hw_needs needs;
	struct hw_symbols symbols;
	struct hw_files files;
};

struct diff {
	struct out *out;
	const struct hw_diff_opts *o;
	struct hw_find tree; /* its index, shared by both */
	struct hw_lines lines;
	struct side old, new;
	json_t *devices, *symbols, *firmware; /* NULL: text */
	size_t changes;
};

static int find_lines(struct diff *d, struct side *s, struct err *err)
{
	const struct hw_needs_spec spec = { .inv = &s->find.inv,
					    .found = s->find.found,
					    .index = &d->tree.index[0],
					    .srcarch = d->tree.srcarch };
	int r;

	hw_needs_devices(&spec, &s->needs);
	r = hw_needs_rules(&spec, &s->needs, err);
	for (size_t i = s->needs.wanted.n; r == 0 && i-- > 0;) {
		const char *symbol = s->needs.wanted.v[i].symbol;

		if (symbol && !hw_lines_has(&d->lines, symbol))
			s->needs.wanted.v[i] = s->needs.wanted.v[--s->needs.wanted.n];
	}
	if (r == 0)
		r = hw_lines_find(&d->lines, s->needs.wanted.v, s->needs.wanted.n, d->o->module,
				  err);
	s->symbols = d->lines.found;
	d->lines.found = (struct hw_symbols){ 0 };
	return r;
}

static int open_side(struct diff *d, struct side *s, struct err *err)
{
	const struct hw_find_opts o = { .source = { .from = str_eq(s->name, ".") ? NULL
										 : s->name } };
	struct hw_files_opts files = { .source = &o.source, .dirs = &d->o->firmware_dirs };
	struct utsname u;
	int r;

	s->find.out = d->out;
	s->find.index[0] = d->tree.index[0];
	s->find.n_indexes = 1;
	r = hw_find_devices(&s->find, &cmd_hw_diff, &o, err);
	if (r == 0)
		r = find_lines(d, s, err);
	if (r < 0)
		return r;
	/* for both sides, or the same file would be there for one of them */
	uname(&u);
	files.release = u.release;
	return hw_files_find(&s->files, &s->find, &files, err);
}

static void side_release(struct side *s)
{
	s->find.index[0] = (struct hw_index){ 0 };
	hw_find_release(&s->find);
	hw_needs_release(&s->needs);
	hw_symbols_release(&s->symbols);
	hw_files_release(&s->files);
}

/* Devices are the same by what they are, not by where they are plugged in; a list may not tell all numbers. */
static bool is_same(const struct hw_device *a, const struct hw_device *b)
{
	if (!str_eq(a->bus, b->bus) || a->n_alias != b->n_alias)
		return false;
	for (size_t i = 0; i < a->n_alias; i++)
		if (!hw_alias_fits(a->alias[i], b->alias[i]) &&
		    !hw_alias_fits(b->alias[i], a->alias[i]))
			return false;
	return a->n_alias > 0;
}

static size_t count_same(const struct hw_inventory *inv, const struct hw_device *d, size_t before)
{
	size_t n = 0;

	for (size_t i = 0; i < before; i++)
		n += is_same(&inv->v[i], d);
	return n;
}

static void tell_device(struct diff *d, const struct side *s, size_t i, bool gone)
{
	const struct hw_device *dev = &s->find.inv.v[i];
	const struct hw_match *m = hw_device_match(dev, &s->find.found[i]);
	auto_free char *what = hw_device_text(dev);

	d->changes++;
	if (d->devices)
		json_array_append_new(
			d->devices,
			json_pack("{s:s, s:o, s:o, s:o}", "change", gone ? "gone" : "new", "device",
				  out_json_text(what), "name", out_json_text(dev->name), "driver",
				  out_json_text(m ? hw_match_driver(m) : NULL)));
	else
		out_print(d->out, "%c %s%s%s  (%s)\n", gone ? '-' : '+', what,
			  dev->name ? ": " : "", dev->name ? dev->name : "",
			  m ? hw_match_driver(m) : "no driver in this tree");
}

/* The devices of one side that the other has not, or not as often. */
static void compare_devices(struct diff *d, const struct side *s, const struct side *other,
			    bool gone)
{
	for (size_t i = 0; i < s->find.inv.n; i++) {
		const struct hw_device *dev = &s->find.inv.v[i];

		if (dev->n_alias && count_same(&s->find.inv, dev, i) >=
					    count_same(&other->find.inv, dev, other->find.inv.n))
			tell_device(d, s, i, gone);
	}
}

static const struct hw_line *line_of(const struct hw_symbols *s, const char *symbol)
{
	for (size_t i = 0; i < s->lines.n; i++)
		if (str_eq(s->lines.v[i].symbol, symbol))
			return &s->lines.v[i];
	return NULL;
}

static void tell_line(struct diff *d, const struct hw_line *l, bool gone)
{
	d->changes++;
	if (d->symbols)
		json_array_append_new(d->symbols,
				      json_pack("{s:s, s:o, s:s, s:o}", "change",
						gone ? "gone" : "new", "symbol",
						out_json_text(l->symbol), "value", l->value,
						"reason", out_json_text(l->reason)));
	else
		out_print(d->out, "%c CONFIG_%s=%s  # %s\n", gone ? '-' : '+', l->symbol, l->value,
			  l->reason);
}

static void compare_lines(struct diff *d, const struct side *s, const struct side *other, bool gone)
{
	for (size_t i = 0; i < s->symbols.lines.n; i++) {
		const struct hw_line *l = &s->symbols.lines.v[i],
				     *there = line_of(&other->symbols, l->symbol);

		if (!there || !str_eq(there->value, l->value))
			tell_line(d, l, gone);
	}
}

/* Of what a driver may ask for, what the machine's log does not name and is not here tells nothing. */
static bool matters(const struct side *s, size_t i)
{
	return s->files.needed[i] || s->files.found.v[i].state != HW_FW_CANDIDATE;
}

/* What is loaded on one side and may be asked for on the other did not change; what is missed on one did. */
static bool has_file(const struct side *s, const struct hw_fw_file *x)
{
	for (size_t i = 0; i < s->files.found.n; i++) {
		const struct hw_fw_file *y = &s->files.found.v[i];

		if (str_eq(x->name, y->name) &&
		    (x->state == HW_FW_MISSED) == (y->state == HW_FW_MISSED))
			return true;
	}
	return false;
}

static bool has_asker(const struct side *s, const char *module)
{
	for (size_t i = 0; i < s->files.found.n; i++)
		if (str_eq(s->files.found.v[i].module, module))
			return true;
	return false;
}

static void tell_file(struct diff *d, const struct side *s, const struct hw_fw_file *x, bool gone)
{
	auto_free char *what = x->device ? hw_device_text(x->device) : NULL,
		       *path = hw_files_path(&s->files, x),
		       *package = path ? NULL : hw_files_package(&s->files, x);

	d->changes++;
	if (d->firmware)
		json_array_append_new(
			d->firmware,
			json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "change",
				  gone ? "gone" : "new", "file", out_json_text(x->name), "state",
				  hw_fw_state_name[x->state], "path", out_json_text(path), "module",
				  out_json_text(x->module), "device", out_json_text(what),
				  "package", out_json_text(package)));
	else
		out_print(d->out, "%c firmware %s  # %s%s%s%s%s%s\n", gone ? '-' : '+', x->name,
			  what	      ? what
			  : x->module ? x->module
				      : "in the log",
			  x->state == HW_FW_CANDIDATE ? "" : ", ",
			  x->state == HW_FW_CANDIDATE ? "" : hw_fw_state_name[x->state],
			  path ? "" : ", not here",
			  package ? ": files like it are in package " : "", package ? package : "");
}

static void compare_files(struct diff *d, const struct side *s, const struct side *other, bool gone)
{
	for (size_t i = 0; i < s->files.found.n; i++) {
		const struct hw_fw_file *x = &s->files.found.v[i];

		if (matters(s, i) && !has_file(other, x))
			tell_file(d, s, x, gone);
		if (!gone && !s->files.found.log_complete && !has_asker(other, x->module))
			hw_files_tell_empty(&s->files, d->out, i);
	}
}

static int open_all(struct diff *d, struct err *err)
{
	const struct hw_find_opts find =
		hw_lines_find_opts(&d->o->config, &(struct hw_source_opts){ 0 });
	int r = hw_lines_open(&d->lines, d->out, &d->o->config, d->o->base, err);

	if (r == 0)
		r = hw_find_open(&d->tree, d->out, &find, err);
	if (r == 0)
		r = MIN(hw_find_confirm(&d->tree, err), 0);
	if (r == 0)
		r = open_side(d, &d->old, err);
	return r == 0 ? open_side(d, &d->new, err) : r;
}

static void compare(struct diff *d)
{
	compare_devices(d, &d->old, &d->new, true);
	compare_devices(d, &d->new, &d->old, false);
	compare_lines(d, &d->old, &d->new, true);
	compare_lines(d, &d->new, &d->old, false);
	compare_files(d, &d->old, &d->new, true);
	compare_files(d, &d->new, &d->old, false);
	if (d->devices)
		out_json(d->out, json_pack("{s:o, s:o, s:o}", "devices", d->devices, "symbols",
					   d->symbols, "firmware", d->firmware));
	else if (!d->changes)
		out_note(d->out, "the same devices");
}

static int run_hw_diff(struct out *out, const struct global_opts *global, void *o, char **args,
		       size_t n_args, size_t dashes, struct err *err)
{
	struct diff d = { .out = out,
			  .o = o,
			  .lines = HW_LINES_NONE,
			  .old.files = HW_FILES_NONE,
			  .new.files = HW_FILES_NONE };
	int r;

	if (n_args != 2)
		return usage_error(&cmd_hw_diff, err, "OLD and NEW are wanted");
	d.old.name = args[0];
	d.new.name = args[1];
	r = open_all(&d, err);
	if (r == 0 && out->json) {
		d.devices = json_array();
		d.symbols = json_array();
		d.firmware = json_array();
	}
	if (r == 0) {
		compare(&d);
		r = d.changes ? EXIT_NO : EXIT_OK;
	}
	side_release(&d.old);
	side_release(&d.new);
	hw_lines_release(&d.lines);
	hw_find_release(&d.tree);
	return r;
}

static const char *const examples[] = {
	"kiln hw diff --tree linux before.tar.zst .",
	"kiln hw diff --tree linux old-laptop.txt new-laptop.txt",
	NULL,
};

const struct cmd cmd_hw_diff = {
	.name = "hw diff",
	.args = "OLD NEW",
	.summary =
		"what a change of hardware means: devices, lines of a configuration and firmware that come and go",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct hw_diff_opts),
	.facts = true,
	.run = run_hw_diff,
	.release = release,
};
