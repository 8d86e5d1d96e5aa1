/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpci is opened on first use: it reads a list of more than a megabyte. hwdb is mapped, by libsystemd. */
#include "hw/names.h"

#include "base/dl.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <systemd/sd-hwdb.h>

DL_FUNC(pci_alloc);
DL_FUNC(pci_cleanup);
DL_FUNC(pci_lookup_name);

struct names {
	struct hw_inventory *inv;
	struct pci_access *pci; /* NULL: not to be had */
	sd_hwdb *hwdb;
};

/* libpci ends the program where its list is damaged, unless its handler does not come back. */
static jmp_buf out_of_libpci;

__attribute__((noreturn)) static void give_up(char *msg, ...)
{
	longjmp(out_of_libpci, 1);
}

static void say_nothing(char *msg, ...)
{
}

static struct pci_access *open_libpci(void)
{
	static const struct dl_sym syms[] = { DL_SYM(pci_alloc), DL_SYM(pci_cleanup),
					      DL_SYM(pci_lookup_name) };
	static void *lib;
	struct pci_access *a;

	if (dl_open(&lib, "libpci.so.3", syms, countof(syms), NULL) < 0)
		return NULL;
	a = dl_pci_alloc();
	a->error = give_up;
	a->warning = a->debug = say_nothing;
	return a;
}

/* A name from pci.ids; NULL where there is none. For a class b is ignored. */
static const char *look_up(struct names *s, int what, long a, long b)
{
	char buf[256];
	const char *name;

	if (!s->pci)
		return NULL;
	if (setjmp(out_of_libpci)) {
		dl_pci_cleanup(s->pci);
		s->pci = NULL;
		return NULL;
	}
	/* hwdb is asked below; libpci opens it once more for each name, and forgets to close it */
	name = dl_pci_lookup_name(s->pci, buf, sizeof(buf),
				  what | PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB, (int)a,
				  (int)b);
	return name ? hw_inventory_text(s->inv, name, strlen(name)) : NULL;
}

static const char *in_hwdb(struct names *s, const char *alias, const char *key)
{
	const char *value;

	if (!s->hwdb || sd_hwdb_get(s->hwdb, alias, key, &value) < 0)
		return NULL;
	return hw_inventory_text(s->inv, value, strlen(value));
}

/* "VENDOR NAME", or what there is of it. */
static const char *both(struct names *s, const char *vendor, const char *name)
{
	if (vendor && name)
		return arena_printf(&s->inv->arena, "%s %s", vendor, name);
	return vendor ? vendor : name;
}

/* A field of so many digits behind its letters. */
static bool number(const char **p, const char *tag, size_t digits, long *ret)
{
	char text[9] = "";

	if (!str_skip(p, tag) || strspn(*p, "0123456789ABCDEF") < digits)
		return false;
	memcpy(text, *p, digits);
	*ret = strtol(text, NULL, 16);
	*p += digits;
	return true;
}

static void name_pci(struct names *s, struct hw_device *d)
{
	const char *p = d->alias[0], *vendor, *name, *class = strstr(p, "bc");
	long v, id, base, sub;

	if (!number(&p, "pci:v", 8, &v) || !number(&p, "d", 8, &id))
		return;
	if (!d->kind && class && number(&class, "bc", 2, &base) && number(&class, "sc", 2, &sub))
		d->kind = look_up(s, PCI_LOOKUP_CLASS, base << 8 | sub, 0);
	if (!d->kind)
		d->kind = in_hwdb(s, d->alias[0], "ID_PCI_SUBCLASS_FROM_DATABASE");
	if (d->name)
		return;
	vendor = look_up(s, PCI_LOOKUP_VENDOR, v, 0);
	name = look_up(s, PCI_LOOKUP_DEVICE, v, id);
	if (!vendor)
		vendor = in_hwdb(s, d->alias[0], "ID_VENDOR_FROM_DATABASE");
	if (!name)
		name = in_hwdb(s, d->alias[0], "ID_MODEL_FROM_DATABASE");
	if (vendor && !name)
		name = arena_printf(&s->inv->arena, "Device %04lx", id);
	d->name =
		vendor ? both(s, vendor, name) : arena_printf(&s->inv->arena, "%04lx:%04lx", v, id);
}

static void name_by_hwdb(struct names *s, struct hw_device *d)
{
	const char *p = d->alias[0];
	long vendor, product;

	d->name = both(s, in_hwdb(s, p, "ID_VENDOR_FROM_DATABASE"),
		       in_hwdb(s, p, "ID_MODEL_FROM_DATABASE"));
	if (!d->name && number(&p, "usb:v", 4, &vendor) && number(&p, "p", 4, &product))
		d->name = arena_printf(&s->inv->arena, "%04lx:%04lx", vendor, product);
}

/* A USB device that does not tell its name is called as the list calls its interfaces. */
static void name_usb_devices(struct hw_inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++) {
		const struct hw_device *d = &inv->v[i];
		struct hw_device *above = d->parent ? &inv->v[d->parent - 1] : NULL;

		if (above && !above->name && d->n_alias && str_eq(d->bus, "usb") &&
		    str_eq(above->bus, "usb"))
			above->name = d->name;
	}
}

void hw_names(struct hw_inventory *inv)
{
	struct names s = { .inv = inv };
	bool opened = false;

	if (sd_hwdb_new(&s.hwdb) < 0)
		s.hwdb = NULL;
	for (size_t i = 0; i < inv->n; i++) {
		struct hw_device *d = &inv->v[i];
		bool pci = d->n_alias && str_starts(d->alias[0], "pci:");

		if (pci && !opened && (!d->name || !d->kind)) {
			s.pci = open_libpci();
			opened = true;
		}
		if (pci)
			name_pci(&s, d);
		else if (d->n_alias && !d->name)
			name_by_hwdb(&s, d);
	}
	name_usb_devices(inv);
	if (s.pci)
		dl_pci_cleanup(s.pci);
	sd_hwdb_unref(s.hwdb);
}
