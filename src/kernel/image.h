/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel image files: what a file is, and what is inside it.
 *
 * Sources: Documentation/arch/x86/boot.rst (bzImage header), Documentation/arch/arm64/booting.rst
 * (Image header), include/xen/interface/elfnote.h (XEN_ELFNOTE_PHYS32_ENTRY 18, the PVH note),
 * kernel/configs.c (IKCFG_ST/IKCFG_ED), drivers/firmware/efi/libstub/zboot-header.S (zimg).
 *
 * Every field read from a file is untrusted: bounds are checked, sizes have maxima.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum krn_arch {
	KRN_ARCH_UNKNOWN,
	KRN_X86_64,
	KRN_X86_32,
	KRN_ARM64,
	KRN_ARM,
	KRN_RISCV64,
	KRN_S390,
	KRN_PPC64
};
bool krn_arch_is_x86(enum krn_arch a); /* 32 or 64 bits */
/* The kernel's and QEMU's names: "x86_64"/"x86_64", "arm64"/"aarch64"; "?" for unknown. */
const char *krn_arch_name(enum krn_arch a);
const char *krn_arch_qemu(enum krn_arch a);
/* From either spelling; KRN_ARCH_UNKNOWN if it is neither. */
enum krn_arch krn_arch_parse(const char *name);
enum krn_arch krn_arch_host(void);

enum krn_format {
	KRN_BZIMAGE,	/* x86 boot protocol, "HdrS" */
	KRN_ELF,	/* vmlinux */
	KRN_IMAGE,	/* arm64 or riscv flat Image */
	KRN_IMAGE_COMP, /* a compressed Image or vmlinux (gzip, ...): Image.gz */
	KRN_ZBOOT,	/* EFI zboot wrapper, "zimg" */
};

enum krn_comp {
	KRN_COMP_NONE,
	KRN_GZIP,
	KRN_XZ,
	KRN_LZMA,
	KRN_BZIP2,
	KRN_LZO,
	KRN_LZ4,
	KRN_ZSTD,
	KRN_COMP_UNKNOWN
};
const char *krn_comp_name(enum krn_comp c);

struct krn_image {
	enum krn_format format;
	enum krn_arch arch;
	uint64_t file_size;
	enum krn_comp comp;	 /* of the payload */
	uint64_t payload_offset; /* in the file, bytes */
	uint64_t payload_size;	 /* in the file, bytes */
	char version[256];	/* "6.1.0-56-amd64 (debian-kernel@...) #1 SMP ...", "" if unknown */
	uint32_t cmdline_max;	/* bytes without the NUL; 0: unknown */
	uint16_t boot_protocol; /* x86: 0x020f and so on */
	bool boot_flag; /* x86: 55 aa at 510, without which GRUB refuses it; QEMU and EFI do not look */
	bool efi_stub;
	bool relocatable;
	bool pvh;	    /* ELF: has the PVH entry note */
	uint64_t pvh_entry; /* physical address */
};

/*
 * Finds out what fd holds. Anything that is not a kernel image is -ENOEXEC with a message that says
 * what it is instead (an ELF program, a gzip'ed cpio archive, a shell script, an ISO, a Debian
 * package, text, empty, a truncated bzImage: declared so many bytes, found so many ...). `name` is
 * for messages.
 */
int krn_image_probe(int fd, const char *name, struct krn_image *ret, struct err *err);

/*
 * Fills image->version from the kernel's "Linux version" banner where the header has none (ELF,
 * Image). -ENOENT if there is none, or the image is compressed.
 */
int krn_image_find_version(int fd, struct krn_image *image);

/*
 * Writes the decompressed payload (the vmlinux of a bzImage, the Image of an Image.gz or zboot) to
 * out_fd. At most 1 GiB. Compressors: gzip, xz, lzma, bzip2, lz4 (legacy frame) and zstd, as far as
 * libarchive was built with them; others (lzo) are -EOPNOTSUPP.
 */
int krn_image_unpack(int fd, const struct krn_image *image, int out_fd, struct err *err);

/*
 * The config embedded by CONFIG_IKCONFIG, decompressed, from the uncompressed kernel at fd (ELF or
 * Image). -ENOENT if there is none.
 */
int krn_image_config(int fd, struct str *ret, struct err *err);
