/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What compilers and tools say of themselves, made canonical: what tells one from another stays; paths, the processor it
 * runs on and legal text go. Every line is put into ret indented by a tab, with a newline.
 */
#pragma once

#include "base/str.h"

/* `CC -v` of gcc or clang, with or without a file to compile. */
void bld_words_compiler(const char *said, struct str *ret);
/* The target in it, "aarch64-linux-gnu"; NULL: it is not what a compiler says. Freed by the caller. */
char *bld_words_target(const char *said);
/* The version in it, "12.2.0"; NULL likewise. */
char *bld_words_version(const char *said);
bool bld_words_clang(const char *said);
/* `TOOL --version` */
void bld_words_tool(const char *said, struct str *ret);
/* The first number with a dot behind text's letters, "1.24" in "v1.24"; NULL if there is none. Freed by the caller. */
char *bld_words_number(const char *said);
