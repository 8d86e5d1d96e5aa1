/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * C source text as preprocessing tokens. A token points into the text, which outlives it; nothing is copied. Comments and
 * continued lines are white space. What is no C at all gives tokens of single characters, never an error.
 */
#pragma once

#include "base/util.h"

enum hw_c_kind {
	HW_C_END,
	HW_C_IDENT,
	HW_C_NUMBER,
	HW_C_STRING,
	HW_C_CHAR,
	HW_C_PUNCT,
};

/* What a punctuation mark is, in hw_c_tok.punct: one of one character is that, others are made so. */
#define HW_C_2(a, b) ((uint16_t)((a) << 8 | (b)))
#define HW_C_DOTS    ((uint16_t)1)

struct hw_c_tok {
	const char *s;
	uint32_t n;
	uint8_t kind;
	bool first : 1; /* on its line */
	bool space : 1; /* white space before it */
	bool final : 1; /* a macro's name in its own replacement: it is expanded no more */
	bool gone : 1;	/* an empty argument beside ##: joins with what is there */
	uint16_t punct;
	uint32_t line; /* from 1 */
	uint32_t cond; /* under which it is there: hw_conds; 0: always */
};

struct hw_c_toks {
	struct hw_c_tok *v;
	size_t n, cap;
};

struct hw_c_lex {
	const char *p, *end;
	uint32_t line;
	bool first;
};

/* line: of its first character; first: whether that begins a line, so that '#' may begin a directive. */
void hw_c_lex_init(struct hw_c_lex *l, const char *text, size_t n, uint32_t line, bool first);
/* The next token; false (and HW_C_END) at the end. */
bool hw_c_lex_next(struct hw_c_lex *l, struct hw_c_tok *ret);
/* The rest of the line that is being read, with the lines that continue it; the next token is behind it. */
void hw_c_lex_line(struct hw_c_lex *l, const char **ret, size_t *ret_n);

/* Behind n tokens, of which there may be none: v is NULL then. */
static inline const struct hw_c_tok *hw_c_behind(const struct hw_c_tok *v, size_t n)
{
	return n ? v + n : v;
}

static inline bool hw_c_is(const struct hw_c_tok *t, uint16_t punct)
{
	return t->kind == HW_C_PUNCT && t->punct == punct;
}
bool hw_c_named(const struct hw_c_tok *t, const char *name);
/* CONFIG_X */
bool hw_c_is_symbol(const struct hw_c_tok *t);
