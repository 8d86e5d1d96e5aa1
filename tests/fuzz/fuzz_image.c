/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as KERNEL: probe, and what krn_resolve() and krn_vmlinux() would do with a kernel. */
#include "fuzz.h"

#include "kernel/unpack.h"

#include <sys/mman.h>

#define OUTPUT_MAX (1 << 20)

static int drop(void *ctx, const void *data, size_t n)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	auto_str struct str config = { 0 };
	auto_err struct err err = { 0 };
	struct krn_image im;

	if (fd < 0 || write_all(fd, data, size) < 0)
		abort();
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
