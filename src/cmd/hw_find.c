/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/hw_find.h"

#include "base/file.h"
#include "hw/aliases.h"
#include "hw/needs.h"
#include "kconfig/env.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>

#define MAX_CONFIG (16 << 20)

static char value_of(const void *ctx, const char *symbol)
{
	const struct hw_find *f = ctx;
	const char *value = dotconfig_get(&f->config, symbol);

	return value ? (*value == 'm' && !value[1] ? 'm' : (*value == 'n' && !value[1] ? 'n' : 'y'))
		     : 'n';
}

bool hw_find_holds(const struct hw_find *f, const struct hw_index *ix, const struct hw_ix_record *r)
{
	return !f->has_config || hw_ix_holds(ix, r, value_of, f);
}

static struct hw_index_spec index_spec(const struct hw_find *f)
{
	return (struct hw_index_spec){ .tree = f->tree,
				       .srcarch = f->srcarch,
				       .progress = out_on_progress,
				       .progress_ctx = f->out };
}

int hw_find_confirm(struct hw_find *f, struct err *err)
{
	const struct hw_index_spec spec = index_spec(f);
	int r;

	if (!f->unconfirmed)
		return 0;
	f->unconfirmed = false;
	r = hw_index_confirm(&spec, &f->index[0], err);
	out_progress_end(f->out);
	return r;
}

static int open_tree(struct hw_find *f, const struct hw_find_opts *o, struct err *err)
{
	const char *tree = o->tree ? o->tree : ".";
	struct hw_index_spec spec = { .again = o->again,
				      .progress = out_on_progress,
				      .progress_ctx = f->out };
	struct utsname u;
	int r;

	f->tree = realpath(tree, NULL);
	if (!f->tree)
		return err_sys(err, "cannot open the tree '%s'", tree);
	uname(&u);
	f->srcarch = kc_srcarch(o->arch ? o->arch : u.machine);
	spec = index_spec(f);
	spec.again = o->again;
	spec.unconfirmed = f->unconfirmed = true;
	r = hw_index_get(&spec, &f->index[0], err);
	out_progress_end(f->out);
	if (r == -ENOENT && !o->tree)
		err_hint(
			err, r,
			"--tree DIR names a kernel's source; --aliases FILE takes a modules.alias instead");
	if (r == 0)
		f->n_indexes = 1;
	return r;
}

static int open_aliases(struct hw_find *f, const char *path, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, path, HW_ALIASES_BYTES, &text, err);

	if (r == 0)
		r = hw_aliases_read(str_c(&text), text.n, path, &f->index[f->n_indexes], err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < f->index[f->n_indexes].odd.n; i++) {
		const struct hw_index *ix = &f->index[f->n_indexes];

		out_warn(f->out, "%s:%u: not understood: '%s'", path, ix->odd.v[i].line,
			 hw_ix_text(ix, ix->odd.v[i].text));
	}
	f->n_indexes++;
	return 0;
}

int hw_find_open(struct hw_find *f, struct out *out, const struct hw_find_opts *o, struct err *err)
{
	int r = 0;

	*f = (struct hw_find){ .out = out };
	if (o->config) {
		auto_str struct str text = { 0 };

		r = file_read(AT_FDCWD, o->config, MAX_CONFIG, &text, err);
		if (r < 0)
			return r;
		dotconfig_parse(&f->config, str_c(&text), text.n);
		f->has_config = true;
	}
	if (o->tree || !o->aliases)
		r = open_tree(f, o, err);
	if (r == 0 && o->aliases)
		r = open_aliases(f, o->aliases, err);
	return r;
}

static void match_all(struct hw_find *f)
{
	for (size_t i = 0; i < f->inv.n; i++) {
		hw_matches_release(&f->found[i]);
		for (size_t k = 0; k < f->n_indexes; k++)
			hw_match_device(&f->index[k], &f->inv.v[i], f->has_config ? value_of : NULL,
					f, &f->found[i]);
		hw_matches_sort(&f->found[i], &f->inv.v[i], f->order);
	}
}

int hw_find_devices(struct hw_find *f, const struct cmd *cmd, const struct hw_find_opts *o,
		    struct err *err)
{
	int r = hw_source_read(f->out, cmd, &o->source, &f->inv, err);

	if (r < 0)
		return r;
	r = hw_order_read(&f->order, err);
	if (r < 0)
		return r;
	f->found = xcalloc(f->inv.n + 1, sizeof(*f->found));
	match_all(f);
	r = hw_find_confirm(f, err);
	if (r == 1)
		match_all(f);
	return MIN(r, 0);
}

void hw_find_release(struct hw_find *f)
{
	for (size_t i = 0; f->found && i < f->inv.n; i++)
		hw_matches_release(&f->found[i]);
	free(f->found);
	free(f->tree);
	hw_order_free(f->order);
	hw_inventory_release(&f->inv);
	dotconfig_release(&f->config);
	for (size_t i = 0; i < countof(f->index); i++)
		hw_index_release(&f->index[i]);
	*f = (struct hw_find){ 0 };
}

void hw_needs_tell(struct out *out, const struct hw_needs *n)
{
	for (size_t i = 0; i < n->odd.n; i++)
		out_warn(out, "%s", n->odd.v[i]);
	if (n->left_out)
		out_note(
			out,
			"%zu devices have drivers in this tree but none on that machine, and are left out; --all takes them",
			n->left_out);
}
