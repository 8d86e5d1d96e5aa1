/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells made on the spot, in a store below a scratch folder. */
#pragma once

#include "../unit/unit.h"

#include "store/store.h"

/* An ID of 64 times that digit. */
struct id {
	char s[STO_ID + 1];
};
struct id id_of(char digit);

/* HOME/store, created where missing. */
struct sto *store_open(const char *home);

void write_file(const char *dir, const char *path, const char *text, mode_t mode);
char *read_text(const char *dir, const char *path);

/* Begins a cell and writes "path", "text" pairs into it; behind them NULL. Folders are made. */
struct sto_stage *stage_with(struct sto *s, int digit, ...) __attribute__((sentinel));
/* The cell of digit: boot/config (all have the same), boot/image (its digit) and a tool that may be executed. */
int put_cell(struct sto *s, char digit, struct err *err);

/* Scratch folders are made in memory, where that is given, for what is done hundreds of times. */
void prefer_memory(void);

/* Fails the test with the first fault. */
void assert_clean(struct sto *s);
size_t count_in(const char *dir, const char *folder);
