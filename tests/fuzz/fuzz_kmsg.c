/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a kernel's log: files whose names can be opened below a folder and printed. */
#include "fuzz.h"

#include "hw/kmsg.h"

static bool known(const void *ctx, const char *name)
{
	return strchr(name, '.') != NULL;
}

static void check(const struct hw_kmsg *k, size_t i)
{
	const struct hw_kmsg_file *f = &k->v[i];

	fuzz_need(hw_firmware_is_name(f->name, strlen(f->name)));
	fuzz_need(!f->driver == !f->addr);
	fuzz_need(!f->instead || (f->missed && !f->loaded));
	fuzz_need(f->line > 0 && (!i || k->v[i - 1].line <= f->line));
	for (size_t x = 0; x < i; x++)
		fuzz_need(!str_eq(k->v[x].name, f->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *log = xstrndup((const char *)data, size);
	auto_hw_kmsg struct hw_kmsg k = { 0 }, plain = { 0 };

	hw_kmsg_read(log, known, NULL, &k);
	hw_kmsg_read(log, NULL, NULL, &plain);
	fuzz_need(k.n <= HW_KMSG_FILES && plain.n <= k.n);
	for (size_t i = 0; i < k.n; i++)
		check(&k, i);
	hw_kmsg_matters(log, strlen(log));
	return 0;
}
