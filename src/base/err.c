/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors with words. Every function formats first and releases the old text after, so that the
 * message being replaced may stand among its own arguments.
 */
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static void set_msg(struct err *err, int code, char *msg)
{
	err_release(err);
	err->code = code;
	err->msg = msg;
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	set_msg(err, code, xvasprintf(fmt, ap));
	va_end(ap);
	return code;
}

static int set_with_strerror(struct err *err, int code, const char *fmt, va_list ap)
{
	auto_free char *what = NULL;

	if (!err)
		return code;
	what = xvasprintf(fmt, ap);
	set_msg(err, code, xasprintf("%s: %s", what, strerror(-code)));
	return code;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int code = errno ? -errno : -EIO;
	va_list ap;

	va_start(ap, fmt);
	set_with_strerror(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int err_code(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_with_strerror(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int err_wrap(struct err *err, int code, const char *fmt, ...)
{
	auto_free char *context = NULL;
	char *msg;
	va_list ap;

	if (!err)
		return code ? code : -EINVAL;
	va_start(ap, fmt);
	context = xvasprintf(fmt, ap);
	va_end(ap);
	msg = err->msg ? xasprintf("%s: %s", context, err->msg) : xstrdup(context);
	free(err->msg);
	err->msg = msg;
	if (code)
		err->code = code;
	else if (!err->code)
		err->code = -EINVAL;
	return err->code;
}

int err_hint(struct err *err, int code, const char *fmt, ...)
{
	char *hint;
	va_list ap;

	if (!err)
		return code ? code : -EINVAL;
	va_start(ap, fmt);
	hint = xvasprintf(fmt, ap);
	va_end(ap);
	free(err->hint);
	err->hint = hint;
	if (code)
		err->code = code;
	else if (!err->code)
		err->code = -EINVAL;
	return err->code;
}

void err_move(struct err *dst, struct err *src)
{
	if (!dst) {
		err_release(src);
		return;
	}
	err_release(dst);
	*dst = *src;
	*src = (struct err){ 0 };
}

void err_release(struct err *err)
{
	if (!err)
		return;
	free(err->msg);
	free(err->hint);
	*err = (struct err){ 0 };
}
