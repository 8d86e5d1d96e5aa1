/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a C source of a kernel tree; what follows a form feed is a header that it may include, <linux/own.h>. What it
 * says fits into a line, and its conditions are the same when they are read again.
 */
#include "fuzz.h"
#include "scratch.h"

#include "base/path.h"
#include "hw/facts.h"

#include <fcntl.h>

/* clang-format off */
static const char ids[] =
	"#define PCI_ANY_ID (~0)\n#define BITS_PER_LONG 64\n#define BIT(n) (1UL << (n))\n"
	"struct pci_device_id { __u32 vendor, device, subvendor, subdevice, class, class_mask; kernel_ulong_t driver_data; __u32 override_only; };\n"
	"struct usb_device_id { __u16 match_flags, idVendor, idProduct, bcdDevice_lo, bcdDevice_hi; __u8 bDeviceClass, bDeviceSubClass,\n"
	" bDeviceProtocol, bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol, bInterfaceNumber; kernel_ulong_t driver_info; };\n"
	"struct acpi_device_id { __u8 id[16]; kernel_ulong_t driver_data; __u32 cls; __u32 cls_msk; };\n"
	"struct pnp_device_id { __u8 id[8]; };\n"
	"struct pnp_card_device_id { __u8 id[8]; kernel_ulong_t driver_data; struct { __u8 id[8]; } devs[8]; };\n"
	"struct of_device_id { char name[32]; char type[32]; char compatible[128]; const void *data; };\n"
	"struct platform_device_id { char name[20]; kernel_ulong_t driver_data; };\n"
	"struct i2c_device_id { char name[20]; kernel_ulong_t driver_data; };\n"
	"struct pcmcia_device_id { __u16 match_flags, manf_id, card_id; __u8 func_id, function, device_no; __u32 prod_id_hash[4]; };\n"
	"struct input_device_id { kernel_ulong_t flags; __u16 bustype, vendor, product, version; kernel_ulong_t evbit[1], keybit[12],\n"
	" relbit[1], absbit[1], mscbit[1], ledbit[1], sndbit[1], ffbit[2], swbit[1], propbit[1]; };\n"
	"struct dmi_strmatch { unsigned char slot:7; unsigned char exact_match:1; char substr[79]; };\n"
	"struct dmi_system_id { int (*callback)(const struct dmi_system_id *); const char *ident; struct dmi_strmatch matches[4]; };\n"
	"#define dmi_device_id dmi_system_id\n#define DMI_MATCH(a, b) { .slot = a, .substr = b }\n"
	"struct amba_id { unsigned int id; unsigned int mask; void *data; };\n"
	"struct mdio_device_id { __u32 phy_id; __u32 phy_id_mask; };\n"
	"struct hv_vmbus_device_id { guid_t guid; };\n"
	"#define GUID_INIT(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) ((guid_t) {{ (a) & 0xff, (b) & 0xff, (c), (d0), (d1), (d2), (d7) }})\n"
	"struct mei_cl_device_id { char name[32]; uuid_le uuid; __u8 version; };\n"
	"struct x86_cpu_id { __u16 vendor, family, model, steppings, feature, flags; kernel_ulong_t driver_data; };\n"
	"#define x86cpu_device_id x86_cpu_id\n"
	"struct wmi_device_id { const char guid_string[37]; };\n"
	"struct tb_service_id { __u32 match_flags; char protocol_key[9]; __u32 protocol_id, protocol_version, protocol_revision; };\n"
	"struct isapnp_device_id { unsigned short card_vendor, card_device, vendor, function; };\n"
	"struct zorro_device_id { __u32 id; };\n";
/* clang-format on */

static void put(const char *dir, const char *name, const void *bytes, size_t n)
{
	auto_free char *path = path_join(dir, name), *parent = path_dir(path);
	auto_err struct err err = { 0 };

	fuzz_need(mkdir_p(parent, 0700, &err) == 0);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_need(fd >= 0 && write_all(fd, bytes, n) == 0);
	close(fd);
}

static int tree(const void *header, size_t n)
{
	static const char table[] =
		"static const struct zorro_device_id own[] = { { OWN }, { } };\n"
		"MODULE_DEVICE_TABLE(zorro, own);\n";
	static char *dir;

	if (!dir) {
		dir = path_join(fuzz_scratch(), "tree");
		put(dir, "include/linux/mod_devicetable.h", ids, sizeof(ids) - 1);
		put(dir, "drivers/table.h", table, sizeof(table) - 1);
		put(dir, "drivers/list.h", "X(1)\nX(2)\n", 10);
	}
	put(dir, "include/linux/own.h", header, n);
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void plain(const char *s)
{
	for (; s && *s; s++)
		fuzz_need((unsigned char)*s >= ' ' || *s == *HW_C_MODNAME);
}

static void check(struct hw_c_world *w, const struct hw_fact *f)
{
	auto_str struct str one = { 0 }, two = { 0 };

	plain(f->text);
	plain(f->driver);
	plain(f->file);
	fuzz_need(f->cond < w->conds.n);
	hw_cond_text(&w->conds, f->cond, &one);
	hw_cond_text(&w->conds, hw_cond_parse(&w->conds, str_c(&one)), &two);
	fuzz_need(str_eq(str_c(&one), str_c(&two)));
	fuzz_need(one.n <= HW_COND_TERMS * (HW_COND_NAME + 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *own = memchr(data, '\f', size);
	const size_t n = own ? (size_t)(own - text) : size;
	const int fd = tree(own ? own + 1 : "", own ? size - n - 1 : 0);
	struct hw_c_layouts layouts = { 0 };
	struct hw_facts facts = { 0 };
	struct strv words = { 0 };
	struct hw_c_world w;

	fuzz_need(hw_c_world_init(&w, fd, "x86", NULL) == 0);
	hw_c_layouts_read(&layouts, &w, hw_c_header_get(&w, "include/linux/mod_devicetable.h"));
	hw_facts_words(&w, &words);
	hw_facts_possible(&words, text, n);
	hw_facts_read(&w, &layouts, "drivers/x.c", text, n, &facts);
	for (size_t i = 0; i < facts.n; i++)
		check(&w, &facts.v[i]);
	strv_release(&words);
	hw_facts_release(&facts);
	hw_c_layouts_release(&layouts);
	hw_c_world_release(&w);
	close(fd);
	return 0;
}
