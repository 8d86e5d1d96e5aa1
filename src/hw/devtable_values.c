/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aliases with arrays, UUIDs, texts and masks in them: pcmcia, input, vmbus, dmi, cpu, mdio and others. */
#include "hw/devtable_parts.h"

#include <errno.h>
#include <string.h>

/* Arrays of numbers */

static int number_at(const struct hw_dt *c, const char *field, uint64_t index, uint64_t *ret)
{
	const struct hw_c_span *s = hw_c_entry_get(c->e, field, NULL);
	struct hw_c_span inner;

	*ret = 0;
	if (!s || !s->n)
		return 0;
	return hw_c_braces(s, &inner) && hw_c_at(c->e->u, &inner, index, ret) ? 0 : -EINVAL;
}

int hw_dt_pcmcia(struct hw_dt *c)
{
	static const struct hw_dt_part parts[] = {
		{ "m", "manf_id", HW_DT_FLAG, 1 },	   { "c", "card_id", HW_DT_FLAG, 2 },
		{ "f", "func_id", HW_DT_FLAG, 4 },	   { "fn", "function", HW_DT_FLAG, 8 },
		{ "pfn", "device_no", HW_DT_FLAG, 0x100 },
	};
	uint64_t flags, hash;

	if (hw_dt_get(c, "match_flags", &flags) < 0)
		return -EINVAL;
	str_adds(&c->alias, "pcmcia:");
	for (size_t i = 0; i < countof(parts); i++)
		if (hw_dt_part(c, &parts[i]) < 0)
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
	hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

static int add_bits(struct hw_dt *c, const char *field, unsigned min, unsigned max)
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

int hw_dt_input(struct hw_dt *c)
{
	static const struct hw_dt_part parts[] = {
		{ "b", "bustype", HW_DT_FLAG, 1 },
		{ "v", "vendor", HW_DT_FLAG, 2 },
		{ "p", "product", HW_DT_FLAG, 4 },
		{ "e", "version", HW_DT_FLAG, 8 },
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

	if (hw_dt_get(c, "flags", &flags) < 0)
		return -EINVAL;
	str_adds(&c->alias, "input:");
	for (size_t i = 0; i < countof(parts); i++) {
		if (hw_dt_get(c, parts[i].field, &v) < 0)
			return -EINVAL;
		hw_dt_value(c, parts[i].letters, parts[i].field, flags & parts[i].value, v);
	}
	for (size_t i = 0; i < countof(sets); i++) {
		str_adds(&c->alias, sets[i].letters);
		if ((flags & 0x10 << i) && add_bits(c, sets[i].field, sets[i].min, sets[i].max) < 0)
			return -EINVAL;
	}
	return hw_dt_emit(c);
}

/* UUIDs: 16 bytes, as UUID_INIT and its like give them in braces */

static int bytes_of(const struct hw_dt *c, const char *field, uint8_t ret[16])
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

int hw_dt_vmbus(struct hw_dt *c)
{
	uint8_t b[16];

	if (bytes_of(c, "guid", b) < 0)
		return -EINVAL;
	str_adds(&c->alias, "vmbus:");
	for (unsigned i = 0; i < 16; i++)
		str_addf(&c->alias, "%02x", b[i]);
	return hw_dt_emit(c);
}

int hw_dt_ishtp(struct hw_dt *c)
{
	uint8_t b[16];

	if (bytes_of(c, "guid", b) < 0)
		return -EINVAL;
	str_adds(&c->alias, "ishtp:{");
	add_uuid(&c->alias, b, true, "%02X");
	str_addc(&c->alias, '}');
	return hw_dt_emit(c);
}

int hw_dt_tee(struct hw_dt *c)
{
	uint8_t b[16];

	if (bytes_of(c, "uuid", b) < 0)
		return -EINVAL;
	str_adds(&c->alias, "tee:");
	add_uuid(&c->alias, b, false, "%02x");
	hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

int hw_dt_mei(struct hw_dt *c)
{
	uint64_t version;
	uint8_t b[16];
	bool any;

	str_adds(&c->alias, "mei");
	if (hw_dt_text(c, ":", "name", &any) < 0 || bytes_of(c, "uuid", b) < 0 ||
	    hw_dt_get(c, "version", &version) < 0)
		return -EINVAL;
	str_addc(&c->alias, ':');
	add_uuid(&c->alias, b, true, "%02x");
	hw_dt_value(c, ":", "version", version != 0xff, version);
	str_adds(&c->alias, ":*");
	return hw_dt_emit(c);
}

int hw_dt_wmi(struct hw_dt *c)
{
	str_adds(&c->alias, "wmi:");
	if (!hw_c_entry_text(c->e, "guid_string", &c->alias))
		return -EINVAL;
	if (c->alias.n != strlen("wmi:") + 36)
		return -EINVAL;
	/* from 6.7 on in upper case, as the bus has them; then older tables match, too */
	return hw_dt_emit(c);
}

/* dmi */

static int dmi_text(struct hw_dt *c, const struct hw_c_layout *of, const struct hw_c_span *match,
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

int hw_dt_dmi(struct hw_dt *c)
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
	return r < 0 ? r : hw_dt_emit(c);
}

/* cpu */

int hw_dt_x86cpu(struct hw_dt *c)
{
	uint64_t feature;

	str_adds(&c->alias, "cpu:type:x86,");
	if (hw_dt_part(c, &(struct hw_dt_part){ "ven", "vendor", HW_DT_NOT, 0xffff }) < 0 ||
	    hw_dt_part(c, &(struct hw_dt_part){ "fam", "family", HW_DT_NOT, 0 }) < 0 ||
	    hw_dt_part(c, &(struct hw_dt_part){ "mod", "model", HW_DT_NOT, 0 }) < 0 ||
	    hw_dt_get(c, "feature", &feature) < 0)
		return -EINVAL;
	str_adds(&c->alias, ":feature:*");
	if (feature)
		str_addf(&c->alias, "%04X*", (unsigned)feature);
	return hw_dt_emit(c);
}

int hw_dt_cpu(struct hw_dt *c)
{
	uint64_t feature;

	if (hw_dt_get(c, "feature", &feature) < 0)
		return -EINVAL;
	str_addf(&c->alias, "cpu:type:*:feature:*%04X*", (unsigned)feature);
	return hw_dt_emit(c);
}

/* Digits of a number under a mask */

int hw_dt_mdio(struct hw_dt *c)
{
	uint64_t id, mask;

	if (hw_dt_get(c, "phy_id", &id) < 0 || hw_dt_get(c, "phy_id_mask", &mask) < 0)
		return -EINVAL;
	str_adds(&c->alias, "mdio:");
	for (int i = 31; i >= 0; i--)
		str_addc(&c->alias, mask >> i & 1 ? (id >> i & 1 ? '1' : '0') : '?');
	return hw_dt_emit(c);
}

int hw_dt_amba(struct hw_dt *c)
{
	uint64_t id, mask;

	if (hw_dt_get(c, "id", &id) < 0 || hw_dt_get(c, "mask", &mask) < 0)
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
	return hw_dt_emit(c);
}
