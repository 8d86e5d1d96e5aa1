/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gathering what a kernel file says of itself. A unified kernel image is taken apart in memory: its kernel is looked at as
 * if it were the file, while stub and signatures are those of the whole.
 */
#include "kernel/inspect.h"

#include "base/file.h"
#include "base/path.h"
#include "kernel/find.h"
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#define HEAD_SIZE (64 * 1024)
#define INNER_MAX (UINT64_C(512) << 20)

void krn_facts_release(struct krn_facts *f)
{
	free(f->release);
	free(f->unpack_trouble);
	krn_signatures_release(&f->signatures);
	*f = (struct krn_facts){ 0 };
}

static void read_x86(const struct bytes *b, struct krn_facts *f)
{
	const uint16_t v = f->image.boot_protocol;
	struct krn_x86 *x = &f->x86;

	x->boot_bytes[0] = bytes_u8(b, 0x1fe);
	x->boot_bytes[1] = bytes_u8(b, 0x1ff);
	x->setup_sects = bytes_u8(b, 0x1f1) ?: 4;
	x->loadflags = bytes_u8(b, 0x211);
	/* what all take that the header does not say more of (boot.rst, initrd_addr_max) */
	x->initrd_max = v >= 0x203 ? bytes_u32(b, 0x22c) : 0x37ffffff;
	x->alignment = v >= 0x205 ? bytes_u32(b, 0x230) : 0;
	x->xloadflags = v >= 0x20c ? bytes_u16(b, 0x236) : 0;
	x->pref_address = v >= 0x20a ? bytes_u64(b, 0x258) : 0;
	x->init_size = v >= 0x20a ? bytes_u32(b, 0x260) : 0;
	x->handover_offset = v >= 0x20b ? bytes_u32(b, 0x264) : 0;
}

static void read_flat(const struct bytes *b, struct krn_facts *f)
{
	static const unsigned pages[] = { 0, 4, 16, 64 };
	struct krn_flat *l = &f->flat;

	l->text_offset = bytes_u64(b, 8);
	l->image_size = bytes_u64(b, 16);
	l->flags = bytes_u64(b, 24);
	if (f->image.arch != KRN_ARM64)
		return;
	l->big = l->flags & 1;
	l->page_kib = pages[l->flags >> 1 & 3];
	l->anywhere = l->flags >> 3 & 1;
}

static struct bytes read_head(int fd, uint8_t *buf)
{
	return (struct bytes){ buf, bytes_pread(fd, buf, HEAD_SIZE, 0), false };
}

static void read_headers(int fd, struct krn_facts *f)
{
	auto_free uint8_t *buf = xmalloc(HEAD_SIZE);
	struct bytes head = read_head(fd, buf);

	if (f->image.format == KRN_BZIMAGE)
		read_x86(&head, f);
	else if (f->image.format == KRN_IMAGE)
		read_flat(&head, f);
}

/* What only the uncompressed kernel says. */
static void read_inner(int fd, struct krn_facts *f)
{
	auto_str struct str config = { 0 };
	struct krn_image inner;
	int r = krn_image_probe(fd, "the kernel inside", &inner, NULL);

	f->ikconfig = krn_image_config(fd, &config, NULL) == 0 ? KRN_IS : KRN_IS_NOT;
	if (r < 0)
		return;
	f->unpacked_size = inner.file_size;
	if (inner.format == KRN_ELF) {
		f->pvh = inner.pvh ? KRN_IS : KRN_IS_NOT;
		f->pvh_entry = inner.pvh_entry;
	} else if (inner.format == KRN_IMAGE && f->image.format != KRN_IMAGE) {
		auto_free uint8_t *buf = xmalloc(HEAD_SIZE);
		struct bytes head = read_head(fd, buf);

		read_flat(&head, f);
	}
	if (f->image.arch == KRN_ARCH_UNKNOWN)
		f->image.arch = inner.arch;
	if (!f->image.version[0] && krn_image_find_version(fd, &inner) == 0)
		memcpy(f->image.version, inner.version, sizeof(inner.version));
}

static void set_release(struct krn_facts *f)
{
	auto_free char *release = xstrndup(f->image.version, strcspn(f->image.version, " "));

	if (!f->release && krn_is_release(release))
		f->release = take_ptr(release);
}

static void inner_trouble(struct krn_facts *f, struct err *why)
{
	f->unpack_trouble = xstrdup(why->msg ? why->msg : "it cannot be unpacked");
}

/* The kernel inside, in memory; the file itself where it is not packed. */
static void look_inside(int fd, struct krn_facts *f)
{
	auto_close int inner = -1;
	auto_err struct err why = { 0 };

	if (f->image.comp == KRN_COMP_NONE) {
		read_inner(fd, f);
		return;
	}
	inner = memfd_create("kernel", MFD_CLOEXEC);
	if (inner < 0)
		err_sys(&why, "cannot get memory to unpack it");
	else if (krn_image_unpack(fd, &f->image, inner, &why) == 0) {
		read_inner(inner, f);
		return;
	}
	inner_trouble(f, &why);
}

static bool read_pe(int fd, struct krn_facts *f)
{
	auto_free uint8_t *buf = xmalloc(HEAD_SIZE);
	struct bytes head = read_head(fd, buf);
	struct stat st;

	if (fstat(fd, &st) == 0)
		f->file_size = (uint64_t)st.st_size;
	f->is_pe = krn_pe_read(&head, &f->pe);
	f->uki = f->is_pe && krn_pe_is_uki(&f->pe);
	return f->uki;
}

void krn_facts_headers(int fd, struct krn_facts *f)
{
	read_pe(fd, f);
	read_headers(fd, f);
}

static int copy_section(int fd, const char *name, const struct krn_pe_section *s, uint64_t size,
			int *ret_fd, struct err *err)
{
	auto_close int out = memfd_create("section", MFD_CLOEXEC);
	auto_free uint8_t *buf = xmalloc(HEAD_SIZE);

	if (out < 0)
		return err_sys(err, "cannot get memory for the kernel in '%s'", name);
	if (s->offset + s->used > size || s->used > INNER_MAX) {
		err_set(err, -ENOEXEC,
			"'%s' is a truncated unified kernel image: its kernel ends at byte %llu",
			name, (unsigned long long)(s->offset + s->used));
		return err_hint(err, -ENOEXEC, "copy or build it again");
	}
	for (uint64_t at = 0; at < s->used;) {
		size_t n = bytes_pread(fd, buf, (size_t)MIN(s->used - at, (uint64_t)HEAD_SIZE),
				       s->offset + at);
		int r = n ? write_all(out, buf, n) : -EIO;

		if (r < 0)
			return err_code(err, r, "cannot read the kernel in '%s'", name);
		at += n;
	}
	*ret_fd = take_fd(&out);
	return 0;
}

static int inspect_uki(int fd, const char *name, struct krn_facts *f, struct err *err)
{
	auto_free char *inner_name = xasprintf("%s (section .linux)", name);
	auto_close int inner = -1;
	int r = copy_section(fd, name, krn_pe_section(&f->pe, ".linux"), f->file_size, &inner, err);

	if (r == 0)
		r = krn_image_probe(inner, inner_name, &f->image, err);
	if (r < 0)
		return r;
	read_headers(inner, f);
	look_inside(inner, f);
	return 0;
}

int krn_inspect_fd(int fd, const char *name, struct krn_facts *ret, struct err *err)
{
	struct krn_facts f = { 0 };
	int r;

	if (read_pe(fd, &f)) {
		r = inspect_uki(fd, name, &f, err);
	} else {
		r = krn_image_probe(fd, name, &f.image, err);
		if (r == 0) {
			read_headers(fd, &f);
			look_inside(fd, &f);
		}
	}
	if (r < 0)
		return r;
	if (f.is_pe)
		krn_signatures_read(fd, &f.pe, &f.signatures);
	set_release(&f);
	*ret = f;
	return 0;
}

/* The kernel inside comes from the cache, where a run may have left it already. */
static int inspect_krn(struct krn *k, const struct krn_progress *progress, struct krn_facts *f,
		       struct err *err)
{
	auto_close int fd = open(k->image, O_RDONLY | O_CLOEXEC);
	auto_close int inner = -1;
	auto_free char *path = NULL;
	auto_err struct err why = { 0 };
	struct krn_image info;

	if (fd < 0)
		return err_sys(err, "cannot read '%s'", k->image);
	f->image = k->info;
	krn_facts_headers(fd, f);
	if (krn_vmlinux(k, progress, &path, &info, &why) == 0)
		inner = krn_open_image(path, path, &info, &why);
	if (inner >= 0)
		read_inner(inner, f);
	else
		inner_trouble(f, &why);
	if (f->is_pe)
		krn_signatures_read(fd, &f->pe, &f->signatures);
	f->release = k->release ? xstrdup(k->release) : NULL;
	set_release(f);
	return 0;
}

/* Whether spec names a unified kernel image, which is no KERNEL of other commands. */
static int open_uki(const char *spec)
{
	auto_close int fd = -1;
	struct krn_facts f = { 0 };
	struct stat st;

	if (!spec || !*spec)
		return -1;
	fd = open(spec, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !read_pe(fd, &f))
		return -1;
	return take_fd(&fd);
}

int krn_inspect(const char *spec, const char *root, const struct krn_progress *progress,
		struct krn_facts *ret, struct krn *ret_k, struct err *err)
{
	auto_close int uki = open_uki(spec);
	struct krn_facts f = { 0 };
	struct krn k = { 0 };
	int r;

	if (uki >= 0) {
		r = krn_inspect_fd(uki, spec, &f, err);
		k.kind = KRN_FILE;
		k.spec = xstrdup(spec);
		k.image = path_abs(spec);
		k.info = f.image;
	} else {
		r = krn_resolve(spec, root, KRN_ARCH_UNKNOWN, progress, &k, err);
		if (r == 0)
			r = inspect_krn(&k, progress, &f, err);
	}
	if (r == 0) {
		*ret = f;
		f = (struct krn_facts){ 0 };
	}
	if (r == 0 && ret_k) {
		*ret_k = k;
		k = (struct krn){ 0 };
	}
	krn_facts_release(&f);
	krn_release(&k);
	return r;
}
