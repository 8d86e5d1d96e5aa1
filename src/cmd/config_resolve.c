/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config resolve`: base and parts to a configuration in which every line asked for holds, or why not. */
#include "base/file.h"
#include "base/map.h"
#include "cmd/cmd.h"
#include "cmd/config_renames.h"
#include "kconfig/explain.h"

#include <errno.h>

struct resolve_opts {
	struct config_opts config;
	const char *base, *output;
	bool strict, keep_going;
};

#define R(member) offsetof(struct resolve_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(R(config)),
	{ "base", 'b', OPT_STRING, R(base), "BASE", "what the parts are put on (default: alldefconfig)", .complete = OC_FILE },
	{ "output", 'o', OPT_STRING, R(output), "FILE", "write the configuration there (default: standard output)", .complete = OC_FILE },
	{ "strict", 0, OPT_FLAG, R(strict), NULL, "a line that contradicts an earlier one is an error" },
	{ "keep-going", 'k', OPT_FLAG, R(keep_going), NULL, "write the configuration though lines do not hold" },
	/* clang-format on */
};

struct resolve {
	struct out *out;
	const struct resolve_opts *o;
	struct config_tree tree;
	struct config_renames renames;
	struct kc_wishes wishes;
	struct kc_conf *conf;
	struct str text;
	size_t held, failed, optional, contradictions;
	json_t *failures, *clashes; /* with --json */
};

static char *line_of(const struct kc_wish *w)
{
	return str_eq(w->value, "n") ? xasprintf("# CONFIG_%s is not set", w->name)
				     : xasprintf("CONFIG_%s=%s", w->name, w->value);
}

static json_t *json_pos(const struct kc_wish *w)
{
	return json_pack("{s:o, s:i}", "file", out_json_text(w->pos.file), "line", w->pos.line);
}

static void tell_contradiction(struct resolve *r, const struct kc_wish *w,
			       const struct kc_wish *before)
{
	auto_free char *now = line_of(w), *then = line_of(before);

	r->contradictions++;
	if (r->out->json)
		json_array_append_new(r->clashes,
				      json_pack("{s:o, s:o, s:o, s:o}", "symbol",
						out_json_text(w->name), "value",
						out_json_text(w->value), "at", json_pos(w),
						"before", json_pos(before)));
	out_warn(r->out, "%s:%d: %s contradicts %s at %s:%d", w->pos.file, w->pos.line, now, then,
		 before->pos.file, before->pos.line);
}

/* Each line against the last one before it that speaks of the same symbol. */
static void find_contradictions(struct resolve *r)
{
	struct map last = { 0 };

	for (size_t i = 0; i < r->wishes.n; i++) {
		struct kc_wish *w = &r->wishes.v[i];
		const struct kc_wish *before = map_set(&last, w->name, w);

		if (before && !str_eq(before->value, w->value) && !w->override)
			tell_contradiction(r, w, before);
	}
	map_release(&last, NULL);
}

static void tell_failure(struct resolve *r, const struct kc_wish *w, const struct kc_explanation *e,
			 const struct kc_renamed *renamed)
{
	const struct kc_rename *known = renamed->entry;
	auto_free char *line = line_of(w);

	if (r->out->json)
		json_array_append_new(
			r->failures,
			json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:b}", "symbol",
				  out_json_text(w->name), "wanted", out_json_text(w->value), "got",
				  out_json_text(e->now), "at", json_pos(w), "reason",
				  kc_reason_name(e->reason), "why", out_json_texts(&e->lines),
				  "near", out_json_texts(&e->near), "renamed",
				  out_json_texts(&renamed->names), "removed",
				  out_json_text(known && known->kind == KC_REMOVED ? known->since
										   : NULL),
				  "optional", w->optional));
	if (!e->now)
		out_warn(r->out, "%s:%d: %s: this tree has no such symbol for %s", w->pos.file,
			 w->pos.line, line, r->tree.arch);
	else
		out_warn(r->out, "%s:%d: %s: it is %s", w->pos.file, w->pos.line, line, e->now);
	for (size_t i = 0; i < e->lines.n; i++)
		fprintf(r->out->message, "    %s\n", e->lines.v[i]);
	for (size_t i = 0; i < e->near.n; i++)
		fprintf(r->out->message, "    %s %s\n", i ? "or" : "did you mean", e->near.v[i]);
}

/* A line that a later one overrides, rightly or not, need not hold: the clash is told already. */
static bool is_replaced(const struct kc_explanation *e)
{
	return e->reason == KC_LATER_LINE;
}

static void verify(struct resolve *r)
{
	for (size_t i = 0; i < r->wishes.n; i++) {
		const struct kc_wish *w = &r->wishes.v[i];
		struct kc_explanation e;
		struct kc_renamed renamed;

		kc_explain(r->conf, w, &r->wishes, &e);
		config_explain_renamed(&r->renames, &r->tree, r->conf, w, &e, &renamed);
		if (e.reason == KC_HOLDS) {
			r->held++;
		} else if (!is_replaced(&e)) {
			*(w->optional ? &r->optional : &r->failed) += 1;
			if (!w->silent)
				tell_failure(r, w, &e, &renamed);
		}
		kc_renamed_release(&renamed);
		kc_explanation_release(&e);
	}
}

static int write_result(struct resolve *r, struct err *err)
{
	if (r->o->output)
		return file_write_out(r->o->output, r->text.s, r->text.n, err);
	if (!r->out->json)
		out_print(r->out, "%s", str_c(&r->text));
	return 0;
}

static bool is_good(const struct resolve *r)
{
	return !r->failed && !(r->o->strict && r->contradictions);
}

static void summarize(struct resolve *r, bool written)
{
	if (r->out->json)
		out_json(r->out,
			 json_pack("{s:b, s:b, s:o, s:o, s:I, s:I, s:I, s:O, s:O}", "ok",
				   is_good(r), "written", written, "version",
				   out_json_text(r->tree.version), "arch",
				   out_json_text(r->tree.arch), "asked", (json_int_t)r->wishes.n,
				   "held", (json_int_t)r->held, "failed", (json_int_t)r->failed,
				   "failures", r->failures, "contradictions", r->clashes));
	if (is_good(r))
		out_note(r->out, "%zu line%s asked for, all hold%s", r->wishes.n,
			 r->wishes.n == 1 ? "" : "s", r->optional ? " but optional ones" : "");
	else
		out_note(r->out,
			 "%zu asked for: %zu hold, %zu do not, %zu contradict earlier ones%s",
			 r->wishes.n, r->held, r->failed, r->contradictions,
			 written ? "" : "; nothing was written (--keep-going)");
}

static int resolve(struct resolve *r, char **parts, size_t n, struct err *err)
{
	bool write;
	int ret = config_tree_open(&r->tree, &r->o->config, r->out, err);

	for (size_t i = 0; i < n && ret == 0; i++)
		ret = config_part(&r->tree, parts[i], &r->wishes, err);
	if (ret == 0)
		ret = config_make(&r->tree, r->o->base, &r->wishes, &r->conf, &r->text, err);
	if (ret < 0)
		return ret;
	find_contradictions(r);
	verify(r);
	write = is_good(r) || r->o->keep_going;
	if (write)
		ret = write_result(r, err);
	if (ret < 0)
		return ret;
	summarize(r, write);
	return is_good(r) ? EXIT_OK : EXIT_NO;
}

static int run_config_resolve(struct out *out, const struct global_opts *global, void *o,
			      char **args, size_t n_args, size_t dashes, struct err *err)
{
	struct resolve r = {
		.out = out, .o = o, .tree = { .dirfd = -1 }, .renames = { .out = out }
	};
	int ret;

	r.failures = json_array();
	r.clashes = json_array();
	ret = resolve(&r, args, n_args, err);
	json_decref(r.failures);
	json_decref(r.clashes);
	kc_conf_free(r.conf);
	str_release(&r.text);
	kc_wishes_release(&r.wishes);
	config_renames_release(&r.renames);
	config_tree_release(&r.tree);
	return ret;
}

static const char *const examples[] = {
	"kiln config resolve --tree linux --base defconfig kiln:guest my.config -o linux/.config",
	"kiln config resolve --tree linux --arch arm64 --base tinyconfig --json net.config",
	NULL,
};

const struct cmd cmd_config_resolve = {
	.name = "config resolve",
	.args = "PART...",
	.summary = "a configuration from a base and parts, every line of which holds, or why not",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct resolve_opts),
	.facts = true,
	.run = run_config_resolve,
};
