/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures of a PE program for Secure Boot (Authenticode), read by OpenSSL, opened on first use.
 *
 * Source: "Windows Authenticode Portable Executable Signature Format" (Microsoft); UEFI 2.10, 32.2.
 */
#pragma once

#include "kernel/pe.h"

#define KRN_SIGNATURES_MAX 16

struct krn_signature {
	char *subject,
		*issuer; /* of the signer's certificate, as in RFC 2253; NULL where it cannot be read */
	bool whole;	 /* the file is as it was signed, and that certificate's key signed it */
	char *trouble; /* why it is not, or could not be looked at; NULL where whole */
};

struct krn_signatures {
	struct krn_signature *v;
	size_t n, cap;
};

/*
 * The signatures of the file at fd, whose headers are pe. Whether a machine's firmware trusts the signer is its own affair
 * and not looked at. Never fails: what cannot be read is a signature with trouble.
 */
void krn_signatures_read(int fd, const struct krn_pe *pe, struct krn_signatures *ret);
void krn_signatures_release(struct krn_signatures *s);
