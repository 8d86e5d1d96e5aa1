/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of a configuration and texts of a profile come from outside: nothing of them acts on a terminal or ends a line. */
#include "cmd/check_report.h"

#include "cmd/config_tell.h"

void check_report_release(struct check_report *c)
{
	config_made_release(&c->asked);
	kc_check_release(&c->check);
	check_subject_release(&c->subject);
}

static bool is_good(const struct check_report *c, const struct kc_checked *res)
{
	return !res->required && !(c->strict && res->recommended);
}

bool check_is_good(const struct check_report *c)
{
	for (size_t i = 0; i < c->check.results.n; i++)
		if (!is_good(c, &c->check.results.v[i]))
			return false;
	return true;
}

static bool was_asked(const struct check_report *c, const struct kc_miss *m)
{
	return c->asked.conf && m->wish >= 0;
}

static void explain(struct check_report *c, const struct kc_miss *m, struct kc_explanation *ret)
{
	*ret = (struct kc_explanation){ 0 };
	if (was_asked(c, m))
		kc_explain(c->asked.conf, &c->check.wishes.v[m->wish], &c->check.wishes, ret);
}

/* A line below another one. */
static void print_below(struct out *out, const char *line)
{
	auto_str struct str clean = { 0 };

	str_add_printable(&clean, line, strlen(line));
	out_print(out, "      %s\n", str_c(&clean));
}

/* Whether a symbol of a requirement is the one that m speaks of, be it by a former name. */
static bool is_the_one(const struct kc_miss *m, unsigned i)
{
	for (unsigned k = 0; k < m->r->n_symbols; k++)
		if (str_eq(m->r->symbols[k], m->symbol))
			return k == i;
	return i == 0;
}

/* "A or B is n", or "A is n, B is m" where they differ. */
static void add_values(const struct check_report *c, const struct kc_miss *m, struct str *to)
{
	const struct kc_requirement *r = m->r;
	bool differ = false;

	for (unsigned i = 0; i < r->n_symbols; i++)
		differ |= !is_the_one(m, i) &&
			  !str_eq(kc_requirement_is(r, r->symbols[i], c->check.config), m->is);
	str_adds(to, m->symbol);
	if (differ)
		str_addf(to, " is %s", m->is);
	for (unsigned i = 0; i < r->n_symbols; i++) {
		if (is_the_one(m, i))
			continue;
		str_addf(to, differ ? ", %s" : " or %s", r->symbols[i]);
		if (differ)
			str_addf(to, " is %s",
				 kc_requirement_is(r, r->symbols[i], c->check.config));
	}
	if (!differ)
		str_addf(to, " is %s", m->is);
}

/* "contradicts hardened:212, which requires n"; NULL: nothing does. */
static char *against_words(const struct kc_miss *m)
{
	const struct kc_requirement *other = m->against;
	auto_free char *words = other ? kc_requirement_words(other) : NULL;

	if (!other)
		return NULL;
	return xasprintf("%s %s:%d, which %s %s",
			 m->wish < 0 && m->r->level == KC_RECOMMENDED ? "not asked for because of"
								      : "contradicts",
			 other->pos.file, other->pos.line,
			 other->level == KC_REQUIRED ? "requires" : "recommends", words);
}

static void print_reasons(struct check_report *c, const struct kc_miss *m)
{
	auto_free char *against = against_words(m);
	struct kc_explanation e;

	explain(c, m, &e);
	for (size_t i = 0; i < e.lines.n; i++)
		print_below(c->out, e.lines.v[i]);
	if (was_asked(c, m) && !e.now)
		out_print(c->out, "      this tree has no such symbol for %s\n",
			  c->subject.tree.arch);
	else if (e.reason != KC_HOLDS && !e.lines.n)
		out_print(c->out, "      asked for it would still be %s (%s)\n", e.now,
			  kc_reason_name(e.reason));
	else if (c->asked.conf && m->instead)
		out_print(c->out, "      not asked for together with what is wanted of %s\n",
			  m->instead);
	if (against)
		print_below(c->out, against);
	kc_explanation_release(&e);
}

static void print_miss(struct check_report *c, const struct kc_miss *m)
{
	auto_free char *words = kc_requirement_words(m->r);
	auto_str struct str line = { 0 }, clean = { 0 };

	str_addf(&line, "  %s", m->r->level == KC_RECOMMENDED ? "recommended: " : "");
	add_values(c, m, &line);
	str_addf(&line, ", wanted %s: %s", words, m->r->reason);
	str_add_printable(&clean, line.s, line.n);
	out_print(c->out, "%s\n", str_c(&clean));
	print_reasons(c, m);
}

static void print_result(struct check_report *c, const struct kc_checked *res)
{
	size_t all = res->held + res->missing.n;

	if (!res->missing.n)
		out_print(c->out, "%s: all %zu hold\n", res->profile.name, all);
	else
		out_print(c->out, "%s: %zu of %zu hold, %zu required and %zu recommended do not\n",
			  res->profile.name, res->held, all, res->required, res->recommended);
	for (size_t i = 0; i < res->missing.n; i++)
		print_miss(c, &res->missing.v[i]);
}

static json_t *json_texts(char *const *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, out_json_text(v[i]));
	return a;
}

static json_t *json_at(const struct kc_requirement *r)
{
	return r ? json_pack("{s:o, s:i}", "file", out_json_text(r->pos.file), "line", r->pos.line)
		 : json_null();
}

static json_t *json_miss(struct check_report *c, const struct kc_miss *m)
{
	struct kc_explanation e;
	bool asked = was_asked(c, m);
	json_t *j;

	explain(c, m, &e);
	j = json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "symbol",
		      out_json_text(m->symbol), "symbols",
		      json_texts(m->r->symbols, m->r->n_symbols), "wanted",
		      json_texts(m->r->want, m->r->n_want), "is", out_json_text(m->is), "level",
		      m->r->level == KC_REQUIRED ? "required" : "recommended", "reason",
		      out_json_text(m->r->reason), "at", json_at(m->r), "prevented_by",
		      out_json_text(asked ? kc_reason_name(e.reason) : NULL), "why",
		      asked ? out_json_texts(&e.lines) : json_null(), "instead",
		      out_json_text(m->instead), "against", json_at(m->against));
	kc_explanation_release(&e);
	return j;
}

static json_t *json_result(struct check_report *c, const struct kc_checked *res)
{
	json_t *missing = json_array();

	for (size_t i = 0; i < res->missing.n; i++)
		json_array_append_new(missing, json_miss(c, &res->missing.v[i]));
	return json_pack("{s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:o}", "profile",
			 out_json_text(res->profile.name), "summary",
			 out_json_text(res->profile.summary), "ok", is_good(c, res), "held",
			 (json_int_t)res->held, "not_for_this_kernel", (json_int_t)res->skipped,
			 "required_missing", (json_int_t)res->required, "recommended_missing",
			 (json_int_t)res->recommended, "missing", missing);
}

static void print_json(struct check_report *c)
{
	json_t *all = json_array();

	for (size_t i = 0; i < c->check.results.n; i++)
		json_array_append_new(all, json_result(c, &c->check.results.v[i]));
	out_json(c->out, json_pack("{s:b, s:o, s:o, s:o, s:o}", "ok", check_is_good(c), "config",
				   out_json_text(c->subject.name), "version",
				   out_json_text(c->subject.version), "arch",
				   out_json_text(c->subject.arch), "profiles", all));
}

void check_print(struct check_report *c)
{
	if (c->out->json) {
		print_json(c);
		return;
	}
	for (size_t i = 0; i < c->check.results.n; i++)
		print_result(c, &c->check.results.v[i]);
}

static void add_miss(const struct check_report *c, const struct kc_miss *m, struct str *to)
{
	auto_free char *words = kc_requirement_words(m->r), *against = against_words(m);
	const struct kc_wish *w = m->wish < 0 ? NULL : &c->check.wishes.v[m->wish];
	auto_free char *line = w ? config_wish_line(w) : NULL;

	if (against) {
		str_adds(to, "\n# ");
		str_add_printable(to, against, strlen(against));
	}
	if (m->instead)
		str_addf(to, "\n# left out: %s is asked for, and the two do not go together\n",
			 m->instead);
	else if (w)
		str_addf(to, "\n%s%s\n", line, w->optional ? " #kiln: optional" : "");
	else if (against)
		str_addf(to, "\n# left out: %s, wanted %s\n", m->symbol, words);
	else
		str_addf(to, "\n# %s must be %s; what exactly is for you to say\n", m->symbol,
			 words);
}

static void add_misses(const struct check_report *c, const struct kc_checked *res,
		       const struct kc_misses *all, struct str *to)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *reason = all->v[i].r->reason;

		str_adds(to, "\n# ");
		str_add_printable(to, res->profile.name, strlen(res->profile.name));
		str_adds(to, ": ");
		str_add_printable(to, reason, strlen(reason));
		add_miss(c, &all->v[i], to);
	}
}

void check_part(const struct check_report *c, struct str *to)
{
	str_adds(to, "# What ");
	str_add_printable(to, c->subject.name, strlen(c->subject.name));
	str_adds(to, " lacks, by 'kiln config check'.\n");
	for (size_t i = 0; i < c->check.results.n; i++)
		add_misses(c, &c->check.results.v[i], &c->check.results.v[i].missing, to);
	for (size_t i = 0; i < c->check.results.n; i++)
		add_misses(c, &c->check.results.v[i], &c->check.results.v[i].following, to);
}
