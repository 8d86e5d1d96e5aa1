/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a listing, each taken by the first form that fits. */
#include "hw/listing.h"
#include "hw/listing_parts.h"

#include <ctype.h>
#include <errno.h>

#define LINE_MOST (64 * 1024)

/* What modaliases begin with (scripts/mod/file2alias.c, and scsi, whose drivers name theirs in words). */
static const char *const prefixes[] = {
	/* clang-format off */
	"acpi", "amba", "ap", "apr", "auxiliary", "bcma", "cdx", "coreboot", "cpu", "css", "ccw", "dfl", "dmi", "eisa", "fsl-mc",
	"hdaudio", "hid", "i2c", "i3c", "ieee1394", "input", "ipack", "isa", "ishtp", "mcb", "mdio", "mei", "mhi", "mhi_ep",
	"mipscdmm", "of", "parisc", "pci", "pci_epf", "pcmcia", "platform", "pnp", "rapidio", "rpmsg", "scsi", "sdio", "sdw",
	"serio", "slim", "soundwire", "spi", "spmi", "ssam", "ssb", "tbsvc", "tee", "typec", "ulpi", "usb", "vchiq", "vio",
	"virtio", "vmbus", "wmi", "x86cpu", "xen", "xen-backend", "zorro",
	/* clang-format on */
};

bool hw_hex(const char **p, size_t digits, long *ret)
{
	long v = 0;

	for (size_t i = 0; i < digits; i++) {
		const char c = (*p)[i];

		if (!isxdigit((unsigned char)c))
			return false;
		v = v * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	if (isxdigit((unsigned char)(*p)[digits]))
		return false;
	*p += digits;
	*ret = v;
	return true;
}

static int no_line(struct hw_listing *l, const char *line)
{
	if (*line == '#')
		return 1;
	if (line[strspn(line, " \t")])
		return 0;
	l->in_pci = l->in_tags = false;
	return 1;
}

/* A prefix that is known, a colon, and no blank behind it. Behind "MODALIAS=" as well, as uevent files have it. */
static int modalias(struct hw_listing *l, const char *line)
{
	auto_strv struct strv alias = { 0 };
	const char *p = line;
	struct hw_device *d;
	size_t n;
	int r;

	str_skip(&p, "MODALIAS=");
	n = strcspn(p, ":");
	if (!p[n] || strpbrk(p, " \t") || !p[n + 1])
		return 0;
	for (size_t i = 0;; i++) {
		if (i == countof(prefixes))
			return 0;
		if (strlen(prefixes[i]) == n && strncmp(prefixes[i], p, n) == 0)
			break;
	}
	r = hw_inventory_add(l->inv, &d, l->err);
	if (r < 0)
		return r;
	strv_add(&alias, p);
	d->bus = arena_strndup(&l->inv->arena, p, n);
	d->addr = arena_printf(&l->inv->arena, "line %d", l->line);
	d->alias = hw_inventory_texts(l->inv, &alias);
	d->n_alias = 1;
	d->line = l->line;
	return 1;
}

static size_t digits(const char *p)
{
	return strspn(p, "0123456789");
}

/* Bus 001 Device 002: ID 046d:c52b Logitech, Inc. Unifying Receiver */
static int lsusb(struct hw_listing *l, const char *line)
{
	auto_strv struct strv alias = { 0 };
	const char *p = line, *bus, *device;
	long vendor, product;
	struct hw_device *d;
	int r;

	if (!str_skip(&p, "Bus ") || digits(bus = p) != 3)
		return 0;
	p += 3;
	if (!str_skip(&p, " Device ") || digits(device = p) != 3)
		return 0;
	p += 3;
	if (!str_skip(&p, ": ID ") || !hw_hex(&p, 4, &vendor) || !str_skip(&p, ":") ||
	    !hw_hex(&p, 4, &product))
		return 0;
	r = hw_inventory_add(l->inv, &d, l->err);
	if (r < 0)
		return r;
	strv_addf(&alias, "usb:v%04lXp%04lXd*dc*dsc*dp*ic*isc*ip*in*", vendor, product);
	d->bus = "usb";
	d->addr = arena_printf(&l->inv->arena, "%.3s:%.3s", bus, device);
	d->name = hw_inventory_text(l->inv, p, strlen(p));
	d->alias = hw_inventory_texts(l->inv, &alias);
	d->n_alias = 1;
	d->line = l->line;
	return 1;
}

/* "e1000e  286720  0", with who uses it; as /proc/modules has it and as lsmod does, whose first line names the columns. */
static int module(struct hw_listing *l, const char *line)
{
	size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	const char *p = line + n;

	if (str_starts(line, "Module ") && strstr(line, "Size") && strstr(line, "Used by"))
		return 1;
	if (!n || (*p != ' ' && *p != '\t'))
		return 0;
	p += strspn(p, " \t");
	if (!digits(p) || p[digits(p)] != ' ')
		return 0;
	p += digits(p);
	p += strspn(p, " ");
	/* what cannot be unloaded has "-" or "-2" */
	p += *p == '-';
	if (!digits(p) && p[-1] != '-')
		return 0;
	p += digits(p);
	if (*p && *p != ' ')
		return 0;
	hw_inventory_loaded(l->inv, line, n);
	return 1;
}

static int (*const forms[])(struct hw_listing *l, const char *line) = {
	no_line, hw_line_pci_detail, hw_line_pci_tag, hw_line_pci, lsusb, modalias, module,
};

static int take_line(struct hw_listing *l, const char *text, size_t n)
{
	auto_str struct str line = { 0 };

	if (n > LINE_MOST) {
		hw_inventory_odd(l->inv, text, 64, l->line, "too long");
		return 0;
	}
	str_add_printable(&line, text, n);
	for (size_t i = 0; i < countof(forms); i++) {
		int r = forms[i](l, str_c(&line));

		if (r)
			return r;
	}
	hw_inventory_odd(l->inv, text, n, l->line, NULL);
	return 0;
}

int hw_listing(const char *text, size_t n, struct hw_inventory *ret, struct err *err)
{
	struct hw_listing l = { .inv = ret, .err = err };
	int r = n > HW_LISTING_BYTES
			? err_set(err, -EFBIG, "more than %d bytes of text", HW_LISTING_BYTES)
			: 0;

	for (size_t at = 0; r >= 0 && at < n;) {
		const char *end = memchr(text + at, '\n', n - at);
		size_t length = end ? (size_t)(end - text) - at : n - at;
		bool cr = length && text[at + length - 1] == '\r';

		l.line++;
		r = take_line(&l, text + at, length - cr);
		at += length + 1;
	}
	if (r >= 0)
		hw_listing_pci_end(&l);
	free(l.pci.v);
	return MIN(r, 0);
}
