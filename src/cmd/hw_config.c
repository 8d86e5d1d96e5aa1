/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw config`: a part of a configuration for a machine. */
#include "base/file.h"
#include "cmd/hw_files.h"
#include "cmd/hw_lines.h"
#include "hw/needs.h"
#include "kconfig/profile.h"

#include <errno.h>
#include <string.h>

extern const struct cmd cmd_hw_config;

struct hw_config_opts {
	struct config_opts config;
	struct hw_source_opts source;
	const char *base, *output, *copy;
	struct strv firmware_dirs;
	struct strv profiles;
	bool is_static, module, all;
};

#define S(member) offsetof(struct hw_config_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(S(config)),
	HW_SOURCE_OPTS(S(source)),
	{ "static", 's', OPT_FLAG, S(is_static), NULL, "no modules, and no initramfs for the root file system" },
	{ "module", 'm', OPT_FLAG, S(module), NULL, "drivers as modules where that can be" },
	{ "profile", 'p', OPT_LIST, S(profiles), "PROFILE", "what a use requires too, as 'kiln config check' knows it; may be given several times", .complete = OC_FILE },
	{ "output", 'o', OPT_STRING, S(output), "FILE", "write the part to FILE, not to stdout", .complete = OC_FILE },
	{ "firmware-dir", 'f', OPT_LIST, S(firmware_dirs), "DIR", "with --static: look for firmware here, not in /lib/firmware; may be given several times", .complete = OC_DIR },
	{ "copy", 0, OPT_STRING, S(copy), "DIR", "with --static: copy the firmware to a new folder, unpacked, and name that", .complete = OC_DIR },
	{ "base", 'b', OPT_STRING, S(base), "BASE", "what the lines will be put on (default: allnoconfig)", .complete = OC_FILE },
	{ "all", 0, OPT_FLAG, S(all), NULL, "devices too that nothing drives there" },
	/* clang-format on */
};

static void release(void *o)
{
	struct hw_config_opts *co = o;

	strv_release(&co->profiles);
	strv_release(&co->firmware_dirs);
}

struct maker {
	struct out *out;
	const struct hw_config_opts *o;
	struct hw_find find;
	struct hw_lines lines;
	struct hw_needs needs;
	struct str more; /* lines whose values are numbers or text */
};

/* What a profile requires and has no device. */
static void add_requirement(struct maker *m, const char *profile, const struct kc_requirement *r)
{
	auto_free char *value = kc_requirement_value(r, "n");
	const char *reason = arena_printf(&m->needs.arena, "%s: %s", profile, r->reason);
	const char *symbol = NULL;

	for (unsigned i = 0; i < r->n_symbols && !symbol; i++)
		if (hw_lines_has(&m->lines, r->symbols[i]))
			symbol = r->symbols[i];
	if (!symbol || !value)
		return;
	if (strlen(value) == 1 && strchr("ymn", *value))
		vec_push(&m->needs.wanted,
			 ((struct hw_wanted){
				 .symbol = arena_strdup(&m->needs.arena, symbol),
				 .value = m->o->is_static && *value == 'm'
						  ? "y"
						  : arena_strdup(&m->needs.arena, value),
				 .reason = reason }));
	else
		str_addf(&m->more, "CONFIG_%s=%s # %s\n", symbol, value, reason);
}

static int add_profile(struct maker *m, const char *name, struct err *err)
{
	const struct config_tree *t = &m->lines.tree;
	const struct kc_part_spec kernel = { t->version, t->arch, t->srcarch };
	struct kc_profile p = { 0 };
	struct dotconfig none = { 0 };
	int r = kc_profile_read(&p, name, err);

	for (size_t i = 0; r == 0 && i < p.requires.n; i++)
		if (kc_requirement_applies(p.requires.v[i], &kernel, &none))
			add_requirement(m, name, p.requires.v[i]);
	kc_profile_release(&p);
	return r;
}

/* Lines of other versions or architectures: the tree does not have these symbols. */
static void drop_unknown(struct maker *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->needs.wanted.n; i++) {
		const struct hw_wanted *w = &m->needs.wanted.v[i];

		if (w->symbol && !hw_lines_has(&m->lines, w->symbol))
			out_detail(m->out, "CONFIG_%s is no symbol of this tree (%s)", w->symbol,
				   w->reason);
		else
			m->needs.wanted.v[n++] = *w;
	}
	m->needs.wanted.n = n;
}

static void tell_lacking(struct maker *m, const struct hw_firmware *found)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct hw_fw_file *x = &found->v[i];

		if (hw_firmware_is_lacking(x))
			out_warn(
				m->out,
				"'%s', which this machine asks for, is not there: see 'kiln hw firmware'",
				x->name);
	}
}

/*
 * Drivers that are built in ask for their firmware before there is a file system, so it has to be in the kernel too. What is
 * compressed is no use to make: --copy unpacks it.
 */
static int add_firmware(struct maker *m, struct err *err)
{
	const struct hw_files_opts o = { .source = &m->o->source, .dirs = &m->o->firmware_dirs };
	cleanup(hw_files_release) struct hw_files files = HW_FILES_NONE;
	auto_err struct err why = { 0 };
	const size_t before = m->more.n;
	int r;

	if (!m->o->is_static)
		return 0;
	r = hw_files_find(&files, &m->find, &o, err);
	if (r < 0)
		return r;
	tell_lacking(m, &files.found);
	if (hw_files_extra(&files, m->o->copy, &m->more, &why) < 0)
		out_warn(
			m->out,
			"the firmware is left out: %s; --copy DIR puts it into a new folder, unpacked",
			why.msg);
	if (!m->o->copy || m->more.n == before)
		return 0;
	return hw_firmware_copy(&files.found, files.needed, &files.dirs, m->o->copy, err);
}

static int find_needs(struct maker *m, struct err *err)
{
	const struct hw_needs_spec spec = {
		.inv = &m->find.inv,
		.found = m->find.found,
		.index = &m->find.index[0],
		.srcarch = m->find.srcarch,
		.is_static = m->o->is_static,
		.unbound = m->o->all,
	};
	int r;

	hw_needs_devices(&spec, &m->needs);
	r = hw_needs_rules(&spec, &m->needs, err);
	for (size_t i = 0; r == 0 && i < m->o->profiles.n; i++)
		r = add_profile(m, m->o->profiles.v[i], err);
	if (r < 0)
		return r;
	drop_unknown(m);
	hw_needs_tell(m->out, &m->needs);
	r = add_firmware(m, err);
	if (r < 0)
		return r;
	return hw_lines_find(&m->lines, m->needs.wanted.v, m->needs.wanted.n,
			     m->o->module && !m->o->is_static, err);
}

/* A root that no kernel mounts by itself is told where it is seen. */
static void tell_root(struct maker *m)
{
	const struct hw_inventory *inv = &m->find.inv;
	const char *dev = hw_fact_get(inv, "root-dev"), *fs = hw_fact_get(inv, "root-fs");

	if (!m->o->is_static)
		return;
	if (!fs)
		out_note(
			m->out,
			"nothing tells of the root file system there: its driver has to be asked for besides");
	else if (dev && str_starts(dev, "/dev/mapper/"))
		out_warn(
			m->out,
			"the root file system is on '%s': an initramfs has to set that up, no kernel does",
			dev);
	else if (str_eq(fs, "overlay"))
		out_note(
			m->out,
			"the root there is a container's: the file system of the disk below it is not known");
}

static void text_of(struct maker *m, struct str *ret)
{
	str_addf(ret, "# For a machine with %zu devices, Linux %s, %s%s: put it on %s.\n",
		 m->find.inv.n, m->lines.tree.version, m->lines.tree.arch,
		 m->o->is_static ? ", nothing as a module" : "",
		 m->o->base ? m->o->base : "allnoconfig");
	hw_symbols_text(&m->lines.found, ret);
	str_add(ret, str_c(&m->more), m->more.n);
}

static int make(struct maker *m, struct err *err)
{
	const struct hw_find_opts find = hw_lines_find_opts(&m->o->config, &m->o->source);
	int r = hw_lines_open(&m->lines, m->out, &m->o->config, m->o->base, err);

	if (r == 0)
		r = hw_find_open(&m->find, m->out, &find, err);
	if (r == 0)
		r = hw_find_devices(&m->find, &cmd_hw_config, &find, err);
	return r == 0 ? find_needs(m, err) : r;
}

static int print(struct maker *m, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = 0;

	text_of(m, &text);
	if (m->o->output)
		r = file_write_out(m->o->output, text.s, text.n, err);
	if (r == 0 && m->out->json)
		out_json(m->out, hw_lines_json(&m->lines, m->needs.wanted.v));
	else if (r == 0 && !m->o->output)
		out_print(m->out, "%s", str_c(&text));
	if (r == 0 && m->o->output)
		out_note(m->out, "%zu lines for %zu devices are in '%s'", m->lines.found.lines.n,
			 m->find.inv.n, m->o->output);
	return r;
}

static int run_hw_config(struct out *out, const struct global_opts *global, void *opts_,
			 char **args, size_t n_args, size_t dashes, struct err *err)
{
	struct hw_config_opts *o = opts_;
	struct maker m = { .out = out, .o = o, .lines = HW_LINES_NONE };
	int r;

	o->output = output_file(o->output);
	if (n_args)
		return usage_error(&cmd_hw_config, err, "unexpected argument '%s'", args[0]);
	if (m.o->copy && !m.o->is_static)
		return usage_error(&cmd_hw_config, err, "--copy wants --static");
	if (m.o->is_static && m.o->module)
		return usage_error(&cmd_hw_config, err, "--static and --module exclude each other");
	r = make(&m, err);
	if (r == 0) {
		hw_lines_tell(&m.lines, m.needs.wanted.v);
		tell_root(&m);
		r = print(&m, err);
	}
	if (r == 0)
		r = m.lines.found.unmet.n ? EXIT_NO : EXIT_OK;
	hw_lines_release(&m.lines);
	hw_needs_release(&m.needs);
	hw_find_release(&m.find);
	str_release(&m.more);
	return r;
}

static const char *const examples[] = {
	"kiln hw config --tree linux --static -o machine.config",
	"kiln hw config --tree linux --from there.tar.zst --profile systemd -o there.config",
	"kiln hw config --tree linux | kiln config resolve --tree linux --base allnoconfig - >.config",
	NULL,
};

const struct cmd cmd_hw_config = {
	.name = "hw config",
	.args = "",
	.summary = "write a part of a configuration for a machine",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct hw_config_opts),
	.facts = true,
	.run = run_hw_config,
	.release = release,
};
