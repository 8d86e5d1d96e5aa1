/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tree makes for a configuration. Small trees made here; and, where $KILN_TEST_KERNELS names them, a kernel that was
 * built (its .cmd files say what was made) and Debian's package (its modules.order says which modules were).
 */
#include "../unit/unit.h"

#include "base/path.h"
#include "base/proc.h"
#include "build/kbuild.h"
#include "build/steps.h"
#include "kbuild/make.h"
#include "kbuild/objects.h"

/* make's language */

static const char *value(const char *makefile, const char *name, struct str *ret)
{
	struct arena arena = { 0 };
	uint64_t work = 1000000;
	struct kb_mk m;
	char *text = arena_strdup(&arena, makefile);

	kb_mk_init(&m, "/nowhere", NULL, &arena, &work);
	kb_mk_set(&m, "CONFIG_Y", "y");
	kb_mk_set(&m, "CONFIG_M", "m");
	kb_mk_read_text(&m, text, "Makefile");
	str_clear(ret);
	kb_mk_value(&m, name, ret);
	kb_mk_release(&m);
	arena_release(&arena);
	return str_c(ret);
}

/* Each is what make 4.3 gives for $(x), but where it says so. */
static void language(void **state)
{
	static const struct {
		const char *makefile, *x;
	} cases[] = {
		{ "x = a b", "a b" },
		{ "x := a # comment", "a" },
		{ "x = a \\# b", "a # b" },
		{ "x := a\\\n   b \\\n\tc", "a b c" },
		{ "y = 1\nx = $(y)\ny = 2", "2" },
		{ "y = 1\nx := $(y)\ny = 2", "1" },
		{ "x = 1\nx ?= 2", "1" },
		{ "x ?= 2", "2" },
		{ "x = $(x) a", " a" },
		{ "x-y = a\nx-$(CONFIG_Y) += b\nx-$(CONFIG_M) += c\nx-$(CONFIG_N) += d\nx = $(x-y)/$(x-m)/$(x-)",
		  "a b/c/d" },
		{ "ifdef CONFIG_Y\nx = 1\nelse\nx = 2\nendif", "1" },
		{ "ifndef CONFIG_Y\nx = 1\nelse ifdef CONFIG_N\nx = 2\nelse\nx = 3\nendif", "3" },
		{ "ifeq ($(CONFIG_Y),y)\nx = 1\nendif", "1" },
		{ "ifeq ($(CONFIG_Y)$(CONFIG_M), ym )\nx = 1\nendif", "1" },
		{ "ifneq ($(filter y m,$(CONFIG_N) $(CONFIG_M)),)\nx = 1\nendif", "1" },
		{ "ifeq '$(CONFIG_Y)' \"y\"\nx = 1\nendif", "1" },
		{ "ifdef CONFIG_N\nifdef CONFIG_Y\nx = 1\nelse\nx = 2\nendif\nelse\nx = 3\nendif",
		  "3" },
		{ "all: a\n\tx = 1\nx = 2", "2" },
		{ "ifdef CONFIG_Y\n\tx := 1\nendif", "1" },
		{ "a.o: x = 1\nx = 2", "2" },
		{ "define x\na\nb\nendef", "a\nb" },
		{ "ifdef CONFIG_N\ndefine x\nendif\nendef\nendif", "" },
		{ "override x := 1", "1" },
		{ "export x := 1", "1" },
		{ "x := $(subst a,b,banana)", "bbnbnb" },
		{ "x := $(patsubst %.c,%.o,a.c b.h c.c)", "a.o b.h c.o" },
		{ "y := a.c b.c\nx := $(y:.c=.o) $(y:%.c=d/%.o)", "a.o b.o d/a.o d/b.o" },
		{ "x := $(strip   a   b )", "a b" },
		{ "x := $(findstring a,b c)$(findstring a,b a)", "a" },
		{ "x := $(filter %.o a%,b.o c.d ab)/$(filter-out %.o,b.o c.d)", "b.o ab/c.d" },
		{ "x := $(sort b a b)", "a b" },
		{ "x := $(word 2,a b c)$(words a b c)$(firstword d e)$(lastword d e)$(wordlist 2,3,a b c)",
		  "b3deb c" },
		{ "x := $(dir a/b.c d)$(notdir a/b.c)$(suffix a/b.c)$(basename a/b.c)",
		  "a/ ./b.c.ca/b" },
		{ "x := $(addprefix a/,b c)$(addsuffix .o,b c)", "a/b a/cb.o c.o" },
		{ "x := $(join a b,c d e)", "ac bd e" },
		{ "x := $(if $(CONFIG_Y),1,2)$(if $(CONFIG_N),1,2)$(if ,1)", "12" },
		{ "x := $(or $(CONFIG_N),a,b)$(and $(CONFIG_Y),c)$(and $(CONFIG_N),d)", "ac" },
		{ "x := $(foreach i,a b,$(i)1)", "a1 b1" },
		{ "f = $(2)$(1)$(3)\nx := $(call f,a,b)", "ba" },
		{ "f = $(foreach i,$(1),<$(i)>)\nx := $(call f,a b)", "<a> <b>" },
		{ "x = 1\n$(eval x := 2)", "2" },
		{ "x = a $$(b) $$", "a $(b) $" },
		{ "c := ,\nx := $(subst $(c),;,a$(c)b)", "a;b" },
		{ "x := ${CONFIG_Y}$(CONFIG_M", "ym" },			/* make refuses it */
		{ "x := $(shell echo a)$(error no)$(warning no)", "" }, /* make runs them */
		{ "endif\nelse\nendef\nx = 1", "1" },			/* make refuses it */
	};
	auto_str struct str got = { 0 };

	for (size_t i = 0; i < countof(cases); i++)
		if (!str_eq(value(cases[i].makefile, "x", &got), cases[i].x))
			fail_msg("'%s': '%s', not '%s'", cases[i].makefile, str_c(&got),
				 cases[i].x);
}

/* All that make does not refuse, held against make. */
TEST_OR_SKIP(as_make_does)
{
	static const char *const makefiles[] = {
		"x := $(patsubst a%b,%,acb ab a) $(filter a b,b a c)",
		"x = $(y)\ny := $(x)1",
		"a = b\nb = c\nx := $($(a)) $(${a}) $a",
		"e :=\nx := [$(e) $(e)]",
		"x := $(subst x,,axbxc) $(patsubst %,%.o,a b) $(notdir /a/b c)",
		"ifeq ($(e),)\nx := 1\nelse ifneq ($(e),)\nx := 2\nendif",
		"x := a\nx += b\nx += $(if ,c)\ny = x",
		"x := $(word 9,a b)$(wordlist 2,9,a b c)$(basename a.b/c)$(suffix a.b/c)",
	};
	auto_free char *make = NULL;
	auto_str struct str got = { 0 };

	if (path_find_program("make", NULL, &make) < 0) {
		printf("make is not installed\n");
		return false;
	}
	for (size_t i = 0; i < countof(makefiles); i++) {
		auto_free char *path = path_join(*state, "Makefile"), *text = NULL;
		char *argv[] = { make, (char *)"-rRf", path, NULL };
		auto_proc_result struct proc_result r = { 0 };

		text = xasprintf("%s\n$(info $(x))\nall:;@:\n", makefiles[i]);
		assert_int_equal(file_publish(path, text, strlen(text), 0644, NULL), 0);
		assert_int_equal(
			proc_run(&(struct proc_spec){ .argv = argv }, NULL, 0, 65536, &r, NULL), 0);
		assert_int_equal(r.status, 0);
		value(makefiles[i], "x", &got);
		str_addc(&got, '\n');
		assert_string_equal(str_c(&got), str_c(&r.out));
	}
	return true;
}

/* Text that grows without an end comes to one. */
static void bounds(void **state)
{
	auto_str struct str got = { 0 };

	value("a = $(foreach i,1 2 3 4 5 6 7 8 9,$(1))\nb = $(call a,$(1)$(1))\nc = $(call b,$(call b,$(1)$(1)))\n"
	      "x = $(call c,$(call c,$(call c,$(call c,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa))))",
	      "x", &got);
	value("x = $(eval $(x))\ny = $(x)\n$(eval include Makefile)", "y", &got);
}

/* Trees */

static void put(const char *dir, const char *name, const char *text)
{
	auto_free char *path = path_join(dir, name), *parent = path_dir(path);
	auto_err struct err err = { 0 };

	assert_done(mkdir_p(parent, 0755, &err), &err);
	assert_done(file_publish(path, text, strlen(text), 0644, &err), &err);
}

static void dump(const char *tree, const char *config, struct str *ret)
{
	static const char *const kinds[] = { "folder", "single", "composite", "program", "file" };
	static const char *const hows[] = { "module", "builtin", "lib" };
	const struct kb_objects_spec spec = { tree, "x86", config };
	struct kb_object_list l;
	auto_err struct err err = { 0 };

	assert_done(kb_object_list(&spec, &l, &err), &err);
	for (size_t i = 0; i < l.n; i++) {
		const struct kb_object *o = &l.v[i];

		str_addf(ret, "%s %s %s %s %s:%d%s%s\n", o->path, kinds[o->kind], hows[o->how],
			 o->symbol ? o->symbol : "-", o->file, o->line, o->whole ? " " : "",
			 o->whole ? l.v[o->whole - 1].path : "");
	}
	kb_object_list_release(&l);
}

static void make_tree(const char *d)
{
	put(d, "Makefile",
	    /* as newer trees have it: make calls itself until that option is there */
	    "ifneq ($(sub_make_done),1)\nneed-sub-make := 1\nendif\n"
	    "ifeq ($(filter --no-print-directory, $(MAKEFLAGS)),)\nneed-sub-make := 1\nendif\n"
	    "ifneq ($(need-sub-make),1)\nlibs-y := lib/\ninclude $(srctree)/arch/$(SRCARCH)/Makefile\n"
	    "export ARCH_LIB := $(filter %/, $(libs-y))\nendif\n");
	put(d, "arch/x86/Makefile",
	    "ifdef CONFIG_64BIT\nBITS := 64\nelse\nBITS := 32\nendif\nexport BITS\n");
	put(d, "Kbuild",
	    "obj-y += drivers/\nobj-y += $(ARCH_LIB)\nobj-$(CONFIG_SOUND) += sound/\n");
	put(d, "drivers/Makefile",
	    "obj-$(CONFIG_A) += a.o\n"
	    "obj-$(CONFIG_B)\t+= b.o multi.o # two\n"
	    "multi-y := m1.o m_$(BITS).o\n"
	    "multi-$(CONFIG_A) += m2.o\n"
	    "multi-$(CONFIG_OFF) += m3.o\n"
	    "obj-$(CONFIG_OFF) += off.o\n"
	    "obj-$(CONFIG_BUS) += bus/\n"
	    "ifdef CONFIG_A\n"
	    "\tobj-y += in.o\n"
	    "endif\n"
	    "a.o: x.h\n"
	    "\t$(call cmd,x)\n"
	    "include $(src)/more.mk\n");
	put(d, "drivers/more.mk", "obj-$(subst m,y,$(CONFIG_B)) += more.o ../drivers/again.o\n");
	put(d, "drivers/bus/Kbuild", "obj-y += never.o deep/\nobj-m += bus.o\n");
	put(d, "drivers/bus/Makefile", "obj-y += ignored.o\n");
	put(d, "drivers/bus/deep/Makefile", "obj-$(CONFIG_B) += deep.o\nobj-y += not.o\n");
	put(d, "lib/Makefile",
	    "lib-y := l1.o l2.o\nlib-$(CONFIG_B) += l3.o\nhostprogs-always-y := gen\ngen-objs := g.o\n");
}

static const char tree_config[] =
	"CONFIG_64BIT=y\nCONFIG_A=y\nCONFIG_B=m\nCONFIG_BUS=m\n# CONFIG_OFF is not set\n";

static void small_tree(void **state)
{
	auto_str struct str got = { 0 };

	make_tree(*state);
	dump(*state, tree_config, &got);
	assert_string_equal(str_c(&got),
			    "drivers/ folder builtin - Kbuild:1\n"
			    "drivers/a.o single builtin A drivers/Makefile:1\n"
			    "drivers/in.o single builtin A drivers/Makefile:9\n"
			    "drivers/more.o single builtin B drivers/more.mk:1\n"
			    "drivers/again.o single builtin B drivers/more.mk:1\n"
			    "drivers/b.o single module B drivers/Makefile:2\n"
			    "drivers/multi.o composite module B drivers/Makefile:2\n"
			    "drivers/m1.o single module - drivers/Makefile:3 drivers/multi.o\n"
			    "drivers/m_64.o single module - drivers/Makefile:3 drivers/multi.o\n"
			    "drivers/m2.o single module A drivers/Makefile:4 drivers/multi.o\n"
			    "drivers/bus/ folder module BUS drivers/Makefile:7\n"
			    "drivers/bus/deep/ folder module - drivers/bus/Kbuild:1\n"
			    "drivers/bus/deep/deep.o single module B drivers/bus/deep/Makefile:1\n"
			    "drivers/bus/bus.o single module - drivers/bus/Kbuild:2\n"
			    "lib/ folder builtin - Kbuild:2\n"
			    "lib/l1.o single lib - lib/Makefile:1\n"
			    "lib/l2.o single lib - lib/Makefile:1\n"
			    "lib/l3.o single lib B lib/Makefile:2\n"
			    "lib/gen program builtin - lib/Makefile:3\n"
			    "lib/g.o program builtin - lib/Makefile:4\n");
}

/* How many steps that is, with and without what a build folder has. */
static void steps(void **state)
{
	auto_free char *build = path_join(*state, "o");
	struct bld_steps all, rest;

	make_tree(*state);
	bld_steps_count(*state, "x86", tree_config, NULL, &all);
	assert_true(all.all > 20);
	assert_int_equal(all.missing, all.all);
	bld_steps_count(*state, "x86", tree_config, build, &rest);
	assert_int_equal(rest.missing, all.all);
	put(*state, "o/lib/l1.o", "");
	put(*state, "o/lib/built-in.a", "");
	bld_steps_count(*state, "x86", tree_config, build, &rest);
	assert_int_equal(rest.all, all.all);
	assert_true(rest.missing > 0);
	assert_true(rest.missing + 60 < all.all);
}

/* What was foreseen holds until more is made; then it is a few files, or all of them. */
static void steps_corrected(void **state)
{
	const struct bld_steps s = { .all = 2000, .missing = 50 };

	(void)state;
	assert_int_equal(bld_steps_total(&s, 0), 50);
	assert_int_equal(bld_steps_total(&s, 50), 50);
	assert_int_equal(bld_steps_total(&s, 51), 0);
	assert_int_equal(bld_steps_total(&s, 201), 2000);
	assert_int_equal(bld_steps_total(&(struct bld_steps){ 0 }, 7), 0);
}

static void no_tree(void **state)
{
	const struct kb_objects_spec spec = { *state, "x86", "" };
	struct kb_object_list l;
	struct bld_steps steps;
	auto_err struct err err = { 0 };

	assert_int_equal(kb_object_list(&spec, &l, &err), -ENOENT);
	assert_contains(err.msg, "no tree of a kernel");
	bld_steps_count(*state, "x86", "", NULL, &steps);
	assert_int_equal(steps.all, 0);
}

/* A folder that leads to itself, by its own name and by "..". */
static void circles(void **state)
{
	struct bld_steps steps;

	put(*state, "Makefile", "include Makefile\n");
	put(*state, "arch/x86/Makefile", "");
	put(*state, "Kbuild", "obj-y += a/\ninclude Kbuild\n");
	put(*state, "a/Makefile", "obj-y += ../a/ ./ ../\nobj-m += x.o\nx-y := x.o\n");
	bld_steps_count(*state, "x86", "", NULL, &steps);
	assert_true(steps.all < 1000);
}

/* Real ones */

static void words_of_shell(const char *script, const char *arg, struct map *ret)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script,
			 (char *)"sh",	    (char *)arg,  NULL };
	auto_proc_result struct proc_result r = { 0 };

	assert_int_equal(proc_run(&(struct proc_spec){ .argv = argv }, NULL, 0, 64 << 20, &r, NULL),
			 0);
	assert_int_equal(r.status, 0);
	for (char *rest = r.out.s, *line; (line = strsep(&rest, "\n"));)
		if (*line)
			map_set(ret, line, ret);
}

static bool kernels(char **ret_dir, char **ret_tree)
{
	const char *dir = getenv("KILN_TEST_KERNELS");
	struct map found = { 0 };

	if (dir)
		words_of_shell("ls -d \"$1\"/source-6.1.*", dir, &found);
	if (!found.n) {
		printf("KILN_TEST_KERNELS does not name a folder with source-6.1.*\n");
		map_release(&found, NULL);
		return false;
	}
	*ret_dir = xstrdup(dir);
	*ret_tree = xstrdup(found.v[0].key);
	map_release(&found, NULL);
	return true;
}

/* Boot code, the vDSO and tools are made by rules of their own; the rest is what lists say. */
static bool is_ordinary(const char *path)
{
	return !strstr(path, "/boot/") && !strstr(path, "/vdso/") && !strstr(path, "/rm/") &&
	       !str_starts(path, "tools/") && !strstr(path, "/tools/") &&
	       !str_starts(path, "scripts/") && !str_ends(path, ".mod.o") && strchr(path, '/') &&
	       !str_eq(path, "init/version-timestamp.o");
}

static void list(const char *tree, const char *config_path, struct kb_object_list *ret)
{
	auto_str struct str config = { 0 };
	auto_err struct err err = { 0 };
	const struct kb_objects_spec spec = { tree, "x86", NULL };
	struct kb_objects_spec with = spec;

	assert_done(file_read(AT_FDCWD, config_path, 16 << 20, &config, &err), &err);
	with.config = str_c(&config);
	assert_done(kb_object_list(&with, ret, &err), &err);
}

static size_t differences(const struct map *want, const struct map *have)
{
	size_t n = 0;

	for (size_t i = 0; i < want->n; i++)
		if (!map_has(have, want->v[i].key)) {
			printf("missing: %s\n", want->v[i].key);
			n++;
		}
	for (size_t i = 0; i < have->n; i++)
		if (!map_has(want, have->v[i].key)) {
			printf("too much: %s\n", have->v[i].key);
			n++;
		}
	return n;
}

TEST_OR_SKIP(kernel_that_was_built)
{
	auto_free char *dir = NULL, *tree = NULL, *build = NULL, *config = NULL;
	struct map all = { 0 }, want = { 0 }, have = { 0 };
	struct kb_object_list l;

	if (!kernels(&dir, &tree))
		return false;
	build = path_join(dir, "small");
	config = path_join(build, ".config");
	if (access(config, F_OK) < 0) {
		printf("there is no %s\n", config);
		return false;
	}
	words_of_shell(
		"cd \"$1/\" && find . -name '.*.o.cmd' | sed 's,^\\./,,; s,\\.\\([^/]*\\)\\.cmd$,\\1,'",
		build, &all);
	for (size_t i = 0; i < all.n; i++)
		if (is_ordinary(all.v[i].key))
			map_set(&want, all.v[i].key, &all);
	list(tree, config, &l);
	for (size_t i = 0; i < l.n; i++)
		if (is_ordinary(l.v[i].path) &&
		    (l.v[i].kind == KB_OBJECT_SINGLE ||
		     (l.v[i].kind == KB_OBJECT_COMPOSITE && l.v[i].how == KB_OBJECT_MODULE)))
			map_set(&have, l.v[i].path, &all);
	assert_true(want.n > 1000);
	assert_int_equal(differences(&want, &have), 0);
	kb_object_list_release(&l);
	map_release(&all, NULL);
	map_release(&want, NULL);
	map_release(&have, NULL);
	return true;
}

TEST_OR_SKIP(modules_of_debian)
{
	auto_free char *dir = NULL, *tree = NULL, *deb = NULL,
		       *config = path_join(*state, "config");
	auto_free char *script = NULL;
	struct map want = { 0 }, have = { 0 };
	struct kb_object_list l;

	if (!kernels(&dir, &tree))
		return false;
	deb = path_join(dir, "generic.deb");
	if (access(deb, F_OK) < 0 || access("/usr/bin/dpkg-deb", X_OK) < 0) {
		printf("there is no %s, or no dpkg-deb\n", deb);
		return false;
	}
	script = xasprintf(
		"dpkg-deb --fsys-tarfile \"$1\" | tar -xC '%s' --wildcards './boot/config-*' "
		"'*/modules.order' && cd '%s' && mv boot/config-* config && "
		"sed 's,^kernel/,,; s,ko$,o,' lib/modules/*/modules.order",
		(char *)*state, (char *)*state);
	words_of_shell(script, deb, &want);
	list(tree, config, &l);
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].how == KB_OBJECT_MODULE && l.v[i].kind != KB_OBJECT_FOLDER &&
		    !l.v[i].whole)
			map_set(&have, l.v[i].path, &want);
	assert_true(want.n > 3000);
	assert_int_equal(differences(&want, &have), 0);
	kb_object_list_release(&l);
	map_release(&want, NULL);
	map_release(&have, NULL);
	return true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(language),
		scratch_test(as_make_does),
		cmocka_unit_test(bounds),
		scratch_test(small_tree),
		scratch_test(no_tree),
		scratch_test(circles),
		scratch_test(steps),
		cmocka_unit_test(steps_corrected),
		cmocka_unit_test(kernel_that_was_built),
		scratch_test(modules_of_debian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
