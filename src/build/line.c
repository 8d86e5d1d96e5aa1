/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forms are those of GNU make (job.c, remake.c), kbuild (scripts/Kbuild.include, "quiet"), gcc and clang (GNU coding
 * standards, "Formatting Error Messages"), as, ld and lld, modpost, objtool, dtc, rustc and Kconfig. A line that fits none is
 * OTHER; nothing depends on all of them being known, for what fails is told by make in any case.
 */
#include "build/line.h"

#include "base/str.h"

#include <ctype.h>

static struct bld_slice slice(const char *s, size_t n)
{
	return (struct bld_slice){ s, n };
}

/* Steps */

static bool is_verb(const char *s, size_t n)
{
	size_t word = 0;

	while (word < n && (isupper((unsigned char)s[word]) || isdigit((unsigned char)s[word]) ||
			    (word && strchr("_-+/", s[word]))))
		word++;
	if (word < 2 || !isupper((unsigned char)s[0]))
		return false;
	if (word == n)
		return true;
	/* " [M]" of modules, " L" and the like of rustc */
	return s[word] == ' ' && n - word <= 4 &&
	       (s[word + 1] == '[' || isupper((unsigned char)s[word + 1]));
}

/*
 * "  %-7s %s" is kbuild's, "  %-8s %s" that of tools/. A longer verb has one blank behind it. Anything else that happens to
 * begin with two blanks and capitals is source that a compiler shows.
 */
static bool read_step(const char *line, struct bld_line *ret)
{
	const char *p = line + 2, *object;
	size_t n;

	if (!str_starts(line, "  ") || !isupper((unsigned char)*p))
		return false;
	for (n = strcspn(p, " "); p[n] && is_verb(p, n);) {
		const char *end = p + n;

		object = end + strspn(end, " ");
		if (*object &&
		    (object - p == 8 || object - p == 9 || (n >= 8 && object - end == 1)) &&
		    strchr("=(){};", *object) == NULL) {
			*ret = (struct bld_line){ BLD_LINE_STEP, slice(p, n),
						  slice(object, strlen(object)) };
			return true;
		}
		n = (size_t)(object - p) + strcspn(object, " "); /* "CC [M]" */
	}
	return false;
}

/* make */

static bool read_quoted(const char *s, struct bld_slice *ret)
{
	const char *begin = strpbrk(s, "'`"), *end = begin ? strchr(begin + 1, '\'') : NULL;

	if (!end)
		return false;
	*ret = slice(begin + 1, (size_t)(end - begin - 1));
	return true;
}

/* "*** [scripts/Makefile.build:250: lib/x.o] Error 1", before make 4.0 without the place. */
static void read_failure(const char *s, struct bld_line *ret)
{
	const char *end = strrchr(s, ']'), *colon = strstr(s, ": ");

	ret->kind = BLD_LINE_FAILED;
	ret->text = s;
	if (str_starts(s, "*** [") && end) {
		const char *begin = colon && colon < end ? colon + 2 : s + 5;

		ret->object = slice(begin, (size_t)(end - begin));
		ret->outer = str_starts(end, "] Error 2");
	} else if (str_starts(s, "*** No rule to make target ")) {
		read_quoted(s, &ret->object);
	}
}

static bool read_make(const char *line, struct bld_line *ret)
{
	const char *s = line;

	if (!str_skip(&s, "make"))
		return false;
	if (*s == '[') {
		s += 1 + strspn(s + 1, "0123456789");
		if (*s++ != ']')
			return false;
	}
	if (!str_skip(&s, ": "))
		return false;
	ret->text = s;
	if (str_starts(s, "*** Waiting for") || str_starts(s, "*** Deleting ") ||
	    str_starts(s, "*** wait"))
		ret->kind = BLD_LINE_OTHER;
	else if (str_starts(s, "*** "))
		read_failure(s, ret);
	else if (str_starts(s, "warning: "))
		ret->kind = BLD_LINE_WARNING;
	else if (str_ends(s, ": No such file or directory") || str_ends(s, ": Permission denied"))
		ret->kind = BLD_LINE_ERROR;
	return true;
}

/* Messages with a place: FILE:LINE:COLUMN: */

static const struct severity {
	const char *word;
	enum bld_line_kind kind;
} severities[] = {
	/* clang-format off */
	{ "warning: ", BLD_LINE_WARNING },	{ "error: ", BLD_LINE_ERROR },
	{ "fatal error: ", BLD_LINE_ERROR },	{ "internal compiler error: ", BLD_LINE_ERROR },
	{ "sorry, unimplemented: ", BLD_LINE_ERROR },					/* gcc's own words (gcc/diagnostic.def) */
	{ "Warning: ", BLD_LINE_WARNING },	{ "Error: ", BLD_LINE_ERROR },		/* as */
	{ "Fatal error: ", BLD_LINE_ERROR },	{ "Info: ", BLD_LINE_MORE },
	{ "note: ", BLD_LINE_MORE },		{ "remark: ", BLD_LINE_MORE },
	{ "Warning (", BLD_LINE_WARNING },	{ "ERROR (", BLD_LINE_ERROR },		/* dtc */
	{ "*** ", BLD_LINE_ERROR },							/* $(error) of make */
	{ "syntax error", BLD_LINE_ERROR },						/* Kconfig, dtc, bison */
	{ "undefined reference to ", BLD_LINE_ERROR },	{ "multiple definition of ", BLD_LINE_ERROR },
	{ "first defined here", BLD_LINE_MORE },
	/* clang-format on */
};

static const struct severity *severity_of(const char *s)
{
	for (size_t i = 0; i < countof(severities); i++)
		if (str_starts(s, severities[i].word))
			return &severities[i];
	return NULL;
}

static unsigned number(const char **s)
{
	unsigned n = 0;

	for (; isdigit((unsigned char)**s); (*s)++)
		n = n < 100000000 ? n * 10 + (unsigned)(**s - '0') : n;
	return n;
}

/* "FILE:LINE:", "FILE:LINE:COLUMN:", and dtc's "FILE:LINE.COLUMN-LINE.COLUMN:". Moves *s behind it and blanks. */
static bool read_place(const char **s, struct bld_line *ret)
{
	for (const char *p = *s; (p = strchr(p, ':')); p++) {
		const char *q = p + 1;
		unsigned line, column = 0;

		if (p == *s || !isdigit((unsigned char)*q))
			continue;
		line = number(&q);
		if ((*q == ':' || *q == '.') && isdigit((unsigned char)q[1])) {
			q++;
			column = number(&q);
		}
		if (*q == '-')
			q += 1 + strspn(q + 1, "0123456789.");
		if (*q && *q != ':' && *q != ' ')
			continue;
		q += *q == ':';
		ret->file = slice(*s, (size_t)(p - *s));
		ret->line = line;
		ret->column = column;
		*s = q + strspn(q, " ");
		return true;
	}
	return false;
}

static bool read_placed(const char *line, struct bld_line *ret)
{
	const char *s = line;
	struct bld_line l = { 0 };
	const struct severity *v;

	if (isspace((unsigned char)*line) || !read_place(&s, &l))
		return false;
	v = severity_of(s);
	if (!v)
		return false;
	l.kind = v->kind;
	l.text = s;
	*ret = l;
	return true;
}

/* What a tool says without a place */

static bool ends_in(struct bld_slice s, const char *suffix)
{
	const size_t n = strlen(suffix);

	return s.n >= n && !memcmp(s.s + s.n - n, suffix, n);
}

static bool is_linker(struct bld_slice s)
{
	static const char *const names[] = { "ld", "ld.bfd", "ld.lld", "ld.gold", "lld" };

	for (size_t i = 0; i < countof(names); i++) {
		const size_t n = strlen(names[i]);

		if (ends_in(s, names[i]) && (s.n == n || strchr("/-", s.s[s.n - n - 1])))
			return true;
	}
	return false;
}

/* "x.o: in function `f':" stands in front of what it says of it; "x.o:(.text+0x1): undefined reference" alone. */
static bool read_link(const char *s, struct bld_line *ret)
{
	const char *what = strstr(s, "undefined reference to "), *section = strstr(s, ":(");

	if (!what)
		what = strstr(s, "multiple definition of ");
	if (what) {
		if (section && section < what)
			ret->file = slice(s, (size_t)(section - s));
		ret->kind = BLD_LINE_ERROR;
		ret->text = what;
	} else if (strstr(s, ": in function `") || strstr(s, ": in function '")) {
		ret->kind = BLD_LINE_CONTEXT;
	} else {
		return false;
	}
	return true;
}

static void read_linker(const char *s, struct bld_line *ret)
{
	const struct severity *v = severity_of(s);

	ret->text = s;
	if (v)
		ret->kind = v->kind;
	else if (!read_placed(s, ret) && !read_link(s, ret))
		ret->kind = str_starts(s, "skipping ") || str_starts(s, "NOTE: ") ? BLD_LINE_MORE
										  : BLD_LINE_ERROR;
}

/* Repeats what another has said. */
static bool is_tail(const char *s)
{
	return str_starts(s, "error: ld returned ") ||
	       str_starts(s, "error: linker command failed") ||
	       str_starts(s, "error: aborting due to ");
}

/* "TOOL: error: text"; objtool: "x.o: warning: objtool: text". */
static bool read_tool(const char *line, struct bld_line *ret)
{
	const char *colon = strstr(line, ": "), *s = colon ? colon + 2 : NULL;
	const struct bld_slice tool = slice(line, colon ? (size_t)(colon - line) : 0);
	const struct severity *v;

	if (!colon || memchr(line, ' ', tool.n))
		return false;
	if (is_linker(tool)) {
		read_linker(s, ret);
		return true;
	}
	v = severity_of(s);
	if (!v || v->kind == BLD_LINE_MORE || *s == '*')
		return false;
	ret->kind = is_tail(s) ? BLD_LINE_TAIL : v->kind;
	ret->text = s;
	if (ends_in(tool, ".o") || ends_in(tool, ".ko")) {
		ret->object = tool;
	} else if (tool.n) {
		ret->text = line; /* "gcc: error: unrecognized option" */
	}
	return true;
}

/* "ERROR: modpost: "symbol" [drivers/x.ko] undefined!", "WARNING: modpost: drivers/x: section mismatch" */
static void read_modpost(const char *s, struct bld_line *ret)
{
	const char *open = strchr(s, '['), *close = open ? strchr(open, ']') : NULL;

	if (close && ends_in(slice(open, (size_t)(close - open)), ".ko"))
		ret->object = slice(open + 1, (size_t)(close - open - 1));
}

static const struct severity heads[] = {
	/* clang-format off */
	{ "ERROR: ", BLD_LINE_ERROR },		{ "FATAL: ", BLD_LINE_ERROR },
	{ "FATAL ERROR: ", BLD_LINE_ERROR },	{ "Error: ", BLD_LINE_ERROR },
	{ "error: ", BLD_LINE_ERROR },		{ "error[", BLD_LINE_ERROR },		/* rustc */
	{ "fatal: ", BLD_LINE_ERROR },		{ "fatal error: ", BLD_LINE_ERROR },
	{ "WARNING: ", BLD_LINE_WARNING },	{ "Warning: ", BLD_LINE_WARNING },
	{ "warning: ", BLD_LINE_WARNING },
	{ "*** ", BLD_LINE_ERROR },						/* kbuild and Kconfig */
	{ "BTF: ", BLD_LINE_ERROR },		{ "FAILED: ", BLD_LINE_ERROR },	/* resolve_btfids */
	{ "Failed to generate BTF", BLD_LINE_ERROR },
	{ "Traceback (most recent call last)", BLD_LINE_ERROR },
	{ "virtual memory exhausted", BLD_LINE_ERROR },
	{ "In file included from ", BLD_LINE_CONTEXT },
	{ "In function '", BLD_LINE_CONTEXT },	{ "In function `", BLD_LINE_CONTEXT },
	{ ">>> ", BLD_LINE_MORE },
	{ "compilation terminated.", BLD_LINE_MORE },
	{ "cc1: all warnings being treated as errors", BLD_LINE_MORE },
	{ "cc1: some warnings being treated as errors", BLD_LINE_MORE },
	/* clang-format on */
};

static bool read_head(const char *line, struct bld_line *ret)
{
	for (size_t i = 0; i < countof(heads); i++) {
		const char *s = line;

		if (!str_skip(&s, heads[i].word))
			continue;
		ret->kind = is_tail(line) ? BLD_LINE_TAIL : heads[i].kind;
		ret->text = line;
		if (ret->kind == BLD_LINE_ERROR || ret->kind == BLD_LINE_WARNING) {
			read_modpost(s, ret);
			/* dtc: "Error: x.dts:1.2-3 syntax error" */
			if (str_starts(line, "Error: ") && read_place(&s, ret))
				ret->text = s;
		}
		return true;
	}
	return false;
}

/* "/bin/sh: 1: bc: not found", "bash: line 1: bc: command not found" */
static bool read_shell(const char *line, struct bld_line *ret)
{
	const bool shell = str_starts(line, "/bin/sh: ") || str_starts(line, "/bin/bash: ") ||
			   str_starts(line, "sh: ") || str_starts(line, "bash: ");

	if (!str_ends(line, ": command not found") &&
	    !(strstr(line, ".sh: ") && str_ends(line, ": not found")) &&
	    !(shell && (str_ends(line, ": not found") || str_ends(line, ": Permission denied") ||
			str_ends(line, ": No such file or directory"))) &&
	    !str_ends(line, ": No space left on device"))
		return false;
	ret->kind = BLD_LINE_ERROR;
	ret->text = line;
	return true;
}

static bool read_context(const char *line, struct bld_line *ret)
{
	if (!str_ends(line, ":") || !(strstr(line, ": In ") || strstr(line, ": At top level:") ||
				      strstr(line, ": Assembler messages:")))
		return false;
	ret->kind = BLD_LINE_CONTEXT;
	return true;
}

/* "1 warning and 2 errors generated." of clang, "12 |  source" of rustc */
static bool is_counted(const char *line)
{
	const size_t n = strspn(line, "0123456789");

	return n && (str_ends(line, " generated.") || str_starts(line + n, " |"));
}

/* What is indented belongs to what stands above it, and may say its place. */
static void read_indented(const char *line, struct bld_line *ret)
{
	const char *s = line + strspn(line, " \t");

	ret->kind = BLD_LINE_MORE;
	if (str_skip(&s, "--> ") && read_place(&s, ret))
		ret->kind = BLD_LINE_PLACE;
}

/* ">>> referenced by x.c:12 (/tree/x.c:12)" and ">>>               x.o:(f)" */
static void read_lld(const char *line, struct bld_line *ret)
{
	const char *s = line, *section;

	if (!str_skip(&s, ">>> "))
		return;
	if (str_skip(&s, "referenced by ")) {
		const char *inner = strchr(s, '(');

		s = inner ? inner + 1 : s;
		for (const char *p = s; (p = strchr(p, ':')); p++)
			if (isdigit((unsigned char)p[1])) {
				ret->file = slice(s, (size_t)(p++ - s));
				ret->line = number(&p);
				ret->kind = BLD_LINE_PLACE;
				return;
			}
		return;
	}
	s += strspn(s, " ");
	section = strstr(s, ":(");
	if (section) {
		ret->object = slice(s, (size_t)(section - s));
		ret->kind = BLD_LINE_PLACE;
	}
}

void bld_line_read(const char *line, struct bld_line *ret)
{
	*ret = (struct bld_line){ .text = line };
	if (read_step(line, ret) || read_make(line, ret))
		return;
	if (isspace((unsigned char)*line)) {
		read_indented(line, ret);
		return;
	}
	if (read_head(line, ret)) {
		read_lld(line, ret);
		return;
	}
	if (read_placed(line, ret) || read_context(line, ret) || read_link(line, ret) ||
	    read_tool(line, ret) || read_shell(line, ret))
		return;
	if (is_counted(line))
		ret->kind = BLD_LINE_MORE;
}
