/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as KERNEL: probe, what krn_resolve() and krn_vmlinux() would do with a kernel, and what is told of it. */
#include "fuzz.h"

#include "kernel/inspect.h"
#include "kernel/unpack.h"

#include <sys/mman.h>

#define OUTPUT_MAX (1 << 20)

static int drop(void *ctx, const void *data, size_t n)
{
	return 0;
}

/* Unified kernel images too, which are no KERNEL otherwise. */
static void inspect(int fd)
{
	auto_err struct err err = { 0 };
	struct krn_facts f;

	if (krn_inspect_fd(fd, "fuzz", &f, &err) < 0) {
		fuzz_need(err.msg && err.hint);
		return;
	}
	for (unsigned i = 0; i < KRN_FOR_COUNT; i++) {
		struct krn_verdict v;

		krn_verdict(&f, i, &v);
		fuzz_need(v.reason);
		krn_verdict_release(&v);
	}
	for (size_t i = 0; i < f.signatures.n; i++)
		fuzz_need(f.signatures.v[i].whole != (f.signatures.v[i].trouble != NULL));
	krn_facts_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	auto_str struct str config = { 0 };
	auto_err struct err err = { 0 };
	struct krn_image im;

	if (fd < 0 || write_all(fd, data, size) < 0)
		abort();
	inspect(fd);
	if (krn_image_probe(fd, "fuzz", &im, &err) < 0) {
		fuzz_need(err.msg && err.hint);
		return 0;
	}
	fuzz_need(memchr(im.version, '\0', sizeof(im.version)) != NULL);
	fuzz_need(im.payload_offset + im.payload_size <= size);
	krn_image_find_version(fd, &im);
	if (im.comp != KRN_COMP_NONE) {
		struct krn_packed in = krn_image_packed(fd, &im, OUTPUT_MAX);

		krn_unpack(&in, &(struct krn_sink){ drop, NULL }, &err);
	}
	krn_image_config(fd, &config, &err);
	return 0;
}
