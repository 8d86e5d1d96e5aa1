/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares as text, and how the guest mounts them. */
#include "vm/share.h"

#include "base/path.h"

#include <errno.h>
#include <sys/stat.h>

static const char *const modes[] = { "ro", "rw", "cow" };

const char *const vm_fs_names[] = { "auto", "9p", "virtiofs", NULL };

const char *vm_fs_name(enum vm_fs fs)
{
	return vm_fs_names[fs];
}

const char *vm_share_mode_name(enum vm_share_mode mode)
{
	return modes[mode];
}

/* Takes the text up to an unescaped colon; *p moves behind it. */
static char *field(const char **p)
{
	struct str s = { 0 };

	for (; **p && **p != ':'; (*p)++) {
		if (**p == '\\' && (*p)[1])
			(*p)++;
		str_addc(&s, **p);
	}
	if (**p)
		(*p)++;
	return str_take(&s);
}

static bool parse_mode(const char *s, enum vm_share_mode *ret)
{
	for (size_t i = 0; i < countof(modes); i++) {
		if (str_eq(s, modes[i])) {
			*ret = (enum vm_share_mode)i;
			return true;
		}
	}
	return false;
}

static int check_host(struct vm_share *s, const char *host, const char *spec, struct err *err)
{
	char *real = realpath(host, NULL);
	struct stat st;

	if (!real)
		return err_sys(err, "cannot share '%s'", host);
	s->host = real;
	if (stat(real, &st) < 0)
		return err_sys(err, "cannot share '%s'", host);
	if (!S_ISDIR(st.st_mode)) {
		err_set(err, -ENOTDIR, "cannot share '%s': it is not a folder", host);
		return err_hint(
			err, -ENOTDIR,
			"share the folder it lies in; '%s' was read as HOST[:GUEST][:ro|rw|cow]",
			spec);
	}
	return 0;
}

static int bad_mode(const char *mode, const char *spec, struct err *err)
{
	err_set(err, -EINVAL, "'%s' in share '%s' is neither a path of the guest nor a mode", mode,
		spec);
	return err_hint(err, -EINVAL,
			"the form is HOST[:GUEST][:ro|rw|cow], GUEST an absolute path");
}

int vm_share_parse(const char *spec, struct vm_share *ret, struct err *err)
{
	const char *p = spec;
	auto_free char *host = field(&p);
	auto_free char *second = field(&p);
	auto_free char *third = field(&p);
	struct vm_share s = { .mode = VM_SHARE_RO };
	int r;

	if (!*host || *p)
		return err_set(err, -EINVAL, "'%s' is not a share: HOST[:GUEST][:ro|rw|cow]", spec);
	if (*third && !parse_mode(third, &s.mode))
		return bad_mode(third, spec, err);
	if (*second && second[0] != '/' && (*third || !parse_mode(second, &s.mode)))
		return bad_mode(second, spec, err);
	r = check_host(&s, host, spec, err);
	if (r < 0) {
		vm_share_release(&s);
		return r;
	}
	s.guest = second[0] == '/' ? path_abs(second) : path_abs(host);
	*ret = s;
	return 0;
}

void vm_share_release(struct vm_share *s)
{
	free(s->host);
	free(s->guest);
	free(s->socket);
	*s = (struct vm_share){ 0 };
}

/*
 * 9p caching: what the guest cannot change is cached for good (a change made by the host meanwhile
 * may be seen late); what it writes goes through to the host at once, with just enough page cache
 * for mmap. msize is the largest that virtio's 128 descriptors of a page carry.
 */
const char *vm_share_options(const struct vm_share *s)
{
	if (s->fs == VM_FS_VIRTIOFS)
		return "";
	if (s->mode == VM_SHARE_RW)
		return "trans=virtio,version=9p2000.L,msize=512000,access=any,cache=mmap";
	if (s->no_xattrs)
		return "trans=virtio,version=9p2000.L,msize=512000,access=any,cache=loose,noxattr";
	return "trans=virtio,version=9p2000.L,msize=512000,access=any,cache=loose";
}
