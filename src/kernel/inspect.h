/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that can be known of a kernel without booting it, and who can start it.
 *
 * Sources: Documentation/arch/x86/boot.rst (setup header), Documentation/arch/arm64/booting.rst,
 * Documentation/arch/riscv/boot-image-header.rst, systemd-stub(7) (unified kernel images); for the verdicts GRUB's
 * grub-core/loader/i386/linux.c and QEMU's hw/i386/x86.c.
 */
#pragma once

#include "kernel/pe.h"
#include "kernel/resolve.h"
#include "kernel/sign.h"

/* xloadflags */
#define KRN_XLF_KERNEL_64    (1U << 0)
#define KRN_XLF_ABOVE_4G     (1U << 1)
#define KRN_XLF_HANDOVER_32  (1U << 2)
#define KRN_XLF_HANDOVER_64  (1U << 3)
#define KRN_XLF_KEXEC	     (1U << 4)
#define KRN_XLF_5LEVEL	     (1U << 5)
#define KRN_XLF_5LEVEL_ON    (1U << 6)
#define KRN_XLF_MEM_ENCRYPT  (1U << 7)
#define KRN_LOADED_HIGH	     (1U << 0) /* loadflags */
#define KRN_SETUP_SECTS_GRUB 64	       /* GRUB_LINUX_MAX_SETUP_SECTS */

/* The x86 setup header. What the image's protocol is too old for is 0. */
struct krn_x86 {
	uint8_t boot_bytes[2]; /* at 510 */
	uint8_t setup_sects, loadflags;
	uint16_t xloadflags;
	uint32_t initrd_max; /* the highest address an initrd's last byte may have */
	uint32_t alignment;
	uint64_t pref_address;
	uint32_t
		init_size; /* memory wanted from there on until the kernel has found its own way, bytes */
	uint32_t handover_offset;
};

/* The header of an arm64 or riscv Image. */
struct krn_flat {
	uint64_t text_offset, image_size,
		flags;	   /* bytes; image_size with what is not in the file */
	bool big;	   /* arm64: big-endian */
	unsigned page_kib; /* arm64: 4, 16, 64; 0: not said */
	bool anywhere;	   /* arm64: may lie anywhere in memory */
};

enum krn_known { KRN_UNKNOWN, KRN_IS_NOT, KRN_IS };

struct krn_facts {
	struct krn_image image; /* of a unified kernel image the one in its .linux section */
	uint64_t file_size;	/* bytes, of the whole file */
	char *release;		/* NULL: unknown */
	bool is_pe;
	struct krn_pe pe; /* of the file itself */
	bool uki;
	struct krn_x86 x86;
	struct krn_flat flat;
	enum krn_known pvh; /* also of the vmlinux that a bzImage holds */
	uint64_t pvh_entry;
	enum krn_known ikconfig; /* whether the configuration is in it */
	char *unpack_trouble;	 /* why the kernel inside could not be looked at; NULL */
	uint64_t unpacked_size;	 /* bytes; 0: not known */
	struct krn_signatures signatures;
};

/*
 * spec and root as for krn_resolve(), and a unified kernel image. Unpacks the kernel inside into the cache (of a unified
 * kernel image into memory). ret_k (may be NULL) gets what was resolved; of a unified kernel image only spec, image and info.
 */
int krn_inspect(const char *spec, const char *root, const struct krn_progress *progress,
		struct krn_facts *ret, struct krn *ret_k, struct err *err);
/* The same of an open file, all in memory. */
int krn_inspect_fd(int fd, const char *name, struct krn_facts *ret, struct err *err);
/* Only what the headers of a file say whose image is given: x86, flat, is_pe, pe, uki. */
void krn_facts_headers(int fd, struct krn_facts *f);
void krn_facts_release(struct krn_facts *f);

enum krn_for { KRN_FOR_BIOS, KRN_FOR_UEFI, KRN_FOR_QEMU, KRN_FOR_PVH };
#define KRN_FOR_COUNT 4
extern const char *const krn_for_names[KRN_FOR_COUNT + 1]; /* "bios", ...; NULL-terminated */

enum krn_answer { KRN_NO, KRN_MAYBE, KRN_YES };
const char *krn_answer_name(enum krn_answer a); /* "no", "maybe", "yes" */

/* Who can start it: GRUB under a legacy BIOS, EFI firmware, `qemu -kernel`, a monitor that enters by PVH. */
struct krn_verdict {
	enum krn_answer answer;
	char *reason;
	const char *hint; /* what to do about a no; NULL */
};
void krn_verdict(const struct krn_facts *f, enum krn_for loader, struct krn_verdict *ret);
void krn_verdict_release(struct krn_verdict *v);
