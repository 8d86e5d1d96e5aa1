/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/boot_id.h"

#include "base/file.h"

#include <fcntl.h>

int boot_id(struct str *ret, struct err *err)
{
	auto_str struct str id = { 0 };
	int r = file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &id, err);

	if (r == 0)
		str_add(ret, str_c(&id), strcspn(str_c(&id), "\n"));
	return r;
}
