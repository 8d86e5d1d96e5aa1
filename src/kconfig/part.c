/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading parts, line by line. Kconfig fragments are read as the kernel's conf reads .config, and no more strictly. */
#include "kconfig/part.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#define MAX_PART    (16 << 20)
#define MAX_INCLUDE 32	 /* deep */
#define MAX_FILES   1000 /* included by one part, all in all */
#define MAX_WISHES  500000

struct marks {
	bool override, optional, silent;
	bool out; /* not for this tree */
};

struct reading {
	struct kc_wishes *w;
	const struct kc_part_spec *spec;
	const char *name; /* in w->text */
	int line;
	struct marks around; /* of the line that includes this part */
	struct marks block;  /* of directives on lines of their own */
	const struct reading *parent;
	unsigned *files; /* included so far, by all */
	unsigned depth;
};

static int bad(const struct reading *r, struct err *err, const char *what, const char *subject)
{
	return err_set(err, -EINVAL, "%s:%d: %s '%s'", r->name, r->line, what, subject);
}

static int bad_directive(const struct reading *r, const char *words, struct err *err)
{
	bad(r, err, "unknown directive", words);
	return err_hint(err, -EINVAL,
			"override, optional, silent; since or until VERSION; arch ARCH...; on a "
			"line of its own include FILE");
}

static int include(const struct reading *r, const char *file, const struct marks *m,
		   struct err *err);

bool kc_is_arch(const struct kc_part_spec *spec, const char *word)
{
	return str_eq(word, spec->arch) || str_eq(word, spec->srcarch);
}

bool kc_is_version(const struct kc_part_spec *spec, const char *since, const char *until)
{
	return !spec->version || str_kernel_in(spec->version, since, until);
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

static bool is_version(const char *word)
{
	return *word >= '0' && *word <= '9' && !word[strcspn(word, " \t")];
}

/* One directive; own: it stands on a line of its own. */
static int take_directive(struct reading *r, char *words, struct marks *m, bool own,
			  struct err *err)
{
	size_t n = strcspn(words, " \t");
	auto_free char *verb = xstrndup(words, n);
	char *rest = words + n + strspn(words + n, " \t");

	if (str_eq(verb, "override") && !*rest)
		m->override = true;
	else if (str_eq(verb, "optional") && !*rest)
		m->optional = true;
	else if (str_eq(verb, "silent") && !*rest)
		m->silent = m->optional = true;
	else if (str_eq(verb, "since") && is_version(rest))
		m->out |= !kc_is_version(r->spec, rest, NULL);
	else if (str_eq(verb, "until") && is_version(rest))
		m->out |= !kc_is_version(r->spec, NULL, rest);
	else if (str_eq(verb, "arch") && *rest)
		take_arch(r, rest, m);
	else if (str_eq(verb, "include") && *rest && own)
		return m->out ? 0 : include(r, rest, m, err);
	else
		return bad_directive(r, words, err);
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

static const char mark[] = "#kiln:";

/* Whether a comment is no directive, but was surely meant as one: what it says would be lost. */
static bool is_near_directive(const char *comment)
{
	const char *word = comment + strspn(comment, "# \t");

	return strstr(comment, mark) || (*comment == '#' && str_starts(word, "kiln: "));
}

/* The directives of a comment, if it has any: each "#kiln: ...", the next one behind it. */
static int take_directives(struct reading *r, char *comment, struct marks *m, bool own,
			   struct err *err)
{
	int ret = 0;

	if (!str_starts(comment, mark)) {
		if (is_near_directive(comment))
			ret = err_hint(
				err, bad(r, err, "a comment begins with its directive:", comment),
				"as in '#kiln: optional', without a blank and with nothing in front");
		return ret;
	}
	for (char *next = comment; next && ret == 0;) {
		char *words = next + sizeof(mark) - 1;

		next = strstr(words, mark);
		if (next)
			*next = '\0';
		ret = take_directive(r, trim(words), m, own, err);
		if (next)
			*next = *mark;
	}
	return ret;
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
	char *eq = strchr(line, '='), *comment;
	int ret;

	if (!eq || eq == line)
		return bad(r, err, "no value in", line);
	*eq = '\0';
	comment = eq + 1 + kc_part_value_len(eq + 1);
	ret = take_directives(r, comment, &m, false, err);
	*comment = '\0';
	if (ret == 0)
		add_wish(r, line, strlen(line), trim(eq + 1), &m);
	return ret;
}

/* "# CONFIG_X is not set", a directive, or a comment. */
static int take_comment(struct reading *r, char *line, struct err *err)
{
	static const char prefix[] = "# CONFIG_", words[] = " is not set";
	char *name = line + sizeof(prefix) - 1, *end, *behind;
	struct marks m = r->block;
	int ret;

	if (!str_starts(line, prefix))
		return take_directives(r, line, &r->block, true, err);
	end = name + strcspn(name, " ");
	behind = str_starts(end, words) ? trim(end + sizeof(words) - 1) : NULL;
	if (!behind || (*behind && !str_starts(behind, mark)))
		/* prose that begins like a value */
		return take_directives(r, line, &r->block, true, err);
	ret = take_directives(r, behind, &m, false, err);
	if (ret == 0)
		add_wish(r, name, (size_t)(end - name), "n", &m);
	return ret;
}

static int take_line(struct reading *r, char *line, struct err *err)
{
	static const char prefix[] = "CONFIG_";

	if (r->w->n >= MAX_WISHES)
		return err_set(err, -E2BIG, "%s:%d: more than %d lines", r->name, r->line,
			       MAX_WISHES);

	line = trim(line);
	if (!*line) {
		r->block = r->around;
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

/* Fills the rest of r. */
static int read_part(struct reading *r, const char *path, struct err *err)
{
	auto_str struct str text = { 0 };
	int ret = file_read(AT_FDCWD, path, MAX_PART, &text, err);

	if (ret < 0)
		return ret;
	r->name = arena_strdup(&r->w->text, path);
	r->block = r->around;
	return parse(r, str_c(&text), text.n, err);
}

static int include(const struct reading *r, const char *file, const struct marks *m,
		   struct err *err)
{
	struct reading inner = {
		.w = r->w,
		.spec = r->spec,
		.around = *m,
		.parent = r,
		.depth = r->depth + 1,
		.files = r->files,
	};
	auto_free char *dir = path_dir(r->name);
	bool as_is = *file == '/' || !strchr(r->name, '/');
	auto_free char *path = as_is ? xstrdup(file) : path_join(dir, file);
	int ret;

	if (r->depth >= MAX_INCLUDE)
		return bad(r, err, "included too deep:", file);
	for (const struct reading *up = r; up; up = up->parent)
		if (str_eq(up->name, path))
			return bad(r, err, "includes itself by way of", file);
	if (++*r->files > MAX_FILES)
		return bad(r, err, "more than 1000 parts are included, at last", file);
	ret = read_part(&inner, path, err);
	return ret < 0 ? err_wrap(err, ret, "%s:%d", r->name, r->line) : 0;
}

int kc_part_read(struct kc_wishes *w, const struct kc_part_spec *spec, const char *path,
		 struct err *err)
{
	unsigned files = 0;
	struct reading r = { .w = w, .spec = spec, .files = &files };

	return read_part(&r, path, err);
}

int kc_part_parse(struct kc_wishes *w, const struct kc_part_spec *spec, const char *text, size_t n,
		  const char *name, struct err *err)
{
	unsigned files = 0;
	struct reading r = {
		.w = w, .spec = spec, .name = arena_strdup(&w->text, name), .files = &files
	};

	return parse(&r, text, n, err);
}

const struct kc_wish *kc_last_wish(const struct kc_wishes *all, const char *name)
{
	for (size_t i = all->n; i-- > 0;)
		if (str_eq(all->v[i].name, name))
			return &all->v[i];
	return NULL;
}

void kc_wishes_release(struct kc_wishes *w)
{
	free(w->v);
	arena_release(&w->text);
	*w = (struct kc_wishes){ 0 };
}
