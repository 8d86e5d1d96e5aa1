/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources as they are written. */
#include "../kernel/home.h"

#include "source/parts.h"

static void good(const char *text, const char *base, enum src_kind kind, const char *where,
		 const char *ref)
{
	auto_err struct err err = { 0 };
	struct src_spec s = { 0 };

	assert_done(src_spec_parse(text, base, &s, &err), &err);
	assert_int_equal(s.kind, kind);
	assert_string_equal(s.text, text);
	assert_string_equal(s.where, where);
	assert_true(str_eq(s.ref, ref));
	src_spec_release(&s);
}

static void bad(const char *text, const char *words)
{
	auto_err struct err err = { 0 };
	struct src_spec s = { 0 };

	assert_true(src_spec_parse(text, "/base", &s, &err) < 0);
	assert_null(s.text);
	assert_contains(err.msg, words);
}

static void test_kinds(void **state)
{
	good("dir:linux", "/base", SRC_DIR, "/base/linux", NULL);
	good("dir:/a//b/.", "/base", SRC_DIR, "/a/b", NULL);
	good("tarball:a b.tar", "/base", SRC_TARBALL, "/base/a b.tar", NULL);
	good("tarball:HTTPS://h/a.tar", "/base", SRC_TARBALL, "HTTPS://h/a.tar", NULL);
	good("git:linux", "/base", SRC_GIT, "/base/linux", "HEAD");
	good("git:/a#b#v6.1", "/base", SRC_GIT, "/a#b", "v6.1");
	good("git:/linux#HEAD~2", "/base", SRC_GIT, "/linux", "HEAD~2");
	good("git:https://h/l.git#x/y", "/base", SRC_GIT, "https://h/l.git", "x/y");
	good("git:me@host:l.git", "/base", SRC_GIT, "me@host:l.git", "HEAD");
	good("git:./a:b", "/base", SRC_GIT, "/base/a:b", "HEAD");
	good("debian:linux-source-6.1", "/base", SRC_DEBIAN, "linux-source-6.1", NULL);
}

static void test_wrong(void **state)
{
	bad("", "without a name");
	bad("dir:", "nothing stands behind 'dir:'");
	bad("nowhere/at/all", "no source is at '/base/nowhere/at/all'");
	bad("https://h/linux.tar.xz", "a tarball or a repository");
	bad("tarball:https://h/a b", "no blanks");
	bad("git:--upload-pack=x", "no repository");
	bad("git:a#", "nothing behind the '#'");
	bad("git:https://h/l#--all", "no branch, tag or commit");
	bad("git:https://h/l#a:b", "no branch, tag or commit");
	bad("git:https://h/l#+a", "no branch, tag or commit");
	bad("git:https://h/l#a..b", "no branch, tag or commit");
	bad("git:https://h/l#HEAD~2", "no branch, tag or commit");
	bad("debian:../../etc/passwd", "no name of a Debian package");
	bad("debian:Linux", "no name of a Debian package");
}

static void test_hints(void **state)
{
	auto_err struct err err = { 0 };
	struct src_spec s;

	assert_int_equal(src_spec_parse("tarbal:x.tar", "/base", &s, &err), -ENOENT);
	assert_string_equal(err.hint, "did you mean 'tarball:x.tar'?");
	assert_true(src_spec_parse("https://h/l", NULL, &s, &err) < 0);
	assert_string_equal(err.hint, "tarball:https://h/l\ngit:https://h/l#REF");
}

static void test_path_alone(void **state)
{
	auto_free char *file = path_join(*state, "x.tar"), *fifo = path_join(*state, "fifo");
	auto_err struct err err = { 0 };
	struct src_spec s;

	assert_done(file_publish(file, "x", 1, 0644, &err), &err);
	good("x.tar", *state, SRC_TARBALL, file, NULL);
	good(".", *state, SRC_DIR, *state, NULL);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(src_spec_parse(fifo, NULL, &s, &err), -EINVAL);
}

static void test_prove(void **state)
{
	auto_err struct err err = { 0 };
	struct src_spec s = { 0 };
	char hex[65], upper[65];

	memset(hex, 'a', 64);
	memset(upper, 'A', 64);
	hex[64] = upper[64] = '\0';
	assert_done(src_spec_parse("tarball:a.tar", "/base", &s, &err), &err);
	assert_done(src_spec_prove(&s, "/base", upper, "keys", "https://h/a.sign", &err), &err);
	assert_string_equal(s.sha256, hex);
	assert_string_equal(s.keyring, "/base/keys");
	assert_string_equal(s.sign, "https://h/a.sign");
	assert_int_equal(src_spec_prove(&s, NULL, "abc", NULL, NULL, &err), -EINVAL);
	assert_int_equal(src_spec_prove(&s, NULL, NULL, NULL, "a.sign", &err), -EINVAL);
	src_spec_release(&s);
	assert_done(src_spec_parse("git:/a#b", NULL, &s, &err), &err);
	assert_int_equal(src_spec_prove(&s, NULL, hex, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.hint, "name the commit: /a#COMMIT");
	src_spec_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		home_test(test_kinds),	    home_test(test_wrong), home_test(test_hints),
		home_test(test_path_alone), home_test(test_prove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
