/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/hw_source.h"

#include "base/file.h"
#include "base/str.h"
#include "hw/listing.h"
#include "hw/names.h"
#include "hw/record.h"
#include "hw/scan.h"
#include "kernel/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

static int scan_root(const char *root, bool secrets, struct hw_inventory *ret, struct err *err)
{
	const struct hw_scan_opts opts = { .secrets = secrets };
	auto_close int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", root);
	r = hw_scan(fd, &opts, ret, err);
	return r < 0 ? err_wrap(err, r, "'%s'", root) : 0;
}

/* What was not understood, and whether anything was. */
static int tell(struct out *out, const char *name, const struct hw_inventory *inv, struct err *err)
{
	size_t nameless = 0;

	for (size_t i = 0; i < inv->odd.n; i++) {
		const struct hw_odd_line *l = &inv->odd.v[i];

		if (l->line)
			out_warn(out, "%s:%d: %s: '%s'", name, l->line,
				 l->why ? l->why : "not understood", l->text);
		else
			out_warn(out, "'%s' is left out: %s", l->text, l->why);
	}
	for (size_t i = 0; i < inv->n; i++)
		nameless += inv->v[i].line && !inv->v[i].n_alias;
	if (nameless)
		out_note(
			out,
			"%s: %zu of the devices have names and no numbers, so that nothing but their drivers is known of them; "
			"'lspci -nnk' has both",
			name, nameless);
	if (inv->n || inv->loaded.n || !inv->odd.n)
		return 0;
	err_set(err, -EBADMSG, "'%s' is nothing that is understood", name);
	return err_hint(
		err, -EBADMSG,
		"it may be a record of 'kiln hw record', or what lspci, lsusb or lsmod print, "
		"or modaliases, one a line");
}

/* Unpacked where a killed kiln's remains are cleared away, and removed at once. */
static int scan_record(const struct str *packed, bool secrets, struct hw_inventory *ret,
		       struct err *err)
{
	auto_cached struct krn_cached scratch = KRN_CACHED_NONE;
	auto_close int fd = memfd_create("record", MFD_CLOEXEC), folder = -1;
	const struct hw_scan_opts opts = { .secrets = secrets };
	struct krn_mix mix = KRN_MIX_INIT;
	char key[33];
	int r = fd < 0 ? -errno : write_all(fd, packed->s, packed->n);

	if (r < 0)
		return err_code(err, r, "cannot keep it in memory");
	krn_mix_add(&mix, packed->s, packed->n);
	krn_mix_hex(&mix, key);
	r = krn_cached_begin(&scratch, "records", key, NULL, err);
	if (r < 0)
		return r;
	folder = open(scratch.tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return err_sys(err, "cannot open '%s'", scratch.tmp);
	r = hw_record_unpack(fd, folder, err);
	return r < 0 ? r : hw_scan(folder, &opts, ret, err);
}

/* Not by a name such as /dev/stdin: a socket cannot be opened. */
static int read_stdin(struct str *ret, struct err *err)
{
	const size_t step = 64 * 1024;
	ssize_t n;

	do {
		n = read_full(STDIN_FILENO, str_room(ret, step), step);
		if (n < 0)
			return err_code(err, (int)n, "cannot read standard input");
		ret->n += (size_t)n;
		if (ret->n > HW_LISTING_BYTES)
			return err_set(err, -EFBIG, "standard input has more than %d bytes",
				       HW_LISTING_BYTES);
	} while (n == (ssize_t)step);
	return 0;
}

static int read_from(struct out *out, const struct hw_source_opts *opts, struct hw_inventory *ret,
		     struct err *err)
{
	bool stdin_ = str_eq(opts->from, "-");
	const char *name = stdin_ ? "standard input" : opts->from;
	auto_str struct str text = { 0 };
	int r = stdin_ ? read_stdin(&text, err)
		       : file_read(AT_FDCWD, opts->from, HW_LISTING_BYTES, &text, err);

	if (r < 0)
		return r;
	if (hw_record_is(str_c(&text), text.n))
		r = scan_record(&text, opts->secrets, ret, err);
	else
		r = hw_listing(str_c(&text), text.n, ret, err);
	if (r < 0)
		return err_wrap(err, r, "'%s'", name);
	return tell(out, name, ret, err);
}

int hw_source_read(struct out *out, const struct cmd *cmd, const struct hw_source_opts *opts,
		   struct hw_inventory *ret, struct err *err)
{
	const char *root = opts->root ? opts->root : "/";
	int r;

	if (opts->from && opts->root)
		return usage_error(cmd, err, "--from and --root cannot be given together");
	if (opts->from)
		r = read_from(out, opts, ret, err);
	else
		r = scan_root(root, opts->secrets, ret, err);
	if (r == 0 && !opts->from)
		r = tell(out, root, ret, err);
	if (r == 0)
		hw_names(ret);
	return r;
}
