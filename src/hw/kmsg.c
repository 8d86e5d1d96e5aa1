/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line is cut to its message, and the words of a table are looked for in it. What stands behind them is a file. Drivers have
 * many more words for it, so a file that is known from the sources counts wherever a line names it.
 */
#include "hw/kmsg.h"

#include "base/map.h"

#include <ctype.h>

enum what { ASKED, LOADED, MISSED };

/* What stands before a file's name, and where that is printed. */
static const struct rule {
	const char *before;
	enum what what;
	bool loader;		 /* a loader that says this says it of each file */
	const char *head, *tail; /* what the driver puts around the word; NULL: nothing */
} rules[] = {
	/* clang-format off */
	{ "Direct firmware load for ",                MISSED, false, NULL, NULL }, /* firmware_loader/main.c */
	{ "firmware: failed to load ",                MISSED, false, NULL, NULL }, /* there, as Debian patches it */
	{ "firmware: direct-loading firmware ",       LOADED, true,  NULL, NULL }, /* Debian's too */
	{ "Loading firmware: ",                       ASKED,  true,  NULL, NULL }, /* Gentoo's */
	{ "Loaded FW: ",                              LOADED, true,  NULL, NULL }, /* since 6.2 with FW_LOADER_DEBUG */
	{ "firmware: requesting ",                    ASKED,  false, NULL, NULL }, /* fallback.c */
	{ "Falling back to sysfs fallback for: ",     ASKED,  false, NULL, NULL },
	{ "Found device firmware: ",                  LOADED, false, NULL, NULL }, /* bluetooth/btintel.c */
	{ "Found Intel DDC parameters: ",             LOADED, false, NULL, NULL },
	{ "Intel Bluetooth firmware file: ",          LOADED, false, NULL, NULL },
	{ "RTL: loading ",                            ASKED,  false, NULL, NULL }, /* bluetooth/btrtl.c */
	{ "rtl: loading ",                            ASKED,  false, NULL, NULL },
	{ "QCA Downloading ",                         ASKED,  false, NULL, NULL }, /* bluetooth/btqca.c */
	{ "Finished loading DMC firmware ",           LOADED, false, NULL, NULL }, /* i915 */
	{ "brcmf_fw_alloc_request: using ",           ASKED,  false, NULL, ".bin" }, /* brcmfmac/firmware.c */
	/* clang-format on */
};

/* "loaded firmware version 77.bd067429.0 cc-a0-77.ucode op_mode iwlmvm" (iwl-drv.c): the version is in the way. */
#define IWLWIFI "loaded firmware version "

struct reader {
	struct hw_kmsg *ret;
	struct map seen; /* names: index + 1 */
	hw_kmsg_known_fn *known;
	const void *ctx;
	unsigned line;
};

bool hw_firmware_is_name(const char *name, size_t n)
{
	if (!n || n > 255 || *name == '/' || name[n - 1] == '/')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isgraph((unsigned char)name[i]) || strchr("\"'\\`$#%;&|<>(){}", name[i]))
			return false;
		if (name[i] == '.' && i + 1 < n && name[i + 1] == '.' &&
		    (!i || name[i - 1] == '/') && (i + 2 == n || name[i + 2] == '/'))
			return false;
	}
	return true;
}

/* Behind priority, time and host; /dev/kmsg has "6,339,5140900,-;". */
static const char *message(const char *line)
{
	const char *p = strstr(line, " kernel: "), *semicolon;

	if (p)
		line = p + strlen(" kernel: ");
	if (*line == '<' && (p = strchr(line, '>')))
		line = p + 1;
	if (isdigit((unsigned char)*line) && (semicolon = strchr(line, ';')) &&
	    strspn(line, "0123456789,-c") == (size_t)(semicolon - line))
		line = semicolon + 1;
	if (*line == '[' && (p = strchr(line, ']')) &&
	    (isdigit((unsigned char)p[-1]) || p[-1] == ' '))
		line = p + 1;
	return line + strspn(line, " ");
}

/* The word at p without what quotes and ends it; commas are in names that are made of a device tree's. */
static size_t word(const char **p)
{
	size_t n;

	*p += strspn(*p, " '\"(<[");
	n = strcspn(*p, " \t'\")>]");
	while (n && strchr(".:!,;", (*p)[n - 1]))
		n--;
	return n;
}

/* "iwlwifi 0000:3b:00.0: ": two words before the first colon that a blank follows, of which the second has a number. */
static void find_device(struct reader *r, const char *msg, struct hw_kmsg_file *f)
{
	const char *end = strstr(msg, ": "),
		   *blank = end ? memchr(msg, ' ', (size_t)(end - msg)) : NULL;

	if (!blank || blank == msg || memchr(blank + 1, ' ', (size_t)(end - blank - 1)) ||
	    blank + strcspn(blank, "0123456789") >= end)
		return;
	f->driver = arena_strndup(&r->ret->arena, msg, (size_t)(blank - msg));
	f->addr = arena_strndup(&r->ret->arena, blank + 1, (size_t)(end - blank - 1));
}

static bool same_device(const struct hw_kmsg_file *a, const struct hw_kmsg_file *b)
{
	return a->addr && str_eq(a->addr, b->addr) && str_eq(a->driver, b->driver);
}

/* iwlwifi asks for all versions from the newest on: what it loads stands for all that it missed before. */
static void loaded_instead(struct hw_kmsg *k, const struct hw_kmsg_file *f)
{
	size_t n = strcspn(f->name, ".");

	while (n && isdigit((unsigned char)f->name[n - 1]))
		n--;
	for (size_t i = 0; n && i < k->n; i++) {
		struct hw_kmsg_file *m = &k->v[i];

		if (m->missed && !m->loaded && m != f && same_device(m, f) &&
		    !strncmp(m->name, f->name, n))
			m->instead = f->name;
	}
}

static void take(struct reader *r, const char *msg, const char *name, size_t n, enum what what)
{
	auto_free char *key = hw_firmware_is_name(name, n) ? xstrndup(name, n) : NULL;
	size_t at = key ? (size_t)map_get(&r->seen, key) : 0;
	struct hw_kmsg_file *f;

	if (!key || (!at && r->ret->n >= HW_KMSG_FILES))
		return;
	if (!at) {
		vec_push(r->ret, ((struct hw_kmsg_file){ .line = r->line }));
		at = r->ret->n;
		r->ret->v[at - 1].name = arena_strdup(&r->ret->arena, key);
		map_set(&r->seen, key, (void *)at);
	}
	f = &r->ret->v[at - 1];
	f->loaded |= what == LOADED;
	f->missed |= what == MISSED;
	if (!f->addr)
		find_device(r, msg, f);
	if (what == LOADED) {
		f->instead = NULL;
		loaded_instead(r->ret, f);
	}
}

static void take_framed(struct reader *r, const char *msg, const char *head, const char *name,
			size_t n, const char *tail, enum what what)
{
	auto_str struct str b = { 0 };

	str_adds(&b, head ?: "");
	str_add(&b, name, n);
	if (tail && !str_ends(b.s, tail))
		str_adds(&b, tail);
	if (n)
		take(r, msg, b.s, b.n, what);
}

static bool by_rule(struct reader *r, const char *msg)
{
	for (size_t i = 0; i < countof(rules); i++) {
		const struct rule *u = &rules[i];
		const char *p = strstr(msg, u->before);
		size_t n;

		if (!p)
			continue;
		p += strlen(u->before);
		n = word(&p);
		r->ret->told_loads |= u->loader;
		take_framed(r, msg, u->head, p, n, u->tail, u->what);
		return true;
	}
	return false;
}

static void by_iwlwifi(struct reader *r, const char *msg)
{
	const char *p = strstr(msg, IWLWIFI), *end;
	size_t n;

	if (!p)
		return;
	p += strlen(IWLWIFI);
	end = strstr(p, ".ucode op_mode");
	p = strchr(p, ' ');
	if (!p || !end || p >= end)
		return;
	n = word(&p);
	take_framed(r, msg, str_starts(p, "iwlwifi-") ? NULL : "iwlwifi-", p, n, NULL, LOADED);
}

/* Whether a driver complains. */
static bool is_bad(const char *msg)
{
	static const char *const words[] = { "fail",  "not found", "unable",   "cannot",
					     "error", "could not", "couldn't", "missing" };

	for (size_t i = 0; i < countof(words); i++)
		if (strcasestr(msg, words[i]))
			return true;
	return false;
}

/* "GuC firmware i915/dg2_guc_70.bin (70.12.1) is recommended, but only ... was found" tells nothing of a file. */
static void by_known(struct reader *r, const char *msg)
{
	size_t n;

	if (!r->known || strstr(msg, "recommended"))
		return;
	for (const char *p = msg; *p; p += n) {
		auto_free char *name = NULL;

		n = word(&p);
		name = xstrndup(p, n);
		if (n && r->known(r->ctx, name))
			take(r, msg, p, n, is_bad(msg) ? MISSED : ASKED);
		n = n ? strcspn(p, " ") : *p != '\0';
	}
}

static bool is_microcode(const char *msg)
{
	return strstr(msg, "microcode") &&
	       (strcasestr(msg, "updated early") || strstr(msg, "microcode: updated to revision"));
}

static void read_line(struct reader *r, const char *line)
{
	const char *msg = message(line);

	r->ret->microcode |= is_microcode(msg);
	if (by_rule(r, msg))
		return;
	by_iwlwifi(r, msg);
	by_known(r, msg);
}

void hw_kmsg_read(const char *log, hw_kmsg_known_fn *known, const void *ctx, struct hw_kmsg *ret)
{
	struct reader r = { .ret = ret, .known = known, .ctx = ctx };
	size_t n;

	for (const char *p = log; *p && p - log < HW_KMSG_BYTES; p += n + (p[n] == '\n')) {
		auto_free char *line = NULL;

		n = strcspn(p, "\n");
		line = xstrndup(p, n);
		r.line++;
		read_line(&r, line);
	}
	map_release(&r.seen, NULL);
}

void hw_kmsg_release(struct hw_kmsg *k)
{
	free(k->v);
	arena_release(&k->arena);
	*k = (struct hw_kmsg){ 0 };
}

bool hw_kmsg_matters(const char *line_, size_t n)
{
	static const char *const parts[] = {
		"firmware", "microcode", "ucode", "Loaded FW: ", ".fw",
		".bin",	    ".sfi",	 ".ddc",  ".hcd",	 ".mbn"
	};
	auto_free char *line = xstrndup(line_, n);

	/* it is recorded elsewhere, without what is secret on it (hw/record.c) */
	if (strcasestr(line, "command line"))
		return false;
	for (size_t i = 0; i < countof(rules); i++)
		if (strstr(line, rules[i].before))
			return true;
	for (size_t i = 0; i < countof(parts); i++)
		if (strcasestr(line, parts[i]))
			return true;
	return false;
}
