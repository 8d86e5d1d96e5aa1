/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kiln config check`: what profiles require against the values of a configuration. With a tree, what is missing is asked of
 * the engine all at once, so that what prevents it is told and not merely that nobody asked.
 */
#include "base/file.h"
#include "cmd/check_report.h"
#include "cmd/cmd.h"
#include "cmd/config_tell.h"

#include <errno.h>

struct check_opts {
	struct check_spec what;
	const char *part;
	bool list, strict;
};

#define C(member) offsetof(struct check_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(C(what.config)),
	{ "config", 'c', OPT_STRING, C(what.file), "FILE", "the configuration to check (default: the tree's .config); no tree is needed", .complete = OC_FILE },
	{ "kernel", 'k', OPT_STRING, C(what.kernel), "KERNEL", "that of a kernel, as for kiln run", .complete = OC_KERNEL },
	{ "part", 'o', OPT_STRING, C(part), "FILE", "write the lines that are missing as a part for kiln config resolve", .complete = OC_FILE },
	{ "strict", 0, OPT_FLAG, C(strict), NULL, "what is recommended is required" },
	{ "list", 0, OPT_FLAG, C(list), NULL, "list the profiles (so does no PROFILE)" },
	/* clang-format on */
};

static int ask_tree(struct check_report *c, struct err *err)
{
	while (c->check.wishes.n) {
		struct dotconfig now = { 0 };
		bool changed;
		int r = check_subject_make(&c->subject, &c->check.wishes, &c->asked, err);

		if (r < 0)
			return r;
		dotconfig_parse(&now, str_c(&c->asked.text), c->asked.text.n);
		changed = kc_check_again(&c->check, c->asked.conf, &now);
		dotconfig_release(&now);
		if (!changed)
			break;
	}
	return 0;
}

/* Without a tree nothing is known of what lines bring along, but which contradict each other is. */
static void ask_nobody(struct check_report *c)
{
	auto_str struct str text = { 0 };
	struct dotconfig now = { 0 };

	str_add(&text, str_c(&c->subject.text), c->subject.text.n);
	for (size_t i = 0; i < c->check.wishes.n; i++) {
		auto_free char *line = config_wish_line(&c->check.wishes.v[i]);

		str_addf(&text, "\n%s", line);
	}
	str_addc(&text, '\n');
	dotconfig_parse(&now, str_c(&text), text.n);
	kc_check_again(&c->check, NULL, &now);
	dotconfig_release(&now);
}

static int ask(struct check_report *c, struct err *err)
{
	if (c->subject.with_tree)
		return ask_tree(c, err);
	ask_nobody(c);
	return 0;
}

/* What is checked, and what it is checked against, is not what the result is written to. */
static int refuse_part(const struct check_report *c, const char *part, struct err *err)
{
	struct stat st;
	bool same = part && check_subject_is(&c->subject, part);

	if (!part || stat(part, &st) < 0)
		return 0;
	for (size_t i = 0; i < c->check.results.n; i++)
		same |= kc_profile_is_from(&c->check.results.v[i].profile, &st);
	if (!same)
		return 0;
	err_set(err, -EINVAL, "'%s' is what is checked, and would be replaced", part);
	return err_hint(err, -EINVAL, "--part names another file");
}

static int write_part(const struct check_report *c, const char *part, struct err *err)
{
	auto_str struct str text = { 0 };

	if (!part)
		return 0;
	check_part(c, &text);
	return file_write_out(part, text.s, text.n, err);
}

static int read_profiles(struct check_report *c, char **names, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct kc_checked *res = vec_push(&c->check.results, ((struct kc_checked){ 0 }));

		r = kc_profile_read(&res->profile, names[i], err);
	}
	return r;
}

static int work_out(struct check_report *c, const struct check_opts *o, struct err *err)
{
	const struct check_subject *s = &c->subject;
	int r = check_subject_read(&c->subject, &o->what, c->out, err);

	if (r == 0)
		r = refuse_part(c, o->part, err);
	if (r < 0)
		return r;
	c->check.tree = s->with_tree ? s->tree.tree : NULL;
	c->check.config = &s->config;
	c->check.kernel = (struct kc_part_spec){ s->version, s->arch, s->srcarch };
	kc_check_all(&c->check);
	r = ask(c, err);
	return r < 0 ? r : write_part(c, o->part, err);
}

static void tell_unknown(const struct check_report *c)
{
	const struct check_subject *s = &c->subject;
	const char *what = !s->version && !s->arch ? "version and architecture"
			   : !s->version	   ? "version"
						   : "architecture";

	if (!s->version || !s->arch)
		out_note(c->out,
			 "'%s' does not say of which %s it is: lines of the profiles count for any",
			 s->name, what);
}

static int check_all(struct check_report *c, const struct check_opts *o, char **names, size_t n,
		     struct err *err)
{
	int r = read_profiles(c, names, n, err);

	if (r == 0)
		r = work_out(c, o, err);
	if (r < 0)
		return r;
	tell_unknown(c);
	check_print(c);
	return check_is_good(c) ? EXIT_OK : EXIT_NO;
}

static int list(struct out *out, struct err *err)
{
	static const char *const columns[] = { "PROFILE", "WHAT FOR" };
	auto_strv struct strv names = { 0 };
	struct table *t = table_new(columns, countof(columns));
	json_t *all = json_array();
	int r = kc_profile_names(&names, err);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct kc_profile p;

		r = kc_profile_read(&p, names.v[i], err);
		if (r < 0)
			break;
		table_row(t);
		table_cell(t, p.name);
		table_cell(t, p.summary);
		json_array_append_new(all,
				      json_pack("{s:o, s:o, s:I}", "profile", out_json_text(p.name),
						"summary", out_json_text(p.summary), "requires",
						(json_int_t)p.requires.n));
		kc_profile_release(&p);
	}
	if (r == 0 && out->json)
		out_json(out, json_incref(all));
	else if (r == 0)
		r = table_print(t, out, err);
	json_decref(all);
	table_free(t);
	return r < 0 ? r : EXIT_OK;
}

static int run_config_check(struct out *out, const struct global_opts *global, void *o, char **args,
			    size_t n_args, size_t dashes, struct err *err);

static const char *const examples[] = {
	"kiln config check",
	"kiln config check systemd docker --tree linux",
	"kiln config check docker --kernel 6.1.0-56-amd64",
	"kiln config check hardened --config /boot/config-6.1.0-56-amd64 --part hardened.config",
	NULL,
};

const struct cmd cmd_config_check = {
	.name = "config check",
	.args = "[PROFILE...]",
	.summary = "whether a configuration has what a use of the kernel requires",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct check_opts),
	.facts = true,
	.run = run_config_check,
};

static int run_config_check(struct out *out, const struct global_opts *global, void *opts_of,
			    char **args, size_t n_args, size_t dashes, struct err *err)
{
	const struct check_opts *o = opts_of;
	struct check_report c = { .out = out, .strict = o->strict };
	int r;

	if (o->list && n_args)
		return usage_error(&cmd_config_check, err, "--list takes no profile");
	if (o->what.kernel && (o->what.file || o->what.config.tree))
		return usage_error(&cmd_config_check, err,
				   "--kernel stands alone: without --config and --tree");
	if (!n_args && !o->list && (o->what.kernel || o->what.file || o->part || o->strict))
		return usage_error(&cmd_config_check, err,
				   "name a profile to check; 'kiln config check' lists them");
	if (!n_args)
		return list(out, err);
	r = check_all(&c, o, args, n_args, err);
	check_report_release(&c);
	return r;
}
