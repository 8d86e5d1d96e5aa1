/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw symbols`: the lines of a configuration that bring modules, with all that these need. */
#include "cmd/hw_find.h"
#include "cmd/hw_lines.h"
#include "hw/needs.h"

struct symbols_opts {
	struct config_opts config;
	struct hw_source_opts source;
	const char *base;
	bool module, all;
};

#define S(member) offsetof(struct symbols_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(S(config)),
	HW_SOURCE_OPTS(S(source)),
	{ "all", 0, OPT_FLAG, S(all), NULL, "devices too that nothing drives there" },
	{ "base", 'b', OPT_STRING, S(base), "BASE", "what the lines will be put on (default: allnoconfig)", .complete = OC_FILE },
	{ "module", 'm', OPT_FLAG, S(module), NULL, "as modules where that can be, not built in" },
	/* clang-format on */
};

extern const struct cmd cmd_hw_symbols;

/* Modules by their names, or else those that drive the devices of a machine. */
static int wanted_of(struct out *out, const struct symbols_opts *o, char **args, size_t n,
		     struct hw_find *f, struct hw_needs *ret, struct err *err)
{
	const struct hw_find_opts find = hw_lines_find_opts(&o->config, &o->source);
	struct hw_needs_spec spec = { .unbound = o->all };
	int r;

	for (size_t i = 0; i < n; i++)
		vec_push(&ret->wanted, ((struct hw_wanted){ .module = args[i] }));
	if (n)
		return 0;
	r = hw_find_open(f, out, &find, err);
	if (r == 0)
		r = hw_find_devices(f, &cmd_hw_symbols, &find, err);
	if (r < 0)
		return r;
	spec.inv = &f->inv;
	spec.found = f->found;
	spec.index = &f->index[0];
	spec.srcarch = f->srcarch;
	hw_needs_devices(&spec, ret);
	hw_needs_tell(out, ret);
	return 0;
}

static int run_hw_symbols(struct out *out, const struct global_opts *global, void *opts_,
			  char **args, size_t n_args, size_t dashes, struct err *err)
{
	const struct symbols_opts *o = opts_;
	struct hw_lines l = HW_LINES_NONE;
	struct hw_find f = { 0 };
	struct hw_needs needs = { 0 };
	auto_str struct str text = { 0 };
	int r;

	if (n_args && (o->source.from || o->source.root))
		return usage_error(&cmd_hw_symbols, err,
				   "a MODULE and another machine exclude each other");
	r = hw_lines_open(&l, out, &o->config, o->base, err);

	if (r == 0)
		r = wanted_of(out, o, args, n_args, &f, &needs, err);
	if (r == 0)
		r = hw_lines_find(&l, needs.wanted.v, needs.wanted.n, o->module, err);
	if (r == 0) {
		hw_lines_tell(&l, needs.wanted.v);
		hw_symbols_text(&l.found, &text);
		if (out->json)
			out_json(out, hw_lines_json(&l, needs.wanted.v));
		else
			out_print(out, "%s", str_c(&text));
		r = l.found.unmet.n ? EXIT_NO : EXIT_OK;
	}
	hw_lines_release(&l);
	hw_needs_release(&needs);
	hw_find_release(&f);
	return r;
}

static const char *const examples[] = {
	"kiln hw symbols --tree linux",
	"kiln hw symbols --tree linux --from there.tar.zst",
	"kiln hw symbols --tree linux e1000e nvme xhci-pci >drivers.config",
	"kiln hw symbols --tree linux --arch arm64 --module --base defconfig r8152",
	"kiln hw symbols --tree linux drivers/usb/storage/usb-storage --json",
	NULL,
};

const struct cmd cmd_hw_symbols = {
	.name = "hw symbols",
	.args = "[MODULE...]",
	.summary = "the lines of a configuration that bring modules, with what these need",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct symbols_opts),
	.facts = true,
	.run = run_hw_symbols,
};
