/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading parts, line by line. Kconfig fragments are read as the kernel's conf reads .config, and no more strictly. */
#include "kconfig/part.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#define MAX_PART    (16 << 20)
#define MAX_INCLUDE 32

struct marks {
	bool override, optional, silent;
	bool out; /* not for this tree */
};

struct reading {
	struct kc_wishes *w;
	const struct kc_part_spec *spec;
	const char *name; /* in w->text */
	int line;
	struct marks block; /* of directives on lines of their own */
	const struct reading *parent;
	unsigned depth;
};

static int bad(const struct reading *r, struct err *err, const char *what, const char *subject)
{
	return err_set(err, -EINVAL, "%s:%d: %s '%s'", r->name, r->line, what, subject);
}

static int include(const struct reading *r, const char *file, struct err *err);

bool kc_is_arch(const struct kc_part_spec *spec, const char *word)
{
	return str_eq(word, spec->arch) || str_eq(word, spec->srcarch);
}

bool kc_is_version(const struct kc_part_spec *spec, const char *since, const char *until)
{
	/* a release candidate has what its release has */
	auto_free char *version =
		spec->version ? xstrndup(spec->version, strcspn(spec->version, "-")) : NULL;

	if (!version)
		return true;
	return (!since || str_vercmp(version, since) >= 0) &&
	       (!until || str_vercmp(version, until) < 0);
}

/* Words behind `arch`. */
static void take_arch(const struct reading *r, char *words, struct marks *m)
{
	bool found = false;

	for (char *p = words; *p;) {
		size_t n = strcspn(p, " \t");
		auto_free char *word = xstrndup(p, n);

		found |= kc_is_arch(r->spec, word);
		p += n;
		p += strspn(p, " \t");
	}
	if (!found)
		m->out = true;
}

/* One directive; own: it stands on a line of its own. */
static int take_directive(struct reading *r, char *words, struct marks *m, bool own,
			  struct err *err)
{
	size_t n = strcspn(words, " \t");
	auto_free char *verb = xstrndup(words, n);
	char *rest = words + n + strspn(words + n, " \t");

	if (str_eq(verb, "override"))
		m->override = true;
	else if (str_eq(verb, "optional"))
		m->optional = true;
	else if (str_eq(verb, "silent"))
		m->silent = m->optional = true;
	else if (str_eq(verb, "since") && *rest)
		m->out |= !kc_is_version(r->spec, rest, NULL);
	else if (str_eq(verb, "until") && *rest)
		m->out |= !kc_is_version(r->spec, NULL, rest);
	else if (str_eq(verb, "arch") && *rest)
		take_arch(r, rest, m);
	else if (str_eq(verb, "include") && *rest && own)
		return m->out ? 0 : include(r, rest, err);
	else
		return bad(r, err, "unknown directive", words);
	return 0;
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* "#kiln: ..." in a comment; NULL: there is none. */
static char *directive_in(char *comment)
{
	static const char mark[] = "#kiln:";

	return strncmp(comment, mark, sizeof(mark) - 1) ? NULL : trim(comment + sizeof(mark) - 1);
}

static void add_wish(struct reading *r, const char *name, size_t n, const char *value,
		     const struct marks *m)
{
	struct kc_wish w = {
		.name = arena_strndup(&r->w->text, name, n),
		.value = arena_strdup(&r->w->text, value),
		.pos = { r->name, r->line },
		.override = m->override,
		.optional = m->optional,
		.silent = m->silent,
	};

	if (!m->out)
		vec_push(r->w, w);
}

size_t kc_part_value_len(const char *value)
{
	bool quoted = false;
	const char *p;

	for (p = value; *p; p++) {
		if (*p == '\\' && quoted && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == '#' && !quoted && p > value && strchr(" \t", p[-1]))
			break;
	}
	return (size_t)(p - value);
}

static int take_value(struct reading *r, char *line, struct err *err)
{
	struct marks m = r->block;
	char *eq = strchr(line, '='), *comment, *directive;
	int ret = 0;

	if (!eq || eq == line)
		return bad(r, err, "no value in", line);
	*eq = '\0';
	comment = eq + 1 + kc_part_value_len(eq + 1);
	directive = directive_in(comment);
	if (directive)
		ret = take_directive(r, directive, &m, false, err);
	*comment = '\0';
	if (ret == 0)
		add_wish(r, line, strlen(line), trim(eq + 1), &m);
	return ret;
}

/* "# CONFIG_X is not set", a directive, or a comment. */
static int take_comment(struct reading *r, char *line, struct err *err)
{
	static const char prefix[] = "# CONFIG_", words[] = " is not set";
	char *directive = directive_in(line), *name = line + sizeof(prefix) - 1, *end, *behind;
	struct marks m = r->block;
	int ret;

	if (directive)
		return take_directive(r, directive, &r->block, true, err);
	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	end = name + strcspn(name, " ");
	if (strncmp(end, words, sizeof(words) - 1) != 0)
		return 0;
	behind = trim(end + sizeof(words) - 1);
	directive = directive_in(behind);
	if (*behind && !directive)
		return 0; /* prose that begins like a value */
	if (directive) {
		ret = take_directive(r, directive, &m, false, err);
		if (ret < 0)
			return ret;
	}
	add_wish(r, name, (size_t)(end - name), "n", &m);
	return 0;
}

static int take_line(struct reading *r, char *line, struct err *err)
{
	static const char prefix[] = "CONFIG_";

	line = trim(line);
	if (!*line) {
		r->block = (struct marks){ 0 };
		return 0;
	}
	if (*line == '#')
		return take_comment(r, line, err);
	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return bad(r, err, "neither a value nor a comment:", line);
	return take_value(r, line + sizeof(prefix) - 1, err);
}

static int parse(struct reading *r, const char *text, size_t n, struct err *err)
{
	auto_free char *copy = xstrndup(text, n);
	int ret = 0;

	if (strlen(copy) != n)
		return err_set(err, -EINVAL, "%s: holds a NUL byte", r->name);
	for (char *p = copy; *p && ret == 0;) {
		char *line = p;

		p += strcspn(p, "\n");
		if (*p)
			*p++ = '\0';
		r->line++;
		ret = take_line(r, line, err);
	}
	return ret;
}

static int read_part(const struct reading *parent, struct kc_wishes *w,
		     const struct kc_part_spec *spec, const char *path, struct err *err)
{
	auto_str struct str text = { 0 };
	struct reading r = { .w = w, .spec = spec, .parent = parent };
	int ret;

	r.depth = parent ? parent->depth + 1 : 0;
	ret = file_read(AT_FDCWD, path, MAX_PART, &text, err);
	if (ret < 0)
		return ret;
	r.name = arena_strdup(&w->text, path);
	return parse(&r, str_c(&text), text.n, err);
}

static int include(const struct reading *r, const char *file, struct err *err)
{
	auto_free char *dir = path_dir(r->name);
	bool as_is = *file == '/' || !strchr(r->name, '/');
	auto_free char *path = as_is ? xstrdup(file) : path_join(dir, file);
	int ret;

	if (r->depth >= MAX_INCLUDE)
		return bad(r, err, "included too deep:", file);
	for (const struct reading *up = r; up; up = up->parent)
		if (str_eq(up->name, path))
			return bad(r, err, "includes itself by way of", file);
	ret = read_part(r, r->w, r->spec, path, err);
	return ret < 0 ? err_wrap(err, ret, "%s:%d", r->name, r->line) : 0;
}

int kc_part_read(struct kc_wishes *w, const struct kc_part_spec *spec, const char *path,
		 struct err *err)
{
	return read_part(NULL, w, spec, path, err);
}

int kc_part_parse(struct kc_wishes *w, const struct kc_part_spec *spec, const char *text, size_t n,
		  const char *name, struct err *err)
{
	struct reading r = { .w = w, .spec = spec, .name = arena_strdup(&w->text, name) };

	return parse(&r, text, n, err);
}

void kc_wishes_release(struct kc_wishes *w)
{
	free(w->v);
	arena_release(&w->text);
	*w = (struct kc_wishes){ 0 };
}
