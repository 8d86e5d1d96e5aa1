/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The macro language: $(NAME), $(FUNCTION,ARG,...), variables of two flavours, built-in functions, the environment
 * (Documentation/kbuild/kconfig-macro-language.rst; scripts/kconfig/preprocess.c).
 *
 * An answer of $(shell) may be unknown. It is then KC_UNKNOWN_ANSWER, a byte that spreads with the text it becomes part
 * of: no command that holds it is asked, no condition with it is acted on.
 *
 * Hostile input ends with a message: depth, steps and length of one expansion are bounded.
 */
#include "kconfig/read.h"
#include "kconfig/snapshot.h"

#include <errno.h>

#define MAX_ARGS   16
#define MAX_DEPTH  2500
#define MAX_STEPS  1000000
#define MAX_LENGTH (1 << 20)
#define MAX_BYTES  (64 << 20)
#define MAX_ANSWER 4095
/* How often a user function may be inside itself. */
#define MAX_CALLS 1000

struct var {
	struct str value;
	enum kc_flavor flavor;
	unsigned active;
};

struct args {
	size_t n;
	struct str v[MAX_ARGS];
};

static void args_release(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		str_release(&a->v[i]);
}

static void expand(struct kc_reader *r, const char *s, size_t n, const struct args *args,
		   struct str *out);

void kc_fatal(struct kc_reader *r, const char *fmt, ...)
{
	auto_free char *words = NULL;
	va_list ap;

	va_start(ap, fmt);
	words = xvasprintf(fmt, ap);
	va_end(ap);
	if (!r->fatal)
		kc_say(r, true, "%s:%d: %s\n", r->file ? r->file->name : r->stmt_file,
		       r->file ? r->file->line : r->stmt_line, words);
	r->fatal = true;
}

static bool is_unknown(const struct kc_reader *r, const struct str *s)
{
	return r->unknown && s->n && memchr(s->s, KC_UNKNOWN_ANSWER, s->n);
}

/* An environment variable that was asked for is remembered: auto.conf.cmd lists it. */
static bool env_expand(struct kc_reader *r, const char *name, struct str *out)
{
	struct kc_tree *t = r->tree;
	const char *value;

	if (!*name)
		return false;
	for (size_t i = 0; i < t->env.n; i++) {
		if (!strcmp(t->env.v[i].name, name)) {
			str_adds(out, t->env.v[i].value);
			return true;
		}
	}
	value = env_get(r->spec->env, name);
	if (r->spec->inputs)
		kc_inputs_env(r->spec->inputs, name, value);
	if (!value)
		return false;
	vec_push(&t->env, ((struct kc_env_use){ kc_region_strdup(&t->mem, name),
						kc_region_strdup(&t->mem, value) }));
	str_adds(out, value);
	return true;
}

static void do_error_if(struct kc_reader *r, const struct args *a, struct str *out)
{
	if (str_eq(str_c(&a->v[0]), "y"))
		kc_fatal(r, "%s", str_c(&a->v[1]));
}

/* Where reading is; behind the last character of the last file that is the last statement. */
static struct kc_pos here(const struct kc_reader *r)
{
	if (r->file)
		return (struct kc_pos){ r->file->name, r->file->line };
	return (struct kc_pos){ r->stmt_file, r->stmt_line };
}

static void do_warning_if(struct kc_reader *r, const struct args *a, struct str *out)
{
	struct kc_pos at = here(r);

	if (str_eq(str_c(&a->v[0]), "y"))
		kc_say(r, true, "%s:%d: %s\n", at.file, at.line, str_c(&a->v[1]));
}

static void do_filename(struct kc_reader *r, const struct args *a, struct str *out)
{
	str_adds(out, here(r).file);
}

static void do_lineno(struct kc_reader *r, const struct args *a, struct str *out)
{
	str_addf(out, "%d", here(r).line);
}

static void do_info(struct kc_reader *r, const struct args *a, struct str *out)
{
	kc_say(r, false, "%s\n", str_c(&a->v[0]));
}

/* stdout of a command in one line: newlines at the end are dropped, others become blanks. */
static void do_shell(struct kc_reader *r, const struct args *a, struct str *out)
{
	auto_str struct str answer = { 0 };
	size_t n;

	if (is_unknown(r, &a->v[0]) || !r->spec->shell(r->spec->ctx, str_c(&a->v[0]), &answer)) {
		r->unknown = true;
		str_addc(out, KC_UNKNOWN_ANSWER);
		return;
	}
	n = MIN(answer.n, (size_t)MAX_ANSWER);
	while (n && answer.s[n - 1] == '\n')
		n--;
	for (size_t i = 0; i < n && answer.s[i]; i++)
		str_addc(out, answer.s[i] == '\n' ? ' ' : answer.s[i]);
}

static const struct function {
	const char *name;
	unsigned min, max;
	void (*run)(struct kc_reader *r, const struct args *a, struct str *out);
} functions[] = {
	/* clang-format off */
	{ "error-if",   2, 2, do_error_if },
	{ "filename",   0, 0, do_filename },
	{ "info",       1, 1, do_info },
	{ "lineno",     0, 0, do_lineno },
	{ "shell",      1, 1, do_shell },
	{ "warning-if", 2, 2, do_warning_if },
	/* clang-format on */
};

static bool function_expand(struct kc_reader *r, const char *name, const struct args *a,
			    struct str *out)
{
	for (size_t i = 0; i < countof(functions); i++) {
		const struct function *f = &functions[i];

		if (strcmp(f->name, name) != 0)
			continue;
		if (a->n < f->min)
			kc_fatal(r, "too few function arguments passed to '%s'", name);
		else if (a->n > f->max)
			kc_fatal(r, "too many function arguments passed to '%s'", name);
		else
			f->run(r, a, out);
		return true;
	}
	return false;
}

static bool var_expand(struct kc_reader *r, const char *name, const struct args *a, struct str *out)
{
	struct var *v = map_get(&r->vars, name);

	if (!v)
		return false;
	if (!a->n && v->active) {
		kc_fatal(r, "Recursive variable '%s' references itself (eventually)", name);
		return true;
	}
	if (v->active > MAX_CALLS) {
		kc_fatal(r, "Too deep recursive expansion");
		return true;
	}
	if (v->flavor == KC_SIMPLE) {
		str_add(out, str_c(&v->value), v->value.n);
		return true;
	}
	v->active++;
	expand(r, str_c(&v->value), v->value.n, a, out);
	v->active--;
	return true;
}

/* "1", "2", ... within a user function: the argument, if there are as many. */
static const struct str *argument(const char *s, size_t n, const struct args *args)
{
	size_t i = 0;

	if (!args || !n || n > 3)
		return NULL;
	for (const char *end = s + n; s < end; s++) {
		if (*s < '0' || *s > '9')
			return NULL;
		i = i * 10 + (size_t)(*s - '0');
	}
	return i && i <= args->n ? &args->v[i - 1] : NULL;
}

/* The next comma outside of parentheses, or end. */
static const char *next_comma(const char *s, const char *end)
{
	int nest = 0;

	for (; s < end; s++) {
		if (*s == ',' && nest == 0)
			break;
		if (*s == '(')
			nest++;
		else if (*s == ')')
			nest--;
	}
	return s;
}

/* What stands between "$(" and ")": name and arguments. outer: those of the function it stands in. */
static void clause(struct kc_reader *r, const char *s, const char *end, const struct args *outer,
		   struct str *out)
{
	cleanup(args_release) struct args a = { 0 };
	auto_str struct str name = { 0 };
	const char *comma = next_comma(s, end);

	expand(r, s, (size_t)(comma - s), outer, &name);
	while (comma < end && !r->fatal) {
		s = comma + 1;
		comma = next_comma(s, end);
		if (a.n + 1 == MAX_ARGS) {
			kc_fatal(r, "too many function arguments");
			return;
		}
		expand(r, s, (size_t)(comma - s), outer, &a.v[a.n++]);
	}
	if (r->fatal || var_expand(r, str_c(&name), &a, out) ||
	    function_expand(r, str_c(&name), &a, out))
		return;
	if (is_unknown(r, &name))
		str_addc(out, KC_UNKNOWN_ANSWER);
	else if (!a.n)
		env_expand(r, str_c(&name), out);
}

static bool too_much(struct kc_reader *r, const struct str *out)
{
	if (r->expand_depth > MAX_DEPTH || r->expand_steps > MAX_STEPS || out->n > MAX_LENGTH ||
	    r->expand_bytes > MAX_BYTES)
		kc_fatal(r, "Too deep recursive expansion");
	return r->fatal;
}

/* *p stands behind '$'. */
static void dollar(struct kc_reader *r, const char **p, const char *end, const struct args *args,
		   struct str *out)
{
	const char *s = *p, *q;
	const struct str *arg;
	int nest = 0;

	if (s == end || *s != '(') {
		str_addc(out, '$');
		return;
	}
	s++;
	for (q = s; q < end; q++) {
		if (*q == '(')
			nest++;
		else if (*q == ')' && nest-- == 0)
			break;
	}
	if (q == end) {
		kc_fatal(r, "unterminated reference to '%.*s': missing ')'", (int)(end - s), s);
		*p = end;
		return;
	}
	*p = q + 1;
	r->expand_depth++;
	r->expand_steps++;
	arg = argument(s, (size_t)(q - s), args);
	if (too_much(r, out))
		*p = end;
	else if (arg) {
		r->expand_bytes += arg->n;
		str_add(out, str_c(arg), arg->n);
	} else
		clause(r, s, q, args, out);
	r->expand_depth--;
}

static void expand(struct kc_reader *r, const char *s, size_t n, const struct args *args,
		   struct str *out)
{
	const char *end = s + n;

	while (s < end && !r->fatal) {
		const char *d = memchr(s, '$', (size_t)(end - s));

		r->expand_bytes += (size_t)((d ? d : end) - s);
		str_add(out, s, (size_t)((d ? d : end) - s));
		if (!d)
			break;
		s = d + 1;
		dollar(r, &s, end, args, out);
	}
}

void kc_macro_dollar(struct kc_reader *r, const char **p, const char *end, struct str *out)
{
	r->expand_steps = r->expand_bytes = 0;
	dollar(r, p, end, NULL, out);
}

static bool ends_word(char c)
{
	return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		 c == '_' || c == '-');
}

void kc_macro_word(struct kc_reader *r, const char **p, const char *end, struct str *out)
{
	r->expand_steps = r->expand_bytes = 0;
	while (*p < end && !r->fatal) {
		if (**p == '$') {
			++*p;
			dollar(r, p, end, NULL, out);
		} else if (ends_word(**p)) {
			break;
		} else {
			str_addc(out, *(*p)++);
		}
	}
}

void kc_macro_set(struct kc_reader *r, const char *name, const char *value, enum kc_flavor flavor)
{
	auto_str struct str now = { 0 };
	struct var *v = map_get(&r->vars, name);
	bool append = v && flavor == KC_APPEND;

	if (flavor == KC_APPEND)
		flavor = v ? v->flavor : KC_RECURSIVE;
	r->expand_steps = r->expand_bytes = 0;
	if (flavor == KC_SIMPLE)
		expand(r, value, strlen(value), NULL, &now);
	else
		str_adds(&now, value);
	if (!v) {
		v = xnew(struct var);
		map_set(&r->vars, name, v);
	}
	v->flavor = flavor;
	if (append)
		str_addc(&v->value, ' ');
	else
		str_clear(&v->value);
	str_add(&v->value, str_c(&now), now.n);
}

static void var_free(void *p)
{
	struct var *v = p;

	str_release(&v->value);
	free(v);
}

void kc_macro_release(struct kc_reader *r)
{
	map_release(&r->vars, var_free);
}
