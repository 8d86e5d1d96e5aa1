/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/config_tell.h"

#include "kconfig/origin.h"

char *config_origin_words(struct kc_conf *c, const struct kc_wishes *wishes, struct kc_sym *s,
			  enum kc_origin origin, const struct kc_prop *p)
{
	const struct kc_wish *asked = kc_last_wish(wishes, s->name);

	/* what could not be taken has set nothing */
	if (asked && !kc_is_tri(s) && !kc_holds(c, asked))
		asked = NULL;
	if (origin != KC_BY_USER)
		return kc_origin_words(c, s, origin, p);
	return asked ? xasprintf("%s:%d", asked->pos.file, asked->pos.line) : xstrdup("the base");
}

static char *line_text(const char *name, const char *value)
{
	return str_eq(value, "n") ? xasprintf("# CONFIG_%s is not set", name)
				  : xasprintf("CONFIG_%s=%s", name, value);
}

char *config_fix_line(const struct kc_fix_line *line)
{
	return line_text(line->sym->name, kc_tri_text(line->tri));
}

char *config_wish_line(const struct kc_wish *w)
{
	return line_text(w->name, w->value);
}

struct kc_fixer *config_fixer(struct out *out, const struct config_made *made,
			      const struct kc_wishes *wishes)
{
	auto_err struct err err = { 0 };
	struct kc_fixer *fixer = NULL;

	if (kc_fixer_new(made->conf, made->asked, made->checked, wishes, &fixer, &err) < 0)
		out_warn(out, "which lines would help is not told: %s", err.msg);
	return fixer;
}

static void add_lines(const struct kc_fix *fix, struct strv *ret)
{
	strv_add(ret,
		 fix->lines.n == 1 ? "with this line it holds:" : "with these lines it holds:");
	for (size_t i = 0; i < fix->lines.n; i++) {
		auto_free char *line = config_fix_line(&fix->lines.v[i]);

		strv_addf(ret, "  %s", line);
	}
}

void config_fix_words(const struct kc_fix *fix, struct strv *ret)
{
	switch (fix->answer) {
	case KC_FIX_FOUND:
		add_lines(fix, ret);
		break;
	case KC_FIX_CLASH:
		for (size_t i = 0; i < fix->clash.n; i++) {
			const struct kc_wish *w = fix->clash.v[i];
			auto_free char *line = config_wish_line(w);

			strv_addf(ret, "%s %s:%d: %s", i ? "and" : "no lines help beside",
				  w->pos.file, w->pos.line, line);
		}
		break;
	case KC_FIX_NONE:
		strv_add(ret, "no lines can make it hold");
		break;
	case KC_FIX_UNSURE:
		strv_add(ret, "no lines were found that make it hold");
	}
}

json_t *config_lines_json(const struct kc_fix *fix)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < fix->lines.n; i++)
		json_array_append_new(lines,
				      json_pack("{s:s, s:s}", "symbol", fix->lines.v[i].sym->name,
						"value", kc_tri_text(fix->lines.v[i].tri)));
	return lines;
}

json_t *config_fix_json(const struct kc_fix *fix)
{
	json_t *clash;

	if (!fix)
		return json_null();
	clash = json_array();
	for (size_t i = 0; i < fix->clash.n; i++) {
		const struct kc_wish *w = fix->clash.v[i];

		json_array_append_new(
			clash, json_pack("{s:o, s:o, s:o, s:i}", "symbol", out_json_text(w->name),
					 "value", out_json_text(w->value), "file",
					 out_json_text(w->pos.file), "line", w->pos.line));
	}
	return json_pack("{s:s, s:o, s:o}", "answer", kc_fix_name(fix->answer), "lines",
			 config_lines_json(fix), "clash", clash);
}

static void print_below(struct out *out, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		fprintf(out->message, "    %s\n", lines->v[i]);
}

void config_tell_failure(struct out *out, const char *arch, const struct kc_wish *w,
			 const struct kc_explanation *e, const struct kc_fix *fix)
{
	auto_free char *line = config_wish_line(w);
	auto_strv struct strv words = { 0 };

	if (!e->now)
		out_warn(out, "%s:%d: %s: this tree has no such symbol for %s", w->pos.file,
			 w->pos.line, line, arch);
	else
		out_warn(out, "%s:%d: %s: it is %s", w->pos.file, w->pos.line, line, e->now);
	print_below(out, &e->lines);
	for (size_t i = 0; i < e->near.n; i++)
		strv_addf(&words, "%s %s", i ? "or" : "did you mean", e->near.v[i]);
	if (fix)
		config_fix_words(fix, &words);
	print_below(out, &words);
}

json_t *config_json_pos(const struct kc_wish *w)
{
	return json_pack("{s:o, s:i}", "file", out_json_text(w->pos.file), "line", w->pos.line);
}

json_t *config_failure_json(const struct kc_wish *w, const struct kc_explanation *e,
			    const struct kc_fix *fix, const struct kc_renamed *renamed)
{
	const struct kc_rename *known = renamed ? renamed->entry : NULL;
	const struct strv none = { 0 };

	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:b, s:o, s:o, s:o}", "symbol",
			 out_json_text(w->name), "wanted", out_json_text(w->value), "got",
			 out_json_text(e->now), "at", config_json_pos(w), "reason",
			 kc_reason_name(e->reason), "why", out_json_texts(&e->lines), "near",
			 out_json_texts(&e->near), "optional", w->optional, "fix",
			 config_fix_json(fix), "renamed",
			 out_json_texts(renamed ? &renamed->names : &none), "removed",
			 out_json_text(known && known->kind == KC_REMOVED ? known->since : NULL));
}
