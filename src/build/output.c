/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines put together: to each message what stands before it (who included the file, which function) and behind it (notes,
 * source), and the object that was being made. With make's -Otarget a step and what its commands say are adjacent. Where they
 * are not, a message is of the step whose object is named as the source is.
 *
 * Memory is bounded: lines, what belongs to a message, the number of different messages.
 */
#include "build/output.h"

#include "base/map.h"
#include "build/line.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

#define LINE_MAX_    (64 << 10)
#define DETAIL_MAX   (16 << 10)
#define MESSAGES_MAX 2000
#define AROUND	     10
#define STEPS_KEPT   64

struct bld_output {
	struct bld_kbuild *k;
	char *tree, *real_tree, *build;
	struct str line; /* under way */
	struct str context;
	char *main_file; /* the last that the context names: where an inclusion begins */
	struct bld_messages *open_in; /* the message that may go on; NULL: none */
	size_t open;
	char *before[AROUND]; /* the last lines, a ring */
	size_t n_before;
	unsigned behind;	  /* lines that the first error still wants */
	char *recent[STEPS_KEPT]; /* objects of the last steps, a ring */
	size_t n_recent;
	enum bld_line_kind last;
	bool shows_source; /* a message with a place was the last line: its source may follow */
	size_t unplaced;   /* errors from this index on may not know their object yet */
	size_t told;	   /* how many errors there were when make named an object last */
	struct map seen;   /* "KIND FILE:LINE:COLUMN:TEXT" -> index + 1 */
};

static void message_release(struct bld_message *m)
{
	free(m->file);
	free(m->text);
	free(m->detail);
	free(m->object);
}

void bld_messages_release(struct bld_messages *m)
{
	for (size_t i = 0; i < m->n; i++)
		message_release(&m->v[i]);
	free(m->v);
	*m = (struct bld_messages){ 0 };
}

struct bld_output *bld_output_new(struct bld_kbuild *k, const char *tree, const char *build)
{
	struct bld_output *o = xnew(struct bld_output);

	o->k = k;
	o->tree = xstrdup(tree);
	o->build = xstrdup(build);
	o->real_tree = realpath(tree, NULL);
	return o;
}

void bld_output_free(struct bld_output *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < AROUND; i++)
		free(o->before[i]);
	for (size_t i = 0; i < STEPS_KEPT; i++)
		free(o->recent[i]);
	str_release(&o->line);
	str_release(&o->context);
	map_release(&o->seen, NULL);
	free(o->main_file);
	free(o->tree);
	free(o->real_tree);
	free(o->build);
	free(o);
}

/* Paths */

/* "a/./b/../c" -> "a/c", in place; ".." of an absolute path does not leave the root. */
static void collapse(char *path)
{
	auto_free char *copy = xstrdup(path);
	char *rest = copy, *part, *out = path;
	size_t depth = 0;

	while ((part = strsep(&rest, "/"))) {
		size_t n = strlen(part);

		if (!n || str_eq(part, "."))
			continue;
		if (str_eq(part, "..")) {
			while (depth && out > path && *--out != '/')
				;
			depth -= depth > 0;
			continue;
		}
		*out++ = '/';
		memcpy(out, part, n);
		out += n;
		depth++;
	}
	*out = '\0';
}

static const char *below(const char *path, const char *dir)
{
	const size_t n = dir ? strlen(dir) : 0;

	return n && !strncmp(path, dir, n) && path[n] == '/' ? path + n + 1 : NULL;
}

/* As it is called below the tree or the build folder; else as it was. */
static char *shortened(const struct bld_output *o, struct bld_slice s)
{
	auto_free char *path = xstrndup(s.s, s.n);
	auto_free char *full = *path == '/' ? xstrdup(path) : xasprintf("%s/%s", o->build, path);
	const char *rest;

	collapse(full);
	rest = below(full, o->build);
	if (!rest)
		rest = below(full, o->tree);
	if (!rest)
		rest = below(full, o->real_tree);
	return xstrdup(rest ? rest : path);
}

/* Steps */

static void take_step(struct bld_output *o, const struct bld_line *l)
{
	char **slot = &o->recent[o->n_recent++ % STEPS_KEPT];

	free(*slot);
	*slot = shortened(o, l->object);
	o->k->steps++;
	free(o->k->step);
	o->k->step = xasprintf("%.*s %s", (int)l->verb.n, l->verb.s,
			       *l->object.s == '/' ? *slot : l->object.s);
}

static size_t stem_length(const char *path)
{
	const char *base = strrchr(path, '/'), *dot = strrchr(base ? base : path, '.');

	return dot ? (size_t)(dot - path) : strlen(path);
}

static bool is_source(const char *path)
{
	static const char *const suffixes[] = { ".c",	".S",	 ".s",	".rs",
						".dts", ".dtso", ".cc", ".cpp" };

	for (size_t i = 0; i < countof(suffixes); i++)
		if (str_ends(path, suffixes[i]))
			return true;
	return false;
}

/* The object of a step not long ago that is made from this source; NULL: none. Without a source: of the last step. */
static char *object_of(const struct bld_output *o, const char *source)
{
	const size_t n = source ? stem_length(source) : 0;

	if (source && !is_source(source))
		return NULL;
	for (size_t i = o->n_recent; i > 0 && o->n_recent - i < STEPS_KEPT; i--) {
		const char *object = o->recent[(i - 1) % STEPS_KEPT];

		if (!source || (stem_length(object) == n && !strncmp(object, source, n)))
			return xstrdup(object);
	}
	return NULL;
}

/* Messages */

static void close_message(struct bld_output *o)
{
	o->open_in = NULL;
}

static void add_detail(struct bld_output *o, const char *line)
{
	struct bld_message *m;
	struct str s = { 0 };

	if (!o->open_in)
		return;
	m = &o->open_in->v[o->open];
	if (m->times > 1 || (m->detail && strlen(m->detail) > DETAIL_MAX))
		return;
	str_addf(&s, "%s%s\n", m->detail ? m->detail : "", line);
	free(m->detail);
	m->detail = str_take(&s);
}

/* The message is new, or one more of the same. */
static void add_message(struct bld_output *o, struct bld_messages *to, const struct bld_line *l,
			const char *line)
{
	auto_free char *file = l->file.s ? shortened(o, l->file) : NULL;
	auto_free char *key = xasprintf("%d %s:%u:%u:%s", to == &o->k->errors, file ? file : "",
					l->line, l->column, l->text);
	size_t known = (size_t)(uintptr_t)map_get(&o->seen, key);
	struct bld_message *m;

	to->all++;
	o->open_in = NULL;
	if (!known && to->n == MESSAGES_MAX)
		return;
	if (known) {
		to->v[known - 1].times++;
	} else {
		m = vec_push(to, ((struct bld_message){
					 .line = l->line, .column = l->column, .times = 1 }));
		m->text = xstrdup(l->text);
		m->object = l->object.s ? shortened(o, l->object)
					: object_of(o, o->main_file ? o->main_file : file);
		m->file = take_ptr(file);
		known = to->n;
		map_set(&o->seen, key, (void *)(uintptr_t)known);
	}
	o->open_in = to;
	o->open = known - 1;
	if (o->context.n && !l->object.s) {
		const size_t end = o->context.n - 1;

		o->context.s[end] = '\0'; /* the newline */
		add_detail(o, str_c(&o->context));
		o->context.s[end] = '\n';
		add_detail(o, line);
	}
}

/* A message's own line opens its detail with the first line that follows. */
static void add_more(struct bld_output *o, const char *line)
{
	struct bld_message *m = o->open_in ? &o->open_in->v[o->open] : NULL;

	if (!m)
		return;
	if (!m->detail && m->times == 1) {
		struct str s = { 0 };

		if (m->file)
			str_addf(&s, "%s:", m->file);
		if (m->line)
			str_addf(&s, "%u:", m->line);
		if (m->column)
			str_addf(&s, "%u:", m->column);
		str_addf(&s, "%s%s", s.n ? " " : "", m->text);
		add_detail(o, str_c(&s));
		str_release(&s);
	}
	add_detail(o, line);
}

static void add_place(struct bld_output *o, const struct bld_line *l)
{
	struct bld_message *m = o->open_in ? &o->open_in->v[o->open] : NULL;

	if (m && !m->file && l->file.s) {
		m->file = shortened(o, l->file);
		m->line = l->line;
		m->column = l->column;
	}
	if (m && l->object.s && m->times == 1) {
		free(m->object);
		m->object = shortened(o, l->object);
	}
}

/* "In file included from a.h:3," and "                 from b.c:5:" */
static void add_context(struct bld_output *o, const char *line)
{
	const char *from = strstr(line, "from "), *end = from ? strchr(from, ':') : NULL;

	close_message(o);
	if (o->last != BLD_LINE_CONTEXT)
		str_clear(&o->context);
	if (o->context.n < DETAIL_MAX)
		str_addf(&o->context, "%s\n", line);
	if (!end || strstr(line, "inlined from"))
		return;
	/* gcc ends with what is compiled (and indents what follows), clang begins with it */
	if (o->last == BLD_LINE_CONTEXT && !isspace((unsigned char)*line))
		return;
	from += strlen("from ");
	if (end <= from)
		return;
	free(o->main_file);
	o->main_file = shortened(o, (struct bld_slice){ from, (size_t)(end - from) });
}

static void drop_context(struct bld_output *o)
{
	str_clear(&o->context);
	free(take_ptr(o->main_file));
}

/* Errors */

static void first_error(struct bld_output *o, const char *line)
{
	struct str *s = &o->k->first_error;

	if (s->n)
		return;
	for (size_t i = o->n_before > AROUND ? o->n_before - AROUND : 0; i < o->n_before; i++)
		str_addf(s, "%s\n", o->before[i % AROUND]);
	str_addf(s, "%s\n", line);
	o->behind = AROUND + 1; /* this line is counted too */
}

static void remember_line(struct bld_output *o, const char *line)
{
	char **slot = &o->before[o->n_before++ % AROUND];

	if (o->behind && --o->behind < AROUND)
		str_addf(&o->k->first_error, "%s\n", line);
	free(*slot);
	*slot = xstrdup(line);
}

static void add_error(struct bld_output *o, const struct bld_line *l, const char *line)
{
	first_error(o, line);
	add_message(o, &o->k->errors, l, line);
}

/* make names the object that the errors before were of. What failed without a word is an error by this line. */
static void take_failure(struct bld_output *o, const struct bld_line *l, const char *line)
{
	struct bld_messages *e = &o->k->errors;
	auto_free char *object = l->object.s ? shortened(o, l->object) : NULL;
	/* that there is no rule was told by nobody before */
	bool told = e->all > o->told && !str_starts(l->text, "*** No rule");

	close_message(o);
	drop_context(o);
	for (size_t i = 0; i < e->n && object; i++) {
		struct bld_message *m = &e->v[i];

		if (i >= o->unplaced && !m->object)
			m->object = xstrdup(object);
		told |= str_eq(m->object, object);
	}
	if (!told && (!l->outer || !e->all))
		add_error(o, l, line);
	close_message(o);
	o->unplaced = e->n;
	o->told = e->all;
	if (!o->k->failed_object)
		o->k->failed_object = take_ptr(object);
}

/* What a line is because of those before it. */
static void adapt(const struct bld_output *o, const char *line, struct bld_line *l)
{
	const bool indented = *line == ' ' || *line == '\t';

	if (o->last == BLD_LINE_CONTEXT && l->kind == BLD_LINE_MORE && indented)
		l->kind = BLD_LINE_CONTEXT;
	if (l->kind == BLD_LINE_OTHER && o->shows_source && *line)
		l->kind =
			BLD_LINE_MORE; /* clang shows source as it stands, at the first column too */
	if (l->kind == BLD_LINE_TAIL)
		l->kind = o->k->errors.all > o->told ? BLD_LINE_MORE : BLD_LINE_ERROR;
	if (l->kind == BLD_LINE_ERROR && str_starts(line, "*** ") && o->open_in &&
	    str_starts(o->open_in->v[o->open].text, "*** "))
		l->kind = BLD_LINE_MORE; /* kbuild's boxes of several lines */
}

static void take_line(struct bld_output *o, const char *line)
{
	struct bld_line l;

	bld_line_read(line, &l);
	adapt(o, line, &l);
	o->shows_source = l.file.s && l.kind != BLD_LINE_PLACE;
	switch (l.kind) {
	case BLD_LINE_STEP:
		close_message(o);
		take_step(o, &l);
		break;
	case BLD_LINE_CONTEXT:
		add_context(o, line);
		break;
	case BLD_LINE_WARNING:
		add_message(o, &o->k->warnings, &l, line);
		break;
	case BLD_LINE_ERROR:
		add_error(o, &l, line);
		break;
	case BLD_LINE_PLACE:
		add_more(o, line);
		add_place(o, &l);
		break;
	case BLD_LINE_MORE:
	case BLD_LINE_TAIL:
		add_more(o, line);
		break;
	case BLD_LINE_FAILED:
		take_failure(o, &l, line);
		break;
	case BLD_LINE_OTHER:
		if (*line && !str_starts(line, "***"))
			close_message(o);
		break;
	}
	if (l.kind == BLD_LINE_STEP || (l.kind == BLD_LINE_OTHER && *line))
		drop_context(o);
	o->last = l.kind;
	remember_line(o, line);
}

/* Pieces and colours */

/* Takes terminals' control sequences (ECMA-48: CSI ... final byte, OSC ... BEL or ST, ESC and a letter) out, in place. */
static void strip(char *line)
{
	char *out = line;

	for (const char *p = line; *p;) {
		if (*p != '\033') {
			*out++ = *p++;
		} else if (p[1] == '[') {
			for (p += 2; *p && !(*p >= '@' && *p <= '~'); p++)
				;
			p += *p != '\0';
		} else if (p[1] == ']') {
			for (p += 2; *p && *p != '\a' && *p != '\033'; p++)
				;
			p += *p == '\a' ? 1 : (*p && p[1] == '\\' ? 2 : 0);
		} else {
			p += p[1] ? 2 : 1;
		}
	}
	while (out > line && (out[-1] == '\r' || out[-1] == ' '))
		out--;
	*out = '\0';
}

static void end_line(struct bld_output *o)
{
	char *copy = str_take(&o->line);

	strip(copy);
	take_line(o, copy);
	free(copy);
}

void bld_output_feed(struct bld_output *o, const char *data, size_t n)
{
	while (n) {
		const char *newline = memchr(data, '\n', n);
		const size_t piece = newline ? (size_t)(newline - data) : n;
		const size_t room = o->line.n < LINE_MAX_ ? LINE_MAX_ - o->line.n : 0;

		/* a NUL ends no line */
		for (size_t i = 0; i < MIN(piece, room); i++)
			str_addc(&o->line, data[i] ? data[i] : ' ');
		if (newline)
			end_line(o);
		data += piece + (newline != NULL);
		n -= piece + (newline != NULL);
	}
}

void bld_output_end(struct bld_output *o)
{
	if (o->line.n)
		end_line(o);
	close_message(o);
}
