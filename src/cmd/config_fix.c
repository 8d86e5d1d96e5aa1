/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/config_fix.h"

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

json_t *config_fix_json(const struct kc_fix *fix)
{
	json_t *lines = json_array(), *clash = json_array();

	for (size_t i = 0; i < fix->lines.n; i++)
		json_array_append_new(lines,
				      json_pack("{s:s, s:s}", "symbol", fix->lines.v[i].sym->name,
						"value", kc_tri_text(fix->lines.v[i].tri)));
	for (size_t i = 0; i < fix->clash.n; i++)
		json_array_append_new(clash,
				      json_pack("{s:o, s:o, s:o, s:i}", "symbol",
						out_json_text(fix->clash.v[i]->name), "value",
						out_json_text(fix->clash.v[i]->value), "file",
						out_json_text(fix->clash.v[i]->pos.file), "line",
						fix->clash.v[i]->pos.line));
	return json_pack("{s:s, s:o, s:o}", "answer", kc_fix_name(fix->answer), "lines", lines,
			 "clash", clash);
}
