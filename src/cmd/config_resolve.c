/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config resolve`: base and parts to a configuration in which every line asked for holds, or why not. */
#include "base/file.h"
#include "base/map.h"
#include "cmd/cmd.h"
#include "cmd/config_tell.h"

#include <errno.h>

struct resolve_opts {
	struct config_opts config;
	const char *base, *output, *fix_to;
	bool strict, keep_going, fix;
};

/* Where more lines than these do not hold, it is not worked out for each what would help: some 30 ms a line. */
#define MAX_FIXES 200

#define R(member) offsetof(struct resolve_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(R(config)),
	{ "base", 'b', OPT_STRING, R(base), "BASE", "what the parts are put on (default: alldefconfig)", .complete = OC_FILE },
	{ "output", 'o', OPT_STRING, R(output), "FILE", "write the configuration there (default: standard output)", .complete = OC_FILE },
	{ "fix", 0, OPT_FLAG, R(fix), NULL, "add the fewest lines that make the others hold" },
	{ "fix-to", 0, OPT_STRING, R(fix_to), "FILE", "the same, and write them there, as a part", .complete = OC_FILE },
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
	struct config_made made;
	struct kc_fixer *fixer; /* made when the first line does not hold */
	bool no_fixer;
	size_t held, failed, optional, contradictions, failing, told;
	struct kc_fix added;	    /* by --fix */
	json_t *failures, *clashes; /* with --json */
};

static void tell_contradiction(struct resolve *r, const struct kc_wish *w,
			       const struct kc_wish *before)
{
	auto_free char *now = config_wish_line(w), *then = config_wish_line(before);

	r->contradictions++;
	json_array_append_new(r->clashes,
			      json_pack("{s:o, s:o, s:o, s:o}", "symbol", out_json_text(w->name),
					"value", out_json_text(w->value), "at", config_json_pos(w),
					"before", config_json_pos(before)));
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

/* NULL: there is none, and why was told. */
static struct kc_fixer *fixer(struct resolve *r)
{
	auto_err struct err err = { 0 };

	if (r->fixer || r->no_fixer)
		return r->fixer;
	if (kc_fixer_new(r->made.conf, r->made.asked, &r->wishes, &r->fixer, &err) < 0) {
		r->no_fixer = true;
		out_warn(r->out, "which lines would help is not told: %s", err.msg);
	}
	return r->fixer;
}

static void tell_failure(struct resolve *r, const struct kc_wish *w, const struct kc_explanation *e,
			 const struct kc_renamed *renamed)
{
	struct kc_fix fix = { 0 };
	bool has_fix = kc_reason_has_fix(e->reason) && r->failing <= MAX_FIXES && fixer(r);

	if (has_fix) {
		out_progress(r->out, "working out which lines would help", r->told, r->failing);
		kc_fix_one(r->fixer, w, &fix);
		out_progress_end(r->out);
	}
	r->told++;
	config_tell_failure(r->out, r->tree.arch, w, e, has_fix ? &fix : NULL);
	json_array_append_new(r->failures,
			      config_failure_json(w, e, has_fix ? &fix : NULL, renamed));
	kc_fix_release(&fix);
}

static size_t count_failing(const struct resolve *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->wishes.n; i++)
		n += !r->wishes.v[i].silent && !kc_holds(r->made.conf, &r->wishes.v[i]);
	return n;
}

/* A line that a later one overrides, rightly or not, need not hold: the clash is told already. */
static bool is_replaced(const struct kc_explanation *e)
{
	return e->reason == KC_LATER_LINE;
}

static void verify(struct resolve *r)
{
	r->failing = count_failing(r);
	for (size_t i = 0; i < r->wishes.n; i++) {
		const struct kc_wish *w = &r->wishes.v[i];
		struct kc_explanation e;
		struct kc_renamed renamed;

		kc_explain(r->made.conf, w, &r->wishes, &e);
		config_explain_renamed(&r->renames, &r->tree, r->made.conf, w, &e, &renamed);
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
		return file_write_out(r->o->output, r->made.text.s, r->made.text.n, err);
	if (!r->out->json)
		out_print(r->out, "%s", str_c(&r->made.text));
	return 0;
}

static bool is_good(const struct resolve *r)
{
	return !r->failed && !(r->o->strict && r->contradictions);
}

static json_t *json_lines(const struct resolve *r)
{
	json_t *all = config_fix_json(&r->added),
	       *lines = json_incref(json_object_get(all, "lines"));

	json_decref(all);
	return lines;
}

static void summarize(struct resolve *r, bool written)
{
	if (r->out->json)
		out_json(r->out, json_pack("{s:b, s:b, s:o, s:o, s:I, s:I, s:I, s:O, s:O, s:o}",
					   "ok", is_good(r), "written", written, "version",
					   out_json_text(r->tree.version), "arch",
					   out_json_text(r->tree.arch), "asked",
					   (json_int_t)r->wishes.n, "held", (json_int_t)r->held,
					   "failed", (json_int_t)r->failed, "failures", r->failures,
					   "contradictions", r->clashes, "added", json_lines(r)));
	if (is_good(r))
		out_note(r->out, "%zu line%s asked for, all hold%s", r->wishes.n,
			 r->wishes.n == 1 ? "" : "s", r->optional ? " but optional ones" : "");
	else
		out_note(r->out,
			 "%zu asked for: %zu hold, %zu do not, %zu contradict earlier ones%s",
			 r->wishes.n, r->held, r->failed, r->contradictions,
			 written ? "" : "; nothing was written (--keep-going)");
	if (r->failed && !r->o->fix && !r->o->fix_to)
		out_note(r->out, "--fix adds the fewest lines that make as many as can be hold");
}

static int make(struct resolve *r, struct err *err)
{
	kc_fixer_free(r->fixer);
	r->fixer = NULL;
	return config_make(&r->tree, r->o->base, &r->wishes, &r->made, err);
}

/* Adds the lines that make others hold behind these. */
static int add_fixes(struct resolve *r, struct err *err)
{
	if (!count_failing(r) || !fixer(r))
		return 0;
	kc_fix_all(r->fixer, &r->added);
	for (size_t i = 0; i < r->added.lines.n; i++) {
		const struct kc_fix_line *line = &r->added.lines.v[i];
		auto_free char *text = config_fix_line(line);

		out_note(r->out, "added: %s", text);
		vec_push(&r->wishes, ((struct kc_wish){ .name = line->sym->name,
							.value = kc_tri_text(line->tri),
							.pos = { "--fix", (int)i + 1 } }));
	}
	return make(r, err);
}

static int write_fixes(const struct resolve *r, struct err *err)
{
	auto_str struct str text = { 0 };

	str_adds(&text, "# What other parts need to hold, found by kiln config resolve.\n");
	for (size_t i = 0; i < r->added.lines.n; i++) {
		auto_free char *line = config_fix_line(&r->added.lines.v[i]);

		str_addf(&text, "%s\n", line);
	}
	return file_write_out(r->o->fix_to, text.s, text.n, err);
}

static int resolve(struct resolve *r, char **parts, size_t n, struct err *err)
{
	bool write;
	int ret = config_tree_open(&r->tree, &r->o->config, r->out, err);

	for (size_t i = 0; i < n && ret == 0; i++)
		ret = config_part(&r->tree, parts[i], &r->wishes, err);
	if (ret == 0)
		ret = make(r, err);
	if (ret == 0 && (r->o->fix || r->o->fix_to))
		ret = add_fixes(r, err);
	if (ret < 0)
		return ret;
	find_contradictions(r);
	verify(r);
	write = is_good(r) || r->o->keep_going;
	if (write)
		ret = write_result(r, err);
	if (ret == 0 && r->o->fix_to && write)
		ret = write_fixes(r, err);
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
	kc_fix_release(&r.added);
	kc_fixer_free(r.fixer);
	config_made_release(&r.made);
	kc_wishes_release(&r.wishes);
	config_renames_release(&r.renames);
	config_tree_release(&r.tree);
	return ret;
}

static const char *const examples[] = {
	"kiln config resolve --tree linux --base defconfig kiln:guest my.config -o linux/.config",
	"kiln config resolve --tree linux --base tinyconfig --fix-to needed.config my.config",
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
