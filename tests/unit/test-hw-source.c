/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What C sources say of hardware: macros, conditions and initializers as kernel sources have them, in a small tree made here.
 * Every kind of alias is held against the kernel's own file2alias.c by tests/oracle/file2alias.
 */
#include "unit.h"

#include "hw/facts.h"
#include "hw/index.h"

/* Shortened. */
static const char devicetable[] =
	"#ifndef X_H\n#define X_H\n"
	"#define PCI_ANY_ID (~0)\n"
	"struct pci_device_id { __u32 vendor, device; __u32 subvendor, subdevice;\n"
	"\t__u32 class, class_mask; kernel_ulong_t driver_data; __u32 override_only; };\n"
	"struct of_device_id { char name[32]; char type[32]; char compatible[128]; const void *data; };\n"
	"struct platform_device_id { char name[20]; kernel_ulong_t driver_data; };\n"
	"struct zorro_device_id { __u32 id; kernel_ulong_t driver_data; };\n"
	"struct css_device_id { __u8 match_flags; __u8 type; };\n"
	"struct ap_device_id { __u16 match_flags; __u8 dev_type; };\n"
	"struct pcmcia_device_id { __u16 match_flags; __u32 prod_id_hash[4]; };\n"
	"struct cpu_feature { __u16 feature; };\n"
	"#define cpu_device_id cpu_feature\n"
	"#endif\n";

/* What a source, drivers/x.c, says, a line each: "alias zorro:i00000001 [COND] <driver>". */
static const char *said(const char *tree, const char *source, struct str *ret)
{
	static const char *const kinds[] = { "alias",	"binds",  "firmware",
					     "softdep", "driver", "odd" };
	const int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_err struct err err = { 0 };
	struct hw_c_layouts layouts = { 0 };
	struct hw_facts facts = { 0 };
	struct hw_c_world w;

	assert_true(fd >= 0);
	str_clear(ret);
	assert_done(hw_c_world_init(&w, fd, "x86", &err), &err);
	hw_c_layouts_read(&layouts, &w, hw_c_header_get(&w, "include/linux/mod_devicetable.h"));
	hw_facts_read(&w, &layouts, "drivers/x.c", source, strlen(source), &facts);
	for (size_t i = 0; i < facts.n; i++) {
		const struct hw_fact *f = &facts.v[i];

		str_addf(ret, "%s%s %s", i ? "\n" : "", kinds[f->kind], f->text);
		if (f->cond != HW_COND_TRUE) {
			str_adds(ret, " [");
			hw_cond_text(&w.conds, f->cond, ret);
			str_addc(ret, ']');
		}
		if (f->driver)
			str_addf(ret, " <%s>", f->driver);
	}
	hw_facts_release(&facts);
	hw_c_layouts_release(&layouts);
	hw_c_world_release(&w);
	close(fd);
	return str_c(ret);
}

static void tree(const char *dir)
{
	put_file(dir, "include/linux/mod_devicetable.h", devicetable);
	put_file(
		dir, "include/linux/bits.h",
		"#define BIT(n) (1UL << (n))\n"
		"#define __AC(X, Y) (X##Y)\n#define _AC(X, Y) __AC(X, Y)\n#define UL(x) _AC(x, UL)\n");
	put_file(dir, "include/linux/one.h", "enum first { ONE = 1, TWO, };\n#define BOTH 1\n");
	put_file(dir, "include/linux/two.h",
		 "enum second { THREE = TWO + 1, FOUR, };\n#define BOTH 2\n");
	/* the generic one is read last, and gives way; make has no asm/width.h beside an architecture's own */
	put_file(dir, "arch/x86/include/uapi/asm/width.h",
		 "#ifdef __x86_64__\n#define WIDTH 64\n#else\n#define WIDTH 32\n#endif\n"
		 "#include <asm-generic/width.h>\n");
	put_file(dir, "include/asm-generic/width.h", "#include <uapi/asm-generic/width.h>\n");
	put_file(
		dir, "include/uapi/asm-generic/width.h",
		"#ifndef WIDTH_H\n#define WIDTH_H\n#ifndef WIDTH\n#define WIDTH 32\n#endif\n#endif\n");
	put_file(dir, "include/asm-generic/only.h", "#define ONLY 3\n");
	put_file(dir, "include/linux/only.h", "#define ONLY 4\n");
	put_file(dir, "drivers/ids.h", "X(1)\nX(2)\n");
	put_file(dir, "drivers/local.h", "#define LOCAL 7\n");
	put_file(dir, "drivers/table.h",
		 "static const struct zorro_device_id ids[] = { { 9 }, { } };\n"
		 "MODULE_DEVICE_TABLE(zorro, ids);\n");
	put_file(dir, "drivers/outer.h", "#ifdef CONFIG_X86\n#include \"table.h\"\n#endif\n");
	put_file(dir, "drivers/body.c",
		 "static const struct zorro_device_id ids[] = { { BODY }, { } };\n");
	put_file(dir, "drivers/calls.h", "ENTRY(5)\nENTRY(6)\nEND\n");
	put_file(dir, "drivers/more.c", "more text, FAR, FURTHER\n");
}

struct say {
	const char *source, *want;
};

static void check(const char *dir, const struct say *cases, size_t n)
{
	auto_str struct str got = { 0 };
	size_t bad = 0;

	tree(dir);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(said(dir, cases[i].source, &got), cases[i].want)) {
			print_error("'%s':\n%s\nnot:\n%s\n", cases[i].source, str_c(&got),
				    cases[i].want);
			bad++;
		}
	assert_int_equal(bad, 0);
}

/* clang-format off */
/* A number as the id of an entry, which gives it in hexadecimal. */
#define ID(more, expr)                                                         \
	more "static struct zorro_device_id ids[] = { { " expr " }, { } };\n"  \
	     "MODULE_DEVICE_TABLE(zorro, ids);\n"
#define IS(hex) "alias zorro:i" hex

static void macros(void **state)
{
	static const struct say cases[] = {
		{ ID("#define A 2\n", "A"), IS("00000002") },
		{ ID("#define A B\n#define B (C)\n#define C 3\n", "A"), IS("00000003") },
		{ ID("#define F(a, b) a + b\n", "F(1, F(2, 3))"), IS("00000006") },
		{ ID("#define F(a, b) a * b\n", "F(1 + 1, 3)"), IS("00000004") },
		{ ID("#define F(a) (a)\n#define G F\n", "G(4)"), IS("00000004") },
		/* the call's bracket is behind the end of the replacement */
		{ ID("#define F(a) a(\n#define G(a) a + 1\n", "F(G) 4)"), IS("00000005") },
		{ ID("#define f(x) x + 1\n#define g f\n", "g(1) + f\n(2)"), IS("00000005") },
		{ ID("#define P(a, b) a ## b\n#define AB 7\n", "P(A, B)"), IS("00000007") },
		{ ID("#define P(a, b) a ## b\n#define A 9\n#define AB 7\n", "P(A, B)"), IS("00000007") },
		{ ID("#define P(a, b) Q(a, b)\n#define Q(a, b) a ## b\n#define A 0x1\n", "P(A, 2)"), IS("00000012") },
		{ ID("#define P(a, b) a ## b\n", "P(, 5) P(,)"), IS("00000005") },
		{ ID("#define F(...) G(__VA_ARGS__)\n#define G(a, b) (a - b)\n", "F(9, 2)"), IS("00000007") },
		{ ID("#define F(a, args...) (a, ## args)\n#define G(x) x\n", "G F(8)"), IS("00000008") },
		{ ID("#define F(a, ...) G(a, ##__VA_ARGS__)\n#define G(a, b...) 0x##b\n", "F(8, 3)"), IS("00000003") },
		/* a name in its own replacement stays, and so does one through another */
		{ ID("#define A A\nenum { A = 6 };\n", "A"), IS("00000006") },
		{ ID("#define A B\n#define B A\nenum { A = 6 };\n", "A"), IS("00000006") },
		{ ID("#define A(x) x\n", "A(A(A(5)))"), IS("00000005") },
		{ ID("#define A \\\n  1 + \\\n  2\n", "A"), IS("00000003") },
		{ ID("#define A 1 /* one\n */ + 1 // two\n", "A"), IS("00000002") },
		{ ID("#include <linux/bits.h>\n", "UL(1) | BIT(4)"), IS("00000011") },
		{ ID("#define A 1\n#undef A\n#define A 2\n", "A"), IS("00000002") },
		{ ID("#include <asm/width.h>\n", "WIDTH"), IS("00000040") },
		{ ID("#include <asm/only.h>\n", "ONLY"), IS("00000003") },
		/* not a call */
		{ ID("#define A(x) 1\nenum { A = 2 };\n", "A"), IS("00000002") },
		{ ID("#define LIST(x) x(1), x(2)\n#define E(n) n\n#define S(a, b) b\n#define T(x...) S(x)\n",
		     "T(LIST(E))"), IS("00000002") },
		{ "#define S(x) #x\n#define T(x) S(x)\n#define V a  b\nMODULE_ALIAS(S(V) T(V) S(\"q\\n\"));\n",
		  "alias Va b\"q\\n\"" },
		{ "#ifdef MODULE_ALIAS\nMODULE_ALIAS(\"there\");\n#endif\n", "alias there" },
		{ "#define MODULE_DEVICE_TABLE(a, b)\n#define MODULE_ALIAS(a)\nMODULE_ALIAS(\"still\");\n", "alias still" },
		{ "#define ALIAS(v) MODULE_ALIAS(\"x-\" #v)\nALIAS(7);\n", "alias x-7" },
	};

	check(*state, cases, countof(cases));
}

static void values(void **state)
{
	static const struct say cases[] = {
		{ ID("", "010 + 0x10 + 0b11 + 10UL"), IS("00000025") },
		{ ID("", "1 + 2 * 3 << 1 | 0x100 & ~0xf"), IS("0000010E") },
		{ ID("", "(__u8)0x1ff + (u16)-1"), IS("000100FE") },
		{ ID("", "(unsigned int)(char)-1 + 2"), IS("00000001") },
		{ ID("", "(const unsigned char)300"), IS("0000002C") },
		{ ID("", "1 ? 2 : UNKNOWN"), IS("00000002") },
		{ ID("", "0 ? UNKNOWN : 3"), IS("00000003") },
		{ ID("", "0 ?: 5"), IS("00000005") },
		{ ID("", "!5 + !0 + (3 > 2) + (2 == 2 && 0 != 1) + -(-4)"), IS("00000007") },
		{ ID("", "-1 < 0 ? 1 : 2"), IS("00000001") },
		{ ID("", "__builtin_choose_expr(1 == 1, 6, UNKNOWN)"), IS("00000006") },
		{ ID("", "__builtin_constant_p(1) ? 4 : 5"), IS("00000004") },
		{ ID("", "'A'"), IS("00000041") },
		{ ID("", "'\\n' + '\\0' + '\\\\'"), IS("00000066") },
		{ ID("", "~0"), "alias zorro:i*" },
		{ ID("", "UNKNOWN"), "odd an entry with a value that is not known" },
		{ ID("", "1 / 0"), "odd an entry with a value that is not known" },
		{ ID("", "1 2"), "odd an entry with a value that is not known" },
		{ ID("#include <linux/two.h>\n#include <linux/one.h>\n", "FOUR * 0x10 + THREE"), IS("00000043") },
		{ ID("enum { A = 5, B, C = B * 2, D, };\n", "D"), IS("0000000D") },
		{ ID("enum x { A, B = (1, 2), C __attribute__((unused)), };\n", "A"), IS("00000000") },
		/* which of two headers' definitions counts */
		{ ID("#include <linux/one.h>\n", "BOTH"), IS("00000001") },
		{ ID("#include <linux/two.h>\n", "BOTH"), IS("00000002") },
		{ ID("#include \"local.h\"\n", "LOCAL"), IS("00000007") },
		/* text that comes in between is not of the value */
		{ ID("enum { A = 4 +\n#include \"more.c\"\n1, B };\n", "UNKNOWN"), "odd an entry with a value that is not known" },
		{ "static struct cpu_feature f[] = { { 3 }, { } };\nMODULE_DEVICE_TABLE(cpu, f);\n",
		  "alias cpu:type:*:feature:*0003*" },
	};

	check(*state, cases, countof(cases));
}

static void conditions(void **state)
{
	static const struct say cases[] = {
		{ "#ifdef CONFIG_A\nMODULE_ALIAS(\"a\");\n#else\nMODULE_ALIAS(\"b\");\n#endif\nMODULE_ALIAS(\"c\");\n",
		  "alias a [A=y]\nalias b [!A=y]\nalias c" },
		{ "#if IS_ENABLED(CONFIG_A) && !defined(CONFIG_B)\nMODULE_ALIAS(\"a\");\n"
		  "#elif defined(CONFIG_C_MODULE) || IS_BUILTIN(CONFIG_D)\nMODULE_ALIAS(\"b\");\n#else\nMODULE_ALIAS(\"c\");\n#endif\n",
		  "alias a [A && !B=y]\nalias b [!(A && !B=y) && (C=m || D=y)]\n"
		  "alias c [!(A && !B=y) && !(C=m || D=y)]" },
		{ "#if 0\nMODULE_ALIAS(\"a\");\n#elif 1 + 1 > 1\nMODULE_ALIAS(\"b\");\n#else\nMODULE_ALIAS(\"c\");\n#endif\n",
		  "alias b" },
		{ "#if IS_REACHABLE(CONFIG_A)\n#if IS_MODULE(CONFIG_B)\nMODULE_ALIAS(\"a\");\n#endif\n#endif\n", "alias a [A && B=m]" },
		{ "#if defined(CONFIG_A) && (defined(CONFIG_B) && defined(CONFIG_A))\n#if defined(CONFIG_B)\nMODULE_ALIAS(\"a\");\n#endif\n#endif\n",
		  "alias a [A=y && B=y]" },
		{ "#if defined(CONFIG_A) && (defined(CONFIG_B) && !defined(CONFIG_A))\nMODULE_ALIAS(\"a\");\n#endif\n", "" },
		/* the first directive of a file, as the guard of a header is */
		{ "#ifndef CONFIG_A\nMODULE_ALIAS(\"a\");\n#endif\n", "alias a [!A=y]" },
		{ "#ifndef GUARD\n#define GUARD\nMODULE_ALIAS(\"a\");\n#endif\n", "alias a" },
		/* a name that is defined under a condition */
		{ "#ifdef CONFIG_A\n#define X\n#endif\n#ifdef X\nMODULE_ALIAS(\"a\");\n#else\nMODULE_ALIAS(\"b\");\n#endif\n",
		  "alias a [A=y]\nalias b [!A=y]" },
		{ "#define X\n#ifdef CONFIG_A\n#undef X\n#endif\n#ifdef X\nMODULE_ALIAS(\"a\");\n#endif\n", "alias a [!A=y]" },
		{ "#ifdef MODULE\nMODULE_ALIAS(\"a\");\n#endif\n#ifdef NOWHERE\nMODULE_ALIAS(\"b\");\n#endif\n", "alias a" },
		/* of entries in a table */
		{ "static struct zorro_device_id ids[] = {\n#ifdef CONFIG_A\n{ 1 },\n#endif\n{ 2 },\n{ } };\nMODULE_DEVICE_TABLE(zorro, ids);\n",
		  "alias zorro:i00000001 [A=y]\nalias zorro:i00000002" },
		/* braces that both branches open, and one closes */
		{ "#ifdef CONFIG_A\nint f(int x) {\n#else\nint f(void) {\n#endif\n}\nMODULE_ALIAS(\"a\");\n", "alias a" },
		{ "int f(void) {\n#ifdef CONFIG_A\nif (x) {\n#else\n{\n#endif\n}\n}\nMODULE_ALIAS(\"a\");\n", "alias a" },
		/* tables of one name in both branches */
		{ "#ifdef CONFIG_A\nstatic struct zorro_device_id t[] = { { 1 }, { } };\n#else\n"
		  "static struct zorro_device_id t[] = { { 2 }, { } };\n#endif\nMODULE_DEVICE_TABLE(zorro, t);\n",
		  "alias zorro:i00000001 [A=y]\nalias zorro:i00000002 [!A=y]" },
	};

	check(*state, cases, countof(cases));
}

static void texts(void **state)
{
	static const struct say cases[] = {
		{ "MODULE_ALIAS(\"a\" \"b\" \"\\x63\\144\\\\\");\n", "alias abcd\\" },
		{ "MODULE_ALIAS(\"a\\0b\");\n", "alias a" },
		{ "MODULE_ALIAS(\"a\\\nb\");\n", "alias ab" },
		{ "MODULE_ALIAS((\"a\"));\n", "alias a" },
		{ "MODULE_ALIAS(\"platform:\" KBUILD_MODNAME);\n", "alias platform:" HW_C_MODNAME },
		{ "MODULE_ALIAS(\"two\\nlines\");\n", "" },
		{ "MODULE_FIRMWARE(\"x/\" \"y.bin\");\nMODULE_SOFTDEP(\"pre: a\");\nMODULE_INFO(alias, \"b\");\nMODULE_INFO(other, \"c\");\n",
		  "firmware x/y.bin\nsoftdep pre: a\nalias b" },
		{ "/* MODULE_ALIAS(\"a\"); */ // MODULE_ALIAS(\"b\");\nchar *s = \"MODULE_ALIAS(\";\nMODULE_ALIAS(\"c\");\n", "alias c" },
		{ "static struct platform_device_id p[] = { { { 'a', 'b' } }, { .name = \"c\" \"d\" }, { { \"e\" } }, { } };\n"
		  "MODULE_DEVICE_TABLE(platform, p);\n", "alias platform:ab\nalias platform:cd\nalias platform:e" },
	};

	check(*state, cases, countof(cases));
}

#define TABLE(tag, kind, entries)                                   \
	"static const struct " tag " t[] = { " entries ", { } };\n" \
	"MODULE_DEVICE_TABLE(" kind ", t);\n"

static void initializers(void **state)
{
	static const struct say cases[] = {
		{ TABLE("css_device_id", "css", "{ 1, 2 }, { .type = 3 }, { type: 4 }, { .type = 5, 6 }, { .match_flags = 0, 6, }"),
		  "alias css:t2\nalias css:t3\nalias css:t4\nalias css:t5\nalias css:t6" },
		{ TABLE("css_device_id", "css", "[2] = { 1, 2 }, [0] = { .type = 3 }"), "alias css:t2\nalias css:t3" },
		{ TABLE("css_device_id", "css", "(struct css_device_id){ .type = 7 }, ((struct css_device_id) { 0, 8 })"),
		  "alias css:t7\nalias css:t8" },
		{ "#define E(t, args...) { .type = t, ## args }\n" TABLE("css_device_id", "css", "E(1), E(2, .match_flags = 1)"),
		  "alias css:t1\nalias css:t2" },
		{ "#define E(t) { .type = t },\n" TABLE("css_device_id", "css", "E(1) E(2) { .type = 3 }"),
		  "alias css:t1\nalias css:t2\nalias css:t3" },
		/* the same name again: the last one counts */
		{ TABLE("css_device_id", "css", "{ .type = 1, .type = 2 }"), "alias css:t2" },
		{ TABLE("css_device_id", "css", "1"), "odd not an entry in braces" },
		/* nothing behind the '=' */
		{ TABLE("css_device_id", "css", "{ .type = 1 }, [3] ="), "alias css:t1" },
		{ TABLE("pcmcia_device_id", "pcmcia", "{ 0x30, { 1, 2 } }, { .match_flags = 0x40, .prod_id_hash = { [2] = 0xabc, } }"),
		  "alias pcmcia:m*c*f*fn*pfn*pa00000001pb00000002pc*pd*\nalias pcmcia:m*c*f*fn*pfn*pa*pb*pc00000ABCpd*" },
		{ TABLE("pci_device_id", "pci", "{ 0x8086, 1, PCI_ANY_ID, PCI_ANY_ID, 0x20000, 0xff0000, (kernel_ulong_t)&x }"),
		  "alias pci:v00008086d00000001sv*sd*bc02sc*i*" },
		{ TABLE("of_device_id", "of", "{ .compatible = \"a,b\", .data = &(struct y){ .z = \"q\", 1 } }"),
		  "alias of:N*T*Ca,b\nalias of:N*T*Ca,bC*" },
		/* a table that another declaration announces, attributes, and one entry without braces around it */
		{ "static const struct css_device_id t[];\nstatic const struct css_device_id t[] __maybe_unused = { { 0, 2 }, { } };\n"
		  "MODULE_DEVICE_TABLE(css, t);\nstatic struct css_device_id one = { 0, 5 };\n", "alias css:t2" },
		{ "#define DEFINE_T(n) const struct css_device_id n[]\nstatic DEFINE_T(t) = { { 0, 2 }, { } };\nMODULE_DEVICE_TABLE(css, t);\n",
		  "alias css:t2" },
		{ "MODULE_DEVICE_TABLE(css, elsewhere);\nMODULE_DEVICE_TABLE(nokind, t);\n",
		  "odd the device table is not in this file\nodd a kind of device table that is not known" },
	};

	check(*state, cases, countof(cases));
}

static void lists(void **state)
{
	static const struct say cases[] = {
		{ "static struct css_device_id t[] = {\n#define X(n) { .type = n },\n#include \"ids.h\"\n#undef X\n"
		  "#define X(n) { .type = n + 3 },\n#include \"ids.h\"\n{ } };\nMODULE_DEVICE_TABLE(css, t);\n",
		  "alias css:t1\nalias css:t2\nalias css:t4\nalias css:t5" },
		{ "static struct css_device_id t[] = {\n#define N 1\n{ 0, N },\n#undef N\n#define N 2\n{ 0, N },\n{ } };\n"
		  "#undef N\n#define N 9\nMODULE_DEVICE_TABLE(css, t);\n", "alias css:t1\nalias css:t2" },
		{ "#include \"table.h\"\n", "alias zorro:i00000009" },
		/* a header that includes such, as i8042.h does, for one architecture alone */
		{ "#include \"outer.h\"\n", "alias zorro:i00000009 [X86=y]" },
		{ "#define BODY 5\n#include \"body.c\"\nMODULE_DEVICE_TABLE(zorro, ids);\n", "alias zorro:i00000005" },
		/* a list of calls, which opens and closes braces with macros of the file */
		{ "#define BEGIN static struct css_device_id t[] = {\n#define ENTRY(n) { 0, n },\n#define END { } };\n"
		  "BEGIN\n#include \"calls.h\"\nMODULE_DEVICE_TABLE(css, t);\n", "alias css:t5\nalias css:t6" },
	};

	check(*state, cases, countof(cases));
}

static void drivers(void **state)
{
	static const struct say cases[] = {
		{ "static struct of_device_id m[] = { { .compatible = \"a\" }, { } };\n"
		  "static struct platform_driver d = { .driver = { .name = \"dn\", .of_match_table = of_match_ptr(m) } };\n",
		  "driver dn\nbinds of:N*T*Ca <dn>\nbinds of:N*T*CaC* <dn>" },
		{ "static struct css_device_id t[] = { { 0, 1 }, { } };\nMODULE_DEVICE_TABLE(css, t);\n"
		  "static const char name[] = \"n\" \"1\";\n"
		  "static struct css_driver d = { .name = (char *)name, .ids = t };\n", "driver n1\nalias css:t1 <n1>" },
		{ "static struct platform_driver d = { .driver = { .name = KBUILD_MODNAME } };\n",
		  "driver " HW_C_MODNAME "\nbinds platform:" HW_C_MODNAME " <" HW_C_MODNAME ">" },
		/* a name that a line of the index could not hold */
		{ "static struct css_device_id t[] = { { 0, 1 }, { } };\nMODULE_DEVICE_TABLE(css, t);\n"
		  "static struct css_driver d = { .name = \"a\\n99999999\", .ids = t };\n", "alias css:t1" },
	};

	check(*state, cases, countof(cases));
}
/* clang-format on */

/* Text that grows when it is read: all of these end, and soon. */
static void bombs(void **state)
{
	auto_str struct str s = { 0 }, got = { 0 };

	tree(*state);
	str_adds(&s, "#define A0 1\n");
	for (int i = 1; i < 60; i++)
		str_addf(&s, "#define A%d A%d + A%d\n", i, i - 1, i - 1);
	str_adds(&s, ID("", "A59"));
	said(*state, str_c(&s), &got);
	assert_contains(str_c(&got), "odd more macros than are followed");

	str_clear(&s);
	str_adds(&s, "#define D(x) x##x\n#define E(x) D(x)\nMODULE_ALIAS(\"a\" ");
	for (int i = 0; i < 150; i++)
		str_adds(&s, "E(");
	str_adds(&s, "a");
	for (int i = 0; i < 150; i++)
		str_addc(&s, ')');
	str_adds(&s, ");\n");
	said(*state, str_c(&s), &got);

	str_clear(&s);
	str_adds(&s, "static struct zorro_device_id ids[] = { { ");
	for (int i = 0; i < 100000; i++)
		str_adds(&s, "1 ? ");
	str_adds(&s, "1 }, { } };\nMODULE_DEVICE_TABLE(zorro, ids);\n");
	assert_string_equal(said(*state, str_c(&s), &got),
			    "odd an entry with a value that is not known");

	/* #if deeper than is followed: what is behind them is not lost */
	str_clear(&s);
	for (int i = 0; i < 300; i++)
		str_addf(&s, "#if 1\n#else\n");
	for (int i = 0; i < 300; i++)
		str_adds(&s, "#endif\n");
	str_adds(&s, "MODULE_ALIAS(\"a\");\n");
	assert_string_equal(said(*state, str_c(&s), &got), "alias a");

	/* many branches: their condition becomes weaker, not wrong */
	str_clear(&s);
	str_adds(&s, "#if defined(CONFIG_A)\n");
	for (int i = 0; i < 3000; i++)
		str_addf(&s, "#elif defined(CONFIG_A%d)\n", i);
	str_adds(&s, "MODULE_ALIAS(\"a\");\n#endif\n");
	said(*state, str_c(&s), &got);
	assert_contains(str_c(&got), "alias a [!A=y && !A0=y");

	str_clear(&s);
	str_adds(&s, "MODULE_ALIAS(\"a\");\n#include \"x.c\"\n#include \"x.c\"\n");
	put_file(*state, "drivers/x.c", str_c(&s));
	said(*state, str_c(&s), &got);
}

/* Every record of an index has its condition, however many there are. */
static void index_conditions(void **state)
{
	auto_err struct err err = { 0 };
	auto_str struct str s = { 0 };
	auto_hw_index struct hw_index ix = { 0 };
	struct hw_index_spec spec = { .tree = *state, .srcarch = "x86" };

	tree(*state);
	setenv("XDG_CACHE_HOME", *state, 1);
	put_file(*state, "Makefile", "");
	put_file(*state, "arch/x86/Makefile", "");
	put_file(*state, "Kbuild", "obj-y += drivers/\n");
	put_file(*state, "drivers/Makefile", "obj-$(CONFIG_Y) += y.o\n");
	str_adds(&s, "#if IS_ENABLED(CONFIG_A)\n");
	for (int i = 0; i < 300; i++)
		str_addf(&s, "MODULE_ALIAS(\"alias-%d\");\n", i);
	str_adds(&s, "#endif\n");
	put_file(*state, "drivers/y.c", str_c(&s));
	assert_done(hw_index_get(&spec, &ix, &err), &err);
	assert_int_equal(ix.alias.n, 300);
	for (size_t i = 0; i < ix.alias.n; i++)
		assert_string_equal(hw_ix_text(&ix, ix.alias.v[i].cond), "A");
}

/* As an editor does that keeps the file: its folder has the same times afterwards. */
static void put_in_place(const char *dir, const char *name, const char *text)
{
	auto_free char *path = path_join(dir, name);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0 && write_all(fd, text, strlen(text)) == 0);
}

/* Whether the index was there already; ret: its first alias. */
static bool was_kept(const char *dir, char ret[64])
{
	auto_hw_index struct hw_index ix = { 0 };
	const struct hw_index_spec spec = { .tree = dir, .srcarch = "x86" };
	auto_err struct err err = { 0 };

	assert_done(hw_index_get(&spec, &ix, &err), &err);
	snprintf(ret, 64, "%s", ix.alias.n ? hw_ix_text(&ix, ix.alias.v->text) : "");
	return ix.map;
}

/* What changes an index, and what does not. */
static void index_again(void **state)
{
	static const struct {
		const char *file, *text, *alias;
		bool kept;
	} steps[] = {
		{ "drivers/y.o", "an object", "one", true },
		{ "include/linux/two.h", "enum { OTHER };\n", "one", true }, /* gave nothing */
		{ "drivers/said.h", "#define SAID \"two\"\n", "two", false },
		{ "drivers/plain.c", "MODULE_ALIAS(\"a\");\n", "a", false },
		{ "drivers/plain.c", "int x;\n", "two", false },
		{ "drivers/y.c", "MODULE_ALIAS(\"three\");\n", "three", false },
		{ "drivers/late.c", "MODULE_ALIAS(\"b\");\n", "b", false },
		{ "drivers/Kbuild", "obj-m += plain.o\n", "", false },
		{ "Kbuild", "", "", false },
	};
	char alias[64];

	tree(*state);
	setenv("XDG_CACHE_HOME", *state, 1);
	put_file(*state, "Makefile", "");
	put_file(*state, "arch/x86/Makefile", "");
	put_file(*state, "Kbuild", "obj-y += drivers/\n");
	put_file(*state, "drivers/Makefile", "obj-$(CONFIG_Y) += y.o plain.o late.o\n");
	put_file(*state, "drivers/said.h", "#define SAID \"one\"\n");
	put_file(*state, "drivers/plain.c", "int x;\n");
	put_file(*state, "drivers/y.c", "#include \"said.h\"\nMODULE_ALIAS(SAID);\n");
	/* changed while it is read, it may be: such an index is not kept */
	assert_false(was_kept(*state, alias));
	assert_false(was_kept(*state, alias));
	for (size_t i = 0; i < countof(steps); i++) {
		usleep(50000);
		was_kept(*state, alias);
		assert_true(was_kept(*state, alias));
		put_in_place(*state, steps[i].file, steps[i].text);
		if (was_kept(*state, alias) != steps[i].kept || !str_eq(alias, steps[i].alias))
			fail_msg("%s: '%s', made again or not", steps[i].file, alias);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(macros),		scratch_test(values),
		scratch_test(conditions),	scratch_test(texts),
		scratch_test(initializers),	scratch_test(lists),
		scratch_test(drivers),		scratch_test(bombs),
		scratch_test(index_conditions), scratch_test(index_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
