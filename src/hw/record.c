/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is recorded is what the scan was seen to read: nothing can be forgotten that it needs, and nothing comes along that it
 * does not know.
 */
#include "hw/record.h"

#include "hw/hide.h"
#include "hw/kmsg.h"
#include "hw/scan.h"
#include "kernel/larchive.h"

#include <errno.h>

#define CONFIG_BYTES (4 << 20)
#define MOUNTS_BYTES (4 << 20)
#define LOG_LINES    2000

struct recorder {
	struct hw_record *ret;
	struct hw_hidden hidden;
	bool secrets;
};

void hw_record_release(struct hw_record *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].path);
		free(r->v[i].data);
	}
	free(r->v);
	*r = (struct hw_record){ 0 };
}

static char *hide(struct recorder *rec, const char *text, size_t n, size_t *ret_n)
{
	struct str b = { 0 };

	if (rec->secrets)
		str_add(&b, text, n);
	else
		hw_hide(&rec->hidden, text, n, &b);
	*ret_n = b.n;
	return str_take(&b);
}

static void put(struct recorder *rec, const char *path, const char *data, size_t n, bool link)
{
	vec_push(rec->ret,
		 ((struct hw_record_entry){ xstrdup(path), xmemdup(data, n + 1), n, link }));
}

/* Of /proc/cpuinfo: boards with ARM processors tell their serial number there, and IBM's mainframes theirs. */
static char *without_serials(const char *text, size_t *ret_n)
{
	struct str b = { 0 };

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		auto_free char *line = xstrndup(p, n);

		if (!strcasestr(line, "serial") && !strstr(line, "identification"))
			str_addf(&b, "%s%s", line, p[n] ? "\n" : "");
		p += n + (p[n] == '\n');
	}
	*ret_n = b.n;
	return str_take(&b);
}

/* Names of interfaces are in paths and in links; what files of sysfs hold is taken as it is. A log is that of a record. */
static void seen(void *ctx, const char *path, const struct str *content, bool link)
{
	struct recorder *rec = ctx;
	size_t n = content->n, path_n;
	auto_free char *name = hide(rec, path, strlen(path), &path_n), *changed = NULL;

	if (link || str_eq(path, "kernel-log"))
		changed = hide(rec, str_c(content), content->n, &n);
	else if (!rec->secrets && str_eq(path, "proc/cpuinfo"))
		changed = without_serials(str_c(content), &n);
	put(rec, name, changed ? changed : str_c(content), n, link);
}

/* What is known only by its value: ip=, BOOTIF= and others have addresses, which are looked for everywhere. */
static bool is_secret(const char *word)
{
	static const char *const parts[] = { "pass", "secret",	   "token",   "key=",	  "keyfile",
					     "psk",  "credential", "serial=", "initiator" };

	for (size_t i = 0; i < countof(parts); i++) {
		const char *p = strcasestr(word, parts[i]), *value = strchr(word, '=');

		if (p && value && p <= value)
			return true;
	}
	return false;
}

static void add_cmdline(struct recorder *rec, const char *text)
{
	auto_str struct str b = { 0 };

	for (const char *p = text; *p;) {
		size_t blank = strspn(p, " \n"), n = strcspn(p + blank, " \n"), kept;
		auto_free char *word = xstrndup(p + blank, n), *shown = NULL;

		str_add(&b, p, blank);
		if (!rec->secrets && is_secret(word))
			strchr(word, '=')[1] = '\0';
		shown = hide(rec, word, strlen(word), &kept);
		str_add(&b, shown, kept);
		p += blank + n;
	}
	put(rec, "proc/cmdline", str_c(&b), b.n, false);
}

static void add_others(struct recorder *rec, int root_fd)
{
	struct hw_root root = { .fd = root_fd };
	auto_str struct str b = { 0 };
	auto_free char *text = NULL;
	size_t n;

	if (hw_root_file(&root, "proc/cmdline", HW_ROOT_VALUE, &b) == 0)
		add_cmdline(rec, str_c(&b));
	if (hw_root_mounts(&root, MOUNTS_BYTES, &b) == 0) {
		text = hide(rec, str_c(&b), b.n, &n);
		put(rec, "proc/mountinfo", text, n, false);
	}
	if (hw_root_file(&root, "proc/config.gz", CONFIG_BYTES, &b) == 0)
		put(rec, "proc/config.gz", str_c(&b), b.n, false);
}

static void add_log(struct recorder *rec, const char *log)
{
	auto_str struct str b = { 0 };
	auto_free char *text = NULL;
	size_t n = 0, lines = 0;

	for (const char *p = log; *p && lines < LOG_LINES; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (!hw_kmsg_matters(p, n))
			continue;
		str_add(&b, p, n);
		str_addc(&b, '\n');
		lines++;
	}
	if (!b.n)
		return;
	text = hide(rec, b.s, b.n, &n);
	put(rec, "kernel-log", text, n, false);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct hw_record_entry *)a)->path,
		      ((const struct hw_record_entry *)b)->path);
}

/* Devices with one driver have one link to its module. */
static void sort(struct hw_record *r)
{
	size_t kept = 0;

	if (r->n)
		qsort(r->v, r->n, sizeof(*r->v), by_path);
	for (size_t i = 0; i < r->n; i++) {
		if (kept && str_eq(r->v[kept - 1].path, r->v[i].path)) {
			free(r->v[i].path);
			free(r->v[i].data);
			continue;
		}
		r->v[kept++] = r->v[i];
	}
	r->n = kept;
}

int hw_record(int root_fd, const struct hw_record_opts *opts, struct hw_record *ret,
	      struct err *err)
{
	struct recorder rec = { .ret = ret, .secrets = opts->secrets };
	const struct hw_scan_opts scan = { .secrets = opts->secrets, .seen = seen, .ctx = &rec };
	auto_hw_inventory struct hw_inventory inv = { 0 };
	int r = hw_scan(root_fd, &scan, &inv, err);

	if (r == 0) {
		add_others(&rec, root_fd);
		if (opts->log)
			add_log(&rec, opts->log);
		sort(ret);
	}
	hw_hidden_release(&rec.hidden);
	return r;
}

/* Writing the tar. */

static la_ssize_t add_packed(struct archive *a, void *ctx, const void *data, size_t n)
{
	str_add(ctx, data, n);
	return (la_ssize_t)n;
}

static int pack_entry(const struct la *la, struct archive *a, const struct hw_record_entry *e)
{
	struct archive_entry *ae = la->archive_entry_new();
	int r;

	la->archive_entry_set_pathname(ae, e->path);
	la->archive_entry_set_mtime(ae, 0, 0);
	la->archive_entry_set_perm(ae, e->link ? 0777 : 0644);
	la->archive_entry_set_filetype(ae, e->link ? AE_IFLNK : AE_IFREG);
	la->archive_entry_set_size(ae, e->link ? 0 : (la_int64_t)e->n);
	if (e->link)
		la->archive_entry_set_symlink(ae, e->data);
	r = la->archive_write_header(a, ae);
	/* ARCHIVE_WARN: a name that is not in UTF-8 */
	if (r == ARCHIVE_WARN)
		r = ARCHIVE_OK;
	if (r == ARCHIVE_OK && !e->link &&
	    la->archive_write_data(a, e->data, e->n) != (la_ssize_t)e->n)
		r = ARCHIVE_FATAL;
	la->archive_entry_free(ae);
	return r;
}

static int pack(const struct la *la, struct archive *a, const struct hw_record *r, struct str *ret)
{
	int status = la->archive_write_set_format_pax_restricted(a);

	if (status == ARCHIVE_OK)
		status = la->archive_write_add_filter_zstd(a);
	/* no padding behind the compressed data, which zstd would take for damage */
	if (status == ARCHIVE_OK)
		status = la->archive_write_set_bytes_in_last_block(a, 1);
	if (status == ARCHIVE_OK)
		status = la->archive_write_open(a, ret, NULL, add_packed, NULL);
	for (size_t i = 0; status == ARCHIVE_OK && i < r->n; i++)
		status = pack_entry(la, a, &r->v[i]);
	return status == ARCHIVE_OK ? la->archive_write_close(a) : status;
}

int hw_record_pack(const struct hw_record *r, struct str *ret, struct err *err)
{
	const struct la *la;
	struct archive *a;
	int code = la_load(&la, err);

	if (code < 0)
		return code;
	a = la->archive_write_new();
	if (pack(la, a, r, ret) != ARCHIVE_OK)
		code = err_set(err, -EIO, "cannot pack the record: %s", la_error(la, a));
	la->archive_write_free(a);
	return code;
}
