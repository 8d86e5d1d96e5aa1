/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/pe.h"

#include "base/str.h"

#define PE_OFFSET    0x3c
#define COFF_SIZE    24 /* with "PE\0\0" */
#define SECTION_SIZE 40
#define PE32_PLUS    0x20b

static void read_sections(const struct bytes *b, uint64_t table, size_t n, struct krn_pe *pe)
{
	for (size_t i = 0; i < n && i < KRN_PE_SECTIONS; i++) {
		uint64_t at = table + i * SECTION_SIZE;
		struct krn_pe_section *s = &pe->sections[pe->n_sections];
		uint64_t memory = bytes_u32(b, at + 8);

		if (!bytes_has(b, at, SECTION_SIZE))
			return;
		memcpy(s->name, b->p + at, 8);
		s->name[8] = '\0';
		s->offset = bytes_u32(b, at + 20);
		s->size = bytes_u32(b, at + 16);
		s->used = memory ? MIN(memory, s->size) : s->size;
		pe->n_sections++;
	}
}

bool krn_pe_read(const struct bytes *b, struct krn_pe *ret)
{
	uint64_t pe = bytes_u32(b, PE_OFFSET), opt = pe + COFF_SIZE, dirs;

	if (!bytes_eq(b, 0, "MZ", 2) || !bytes_eq(b, pe, "PE\0\0", 4))
		return false;
	*ret = (struct krn_pe){ .machine = bytes_u16(b, pe + 4),
				.subsystem = bytes_u16(b, opt + 68),
				.plus = bytes_u16(b, opt) == PE32_PLUS,
				.headers_size = bytes_u32(b, opt + 60),
				.checksum_at = opt + 64 };
	dirs = opt + (ret->plus ? 112 : 96);
	if (bytes_u32(b, dirs - 4) > 4) {
		ret->certs_at = dirs + 4 * 8;
		ret->certs_offset = bytes_u32(b, ret->certs_at);
		ret->certs_size = bytes_u32(b, ret->certs_at + 4);
	}
	read_sections(b, opt + bytes_u16(b, pe + 20), bytes_u16(b, pe + 6), ret);
	return true;
}

const struct krn_pe_section *krn_pe_section(const struct krn_pe *pe, const char *name)
{
	for (size_t i = 0; i < pe->n_sections; i++)
		if (str_eq(pe->sections[i].name, name))
			return &pe->sections[i];
	return NULL;
}

uint64_t krn_pe_end(const struct krn_pe *pe)
{
	uint64_t end = 0;

	for (size_t i = 0; i < pe->n_sections; i++)
		end = MAX(end, pe->sections[i].offset + pe->sections[i].size);
	return end;
}

bool krn_pe_is_efi(const struct krn_pe *pe)
{
	return pe->subsystem >= KRN_PE_EFI_FIRST && pe->subsystem <= KRN_PE_EFI_LAST;
}

bool krn_pe_is_uki(const struct krn_pe *pe)
{
	return krn_pe_is_efi(pe) && krn_pe_section(pe, ".linux");
}
