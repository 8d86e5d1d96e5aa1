/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln store gc`: removes what is not wanted any more. */
#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/store.h"

#include <time.h>

extern const struct cmd cmd_store_gc;

struct gc_opts {
	const char *store;
	uint64_t quota, older_than;
	bool has_quota, has_age;
};

#define G(member) offsetof(struct gc_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	STORE_OPT(G(store)),
	{ "quota", 0, OPT_SIZE, G(quota), "SIZE", "remove the longest unused cells until all take less, as 20G; 0: all that may go", .given = G(has_quota) },
	{ "older-than", 0, OPT_SPAN, G(older_than), "TIME", "remove cells that were not used for so long, as 30d; 0: of any age", .given = G(has_age) },
	/* clang-format on */
};

static const char *const examples[] = {
	"kiln store gc --older-than 30d -n               what would be removed",
	"kiln store gc --quota 20G",
	NULL,
};

static void print_json(struct out *out, const struct sto_gc_result *res)
{
	out_json(out, json_pack("{s:o, s:I, s:I, s:I, s:b}", "removed",
				out_json_texts(&res->removed), "objects", (json_int_t)res->objects,
				"bytes", (json_int_t)res->bytes, "left_bytes",
				(json_int_t)res->left_bytes, "over_quota", res->over_quota));
}

static void print_result(struct out *out, const struct sto_gc_result *res, bool dry_run)
{
	auto_free char *bytes = store_size(res->bytes), *left = store_size(res->left_bytes);
	const char *would = dry_run ? "would be " : "";

	for (size_t i = 0; i < res->removed.n; i++)
		out_print(out, "%.12s %sremoved\n", res->removed.v[i], would);
	out_print(out, "%zu cell%s and %ju object%s %sremoved, %s; %s left\n", res->removed.n,
		  res->removed.n == 1 ? "" : "s", (uintmax_t)res->objects,
		  res->objects == 1 ? "" : "s", would, bytes, left);
}

/* Zero is "none" to the library, and nothing at all to who says --quota 0. */
static struct sto_gc what_goes(const struct gc_opts *o, bool dry_run)
{
	return (struct sto_gc){
		.quota = o->quota,
		.older_than =
			o->older_than ? time(NULL) - (time_t)(o->older_than / NSEC_PER_SEC) : 0,
		.all = (o->has_quota && !o->quota) || (o->has_age && !o->older_than),
		.dry_run = dry_run,
	};
}

static int run_gc(struct out *out, const struct global_opts *global, void *o, char **args,
		  size_t n_args, size_t dashes, struct err *err)
{
	const struct gc_opts *go = o;
	const struct sto_progress progress = store_progress(out);
	const struct sto_gc how = what_goes(go, global->dry_run);
	struct sto_gc_result res = { 0 };
	struct sto *s = NULL;
	int r;

	if (n_args)
		return usage_error(&cmd_store_gc, err, "unexpected argument '%s'", args[0]);
	r = sto_open(go->store, false, &s, err);
	if (r == 0)
		r = sto_gc(s, &how, &progress, &res, err);
	out_progress_end(out);
	sto_close(s);
	if (r < 0)
		return r;
	res.over_quota |= go->has_quota && res.left_bytes > go->quota;
	if (out->json)
		print_json(out, &res);
	else
		print_result(out, &res, global->dry_run);
	if (res.over_quota)
		out_warn(
			out,
			"what is left is more than the quota, and all of it has a name or is in use");
	sto_gc_result_release(&res);
	return EXIT_OK;
}

const struct cmd cmd_store_gc = {
	.name = "store gc",
	.args = "",
	.summary = "remove cells that are old and have no name, and what no cell has",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct gc_opts),
	.acts = true,
	.facts = true,
	.run = run_gc,
};
