/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config resolve`: base and parts to a configuration in which every line asked for holds, or why not. */
#include "base/file.h"
#include "base/map.h"
#include "cmd/cmd.h"
#include "cmd/config_tell.h"
#include "kconfig/origin.h"

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
	struct config_start start;
	struct config_made made;
	struct kc_fixer *fixer; /* made when the first line does not hold */
	bool no_fixer;
	size_t asked_for; /* wishes[0..), then those that --fix added */
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
	if (!r->fixer && !r->no_fixer)
		r->fixer = config_fixer(r->out, &r->made, &r->wishes);
	r->no_fixer = !r->fixer;
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

/* A line that a later one overrides, rightly or not, need not hold: the clash is told already. */
static bool is_overridden(const struct resolve *r, const struct kc_wish *w)
{
	return !str_eq(kc_last_wish(&r->wishes, w->name)->value, w->value);
}

static size_t count_failing(const struct resolve *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->wishes.n; i++) {
		const struct kc_wish *w = &r->wishes.v[i];

		n += !w->silent && !kc_holds(r->made.conf, w) && !is_overridden(r, w);
	}
	return n;
}

static void verify(struct resolve *r)
{
	r->failing = count_failing(r);
	for (size_t i = 0; i < r->asked_for; i++) {
		const struct kc_wish *w = &r->wishes.v[i];
		struct kc_explanation e;
		struct kc_renamed renamed;

		kc_explain(r->made.conf, w, &r->wishes, &e);
		config_explain_renamed(&r->renames, &r->tree, r->made.conf, w, &e, &renamed);
		if (e.reason == KC_HOLDS) {
			r->held++;
		} else if (e.reason != KC_LATER_LINE) {
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

static void summarize(struct resolve *r, bool written)
{
	if (r->out->json)
		out_json(r->out,
			 json_pack("{s:b, s:b, s:o, s:o, s:I, s:I, s:I, s:O, s:O, s:o}", "ok",
				   is_good(r), "written", written, "version",
				   out_json_text(r->tree.version), "arch",
				   out_json_text(r->tree.arch), "asked", (json_int_t)r->asked_for,
				   "held", (json_int_t)r->held, "failed", (json_int_t)r->failed,
				   "failures", r->failures, "contradictions", r->clashes, "added",
				   config_lines_json(&r->added)));
	if (is_good(r))
		out_note(r->out, "%zu line%s asked for, all hold%s", r->asked_for,
			 r->asked_for == 1 ? "" : "s", r->optional ? " but optional ones" : "");
	else
		out_note(r->out,
			 "%zu asked for: %zu hold, %zu do not, %zu contradict earlier ones%s",
			 r->asked_for, r->held, r->failed, r->contradictions,
			 written ? "" : "; nothing was written (--keep-going)");
	if (r->failed && !r->o->fix && !r->o->fix_to)
		out_note(r->out, "--fix adds the fewest lines that make as many hold as possible");
}

static void make(struct resolve *r)
{
	kc_fixer_free(r->fixer);
	r->fixer = NULL;
	config_make_on(&r->tree, &r->start, &r->wishes, &r->made);
}

/* Adds the lines that make others hold behind these. */
static void add_fixes(struct resolve *r)
{
	if (!count_failing(r) || !fixer(r))
		return;
	kc_fix_all(r->fixer, &r->added);
	/* they point into the wishes, which grow now; each is told of below */
	r->added.clash.n = 0;
	if (r->added.answer != KC_FIX_FOUND)
		out_note(r->out, "no lines were found that make more of them hold");
	for (size_t i = 0; i < r->added.lines.n; i++) {
		const struct kc_fix_line *line = &r->added.lines.v[i];
		auto_free char *text = config_fix_line(line);

		out_note(r->out, "added: %s", text);
		vec_push(&r->wishes, ((struct kc_wish){ .name = line->sym->name,
							.value = kc_tri_text(line->tri),
							.pos = { "--fix", (int)i + 1 } }));
	}
	make(r);
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

/* Results are not put in the place of what they are made from; the base may be replaced. */
static int check_outputs(const struct resolve *r, char **parts, size_t n, struct err *err)
{
	const char *outputs[] = { r->o->output, r->o->fix_to };

	for (size_t k = 0; k < countof(outputs); k++) {
		for (size_t i = 0; outputs[k] && i < n; i++) {
			if (!file_same(outputs[k], parts[i]))
				continue;
			err_set(err, -EINVAL, "'%s' is one of the parts", outputs[k]);
			return err_hint(err, -EINVAL, "give the result a name of its own");
		}
	}
	if (outputs[0] && outputs[1] &&
	    (str_eq(outputs[0], outputs[1]) || file_same(outputs[0], outputs[1])))
		return err_set(err, -EINVAL, "--output and --fix-to are both '%s'", outputs[0]);
	return 0;
}

static int prepare(struct resolve *r, char **parts, size_t n, struct err *err)
{
	int ret = check_outputs(r, parts, n, err);

	if (ret == 0)
		ret = config_tree_open(&r->tree, &r->o->config, r->out, err);
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = config_part(&r->tree, parts[i], &r->wishes, err);
	r->asked_for = r->wishes.n;
	return ret < 0 ? ret : config_start_read(&r->tree, r->o->base, &r->start, err);
}

static int resolve(struct resolve *r, char **parts, size_t n, struct err *err)
{
	bool write;
	int ret = prepare(r, parts, n, err);

	if (ret < 0)
		return ret;
	make(r);
	if (r->o->fix || r->o->fix_to)
		add_fixes(r);
	find_contradictions(r);
	verify(r);
	write = is_good(r) || r->o->keep_going;
	if (write)
		ret = write_result(r, err);
	if (ret == 0 && r->o->fix_to && write)
		ret = write_fixes(r, err);
	if (ret < 0)
		return ret;
	summarize(r, write && (r->o->output || !r->out->json));
	return is_good(r) ? EXIT_OK : EXIT_NO;
}

static int run_config_resolve(struct out *out, const struct global_opts *global, void *opts_,
			      char **args, size_t n_args, size_t dashes, struct err *err)
{
	struct resolve_opts *o = opts_;
	struct resolve r = {
		.out = out, .o = o, .tree = { .dirfd = -1 }, .renames = { .out = out }
	};
	int ret;

	o->output = output_file(o->output);
	r.failures = json_array();
	r.clashes = json_array();
	ret = resolve(&r, args, n_args, err);
	json_decref(r.failures);
	json_decref(r.clashes);
	kc_fix_release(&r.added);
	kc_fixer_free(r.fixer);
	config_made_release(&r.made);
	config_start_release(&r.start);
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
