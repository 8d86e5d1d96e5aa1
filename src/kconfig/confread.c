/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading .config and its kin into a configuration: scripts/kconfig/confdata.c, conf_read_simple(), conf_read(). */
#include "kconfig/conffile.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

struct reading {
	struct kc_conf *c;
	const struct kc_files *f;
	enum kc_source source;
	const char *name;
	int line;
	unsigned warnings;
};

static void warn(struct reading *r, const char *fmt, ...) PRINTF(2, 3);
static void warn(struct reading *r, const char *fmt, ...)
{
	auto_free char *words = NULL, *line = NULL;
	va_list ap;

	r->warnings++;
	if (!r->c->say)
		return;
	va_start(ap, fmt);
	words = xvasprintf(fmt, ap);
	va_end(ap);
	line = xasprintf("%s:%d:warning: %s\n", r->name, r->line, words);
	r->c->say(r->c->ctx, true, line);
}

static uint8_t flag_of(const struct reading *r)
{
	return r->source == KC_FROM_AUTO ? KC_AUTO : KC_USER;
}

static void take_tri(struct reading *r, struct kc_sym *s, enum kc_tri tri)
{
	struct kc_value *v = kc_v(r->c, s);

	if (r->source == KC_FROM_AUTO)
		r->c->of_auto[s->id].tri = (uint8_t)tri;
	else
		v->user_tri = (uint8_t)tri;
	v->flags |= flag_of(r);
}

static void take_text(struct reading *r, struct kc_sym *s, const char *text)
{
	struct kc_value *v = kc_v(r->c, s);

	text = arena_strdup(&r->c->text, text);
	if (r->source == KC_FROM_AUTO)
		r->c->of_auto[s->id].text = text;
	else
		v->user_text = text;
	v->flags |= flag_of(r);
}

/*
 * Resolves the escapes of a quoted string in place: *p stands behind the opening quote. False: it has no end. What
 * stands behind the end is cut off.
 */
static bool unquote(char *p)
{
	char *to = p;

	for (; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		*to++ = *p;
	}
	if (*p != '"')
		return false;
	*to = '\0';
	return true;
}

static bool invalid(struct reading *r, const struct kc_sym *s, const char *text)
{
	if (r->source != KC_FROM_AUTO)
		warn(r, "symbol value '%s' invalid for %s", text, s->name);
	return false;
}

/* The value behind "=". False: it is none of the symbol's type. */
static bool take_value(struct reading *r, struct kc_sym *s, char *text)
{
	switch (s->type) {
	case KC_TRISTATE:
	case KC_BOOL:
		if (*text == 'y')
			take_tri(r, s, KC_Y);
		else if (*text == 'm' && s->type == KC_TRISTATE)
			take_tri(r, s, KC_M);
		else if (*text == 'n')
			take_tri(r, s, KC_N);
		else
			return invalid(r, s, text);
		return true;
	case KC_STRING:
		if (r->source != KC_FROM_AUTO) {
			if (*text++ != '"')
				return true; /* dropped, as conf does */
			if (!unquote(text)) {
				warn(r, "invalid string found");
				return false;
			}
		}
		take_text(r, s, text);
		return true;
	case KC_INT:
	case KC_HEX:
		if (!kc_text_valid(s->type, text))
			return invalid(r, s, text);
		take_text(r, s, text);
		return true;
	default:
		return true;
	}
}

/* Old choices: a member's value is one of the choice as well. */
static void tell_old_choice(struct reading *r, struct kc_sym *s)
{
	struct kc_value *choice = kc_v(r->c, s->choice->sym);
	struct kc_auto *of_auto = r->source == KC_FROM_AUTO ? r->c->of_auto : NULL;
	uint8_t *of_choice = of_auto ? &of_auto[s->choice->sym->id].tri : &choice->user_tri;
	enum kc_tri tri = of_auto ? of_auto[s->id].tri : kc_v(r->c, s)->user_tri;

	if (tri == KC_M && *of_choice == KC_Y) {
		warn(r, "%s creates inconsistent choice state", s->name);
		choice->flags &= (uint8_t)~flag_of(r);
	} else if (tri == KC_Y) {
		if (*of_choice != KC_N)
			warn(r, "override: %s changes choice state", s->name);
		if (!of_auto)
			choice->user_chosen = s;
	}
	*of_choice = (uint8_t)kc_or(*of_choice, tri);
}

static void tell_choice(struct reading *r, struct kc_sym *s)
{
	if (!r->c->tree->dialect.plain_choices) {
		if (kc_is_member(s))
			tell_old_choice(r, s);
	} else if (r->source == KC_FROM_USER && s->choice) {
		kc_choice_move(r->c, s->choice, s, false);
	}
}

static void take_symbol(struct reading *r, const char *name, char *value)
{
	struct kc_sym *s = kc_sym_find(r->c->tree, name);

	if (!s) {
		if (r->source == KC_FROM_AUTO) {
			if (r->f->gone)
				r->f->gone(r->f->ctx, name);
			return;
		}
		if (env_get(r->f->env, "KCONFIG_WARN_UNKNOWN_SYMBOLS"))
			warn(r, "unknown symbol: %s", name);
		r->c->changed = true;
		return;
	}
	if (s->id <= KC_Y)
		return; /* the constants y, m, n */
	if (kc_v(r->c, s)->flags & flag_of(r))
		warn(r, "override: reassigning to symbol %s", s->name);
	if (take_value(r, s, value))
		tell_choice(r, s);
}

void kc_conf_take(struct kc_conf *c, struct kc_sym *s, enum kc_tri tri)
{
	struct kc_files none = { .prefix = "" };
	struct reading r = { .c = c, .f = &none, .source = KC_FROM_USER, .name = "" };

	take_tri(&r, s, tri);
	tell_choice(&r, s);
}

static void unexpected(struct reading *r, const char *line)
{
	warn(r, "unexpected data: %s", line);
}

/* "# CONFIG_NAME is not set" behind "# ". */
static void take_comment(struct reading *r, char *p, const char *prefix)
{
	static const char words[] = "is not set";
	size_t n = strlen(prefix);
	bool strict = r->c->tree->dialect.strict_unset;
	char no[] = "n", *end;

	if (strncmp(p, prefix, n) != 0)
		return;
	end = strchr(p + n, ' ');
	if (!end || (strict ? strcmp(end + 1, words) : strncmp(end + 1, words, strlen(words))) != 0)
		return;
	*end = '\0';
	take_symbol(r, p + n, no);
}

static void take_line(struct reading *r, char *line, const char *prefix)
{
	size_t n = strlen(prefix);
	char *eq;

	if (!*line)
		return;
	if (*line == '#') {
		if (line[1] == ' ')
			take_comment(r, line + 2, prefix);
		return;
	}
	if (strncmp(line, prefix, n) != 0) {
		unexpected(r, line);
		return;
	}
	eq = strchr(line + n, '=');
	if (!eq) {
		if (r->c->tree->dialect.warn_no_equals)
			unexpected(r, line);
		return;
	}
	*eq = '\0';
	take_symbol(r, line + n, eq + 1);
}

static void forget(struct kc_conf *c, enum kc_source source)
{
	const bool plain = c->tree->dialect.plain_choices;
	uint8_t flag = source == KC_FROM_AUTO ? KC_AUTO : KC_USER;
	uint8_t drop = plain && source == KC_FROM_AUTO ? flag : flag | KC_VALID;

	kc_forget_exprs(c);
	if (source == KC_FROM_AUTO) {
		free(c->of_auto);
		c->of_auto = xcalloc(c->tree->n_syms, sizeof(*c->of_auto));
	}
	for (uint32_t i = KC_Y + 1; i < c->tree->n_syms; i++) {
		struct kc_value *v = &c->v[i];

		v->flags &= (uint8_t)~drop;
		if (source == KC_FROM_USER) {
			v->user_text = NULL;
			v->user_chosen = NULL;
			v->user_tri = KC_N;
		}
		/* until a member says otherwise */
		if (!plain && kc_is_choice(c->tree->by_id[i]))
			v->flags |= flag;
	}
}

static int open_config(const struct kc_files *f, const char *name)
{
	auto_free char *below = NULL;
	const char *srctree;
	int fd = openat(f->dirfd, name, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 || *name == '/')
		return fd;
	srctree = env_get(f->env, "srctree");
	if (!srctree)
		return fd;
	below = xasprintf("%s/%s", srctree, name);
	return openat(f->dirfd, below, O_RDONLY | O_CLOEXEC);
}

static int read_text(int fd, struct str *ret)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	for (;;) {
		n = read_full(fd, str_room(ret, 65536), 65536);
		if (n < 0)
			return (int)n;
		ret->n += (size_t)n;
		if (n < 65536)
			break;
		if (ret->n > KC_MAX_CONFIG)
			return -EFBIG;
	}
	str_add(ret, "", 0);
	return 0;
}

/* text is changed. */
static unsigned parse_text(struct kc_conf *c, const struct kc_files *f, char *text, size_t n,
			   const char *name, enum kc_source source)
{
	struct reading r = { .c = c, .f = f, .source = source, .name = name };
	char *end = text + n;

	for (char *p = text; p < end;) {
		char *nl = memchr(p, '\n', (size_t)(end - p));
		char *stop = nl ? nl : end;

		r.line++;
		*stop = '\0';
		if (nl && stop > p && stop[-1] == '\r')
			stop[-1] = '\0';
		take_line(&r, p, f->prefix);
		p = stop + 1;
	}
	return r.warnings;
}

static int parse(struct kc_conf *c, const struct kc_files *f, int fd, const char *name,
		 enum kc_source source, unsigned *ret_warnings)
{
	auto_str struct str text = { 0 };
	int err = read_text(fd, &text);

	if (err < 0)
		return err;
	forget(c, source);
	*ret_warnings = parse_text(c, f, text.s, text.n, name, source);
	return 0;
}

unsigned kc_conf_read_text(struct kc_conf *c, const struct kc_files *f, const struct str *text,
			   const char *name)
{
	forget(c, KC_FROM_USER);
	return kc_conf_read_more(c, f, text, name);
}

unsigned kc_conf_read_more(struct kc_conf *c, const struct kc_files *f, const struct str *text,
			   const char *name)
{
	auto_free char *copy = xstrndup(str_c(text), text->n);

	return parse_text(c, f, copy, strlen(copy), name, KC_FROM_USER);
}

int kc_conf_read_file(struct kc_conf *c, const struct kc_files *f, const char *name,
		      enum kc_source source, unsigned *ret_warnings)
{
	auto_close int fd = open_config(f, name);

	if (fd < 0)
		return -errno;
	return parse(c, f, fd, name, source, ret_warnings);
}

const char *kc_conf_name(const struct kc_files *f)
{
	const char *name = env_get(f->env, "KCONFIG_CONFIG");

	return name ? name : ".config";
}

/* The first file of a list divided by blanks that can be opened. */
static int read_fallback(struct kc_conf *c, const struct kc_files *f, unsigned *ret_warnings)
{
	const char *list = env_get(f->env, "KCONFIG_DEFCONFIG_LIST");

	c->changed = true;
	if (!list)
		return -ENOENT;
	for (;;) {
		auto_free char *name = NULL, *line = NULL;
		size_t n;

		list += strspn(list, " \t\n\v\f\r");
		n = strcspn(list, " \t\n\v\f\r");
		if (!n)
			return -ENOENT;
		name = xstrndup(list, n);
		list += n;
		auto_close int fd = open_config(f, name);
		if (fd < 0)
			continue;
		if (f->message) {
			line = xasprintf("using defaults found in %s", name);
			f->message(f->ctx, line);
		}
		return parse(c, f, fd, arena_strdup(&c->text, name), KC_FROM_USER, ret_warnings);
	}
}

int kc_conf_read_default(struct kc_conf *c, const struct kc_files *f, unsigned *ret_warnings)
{
	const char *name = kc_conf_name(f);
	auto_close int fd = open_config(f, name);

	if (fd < 0)
		return read_fallback(c, f, ret_warnings);
	return parse(c, f, fd, name, KC_FROM_USER, ret_warnings);
}

/* Whether what was read is what would be written. */
static bool agrees(const struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_value *v = kc_v(c, s);

	if (!(v->flags & KC_USER) || !(v->flags & KC_WRITE))
		return !(v->flags & (KC_USER | KC_WRITE));
	if (kc_is_tri(s))
		return v->user_tri == v->tri;
	return str_eq(kc_value_text(c, s), v->user_text);
}

/* Older dialects forget what cannot hold, so that it is asked for anew should it become possible. */
static void drop_unsaved(struct kc_conf *c, unsigned unsaved)
{
	kc_for_each_sym(c->tree, i, s)
	{
		struct kc_value *v = kc_v(c, s);

		if (!(v->flags & KC_USER) || kc_is_member(s))
			continue;
		if (v->visible == KC_N && !unsaved)
			v->flags &= (uint8_t)~KC_USER;
		if (s->type != KC_STRING && s->type != KC_INT && s->type != KC_HEX)
			continue;
		if (v->user_text && kc_text_allowed(c, s, v->user_text))
			continue;
		v->flags &= (uint8_t)~KC_USER;
		kc_invalidate_one(c, s);
		unsaved++;
		c->changed = true;
	}
}

void kc_conf_check_read(struct kc_conf *c, unsigned warnings)
{
	const struct kc_tree *t = c->tree;
	unsigned unsaved = 0;

	kc_calc(c, t->modules);
	kc_for_each_sym(t, i, s)
	{
		kc_calc(c, s);
		if (!kc_is_choice(s) && !(s->flags & KC_NO_WRITE))
			unsaved += !agrees(c, s);
	}
	if (unsaved || warnings)
		c->changed = true;
	if (!t->dialect.keep_unsaved)
		drop_unsaved(c, unsaved);
}
