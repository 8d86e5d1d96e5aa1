/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vmlinux among ELF files: what makes it a kernel is that it is loaded into the upper half of the
 * address space (s390 has no such half; there it is the missing interpreter). Program headers and
 * notes are read by hand since this runs before every boot and libelf costs more than all of it.
 */
#include "kernel/arch.h"
#include "kernel/probe.h"

#include <elf.h>
#include <errno.h>

#define PHNUM_MAX		 128
#define NOTES_MAX		 (64 * 1024)
#define XEN_ELFNOTE_PHYS32_ENTRY 18 /* include/xen/interface/elfnote.h */

struct elf {
	const struct krn_probe *p;
	struct bytes ph; /* the program headers */
	bool is64;
	uint16_t type, machine, phnum, phsize;
};

struct segment {
	uint32_t type;
	uint64_t offset, vaddr, size;
};

static struct segment segment(const struct elf *e, size_t i)
{
	const struct bytes *b = &e->ph;
	uint64_t o = i * (uint64_t)e->phsize;

	if (e->is64)
		return (struct segment){ bytes_u32(b, o), bytes_u64(b, o + 8), bytes_u64(b, o + 16),
					 bytes_u64(b, o + 32) };
	return (struct segment){ bytes_u32(b, o), bytes_u32(b, o + 4), bytes_u32(b, o + 8),
				 bytes_u32(b, o + 16) };
}

static bool is_kernel(const struct elf *e)
{
	bool high = false;

	for (size_t i = 0; i < e->phnum; i++) {
		struct segment s = segment(e, i);

		if (s.type == PT_INTERP)
			return false;
		if (s.type == PT_LOAD && s.vaddr >> (e->is64 ? 63 : 31))
			high = true;
	}
	return (e->type == ET_EXEC || e->type == ET_DYN) && (high || e->machine == EM_S390);
}

/*
 * The physical address of the PVH entry, from a note of owner "Xen" with a 4 or 8 byte description.
 */
static void find_pvh(const struct bytes *notes, struct krn_image *im)
{
	uint64_t o = 0;

	while (bytes_has(notes, o, 12)) {
		uint64_t name = bytes_u32(notes, o), desc = bytes_u32(notes, o + 4);
		uint64_t at = o + 12 + ALIGN_UP(name, UINT64_C(4));

		if (bytes_u32(notes, o + 8) == XEN_ELFNOTE_PHYS32_ENTRY && name == 4 &&
		    bytes_eq(notes, o + 12, "Xen", 4) && bytes_has(notes, at, desc) && desc >= 4) {
			im->pvh = true;
			im->pvh_entry = desc >= 8 ? bytes_u64(notes, at) : bytes_u32(notes, at);
			return;
		}
		o = at + ALIGN_UP(desc, UINT64_C(4));
	}
}

static void read_notes(const struct elf *e, struct krn_image *im)
{
	for (size_t i = 0; i < e->phnum && !im->pvh; i++) {
		struct segment s = segment(e, i);
		auto_free uint8_t *buf = NULL;
		struct bytes notes = { .big = e->ph.big };

		if (s.type != PT_NOTE || s.offset > e->p->size)
			continue;
		buf = xmalloc(NOTES_MAX);
		notes.n = bytes_pread(e->p->fd, buf, MIN(s.size, (uint64_t)NOTES_MAX), s.offset);
		notes.p = buf;
		find_pvh(&notes, im);
	}
}

static int check_length(const struct elf *e, struct err *err)
{
	uint64_t end = 0;

	for (size_t i = 0; i < e->phnum; i++) {
		struct segment s = segment(e, i);

		if (s.type == PT_LOAD && s.offset <= UINT64_MAX - s.size)
			end = MAX(end, s.offset + s.size);
	}
	return end > e->p->size ? krn_probe_truncated(e->p, "vmlinux", end, err) : 0;
}

static bool read_header(const struct krn_probe *p, struct elf *e)
{
	struct bytes b = p->b;
	uint64_t phoff;

	if (!bytes_eq(&b, 0, ELFMAG, SELFMAG) || b.n < sizeof(Elf64_Ehdr))
		return false;
	b.big = bytes_u8(&b, EI_DATA) == ELFDATA2MSB;
	*e = (struct elf){ .p = p,
			   .is64 = bytes_u8(&b, EI_CLASS) == ELFCLASS64,
			   .type = bytes_u16(&b, 16),
			   .machine = bytes_u16(&b, 18) };
	phoff = e->is64 ? bytes_u64(&b, 32) : bytes_u32(&b, 28);
	e->phsize = bytes_u16(&b, e->is64 ? 54 : 42);
	e->phnum = MIN(bytes_u16(&b, e->is64 ? 56 : 44), (uint16_t)PHNUM_MAX);
	/* Every linker puts them right behind the header. */
	if (e->phsize < (e->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || phoff > b.n)
		return false;
	e->ph = (struct bytes){ b.p + phoff, b.n - phoff, b.big };
	return true;
}

int krn_probe_elf(const struct krn_probe *p, struct krn_image *im, struct err *err)
{
	struct elf e;
	int r;

	if (!read_header(p, &e) || !is_kernel(&e))
		return 0;
	r = check_length(&e, err);
	if (r < 0)
		return r;
	im->format = KRN_ELF;
	im->arch = krn_arch_of_elf(e.machine, e.is64);
	im->relocatable = e.type == ET_DYN;
	read_notes(&e, im);
	return 1;
}
