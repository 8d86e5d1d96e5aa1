/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw symbols`: the lines of a configuration that bring modules, with all that these need. */
#include "cmd/cmd.h"
#include "cmd/config_tree.h"
#include "hw/symbols.h"

#include <errno.h>
#include <stdlib.h>

struct symbols_opts {
	struct config_opts config;
	const char *base;
	bool module;
};

#define S(member) offsetof(struct symbols_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(S(config)),
	{ "base", 'b', OPT_STRING, S(base), "BASE", "what the lines will be put on (default: allnoconfig)", .complete = OC_FILE },
	{ "module", 'm', OPT_FLAG, S(module), NULL, "as modules where that can be, not built in" },
	/* clang-format on */
};

struct symbols {
	struct out *out;
	const struct symbols_opts *o;
	struct config_tree tree;
	struct config_start start;
	struct kb_module_list modules;
	struct hw_symbols found;
};

extern const struct cmd cmd_hw_symbols;

static int open_tree(struct symbols *s, struct err *err)
{
	const struct config_opts *o = &s->o->config;
	auto_free char *dir = realpath(o->tree ? o->tree : ".", NULL);
	int r;

	if (!dir)
		return err_sys(err, "cannot open the tree '%s'", o->tree ? o->tree : ".");
	r = config_tree_open(&s->tree, o, s->out, err);
	if (r == 0)
		r = config_start_read(&s->tree, s->o->base ?: "allnoconfig", &s->start, err);
	if (r == 0)
		r = kb_module_list(dir, s->tree.srcarch, &s->modules, err);
	return r;
}

static int find(struct symbols *s, const struct hw_wanted *wanted, size_t n, struct err *err)
{
	const struct kc_files files = config_files(&s->tree);
	const struct hw_symbols_spec spec = {
		.tree = s->tree.tree,
		.files = &files,
		.modules = &s->modules,
		.read = s->start.read,
		.fill = s->start.fill,
		.as_modules = s->o->module,
	};

	return hw_symbols_find(&spec, wanted, n, &s->found, err);
}

/* What is told */

static const char *why_name(const struct hw_unmet *u)
{
	static const char *const names[] = {
		[HW_NO_MODULE] = "no-module",
		[HW_NO_SYMBOLS] = "no-symbols",
		[HW_AMBIGUOUS] = "ambiguous",
		[HW_DOES_NOT_HOLD] = "does-not-hold",
	};

	return names[u->why];
}

static void tell_unmet(struct symbols *s, const struct hw_unmet *u, const char *name)
{
	switch (u->why) {
	case HW_NO_MODULE:
		out_warn(s->out, "%s: no Kbuild file of this tree names such a module for %s", name,
			 s->tree.arch);
		break;
	case HW_NO_SYMBOLS:
		out_warn(s->out, "%s: no symbols of this tree bring '%s' for %s", name, u->path,
			 s->tree.arch);
		break;
	case HW_AMBIGUOUS:
		out_warn(s->out,
			 "%s: there is '%s' and '%s': name the one that is meant by its path", name,
			 u->path, u->other);
		break;
	case HW_DOES_NOT_HOLD:
		out_warn(s->out, "%s: CONFIG_%s=%s of %s:%d cannot be", name, u->symbol, u->value,
			 u->file, u->line);
		for (size_t i = 0; i < u->explanation.lines.n; i++)
			fprintf(s->out->message, "    %s\n", u->explanation.lines.v[i]);
	}
}

static json_t *unmet_json(const struct hw_unmet *u, const char *name)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < u->explanation.lines.n; i++)
		json_array_append_new(lines, out_json_text(u->explanation.lines.v[i]));
	return json_pack("{s:o, s:s, s:o?, s:o?, s:o?, s:o?, s:o}", "module", out_json_text(name),
			 "why", why_name(u), "path", u->path ? out_json_text(u->path) : NULL,
			 "other", u->other ? out_json_text(u->other) : NULL, "symbol",
			 u->symbol ? out_json_text(u->symbol) : NULL, "value",
			 u->value ? out_json_text(u->value) : NULL, "reasons", lines);
}

static void print_json(struct symbols *s, const struct hw_wanted *wanted)
{
	json_t *lines = json_array(), *unmet = json_array();

	for (size_t i = 0; i < s->found.lines.n; i++) {
		const struct hw_line *l = &s->found.lines.v[i];

		json_array_append_new(lines, json_pack("{s:o, s:s, s:o, s:b}", "symbol",
						       out_json_text(l->symbol), "value", l->value,
						       "reason", out_json_text(l->reason), "needed",
						       l->needed));
	}
	for (size_t i = 0; i < s->found.unmet.n; i++) {
		const struct hw_unmet *u = &s->found.unmet.v[i];

		json_array_append_new(unmet, unmet_json(u, wanted[u->wanted].module));
	}
	out_json(s->out,
		 json_pack("{s:o, s:o, s:o, s:o}", "version", out_json_text(s->tree.version),
			   "arch", out_json_text(s->tree.arch), "lines", lines, "unmet", unmet));
}

static int tell(struct symbols *s, const struct hw_wanted *wanted)
{
	auto_str struct str text = { 0 };

	for (size_t i = 0; i < s->found.unmet.n; i++) {
		const struct hw_unmet *u = &s->found.unmet.v[i];

		tell_unmet(s, u, wanted[u->wanted].module);
	}
	hw_symbols_text(&s->found, &text);
	if (s->out->json)
		print_json(s, wanted);
	else
		out_print(s->out, "%s", str_c(&text));
	return s->found.unmet.n ? EXIT_NO : EXIT_OK;
}

static int run_hw_symbols(struct out *out, const struct global_opts *global, void *o, char **args,
			  size_t n_args, size_t dashes, struct err *err)
{
	struct symbols s = { .out = out, .o = o, .tree = { .dirfd = -1 } };
	auto_free struct hw_wanted *wanted = NULL;
	int r;

	if (!n_args)
		return usage_error(&cmd_hw_symbols, err, "no MODULE given");
	wanted = xcalloc(n_args, sizeof(*wanted));
	for (size_t i = 0; i < n_args; i++)
		wanted[i].module = args[i];
	r = open_tree(&s, err);
	if (r == 0)
		r = find(&s, wanted, n_args, err);
	if (r == 0)
		r = tell(&s, wanted);
	hw_symbols_release(&s.found);
	kb_module_list_release(&s.modules);
	config_start_release(&s.start);
	config_tree_release(&s.tree);
	return r;
}

static const char *const examples[] = {
	"kiln hw symbols --tree linux e1000e nvme xhci-pci >drivers.config",
	"kiln hw symbols --tree linux --arch arm64 --module --base defconfig r8152",
	"kiln hw symbols --tree linux drivers/usb/storage/usb-storage --json",
	NULL,
};

const struct cmd cmd_hw_symbols = {
	.name = "hw symbols",
	.args = "MODULE...",
	.summary = "the lines of a configuration that bring modules, with what these need",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct symbols_opts),
	.facts = true,
	.run = run_hw_symbols,
};
