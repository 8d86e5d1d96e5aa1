/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a file is, found out from its first 64 KiB. The order matters: an x86 bzImage and an arm64
 * Image with an EFI stub are PE programs too, and a boot sector's signature is in all of them.
 */
#include "kernel/image.h"

#include "kernel/arch.h"
#include "kernel/pe.h"
#include "kernel/probe.h"
#include "kernel/scan.h"
#include "kernel/unpack.h"

#include <errno.h>
#include <inttypes.h>

#define HEAD_SIZE (64 * 1024)
#define PE_OFFSET 0x3c

size_t bytes_pread(int fd, void *buf, size_t n, uint64_t off)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = pread(fd, (char *)buf + done, n - done, (off_t)(off + done));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		done += (size_t)r;
	}
	return done;
}

int krn_probe_truncated(const struct krn_probe *p, const char *what, uint64_t declared,
			struct err *err)
{
	err_set(err, -ENOEXEC,
		"'%s' is a truncated %s: %" PRIu64 " bytes by its header, %" PRIu64 " found",
		p->name, what, declared, p->size);
	return err_hint(err, -ENOEXEC, "copy or build it again");
}

static void copy_version(const struct bytes *b, uint64_t off, char ret[256])
{
	size_t n = 0;

	while (n < 255 && bytes_u8(b, off + n) >= ' ' && bytes_u8(b, off + n) < 0x7f) {
		ret[n] = (char)bytes_u8(b, off + n);
		n++;
	}
	ret[n] = '\0';
}

/* The payload's place; only known since protocol 2.08 (Linux 2.6.26). */
static int bzimage_payload(const struct krn_probe *p, uint64_t setup, struct krn_image *im,
			   struct err *err)
{
	uint8_t magic[8];

	im->comp = KRN_COMP_UNKNOWN;
	if (im->boot_protocol < 0x208)
		return 0;
	im->payload_offset = setup + bytes_u32(&p->b, 0x248);
	im->payload_size = bytes_u32(&p->b, 0x24c);
	if (im->payload_offset + im->payload_size > p->size)
		return krn_probe_truncated(p, "bzImage", im->payload_offset + im->payload_size,
					   err);
	im->comp = krn_comp_of(magic, bytes_pread(p->fd, magic, sizeof(magic), im->payload_offset));
	if (im->comp == KRN_COMP_NONE)
		im->comp = KRN_COMP_UNKNOWN;
	return 0;
}

/* XLF_KERNEL_64 says so since 2.12; in older ones nothing does, and an x86_64 machine runs both. */
static enum krn_arch bzimage_arch(const struct bytes *b, uint16_t protocol)
{
	return protocol >= 0x20c && !(bytes_u16(b, 0x236) & 1) ? KRN_X86_32 : KRN_X86_64;
}

int krn_probe_bzimage(const struct krn_probe *p, struct krn_image *im, struct err *err)
{
	const struct bytes *b = &p->b;
	uint64_t setup = (uint64_t)(bytes_u8(b, 0x1f1) ?: 4) * 512 + 512;
	uint64_t size = setup;
	struct krn_pe pe;
	int r;

	if (!bytes_eq(b, 0x202, "HdrS", 4))
		return 0;
	im->format = KRN_BZIMAGE;
	im->boot_flag = bytes_u16(b, 0x1fe) == 0xaa55;
	im->boot_protocol = bytes_u16(b, 0x206);
	size += 16 *
		(uint64_t)(im->boot_protocol >= 0x204 ? bytes_u32(b, 0x1f4) : bytes_u16(b, 0x1f4));
	if (size > p->size)
		return krn_probe_truncated(p, "bzImage", size, err);
	im->arch = bzimage_arch(b, im->boot_protocol);
	im->efi_stub = krn_pe_read(b, &pe);
	if (im->boot_protocol >= 0x205)
		im->relocatable = bytes_u8(b, 0x234);
	im->cmdline_max = im->boot_protocol >= 0x206 ? bytes_u32(b, 0x238) : 255;
	if (bytes_u16(b, 0x20e))
		copy_version(b, 0x200 + (uint64_t)bytes_u16(b, 0x20e), im->version);
	r = bzimage_payload(p, setup, im, err);
	return r < 0 ? r : 1;
}

int krn_probe_flat(const struct krn_probe *p, struct krn_image *im, struct err *err)
{
	const struct bytes *b = &p->b;
	struct krn_pe pe;

	if (bytes_eq(b, 0x38, "ARM\x64", 4))
		im->arch = KRN_ARM64;
	else if (bytes_eq(b, 0x38, "RSC\x05", 4) || bytes_eq(b, 0x30, "RISCV\0\0\0", 8))
		im->arch = KRN_RISCV64;
	else
		return 0;
	im->format = KRN_IMAGE;
	im->efi_stub = krn_pe_read(b, &pe);
	im->relocatable = true;
	if (im->efi_stub && krn_pe_end(&pe) > p->size)
		return krn_probe_truncated(p, "Image", krn_pe_end(&pe), err);
	return 1;
}

int krn_probe_zboot(const struct krn_probe *p, struct krn_image *im, struct err *err)
{
	const struct bytes *b = &p->b;
	uint8_t magic[8];

	if (!bytes_eq(b, 0, "MZ\0\0zimg", 8))
		return 0;
	im->format = KRN_ZBOOT;
	im->efi_stub = true;
	im->arch = krn_arch_of_pe(bytes_u16(b, bytes_u32(b, PE_OFFSET) + 4));
	im->payload_offset = bytes_u32(b, 8);
	im->payload_size = bytes_u32(b, 12);
	if (im->payload_offset + im->payload_size > p->size)
		return krn_probe_truncated(p, "EFI zboot image",
					   im->payload_offset + im->payload_size, err);
	im->comp = krn_comp_of(magic, bytes_pread(p->fd, magic, sizeof(magic), im->payload_offset));
	if (im->comp == KRN_COMP_NONE)
		im->comp = KRN_COMP_UNKNOWN;
	return 1;
}

/* A compressed Image or vmlinux: told by what is inside. */
static int probe_compressed(const struct krn_probe *p, struct krn_image *im, struct err *err)
{
	enum krn_comp comp = krn_comp_of(p->b.p, p->b.n);
	struct krn_packed in = { p->fd, 0, p->size, comp, UINT64_C(64) << 20 };
	auto_free uint8_t *head = NULL;
	struct krn_probe inner = { -1, p->name, UINT64_MAX, { 0 } };
	struct krn_image found = { 0 };
	ssize_t n;
	int r;

	if (comp == KRN_COMP_NONE)
		return 0;
	head = xmalloc(HEAD_SIZE);
	n = krn_unpack_head(&in, head, HEAD_SIZE);
	inner.b = (struct bytes){ head, (size_t)MAX(n, (ssize_t)0), false };
	r = krn_probe_flat(&inner, &found, err);
	if (r == 0)
		r = krn_probe_elf(&inner, &found, NULL);
	if (r <= 0)
		return r == -ENOEXEC ? 0 : r;
	*im = (struct krn_image){ .format = KRN_IMAGE_COMP,
				  .arch = found.arch,
				  .comp = comp,
				  .file_size = p->size,
				  .payload_size = p->size,
				  .efi_stub = found.efi_stub,
				  .relocatable = found.relocatable };
	return 1;
}

static int refuse(int fd, const char *name, const char *what, struct err *err)
{
	err_set(err, -ENOEXEC, "'%s' is %s, not a kernel", name, what);
	return err_hint(err, -ENOEXEC, "%s", KRN_ACCEPTED);
}

static int probe_regular(const struct krn_probe *p, struct krn_image *im, struct err *err)
{
	static int (*const kinds[])(const struct krn_probe *, struct krn_image *, struct err *) = {
		krn_probe_bzimage, krn_probe_zboot, krn_probe_flat, krn_probe_elf, probe_compressed,
	};
	auto_free char *what = NULL;

	for (size_t i = 0; i < countof(kinds); i++) {
		*im = (struct krn_image){ .file_size = p->size };
		int r = kinds[i](p, im, err);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	what = krn_foreign_name(p->fd, &p->b);
	return refuse(p->fd, p->name, what, err);
}

int krn_image_probe(int fd, const char *name, struct krn_image *ret, struct err *err)
{
	auto_free uint8_t *head = NULL;
	struct krn_image im;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read '%s'", name);
	if (krn_special_name(&st))
		return refuse(fd, name, krn_special_name(&st), err);
	head = xmalloc(HEAD_SIZE);
	struct krn_probe p = { fd, name, (uint64_t)st.st_size, { head, 0, false } };

	p.b.n = bytes_pread(fd, head, HEAD_SIZE, 0);
	r = probe_regular(&p, &im, err);
	if (r < 0)
		return r;
	*ret = im;
	return 0;
}

/*
 * "Linux version RELEASE (BUILDER) (COMPILER) #N ...": a bzImage's header has the same without the
 * prefix and the compiler. There are several in a vmlinux: the format string of /proc/version goes
 * on with '%', and the first link's placeholder has no number behind the '#' (init/version.c).
 */
static void find_banner(struct krn_scan *s, char ret[256])
{
	static const char prefix[] = "Linux version ";
	const size_t n = sizeof(prefix) - 1;

	for (uint64_t at = 0; (at = krn_scan_find(s, at, prefix, n)) != KRN_SCAN_NONE;) {
		struct bytes b = krn_scan_at(s, at += n, 256);
		const char *number;
		char found[256];

		if (bytes_u8(&b, 0) < '0' || bytes_u8(&b, 0) > '9')
			continue;
		copy_version(&b, 0, found);
		number = strstr(found, " #");
		if (!ret[0] || (number && number[2] >= '0' && number[2] <= '9'))
			memcpy(ret, found, sizeof(found));
		if (number && number[2] >= '0' && number[2] <= '9')
			return;
	}
}

int krn_image_find_version(int fd, struct krn_image *image)
{
	auto_scan struct krn_scan scan = { .fd = fd };

	if (image->version[0])
		return 0;
	if (!image->file_size || image->comp != KRN_COMP_NONE)
		return -ENOENT;
	find_banner(&scan, image->version);
	return image->version[0] ? 0 : -ENOENT;
}
