/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What modules out of tree are read from, and the checks of what was built, against objects made on the spot. */
#include "small.h"

#include "module/check.h"
#include "module/dkms.h"
#include "module/module.h"
#include "module/recipe.h"

static const char *const vars[] = { "kernelver=6.1.0", "dkms_tree=/d", NULL };

static void parse(struct mod_dkms *d, const char *text)
{
	auto_err struct err err = { 0 };

	assert_done(mod_dkms_parse(d, text, strlen(text), "dkms.conf", (char *const *)vars, &err),
		    &err);
}

/* want NULL: there is none; "!": only a shell can tell. */
static void is_value(const char *text, const char *name, unsigned i, const char *want)
{
	auto_free char *got = NULL;
	auto_err struct err err = { 0 };
	struct mod_dkms d;
	int r;

	parse(&d, text);
	r = mod_dkms_get(&d, name, i, &got, &err);
	if (str_eq(want, "!")) {
		assert_int_equal(r, -ENOTSUP);
		assert_contains(err.msg, name);
	} else {
		assert_done(r, &err);
		if (!str_eq(got, want))
			fail_msg("%s: '%s', not '%s'", text, got ?: "nothing", want ?: "nothing");
	}
	mod_dkms_release(&d);
}

static void test_dkms(void **state)
{
	is_value("A=1\n", "A", 0, "1");
	is_value("A=1\n", "A", 1, NULL);
	is_value("  A[2]='a $b c' # x\n", "A", 2, "a $b c");
	is_value("N=n\nA=\"x/${N}/$kernelver\"\n", "A", 0, "x/n/6.1.0");
	is_value("A=\"make \\\n all\"\n", "A", 0, "make  all");
	is_value("A=a\nA+=b\n", "A", 0, "ab");
	is_value("A=1; B=2\n", "B", 0, "2");
	is_value("# A=1\n", "A", 0, NULL);
	is_value("A=$nobody\n", "A", 0, "!");
	is_value("A=`uname -r`\n", "A", 0, "!");
	is_value("A=$(uname -r)\nB=2\n", "B", 0, "2");
	is_value("A=${kernelver%%.*}\n", "A", 0, "!");
	is_value("A=1\nif [ x ]; then\n A=2\nfi\nB=3\n", "A", 0, "!");
	is_value("A=1\nif [ x ]; then\n A=2\nfi\nB=3\n", "B", 0, "3");
	is_value("A=1\n[ x ] && A=2\n", "A", 0, "!");
	is_value("A=\"a\\\"b\"\n", "A", 0, "a\"b");
	is_value("A='x'\"y\"z\n", "A", 0, "xyz");
}

static void test_dkms_bad(void **state)
{
	auto_err struct err err = { 0 };
	struct mod_dkms d;

	assert_int_equal(mod_dkms_parse(&d, "\nA=\"x\n", 6, "f", NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "f:2: a quote does not end");
	assert_int_equal(mod_dkms_parse(&d, "A\0B", 3, "f", NULL, &err), -EINVAL);
}

static void are_words(const char *command, const char *want)
{
	auto_strv struct strv words = { 0 };
	auto_str struct str got = { 0 };
	auto_err struct err err = { 0 };
	int r = mod_words(command, &words, &err);

	if (!want) {
		assert_int_equal(r, -ENOTSUP);
		return;
	}
	assert_done(r, &err);
	for (size_t i = 0; i < words.n; i++)
		str_addf(&got, "%s|", words.v[i]);
	assert_string_equal(str_c(&got), want);
}

static void test_words(void **state)
{
	are_words("make -C /x  'a b' \"c\\\"d\" e\\ f", "make|-C|/x|a b|c\"d|e f|");
	are_words("'make' A=''", "make|A=|");
	are_words("cd src && make", NULL);
	are_words("make; make install", NULL);
	are_words("make > log", NULL);
	are_words("make $X", NULL);
	are_words("make \"`x`\"", NULL);
	are_words("make 'x", NULL);
	are_words("", "");
}

static const char symvers[] = "0x11111111\tplain\tvmlinux\tEXPORT_SYMBOL\t\n"
			      "0x22222222\tfor_gpl\tdrivers/a/b\tEXPORT_SYMBOL_GPL\t\n"
			      "0x33333333\tin_ns\tvmlinux\tEXPORT_SYMBOL\tSPACE\n"
			      "0x44444444\told_form\tvmlinux\tEXPORT_SYMBOL\n";

static void test_symvers(void **state)
{
	struct mod_symvers s = { 0 };
	auto_err struct err err = { 0 };

	assert_done(mod_symvers_parse(&s, symvers, sizeof(symvers) - 1, "f", &err), &err);
	assert_int_equal(mod_symvers_get(&s, "plain")->crc, 0x11111111);
	assert_true(mod_symvers_get(&s, "for_gpl")->gpl);
	assert_string_equal(mod_symvers_get(&s, "for_gpl")->module, "drivers/a/b");
	assert_string_equal(mod_symvers_get(&s, "in_ns")->ns, "SPACE");
	assert_null(mod_symvers_get(&s, "plain")->ns);
	assert_non_null(mod_symvers_get(&s, "old_form"));
	assert_null(mod_symvers_get(&s, "nobody"));
	assert_int_equal(mod_symvers_parse(&s, "0x1\tx\n", 6, "f", &err), -EINVAL);
	assert_string_equal(err.msg, "f:1: not a line of Module.symvers");
	mod_symvers_release(&s);
}

static void test_recipe(void **state)
{
	auto_free char *path = path_join(*state, "r.yaml"), *tree = path_join(*state, "t[ree]");
	static const char text[] =
		"summary: s\nmatch: [\"a/b*.sh\"]\nconfig: [CONFIG_A, \"!B=y\"]\nsteps:\n"
		"- run: [x, \"-j${JOBS}\", \"${MAKEARGS}\", \"${SDK}/${RELEASE}\"]\n"
		"- in: a\n  run: [\"${NOBODY}\"]\n";
	static const char out[] = "summary: s\nmatch: [../x]\nsteps:\n- run: [x]\n";
	struct strv make = { 0 };
	struct mod_recipe_vars v = { .tree = "/t",
				     .sdk = "/s",
				     .release = "6.1",
				     .arch = "x86",
				     .destdir = "/d",
				     .jobs = 3,
				     .make = &make };
	auto_strv struct strv words = { 0 };
	auto_free char *line = NULL, *file = path_join(tree, "a/bcd.sh"), *dir = path_dir(file);
	auto_err struct err err = { 0 };
	struct mod_recipe r;

	strv_adds(&make, "ARCH=x86", "LLVM=1", NULL);
	assert_int_equal(file_publish(path, text, strlen(text), 0644, NULL), 0);
	assert_done(mod_recipe_read(&r, path, &err), &err);
	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	assert_false(mod_recipe_matches(&r, tree));
	assert_int_equal(file_publish(file, "", 0, 0644, NULL), 0);
	assert_true(mod_recipe_matches(&r, tree));
	assert_done(mod_recipe_words(&r, &r.steps[0], &v, &words, &err), &err);
	line = strv_quoted(words.v);
	assert_string_equal(line, "x -j3 ARCH=x86 LLVM=1 /s/6.1");
	assert_int_equal(r.n_config, 2);
	assert_string_equal(r.config[1], "!B=y");
	assert_int_equal(mod_recipe_words(&r, &r.steps[1], &v, &words, &err), -EINVAL);
	mod_recipe_release(&r);
	assert_int_equal(file_publish(path, out, strlen(out), 0644, NULL), 0);
	assert_int_equal(mod_recipe_read(&r, path, &err), -EINVAL);
	assert_contains(err.msg, "'../x' is not a path below the tree");
	strv_release(&make);
}

/* kiln's own can be read, and no tree of a test is taken for one of theirs. */
static void test_own_recipes(void **state)
{
	auto_err struct err err = { 0 };
	struct mod_recipe r;

	assert_done(mod_recipe_read(&r, "mlnx-ofa", &err), &err);
	mod_recipe_release(&r);
	assert_done(mod_recipe_read(&r, "autotools", &err), &err);
	mod_recipe_release(&r);
	assert_done(mod_recipe_find(*state, &r, &err), &err);
	assert_int_equal(mod_recipe_read(&r, "nonesuch", &err), -ENOENT);
}

/*
 * A module as far as its checks go: .modinfo, versions in the form of struct modversion_info (include/linux/module.h), undefined
 * symbols.
 */
static const char source[] =
	"#define INFO(n, t) static const char info_##n[] __attribute__((section(\".modinfo\"), used)) = t\n"
	"INFO(v, \"vermagic=\" VERMAGIC);\n"
	"INFO(l, \"license=\" LICENSE);\n"
	"struct version { unsigned long crc; char name[64 - sizeof(long)]; };\n"
	"static const struct version versions[] __attribute__((section(\"__versions\"), used)) = {\n"
	"	{ CRC, \"plain\" } };\n"
	"extern void plain(void), MORE(void);\n"
	"extern void maybe(void) __attribute__((weak));\n"
	"void f(void); void f(void) { plain(); MORE(); if (maybe) maybe(); }\n";

static bool compile(const char *dir, const char *name, const char *const *defines)
{
	auto_free char *c = path_join(dir, "m.c"), *ko = path_join(dir, name);
	auto_proc_result struct proc_result res = { 0 };
	auto_strv struct strv argv = { 0 };

	assert_int_equal(file_publish(c, source, sizeof(source) - 1, 0644, NULL), 0);
	strv_adds(&argv, "cc", "-c", "-w", "-O0", "-fno-pic", "-o", ko, c, NULL);
	for (; *defines; defines++)
		strv_addf(&argv, "-D%s", *defines);
	return proc_run(&(struct proc_spec){ .argv = argv.v }, NULL, 0, 4096, &res, NULL) == 0 &&
	       res.status == 0;
}

/* The kinds and symbols of what is found, a blank between two. */
static void finds(const char *dir, const struct mod_target *cell, const char *want)
{
	struct mod_findings found = { 0 };
	auto_err struct err err = { 0 };
	auto_str struct str got = { 0 };
	char *files[] = { path_join(dir, "m.ko") };

	assert_done(mod_check_modules(cell, files, 1, &found, &err), &err);
	for (size_t i = 0; i < found.n; i++)
		str_addf(&got, "%s%s:%s", i ? " " : "", mod_misfit_name(found.v[i].kind),
			 found.v[i].symbol ?: "");
	assert_string_equal(str_c(&got), want);
	mod_findings_release(&found);
	free(files[0]);
}

TEST_OR_SKIP(test_check)
{
	static const char config[] = "CONFIG_MODULES=y\nCONFIG_SMP=y\nCONFIG_MODULE_UNLOAD=y\n";
	struct mod_target cell = { .release = (char *)"6.1.0" };
	const char *d[] = { "VERMAGIC=\"6.1.0 SMP mod_unload \"", "LICENSE=\"GPL\"",
			    "CRC=0x11111111", "MORE=for_gpl", NULL };

	if (!compile(*state, "m.ko", d)) {
		printf("no C compiler here\n");
		return false;
	}
	dotconfig_parse(&cell.config, config, sizeof(config) - 1);
	assert_int_equal(mod_symvers_parse(&cell.symvers, symvers, sizeof(symvers) - 1, "f", NULL),
			 0);
	finds(*state, &cell, "");
	cell.vermagic = (char *)"6.1.0 SMP mod_unload modversions ";
	finds(*state, &cell, "vermagic:");
	cell.vermagic = NULL;
	d[0] = "VERMAGIC=\"6.1.0 SMP preempt mod_unload \"";
	assert_true(compile(*state, "m.ko", d));
	finds(*state, &cell, "vermagic:");
	d[0] = "VERMAGIC=\"6.1.0-1 SMP mod_unload \"";
	d[1] = "LICENSE=\"Proprietary\"";
	assert_true(compile(*state, "m.ko", d));
	finds(*state, &cell, "vermagic: gpl-only:for_gpl");
	d[0] = "VERMAGIC=\"6.1.0 SMP mod_unload \"";
	d[2] = "CRC=0x12345678";
	d[3] = "MORE=nobody";
	assert_true(compile(*state, "m.ko", d));
	finds(*state, &cell, "other-version:plain missing-symbol:nobody");
	d[2] = "CRC=0x11111111";
	d[3] = "MORE=in_ns";
	assert_true(compile(*state, "m.ko", d));
	finds(*state, &cell, "namespace:in_ns");
	dotconfig_release(&cell.config);
	mod_symvers_release(&cell.symvers);
	return true;
}

static void wants(const struct mod_target *cell, const char *wish, const char *text)
{
	struct mod_findings found = { 0 };

	mod_check_config(cell, "it", wish, &found);
	assert_int_equal(found.n, text ? 1 : 0);
	if (text) {
		assert_string_equal(found.v[0].text, text);
		assert_int_equal(found.v[0].kind, MOD_EXCLUDED);
	}
	mod_findings_release(&found);
}

static void test_config(void **state)
{
	static const char config[] = "CONFIG_A=y\nCONFIG_B=m\nCONFIG_S=\"x\"\n";
	struct mod_target cell = { .release = (char *)"6.1" };

	dotconfig_parse(&cell.config, config, sizeof(config) - 1);
	wants(&cell, "CONFIG_A", NULL);
	wants(&cell, "B", NULL);
	wants(&cell, "CONFIG_B=m", NULL);
	wants(&cell, "!CONFIG_B=y", NULL);
	wants(&cell, "!C", NULL);
	wants(&cell, "", NULL);
	wants(&cell, "CONFIG_B=y", "it wants CONFIG_B to be y; in the kernel 6.1 it is m");
	wants(&cell, "C", "it wants CONFIG_C to be set; in the kernel 6.1 it is not set");
	wants(&cell, "!CONFIG_A", "it wants CONFIG_A not to be set; in the kernel 6.1 it is y");
	wants(&cell, "!B=m", "it wants CONFIG_B not to be m; in the kernel 6.1 it is m");
	dotconfig_release(&cell.config);
}

static void names(const char *path, const char *name)
{
	auto_free char *got = mod_over_name(path);

	assert_string_equal(got, name);
}

/* What stands in paths of modules.dep, which blanks end. */
static void test_over_name(void **state)
{
	names("/x/hello", "hello");
	names("a b/hello-1.0.tar.gz/", "hello-1.0");
	names("vendor-1.0-1.noarch.rpm", "vendor-1.0-1.noarch");
	names(".rpm", "_rpm");
	names("..tgz", "_");
	names("a b:c\n\xc3\xa4", "a_b_c___");
	names("/", "modules");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dkms),	  cmocka_unit_test(test_dkms_bad),
		cmocka_unit_test(test_words),	  cmocka_unit_test(test_symvers),
		scratch_test(test_recipe),	  scratch_test(test_own_recipes),
		scratch_test(test_check),	  cmocka_unit_test(test_config),
		cmocka_unit_test(test_over_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
