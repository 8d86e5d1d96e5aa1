/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Most kinds are "prefix:" and then fields in order, each its letters and its value in upper-case hex, as wide as its type,
 * or "*": where a bit of match_flags is not set, or where the value says "any". Those are tables here; the others are
 * functions. The numbers are ABI between modules and depmod since Linux 2.6.
 */
#include "hw/devtable.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

enum when {
	ALWAYS,
	FLAG, /* a bit of the field "match_flags" */
	NOT,  /* the value is another */
};

struct part {
	const char *letters, *field;
	enum when when;
	uint64_t value;
};

#define MAX_PARTS 12

struct ctx {
	const struct hw_kind *k;
	const struct hw_c_entry *e;
	struct str alias;
	hw_alias_fn *fn;
	void *data;
};

struct hw_kind {
	const char *name, *tag, *prefix;
	int (*print)(struct ctx *c); /* else by parts, or text */
	const char *text;	     /* the one field that follows the prefix */
	bool wild;		     /* ends in '*' */
	struct part part[MAX_PARTS];
};

static int emit(struct ctx *c)
{
	c->fn(c->data, str_c(&c->alias));
	return 0;
}

static int get(const struct ctx *c, const char *field, uint64_t *ret)
{
	return hw_c_entry_number(c->e, field, ret) ? 0 : -EINVAL;
}

static void add_wild(struct str *s)
{
	if (!s->n || s->s[s->n - 1] != '*')
		str_addc(s, '*');
}

static void add_value(struct ctx *c, const char *letters, const char *field, bool there, uint64_t v)
{
	const struct hw_c_field *f = NULL;

	hw_c_entry_get(c->e, field, &f);
	str_adds(&c->alias, letters);
	if (!there)
		str_addc(&c->alias, '*');
	else
		str_addf(&c->alias, "%0*llX", f && f->size ? f->size * 2 : 8,
			 (unsigned long long)v);
}

static int add_part(struct ctx *c, const struct part *p)
{
	uint64_t flags, v;
	bool there = true;

	if (get(c, "match_flags", &flags) < 0 || get(c, p->field, &v) < 0)
		return -EINVAL;
	if (p->when == FLAG)
		there = flags & p->value;
	else if (p->when == NOT)
		there = v != p->value;
	add_value(c, p->letters, p->field, there, v);
	return 0;
}

static int by_parts(struct ctx *c)
{
	for (size_t i = 0; i < MAX_PARTS && c->k->part[i].letters; i++)
		if (add_part(c, &c->k->part[i]) < 0)
			return -EINVAL;
	if (c->k->wild)
		add_wild(&c->alias);
	return emit(c);
}

static int by_text(struct ctx *c)
{
	if (!hw_c_entry_text(c->e, c->k->text, &c->alias))
		return -EINVAL;
	if (c->k->wild)
		str_addc(&c->alias, '*');
	return emit(c);
}

/* pci and cdx */

#define OVERRIDE_VFIO 1

static int override(struct ctx *c, const char *name)
{
	uint64_t v;

	if (get(c, "override_only", &v) < 0 || v > OVERRIDE_VFIO)
		return -EINVAL;
	str_addf(&c->alias, "%s%s:", v == OVERRIDE_VFIO ? "vfio_" : "", name);
	return 0;
}

static int ids(struct ctx *c, uint64_t any)
{
	const struct part parts[] = {
		{ "v", "vendor", NOT, any },
		{ "d", "device", NOT, any },
		{ "sv", "subvendor", NOT, any },
		{ "sd", "subdevice", NOT, any },
	};

	for (size_t i = 0; i < countof(parts); i++)
		if (add_part(c, &parts[i]) < 0)
			return -EINVAL;
	return 0;
}

static int print_pci(struct ctx *c)
{
	static const struct {
		const char *letters;
		int shift;
	} bytes[] = { { "bc", 16 }, { "sc", 8 }, { "i", 0 } };
	uint64_t class, mask;

	if (override(c, "pci") < 0 || ids(c, UINT32_MAX) < 0 || get(c, "class", &class) < 0 ||
	    get(c, "class_mask", &mask) < 0)
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
	add_wild(&c->alias);
	return emit(c);
}

static int print_cdx(struct ctx *c)
{
	uint64_t class, mask;

	if (override(c, "cdx") < 0 || ids(c, 0xffff) < 0 || get(c, "class", &class) < 0 ||
	    get(c, "class_mask", &mask) < 0)
		return -EINVAL;
	add_value(c, "c", "class", mask == 0xffffff, class);
	return emit(c);
}

/* usb: bcdDevice is matched by a range, which becomes one pattern or several */

enum {
	USB_VENDOR = 1,
	USB_PRODUCT = 2,
	USB_LO = 4,
	USB_HI = 8,
};
#define BCD_DIGITS 4

static const struct part usb_ids[] = {
	{ "v", "idVendor", FLAG, USB_VENDOR },
	{ "p", "idProduct", FLAG, USB_PRODUCT },
};
static const struct part usb_classes[] = {
	{ "dc", "bDeviceClass", FLAG, 0x10 },	      { "dsc", "bDeviceSubClass", FLAG, 0x20 },
	{ "dp", "bDeviceProtocol", FLAG, 0x40 },      { "ic", "bInterfaceClass", FLAG, 0x80 },
	{ "isc", "bInterfaceSubClass", FLAG, 0x100 }, { "ip", "bInterfaceProtocol", FLAG, 0x200 },
	{ "in", "bInterfaceNumber", FLAG, 0x400 },
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

static int usb_one(struct ctx *c, unsigned first, int digits, unsigned lo, unsigned hi,
		   unsigned max)
{
	str_clear(&c->alias);
	str_adds(&c->alias, "usb:");
	for (size_t i = 0; i < countof(usb_ids); i++)
		if (add_part(c, &usb_ids[i]) < 0)
			return -EINVAL;
	str_addc(&c->alias, 'd');
	if (digits)
		str_addf(&c->alias, "%0*X", digits, first);
	add_range(&c->alias, lo, hi, max);
	if (digits < BCD_DIGITS - 1)
		str_addc(&c->alias, '*');
	for (size_t i = 0; i < countof(usb_classes); i++)
		if (add_part(c, &usb_classes[i]) < 0)
			return -EINVAL;
	add_wild(&c->alias);
	return emit(c);
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

static int print_usb(struct ctx *c)
{
	uint64_t flags, v, p, dc, ic, l, h;
	unsigned lo, hi, max;

	if (get(c, "match_flags", &flags) < 0 || get(c, "idVendor", &v) < 0 ||
	    get(c, "idProduct", &p) < 0 || get(c, "bDeviceClass", &dc) < 0 ||
	    get(c, "bInterfaceClass", &ic) < 0 || get(c, "bcdDevice_lo", &l) < 0 ||
	    get(c, "bcdDevice_hi", &h) < 0)
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

static int add_text(struct ctx *c, const char *letters, const char *field, bool *ret_any)
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

static int print_of(struct ctx *c)
{
	auto_str struct str compatible = { 0 };
	bool any_name, any_type;

	str_adds(&c->alias, "of:");
	if (add_text(c, "N", "name", &any_name) < 0 || add_text(c, "T", "type", &any_type) < 0 ||
	    !hw_c_entry_text(c->e, "compatible", &compatible))
		return -EINVAL;
	if (compatible.n)
		str_addf(&c->alias, "%sC%s", any_type ? "" : "*", str_c(&compatible));
	no_blanks(&c->alias);
	emit(c);
	str_addc(&c->alias, 'C');
	add_wild(&c->alias);
	return emit(c);
}

static int print_vio(struct ctx *c)
{
	bool any;

	str_adds(&c->alias, "vio:");
	if (add_text(c, "T", "type", &any) < 0 || add_text(c, "S", "compat", &any) < 0)
		return -EINVAL;
	no_blanks(&c->alias);
	add_wild(&c->alias);
	return emit(c);
}

/* acpi, pnp */

static int print_acpi(struct ctx *c)
{
	uint64_t class, mask;
	size_t before;

	str_adds(&c->alias, "acpi*:");
	before = c->alias.n;
	if (!hw_c_entry_text(c->e, "id", &c->alias) || get(c, "cls", &class) < 0 ||
	    get(c, "cls_msk", &mask) < 0)
		return -EINVAL;
	if (c->alias.n == before)
		for (int shift = 16; shift >= 0; shift -= 8) {
			if (mask >> shift & 0xff)
				str_addf(&c->alias, "%02x", (unsigned)(class >> shift) & 0xff);
			else
				str_adds(&c->alias, "??");
		}
	str_adds(&c->alias, ":*");
	return emit(c);
}

static int pnp_one(struct ctx *c, const char *id)
{
	str_clear(&c->alias);
	str_addf(&c->alias, "pnp:d%s*", id);
	emit(c);
	str_clear(&c->alias);
	str_adds(&c->alias, "acpi*:");
	for (; *id; id++)
		str_addc(&c->alias, (char)toupper((uint8_t)*id));
	str_adds(&c->alias, ":*");
	return emit(c);
}

static int print_pnp(struct ctx *c)
{
	auto_str struct str id = { 0 };

	return hw_c_entry_text(c->e, "id", &id) ? pnp_one(c, str_c(&id)) : -EINVAL;
}

/* Modpost names a device once per table; here it may come again, which says nothing new. */
static int print_pnp_card(struct ctx *c)
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

static int print_isapnp(struct ctx *c)
{
	uint64_t v, f;

	if (get(c, "vendor", &v) < 0 || get(c, "function", &f) < 0)
		return -EINVAL;
	str_addf(&c->alias, "pnp:d%c%c%c%x%x%x%x*", (int)('A' + ((v >> 2) & 0x3f) - 1),
		 (int)('A' + (((v & 3) << 3) | ((v >> 13) & 7)) - 1),
		 (int)('A' + ((v >> 8) & 0x1f) - 1), (unsigned)(f >> 4) & 0xf, (unsigned)f & 0xf,
		 (unsigned)(f >> 12) & 0xf, (unsigned)(f >> 8) & 0xf);
	return emit(c);
}

/* Arrays of numbers */

static int number_at(const struct ctx *c, const char *field, uint64_t index, uint64_t *ret)
{
	const struct hw_c_span *s = hw_c_entry_get(c->e, field, NULL);
	struct hw_c_span inner;

	*ret = 0;
	if (!s || !s->n)
		return 0;
	return hw_c_braces(s, &inner) && hw_c_at(c->e->u, &inner, index, ret) ? 0 : -EINVAL;
}

static int print_pcmcia(struct ctx *c)
{
	static const struct part parts[] = {
		{ "m", "manf_id", FLAG, 1 },	     { "c", "card_id", FLAG, 2 },
		{ "f", "func_id", FLAG, 4 },	     { "fn", "function", FLAG, 8 },
		{ "pfn", "device_no", FLAG, 0x100 },
	};
	uint64_t flags, hash;

	if (get(c, "match_flags", &flags) < 0)
		return -EINVAL;
	str_adds(&c->alias, "pcmcia:");
	for (size_t i = 0; i < countof(parts); i++)
		if (add_part(c, &parts[i]) < 0)
			return -EINVAL;
	for (unsigned i = 0; i < 4; i++) {
		if (number_at(c, "prod_id_hash", i, &hash) < 0)
			return -EINVAL;
		str_addf(&c->alias, "p%c", 'a' + i);
		if (flags & 0x10 << i)
			str_addf(&c->alias, "%08X", (uint32_t)hash);
		else
			str_addc(&c->alias, '*');
	}
	add_wild(&c->alias);
	return emit(c);
}

static int add_bits(struct ctx *c, const char *field, unsigned min, unsigned max)
{
	for (unsigned i = min; i <= max; i++) {
		uint64_t v;

		if (number_at(c, field, i / 64, &v) < 0)
			return -EINVAL;
		if (!v)
			i |= 63;
		else if (v >> (i % 64) & 1)
			str_addf(&c->alias, "%X,*", i);
	}
	return 0;
}

static int print_input(struct ctx *c)
{
	static const struct part parts[] = {
		{ "b", "bustype", FLAG, 1 },
		{ "v", "vendor", FLAG, 2 },
		{ "p", "product", FLAG, 4 },
		{ "e", "version", FLAG, 8 },
	};
	static const struct {
		const char *letters, *field;
		unsigned min, max;
	} sets[] = {
		{ "-e*", "evbit", 0, 0x1f }, { "k*", "keybit", 0x71, 0x2ff },
		{ "r*", "relbit", 0, 0x0f }, { "a*", "absbit", 0, 0x3f },
		{ "m*", "mscbit", 0, 0x07 }, { "l*", "ledbit", 0, 0x0f },
		{ "s*", "sndbit", 0, 0x07 }, { "f*", "ffbit", 0, 0x7f },
		{ "w*", "swbit", 0, 0x10 },
	};
	uint64_t flags, v;

	if (get(c, "flags", &flags) < 0)
		return -EINVAL;
	str_adds(&c->alias, "input:");
	for (size_t i = 0; i < countof(parts); i++) {
		if (get(c, parts[i].field, &v) < 0)
			return -EINVAL;
		add_value(c, parts[i].letters, parts[i].field, flags & parts[i].value, v);
	}
	for (size_t i = 0; i < countof(sets); i++) {
		str_adds(&c->alias, sets[i].letters);
		if ((flags & 0x10 << i) && add_bits(c, sets[i].field, sets[i].min, sets[i].max) < 0)
			return -EINVAL;
	}
	return emit(c);
}

/* UUIDs: 16 bytes, as UUID_INIT and its like give them in braces */

static int bytes_of(const struct ctx *c, const char *field, uint8_t ret[16])
{
	const struct hw_c_span *s = hw_c_entry_get(c->e, field, NULL);
	struct hw_c_span inner, deeper;

	memset(ret, 0, 16);
	if (!s || !s->n)
		return 0;
	if (!hw_c_braces(s, &inner))
		return -EINVAL;
	if (inner.n >= 2 && hw_c_is(inner.v, '.')) /* .b = { } */
		while (inner.n && !hw_c_is(inner.v, '{')) {
			inner.v++;
			inner.n--;
		}
	if (hw_c_braces(&inner, &deeper))
		inner = deeper;
	for (unsigned i = 0; i < 16; i++) {
		uint64_t v;

		if (!hw_c_at(c->e->u, &inner, i, &v))
			return -EINVAL;
		ret[i] = (uint8_t)v;
	}
	return 0;
}

static void add_uuid(struct str *s, const uint8_t b[16], bool little, const char *fmt)
{
	static const uint8_t order[] = { 3, 2, 1, 0, 5, 4, 7, 6 };

	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			str_addc(s, '-');
		str_addf(s, fmt, b[little && i < 8 ? order[i] : i]);
	}
}

static int print_vmbus(struct ctx *c)
{
	uint8_t b[16];

	if (bytes_of(c, "guid", b) < 0)
		return -EINVAL;
	str_adds(&c->alias, "vmbus:");
	for (unsigned i = 0; i < 16; i++)
		str_addf(&c->alias, "%02x", b[i]);
	return emit(c);
}

static int print_ishtp(struct ctx *c)
{
	uint8_t b[16];

	if (bytes_of(c, "guid", b) < 0)
		return -EINVAL;
	str_adds(&c->alias, "ishtp:{");
	add_uuid(&c->alias, b, true, "%02X");
	str_addc(&c->alias, '}');
	return emit(c);
}

static int print_tee(struct ctx *c)
{
	uint8_t b[16];

	if (bytes_of(c, "uuid", b) < 0)
		return -EINVAL;
	str_adds(&c->alias, "tee:");
	add_uuid(&c->alias, b, false, "%02x");
	add_wild(&c->alias);
	return emit(c);
}

static int print_mei(struct ctx *c)
{
	uint64_t version;
	uint8_t b[16];
	bool any;

	str_adds(&c->alias, "mei");
	if (add_text(c, ":", "name", &any) < 0 || bytes_of(c, "uuid", b) < 0 ||
	    get(c, "version", &version) < 0)
		return -EINVAL;
	str_addc(&c->alias, ':');
	add_uuid(&c->alias, b, true, "%02x");
	add_value(c, ":", "version", version != 0xff, version);
	str_adds(&c->alias, ":*");
	return emit(c);
}

static int print_wmi(struct ctx *c)
{
	str_adds(&c->alias, "wmi:");
	if (!hw_c_entry_text(c->e, "guid_string", &c->alias))
		return -EINVAL;
	if (c->alias.n != strlen("wmi:") + 36)
		return -EINVAL;
	/* from 6.7 on in upper case, as the bus has them; then older tables match, too */
	return emit(c);
}

/* dmi */

static int dmi_text(struct ctx *c, const struct hw_c_layout *of, const struct hw_c_span *match,
		    uint64_t *ret_slot, struct str *ret)
{
	struct hw_c_span inner;
	struct hw_c_entry e;

	if (!hw_c_braces(match, &inner))
		return -EINVAL;
	hw_c_entry_read(c->e->u, of, &inner, &e);
	return hw_c_entry_number(&e, "slot", ret_slot) && hw_c_entry_text(&e, "substr", ret)
		       ? 0
		       : -EINVAL;
}

/* By their place in enum dmi_field. */
static const struct {
	const char *letters;
	int field;
} dmi_fields[] = {
	{ "bvn", 1 },  { "bvr", 2 },  { "bd", 3 },  { "br", 4 },   { "efr", 5 },
	{ "svn", 6 },  { "pn", 7 },   { "pvr", 8 }, { "rvn", 13 }, { "rn", 14 },
	{ "rvr", 15 }, { "cvn", 18 }, { "ct", 19 }, { "cvr", 20 },
};

#define DMI_MATCHES 4

static int print_dmi(struct ctx *c)
{
	static const struct hw_c_field match_fields[] = { { .name = "slot" },
							  { .name = "exact_match" },
							  { .name = "substr" } };
	const struct hw_c_layout match = { .v = (struct hw_c_field *)match_fields, .n = 3 };
	const struct hw_c_span *s = hw_c_entry_get(c->e, "matches", NULL);
	struct str text[DMI_MATCHES] = { 0 };
	uint64_t slot[DMI_MATCHES] = { 0 };
	struct hw_c_span list, e;
	int r = 0;
	size_t n = 0;

	if (!s || !hw_c_braces(s, &list))
		r = s && s->n ? -EINVAL : 0;
	else
		while (r == 0 && n < DMI_MATCHES && hw_c_element(&list, &e)) {
			r = dmi_text(c, &match, &e, &slot[n], &text[n]);
			n++;
		}
	str_adds(&c->alias, "dmi*");
	for (size_t i = 0; r == 0 && i < countof(dmi_fields); i++)
		for (size_t k = 0; k < n; k++) {
			if (slot[k] != (uint64_t)dmi_fields[i].field)
				continue;
			str_addf(&c->alias, ":%s*", dmi_fields[i].letters);
			for (const char *t = str_c(&text[k]); *t; t++)
				if (*t > ' ' && *t < 127 && *t != ':')
					str_addc(&c->alias, *t);
			str_addc(&c->alias, '*');
		}
	str_addc(&c->alias, ':');
	for (size_t k = 0; k < DMI_MATCHES; k++)
		str_release(&text[k]);
	return r < 0 ? r : emit(c);
}

/* cpu */

static int print_x86cpu(struct ctx *c)
{
	uint64_t feature;

	str_adds(&c->alias, "cpu:type:x86,");
	if (add_part(c, &(struct part){ "ven", "vendor", NOT, 0xffff }) < 0 ||
	    add_part(c, &(struct part){ "fam", "family", NOT, 0 }) < 0 ||
	    add_part(c, &(struct part){ "mod", "model", NOT, 0 }) < 0 ||
	    get(c, "feature", &feature) < 0)
		return -EINVAL;
	str_adds(&c->alias, ":feature:*");
	if (feature)
		str_addf(&c->alias, "%04X*", (unsigned)feature);
	return emit(c);
}

static int print_cpu(struct ctx *c)
{
	uint64_t feature;

	if (get(c, "feature", &feature) < 0)
		return -EINVAL;
	str_addf(&c->alias, "cpu:type:*:feature:*%04X*", (unsigned)feature);
	return emit(c);
}

/* Digits of a number under a mask */

static int print_mdio(struct ctx *c)
{
	uint64_t id, mask;

	if (get(c, "phy_id", &id) < 0 || get(c, "phy_id_mask", &mask) < 0)
		return -EINVAL;
	str_adds(&c->alias, "mdio:");
	for (int i = 31; i >= 0; i--)
		str_addc(&c->alias, mask >> i & 1 ? (id >> i & 1 ? '1' : '0') : '?');
	return emit(c);
}

static int print_amba(struct ctx *c)
{
	uint64_t id, mask;

	if (get(c, "id", &id) < 0 || get(c, "mask", &mask) < 0)
		return -EINVAL;
	str_adds(&c->alias, "amba:d");
	for (int shift = 28; shift >= 0; shift -= 4) {
		const unsigned digit = id >> shift & 0xf, m = mask >> shift & 0xf;

		if (m == 0 || m == 0xf) {
			if (m)
				str_addf(&c->alias, "%X", digit);
			else
				str_addc(&c->alias, '?');
			continue;
		}
		str_addc(&c->alias, '[');
		for (unsigned i = 0; i < 16; i++)
			if ((i & m) == digit)
				str_addf(&c->alias, "%X", i);
		str_addc(&c->alias, ']');
	}
	return emit(c);
}

/* Others with formats of their own */

static int print_numbers(struct ctx *c, const char *fmt, const char *a, const char *b)
{
	uint64_t v = 0, w = 0;

	if (get(c, a, &v) < 0 || (b && get(c, b, &w) < 0))
		return -EINVAL;
		/* formats are those below, with as many numbers */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	str_addf(&c->alias, fmt, (unsigned)v, (unsigned)w);
#pragma GCC diagnostic pop
	return emit(c);
}

static int print_ap(struct ctx *c)
{
	return print_numbers(c, "ap:t%02X*", "dev_type", NULL);
}

static int print_css(struct ctx *c)
{
	return print_numbers(c, "css:t%01X", "type", NULL);
}

static int print_ulpi(struct ctx *c)
{
	return print_numbers(c, "ulpi:v%04xp%04x", "vendor", "product");
}

static int print_slim(struct ctx *c)
{
	return print_numbers(c, "slim:%x:%x:*", "manf_id", "prod_code");
}

static int print_mips_cdmm(struct ctx *c)
{
	return print_numbers(c, "mipscdmm:t%02X*", "type", NULL);
}

static int print_coreboot(struct ctx *c)
{
	return print_numbers(c, "coreboot:t%08X", "tag", NULL);
}

static int print_fsl_mc(struct ctx *c)
{
	uint64_t v;

	if (get(c, "vendor", &v) < 0)
		return -EINVAL;
	str_addf(&c->alias, "fsl-mc:v%08Xd", (unsigned)v);
	return hw_c_entry_text(c->e, "obj_type", &c->alias) ? emit(c) : -EINVAL;
}

static int print_tbsvc(struct ctx *c)
{
	static const struct part parts[] = {
		{ "p", "protocol_id", FLAG, 2 },
		{ "v", "protocol_version", FLAG, 4 },
		{ "r", "protocol_revision", FLAG, 8 },
	};
	uint64_t flags;

	if (get(c, "match_flags", &flags) < 0)
		return -EINVAL;
	str_adds(&c->alias, "tbsvc:k");
	if (!(flags & 1))
		str_addc(&c->alias, '*');
	else if (!hw_c_entry_text(c->e, "protocol_key", &c->alias))
		return -EINVAL;
	for (size_t i = 0; i < countof(parts); i++)
		if (add_part(c, &parts[i]) < 0)
			return -EINVAL;
	add_wild(&c->alias);
	return emit(c);
}

/* clang-format off */
static const struct hw_kind kinds[] = {
	{ "pci", "pci_device_id", "", .print = print_pci },
	{ "usb", "usb_device_id", "", .print = print_usb },
	{ "of", "of_device_id", "", .print = print_of },
	{ "acpi", "acpi_device_id", "", .print = print_acpi },
	{ "pnp", "pnp_device_id", "", .print = print_pnp },
	{ "pnp_card", "pnp_card_device_id", "", .print = print_pnp_card },
	{ "isapnp", "isapnp_device_id", "", .print = print_isapnp },
	{ "hid", "hid_device_id", "hid:", .part = {
		{ "b", "bus", NOT, 0xffff }, { "g", "group", NOT, 0 },
		{ "v", "vendor", NOT, UINT32_MAX }, { "p", "product", NOT, UINT32_MAX } } },
	{ "i2c", "i2c_device_id", "i2c:", .text = "name" },
	{ "spi", "spi_device_id", "spi:", .text = "name" },
	{ "platform", "platform_device_id", "platform:", .text = "name" },
	{ "auxiliary", "auxiliary_device_id", "auxiliary:", .text = "name" },
	{ "rpmsg", "rpmsg_device_id", "rpmsg:", .text = "name" },
	{ "vchiq", "vchiq_device_id", "vchiq:", .text = "name" },
	{ "mhi", "mhi_device_id", "mhi:", .text = "chan" },
	{ "mhi_ep", "mhi_device_id", "mhi_ep:", .text = "chan" },
	{ "eisa", "eisa_device_id", "eisa:s", .text = "sig", .wild = true },
	{ "wmi", "wmi_device_id", "", .print = print_wmi },
	{ "dmi", "dmi_system_id", "", .print = print_dmi },
	{ "x86cpu", "x86_cpu_id", "", .print = print_x86cpu },
	{ "cpu", "cpu_feature", "", .print = print_cpu },
	{ "hdaudio", "hda_device_id", "hdaudio:", .wild = true, .part = {
		{ "v", "vendor_id", NOT, 0 }, { "r", "rev_id", NOT, 0 }, { "a", "api_version", NOT, 0 } } },
	{ "virtio", "virtio_device_id", "virtio:", .wild = true, .part = {
		{ "d", "device", NOT, UINT32_MAX }, { "v", "vendor", NOT, UINT32_MAX } } },
	{ "vmbus", "hv_vmbus_device_id", "", .print = print_vmbus },
	{ "input", "input_device_id", "", .print = print_input },
	{ "serio", "serio_device_id", "serio:", .wild = true, .part = {
		{ "ty", "type", NOT, 0xff }, { "pr", "proto", NOT, 0xff },
		{ "id", "id", NOT, 0xff }, { "ex", "extra", NOT, 0xff } } },
	{ "pcmcia", "pcmcia_device_id", "", .print = print_pcmcia },
	{ "ieee1394", "ieee1394_device_id", "ieee1394:", .wild = true, .part = {
		{ "ven", "vendor_id", FLAG, 1 }, { "mo", "model_id", FLAG, 2 },
		{ "sp", "specifier_id", FLAG, 4 }, { "ver", "version", FLAG, 8 } } },
	{ "sdio", "sdio_device_id", "sdio:", .wild = true, .part = {
		{ "c", "class", NOT, 0xff }, { "v", "vendor", NOT, 0xffff }, { "d", "device", NOT, 0xffff } } },
	{ "ssb", "ssb_device_id", "ssb:", .wild = true, .part = {
		{ "v", "vendor", NOT, 0xffff }, { "id", "coreid", NOT, 0xffff }, { "rev", "revision", NOT, 0xff } } },
	{ "bcma", "bcma_device_id", "bcma:", .wild = true, .part = {
		{ "m", "manuf", NOT, 0xffff }, { "id", "id", NOT, 0xffff },
		{ "rev", "rev", NOT, 0xff }, { "cl", "class", NOT, 0xff } } },
	{ "i3c", "i3c_device_id", "i3c:", .part = {
		{ "dcr", "dcr", FLAG, 1 }, { "manuf", "manuf_id", FLAG, 2 },
		{ "part", "part_id", FLAG, 4 }, { "ext", "extra_info", FLAG, 8 } } },
	{ "mdio", "mdio_device_id", "", .print = print_mdio },
	{ "amba", "amba_id", "", .print = print_amba },
	{ "sdw", "sdw_device_id", "sdw:", .wild = true, .part = {
		{ "m", "mfg_id", NOT, 0 }, { "p", "part_id", NOT, 0 },
		{ "v", "sdw_version", NOT, 0 }, { "c", "class_id", NOT, 0 } } },
	{ "slim", "slim_device_id", "", .print = print_slim },
	{ "mei", "mei_cl_device_id", "", .print = print_mei },
	{ "ishtp", "ishtp_device_id", "", .print = print_ishtp },
	{ "tee", "tee_client_device_id", "", .print = print_tee },
	{ "typec", "typec_device_id", "typec:", .part = {
		{ "id", "svid", ALWAYS, 0 }, { "m", "mode", NOT, 7 } } },
	{ "tbsvc", "tb_service_id", "", .print = print_tbsvc },
	{ "ssam", "ssam_device_id", "ssam:", .part = {
		{ "d", "domain", ALWAYS, 0 }, { "c", "category", ALWAYS, 0 }, { "t", "target", FLAG, 1 },
		{ "i", "instance", FLAG, 2 }, { "f", "function", FLAG, 4 } } },
	{ "dfl", "dfl_device_id", "dfl:", .wild = true, .part = {
		{ "t", "type", ALWAYS, 0 }, { "f", "feature_id", ALWAYS, 0 } } },
	{ "cdx", "cdx_device_id", "", .print = print_cdx },
	{ "rapidio", "rio_device_id", "rapidio:", .wild = true, .part = {
		{ "v", "vid", NOT, 0xffff }, { "d", "did", NOT, 0xffff },
		{ "av", "asm_vid", NOT, 0xffff }, { "ad", "asm_did", NOT, 0xffff } } },
	{ "ulpi", "ulpi_device_id", "", .print = print_ulpi },
	{ "ipack", "ipack_device_id", "ipack:", .wild = true, .part = {
		{ "f", "format", NOT, 0xff }, { "v", "vendor", NOT, UINT32_MAX },
		{ "d", "device", NOT, UINT32_MAX } } },
	{ "zorro", "zorro_device_id", "zorro:", .part = { { "i", "id", NOT, UINT32_MAX } } },
	{ "fslmc", "fsl_mc_device_id", "", .print = print_fsl_mc },
	{ "parisc", "parisc_device_id", "parisc:", .wild = true, .part = {
		{ "t", "hw_type", NOT, 0xff }, { "hv", "hversion", NOT, 0xffff },
		{ "rev", "hversion_rev", NOT, 0xff }, { "sv", "sversion", NOT, UINT32_MAX } } },
	{ "vio", "vio_device_id", "", .print = print_vio },
	{ "ccw", "ccw_device_id", "ccw:", .wild = true, .part = {
		{ "t", "cu_type", FLAG, 1 }, { "m", "cu_model", FLAG, 2 },
		{ "dt", "dev_type", FLAG, 4 }, { "dm", "dev_model", FLAG, 8 } } },
	{ "ap", "ap_device_id", "", .print = print_ap },
	{ "css", "css_device_id", "", .print = print_css },
	{ "mipscdmm", "mips_cdmm_device_id", "", .print = print_mips_cdmm },
	{ "coreboot", "coreboot_device_id", "", .print = print_coreboot },
};
/* clang-format on */

const struct hw_kind *hw_kind_get(const char *name)
{
	for (size_t i = 0; i < countof(kinds); i++)
		if (str_eq(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const struct hw_kind *hw_kind_of_tag(const char *tag)
{
	for (size_t i = 0; i < countof(kinds); i++)
		if (str_eq(kinds[i].tag, tag))
			return &kinds[i];
	return NULL;
}

const char *hw_kind_tag(const struct hw_kind *k)
{
	return k->tag;
}

const char *hw_kind_name(const struct hw_kind *k)
{
	return k->name;
}

int hw_kind_aliases(const struct hw_kind *k, const struct hw_c_entry *e, hw_alias_fn *fn,
		    void *data)
{
	struct ctx c = { .k = k, .e = e, .fn = fn, .data = data };
	int r;

	str_adds(&c.alias, k->prefix);
	r = k->print ? k->print(&c) : (k->text ? by_text(&c) : by_parts(&c));
	str_release(&c.alias);
	return r;
}
