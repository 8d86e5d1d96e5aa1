/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lspci's outputs (lspci.c: show_terse(), show_machine(); busybox's util-linux/lspci.c). A name may have brackets and colons
 * in it, so numbers are looked for where they must stand: at a field's end.
 */
#include "hw/listing_parts.h"

#include <ctype.h>

/* The length of "[0000:]00:1f.6" at the line's begin, behind which the line ends or there is a blank; 0: it is none. */
static size_t slot_length(const char *line)
{
	size_t domain = strspn(line, "0123456789abcdef");
	const char *p = line;
	long n;

	if (domain >= 4 && domain <= 8 && p[domain] == ':')
		p += domain + 1;
	if (!hw_hex(&p, 2, &n) || !str_skip(&p, ":") || !hw_hex(&p, 2, &n) || !str_skip(&p, ".") ||
	    *p < '0' || *p > '7')
		return 0;
	p++;
	return !*p || *p == ' ' || *p == '\t' ? (size_t)(p - line) : 0;
}

static struct hw_device *device(struct hw_listing *l)
{
	return &l->inv->v[l->inv->n - 1];
}

static int new_device(struct hw_listing *l, const char *slot, size_t n)
{
	struct hw_device *d;
	int r = hw_inventory_add(l->inv, &d, l->err);

	if (r < 0)
		return r;
	d->bus = "pci";
	d->addr = arena_strndup(&l->inv->arena, slot, n);
	d->line = l->line;
	vec_push(&l->pci, ((struct hw_pci_numbers){ l->inv->n - 1, -1, -1, -1, -1, -1, -1 }));
	l->in_pci = true;
	l->in_tags = false;
	return 1;
}

/*
 * A field as it is with -n ("8086", busybox: "Class 0600"), -nn ("Intel Corporation [8086]") or neither. What stands before
 * the number is its name; NULL where there is none.
 */
static const char *field(struct hw_listing *l, const char *text, size_t n, long *ret)
{
	auto_free char *s = xstrndup(text, n);
	const char *p = s;

	*ret = -1;
	if (n == 4 && hw_hex(&p, 4, ret))
		return NULL;
	if (str_skip(&p, "Class ") && n == 10 && hw_hex(&p, 4, ret))
		return NULL;
	p = s + n - MIN(n, (size_t)6);
	if (n < 6 || s[n - 1] != ']' || !str_skip(&p, "[") || !hw_hex(&p, 4, ret))
		return hw_inventory_text(l->inv, s, n);
	return hw_inventory_text(l->inv, s, n - 6);
}

/* The last "VVVV:DDDD" in brackets, or one that is the whole of the text: how many bytes are before it, -1: there is none. */
static long pair(const char *text, long *ret_vendor, long *ret_id)
{
	const char *p = text;
	long found = -1;

	if (hw_hex(&p, 4, ret_vendor) && str_skip(&p, ":") && hw_hex(&p, 4, ret_id) &&
	    (!*p || *p == ' '))
		return 0;
	for (const char *at = strchr(text, '['); at; at = strchr(at + 1, '[')) {
		long vendor, id;

		p = at + 1;
		if (!hw_hex(&p, 4, &vendor) || !str_skip(&p, ":") || !hw_hex(&p, 4, &id) ||
		    *p != ']')
			continue;
		*ret_vendor = vendor;
		*ret_id = id;
		found = at - text;
	}
	return found;
}

static void join_name(struct hw_listing *l, const char *vendor, const char *name)
{
	struct hw_device *d = device(l);

	if (vendor && name)
		d->name = arena_printf(&l->inv->arena, "%s %s", vendor, name);
	else
		d->name = vendor ? vendor : name;
}

/* "05" of "(rev 05)", "-r05" or "Rev:\t05" */
static void take_revision(struct hw_listing *l, const char *text)
{
	long revision;

	if (hw_hex(&text, 2, &revision))
		device(l)->revision = (int)revision + 1;
}

/* "00:1f.6 "Ethernet controller" "Intel Corporation" "I219-V" -r21 -p00 "Dell" "Device 0991"", of -mm. */
static int machine_line(struct hw_listing *l, const char *p)
{
	struct hw_pci_numbers *n = &l->pci.v[l->pci.n - 1];
	long *const numbers[] = { &n->class, &n->vendor, &n->id, &n->subvendor, &n->subdevice };
	const char *names[countof(numbers)] = { 0 };
	bool busybox = str_starts(p, "\"Class ");
	size_t k = 0;

	n->progif = busybox ? -1 : 0;
	for (p += strspn(p, " "); *p; p += strspn(p, " ")) {
		auto_str struct str text = { 0 };

		if (str_skip(&p, "-p")) {
			hw_hex(&p, 2, &n->progif);
		} else if (str_skip(&p, "-r")) {
			take_revision(l, p);
		} else if (str_skip(&p, "\"")) {
			for (; *p && *p != '"'; p++) {
				p += *p == '\\' && p[1];
				str_addc(&text, *p);
			}
			p += *p == '"';
			if (k < countof(numbers))
				names[k] = field(l, str_c(&text), text.n, numbers[k]);
			else if (busybox && k == countof(numbers))
				device(l)->driver = hw_inventory_text(l->inv, str_c(&text), text.n);
			k++;
			continue;
		}
		p += strcspn(p, " ");
	}
	n->whole = true;
	device(l)->kind = names[0];
	join_name(l, names[1], names[2]);
	return 1;
}

/* "(prog-if 30 [XHCI])" */
static void take_progif(struct hw_listing *l, struct hw_pci_numbers *n, const char *text)
{
	const char *p = strstr(text, "(prog-if ");

	if (p && (p += strlen("(prog-if "), hw_hex(&p, 2, &n->progif)))
		l->told_progif = true;
}

/* "Host bridge [0600]: Intel Corporation Device [8086:9a36] (rev 05)", with and without the numbers, or these alone. */
static int plain_line(struct hw_listing *l, const char *p)
{
	struct hw_pci_numbers *n = &l->pci.v[l->pci.n - 1];
	const char *colon = strstr(p, ": "), *name, *end;
	long before;

	if (!colon)
		return 1;
	device(l)->kind = field(l, p, (size_t)(colon - p), &n->class);
	name = colon + 2;
	before = pair(name, &n->vendor, &n->id);
	take_progif(l, n, name);
	end = strstr(name, " (rev ");
	if (end)
		take_revision(l, end + strlen(" (rev "));
	if (before > 0) {
		device(l)->name = hw_inventory_text(l->inv, name, (size_t)before);
	} else if (before < 0) {
		end = strstr(name, " (rev ");
		if (!end)
			end = strstr(name, " (prog-if ");
		device(l)->name =
			hw_inventory_text(l->inv, name, end ? (size_t)(end - name) : strlen(name));
	} else if (str_starts(p, "Class ") && name[9] == ' ' && name[10] != '(') {
		device(l)->driver = hw_inventory_text(l->inv, name + 10, strlen(name + 10));
	}
	return 1;
}

int hw_line_pci(struct hw_listing *l, const char *line)
{
	size_t n = slot_length(line);
	const char *p = line + n;
	int r;

	p += strspn(p, " \t");
	if (!n || (*p != '"' && !strstr(p, ": ")))
		return 0;
	r = new_device(l, line, n);
	if (r < 0)
		return r;
	return *p == '"' ? machine_line(l, p) : plain_line(l, p);
}

/* Adds the names of a list to what could drive the device. */
static void add_modules(struct hw_listing *l, const char *list)
{
	struct hw_device *d = device(l);
	auto_strv struct strv v = { 0 };

	for (size_t i = 0; i < d->n_module; i++)
		strv_add(&v, d->module[i]);
	for (const char *p = list + strspn(list, ", \t"); *p; p += strspn(p, ", \t")) {
		size_t n = strcspn(p, ", \t");

		strv_take(&v, xstrndup(p, n));
		p += n;
	}
	d->module = hw_inventory_texts(l->inv, &v);
	d->n_module = v.n;
}

/* In -vmm a device's name has two lines, the vendor's before. */
static void tag_name(struct hw_listing *l, const char *text, long *ret)
{
	const char *name = field(l, text, strlen(text), ret);

	if (device(l)->name || name)
		join_name(l, device(l)->name, name);
}

int hw_line_pci_tag(struct hw_listing *l, const char *line)
{
	static const char *const passed[] = { "PhySlot:", "NUMANode:", "IOMMUGroup:", "DTNode:",
					      "Label:" };
	struct hw_pci_numbers *n = l->pci.n ? &l->pci.v[l->pci.n - 1] : NULL;
	const char *p = line;
	long progif;

	if (str_skip(&p, "Slot:\t")) {
		int r = slot_length(p) && !p[slot_length(p)] ? new_device(l, p, strlen(p)) : 0;

		l->in_tags = r > 0;
		if (r > 0) {
			l->pci.v[l->pci.n - 1].progif = 0;
			l->pci.v[l->pci.n - 1].whole = true;
		}
		return r;
	}
	if (!l->in_tags)
		return 0;
	if (str_skip(&p, "Class:\t"))
		device(l)->kind = field(l, p, strlen(p), &n->class);
	else if (str_skip(&p, "Vendor:\t"))
		tag_name(l, p, &n->vendor);
	else if (str_skip(&p, "Device:\t"))
		tag_name(l, p, &n->id);
	else if (str_skip(&p, "SVendor:\t"))
		field(l, p, strlen(p), &n->subvendor);
	else if (str_skip(&p, "SDevice:\t"))
		field(l, p, strlen(p), &n->subdevice);
	else if (str_skip(&p, "ProgIf:\t"))
		n->progif = hw_hex(&p, 2, &progif) ? progif : -1;
	else if (str_skip(&p, "Rev:\t"))
		take_revision(l, p);
	else if (str_skip(&p, "Driver:\t"))
		device(l)->driver = hw_inventory_text(l->inv, p, strlen(p));
	else if (str_skip(&p, "Module:\t"))
		add_modules(l, p);
	else
		for (size_t i = 0;; i++) {
			if (i == countof(passed))
				return 0;
			if (str_starts(line, passed[i]))
				break;
		}
	return 1;
}

/* What -v tells besides, which decides on no driver. */
static bool is_passed_over(const char *p)
{
	static const char *const begins[] = {
		"DeviceName:",
		"Physical Slot:",
		"Flags:",
		"Control:",
		"Status:",
		"Latency:",
		"Interrupt:",
		"NUMA node:",
		"IOMMU group:",
		"Bus: primary=",
		"I/O ports at ",
		"Memory at ",
		"Expansion ROM at ",
		"Region ",
		"I/O behind bridge:",
		"Memory behind bridge:",
		"Prefetchable memory behind bridge:",
		"Secondary status:",
		"BridgeCtl:",
		"Capabilities:",
		"BIST",
		"Cache: ",
		"Device tree node:",
		"!!! ",
	};

	for (size_t i = 0; i < countof(begins); i++)
		if (str_starts(p, begins[i]))
			return true;
	return false;
}

int hw_line_pci_detail(struct hw_listing *l, const char *line)
{
	const char *p = line + strspn(line, " \t");
	struct hw_pci_numbers *n = l->pci.n ? &l->pci.v[l->pci.n - 1] : NULL;

	if (!l->in_pci || l->in_tags)
		return 0;
	if (str_skip(&p, "Subsystem: ")) {
		pair(p, &n->subvendor, &n->subdevice);
		l->told_subsystem = true;
	} else if (str_skip(&p, "Kernel driver in use: ")) {
		device(l)->driver = hw_inventory_text(l->inv, p, strlen(p));
	} else if (str_skip(&p, "Kernel modules: ")) {
		add_modules(l, p);
	} else {
		/* what stands deeper belongs to a capability */
		return p > line && (str_starts(line, "\t\t") || is_passed_over(p));
	}
	return 1;
}

static void add_number(struct str *b, const char *tag, int width, long n)
{
	str_adds(b, tag);
	if (n < 0)
		str_addc(b, '*');
	else
		str_addf(b, "%0*lX", width, n);
}

/* As the kernel writes it (drivers/pci/pci-sysfs.c, modalias_show()). */
static char *alias_of(const struct hw_pci_numbers *n)
{
	struct str b = { 0 };

	add_number(&b, "pci:v", 8, n->vendor);
	add_number(&b, "d", 8, n->id);
	add_number(&b, "sv", 8, n->subvendor);
	add_number(&b, "sd", 8, n->subdevice);
	add_number(&b, "bc", 2, n->class < 0 ? -1 : n->class >> 8);
	add_number(&b, "sc", 2, n->class < 0 ? -1 : n->class & 0xff);
	add_number(&b, "i", 2, n->progif);
	return str_take(&b);
}

void hw_listing_pci_end(struct hw_listing *l)
{
	for (size_t i = 0; i < l->pci.n; i++) {
		struct hw_pci_numbers *n = &l->pci.v[i];
		struct hw_device *d = &l->inv->v[n->device];
		auto_strv struct strv alias = { 0 };

		if (n->vendor < 0 || n->id < 0)
			continue;
		if ((n->whole || l->told_subsystem) && n->subvendor < 0 && n->class != 0x604)
			n->subvendor = n->subdevice = 0;
		if (l->told_progif && n->progif < 0)
			n->progif = 0;
		/* lspci's word where its list has no name */
		if (d->name && str_ends(d->name, "Device"))
			d->name = arena_printf(&l->inv->arena, "%s %04lx", d->name, n->id);
		strv_take(&alias, alias_of(n));
		d->alias = hw_inventory_texts(l->inv, &alias);
		d->n_alias = 1;
	}
}
