/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gcc's -v has its target, how it was configured and its version; where it compiles something also what its compiler proper
 * (cc1, of another package) says of itself, with the libraries that fold constants, and a checksum. clang's has version,
 * target and commit. binutils and LLVM's tools have a line of version, which is not always the first.
 */
#include "build/words.h"

/* Beginnings of lines that stay. */
static const char *const of_compiler[] = {
	"Target: ", "Thread model: ", "Supported LTO compression algorithms: ", "gcc version ",
	"GNU C",    "\tcompiled by ", "Compiler executable checksum: ",
};

/* Lines of tools that stay beside the first: of the libraries that do the work, of what it makes code for. */
static const char *const of_tool[] = {
	"This assembler was configured for a target of ",
	"liblzma ",
	"LZO library ",
};

static void add_line(const char *line, size_t n, struct str *ret)
{
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\r' || line[n - 1] == '\t'))
		n--;
	while (n && (*line == '\t' || *line == ' '))
		line++, n--;
	if (!n)
		return;
	str_addc(ret, '\t');
	str_add_printable(ret, line, n);
	str_addc(ret, '\n');
}

static bool starts_with(const char *line, size_t n, const char *word)
{
	return n >= strlen(word) && strncmp(line, word, strlen(word)) == 0;
}

static bool holds(const char *line, size_t n, const char *word)
{
	return memmem(line, n, word, strlen(word)) != NULL;
}

static bool starts_with_one(const char *line, size_t n, const char *const *words, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++) {
		if (starts_with(line, n, words[i]))
			return true;
	}
	return false;
}

/* "Configured with: ../configure --prefix=/usr --enable-x": the program and what has a path is left out. */
static void add_configured(const char *line, size_t n, struct str *ret)
{
	static const char head[] = "Configured with:";
	auto_str struct str kept = { 0 };

	str_adds(&kept, head);
	for (const char *p = line + strlen(head), *end = line + n; p < end;) {
		size_t word = 0;

		while (p + word < end && p[word] != ' ')
			word++;
		if (word && !memchr(p, '/', word)) {
			str_addc(&kept, ' ');
			str_add(&kept, p, word);
		}
		p += word + (p + word < end);
	}
	add_line(kept.s, kept.n, ret);
}

/* "Debian clang version 14.0.6", "clang version 17.0.1 (https://... 123abc)" */
static bool is_clang(const char *line, size_t n)
{
	return *line != ' ' && holds(line, n, "clang version ");
}

void bld_words_compiler(const char *said, struct str *ret)
{
	bool seen_c = false;
	size_t n;

	for (const char *p = said; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (starts_with(p, n, "Configured with:")) {
			add_configured(p, n, ret);
			continue;
		}
		if (starts_with(p, n, "Reading specs from "))
			add_line("specs of its own", strlen("specs of its own"), ret);
		/* cc1 says it twice, once for the folders it looks in */
		if (seen_c && (starts_with(p, n, "GNU C") || starts_with(p, n, "\tcompiled by ")))
			continue;
		seen_c |= starts_with(p, n, "\tcompiled by ");
		if (is_clang(p, n) || starts_with_one(p, n, of_compiler, countof(of_compiler)))
			add_line(p, n, ret);
	}
}

/* Behind the first place where a line begins with head; NULL. */
static const char *behind(const char *said, const char *head)
{
	size_t n;

	for (const char *p = said; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (starts_with(p, n, head))
			return p + strlen(head);
	}
	return NULL;
}

char *bld_words_target(const char *said)
{
	const char *p = behind(said, "Target: ");

	return p && strcspn(p, " \r\n") ? xstrndup(p, strcspn(p, " \r\n")) : NULL;
}

/* Where clang's version begins; NULL: it is none. */
static const char *clang_version(const char *said)
{
	size_t n;

	for (const char *p = said; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (is_clang(p, n))
			return strstr(p, "clang version ") + strlen("clang version ");
	}
	return NULL;
}

bool bld_words_clang(const char *said)
{
	return clang_version(said) != NULL;
}

char *bld_words_version(const char *said)
{
	const char *p = clang_version(said) ?: behind(said, "gcc version ");

	return p && strcspn(p, " \r\n") ? xstrndup(p, strcspn(p, " \r\n")) : NULL;
}

void bld_words_tool(const char *said, struct str *ret)
{
	bool first = true, llvm = strstr(said, "LLVM version ") != NULL;
	size_t n;

	for (const char *p = said; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (starts_with_one(p, n, of_tool, countof(of_tool)))
			add_line(p, n, ret);
		else if (first && n && (!llvm || holds(p, n, "LLVM version "))) {
			add_line(p, n, ret);
			first = false;
		}
	}
}

char *bld_words_number(const char *said)
{
	static const char digits[] = "0123456789.";

	for (const char *p = said; *p; p++) {
		size_t n = strspn(p, digits);

		if (n && memchr(p, '.', n) && *p != '.')
			return xstrndup(p, n - (p[n - 1] == '.'));
		p += n ? n - 1 : 0;
	}
	return NULL;
}
