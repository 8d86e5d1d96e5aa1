/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patches read, tried and applied to small trees that are made here; git's and diff's own output stands for what people send. */
#include "../kernel/home.h"
#include "../kernel/make.h"

#include "base/hash.h"
#include "source/digest.h"
#include "source/files.h"
#include "source/hunk.h"
#include "source/series.h"

#include <dirent.h>

/* Text of a file of n lines "line 1" ...; the one numbered other is "other". */
static char *lines(unsigned n, unsigned other)
{
	struct str b = { 0 };

	for (unsigned i = 1; i <= n; i++) {
		if (i == other)
			str_adds(&b, "other\n");
		else
			str_addf(&b, "line %u\n", i);
	}
	return str_take(&b);
}

/* The first 20 lines of lib/a.c with line 10 changed, as git would send it. */
static const char mail[] =
	"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
	"From: A <a@example.org>\n"
	"Date: Fri, 5 Jan 2024 03:04:05 +0000\n"
	"Subject: [PATCH v2 1/3] lib: =?UTF-8?q?caf=C3=A9?=\n"
	" =?UTF-8?b?IGF1IGxhaXQ=?= in\n"
	" two lines\n"
	"\n"
	"Words.\n"
	"#kiln: since 6.1 until 6.2\n"
	"---\n"
	" lib/a.c | 2 +-\n"
	"\n"
	"diff --git a/lib/a.c b/lib/a.c\n"
	"index 1111111..2222222 100644\n"
	"--- a/lib/a.c\n"
	"+++ b/lib/a.c\n"
	"@@ -7,7 +7,7 @@ words\n"
	" line 7\n"
	" line 8\n"
	" line 9\n"
	"-line 10\n"
	"+other\n"
	" line 11\n"
	" line 12\n"
	" line 13\n"
	"-- \n"
	"2.39.5\n";

#define HUNK \
	"@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+other\n line 11\n line 12\n line 13\n"

static int parse(const char *text, struct src_diff **ret, struct err *err)
{
	auto_str struct str b = { 0 };

	str_adds(&b, text);
	return src_diff_parse(&b, ret, err);
}

static void test_mail(void **state)
{
	auto_err struct err err = { 0 };
	struct src_diff *d = NULL;

	assert_done(parse(mail, &d, &err), &err);
	assert_true(d->mail);
	assert_string_equal(d->subject, "lib: caf\xc3\xa9 au lait in two lines");
	assert_string_equal(d->since, "6.1");
	assert_string_equal(d->until, "6.2");
	assert_int_equal(d->files.n, 1);
	assert_string_equal(d->files.v[0].new_name, "lib/a.c");
	assert_int_equal(d->files.v[0].old_mode, 0100644);
	assert_int_equal(d->hunks.n, 1);
	assert_int_equal(d->hunks.v[0].line, 17);
	assert_int_equal(d->hunks.v[0].leading, 3);
	assert_int_equal(d->hunks.v[0].trailing, 3);
	assert_memory_equal(d->text.s + d->head_n, "diff --git", 10);
	src_diff_free(d);
}

static void test_names(void **state)
{
	static const struct {
		const char *head, *old, *new;
		enum src_change change;
	} cases[] = {
		/* clang-format off */
		{ "--- a/lib/a.c\n+++ b/lib/a.c\n" HUNK, "lib/a.c", "lib/a.c", SRC_MODIFY },
		{ "--- linux.orig/lib/a.c\t2024-01-01 00:00:00.1 +0000\n+++ linux/lib/a.c\t2024-01-01 00:00:00.2 +0000\n" HUNK, "lib/a.c", "lib/a.c", SRC_MODIFY },
		{ "--- a/lib/a.c.orig\n+++ b/lib/a.c\n" HUNK, "lib/a.c", "lib/a.c", SRC_MODIFY },
		{ "--- a/lib/a b.c\t\n+++ b/lib/a b.c\t\n" HUNK, "lib/a b.c", "lib/a b.c", SRC_MODIFY },
		{ "--- \"a/lib/\\303\\244\\t.c\"\n+++ \"b/lib/\\303\\244.c\"\n" HUNK, NULL, NULL, 0 },
		{ "--- \"a/lib/\\303\\244.c\"\n+++ \"b/lib/\\303\\244.c\"\n" HUNK, "lib/\xc3\xa4.c", "lib/\xc3\xa4.c", SRC_MODIFY },
		{ "--- /dev/null\n+++ b/lib/n.c\n@@ -0,0 +1 @@\n+x\n", "lib/n.c", "lib/n.c", SRC_CREATE },
		{ "--- a/lib/n.c\t1970-01-01 01:00:00.000000000 +0100\n+++ b/lib/n.c\t2024-01-01 00:00:00.2 +0000\n@@ -0,0 +1 @@\n+x\n", "lib/n.c", "lib/n.c", SRC_CREATE },
		{ "--- a/lib/n.c\t2024-01-01 00:00:00.2 +0000\n+++ b/lib/n.c\t1969-12-31 19:00:00.000000000 -0500\n@@ -1 +0,0 @@\n-x\n", "lib/n.c", "lib/n.c", SRC_DELETE },
		{ "diff --git a/lib/a b b/lib/a b\nold mode 100644\nnew mode 100755\n", "lib/a b", "lib/a b", SRC_MODIFY },
		{ "diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n", "e", "e", SRC_CREATE },
		{ "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", "x", "y", SRC_RENAME },
		{ "diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n", "x", "y", SRC_COPY },
		{ "diff --git a/lib/a.c b/lib/a.c\r\nindex 1..2 100644\r\n--- a/lib/a.c\r\n+++ b/lib/a.c\r\n@@ -1 +1 @@\r\n-x\r\n+y\r\n", "lib/a.c", "lib/a.c", SRC_MODIFY },
		/* clang-format on */
	};

	for (size_t i = 0; i < countof(cases); i++) {
		auto_err struct err err = { 0 };
		struct src_diff *d = NULL;
		int r = parse(cases[i].head, &d, &err);

		if (!cases[i].old) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		assert_done(r, &err);
		assert_int_equal(d->files.n, 1);
		assert_string_equal(d->files.v[0].old_name, cases[i].old);
		assert_string_equal(d->files.v[0].new_name, cases[i].new);
		assert_int_equal(d->files.v[0].change, cases[i].change);
		src_diff_free(d);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		/* clang-format off */
		{ "", "no diff" },
		{ "Just words.\n--- and\nmore\n", "no diff" },
		{ "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n", "ends within a hunk" },
		{ "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n?b\n+c\n", "line 5: a line that does not belong" },
		{ "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n b\n", "changes nothing" },
		{ "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n@@ -5 +5 broken\n", "broken hunk header" },
		{ "--- a/x\n+++ b/x\n@@ -1,99999999999 +1 @@\n-a\n+b\n", "no diff" },
		{ "@@ -1 +1 @@\n-a\n+b\n", "without the names" },
		{ "--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "absolute" },
		{ "--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "leads out" },
		{ "--- ../x\n+++ ../x\n@@ -1 +1 @@\n-a\n+b\n", "without a first part" },
		{ "--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n", "without a first part" },
		{ "--- a/.git/config\n+++ b/.git/config\n@@ -1 +1 @@\n-a\n+b\n", ".git" },
		{ "--- a/x/.GIT/hooks/y\n+++ b/x/.GIT/hooks/y\n@@ -1 +1 @@\n-a\n+b\n", ".git" },
		{ "diff --git a/x b/../y\nrename from x\nrename to ../y\n", "leads out" },
		{ "diff --git a/x b/y\nrename from x\nrename to /y\n", "absolute" },
		{ "diff --git \"a/x\\001\" \"b/x\\001\"\nnew file mode 100644\n", "leads out" },
		{ "diff --git a/x b/x\nindex 1..2 100644\n", "without a change" },
		{ "diff --git a/x b/x\nnew file mode 160000\nindex 0..1\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+Subproject\n", "submodule" },
		{ "diff --git a/x b/x\nnew file mode 100600000\n", "mode" },
		{ "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -1 +1,2 @@\n a\n+b\n", "depends on old lines" },
		{ "diff --git a/x b/x\n--- a/x\n+++ b/z\n@@ -1 +1 @@\n-a\n+b\n", "without being renamed" },
		{ "diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n", "binary file without" },
		{ "diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 5\nBad\n\n", "broken line" },
		{ "diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nhello\n", "'literal' or 'delta'" },
		{ "From: A\nSubject: x\nContent-Transfer-Encoding: base64\n\nabc=\n", "encoded" },
		{ "#kiln: since 6.1 untill 6.2\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "line 1: '#kiln: untill 6.2'" },
		{ "#kiln: since six\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "since six" },
		{ "# kiln: since 6.1\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "without blanks" },
		{ "#kiln: since 6.2 until 6.1\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "no version" },
		{ "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\nFrom 12345 Mon Sep 17 00:00:00 2001\n", "second mail" },
		/* clang-format on */
	};

	for (size_t i = 0; i < countof(cases); i++) {
		auto_err struct err err = { 0 };
		struct src_diff *d = NULL;

		if (parse(cases[i].text, &d, &err) != -EINVAL)
			fail_msg("taken: %s", cases[i].text);
		assert_contains(err.msg, cases[i].why);
	}
}

/* The tree T of the scratch folder, of version 6.1.30, with lib/a.c of 20 lines. */
static struct src_tree *tree_at(const char *home)
{
	struct src_tree *t = xnew(struct src_tree);
	auto_free char *text = lines(20, 0);

	*t = (struct src_tree){ .path = path_join(home, "T"),
				.version = xstrdup("6.1.30"),
				.origin = xstrdup("T"),
				.hold = -1 };
	make_text(t->path, "Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 30\n");
	make_text(t->path, "lib/a.c", text);
	return t;
}

static void tree_free(struct src_tree **t)
{
	free((*t)->path);
	free((*t)->version);
	free((*t)->origin);
	close_fd((*t)->hold);
	free(*t);
}
#define auto_tree cleanup(tree_free)

struct tried {
	struct src_series series;
	struct src_verdicts verdicts;
};

static void try_texts(const struct src_tree *t, const char *const *texts, size_t n,
		      struct tried *ret)
{
	auto_free char *dir = xasprintf("%s/../P", t->path);
	char *const paths[] = { dir };
	auto_err struct err err = { 0 };

	assert_int_equal(rm_rf(dir, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		auto_free char *name = xasprintf("%zu-x.patch", i + 1);

		make_text(dir, name, texts[i]);
	}
	assert_done(src_series_read(paths, 1, &ret->series, &err), &err);
	assert_int_equal(ret->series.n, n);
	assert_done(src_series_try(&ret->series, t, &ret->verdicts, &err), &err);
}

static void tried_release(struct tried *t)
{
	src_series_release(&t->series);
	src_verdicts_release(&t->verdicts);
}
#define auto_tried cleanup(tried_release)

#define FILES "--- a/lib/a.c\n+++ b/lib/a.c\n"

static void test_outcomes(void **state)
{
	static const char *const texts[] = {
		FILES HUNK,
		/* the one before is in */
		FILES "@@ -9,3 +9,3 @@\n line 9\n-other\n+another\n line 11\n",
		/* and taken back fits still */
		FILES "@@ -3,3 +3,2 @@\n line 3\n-line 4\n line 5\n",
		FILES "@@ -3,3 +3,2 @@\n line 3\n-line 4\n line 5\n",
		FILES "@@ -1,3 +1,3 @@\n line 1\n-nothing\n+x\n line 3\n",
		"words\n",
		"#kiln: since 6.2\n" FILES HUNK,
		"#kiln: since 6.1.30 until 6.1.31\n" FILES
		"@@ -1,2 +1,3 @@\n line 1\n+x\n line 2\n",
		FILES "@@ -13,3 +13,3 @@\n line 15\n-line 16\n+y\n line 17\n",
	};
	static const enum src_outcome outcomes[] = { SRC_APPLIES,    SRC_APPLIES, SRC_APPLIES,
						     SRC_ALREADY,    SRC_REBASE,  SRC_BAD,
						     SRC_NOT_FOR_IT, SRC_APPLIES, SRC_APPLIES };
	auto_tree struct src_tree *t = tree_at(*state);
	auto_tried struct tried x = { 0 };

	try_texts(t, texts, countof(texts), &x);
	for (size_t i = 0; i < countof(texts); i++)
		assert_string_equal(src_outcome_name(x.verdicts.v[i].outcome),
				    src_outcome_name(outcomes[i]));
	assert_false(x.verdicts.good);
	assert_int_equal(x.verdicts.v[4].failed.n, 1);
	assert_string_equal(x.verdicts.v[4].failed.v[0].file, "lib/a.c");
	assert_int_equal(x.verdicts.v[4].failed.v[0].number, 1);
	assert_int_equal(x.verdicts.v[4].failed.v[0].line, 1);
	assert_string_equal(x.verdicts.v[4].failed.v[0].why,
			    "line 2 is 'line 2', the patch has 'nothing'");
	assert_string_equal(x.verdicts.v[6].why, "since 6.2");
	assert_int_equal(x.verdicts.v[0].moved, 0);
	assert_int_equal(x.verdicts.v[8].moved, 2);
}

/* One patch on the tree: its outcome, or a part of why not. */
static void expect(const struct src_tree *t, const char *text, const char *want)
{
	const char *const texts[] = { text };
	auto_tried struct tried x = { 0 };
	const struct src_verdict *v;

	try_texts(t, texts, 1, &x);
	v = x.verdicts.v;
	if (v->outcome == SRC_REBASE)
		assert_contains(v->failed.v[0].why, want);
	else
		assert_string_equal(src_outcome_name(v->outcome), want);
}

static void test_places(void **state)
{
	auto_tree struct src_tree *t = tree_at(*state);

	expect(t,
	       FILES
	       "@@ -17,7 +17,7 @@\n line 7\n line 8\n line 9\n-line 10\n+other\n line 11\n line 12\n line 13\n",
	       "applies");
	/* at the begin, at the end, and where neither is */
	expect(t, FILES "@@ -1,2 +1,3 @@\n+new\n line 1\n line 2\n", "applies");
	expect(t, FILES "@@ -1,2 +1,3 @@\n+new\n line 2\n line 3\n",
	       "at line 2, the patch has them at the begin");
	expect(t, FILES "@@ -19,2 +19,3 @@\n line 19\n line 20\n+new\n", "applies");
	expect(t, FILES "@@ -18,2 +18,3 @@\n line 18\n line 19\n+new\n", "should be the last");
	expect(t, FILES "@@ -19,3 +19,3 @@\n line 19\n line 20\n-line 21\n+x\n",
	       "the file ends at line 20");
	expect(t, FILES "@@ -5,0 +6 @@\n+x\n", "no lines of context");
	/* the end has its newline, which the patch says it has not */
	expect(t,
	       FILES
	       "@@ -19,2 +19,2 @@\n line 19\n-line 20\n\\ No newline at end of file\n+line 20\n",
	       "already applied");
	expect(t,
	       FILES
	       "@@ -19,2 +19,2 @@\n line 19\n-line 20\n+line 20\n\\ No newline at end of file\n",
	       "applies");
	expect(t,
	       FILES
	       "@@ -18,3 +18,3 @@\n-line 18\n+x\n line 19\n line 20\n\\ No newline at end of file\n",
	       "line 20 is 'line 20', the patch has 'line 20' without a newline");
	/* two hunks of one patch do not meet */
	expect(t,
	       FILES
	       "@@ -3,3 +3,3 @@\n line 3\n-line 4\n+x\n line 5\n@@ -5,3 +5,3 @@\n line 5\n-line 6\n+y\n line 7\n",
	       "an earlier hunk");
	expect(t,
	       FILES
	       "@@ -2,3 +2,4 @@\n line 2\n line 3\n+new\n line 4\n@@ -9,2 +10,3 @@\n line 9\n+new\n line 11\n",
	       "line 10 is 'line 10', the patch has 'line 11'");
	expect(t, "--- a/lib/b.c\n+++ b/lib/b.c\n" HUNK, "no such file");
	expect(t, "--- a/lib\n+++ b/lib\n" HUNK, "it is a folder");
	expect(t, "--- /dev/null\n+++ b/lib/a.c\n@@ -0,0 +1 @@\n+x\n", "the file is there already");
	expect(t, "--- /dev/null\n+++ b/lib/a.c/b\n@@ -0,0 +1 @@\n+x\n",
	       "a part of its path is a file");
	expect(t, "--- a/lib/a.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-line 1\n",
	       "the file has more lines");
}

/* Of what can be applied and taken back the nearer one is meant. */
static void test_already(void **state)
{
	auto_tree struct src_tree *t = tree_at(*state);
	auto_str struct str text = { 0 };

	/* the entry is in; its surroundings come again 40 lines below */
	for (int i = 0; i < 20; i++)
		str_adds(&text, "x\n");
	str_adds(&text, "{\n\tA,\n\tNEW,\n\tB,\n}\n");
	for (int i = 0; i < 40; i++)
		str_adds(&text, "y\n");
	str_adds(&text, "{\n\tA,\n\tB,\n}\n");
	make_text(t->path, "lib/a.c", text.s);
	expect(t, FILES "@@ -19,4 +19,5 @@\n {\n \tA,\n+\tNEW,\n \tB,\n }\n", "already applied");
	/* taking away a line that leaves what is found elsewhere */
	expect(t, FILES "@@ -21,5 +21,4 @@\n {\n \tA,\n-\tNEW,\n \tB,\n }\n", "applies");
}

static void test_versions(void **state)
{
	static const struct {
		const char *version, *since, *until;
		bool in;
	} cases[] = {
		{ "6.1.30", "6.1.30", "6.2", true },	 { "6.1.9", "6.1.30", NULL, false },
		{ "6.2.0", NULL, "6.2", false },	 { "6.2.0-rc1", NULL, "6.2", false },
		{ "6.2.0-rc1", "6.2", NULL, true },	 { "6.2.0-rc3", "6.2-rc3", NULL, true },
		{ "6.2.0-rc2", "6.2-rc3", NULL, false }, { "6.2.0-rc10", "6.2-rc9", NULL, true },
		{ "6.2.0", "6.2-rc9", NULL, true },	 { "6.2.0", NULL, "6.2-rc9", false },
		{ "6.12.1", "6.9", NULL, true },	 { "6.1.0-56-amd64", "6.1", "6.1.1", true },
		{ "6.1.192", NULL, "6.1.1000", true },
	};

	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(str_kernel_in(cases[i].version, cases[i].since, cases[i].until),
				 cases[i].in);
}

static void read_names(const char *dir, const char *want)
{
	char *const paths[] = { (char *)dir };
	auto_str struct str names = { 0 };
	auto_err struct err err = { 0 };
	struct src_series s = { 0 };
	int r = src_series_read(paths, 1, &s, &err);

	if (r < 0) {
		assert_contains(err.msg, want);
		return;
	}
	for (size_t i = 0; i < s.n; i++)
		str_addf(&names, "%s%s%s%s%s%s", i ? " " : "", s.v[i].name, s.v[i].since ? ">" : "",
			 s.v[i].since ? s.v[i].since : "", s.v[i].until ? "<" : "",
			 s.v[i].until ? s.v[i].until : "");
	assert_string_equal(str_c(&names), want);
	src_series_release(&s);
}

static void test_lists(void **state)
{
	const char *home = *state;
	auto_free char *dir = path_join(home, "P with 'quotes'");

	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	read_names(dir, "there are no patches");
	make_text(dir, "10-b.patch", "#kiln: since 5.10\n" FILES HUNK);
	make_text(dir, "9-a.diff", FILES HUNK);
	make_text(dir, "v2-0000-cover-letter.patch", "no diff");
	make_text(dir, ".hidden.patch", "no diff");
	make_text(dir, "notes.txt", "no diff");
	make_text(dir, "sub/c.patch", FILES HUNK);
	read_names(dir, "9-a.diff 10-b.patch>5.10");
	make_text(dir, "series", "# words\n10-b.patch\nsub/c.patch -p1 # more\n\n");
	read_names(dir, "10-b.patch>5.10 sub/c.patch");
	make_text(dir, "series", "10-b.patch -p0\n");
	read_names(dir, "strip 1");
	make_text(dir, "series", "../x.patch\n");
	read_names(dir, "no file below its folder");
	make_text(dir, "series.yaml",
		  "patches:\n  - {file: sub/c.patch}\n  - file: 10-b.patch\n    until: \"6.2\"\n");
	read_names(dir, "sub/c.patch 10-b.patch<6.2");
	make_text(dir, "series.yaml", "patches:\n  - {file: gone.patch}\n");
	read_names(dir, "names 'gone.patch'");
	make_text(dir, "series.yaml", "patches:\n  - {file: 9-a.diff, since: 6.x}\n");
	read_names(dir, "'6.x' is no version");
	make_text(dir, "series.yaml", "patches:\n  - {file: 9-a.diff, since: 6.2, until: 6.1}\n");
	read_names(dir, "no version since");
	make_text(dir, "series.yaml", "patches:\n  - {file: 9-a.diff, from: 6.2}\n");
	read_names(dir, "series.yaml");
}

static void holds(const char *tree, const char *name, const char *text)
{
	auto_free char *path = path_join(tree, name);
	auto_str struct str got = { 0 };

	if (!text) {
		assert_int_not_equal(access(path, F_OK), 0);
		return;
	}
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &got, NULL), 0);
	assert_string_equal(str_c(&got), text);
}

static const char *const changes[] = {
	FILES HUNK,
	"--- /dev/null\n+++ b/new/dir/n.c\n@@ -0,0 +1 @@\n+new\n",
	"diff --git a/lib/old.c b/lib/old.c\ndeleted file mode 100644\nindex 1..0\n--- a/lib/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n",
	"diff --git a/s.sh b/s.sh\nold mode 100644\nnew mode 100755\n",
	"diff --git a/one/x b/two/x\nsimilarity index 100%\nrename from one/x\nrename to two/x\n",
	"diff --git a/l b/l\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+lib/a.c\n\\ No newline at end of file\n",
	"diff --git a/lib/a.c b/lib/copy.c\nsimilarity index 90%\ncopy from lib/a.c\ncopy to lib/copy.c\n--- a/lib/a.c\n+++ b/lib/copy.c\n@@ -1,3 +1,3 @@\n-line 1\n+first\n line 2\n line 3\n",
};

static struct src_tree *rich_tree(const char *home)
{
	struct src_tree *t = tree_at(home);

	make_text(t->path, "lib/old.c", "old\n");
	make_text(t->path, "s.sh", "#!/bin/sh\n");
	make_text(t->path, "one/x", "x\n");
	make_text(t->path, "a b/with\nnewline", "odd\n");
	make_text(t->path, ".git/config", "not the tree's\n");
	assert_int_equal(src_digest(t->path, NULL, t->digest, NULL, NULL), 0);
	return t;
}

static void is_patched(const char *tree)
{
	auto_free char *changed = lines(20, 10), *first = lines(20, 10),
		       *sh = path_join(tree, "s.sh"), *link = path_join(tree, "l");
	auto_free char *copy = xasprintf("first%s", strchr(first, '\n'));
	struct stat st;

	holds(tree, "lib/a.c", changed);
	holds(tree, "lib/copy.c", copy);
	holds(tree, "new/dir/n.c", "new\n");
	holds(tree, "lib/old.c", NULL);
	holds(tree, "one", NULL);
	holds(tree, "two/x", "x\n");
	holds(tree, "a b/with\nnewline", "odd\n");
	holds(tree, ".git", NULL);
	assert_int_equal(stat(sh, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

/* ours: by hard links. The source is as it was, either way. */
static void make_tree(const char *home, bool ours)
{
	auto_tree struct src_tree *t = rich_tree(home);
	auto_tried struct tried x = { 0 };
	auto_err struct err err = { 0 };
	struct src_tree made = { 0 }, again = { 0 };
	auto_free char *from = path_join(t->path, "a b/with\nnewline"), *to = NULL;
	struct stat a, b;
	char digest[65];

	t->ours = ours;
	try_texts(t, changes, countof(changes), &x);
	assert_true(x.verdicts.good);
	assert_done(src_series_tree(&x.series, &x.verdicts, t, NULL, &made, &err), &err);
	is_patched(made.path);
	assert_true(made.ours);
	assert_true(made.hold >= 0);
	assert_string_equal(made.version, "6.1.30");
	assert_string_equal(made.origin, "T + 7 patches");
	assert_int_equal(src_digest(made.path, NULL, digest, NULL, NULL), 0);
	assert_string_equal(made.digest, digest);
	assert_int_equal(src_digest(t->path, NULL, digest, NULL, NULL), 0);
	assert_string_equal(t->digest, digest);
	to = path_join(made.path, "a b/with\nnewline");
	assert_int_equal(stat(from, &a) | stat(to, &b), 0);
	assert_int_equal(a.st_ino == b.st_ino, ours);
	assert_int_equal(a.st_mtim.tv_sec, b.st_mtim.tv_sec);

	/* the second time it is found */
	assert_done(src_series_tree(&x.series, &x.verdicts, t, NULL, &again, &err), &err);
	assert_string_equal(again.path, made.path);
	for (struct src_tree *p = &made; p; p = p == &made ? &again : NULL) {
		free(p->path);
		free(p->version);
		free(p->origin);
		close_fd(p->hold);
	}
}

static void test_tree_links(void **state)
{
	make_tree(*state, true);
}

static void test_tree_copies(void **state)
{
	make_tree(*state, false);
}

static void test_tree_none(void **state)
{
	auto_tree struct src_tree *t = rich_tree(*state);
	static const char *const texts[] = { "#kiln: since 7.0\n" FILES HUNK };
	static const char *const none[] = { FILES "@@ -1,2 +1,2 @@\n line 1\n-no\n+x\n" };
	auto_tried struct tried x = { 0 }, y = { 0 }, z = { 0 };
	auto_tree struct src_tree *same = xnew(struct src_tree);
	auto_err struct err err = { 0 };

	same->hold = -1;
	try_texts(t, texts, 1, &x);
	assert_done(src_series_tree(&x.series, &x.verdicts, t, NULL, same, &err), &err);
	assert_string_equal(same->path, t->path);
	assert_string_equal(same->digest, t->digest);
	try_texts(t, none, 1, &y);
	assert_int_equal(src_series_tree(&y.series, &y.verdicts, t, NULL, same, &err), -EINVAL);
	/* what was tried is no longer there */
	try_texts(t, changes, 1, &z);
	make_text(t->path, "lib/a.c", "gone\n");
	assert_int_equal(src_series_tree(&z.series, &z.verdicts, t, NULL, same, &err), -ESTALE);
}

/* A link in the tree is not followed, neither for reading nor for writing. */
static void test_links_out(void **state)
{
	auto_tree struct src_tree *t = tree_at(*state);
	auto_free char *link = path_join(t->path, "out"), *file = path_join(t->path, "lib/link.c");
	auto_free char *text = lines(20, 0);

	make_text(*state, "outside/a.c", text);
	assert_int_equal(symlink("../outside", link), 0);
	assert_int_equal(symlink("a.c", file), 0);
	expect(t, "--- a/out/a.c\n+++ b/out/a.c\n" HUNK, "no such file");
	expect(t, "--- /dev/null\n+++ b/out/new.c\n@@ -0,0 +1 @@\n+x\n",
	       "a part of its path is a file or a link");
	expect(t,
	       "diff --git a/lib/link.c b/lib/link.c\nindex 1..2 100644\n--- a/lib/link.c\n+++ b/lib/link.c\n" HUNK,
	       "it is a symbolic link");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail), cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad),  cmocka_unit_test(test_versions),
		home_test(test_outcomes),    home_test(test_places),
		home_test(test_already),     home_test(test_lists),
		home_test(test_tree_links),  home_test(test_tree_copies),
		home_test(test_tree_none),   home_test(test_links_out),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
