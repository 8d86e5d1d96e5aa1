/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which words in scripts/kconfig tell of which behaviour. */
#include "kconfig/dialect.h"

#include "base/file.h"

#include <stddef.h>

#define MAX_SOURCE (4 << 20)

const struct kc_dialect kc_dialect_newest = {
	.plain_choices = true,
	.dups_by_halves = true,
	.zero_numbers = true,
	.strict_unset = true,
	.warn_no_equals = true,
	.keep_unsaved = true,
	.autoconf_var = true,
	.all_by_menu = true,
	.short_cycles = true,
	.include_by_stack = true,
	.transitional = true,
	.conditional_deps = true,
	.warn_changed = true,
	.include_once = true,
	.strict_entries = true,
	.members_once = true,
	.negated_apart = true,
	.sym_buckets = 1 << 14,
};

const struct kc_dialect kc_dialect_classic = { .sym_buckets = 9973 };

static const struct mark {
	const char *file;
	const char *words;
	size_t offset; /* of the bool */
	bool absent;   /* the behaviour is there where the words are not */
} marks[] = {
	/* clang-format off */
	{ "expr.h",     "choice_members",                          offsetof(struct kc_dialect, plain_choices), false },
	{ "expr.c",     "expr_eliminate_dups(e->left.expr)",       offsetof(struct kc_dialect, dups_by_halves), false },
	{ "symbol.c",   "newval.val = \"0x0\"",                    offsetof(struct kc_dialect, zero_numbers), false },
	{ "confdata.c", "strcmp(p, \"is not set\")",               offsetof(struct kc_dialect, strict_unset), false },
	{ "confdata.c", "\"unexpected data: %s\"",                 offsetof(struct kc_dialect, warn_no_equals), false },
	{ "confdata.c", "conf_unsaved",                            offsetof(struct kc_dialect, keep_unsaved), true },
	{ "confdata.c", "autoconfig := %s",                        offsetof(struct kc_dialect, autoconf_var), false },
	{ "conf.c",     "menu_for_each_entry(menu)",               offsetof(struct kc_dialect, all_by_menu), false },
	{ "symbol.c",   "\"error: recursive dependency detected",  offsetof(struct kc_dialect, short_cycles), false },
	{ "lexer.l",    "source_lineno",                           offsetof(struct kc_dialect, include_by_stack), false },
	{ "lexer.l",    "\"transitional\"",                        offsetof(struct kc_dialect, transitional), false },
	{ "parser.y",   "T_DEPENDS T_ON expr if_expr",             offsetof(struct kc_dialect, conditional_deps), false },
	{ "parser.y",   "\"warning: menuconfig statement",         offsetof(struct kc_dialect, strict_entries), true },
	{ "parser.y",   "choice_option: T_BOOL",                   offsetof(struct kc_dialect, bool_choices), false },
	{ "parser.y",   "must not have a prompt in another entry", offsetof(struct kc_dialect, members_once), false },
	{ "confdata.c", "\"KCONFIG_WARN_CHANGED_INPUT\"",          offsetof(struct kc_dialect, warn_changed), false },
	{ "util.c",     "error: repeated inclusion of",            offsetof(struct kc_dialect, include_once), false },
	{ "menu.c",     "expr_contains_symbol_negated",            offsetof(struct kc_dialect, negated_apart), false },
	/* clang-format on */
};

static bool has(int dirfd, const char *file, const char *words, struct str *text)
{
	str_clear(text);
	return file_read(dirfd, file, MAX_SOURCE, text, NULL) == 0 && strstr(str_c(text), words);
}

bool kc_dialect_read(int dirfd, struct kc_dialect *ret)
{
	auto_str struct str text = { 0 };
	struct kc_dialect d = { 0 };
	const char *at = NULL;

	if (faccessat(dirfd, "expr.h", R_OK, 0) < 0 || faccessat(dirfd, "symbol.c", R_OK, 0) < 0)
		return false;
	for (size_t i = 0; i < countof(marks); i++) {
		const struct mark *m = &marks[i];

		if (!at || !str_eq(at, m->file)) {
			str_clear(&text);
			if (file_read(dirfd, m->file, MAX_SOURCE, &text, NULL) < 0)
				str_clear(&text);
			at = m->file;
		}
		*(bool *)((char *)&d + m->offset) = !strstr(str_c(&text), m->words) == m->absent;
	}
	d.sym_buckets = kc_dialect_newest.sym_buckets;
	if (has(dirfd, "expr.h", "9973", &text))
		d.sym_buckets = kc_dialect_classic.sym_buckets;
	*ret = d;
	return true;
}
