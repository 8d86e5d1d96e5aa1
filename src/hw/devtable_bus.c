/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aliases of buses whose tables have more than numbers one behind the other: pci, usb, of, acpi, pnp. */
#include "hw/devtable_parts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* pci and cdx */

#define OVERRIDE_VFIO 1

static int override(struct hw_dt *c, const char *name)
{
	uint64_t v;

	if (hw_dt_get(c, "override_only", &v) < 0 || v > OVERRIDE_VFIO)
		return -EINVAL;
	str_addf(&c->alias, "%s%s:", v == OVERRIDE_VFIO ? "vfio_" : "", name);
	return 0;
}

static int ids(struct hw_dt *c, uint64_t any)
{
	const struct hw_dt_part parts[] = {
		{ "v", "vendor", HW_DT_NOT, any },
		{ "d", "device", HW_DT_NOT, any },
		{ "sv", "subvendor", HW_DT_NOT, any },
		{ "sd", "subdevice", HW_DT_NOT, any },
	};

	for (size_t i = 0; i < countof(parts); i++)
		if (hw_dt_part(c, &parts[i]) < 0)
			return -EINVAL;
	return 0;
}

int hw_dt_pci(struct hw_dt *c)
{
	static const struct {
		const char *letters;
		int shift;
	} bytes[] = { { "bc", 16 }, { "sc", 8 }, { "i", 0 } };
	uint64_t class, mask;

	if (override(c, "pci") < 0 || ids(c, UINT32_MAX) < 0 || hw_dt_get(c, "class", &class) < 0 ||
	    hw_dt_get(c, "class_mask", &mask) < 0)
		return -EINVAL;
	for (size_t i = 0; i < countof(bytes); i++) {
		const unsigned m = (mask >> bytes[i].shift) & 0xff;

		if (m != 0 && m != 0xff)
			return -EINVAL;
		str_adds(&c->alias, bytes[i].letters);
		if (m)
			str_addf(&c->alias, "%02X", (unsigned)(class >> bytes[i].shift) & 0xff);
		else
			str_addc(&c->alias, '*');
	}
	hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

int hw_dt_cdx(struct hw_dt *c)
{
	uint64_t class, mask;

	if (override(c, "cdx") < 0 || ids(c, 0xffff) < 0 || hw_dt_get(c, "class", &class) < 0 ||
	    hw_dt_get(c, "class_mask", &mask) < 0)
		return -EINVAL;
	hw_dt_value(c, "c", "class", mask == 0xffffff, class);
	return hw_dt_emit(c);
}

/* usb: bcdDevice is matched by a range, which becomes one pattern or several */

enum {
	USB_VENDOR = 1,
	USB_PRODUCT = 2,
	USB_LO = 4,
	USB_HI = 8,
};
#define BCD_DIGITS 4

static const struct hw_dt_part usb_ids[] = {
	{ "v", "idVendor", HW_DT_FLAG, USB_VENDOR },
	{ "p", "idProduct", HW_DT_FLAG, USB_PRODUCT },
};
static const struct hw_dt_part usb_classes[] = {
	{ "dc", "bDeviceClass", HW_DT_FLAG, 0x10 },
	{ "dsc", "bDeviceSubClass", HW_DT_FLAG, 0x20 },
	{ "dp", "bDeviceProtocol", HW_DT_FLAG, 0x40 },
	{ "ic", "bInterfaceClass", HW_DT_FLAG, 0x80 },
	{ "isc", "bInterfaceSubClass", HW_DT_FLAG, 0x100 },
	{ "ip", "bInterfaceProtocol", HW_DT_FLAG, 0x200 },
	{ "in", "bInterfaceNumber", HW_DT_FLAG, 0x400 },
};

/* One digit out of [lo, hi], as a set: digits and letters do not follow each other in ASCII. */
static void add_range(struct str *s, unsigned lo, unsigned hi, unsigned max)
{
	if (lo == hi)
		str_addf(s, "%X", lo);
	else if (lo == 0 && hi >= max)
		return;
	else if (lo > 9 || hi < 10)
		str_addf(s, "[%X-%X]", lo, hi);
	else
		str_addf(s, lo < 9 ? "[%X-9" : "[%X", lo),
			str_addf(s, hi > 10 ? "A-%X]" : "%X]", hi);
}

static int usb_one(struct hw_dt *c, unsigned first, int digits, unsigned lo, unsigned hi,
		   unsigned max)
{
	str_clear(&c->alias);
	str_adds(&c->alias, "usb:");
	for (size_t i = 0; i < countof(usb_ids); i++)
		if (hw_dt_part(c, &usb_ids[i]) < 0)
			return -EINVAL;
	str_addc(&c->alias, 'd');
	if (digits)
		str_addf(&c->alias, "%0*X", digits, first);
	add_range(&c->alias, lo, hi, max);
	if (digits < BCD_DIGITS - 1)
		str_addc(&c->alias, '*');
	for (size_t i = 0; i < countof(usb_classes); i++)
		if (hw_dt_part(c, &usb_classes[i]) < 0)
			return -EINVAL;
	hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

/* Adds to a number in BCD (hexadecimal where max says so); returns what it was. */
static unsigned step(unsigned *bcd, int by, unsigned max)
{
	const unsigned was = *bcd;
	long decimal = 0, unit = 1;

	if (max > 9) {
		*bcd += (unsigned)by;
		return was;
	}
	for (int i = 0; i < BCD_DIGITS; i++, unit *= 10)
		decimal += MIN((*bcd >> (i * 4)) & 0xf, 9u) * unit;
	decimal += by;
	*bcd = 0;
	for (int i = 0; i < BCD_DIGITS; i++, decimal /= 10)
		*bcd += (unsigned)(decimal % 10) << (i * 4);
	return was;
}

static unsigned usb_max(unsigned lo, unsigned hi)
{
	const unsigned capped = MIN(hi, 0x9999u);

	for (int i = 0; i < BCD_DIGITS; i++)
		if (((lo >> (i * 4)) & 0xf) > 9 || ((capped >> (i * 4)) & 0xf) > 9)
			return 0xf;
	return 9;
}

int hw_dt_usb(struct hw_dt *c)
{
	uint64_t flags, v, p, dc, ic, l, h;
	unsigned lo, hi, max;

	if (hw_dt_get(c, "match_flags", &flags) < 0 || hw_dt_get(c, "idVendor", &v) < 0 ||
	    hw_dt_get(c, "idProduct", &p) < 0 || hw_dt_get(c, "bDeviceClass", &dc) < 0 ||
	    hw_dt_get(c, "bInterfaceClass", &ic) < 0 || hw_dt_get(c, "bcdDevice_lo", &l) < 0 ||
	    hw_dt_get(c, "bcdDevice_hi", &h) < 0)
		return -EINVAL;
	if (!(v | p | dc | ic))
		return 0; /* a place kept free, to be filled at run time */
	lo = flags & USB_LO ? (unsigned)l : 0;
	hi = flags & USB_HI ? (unsigned)h : UINT32_MAX;
	max = usb_max(lo, hi);
	for (int digits = BCD_DIGITS - 1; lo <= hi; digits--) {
		const unsigned a = lo & 0xf, b = MIN(hi & 0xf, max);

		lo >>= 4;
		hi >>= 4;
		if (lo == hi || !digits)
			return usb_one(c, lo, digits, a, b, max);
		if (a > 0 && usb_one(c, step(&lo, 1, max), digits, a, max, max) < 0)
			return -EINVAL;
		if (b < max && usb_one(c, step(&hi, -1, max), digits, 0, b, max) < 0)
			return -EINVAL;
	}
	return 0;
}

/* of, vio: blanks become underscores */

static void no_blanks(struct str *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (isspace((uint8_t)s->s[i]))
			s->s[i] = '_';
}

int hw_dt_text(struct hw_dt *c, const char *letters, const char *field, bool *ret_any)
{
	size_t before;

	str_adds(&c->alias, letters);
	before = c->alias.n;
	if (!hw_c_entry_text(c->e, field, &c->alias))
		return -EINVAL;
	*ret_any = c->alias.n == before;
	if (*ret_any)
		str_addc(&c->alias, '*');
	return 0;
}

int hw_dt_of(struct hw_dt *c)
{
	auto_str struct str compatible = { 0 };
	bool any_name, any_type;

	str_adds(&c->alias, "of:");
	if (hw_dt_text(c, "N", "name", &any_name) < 0 ||
	    hw_dt_text(c, "T", "type", &any_type) < 0 ||
	    !hw_c_entry_text(c->e, "compatible", &compatible))
		return -EINVAL;
	if (compatible.n)
		str_addf(&c->alias, "%sC%s", any_type ? "" : "*", str_c(&compatible));
	no_blanks(&c->alias);
	hw_dt_emit(c);
	str_addc(&c->alias, 'C');
	hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

int hw_dt_vio(struct hw_dt *c)
{
	bool any;

	str_adds(&c->alias, "vio:");
	if (hw_dt_text(c, "T", "type", &any) < 0 || hw_dt_text(c, "S", "compat", &any) < 0)
		return -EINVAL;
	no_blanks(&c->alias);
	hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

/* acpi, pnp */

int hw_dt_acpi(struct hw_dt *c)
{
	uint64_t class, mask;
	size_t before;

	str_adds(&c->alias, "acpi*:");
	before = c->alias.n;
	if (!hw_c_entry_text(c->e, "id", &c->alias) || hw_dt_get(c, "cls", &class) < 0 ||
	    hw_dt_get(c, "cls_msk", &mask) < 0)
		return -EINVAL;
	if (c->alias.n == before)
		for (int shift = 16; shift >= 0; shift -= 8) {
			if (mask >> shift & 0xff)
				str_addf(&c->alias, "%02x", (unsigned)(class >> shift) & 0xff);
			else
				str_adds(&c->alias, "??");
		}
	str_adds(&c->alias, ":*");
	return hw_dt_emit(c);
}

static int pnp_one(struct hw_dt *c, const char *id)
{
	str_clear(&c->alias);
	str_addf(&c->alias, "pnp:d%s*", id);
	hw_dt_emit(c);
	str_clear(&c->alias);
	str_adds(&c->alias, "acpi*:");
	for (; *id; id++)
		str_addc(&c->alias, (char)toupper((uint8_t)*id));
	str_adds(&c->alias, ":*");
	return hw_dt_emit(c);
}

int hw_dt_pnp(struct hw_dt *c)
{
	auto_str struct str id = { 0 };

	return hw_c_entry_text(c->e, "id", &id) ? pnp_one(c, str_c(&id)) : -EINVAL;
}

/* Modpost names a device once per table; here it may come again, which says nothing new. */
int hw_dt_pnp_card(struct hw_dt *c)
{
	const struct hw_c_field *f;
	const struct hw_c_span *s = hw_c_entry_get(c->e, "devs", &f);
	struct hw_c_span list, e, inner;

	if (!s || !hw_c_braces(s, &list) || !f->of)
		return s && s->n ? -EINVAL : 0;
	while (hw_c_element(&list, &e)) {
		auto_str struct str id = { 0 };
		struct hw_c_entry dev;

		if (!hw_c_braces(&e, &inner))
			return -EINVAL;
		hw_c_entry_read(c->e->u, f->of, &inner, &dev);
		if (!hw_c_entry_text(&dev, "id", &id))
			return -EINVAL;
		if (!id.n)
			break;
		pnp_one(c, str_c(&id));
	}
	return 0;
}

int hw_dt_isapnp(struct hw_dt *c)
{
	uint64_t v, f;

	if (hw_dt_get(c, "vendor", &v) < 0 || hw_dt_get(c, "function", &f) < 0)
		return -EINVAL;
	str_addf(&c->alias, "pnp:d%c%c%c%x%x%x%x*", (int)('A' + ((v >> 2) & 0x3f) - 1),
		 (int)('A' + (((v & 3) << 3) | ((v >> 13) & 7)) - 1),
		 (int)('A' + ((v >> 8) & 0x1f) - 1), (unsigned)(f >> 4) & 0xf, (unsigned)f & 0xf,
		 (unsigned)(f >> 12) & 0xf, (unsigned)(f >> 8) & 0xf);
	return hw_dt_emit(c);
}
