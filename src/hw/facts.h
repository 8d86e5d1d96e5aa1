/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a C source of a kernel says of the hardware it is for: device tables, aliases, firmware, drivers. */
#pragma once

#include "hw/c_struct.h"

enum hw_fact_kind {
	HW_FACT_ALIAS, /* that modpost makes of a device table, or MODULE_ALIAS() */
	HW_FACT_BINDS, /* of a driver's table that is in no MODULE_DEVICE_TABLE, or its bare name: it binds, no module is asked for */
	HW_FACT_FIRMWARE, /* MODULE_FIRMWARE() */
	HW_FACT_SOFTDEP,  /* MODULE_SOFTDEP() */
	HW_FACT_DRIVER,	  /* a driver's name, as sysfs has it */
	HW_FACT_ODD,	  /* what could not be read; text: why */
};

struct hw_fact {
	enum hw_fact_kind kind;
	const char *text;   /* HW_C_MODNAME in it stands for the module's name */
	const char *table;  /* "pci", "usb" ...: the kind of device table; NULL: MODULE_ALIAS() */
	const char *driver; /* that has this table; NULL: none is known */
	const char *file;   /* below the tree; NULL: the source itself */
	uint32_t line;
	uint32_t cond; /* of the world's conds */
};

struct hw_facts {
	struct hw_fact *v;
	size_t n, cap;
	struct arena arena; /* of texts */
};

/* The words of which a source has one at least that says anything: most do not, and need not be read. */
void hw_facts_words(const struct hw_c_world *w, struct strv *ret);
bool hw_facts_possible(const struct strv *words, const char *text, size_t n);

/* Appends to ret what a source says; path: of it, below the tree. */
void hw_facts_read(struct hw_c_world *w, const struct hw_c_layouts *l, const char *path,
		   const char *text, size_t n, struct hw_facts *ret);
void hw_facts_release(struct hw_facts *f);
