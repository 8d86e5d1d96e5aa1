/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an index of a tree's device tables: it is turned down, or every text and number in it may be used. */
#include "fuzz.h"

#include "hw/index.h"

static size_t sum;

static void text(const struct hw_index *ix, hw_text t)
{
	sum += strlen(hw_ix_text(ix, t));
}

static void list(const struct hw_index *ix, const struct hw_ix_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct hw_ix_record *r = &l->v[i];

		text(ix, r->text);
		text(ix, r->table);
		text(ix, r->driver);
		text(ix, r->file);
		text(ix, r->cond);
		text(ix, ix->module[r->module].name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free uint8_t *bytes =
		xmalloc(size ? size : 1); /* of its own, so that what is beyond it is noticed */
	const struct hw_ix_input *in;
	struct hw_index ix;
	size_t n;

	memcpy(bytes, data, size);
	memcpy(bytes, HW_IX_MAGIC,
	       MIN(size, strlen(HW_IX_MAGIC))); /* or next to nothing gets any further */
	if (!hw_index_parse(bytes, size, &ix, &in, &n))
		return 0;
	list(&ix, &ix.alias);
	list(&ix, &ix.firmware);
	list(&ix, &ix.driver);
	list(&ix, &ix.softdep);
	list(&ix, &ix.odd);
	for (size_t i = 0; i < ix.n_modules; i++)
		text(&ix, ix.module[i].path);
	for (size_t i = 0; i < n; i++)
		text(&ix, in[i].path);
	return 0;
}
