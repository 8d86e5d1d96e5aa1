/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of a tree without a configuration: what they are called, made of, and hang on. A small tree made here. */
#include "unit.h"

#include "base/path.h"
#include "kbuild/make.h"
#include "kbuild/modules.h"

static void add_term(const struct kb_term *t, struct str *ret)
{
	for (size_t i = 0; i < t->n; i++)
		str_addf(ret, "%s%s=%s%s%s", i ? "," : "", t->need[i].symbol,
			 t->need[i].allows & KB_N ? "n" : "", t->need[i].allows & KB_M ? "m" : "",
			 t->need[i].allows & KB_Y ? "y" : "");
}

/* "m:A=m,B=my y:A=y,B=y | part.o part2.o[C=y]" */
static const char *shown(const struct kb_module *m, struct str *ret)
{
	str_clear(ret);
	for (size_t i = 0; i < m->n_way; i++) {
		str_addf(ret, "%s%c:", i ? " " : "", m->way[i].module ? 'm' : 'y');
		add_term(&m->way[i].term, ret);
	}
	str_adds(ret, " |");
	for (size_t i = 0; i < m->n_source; i++) {
		const struct kb_source *s = &m->source[i];
		const char *slash = strrchr(s->path, '/');

		str_addf(ret, " %s", slash ? slash + 1 : s->path);
		for (size_t k = 0; k < s->n_term; k++) {
			if (!s->term[k].n)
				continue;
			str_addc(ret, '[');
			add_term(&s->term[k], ret);
			str_addc(ret, ']');
		}
	}
	return str_c(ret);
}

/* What the folder drivers/ says, and what becomes of its x.o. */
static const struct {
	const char *makefile, *x;
} cases[] = {
	{ "obj-$(CONFIG_A) += x.o", "m:A=m y:A=y | x.o" },
	{ "obj-${CONFIG_A} := x.o", "m:A=m y:A=y | x.o" },
	{ "obj-y += x.o", "y: | x.o" },
	{ "obj-$(CONFIG_A) := x.o\nobj-$(CONFIG_A) := z.o $(obj-$(CONFIG_A))\nobj-y := z.o $(obj-y)",
	  "m:A=m y:A=y | x.o" },
	{ "obj-m += x.o", "m: | x.o" },
	{ "lib-$(CONFIG_A) += x.o", "y:A=my | x.o" },
	{ "obj-$(CONFIG_A) += x.o\nobj-$(CONFIG_B) += x.o", "m:A=m m:B=m y:A=y y:B=y | x.o" },
	{ "obj-$(subst m,y,$(CONFIG_A)) += x.o", "y:A=my | x.o" },
	{ "obj-$(CONFIG_A:m=y) += x.o", "y:A=my | x.o" },
	{ "obj-$(subst y,$(CONFIG_A),$(CONFIG_B)) += x.o", "m:A=m,B=my m:B=m y:A=y,B=y | x.o" },
	{ "obj-$(CONFIG_A)$(CONFIG_B) += x.o", "m:A=n,B=m m:A=m,B=n y:A=n,B=y y:A=y,B=n | x.o" },
	{ "obj-$(and $(CONFIG_A),$(CONFIG_B)) += x.o", "m:A=my,B=m y:A=my,B=y | x.o" },
	{ "ifdef CONFIG_A\nobj-$(CONFIG_B) += x.o\nendif", "m:B=m,A=my y:B=y,A=my | x.o" },
	{ "ifndef CONFIG_A\nobj-y += x.o\nendif", "y:A=n | x.o" },
	{ "ifeq ($(CONFIG_A),y)\nelse\nobj-y += x.o\nendif", "y:A=nm | x.o" },
	{ "ifeq ($(CONFIG_A),y)\nelse ifdef CONFIG_B\nobj-y += x.o\nendif", "y:B=my,A=nm | x.o" },
	{ "ifneq ($(CONFIG_A)$(CONFIG_B),)\nobj-y += x.o\nendif", "y:B=my y:A=my | x.o" },
	{ "ifneq ($(filter y,$(CONFIG_A) $(CONFIG_B)),)\nobj-m += x.o\nendif",
	  "m:B=y m:A=y | x.o" },
	{ "ifdef CONFIG_A\ninclude $(src)/more.mk\nendif", "m:X=m,A=my y:X=y,A=my | x.o" },
	{ "$(foreach a,A B,$(eval obj-$$(CONFIG_$(a)) += x.o))", "m:A=m m:B=m y:A=y y:B=y | x.o" },
	{ "some-$(CONFIG_A) += x.o\nobj-y += $(some-y)", "y:A=y | x.o" },
	{ "some-$(CONFIG_A) := x.o\nobj-$(CONFIG_B) := $(some-y) $(some-m)",
	  "m:A=my,B=m y:A=my,B=y | x.o" },
	{ "obj-$(CONFIG_B) += $(if $(CONFIG_A),x.o,z.o)", "m:A=my,B=m y:A=my,B=y | x.o" },
	{ "ifdef CONFIG_A\nw := 64\nelse\nw := 32\nendif\nobj-y += z$(w).o\nobj-$(CONFIG_B) += x.o",
	  "m:B=m y:B=y | x.o" },
	{ "obj-$(CONFIG_A) += x.o\nx-y := a.o\nx-$(CONFIG_B) += b.o\nx-objs += c.o",
	  "m:A=m y:A=y | c.o a.o b.o[B=my]" },
	{ "obj-$(CONFIG_A) += x.o\nx-$(CONFIG_B) += a.o\nx-$(CONFIG_C) += a.o",
	  "m:A=m y:A=y | a.o[B=my][C=my]" },
	{ "obj-$(CONFIG_A) += x.o\nmore-$(CONFIG_B) := b.o\nx-y := $(more-y)",
	  "m:A=m y:A=y | b.o[B=y]" },
	/* five symbols are more than are tried: the line is there, and what is around it not known */
	{ "ifneq ($(CONFIG_A)$(CONFIG_B)$(CONFIG_C)$(CONFIG_D)$(CONFIG_E),)\nobj-$(CONFIG_F) += x.o\nendif",
	  "m:F=m y:F=y | x.o" },
};

static void lines(void **state)
{
	auto_str struct str got = { 0 };

	put_file(*state, "Makefile", "");
	put_file(*state, "arch/x86/Makefile", "");
	put_file(*state, "Kbuild", "obj-y += drivers/\n");
	put_file(*state, "drivers/more.mk", "obj-$(CONFIG_X) += x.o\n");
	for (size_t i = 0; i < countof(cases); i++) {
		struct kb_module_list l;
		const struct kb_module *m;
		size_t n;

		put_file(*state, "drivers/Makefile", cases[i].makefile);
		assert_int_equal(kb_module_list(*state, "x86", &l, NULL), 0);
		m = kb_module_find(&l, "x", &n);
		if (!m || n != 1 || !str_eq(shown(m, &got), cases[i].x))
			fail_msg("'%s': '%s', not '%s'", cases[i].makefile,
				 m ? shown(m, &got) : "nothing", cases[i].x);
		kb_module_list_release(&l);
	}
}

/* What is built in needs folders that are; several lines may enter one. */
static void folders(void **state)
{
	struct kb_module_list l;
	auto_str struct str got = { 0 };
	size_t n;

	put_file(*state, "Makefile", "drivers-$(CONFIG_TOP) := drivers/\n");
	put_file(*state, "arch/x86/Makefile", "");
	put_file(*state, "Kbuild",
		 "obj-$(CONFIG_NET) += net/\nobj-$(CONFIG_P) += q/\nobj-$(CONFIG_Q) += q/\n");
	put_file(*state, "net/Makefile",
		 "obj-$(CONFIG_X) += x.o\nobj-y += deep/ y.o\nobj-m += round/\n");
	put_file(*state, "net/deep/Kbuild",
		 "obj-$(CONFIG_Z) += deep-z.o\nobj-$(CONFIG_NET) += net.o\n");
	put_file(*state, "net/round/Makefile", "obj-y += never.o ../round/\nobj-m += m.o\n");
	put_file(*state, "q/Makefile", "obj-$(CONFIG_O) += o.o\n");
	put_file(*state, "drivers/Makefile", "obj-$(CONFIG_D) += d.o\n");
	assert_int_equal(kb_module_list(*state, "x86", &l, NULL), 0);
	assert_string_equal(shown(kb_module_find(&l, "x", &n), &got),
			    "m:X=m,NET=my y:X=y,NET=y | x.o");
	assert_string_equal(shown(kb_module_find(&l, "y", &n), &got), "y:NET=y | y.o");
	assert_string_equal(shown(kb_module_find(&l, "deep_z", &n), &got),
			    "m:Z=m,NET=my y:Z=y,NET=y | deep-z.o");
	assert_string_equal(shown(kb_module_find(&l, "net", &n), &got), "m:NET=m y:NET=y | net.o");
	assert_string_equal(shown(kb_module_find(&l, "m", &n), &got), "m:NET=my | m.o");
	assert_null(kb_module_find(&l, "never", &n));
	assert_string_equal(shown(kb_module_find(&l, "o", &n), &got),
			    "m:O=m,P=my m:O=m,Q=my y:O=y,P=y y:O=y,Q=y | o.o");
	assert_string_equal(shown(kb_module_find(&l, "d", &n), &got),
			    "m:D=m,TOP=my y:D=y,TOP=y | d.o");
	kb_module_list_release(&l);
}

static void finding(void **state)
{
	struct kb_module_list l;
	const struct kb_module *m;
	const struct kb_part_of *p;
	size_t n;

	put_file(*state, "Makefile", "");
	put_file(*state, "arch/x86/Makefile", "");
	put_file(*state, "Kbuild", "obj-y += a/ b/\n");
	put_file(
		*state, "a/Makefile",
		"obj-y += core.o\nobj-$(CONFIG_A) += snd-a,1.o\nsnd-a,1-y := one.o two/shared.o\n");
	put_file(*state, "b/Makefile",
		 "obj-$(CONFIG_B) += core.o b.o\nb-y := ../a/two/shared.o ./own.o\n");
	assert_int_equal(kb_module_list(*state, "x86", &l, NULL), 0);
	m = kb_module_find(&l, "snd-a_1.ko", &n);
	assert_int_equal(n, 1);
	assert_string_equal(m->name, "snd_a_1");
	assert_string_equal(m->path, "a/snd-a,1.o");
	assert_string_equal(m->way[0].term.need[0].file, "a/Makefile");
	assert_int_equal(m->way[0].term.need[0].line, 2);
	/* those that can be modules first */
	m = kb_module_find(&l, "core", &n);
	assert_int_equal(n, 2);
	assert_string_equal(m[0].path, "b/core.o");
	assert_string_equal(m[1].path, "a/core.o");
	m = kb_module_find(&l, "a/core", &n);
	assert_int_equal(n, 1);
	assert_string_equal(m->path, "a/core.o");
	assert_null(kb_module_find(&l, "c/core", &n));
	assert_null(kb_module_find(&l, "cor", &n));
	assert_int_equal(n, 0);
	p = kb_module_of_source(&l, "a/two/shared.c", &n);
	assert_int_equal(n, 2);
	assert_string_equal(p[0].module->name, "b");
	assert_string_equal(p[1].module->name, "snd_a_1");
	p = kb_module_of_source(&l, "b/own.c", &n);
	assert_int_equal(n, 1);
	assert_string_equal(p->module->path, "b/b.o");
	assert_null(kb_module_of_source(&l, "b/b.c", &n));
	kb_module_list_release(&l);
}

/* Objects of a folder that are made from sources of another. */
static void shared(void **state)
{
	struct kb_module_list l;
	const struct kb_part_of *p;
	size_t n;

	put_file(*state, "Makefile", "");
	put_file(*state, "arch/x86/Makefile", "");
	put_file(*state, "Kbuild", "obj-y += a/ b/\n");
	put_file(*state, "a/Makefile", "obj-$(CONFIG_A) += a.o\na-y := main.o show/port.o\n");
	put_file(*state, "b/Makefile",
		 "obj-$(CONFIG_B) += b.o\n"
		 "$(obj)/a-%.o: $(srctree)/a/%.c FORCE\n"
		 "\t$(call cmd,force_checksrc)\n"
		 "$(obj)/a-show/%.o: $(srctree)/a/show/%.c FORCE\n"
		 "$(obj)/%.o: $(src)/%.S FORCE\n"
		 "$(obj)/%.h: %.c; @:\n"
		 "$(obj)/glue-%.o: $(src)/glue.c FORCE\n"
		 "b-y := own.o a-show/port.o a-main.o glue-1.o glue-2.o\n");
	assert_int_equal(kb_module_list(*state, "x86", &l, NULL), 0);
	p = kb_module_of_source(&l, "a/show/port.c", &n);
	assert_int_equal(n, 2);
	assert_string_equal(p[0].module->name, "a");
	assert_string_equal(p[1].module->name, "b");
	assert_string_equal(p[1].source->path, "b/a-show/port.o");
	kb_module_of_source(&l, "a/main.c", &n);
	assert_int_equal(n, 2);
	kb_module_of_source(&l, "b/own.c", &n);
	assert_int_equal(n, 1);
	kb_module_of_source(&l, "b/glue.c", &n);
	assert_int_equal(n, 2);
	assert_null(kb_module_of_source(&l, "b/a-main.c", &n));
	kb_module_list_release(&l);
}

static void no_tree(void **state)
{
	struct kb_module_list l;
	auto_err struct err err = { 0 };

	assert_int_equal(kb_module_list(*state, "x86", &l, &err), -ENOENT);
	assert_contains(err.msg, "no tree of a kernel");
	kb_module_list_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(lines),  scratch_test(folders), scratch_test(finding),
		scratch_test(shared), scratch_test(no_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
