/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who can start a kernel. Each rule is a check that the loader itself makes, so that its error message is known before it
 * is met: the reasons name what was looked at, the hints what to do.
 */
#include "kernel/inspect.h"

#include "kernel/arch.h"

#include <stdio.h>

const char *const krn_for_names[KRN_FOR_COUNT + 1] = { "bios", "uefi", "qemu", "pvh", NULL };

const char *krn_answer_name(enum krn_answer a)
{
	static const char *const names[] = { "no", "maybe", "yes" };

	return names[a];
}

void krn_verdict_release(struct krn_verdict *v)
{
	free(v->reason);
	*v = (struct krn_verdict){ 0 };
}

static struct krn_verdict say(enum krn_answer answer, char *reason, const char *hint)
{
	return (struct krn_verdict){ answer, reason, hint };
}

static struct krn_verdict say_text(enum krn_answer answer, const char *reason, const char *hint)
{
	return say(answer, xstrdup(reason), hint);
}

/*
 * GRUB asks for the mark of a boot sector, which nothing else does. It was seen missing from kernels with an EFI stub that
 * LLVM's tools had linked, and was there once they were built without one.
 */
static struct krn_verdict no_boot_flag(const struct krn_facts *f)
{
	const uint8_t *b = f->x86.boot_bytes;
	char *reason = xasprintf(
		"the bytes at 510 are %02x %02x, not 55 aa: GRUB would say \"invalid magic number\"",
		b[0], b[1]);

	if (!f->image.efi_stub)
		return say(KRN_NO, reason, "copy or build it again: the image is damaged");
	return say(
		KRN_NO, reason,
		"known of kernels with an EFI stub: build it with CONFIG_EFI_STUB=n for GRUB under a legacy BIOS,\n"
		"or start it by UEFI, which does not look there");
}

static struct krn_verdict for_bios(const struct krn_facts *f)
{
	const struct krn_image *im = &f->image;

	if (f->uki)
		return say_text(KRN_NO, "a unified kernel image is a program for EFI firmware",
				"give GRUB its kernel: objcopy -O binary -j .linux FILE vmlinuz");
	if (!krn_arch_is_x86(im->arch))
		return say(KRN_NO,
			   xasprintf("a legacy BIOS is a matter of x86, this is %s",
				     krn_arch_name(im->arch)),
			   NULL);
	if (im->format != KRN_BZIMAGE)
		return say_text(
			KRN_NO,
			"there is no setup header (HdrS at 0x202): GRUB's linux takes a bzImage",
			"give the bzImage of that build");
	if (!im->boot_flag)
		return no_boot_flag(f);
	if (im->boot_protocol < 0x200)
		return say_text(
			KRN_NO,
			"the boot protocol is older than 2.00: GRUB would say \"version too old for 32-bit boot\"",
			"GRUB's linux16 may start it");
	if (f->x86.setup_sects > KRN_SETUP_SECTS_GRUB)
		return say(
			KRN_NO,
			xasprintf("%u setup sectors, and GRUB takes %u: \"too many setup sectors\"",
				  f->x86.setup_sects, KRN_SETUP_SECTS_GRUB),
			"copy or build it again");
	if (!(f->x86.loadflags & KRN_LOADED_HIGH))
		return say_text(
			KRN_NO,
			"it wants to be loaded low: GRUB would say \"zImage doesn't support 32-bit boot\"",
			"GRUB's linux16 may start it");
	return say(KRN_YES,
		   xasprintf("55 aa at 510, HdrS at 0x202, boot protocol %u.%02u",
			     im->boot_protocol >> 8, im->boot_protocol & 0xff),
		   NULL);
}

static const char *secure_boot(const struct krn_facts *f)
{
	for (size_t i = 0; i < f->signatures.n; i++)
		if (f->signatures.v[i].whole)
			return "signed";
	return f->signatures.n ? "its signature is not good: not with Secure Boot on"
			       : "not signed: not with Secure Boot on";
}

static struct krn_verdict no_stub(const struct krn_facts *f)
{
	if (f->image.format == KRN_ELF)
		return say_text(KRN_NO, "an ELF file is no program for EFI firmware",
				"give the kernel's image (bzImage, Image, vmlinuz.efi)");
	if (f->image.format == KRN_IMAGE_COMP)
		return say(KRN_NO,
			   xasprintf("EFI firmware starts no kernel packed with %s",
				     krn_comp_name(f->image.comp)),
			   "unpack it, or build with CONFIG_EFI_ZBOOT=y (vmlinuz.efi)");
	return say_text(
		KRN_NO, "there is no EFI stub: neither firmware nor systemd-boot can start it",
		f->image.format == KRN_BZIMAGE
			? "build it with CONFIG_EFI=y and CONFIG_EFI_STUB=y; GRUB for UEFI may start it as it is, by the x86\n"
			  "boot protocol, but then it has no EFI services"
			: "build it with CONFIG_EFI=y");
}

static struct krn_verdict for_uefi(const struct krn_facts *f)
{
	enum krn_arch machine = krn_arch_of_pe(f->pe.machine);

	if (!f->is_pe)
		return no_stub(f);
	if (!krn_pe_is_efi(&f->pe))
		return say(KRN_NO,
			   xasprintf("its PE header is not for EFI (subsystem %u, 10 is wanted)",
				     f->pe.subsystem),
			   "copy or build it again");
	if (f->image.arch != KRN_ARCH_UNKNOWN && machine != f->image.arch)
		return say(KRN_NO,
			   xasprintf("its PE header is for machine 0x%04x, the kernel for %s",
				     f->pe.machine, krn_arch_name(f->image.arch)),
			   "copy or build it again");
	if (f->uki && !f->image.efi_stub)
		return say_text(
			KRN_NO,
			"the kernel inside has no EFI stub, by which systemd's stub starts it",
			"build it with CONFIG_EFI_STUB=y");
	return say(KRN_YES,
		   xasprintf("%s for %s; %s", f->uki ? "unified kernel image" : "EFI stub",
			     krn_arch_name(machine), secure_boot(f)),
		   NULL);
}

static struct krn_verdict qemu_elf(const struct krn_facts *f)
{
	const enum krn_arch arch = f->image.arch;

	if (krn_arch_is_x86(arch) && f->pvh == KRN_IS)
		return say_text(KRN_YES, "by its PVH note (QEMU 4.0 and newer)", NULL);
	if (krn_arch_is_x86(arch))
		return say_text(KRN_NO, "QEMU takes an ELF kernel only with a PVH note",
				"build it with CONFIG_PVH=y, or give the bzImage");
	if (arch == KRN_S390 || arch == KRN_PPC64)
		return say_text(KRN_YES, "QEMU loads its ELF segments", NULL);
	return say_text(
		KRN_NO,
		"QEMU would load it where its ELF header says, which is not where the board's memory is",
		"give the Image of that build");
}

static struct krn_verdict qemu_packed(const struct krn_facts *f)
{
	const bool zboot = f->image.format == KRN_ZBOOT;

	if (f->image.arch == KRN_ARM64 && f->image.comp == KRN_GZIP)
		return say_text(KRN_YES, zboot ? "QEMU 8.0 and newer unpack it" : "QEMU unpacks it",
				NULL);
	if (f->image.arch == KRN_ARM64 && f->image.comp == KRN_ZSTD && zboot)
		return say_text(KRN_MAYBE,
				"only the newest QEMU unpacks zstd in an EFI zboot image",
				"kiln run unpacks it for any");
	return say(KRN_NO,
		   xasprintf("QEMU does not unpack %s for %s", krn_comp_name(f->image.comp),
			     krn_arch_name(f->image.arch)),
		   "unpack it; kiln run does");
}

static struct krn_verdict for_qemu(const struct krn_facts *f)
{
	if (f->uki)
		return say_text(
			KRN_NO,
			"QEMU itself starts no EFI program; with EFI firmware (-bios OVMF) it would",
			"objcopy -O binary -j .linux FILE vmlinuz");
	switch (f->image.format) {
	case KRN_BZIMAGE:
		return say(
			KRN_YES,
			xasprintf("boot protocol %u.%02u; QEMU does not look at the bytes at 510",
				  f->image.boot_protocol >> 8, f->image.boot_protocol & 0xff),
			NULL);
	case KRN_ELF:
		return qemu_elf(f);
	case KRN_IMAGE:
		return say(KRN_YES,
			   xasprintf("qemu-system-%s -machine virt", krn_arch_qemu(f->image.arch)),
			   NULL);
	default:
		return qemu_packed(f);
	}
}

static struct krn_verdict for_pvh(const struct krn_facts *f)
{
	if (!krn_arch_is_x86(f->image.arch))
		return say(KRN_NO,
			   xasprintf("PVH is a matter of x86, this is %s",
				     krn_arch_name(f->image.arch)),
			   NULL);
	if (f->pvh == KRN_UNKNOWN)
		return say(KRN_MAYBE,
			   xasprintf("the kernel inside could not be looked at: %s",
				     f->unpack_trouble ?: "it holds no vmlinux"),
			   "give the vmlinux of that build");
	if (f->pvh == KRN_IS_NOT)
		return say_text(KRN_NO, "the vmlinux has no PVH note",
				"build it with CONFIG_PVH=y");
	if (f->image.format == KRN_ELF)
		return say(KRN_YES,
			   xasprintf("PVH note, entry at 0x%llx", (unsigned long long)f->pvh_entry),
			   NULL);
	return say(
		KRN_YES,
		xasprintf(
			"the vmlinux inside has a PVH note, entry at 0x%llx; who takes ELF alone wants it unpacked",
			(unsigned long long)f->pvh_entry),
		NULL);
}

void krn_verdict(const struct krn_facts *f, enum krn_for loader, struct krn_verdict *ret)
{
	static struct krn_verdict (*const rules[KRN_FOR_COUNT])(const struct krn_facts *) = {
		[KRN_FOR_BIOS] = for_bios,
		[KRN_FOR_UEFI] = for_uefi,
		[KRN_FOR_QEMU] = for_qemu,
		[KRN_FOR_PVH] = for_pvh,
	};

	*ret = rules[loader](f);
}
