/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a file is that is no kernel. People hand over initramfs images, root disks, modules and
 * their .config; naming it is most of the way to the right file.
 */
#include "kernel/arch.h"
#include "kernel/pe.h"
#include "kernel/probe.h"
#include "kernel/unpack.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>

static const struct magic {
	uint32_t offset;
	uint8_t n;
	const char *bytes;
	const char *what;
} magics[] = {
	/* clang-format off */
	{ 0,      21, "!<arch>\ndebian-binary",   "a Debian package" },
	{ 0,      8,  "!<arch>\n",                "a static library (ar archive)" },
	{ 0,      4,  "\xed\xab\xee\xdb",         "an RPM package" },
	{ 0,      6,  "070701",                   "a cpio archive (an initramfs)" },
	{ 0,      6,  "070702",                   "a cpio archive (an initramfs)" },
	{ 0,      6,  "070707",                   "a cpio archive" },
	{ 0x8001, 5,  "CD001",                    "an ISO 9660 image" },
	{ 0,      4,  "QFI\xfb",                  "a qcow2 disk image" },
	{ 0,      4,  "KDMV",                     "a VMDK disk image" },
	{ 0,      8,  "conectix",                 "a VHD disk image" },
	{ 0,      8,  "vhdxfile",                 "a VHDX disk image" },
	{ 0,      4,  "hsqs",                     "a squashfs image" },
	{ 0x400,  4,  "\xe2\xe1\xf5\xe0",         "an EROFS image" },
	{ 0x438,  2,  "\x53\xef",                 "an ext2/3/4 file system image" },
	{ 0x10040,8,  "_BHRfS_M",                 "a btrfs image" },
	{ 0,      4,  "XFSB",                     "an XFS image" },
	{ 257,    5,  "ustar",                    "a tar archive" },
	{ 0,      4,  "PK\3\4",                   "a zip archive" },
	{ 0,      6,  "7z\xbc\xaf\x27\x1c",       "a 7-Zip archive" },
	{ 0,      4,  "\x27\x05\x19\x56",         "a U-Boot image (uImage)" },
	{ 0,      4,  "\xd0\x0d\xfe\xed",         "a device tree or FIT image" },
	{ 0,      8,  "ANDROID!",                 "an Android boot image" },
	{ 0x24,   4,  "\x18\x28\x6f\x01",         "a 32-bit ARM zImage" },
	{ 0,      4,  "\x04\x22\x4d\x18",         "an lz4 frame" },
	{ 512,    8,  "EFI PART",                 "a disk image with a GPT partition table" },
	{ 0,      2,  "#!",                       "a script" },
	{ 0,      4,  "BC\xc0\xde",               "LLVM bitcode" },
	{ 0,      5,  "%PDF-",                    "a PDF document" },
	{ 0,      4,  "\x89PNG",                  "a PNG picture" },
	{ 0,      16, "SQLite format 3",          "an SQLite database" },
	/* clang-format on */
};

const char *krn_special_name(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	case S_IFIFO:
		return "a named pipe";
	case S_IFSOCK:
		return "a socket";
	default:
		return NULL;
	}
}

static const char *elf_kind(uint16_t type, bool interp)
{
	switch (type) {
	case ET_REL:
		return "object file (or kernel module)";
	case ET_CORE:
		return "core dump";
	case ET_EXEC:
		return "program";
	case ET_DYN:
		return interp ? "program" : "shared library or static program";
	default:
		return "file";
	}
}

static char *elf_name(const struct bytes *head)
{
	struct bytes b = *head;
	bool is64 = bytes_u8(&b, EI_CLASS) == ELFCLASS64;
	enum krn_arch arch;
	bool interp = false;

	b.big = bytes_u8(&b, EI_DATA) == ELFDATA2MSB;
	arch = krn_arch_of_elf(bytes_u16(&b, 18), is64);
	for (unsigned int i = 0; is64 && i < 16; i++)
		interp |= bytes_u32(&b, 64 + i * 56) == PT_INTERP;
	if (arch == KRN_ARCH_UNKNOWN)
		return xasprintf("an ELF %s for another machine (number %u)",
				 elf_kind(bytes_u16(&b, 16), interp), bytes_u16(&b, 18));
	return xasprintf("an ELF %s for %s", elf_kind(bytes_u16(&b, 16), interp),
			 krn_arch_name(arch));
}

static char *pe_name(const struct krn_pe *pe)
{
	if (krn_pe_section(pe, ".linux"))
		return xstrdup(
			"a unified kernel image (its kernel: objcopy -O binary -j .linux FILE OUT)");
	return xstrdup(krn_pe_is_efi(pe) ? "an EFI program" : "a Windows program");
}

static bool is_text(const struct bytes *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((b->p[i] < ' ' && !strchr("\t\n\r\f\033", b->p[i])) || !b->p[i] ||
		    b->p[i] == 0x7f)
			return false;
	return true;
}

static bool is_zero(const struct bytes *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i])
			return false;
	return true;
}

static const char *plain_name(const struct bytes *b)
{
	if (!b->n)
		return "an empty file";
	if (bytes_eq(b, 0, "#\n# Automatically generated file; DO NOT EDIT.", 46))
		return "a kernel configuration (.config)";
	if (is_zero(b))
		return "a file of zeros";
	if (is_text(b))
		return "a text file";
	if (bytes_u16(b, 510) == 0xaa55)
		return "a disk image or boot sector";
	return "data of no known kind (or a damaged kernel)";
}

static char *simple_name(const struct bytes *b)
{
	struct krn_pe pe;

	for (size_t i = 0; i < countof(magics); i++)
		if (bytes_eq(b, magics[i].offset, magics[i].bytes, magics[i].n))
			return xstrdup(magics[i].what);
	if (bytes_eq(b, 0, ELFMAG, SELFMAG))
		return elf_name(b);
	if (krn_pe_read(b, &pe))
		return pe_name(&pe);
	return xstrdup(plain_name(b));
}

char *krn_foreign_name(int fd, const struct bytes *b)
{
	enum krn_comp comp = krn_comp_of(b->p, b->n);
	auto_free char *inner = NULL;
	uint8_t head[4096];
	struct stat st;
	struct bytes in = { .p = head };
	ssize_t n;

	if (comp == KRN_COMP_NONE || fstat(fd, &st) < 0)
		return simple_name(b);
	n = krn_unpack_head(&(struct krn_packed){ fd, 0, (uint64_t)st.st_size, comp, 64 << 20 },
			    head, sizeof(head));
	if (n == -EBADMSG)
		return xasprintf("damaged %s data", krn_comp_name(comp));
	if (n < 0)
		return xasprintf("%s data, which cannot be unpacked here", krn_comp_name(comp));
	in.n = (size_t)n;
	inner = simple_name(&in);
	return xasprintf("%s (compressed with %s)", inner, krn_comp_name(comp));
}
