/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as what lspci and others print: devices that hold together, whose texts have nothing that a terminal acts on. */
#include "fuzz.h"

#include "hw/listing.h"

static void printable(const char *s)
{
	for (; s && *s; s++)
		fuzz_need((unsigned char)*s >= ' ' || *s == '\t');
}

static void check(const struct hw_inventory *inv, const struct hw_device *d)
{
	fuzz_need(d->bus && d->addr && d->line > 0 && !d->parent && !d->path);
	printable(d->addr);
	printable(d->name);
	printable(d->kind);
	printable(d->driver);
	for (size_t i = 0; i < d->n_alias; i++) {
		printable(d->alias[i]);
		fuzz_need(str_starts(d->alias[i], d->bus) && strchr(d->alias[i], ':'));
	}
	for (size_t i = 0; i < d->n_module; i++)
		printable(d->module[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_err struct err err = { 0 };
	int r = hw_listing((const char *)data, size, &inv, &err);

	fuzz_need(r == 0 || err.msg);
	fuzz_need(inv.n <= HW_DEVICES_MOST && inv.odd.n <= HW_ODD_MOST);
	for (size_t i = 0; r == 0 && i < inv.n; i++)
		check(&inv, &inv.v[i]);
	for (size_t i = 0; i < inv.odd.n; i++)
		printable(inv.odd.v[i].text);
	return 0;
}
