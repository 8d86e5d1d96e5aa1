/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/hw_files.h"

#include "base/distro.h"
#include "base/file.h"
#include "base/path.h"
#include "hw/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>

static int read_log(struct hw_files *f, const struct hw_find *find, const struct hw_files_opts *o,
		    struct err *err)
{
	auto_str struct str text = { 0 };
	const char *path = str_eq(o->log, "-") ? "/dev/stdin" : o->log;
	int r;

	if (!o->log) {
		if (!o->source->from && !o->source->root)
			f->log = hw_kmsg_here();
		else if (find->inv.log)
			f->log = xstrdup(find->inv.log);
		return 0;
	}
	r = file_read(AT_FDCWD, path, HW_KMSG_BYTES, &text, err);
	f->log = r == 0 ? str_take(&text) : NULL;
	return r;
}

static int open_dirs(struct hw_files *f, const struct hw_files_opts *o, struct err *err)
{
	const struct hw_source_opts *s = o->source;
	const size_t n = o->dirs ? o->dirs->n : 0;
	const char *release = o->release;
	struct utsname u;

	f->root = s->root ? s->root : "/";
	f->dirs.root = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dirs.root < 0)
		return err_sys(err, "cannot open '%s'", f->root);
	for (size_t i = 0; i < n; i++)
		strv_take(&f->dirs.v, s->root ? xstrdup(o->dirs->v[i]) : path_abs(o->dirs->v[i]));
	if (n)
		return 0;
	uname(&u);
	if (!release && !s->root && !s->from)
		release = u.release;
	hw_fw_dirs_usual(&f->dirs, release);
	return 0;
}

static bool holds(const void *ctx, const struct hw_index *ix, const struct hw_ix_record *r)
{
	return hw_find_holds(ctx, ix, r);
}

int hw_files_find(struct hw_files *f, const struct hw_find *find, const struct hw_files_opts *o,
		  struct err *err)
{
	struct hw_firmware_spec spec = { .inv = &find->inv,
					 .found = find->found,
					 .index = find->index,
					 .n_indexes = find->n_indexes,
					 .holds = holds,
					 .ctx = find };
	int r = hw_fw_data_read(&f->data, err);

	if (r == 0)
		r = read_log(f, find, o, err);
	if (r == 0)
		r = open_dirs(f, o, err);
	if (r < 0)
		return r;
	spec.log = f->log;
	spec.dirs = &f->dirs;
	spec.data = f->data;
	hw_firmware_find(&spec, &f->found);
	f->needed = xcalloc(f->found.n + 1, sizeof(*f->needed));
	for (size_t i = 0; i < f->found.n; i++)
		f->needed[i] = hw_firmware_is_needed(&f->found, &f->found.v[i], o->all);
	return 0;
}

char *hw_files_path(const struct hw_files *f, const struct hw_fw_file *x)
{
	auto_free char *file =
		x->folder ? xasprintf("%s/%s%s", x->folder, x->name, hw_fw_suffix[x->form]) : NULL;

	return !file ? NULL : str_eq(f->root, "/") ? take_ptr(file) : path_join(f->root, file);
}

char *hw_files_package(const struct hw_files *f, const struct hw_fw_file *x)
{
	static const char *const names[] = { [DISTRO_DEBIAN] = "debian",
					     [DISTRO_FEDORA] = "fedora",
					     [DISTRO_ARCH] = "arch",
					     [DISTRO_ALPINE] = "alpine" };
	const enum distro_family family = distro_here().family;

	return hw_fw_package(f->data, names[family] ? names[family] : "", x->name);
}

static bool same_asker(const struct hw_fw_file *a, const struct hw_fw_file *b)
{
	return a->device == b->device && str_eq(a->module, b->module);
}

void hw_files_tell_empty(const struct hw_files *f, struct out *out, size_t i)
{
	const struct hw_fw_file *x = &f->found.v[i];
	auto_free char *package = NULL;

	if (!x->module || (i && same_asker(x, x - 1)))
		return;
	for (; i < f->found.n && same_asker(x, &f->found.v[i]); i++)
		if (f->found.v[i].form != HW_FW_ABSENT || f->found.v[i].state != HW_FW_CANDIDATE)
			return;
	package = hw_files_package(f, x);
	out_note(out, "none of the files that %s may ask for is there, such as '%s'%s%s", x->module,
		 x->name, package ? ": files like it are in package " : "", package ? package : "");
}

/* The copy's folder, else the one where they are: absolute, for the tree's Makefile would take it as below the tree. */
static int extra_folder(const struct hw_files *f, const char *copy, const char *own, char **ret,
			struct err *err)
{
	auto_free char *below = own ? path_join(f->root, own) : NULL;

	if (copy || below)
		*ret = path_abs(copy ? copy : below);
	if (*ret)
		return 0;
	err_set(err, -EINVAL,
		"some of these files are compressed, or they lie in several folders; a kernel is built with plain files of one");
	return err_hint(err, -EINVAL, "--copy DIR puts them into a new folder, unpacked");
}

/* make takes the names apart at blanks, and Kconfig a quoted string. */
int hw_files_extra(const struct hw_files *f, const char *copy, struct str *ret, struct err *err)
{
	auto_str struct str names = { 0 };
	auto_free char *folder = NULL;
	const char *own;
	int r;

	hw_firmware_extra(&f->found, f->needed, &names, &own);
	if (!names.n)
		return 0;
	r = extra_folder(f, copy, own, &folder, err);
	if (r == 0)
		str_addf(ret, "CONFIG_EXTRA_FIRMWARE=\"%s\"\nCONFIG_EXTRA_FIRMWARE_DIR=\"%s\"\n",
			 str_c(&names), folder);
	return r;
}

void hw_files_release(struct hw_files *f)
{
	free(f->needed);
	free(f->log);
	hw_firmware_release(&f->found);
	strv_release(&f->dirs.v);
	close_fd(f->dirs.root);
	hw_fw_data_free(f->data);
}
