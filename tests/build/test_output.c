/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What builds say. data/logs/NAME.log is read, data/logs/NAME.expected is what should be made of it. Logs of compilers and
 * linkers are real ones, see data/record; forms.log has one of each other form, as the programs' sources print them.
 */
#include "../unit/unit.h"

#include "build/line.h"
#include "build/output.h"

static const char *data;

static void dump_text(struct str *to, const char *text)
{
	for (const char *p = text; *p;) {
		const size_t n = strcspn(p, "\n");

		str_addf(to, "\t| %.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

static void dump(struct str *to, const char *kind, const struct bld_messages *m)
{
	str_addf(to, "%s: %zu\n", kind, m->all);
	for (size_t i = 0; i < m->n; i++) {
		const struct bld_message *v = &m->v[i];

		str_addf(to, "%s:%u:%u: %s\n", v->file ? v->file : "-", v->line, v->column,
			 v->text);
		str_addf(to, "\tobject %s, %u times\n", v->object ? v->object : "-", v->times);
		dump_text(to, v->detail ? v->detail : "");
	}
}

/* piece: how much is given at once. */
static void read_log(const char *name, size_t piece, struct str *ret)
{
	auto_free char *path = xasprintf("%s/logs/%s.log", data, name);
	auto_str struct str log = { 0 };
	auto_err struct err err = { 0 };
	struct bld_kbuild k = { 0 };
	struct bld_output *o = bld_output_new(&k, "/k/tree", "/k/build");

	assert_done(file_read(AT_FDCWD, path, 1 << 20, &log, &err), &err);
	for (size_t at = 0; at < log.n; at += piece)
		bld_output_feed(o, log.s + at, MIN(piece, log.n - at));
	bld_output_end(o);
	str_addf(ret, "steps: %zu, last: %s\nfailed: %s\n", k.steps, k.step,
		 k.failed_object ? k.failed_object : "-");
	dump(ret, "warnings", &k.warnings);
	dump(ret, "errors", &k.errors);
	str_adds(ret, "first error:\n");
	dump_text(ret, str_c(&k.first_error));
	bld_output_free(o);
	bld_messages_release(&k.warnings);
	bld_messages_release(&k.errors);
	str_release(&k.first_error);
	free(k.step);
	free(k.failed_object);
}

/* KILN_TEST_WRITE=1 writes what is expected from what is, to be read before it is committed. */
static void check(const char *name)
{
	auto_free char *path = xasprintf("%s/logs/%s.expected", data, name);
	auto_str struct str whole = { 0 }, bytes = { 0 }, expected = { 0 };
	auto_err struct err err = { 0 };

	read_log(name, 1 << 20, &whole);
	read_log(name, 1, &bytes);
	assert_string_equal(str_c(&whole), str_c(&bytes));
	if (getenv("KILN_TEST_WRITE"))
		assert_done(file_publish(path, whole.s, whole.n, 0644, &err), &err);
	assert_done(file_read(AT_FDCWD, path, 1 << 20, &expected, &err), &err);
	assert_string_equal(str_c(&whole), str_c(&expected));
}

static void recorded_logs(void **state)
{
	check("gcc-warnings");
	check("clang-warnings");
	check("gcc-errors");
	check("clang-errors");
	check("ld-errors");
	check("lld-errors");
	check("forms");
}

static void steps(void **state)
{
	static const struct {
		const char *line, *verb, *object;
	} cases[] = {
		{ "  CC      init/main.o", "CC", "init/main.o" },
		{ "  CC [M]  fs/x.o", "CC [M]", "fs/x.o" },
		{ "  LD [M]  fs/x.ko", "LD [M]", "fs/x.ko" },
		{ "  RUSTC L rust/core.o", "RUSTC L", "rust/core.o" },
		{ "  OBJCOPY arch/x86/boot/vmlinux.bin", "OBJCOPY", "arch/x86/boot/vmlinux.bin" },
		{ "  HOSTLD  scripts/mod/modpost", "HOSTLD", "scripts/mod/modpost" },
		{ "  DESCEND objtool", "DESCEND", "objtool" },
		{ "  CC       /k/build/tools/objtool/check.o", "CC",
		  "/k/build/tools/objtool/check.o" },
		{ "  EXTRACT_CERTS certs/x.x509", "EXTRACT_CERTS", "certs/x.x509" },
		{ "  SYMLINK a b -> ../c d", "SYMLINK", "a b -> ../c d" },
		{ "  FOO(bar);", NULL, NULL },
		{ "  FOO bar", NULL, NULL },
		{ "  FOO     = 3;", NULL, NULL },
		{ "   CC     x.o", NULL, NULL },
		{ "  CC", NULL, NULL },
		{ "  cc      x.o", NULL, NULL },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct bld_line l;

		bld_line_read(cases[i].line, &l);
		assert_int_equal(l.kind == BLD_LINE_STEP, cases[i].verb != NULL);
		if (!cases[i].verb)
			continue;
		assert_int_equal(l.verb.n, strlen(cases[i].verb));
		assert_memory_equal(l.verb.s, cases[i].verb, l.verb.n);
		assert_string_equal(l.object.s, cases[i].object);
	}
}

/* Neither a line without an end nor warnings without an end fill the memory. */
static void bounds(void **state)
{
	struct bld_kbuild k = { 0 };
	struct bld_output *o = bld_output_new(&k, "/k/tree", "/k/build");
	auto_free char *long_line = xmalloc(1 << 20);

	memset(long_line, 'x', 1 << 20);
	memcpy(long_line, "a.c:1: warning: ", 16);
	bld_output_feed(o, long_line, 1 << 20);
	bld_output_feed(o, "\n", 1);
	assert_int_equal(k.warnings.n, 1);
	assert_true(strlen(k.warnings.v[0].text) <= 64 << 10);
	for (int i = 0; i < 5000; i++) {
		auto_free char *line = xasprintf("a.c:%d: warning: w\n  x\n", i + 2);

		bld_output_feed(o, line, strlen(line));
	}
	bld_output_end(o);
	assert_int_equal(k.warnings.all, 5001);
	assert_int_equal(k.warnings.n, 2000);
	bld_output_free(o);
	bld_messages_release(&k.warnings);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_logs),
		cmocka_unit_test(steps),
		cmocka_unit_test(bounds),
	};

	data = argc > 1 ? argv[1] : "data";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
