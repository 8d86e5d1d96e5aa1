/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own checks, in its order (kernel/module/main.c: check_modinfo(), simplify_symbols(), resolve_symbol(),
 * check_version()), against Module.symvers instead of a running kernel.
 */
#include "module/check.h"

#include "base/path.h"
#include "kernel/modinfo.h"

#include <errno.h>
#include <stdio.h>

/* For so many findings a name that may be meant is looked for: the rest would take long, and nobody reads it. */
#define NEAREST_MAX 50

static const char *const names[] = {
	/* clang-format off */
	[MOD_NO_MODULES] = "no-modules",
	[MOD_EXCLUDED] = "excluded",
	[MOD_OTHER_VERMAGIC] = "vermagic",
	[MOD_NO_SYMBOL] = "missing-symbol",
	[MOD_OTHER_CRC] = "other-version",
	[MOD_GPL_ONLY] = "gpl-only",
	[MOD_NO_IMPORT] = "namespace",
	[MOD_NOT_SIGNED] = "not-signed",
	/* clang-format on */
};

const char *mod_misfit_name(enum mod_misfit kind)
{
	return names[kind];
}

void mod_finding_add(struct mod_findings *f, struct mod_finding finding)
{
	vec_push(f, finding);
}

void mod_findings_release(struct mod_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].module);
		free(f->v[i].symbol);
		free(f->v[i].text);
		free(f->v[i].hint);
	}
	free(f->v);
	*f = (struct mod_findings){ 0 };
}

struct check {
	const struct mod_target *cell;
	const char *module; /* file name */
	const struct krn_module_facts *facts;
	const struct map *given; /* symbol -> struct krn_module_symbol *, of all modules together */
	struct mod_findings *found;
};

static void add(const struct check *c, enum mod_misfit kind, const char *symbol, char *text,
		char *hint)
{
	mod_finding_add(c->found,
			(struct mod_finding){ kind, xstrdup(c->module),
					      symbol ? xstrdup(symbol) : NULL, text, hint });
}

void mod_check_target(const struct mod_target *c, struct mod_findings *ret)
{
	if (mod_target_has(c, "MODULES"))
		return;
	mod_finding_add(ret,
			(struct mod_finding){ .kind = MOD_NO_MODULES,
					      .text = xasprintf("the kernel %s loads no modules: "
								"CONFIG_MODULES is not set",
								c->release),
					      .hint = xstrdup("build it with CONFIG_MODULES=y") });
}

/* "is not set", "is m" */
static char *is_what(const char *value)
{
	return str_eq(value, "n") ? xstrdup("is not set") : xasprintf("is %s", value);
}

void mod_check_config(const struct mod_target *c, const char *who, const char *wish,
		      struct mod_findings *ret)
{
	bool not = str_skip(&wish, "!");
	auto_free char *symbol = NULL, *is = NULL;
	const char *value, *want = strchr(wish, '=');
	bool holds;

	str_skip(&wish, "CONFIG_");
	symbol = xstrndup(wish, strcspn(wish, "="));
	value = dotconfig_get(&c->config, symbol);
	holds = want ? str_eq(value, want + 1) : !str_eq(value, "n");
	if (!*symbol || holds != not )
		return;
	is = is_what(value);
	mod_finding_add(ret,
			(struct mod_finding){
				.kind = MOD_EXCLUDED,
				.symbol = xasprintf("CONFIG_%s", symbol),
				.text = xasprintf("%s wants CONFIG_%s %s%s; in the kernel %s it %s",
						  who, symbol, not ? "not to be " : "to be ",
						  want ? want + 1 : "set", c->release, is),
				.hint = xasprintf("build the kernel with%s CONFIG_%s%s",
						  not ? "out" : "", symbol,
						  not	 ? ""
						  : want ? want
							 : "=y") });
}

/* Whether a text has word among its blanks. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
		if ((p == text || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

/*
 * What include/linux/vermagic.h makes of the configuration, for a kernel of which no module is there. PREEMPT_BUILD is since
 * 5.13 what PREEMPT was.
 */
static void check_words(const struct check *c, const char *vermagic)
{
	static const struct {
		const char *word, *symbol, *older;
	} words[] = {
		{ "SMP", "SMP", NULL },
		{ "preempt", "PREEMPT_BUILD", "PREEMPT" },
		{ "preempt_rt", "PREEMPT_RT", NULL },
		{ "mod_unload", "MODULE_UNLOAD", NULL },
		{ "modversions", "MODVERSIONS", NULL },
	};

	for (size_t i = 0; i < countof(words); i++) {
		bool is = has_word(vermagic, words[i].word);
		bool want = mod_target_has(c->cell, words[i].symbol) ||
			    (words[i].older && mod_target_has(c->cell, words[i].older));

		if (i == 1 && mod_target_has(c->cell, "PREEMPT_RT"))
			want = false;
		if (is != want)
			add(c, MOD_OTHER_VERMAGIC, NULL,
			    xasprintf("it was built %s '%s', the kernel has CONFIG_%s %s",
				      is ? "with" : "without", words[i].word, words[i].symbol,
				      want ? "set" : "not set"),
			    NULL);
	}
}

static char *wrong_headers(void)
{
	return xstrdup(
		"it was built against other headers, perhaps of the running kernel: look in its "
		"Makefile or configure script for /lib/modules and uname");
}

static void check_vermagic(const struct check *c)
{
	const char *vermagic = c->facts->vermagic, *want = c->cell->vermagic;
	size_t n = strlen(c->cell->release);

	if (!vermagic) {
		add(c, MOD_OTHER_VERMAGIC, NULL,
		    xstrdup("it has no vermagic: it is no whole module"), NULL);
		return;
	}
	if (strncmp(vermagic, c->cell->release, n) != 0 || vermagic[n] != ' ') {
		add(c, MOD_OTHER_VERMAGIC, NULL,
		    xasprintf("it is for kernel '%.*s', not for '%s'", (int)strcspn(vermagic, " "),
			      vermagic, c->cell->release),
		    wrong_headers());
		return;
	}
	if (!want)
		check_words(c, vermagic);
	else if (!str_eq(want, vermagic))
		add(c, MOD_OTHER_VERMAGIC, NULL,
		    xasprintf("its vermagic is '%s', that of the kernel '%s'", vermagic, want),
		    wrong_headers());
}

/* include/linux/license.h */
static bool is_gpl(const char *license)
{
	static const char *const all[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"
	};

	for (size_t i = 0; license && i < countof(all); i++)
		if (str_eq(all[i], license))
			return true;
	return false;
}

/* The nearest name the kernel exports: a symbol that was renamed, or misspelt. */
static char *nearest(const struct check *c, const char *symbol)
{
	const struct map *m = &c->cell->symvers.by_name;
	size_t n = strlen(symbol), best = MAX(n / 5, (size_t)1) + 1;
	const char *found = NULL;

	for (size_t i = 0; i < m->n; i++) {
		size_t d = str_near(symbol, n, m->v[i].key, best - 1);

		if (d < best) {
			best = d;
			found = m->v[i].key;
		}
	}
	return found ? xasprintf("the kernel exports '%s'", found) : NULL;
}

static void missing(const struct check *c, const char *symbol)
{
	char *hint = c->found->n < NEAREST_MAX ? nearest(c, symbol) : NULL;

	if (!hint && mod_target_has(c->cell, "TRIM_UNUSED_KSYMS"))
		hint = xstrdup(
			"the kernel was built with CONFIG_TRIM_UNUSED_KSYMS=y, which takes away "
			"what its own modules do not need");
	if (!hint)
		hint = xstrdup("what has it is not in this kernel's configuration, or of another "
			       "version, or in a module that is to be built with this one");
	add(c, MOD_NO_SYMBOL, symbol,
	    xasprintf("it needs '%s', which kernel %s does not export", symbol, c->cell->release),
	    hint);
}

static void check_found(const struct check *c, const struct krn_module_symbol *need,
			const struct mod_symbol *sym)
{
	if (need->crc && sym->crc && (uint32_t)need->crc != sym->crc)
		add(c, MOD_OTHER_CRC, need->name,
		    xasprintf("it was built against another version of '%s' (%08x, the kernel has "
			      "%08x)",
			      need->name, (unsigned)need->crc, sym->crc),
		    wrong_headers());
	if (sym->gpl && !is_gpl(c->facts->license))
		add(c, MOD_GPL_ONLY, need->name,
		    xasprintf("'%s' is for modules under the GPL; its license is '%s'", need->name,
			      c->facts->license ?: "not said"),
		    NULL);
	/* "module:NAME,..." are modules that may use it, since 6.16 */
	if (sym->ns && !str_starts(sym->ns, "module:") && !strv_has(&c->facts->namespaces, sym->ns))
		add(c, MOD_NO_IMPORT, need->name,
		    xasprintf("'%s' is in the namespace '%s', which it does not import", need->name,
			      sym->ns),
		    xasprintf("add MODULE_IMPORT_NS() for %s to it", sym->ns));
}

static void check_symbol(const struct check *c, const struct krn_module_symbol *need)
{
	const struct krn_module_symbol *other = map_get(c->given, need->name);
	const struct mod_symbol *sym = mod_symvers_get(&c->cell->symvers, need->name);

	if (other) {
		if (need->crc && other->crc && (uint32_t)need->crc != (uint32_t)other->crc)
			add(c, MOD_OTHER_CRC, need->name,
			    xasprintf(
				    "it was built against another version of '%s', which a module "
				    "beside it exports",
				    need->name),
			    NULL);
	} else if (sym) {
		check_found(c, need, sym);
	} else if (!need->weak) {
		missing(c, need->name);
	}
}

static void check_one(const struct check *c)
{
	check_vermagic(c);
	for (size_t i = 0; i < c->facts->needs.n; i++)
		check_symbol(c, &c->facts->needs.v[i]);
	if (mod_target_has(c->cell, "MODULE_SIG_FORCE") && !c->facts->is_signed)
		add(c, MOD_NOT_SIGNED, NULL,
		    xasprintf("it is not signed, and the kernel has CONFIG_MODULE_SIG_FORCE=y"),
		    xstrdup("sign it with scripts/sign-file of the headers and the kernel's key"));
}

int mod_check_modules(const struct mod_target *c, char *const *files, size_t n,
		      struct mod_findings *ret, struct err *err)
{
	auto_free struct krn_module_facts *facts = xcalloc(n, sizeof(*facts));
	struct map given = { 0 };
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = krn_module_facts(files[i], &facts[i], err);
	for (size_t i = 0; i < n && r == 0; i++)
		for (size_t k = 0; k < facts[i].gives.n; k++)
			map_set(&given, facts[i].gives.v[k].name, &facts[i].gives.v[k]);
	for (size_t i = 0; i < n && r == 0; i++)
		check_one(&(struct check){ c, path_base(files[i]), &facts[i], &given, ret });
	for (size_t i = 0; i < n; i++)
		krn_module_facts_release(&facts[i]);
	map_release(&given, NULL);
	return r;
}
