/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source as it is written: "KIND:WHERE". Only a path alone is looked at, for what it is. */
#include "source/parts.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"

#include <ctype.h>
#include <errno.h>

static const struct kind {
	const char *prefix;
	enum src_kind kind;
} kinds[] = {
	{ "dir:", SRC_DIR },
	{ "tarball:", SRC_TARBALL },
	{ "git:", SRC_GIT },
	{ "debian:", SRC_DEBIAN },
};

static const char forms[] = "dir:PATH, tarball:PATH or URL, git:URL#REF, debian:PACKAGE";

void src_spec_release(struct src_spec *s)
{
	free(s->text);
	free(s->where);
	free(s->ref);
	free(s->sha256);
	free(s->keyring);
	free(s->sign);
	*s = (struct src_spec){ 0 };
}

bool src_is_url(const char *s)
{
	return strncasecmp(s, "https://", 8) == 0 || strncasecmp(s, "http://", 7) == 0 ||
	       strncasecmp(s, "file://", 7) == 0;
}

bool src_is_sha256(const char *s)
{
	return strlen(s) == DIGEST_HEX && strspn(s, "0123456789abcdef") == DIGEST_HEX;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			return true;
	return false;
}

/* Absolute; relative to base, or to the current folder. */
static int place(const char *path, const char *base, char **ret, struct err *err)
{
	auto_free char *joined = NULL;
	int r = 0;

	if (*path != '/' && base)
		joined = path_join(base, path);
	if (*(joined ? joined : path) != '/')
		r = path_check_current(err);
	if (r == 0)
		*ret = path_abs(joined ? joined : path);
	return r;
}

static int place_or_url(const char *where, const char *base, char **ret, struct err *err)
{
	if (!src_is_url(where))
		return place(where, base, ret, err);
	if (has_control(where) || strchr(where, ' '))
		return err_set(err, -EINVAL, "a URL has no blanks: '%s'", where);
	*ret = xstrdup(where);
	return 0;
}

/* As git takes it: what has a colon before the first slash is of another host. */
static bool is_local_repository(const char *where)
{
	const char *colon = strchr(where, ':'), *slash = strchr(where, '/');

	return !colon || (slash && slash < colon);
}

/* Names that git-check-ref-format(1) allows, and what it takes for revisions of a repository at hand (~, ^, @{...}). */
static int check_ref(const char *ref, bool local, struct err *err)
{
	const char *refused = local ? " :?*[\\+" : " :?*[\\+~^{";

	if (!*ref)
		return err_set(err, -EINVAL, "there is nothing behind the '#'");
	if (*ref == '-' || has_control(ref) || strpbrk(ref, refused) || strstr(ref, "..")) {
		err_set(err, -EINVAL, "'%s' is no branch, tag or commit", ref);
		if (!local && strpbrk(ref, "~^{"))
			err_hint(err, -EINVAL,
				 "a remote repository is asked for names and full commits only");
		return -EINVAL;
	}
	return 0;
}

static int parse_git(const char *where, const char *base, struct src_spec *s, struct err *err)
{
	const char *hash = strrchr(where, '#');
	auto_free char *url = hash ? xstrndup(where, (size_t)(hash - where)) : xstrdup(where);
	bool local = is_local_repository(url);
	int r;

	if (!*url || *url == '-' || has_control(url))
		return err_set(err, -EINVAL, "'%s' is no repository", url);
	s->ref = xstrdup(hash ? hash + 1 : "HEAD");
	r = check_ref(s->ref, local, err);
	if (r < 0)
		return r;
	if (local)
		return place(url, base, &s->where, err);
	s->where = take_ptr(url);
	return 0;
}

/* deb-src-control(5): lower case, digits, + - . and two of them at least. It becomes a part of a path. */
static int parse_debian(const char *name, struct src_spec *s, struct err *err)
{
	if (!islower((unsigned char)*name) ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.")]) {
		err_set(err, -EINVAL, "'%s' is no name of a Debian package", name);
		return err_hint(err, -EINVAL, "such as debian:linux-source-6.1");
	}
	s->where = xstrdup(name);
	return 0;
}

static int parse_kind(const char *where, const char *base, struct src_spec *s, struct err *err)
{
	if (!*where) {
		err_set(err, -EINVAL, "nothing stands behind '%s'", s->text);
		return err_hint(err, -EINVAL, "a source is one of: %s", forms);
	}
	switch (s->kind) {
	case SRC_DIR:
		return place(where, base, &s->where, err);
	case SRC_TARBALL:
		return place_or_url(where, base, &s->where, err);
	case SRC_GIT:
		return parse_git(where, base, s, err);
	default:
		return parse_debian(where, s, err);
	}
}

static int no_such_path(const struct src_spec *s, struct err *err)
{
	const char *colon = strchr(s->text, ':');
	auto_free char *prefix = colon ? xstrndup(s->text, (size_t)(colon + 1 - s->text)) : NULL;
	const char *names[countof(kinds)], *nearest = NULL;

	for (size_t i = 0; i < countof(kinds); i++)
		names[i] = kinds[i].prefix;
	if (prefix)
		nearest = str_nearest(prefix, names, countof(names));
	err_sys(err, "no source is at '%s'", s->where);
	if (nearest)
		return err_hint(err, -ENOENT, "did you mean '%s%s'?", nearest, colon + 1);
	return err_hint(err, -ENOENT, "a source is a path, or one of: %s", forms);
}

static int parse_path(const char *text, const char *base, struct src_spec *s, struct err *err)
{
	struct stat st;
	int r = place(text, base, &s->where, err);

	if (r < 0)
		return r;
	if (stat(s->where, &st) < 0)
		return no_such_path(s, err);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "'%s' is neither a folder nor a file", s->where);
	s->kind = S_ISDIR(st.st_mode) ? SRC_DIR : SRC_TARBALL;
	return 0;
}

static int parse(const char *text, const char *base, struct src_spec *s, struct err *err)
{
	if (!*text)
		return err_set(err, -EINVAL, "a source without a name");
	for (size_t i = 0; i < countof(kinds); i++) {
		const char *where = text;

		s->kind = kinds[i].kind;
		if (str_skip(&where, kinds[i].prefix))
			return parse_kind(where, base, s, err);
	}
	if (src_is_url(text)) {
		err_set(err, -EINVAL, "'%s' may be a tarball or a repository", text);
		return err_hint(err, -EINVAL, "tarball:%s\ngit:%s#REF", text, text);
	}
	return parse_path(text, base, s, err);
}

int src_spec_parse(const char *text, const char *base, struct src_spec *ret, struct err *err)
{
	struct src_spec s = { .text = xstrdup(text) };
	int r = parse(text, base, &s, err);

	if (r < 0)
		src_spec_release(&s);
	else
		*ret = s;
	return r;
}

static int set_sha256(struct src_spec *s, const char *sha256, struct err *err)
{
	char *lower = xstrdup(sha256);

	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	free(s->sha256);
	s->sha256 = lower;
	if (!src_is_sha256(lower))
		return err_set(err, -EINVAL, "'%s' is no SHA-256: that has 64 digits of 0 to f",
			       sha256);
	return 0;
}

int src_spec_prove(struct src_spec *s, const char *base, const char *sha256, const char *keyring,
		   const char *sign, struct err *err)
{
	int r = 0;

	if ((sha256 || keyring || sign) && s->kind != SRC_TARBALL) {
		err_set(err, -EINVAL,
			"'%s' is no tarball, whose digest or signature could be checked", s->text);
		if (s->kind == SRC_GIT)
			err_hint(err, -EINVAL, "name the commit: %s#COMMIT", s->where);
		return -EINVAL;
	}
	if (sign && !keyring)
		return err_set(err, -EINVAL, "the signature '%s' says nothing without a keyring",
			       sign);
	if (sha256)
		r = set_sha256(s, sha256, err);
	if (r == 0 && keyring)
		r = place(keyring, base, &s->keyring, err);
	if (r == 0 && sign)
		r = place_or_url(sign, base, &s->sign, err);
	return r;
}
