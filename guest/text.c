/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/text.h"

#include <stdarg.h>

bool text_join(char *ret, size_t size, ...)
{
	size_t at = 0;
	const char *s;
	va_list ap;

	va_start(ap, size);
	while ((s = va_arg(ap, const char *)) && at < size)
		while (at < size && (ret[at] = *s++))
			at++;
	va_end(ap);
	ret[at < size ? at : size - 1] = 0;
	return at < size;
}
