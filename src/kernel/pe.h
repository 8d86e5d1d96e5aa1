/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PE programs, which is what EFI firmware starts: a kernel with an EFI stub, an EFI zboot, a unified kernel image.
 *
 * Source: the PE format's specification (Microsoft); UEFI 2.10, 2.1.1 (subsystems).
 */
#pragma once

#include "kernel/bytes.h"
#include "kernel/image.h"

#define KRN_PE_SECTIONS	 96 /* what the format allows */
#define KRN_PE_EFI_FIRST 10 /* EFI application; 11 and 12 are drivers, 13 is a ROM */
#define KRN_PE_EFI_LAST	 13

struct krn_pe_section {
	char name[9];
	uint64_t offset, size; /* in the file, bytes */
	uint64_t used;	       /* of them; the rest fills up the alignment */
};

/* Offsets and sizes are the file's own words, up to 32 bits each, and may lead out of it. */
struct krn_pe {
	uint16_t machine, subsystem;
	bool plus;	       /* PE32+, for 64-bit machines */
	uint64_t headers_size; /* SizeOfHeaders */
	/* what a signature does not cover: where the checksum lies, and the words for where signatures are (0: none) */
	uint64_t checksum_at, certs_at;
	uint64_t certs_offset, certs_size; /* the signatures */
	struct krn_pe_section sections[KRN_PE_SECTIONS];
	size_t n_sections;
};

/* Whether a file that begins with head is a PE program; then its headers. */
bool krn_pe_read(const struct bytes *head, struct krn_pe *ret);
/* NULL if there is none of that name. */
const struct krn_pe_section *krn_pe_section(const struct krn_pe *pe, const char *name);
/* Where the last section ends: how long the file must be. */
uint64_t krn_pe_end(const struct krn_pe *pe);
/* A kernel with its initramfs and command line in sections, behind a stub that starts it (systemd-stub(7)). */
bool krn_pe_is_uki(const struct krn_pe *pe);
bool krn_pe_is_efi(const struct krn_pe *pe);
