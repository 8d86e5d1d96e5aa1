/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files are written in the order in which make compares their times: .config first. A kill in between leaves the others older
 * than .config, and make runs conf.
 */
#include "build/relabel.h"

#include "base/file.h"
#include "base/path.h"
#include "build/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define MAX_BYTES (64 << 20)

static const char symbol[] = "CONFIG_LOCALVERSION=";
/* what is the same escaped, in quotes and without */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";

/* What stands between the quotes of its line; NULL: there is none, or it is odd. */
static const char *value_in(const char *text, size_t *ret_n)
{
	const char *p = bld_localversion(text, ret_n);

	return strspn(p, plain) == *ret_n && p[*ret_n] == '"' && p[*ret_n + 1] == '\n' ? p : NULL;
}

static bool differ_by_name_alone(const char *old, const char *now, struct str *ret_old,
				 struct str *ret_now)
{
	size_t n_old, n_now;
	const char *a = value_in(old, &n_old), *b = value_in(now, &n_now);

	if (!a || !b || a - old != b - now || strncmp(old, now, (size_t)(a - old)) != 0 ||
	    !str_eq(a + n_old, b + n_now))
		return false;
	str_add(ret_old, a, n_old);
	str_add(ret_now, b, n_now);
	return true;
}

/* A file in which one line becomes another. */
struct change {
	char *path;
	struct str text;
};

static void change_release(struct change *c)
{
	free(c->path);
	str_release(&c->text);
}

/* conf, too, writes auto.conf last: it says that all is done. rustc_cfg: since 6.1 */
static const struct {
	const char *path, *prefix;
	bool is_new;
} files[] = {
	{ "include/generated/rustc_cfg", "--cfg=CONFIG_LOCALVERSION=", true },
	{ "include/generated/autoconf.h", "#define CONFIG_LOCALVERSION ", false },
	{ "include/config/auto.conf", symbol, false },
};

/* Where text has the one line, the same with another value is put in its place. */
static bool replace(struct str *text, const char *line, const char *new, struct str *ret)
{
	const char *at = strstr(str_c(text), line);

	if (!at || (at != text->s && at[-1] != '\n') || strstr(at + 1, line))
		return false;
	str_add(ret, text->s, (size_t)(at - text->s));
	str_adds(ret, new);
	str_adds(ret, at + strlen(line));
	return true;
}

/* auto.conf has it without quotes since 5.17. */
static bool prepare(struct change *c, const char *build, size_t i, const char *old, const char *now)
{
	static const char *const quotes[] = { "\"", "" };
	auto_str struct str text = { 0 };
	int r;

	c->path = path_join(build, files[i].path);
	r = file_read(AT_FDCWD, c->path, MAX_BYTES, &text, NULL);
	if (r < 0)
		return r == -ENOENT && files[i].is_new;
	for (size_t k = 0; k < countof(quotes); k++) {
		auto_free char *line =
			xasprintf("%s%s%s%s\n", files[i].prefix, quotes[k], old, quotes[k]);
		auto_free char *new =
			xasprintf("%s%s%s%s\n", files[i].prefix, quotes[k], now, quotes[k]);

		if (replace(&text, line, new, &c->text))
			return true;
	}
	return false;
}

static int touch(const char *path, int flags, struct err *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0644);

	return fd < 0 || futimens(fd, NULL) < 0 ? err_sys(err, "cannot write '%s'", path) : 0;
}

static int write_all_files(const char *build, const char *now, const struct change *c,
			   struct err *err)
{
	auto_free char *config = path_join(build, ".config");
	auto_free char *mark = path_join(build, "include/config/LOCALVERSION");
	auto_free char *cmd = path_join(build, "include/config/auto.conf.cmd");
	int r = file_publish(config, now, strlen(now), 0644, err);

	if (r == 0)
		r = touch(mark, O_CREAT, err);
	if (r == 0)
		r = touch(cmd, 0, err);
	for (size_t i = 0; i < countof(files) && r == 0; i++)
		if (c[i].text.n)
			r = file_publish(c[i].path, str_c(&c[i].text), c[i].text.n, 0644, err);
	return r;
}

/* Before 5.13 a symbol's mark was called otherwise: there conf is left to it. */
static bool has_old_marks(const char *build)
{
	static const char *const names[] = { "include/config/localversion.h",
					     "include/config/localversion" };
	bool found = false;

	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *path = path_join(build, names[i]);

		found |= access(path, F_OK) == 0;
	}
	return found;
}

int bld_relabel(const char *build, const char *old, const char *now, struct err *err)
{
	struct change c[countof(files)] = { 0 };
	auto_str struct str from = { 0 }, to = { 0 };
	bool good = differ_by_name_alone(old, now, &from, &to);
	int r = 0;

	good = good && !has_old_marks(build);
	for (size_t i = 0; i < countof(files) && good; i++)
		good = prepare(&c[i], build, i, str_c(&from), str_c(&to));
	if (good)
		r = write_all_files(build, now, c, err);
	for (size_t i = 0; i < countof(files); i++)
		change_release(&c[i]);
	return r < 0 ? r : good;
}

bool bld_same_but_name(const char *old, const char *now)
{
	auto_str struct str from = { 0 }, to = { 0 };

	return str_eq(old, now) || differ_by_name_alone(old, now, &from, &to);
}
