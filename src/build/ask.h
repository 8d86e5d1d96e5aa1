/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking programs about themselves, on this host or behind a wrap (a container, a flake's shell). Answers are remembered:
 * here by the identity of the program's file, of all others of its name along PATH (it may be a wrapper of those) and of what a
 * compiler says it starts; behind a wrap by what the place is made from.
 */
#pragma once

#include "base/distro.h"
#include "base/err.h"
#include "base/str.h"

enum bld_place_kind { BLD_HERE, BLD_CONTAINER, BLD_FLAKE };

struct bld_place {
	enum bld_place_kind kind;
	struct strv wrap;     /* what a question stands behind; empty: this host */
	char *identity;	      /* behind a wrap: all that its answers depend on */
	char *name;	      /* for people: "image 'x'", "flake 'x'"; NULL: this host */
	struct strv env;      /* of children */
	struct distro distro; /* whose packages are there */
	bool distro_known;
};
void bld_place_free(struct bld_place *p);

/* There is no such program: what a shell says. */
#define BLD_NOT_THERE 127

struct bld_question {
	struct strv argv;
	bool look;  /* only whether argv[0] is there: nothing is started */
	bool fresh; /* the answer depends on more than programs: never remembered */
	/* the answer */
	struct str said; /* stdout, then stderr (behind a wrap as they came); at most 1 MiB */
	int status;	 /* exit status; BLD_NOT_THERE */
};
struct bld_questions {
	struct bld_question *v;
	size_t n, cap;
};
/* Adds one; the words end with NULL. What it returns is valid until the next is added. */
struct bld_question *bld_question_add(struct bld_questions *q, const char *word, ...)
	__attribute__((sentinel));
void bld_questions_release(struct bld_questions *q);

/* Asks all; behind a wrap in one go. An error is that it could not be asked, not what the answer is. */
int bld_ask(const struct bld_place *p, struct bld_questions *q, struct err *err);
/* Reads which distribution the place is, once. */
int bld_place_distro(struct bld_place *p, struct err *err);

/*
 * Runs a shell behind the wrap of p, all of that is argv, and takes the answers to n questions out of what it writes: each stands
 * between a line TOKEN and "TOKEN STATUS". An error names the place.
 */
int bld_ask_shell(const struct bld_place *p, const struct strv *argv, const char *token,
		  struct bld_question **open, size_t n, struct err *err);
/*
 * The answers in what stdout of the script behind a wrap was, for n questions that were open; token: of its marks. False where
 * there is none for one of them. For the fuzzer.
 */
bool bld_ask_parse(const char *text, size_t size, const char *token, struct bld_question **open,
		   size_t n);
