/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration inside a kernel (CONFIG_IKCONFIG): kernel/configs.c puts a gzip'ed .config
 * between the marks IKCFG_ST and IKCFG_ED. The start mark also appears in the code that looks for
 * it, so only one followed by a gzip header counts.
 */
#include "kernel/scan.h"
#include "kernel/unpack.h"

#include <errno.h>
#include <sys/stat.h>

#define MARK	   8
#define CONFIG_MAX (16 << 20)

static bool find(int fd, uint64_t *ret_begin, uint64_t *ret_end)
{
	auto_scan struct krn_scan s = { .fd = fd };

	for (uint64_t at = 0; (at = krn_scan_find(&s, at, "IKCFG_ST", MARK)) != KRN_SCAN_NONE;) {
		struct bytes b = krn_scan_at(&s, at += MARK, 8);

		if (krn_comp_of(b.p, b.n) != KRN_GZIP)
			continue;
		*ret_begin = at;
		*ret_end = krn_scan_find(&s, at, "IKCFG_ED", MARK);
		return *ret_end != KRN_SCAN_NONE;
	}
	return false;
}

int krn_image_config(int fd, struct str *ret, struct err *err)
{
	uint64_t begin, end;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read the kernel");
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return err_set(err, -ENOENT, "the kernel holds no configuration");
	if (!find(fd, &begin, &end))
		return err_set(err, -ENOENT,
			       "the kernel holds no configuration (CONFIG_IKCONFIG is off)");
	return krn_unpack_str(&(struct krn_packed){ fd, begin, end - begin, KRN_GZIP, CONFIG_MAX },
			      ret, err);
}
