/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Most kinds are "prefix:" and then fields in order, each its letters and its value in upper-case hex, as wide as its type,
 * or "*": where a bit of match_flags is not set, or where the value says "any". Those are tables here; the others are
 * functions. The numbers are ABI between modules and depmod since Linux 2.6.
 */
#include "hw/devtable_parts.h"

#include <errno.h>
#include <stdio.h>
int hw_dt_emit(struct hw_dt *c)
{
	c->fn(c->data, str_c(&c->alias));
	return 0;
}

int hw_dt_get(const struct hw_dt *c, const char *field, uint64_t *ret)
{
	return hw_c_entry_number(c->e, field, ret) ? 0 : -EINVAL;
}

void hw_dt_wild(struct str *s)
{
	if (!s->n || s->s[s->n - 1] != '*')
		str_addc(s, '*');
}

void hw_dt_value(struct hw_dt *c, const char *letters, const char *field, bool there, uint64_t v)
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

int hw_dt_part(struct hw_dt *c, const struct hw_dt_part *p)
{
	uint64_t flags, v;
	bool there = true;

	if (hw_dt_get(c, "match_flags", &flags) < 0 || hw_dt_get(c, p->field, &v) < 0)
		return -EINVAL;
	if (p->when == HW_DT_FLAG)
		there = flags & p->value;
	else if (p->when == HW_DT_NOT)
		there = v != p->value;
	hw_dt_value(c, p->letters, p->field, there, v);
	return 0;
}

static int by_parts(struct hw_dt *c)
{
	for (size_t i = 0; i < HW_DT_PARTS && c->k->part[i].letters; i++)
		if (hw_dt_part(c, &c->k->part[i]) < 0)
			return -EINVAL;
	if (c->k->wild)
		hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

static int by_text(struct hw_dt *c)
{
	if (!hw_c_entry_text(c->e, c->k->text, &c->alias))
		return -EINVAL;
	if (c->k->wild)
		str_addc(&c->alias, '*');
	return hw_dt_emit(c);
}

/* Others with formats of their own */

static int print_numbers(struct hw_dt *c, const char *fmt, const char *a, const char *b)
{
	uint64_t v = 0, w = 0;

	if (hw_dt_get(c, a, &v) < 0 || (b && hw_dt_get(c, b, &w) < 0))
		return -EINVAL;
		/* formats are those below, with as many numbers */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	str_addf(&c->alias, fmt, (unsigned)v, (unsigned)w);
#pragma GCC diagnostic pop
	return hw_dt_emit(c);
}

static int print_ap(struct hw_dt *c)
{
	return print_numbers(c, "ap:t%02X*", "dev_type", NULL);
}

static int print_css(struct hw_dt *c)
{
	return print_numbers(c, "css:t%01X", "type", NULL);
}

static int print_ulpi(struct hw_dt *c)
{
	return print_numbers(c, "ulpi:v%04xp%04x", "vendor", "product");
}

static int print_slim(struct hw_dt *c)
{
	return print_numbers(c, "slim:%x:%x:*", "manf_id", "prod_code");
}

static int print_mips_cdmm(struct hw_dt *c)
{
	return print_numbers(c, "mipscdmm:t%02X*", "type", NULL);
}

static int print_coreboot(struct hw_dt *c)
{
	return print_numbers(c, "coreboot:t%08X", "tag", NULL);
}

static int print_fsl_mc(struct hw_dt *c)
{
	uint64_t v;

	if (hw_dt_get(c, "vendor", &v) < 0)
		return -EINVAL;
	str_addf(&c->alias, "fsl-mc:v%08Xd", (unsigned)v);
	return hw_c_entry_text(c->e, "obj_type", &c->alias) ? hw_dt_emit(c) : -EINVAL;
}

static int print_tbsvc(struct hw_dt *c)
{
	static const struct hw_dt_part parts[] = {
		{ "p", "protocol_id", HW_DT_FLAG, 2 },
		{ "v", "protocol_version", HW_DT_FLAG, 4 },
		{ "r", "protocol_revision", HW_DT_FLAG, 8 },
	};
	uint64_t flags;

	if (hw_dt_get(c, "match_flags", &flags) < 0)
		return -EINVAL;
	str_adds(&c->alias, "tbsvc:k");
	if (!(flags & 1))
		str_addc(&c->alias, '*');
	else if (!hw_c_entry_text(c->e, "protocol_key", &c->alias))
		return -EINVAL;
	for (size_t i = 0; i < countof(parts); i++)
		if (hw_dt_part(c, &parts[i]) < 0)
			return -EINVAL;
	hw_dt_wild(&c->alias);
	return hw_dt_emit(c);
}

/* clang-format off */
static const struct hw_kind kinds[] = {
	{ "pci", "pci_device_id", "", .print = hw_dt_pci },
	{ "usb", "usb_device_id", "", .print = hw_dt_usb },
	{ "of", "of_device_id", "", .print = hw_dt_of },
	{ "acpi", "acpi_device_id", "", .print = hw_dt_acpi },
	{ "pnp", "pnp_device_id", "", .print = hw_dt_pnp },
	{ "pnp_card", "pnp_card_device_id", "", .print = hw_dt_pnp_card },
	{ "isapnp", "isapnp_device_id", "", .print = hw_dt_isapnp },
	{ "hid", "hid_device_id", "hid:", .part = {
		{ "b", "bus", HW_DT_NOT, 0xffff }, { "g", "group", HW_DT_NOT, 0 },
		{ "v", "vendor", HW_DT_NOT, UINT32_MAX }, { "p", "product", HW_DT_NOT, UINT32_MAX } } },
	{ "i2c", "i2c_device_id", "i2c:", .text = "name" },
	{ "spi", "spi_device_id", "spi:", .text = "name" },
	{ "platform", "platform_device_id", "platform:", .text = "name" },
	{ "auxiliary", "auxiliary_device_id", "auxiliary:", .text = "name" },
	{ "rpmsg", "rpmsg_device_id", "rpmsg:", .text = "name" },
	{ "vchiq", "vchiq_device_id", "vchiq:", .text = "name" },
	{ "mhi", "mhi_device_id", "mhi:", .text = "chan" },
	{ "mhi_ep", "mhi_device_id", "mhi_ep:", .text = "chan" },
	{ "eisa", "eisa_device_id", "eisa:s", .text = "sig", .wild = true },
	{ "wmi", "wmi_device_id", "", .print = hw_dt_wmi },
	{ "dmi", "dmi_system_id", "", .print = hw_dt_dmi },
	{ "x86cpu", "x86_cpu_id", "", .print = hw_dt_x86cpu },
	{ "cpu", "cpu_feature", "", .print = hw_dt_cpu },
	{ "hdaudio", "hda_device_id", "hdaudio:", .wild = true, .part = {
		{ "v", "vendor_id", HW_DT_NOT, 0 }, { "r", "rev_id", HW_DT_NOT, 0 }, { "a", "api_version", HW_DT_NOT, 0 } } },
	{ "virtio", "virtio_device_id", "virtio:", .wild = true, .part = {
		{ "d", "device", HW_DT_NOT, UINT32_MAX }, { "v", "vendor", HW_DT_NOT, UINT32_MAX } } },
	{ "vmbus", "hv_vmbus_device_id", "", .print = hw_dt_vmbus },
	{ "input", "input_device_id", "", .print = hw_dt_input },
	{ "serio", "serio_device_id", "serio:", .wild = true, .part = {
		{ "ty", "type", HW_DT_NOT, 0xff }, { "pr", "proto", HW_DT_NOT, 0xff },
		{ "id", "id", HW_DT_NOT, 0xff }, { "ex", "extra", HW_DT_NOT, 0xff } } },
	{ "pcmcia", "pcmcia_device_id", "", .print = hw_dt_pcmcia },
	{ "ieee1394", "ieee1394_device_id", "ieee1394:", .wild = true, .part = {
		{ "ven", "vendor_id", HW_DT_FLAG, 1 }, { "mo", "model_id", HW_DT_FLAG, 2 },
		{ "sp", "specifier_id", HW_DT_FLAG, 4 }, { "ver", "version", HW_DT_FLAG, 8 } } },
	{ "sdio", "sdio_device_id", "sdio:", .wild = true, .part = {
		{ "c", "class", HW_DT_NOT, 0xff }, { "v", "vendor", HW_DT_NOT, 0xffff }, { "d", "device", HW_DT_NOT, 0xffff } } },
	{ "ssb", "ssb_device_id", "ssb:", .wild = true, .part = {
		{ "v", "vendor", HW_DT_NOT, 0xffff }, { "id", "coreid", HW_DT_NOT, 0xffff }, { "rev", "revision", HW_DT_NOT, 0xff } } },
	{ "bcma", "bcma_device_id", "bcma:", .wild = true, .part = {
		{ "m", "manuf", HW_DT_NOT, 0xffff }, { "id", "id", HW_DT_NOT, 0xffff },
		{ "rev", "rev", HW_DT_NOT, 0xff }, { "cl", "class", HW_DT_NOT, 0xff } } },
	{ "i3c", "i3c_device_id", "i3c:", .part = {
		{ "dcr", "dcr", HW_DT_FLAG, 1 }, { "manuf", "manuf_id", HW_DT_FLAG, 2 },
		{ "part", "part_id", HW_DT_FLAG, 4 }, { "ext", "extra_info", HW_DT_FLAG, 8 } } },
	{ "mdio", "mdio_device_id", "", .print = hw_dt_mdio },
	{ "amba", "amba_id", "", .print = hw_dt_amba },
	{ "sdw", "sdw_device_id", "sdw:", .wild = true, .part = {
		{ "m", "mfg_id", HW_DT_NOT, 0 }, { "p", "part_id", HW_DT_NOT, 0 },
		{ "v", "sdw_version", HW_DT_NOT, 0 }, { "c", "class_id", HW_DT_NOT, 0 } } },
	{ "slim", "slim_device_id", "", .print = print_slim },
	{ "mei", "mei_cl_device_id", "", .print = hw_dt_mei },
	{ "ishtp", "ishtp_device_id", "", .print = hw_dt_ishtp },
	{ "tee", "tee_client_device_id", "", .print = hw_dt_tee },
	{ "typec", "typec_device_id", "typec:", .part = {
		{ "id", "svid", HW_DT_ALWAYS, 0 }, { "m", "mode", HW_DT_NOT, 7 } } },
	{ "tbsvc", "tb_service_id", "", .print = print_tbsvc },
	{ "ssam", "ssam_device_id", "ssam:", .part = {
		{ "d", "domain", HW_DT_ALWAYS, 0 }, { "c", "category", HW_DT_ALWAYS, 0 }, { "t", "target", HW_DT_FLAG, 1 },
		{ "i", "instance", HW_DT_FLAG, 2 }, { "f", "function", HW_DT_FLAG, 4 } } },
	{ "dfl", "dfl_device_id", "dfl:", .wild = true, .part = {
		{ "t", "type", HW_DT_ALWAYS, 0 }, { "f", "feature_id", HW_DT_ALWAYS, 0 } } },
	{ "cdx", "cdx_device_id", "", .print = hw_dt_cdx },
	{ "rapidio", "rio_device_id", "rapidio:", .wild = true, .part = {
		{ "v", "vid", HW_DT_NOT, 0xffff }, { "d", "did", HW_DT_NOT, 0xffff },
		{ "av", "asm_vid", HW_DT_NOT, 0xffff }, { "ad", "asm_did", HW_DT_NOT, 0xffff } } },
	{ "ulpi", "ulpi_device_id", "", .print = print_ulpi },
	{ "ipack", "ipack_device_id", "ipack:", .wild = true, .part = {
		{ "f", "format", HW_DT_NOT, 0xff }, { "v", "vendor", HW_DT_NOT, UINT32_MAX },
		{ "d", "device", HW_DT_NOT, UINT32_MAX } } },
	{ "zorro", "zorro_device_id", "zorro:", .part = { { "i", "id", HW_DT_NOT, UINT32_MAX } } },
	{ "fslmc", "fsl_mc_device_id", "", .print = print_fsl_mc },
	{ "parisc", "parisc_device_id", "parisc:", .wild = true, .part = {
		{ "t", "hw_type", HW_DT_NOT, 0xff }, { "hv", "hversion", HW_DT_NOT, 0xffff },
		{ "rev", "hversion_rev", HW_DT_NOT, 0xff }, { "sv", "sversion", HW_DT_NOT, UINT32_MAX } } },
	{ "vio", "vio_device_id", "", .print = hw_dt_vio },
	{ "ccw", "ccw_device_id", "ccw:", .wild = true, .part = {
		{ "t", "cu_type", HW_DT_FLAG, 1 }, { "m", "cu_model", HW_DT_FLAG, 2 },
		{ "dt", "dev_type", HW_DT_FLAG, 4 }, { "dm", "dev_model", HW_DT_FLAG, 8 } } },
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

const char *hw_kind_name(const struct hw_kind *k)
{
	return k->name;
}

int hw_kind_aliases(const struct hw_kind *k, const struct hw_c_entry *e, hw_alias_fn *fn,
		    void *data)
{
	struct hw_dt c = { .k = k, .e = e, .fn = fn, .data = data };
	int r;

	str_adds(&c.alias, k->prefix);
	r = k->print ? k->print(&c) : (k->text ? by_text(&c) : by_parts(&c));
	str_release(&c.alias);
	return r;
}
