/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A signature is a PKCS#7 message that holds the digest of the file: of all of it but the checksum, the words for where
 * the signatures are, and these themselves. So there are two questions: is that digest the file's, and did the
 * certificate's key sign the message.
 */
#include "kernel/sign.h"

#include "base/dl.h"
#include "base/str.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <sys/stat.h>

DL_FUNC(ASN1_STRING_get0_data);
DL_FUNC(ASN1_STRING_length);
DL_FUNC(ASN1_TYPE_get);
DL_FUNC(BIO_free);
DL_FUNC(BIO_new);
DL_FUNC(BIO_new_mem_buf);
DL_FUNC(BIO_read);
DL_FUNC(BIO_s_mem);
DL_FUNC(ERR_clear_error);
DL_FUNC(EVP_DigestFinal_ex);
DL_FUNC(EVP_DigestInit_ex);
DL_FUNC(EVP_DigestUpdate);
DL_FUNC(EVP_MD_CTX_free);
DL_FUNC(EVP_MD_CTX_new);
DL_FUNC(EVP_sha256);
DL_FUNC(OBJ_obj2nid);
DL_FUNC(OPENSSL_sk_free);
DL_FUNC(OPENSSL_sk_num);
DL_FUNC(OPENSSL_sk_value);
DL_FUNC(PKCS7_free);
DL_FUNC(PKCS7_get0_signers);
DL_FUNC(PKCS7_verify);
DL_FUNC(X509_NAME_print_ex);
DL_FUNC(X509_get_issuer_name);
DL_FUNC(X509_get_subject_name);
DL_FUNC(d2i_PKCS7);

static const struct dl_sym syms[] = {
	/* clang-format off */
	DL_SYM(ASN1_STRING_get0_data), DL_SYM(ASN1_STRING_length), DL_SYM(ASN1_TYPE_get),
	DL_SYM(BIO_free), DL_SYM(BIO_new), DL_SYM(BIO_new_mem_buf), DL_SYM(BIO_read), DL_SYM(BIO_s_mem),
	DL_SYM(ERR_clear_error),
	DL_SYM(EVP_DigestFinal_ex), DL_SYM(EVP_DigestInit_ex), DL_SYM(EVP_DigestUpdate),
	DL_SYM(EVP_MD_CTX_free), DL_SYM(EVP_MD_CTX_new), DL_SYM(EVP_sha256),
	DL_SYM(OBJ_obj2nid),
	DL_SYM(OPENSSL_sk_free), DL_SYM(OPENSSL_sk_num), DL_SYM(OPENSSL_sk_value),
	DL_SYM(PKCS7_free), DL_SYM(PKCS7_get0_signers), DL_SYM(PKCS7_verify),
	DL_SYM(X509_NAME_print_ex), DL_SYM(X509_get_issuer_name), DL_SYM(X509_get_subject_name),
	DL_SYM(d2i_PKCS7),
	/* clang-format on */
};

#define TABLE_MAX  (1 << 20)
#define CERT_HEAD  8 /* WIN_CERTIFICATE: length, revision, type */
#define CERT_PKCS7 2
#define SHA256	   32
#define PIECE	   ((size_t)256 * 1024)

void krn_signatures_release(struct krn_signatures *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].subject);
		free(s->v[i].issuer);
		free(s->v[i].trouble);
	}
	free(s->v);
	*s = (struct krn_signatures){ 0 };
}

static bool hash_range(EVP_MD_CTX *ctx, int fd, uint64_t from, uint64_t to, uint8_t *buf)
{
	while (from < to) {
		size_t want = (size_t)MIN(to - from, (uint64_t)PIECE);

		if (bytes_pread(fd, buf, want, from) != want ||
		    !dl_EVP_DigestUpdate(ctx, buf, want))
			return false;
		from += want;
	}
	return true;
}

static int by_offset(const void *a, const void *b)
{
	const struct krn_pe_section *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* In the order of the specification: headers, sections as they lie in the file, what is behind them. */
static bool hash_parts(EVP_MD_CTX *ctx, int fd, const struct krn_pe *pe, uint64_t size,
		       uint8_t *buf)
{
	struct krn_pe sorted = *pe;
	uint64_t covered = pe->headers_size;

	if (pe->certs_at + 8 > pe->headers_size || pe->certs_size > size ||
	    !hash_range(ctx, fd, 0, pe->checksum_at, buf) ||
	    !hash_range(ctx, fd, pe->checksum_at + 4, pe->certs_at, buf) ||
	    !hash_range(ctx, fd, pe->certs_at + 8, pe->headers_size, buf))
		return false;
	qsort(sorted.sections, sorted.n_sections, sizeof(*sorted.sections), by_offset);
	for (size_t i = 0; i < sorted.n_sections; i++) {
		const struct krn_pe_section *s = &sorted.sections[i];

		/* sections that overlap would have it read without end */
		covered += s->size;
		if (covered > size || !hash_range(ctx, fd, s->offset, s->offset + s->size, buf))
			return false;
	}
	return hash_range(ctx, fd, covered, size - pe->certs_size, buf);
}

static bool file_digest(int fd, const struct krn_pe *pe, uint64_t size, uint8_t ret[SHA256])
{
	auto_free uint8_t *buf = xmalloc(PIECE);
	EVP_MD_CTX *ctx = dl_EVP_MD_CTX_new();
	unsigned int n = 0;
	bool ok = ctx && dl_EVP_DigestInit_ex(ctx, dl_EVP_sha256(), NULL) &&
		  hash_parts(ctx, fd, pe, size, buf) && dl_EVP_DigestFinal_ex(ctx, ret, &n);

	dl_EVP_MD_CTX_free(ctx);
	return ok && n == SHA256;
}

/* The element at the beginning of b, if it has this tag: its content; b goes on behind it. */
static bool der_next(struct bytes *b, uint8_t tag, struct bytes *ret)
{
	uint64_t n = bytes_u8(b, 1), head = 2;

	if (bytes_u8(b, 0) != tag || b->n < 2 || n > 0x84 || n == 0x80)
		return false;
	if (n > 0x80) {
		uint64_t octets = n & 0x7f;

		for (n = 0; head < 2 + octets; head++)
			n = n << 8 | bytes_u8(b, head);
	}
	if (!bytes_has(b, head, n))
		return false;
	*ret = (struct bytes){ b->p + head, (size_t)n, false };
	*b = (struct bytes){ ret->p + n, b->n - (size_t)(head + n), false };
	return true;
}

/*
 * SpcIndirectDataContent: { what is signed, { { algorithm, parameters }, digest } }. content: without the outer tag, which is
 * what the message's own digest is over.
 */
static const char *signed_digest(struct bytes content, struct bytes *ret)
{
	static const uint8_t sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
	struct bytes data, info, algorithm, oid;

	if (!der_next(&content, 0x30, &data) || !der_next(&content, 0x30, &info) ||
	    !der_next(&info, 0x30, &algorithm) || !der_next(&algorithm, 6, &oid) ||
	    !der_next(&info, 4, ret))
		return "the digest in it cannot be read";
	if (oid.n != sizeof(sha256) || !bytes_eq(&oid, 0, sha256, sizeof(sha256)) ||
	    ret->n != SHA256)
		return "its digest is not SHA-256, and kiln reads no other";
	return NULL;
}

static char *name_text(X509_NAME *name)
{
	BIO *bio = dl_BIO_new(dl_BIO_s_mem());
	auto_str struct str text = { 0 };
	char buf[1024];
	int n = 0;

	if (bio && name &&
	    dl_X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = dl_BIO_read(bio, buf, sizeof(buf));
	dl_BIO_free(bio);
	str_add_printable(&text, buf, n > 0 ? (size_t)n : 0);
	return n > 0 ? str_take(&text) : NULL;
}

static void read_signer(PKCS7 *p7, struct krn_signature *s)
{
	OPENSSL_STACK *signers = (OPENSSL_STACK *)dl_PKCS7_get0_signers(p7, NULL, 0);

	if (signers && dl_OPENSSL_sk_num(signers) > 0) {
		const X509 *cert = dl_OPENSSL_sk_value(signers, 0);

		s->subject = name_text(dl_X509_get_subject_name(cert));
		s->issuer = name_text(dl_X509_get_issuer_name(cert));
	}
	dl_OPENSSL_sk_free(signers);
}

/* The content that was signed, without the tag of its outer sequence. */
static bool signed_content(const PKCS7 *p7, struct bytes *ret)
{
	const PKCS7 *inner = p7->d.sign ? p7->d.sign->contents : NULL;
	struct bytes der;

	if (dl_OBJ_obj2nid(p7->type) != NID_pkcs7_signed || !inner || !inner->d.other ||
	    dl_OBJ_obj2nid(inner->type) == NID_pkcs7_data ||
	    dl_ASN1_TYPE_get(inner->d.other) != V_ASN1_SEQUENCE)
		return false;
	der.p = dl_ASN1_STRING_get0_data(inner->d.other->value.sequence);
	der.n = (size_t)dl_ASN1_STRING_length(inner->d.other->value.sequence);
	der.big = false;
	return der_next(&der, 0x30, ret);
}

static const char *check(PKCS7 *p7, const uint8_t *digest)
{
	struct bytes content, said;
	const char *trouble;
	BIO *bio;
	int ok;

	if (!signed_content(p7, &content))
		return "it is no Authenticode signature";
	trouble = signed_digest(content, &said);
	if (trouble)
		return trouble;
	if (!digest || memcmp(said.p, digest, SHA256) != 0)
		return "the file was changed after it was signed";
	bio = dl_BIO_new_mem_buf(content.p, (int)content.n);
	ok = bio && dl_PKCS7_verify(p7, NULL, NULL, bio, NULL, PKCS7_NOVERIFY | PKCS7_BINARY) == 1;
	dl_BIO_free(bio);
	return ok ? NULL : "the signature is not that of its certificate's key";
}

static void read_one(const uint8_t *der, size_t n, const uint8_t *digest, struct krn_signature *s)
{
	const uint8_t *p = der;
	PKCS7 *p7 = dl_d2i_PKCS7(NULL, &p, (long)n);
	const char *trouble = "it cannot be read";

	if (p7 && dl_OBJ_obj2nid(p7->type) == NID_pkcs7_signed && p7->d.sign) {
		read_signer(p7, s);
		trouble = check(p7, digest);
	}
	dl_PKCS7_free(p7);
	dl_ERR_clear_error();
	s->whole = !trouble;
	s->trouble = trouble ? xstrdup(trouble) : NULL;
}

static void add_trouble(struct krn_signatures *ret, const char *text)
{
	vec_push(ret, ((struct krn_signature){ .trouble = xstrdup(text) }));
}

/* Entries follow each other, each beginning at a multiple of 8. */
static void read_table(const struct bytes *table, const uint8_t *digest, struct krn_signatures *ret)
{
	for (uint64_t at = 0; at < table->n && ret->n < KRN_SIGNATURES_MAX;) {
		uint64_t n = bytes_u32(table, at);

		if (n <= CERT_HEAD || !bytes_has(table, at, n)) {
			/* the table's own padding is zero */
			if (n || !ret->n)
				add_trouble(ret, "the table of signatures is damaged");
			return;
		}
		if (bytes_u16(table, at + 6) == CERT_PKCS7) {
			struct krn_signature *s = vec_push(ret, (struct krn_signature){ 0 });

			read_one(table->p + at + CERT_HEAD, n - CERT_HEAD, digest, s);
		}
		at += ALIGN_UP(n, UINT64_C(8));
	}
}

void krn_signatures_read(int fd, const struct krn_pe *pe, struct krn_signatures *ret)
{
	static void *lib;
	auto_free uint8_t *buf = NULL;
	uint8_t digest[SHA256];
	struct stat st;
	bool known;

	*ret = (struct krn_signatures){ 0 };
	if (!pe->certs_size || !pe->certs_offset)
		return;
	if (fstat(fd, &st) < 0 || pe->certs_offset + pe->certs_size > (uint64_t)st.st_size ||
	    pe->certs_size > TABLE_MAX) {
		add_trouble(ret,
			    "the table of signatures lies outside of the file, or is too large");
		return;
	}
	if (dl_open(&lib, "libcrypto.so.3", syms, countof(syms), NULL) < 0) {
		add_trouble(ret, "OpenSSL's libcrypto.so.3 is not there to read it");
		return;
	}
	buf = xmalloc(pe->certs_size);
	struct bytes table = { buf, bytes_pread(fd, buf, pe->certs_size, pe->certs_offset), false };

	known = file_digest(fd, pe, (uint64_t)st.st_size, digest);
	read_table(&table, known ? digest : NULL, ret);
}
