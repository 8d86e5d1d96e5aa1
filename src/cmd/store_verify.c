/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln store verify`: reads everything, and says whose is what is damaged. */
#include "cmd/cmd.h"
#include "cmd/store.h"

extern const struct cmd cmd_store_verify;

struct verify_opts {
	const char *store;
	bool repair;
};

static const struct opt opts[] = {
	/* clang-format off */
	STORE_OPT(offsetof(struct verify_opts, store)),
	{ "repair", 0, OPT_FLAG, offsetof(struct verify_opts, repair), NULL, "remove what is damaged and the cells that have it, to be built anew" },
	/* clang-format on */
};

static json_t *json_of(const struct sto_fault *f)
{
	return json_pack("{s:o, s:o, s:o, s:b}", "path", out_json_text(f->path), "what",
			 out_json_text(f->what), "cells", out_json_texts(&f->cells), "mended",
			 f->mended);
}

static void print_json(struct out *out, const struct sto_faults *faults, bool ok)
{
	json_t *a = json_array();

	for (size_t i = 0; i < faults->n; i++)
		json_array_append_new(a, json_of(&faults->v[i]));
	out_json(out, json_pack("{s:b, s:o, s:I, s:I, s:I}", "ok", ok, "faults", a, "cells",
				(json_int_t)faults->cells, "objects", (json_int_t)faults->objects,
				"bytes", (json_int_t)faults->bytes));
}

/* Names of files in a damaged store may be anything. */
static void print_fault(struct out *out, const struct sto_fault *f, bool repair)
{
	auto_str struct str line = { 0 };

	str_add_printable(&line, f->path, strlen(f->path));
	str_adds(&line, ": ");
	str_add_printable(&line, f->what, strlen(f->what));
	for (size_t i = 0; i < f->cells.n; i++)
		str_addf(&line, "%s%.*s", i ? ", " : "; in ",
			 strlen(f->cells.v[i]) == STO_ID ? 12 : 255, f->cells.v[i]);
	if (repair)
		str_adds(&line, f->mended ? "; mended" : "; left, as it is in use");
	out_print(out, "%s\n", str_c(&line));
}

static void print_faults(struct out *out, const struct sto_faults *faults, bool repair)
{
	auto_free char *bytes = store_size(faults->bytes);

	for (size_t i = 0; i < faults->n; i++)
		print_fault(out, &faults->v[i], repair);
	out_print(out, "%ju cell%s and %ju object%s, %s: ", (uintmax_t)faults->cells,
		  faults->cells == 1 ? "" : "s", (uintmax_t)faults->objects,
		  faults->objects == 1 ? "" : "s", bytes);
	if (faults->n)
		out_print(out, "%zu fault%s\n", faults->n, faults->n == 1 ? "" : "s");
	else
		out_print(out, "no faults\n");
}

/* Whether nothing is left that is wrong. */
static bool is_clean(const struct sto_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++)
		if (!faults->v[i].mended)
			return false;
	return true;
}

static int run_verify(struct out *out, const struct global_opts *global, void *o, char **args,
		      size_t n_args, size_t dashes, struct err *err)
{
	const struct verify_opts *vo = o;
	const struct sto_progress progress = store_progress(out);
	bool repair = vo->repair && !global->dry_run, clean;
	struct sto_faults faults = { 0 };
	struct sto *s = NULL;
	int r;

	if (n_args)
		return usage_error(&cmd_store_verify, err, "unexpected argument '%s'", args[0]);
	r = sto_open(vo->store, false, &s, err);
	if (r == 0)
		r = sto_verify(s, repair, &progress, &faults, err);
	out_progress_end(out);
	sto_close(s);
	if (r < 0)
		return r;
	clean = is_clean(&faults);
	if (out->json)
		print_json(out, &faults, clean);
	else
		print_faults(out, &faults, repair);
	sto_faults_release(&faults);
	return clean ? EXIT_OK : EXIT_NO;
}

const struct cmd cmd_store_verify = {
	.name = "store verify",
	.args = "",
	.summary = "read all of the store, and say what is damaged and whose it is",
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct verify_opts),
	.acts = true,
	.facts = true,
	.run = run_verify,
};
