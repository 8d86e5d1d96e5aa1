/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kinds of device tables have in common (hw/devtable.c); only for these. */
#pragma once

#include "hw/devtable.h"

enum hw_dt_when {
	HW_DT_ALWAYS,
	HW_DT_FLAG, /* a bit of the field "match_flags" */
	HW_DT_NOT,  /* the value is another */
};

struct hw_dt_part {
	const char *letters, *field;
	enum hw_dt_when when;
	uint64_t value;
};

#define HW_DT_PARTS 12

struct hw_dt {
	const struct hw_kind *k;
	const struct hw_c_entry *e;
	struct str alias;
	hw_alias_fn *fn;
	void *data;
};

struct hw_kind {
	const char *name, *tag, *prefix;
	int (*print)(struct hw_dt *c); /* else by parts, or text */
	const char *text;	       /* the one field that follows the prefix */
	bool wild;		       /* ends in '*' */
	struct hw_dt_part part[HW_DT_PARTS];
};

/* Hands the alias over. */
int hw_dt_emit(struct hw_dt *c);
/* The value of a field, 0 where the structure has none of that name; -EINVAL: not known. */
int hw_dt_get(const struct hw_dt *c, const char *field, uint64_t *ret);
/* A '*' at the end, if there is none. */
void hw_dt_wild(struct str *s);
/* Letters and a value, in upper-case hex as wide as its field, or '*'. */
void hw_dt_value(struct hw_dt *c, const char *letters, const char *field, bool there, uint64_t v);
int hw_dt_part(struct hw_dt *c, const struct hw_dt_part *p);
/* Letters and a text, or '*' where it is empty. */
int hw_dt_text(struct hw_dt *c, const char *letters, const char *field, bool *ret_any);

/* Kinds that are no list of parts. -EINVAL: a value is not known, or modpost makes no alias of it. */
int hw_dt_pci(struct hw_dt *c);
int hw_dt_cdx(struct hw_dt *c);
int hw_dt_usb(struct hw_dt *c);
int hw_dt_of(struct hw_dt *c);
int hw_dt_vio(struct hw_dt *c);
int hw_dt_acpi(struct hw_dt *c);
int hw_dt_pnp(struct hw_dt *c);
int hw_dt_pnp_card(struct hw_dt *c);
int hw_dt_isapnp(struct hw_dt *c);
int hw_dt_pcmcia(struct hw_dt *c);
int hw_dt_input(struct hw_dt *c);
int hw_dt_vmbus(struct hw_dt *c);
int hw_dt_ishtp(struct hw_dt *c);
int hw_dt_tee(struct hw_dt *c);
int hw_dt_mei(struct hw_dt *c);
int hw_dt_wmi(struct hw_dt *c);
int hw_dt_dmi(struct hw_dt *c);
int hw_dt_x86cpu(struct hw_dt *c);
int hw_dt_cpu(struct hw_dt *c);
int hw_dt_mdio(struct hw_dt *c);
int hw_dt_amba(struct hw_dt *c);
