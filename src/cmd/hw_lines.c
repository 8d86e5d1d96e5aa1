/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/hw_lines.h"

#include <errno.h>
#include <stdlib.h>

int hw_lines_open(struct hw_lines *l, struct out *out, const struct config_opts *o,
		  const char *base, struct err *err)
{
	auto_free char *dir = realpath(o->tree ? o->tree : ".", NULL);
	int r;

	l->out = out;
	if (!dir)
		return err_sys(err, "cannot open the tree '%s'", o->tree ? o->tree : ".");
	r = config_tree_open(&l->tree, o, out, err);
	if (r == 0)
		r = config_start_read(&l->tree, base ? base : "allnoconfig", &l->start, err);
	if (r == 0)
		r = kb_module_list(dir, l->tree.srcarch, &l->modules, err);
	return r;
}

int hw_lines_find(struct hw_lines *l, const struct hw_wanted *wanted, size_t n, bool as_modules,
		  struct err *err)
{
	const struct kc_files files = config_files(&l->tree);
	const struct hw_symbols_spec spec = {
		.tree = l->tree.tree,
		.files = &files,
		.modules = &l->modules,
		.read = l->start.read,
		.fill = l->start.fill,
		.as_modules = as_modules,
	};

	return hw_symbols_find(&spec, wanted, n, &l->found, err);
}

struct hw_find_opts hw_lines_find_opts(const struct config_opts *o,
				       const struct hw_source_opts *source)
{
	return (struct hw_find_opts){
		.source = *source, .tree = o->tree, .arch = o->arch, .again = o->no_cache
	};
}

bool hw_lines_has(const struct hw_lines *l, const char *symbol)
{
	const struct kc_sym *s = kc_sym_find(l->tree.tree, symbol);

	return s && s->defs;
}

void hw_lines_release(struct hw_lines *l)
{
	hw_symbols_release(&l->found);
	kb_module_list_release(&l->modules);
	config_start_release(&l->start);
	config_tree_release(&l->tree);
}

/* What is told */

static const char *name_of(const struct hw_wanted *w)
{
	return w->module ? w->module : w->symbol;
}

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

static void tell_unmet(struct hw_lines *l, const struct hw_unmet *u, const char *name)
{
	switch (u->why) {
	case HW_NO_MODULE:
		out_warn(l->out, "%s: no Kbuild file of this tree names such a module for %s", name,
			 l->tree.arch);
		break;
	case HW_NO_SYMBOLS:
		out_warn(l->out, "%s: no symbols of this tree bring '%s' for %s", name, u->path,
			 l->tree.arch);
		break;
	case HW_AMBIGUOUS:
		out_warn(l->out,
			 "%s: there is '%s' and '%s': name the one that is meant by its path", name,
			 u->path, u->other);
		break;
	case HW_DOES_NOT_HOLD:
		out_warn(l->out, "%s: CONFIG_%s=%s of %s:%d cannot be", name, u->symbol, u->value,
			 u->file, u->line);
		for (size_t i = 0; i < u->explanation.lines.n; i++)
			fprintf(l->out->message, "    %s\n", u->explanation.lines.v[i]);
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

json_t *hw_lines_json(struct hw_lines *l, const struct hw_wanted *wanted)
{
	json_t *lines = json_array(), *unmet = json_array();

	for (size_t i = 0; i < l->found.lines.n; i++) {
		const struct hw_line *line = &l->found.lines.v[i];

		json_array_append_new(lines,
				      json_pack("{s:o, s:s, s:o, s:b}", "symbol",
						out_json_text(line->symbol), "value", line->value,
						"reason", out_json_text(line->reason), "needed",
						line->needed));
	}
	for (size_t i = 0; i < l->found.unmet.n; i++) {
		const struct hw_unmet *u = &l->found.unmet.v[i];

		json_array_append_new(unmet, unmet_json(u, name_of(&wanted[u->wanted])));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "version", out_json_text(l->tree.version), "arch",
			 out_json_text(l->tree.arch), "lines", lines, "unmet", unmet);
}

void hw_lines_tell(struct hw_lines *l, const struct hw_wanted *wanted)
{
	for (size_t i = 0; i < l->found.unmet.n; i++) {
		const struct hw_unmet *u = &l->found.unmet.v[i];

		tell_unmet(l, u, name_of(&wanted[u->wanted]));
	}
}
