/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as what make says, at once and in pieces: the same comes out, and it is bounded. */
#include "fuzz.h"

#include "build/output.h"

static void read_log(const uint8_t *data, size_t size, size_t piece, struct bld_kbuild *k)
{
	struct bld_output *o = bld_output_new(k, "/k/tree", "/k/build");

	for (size_t at = 0; at < size; at += piece)
		bld_output_feed(o, (const char *)data + at, MIN(piece, size - at));
	bld_output_end(o);
	bld_output_free(o);
}

static void need_same(const struct bld_messages *a, const struct bld_messages *b)
{
	fuzz_need(a->n == b->n && a->all == b->all);
	for (size_t i = 0; i < a->n; i++) {
		const struct bld_message *x = &a->v[i], *y = &b->v[i];

		fuzz_need(str_eq(x->file, y->file) && x->line == y->line && x->column == y->column);
		fuzz_need(x->text && str_eq(x->text, y->text) && str_eq(x->detail, y->detail));
		fuzz_need(str_eq(x->object, y->object) && x->times == y->times && x->times > 0);
	}
}

static void release(struct bld_kbuild *k)
{
	bld_messages_release(&k->warnings);
	bld_messages_release(&k->errors);
	str_release(&k->first_error);
	free(k->step);
	free(k->failed_object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bld_kbuild whole = { 0 }, pieces = { 0 };

	read_log(data, size, size + 1, &whole);
	read_log(data, size, 7, &pieces);
	need_same(&whole.warnings, &pieces.warnings);
	need_same(&whole.errors, &pieces.errors);
	fuzz_need(whole.steps == pieces.steps && str_eq(whole.step, pieces.step));
	fuzz_need(str_eq(whole.failed_object, pieces.failed_object));
	fuzz_need(str_eq(str_c(&whole.first_error), str_c(&pieces.first_error)));
	fuzz_need((whole.errors.all > 0) == (whole.first_error.n > 0));
	fuzz_need(!whole.failed_object || whole.errors.all > 0);
	release(&whole);
	release(&pieces);
	return 0;
}
