/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the initramfs. The same input gives the same bytes; a cached one is used without looking
 * inside. */
#include "vm/initrd.h"

#include "base/file.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "kernel/modules.h"
#include "vm/closure.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define USER_MAX ((size_t)1024 * 1024 * 1024)

static int add_identity(struct krn_mix *m, const char *path, struct err *err)
{
	struct stat st;

	if (!path)
		return 0;
	if (stat(path, &st) < 0)
		return err_sys(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "cannot read '%s': it is not a regular file", path);
	krn_mix_stat(m, &st);
	return 0;
}

/* The files of the modules wanted, found once at most. */
struct wanted {
	struct strv files, missing;
	bool found;
};

static int find_modules(const struct vm_initrd_spec *spec, struct wanted *w, struct err *err)
{
	int r = 0;

	if (spec->modules->n && !w->found)
		r = krn_modules_closure(spec->kernel, (const char *const *)spec->modules->v,
					spec->modules->n, &w->files, &w->missing, err);
	w->found = r == 0;
	return r;
}

/*
 * The kernel's key names a package's content and each module of a build folder, but of an installed
 * kernel's modules only the lists: one that was replaced (dkms) is seen by its own identity.
 */
static int add_installed(struct krn_mix *m, const struct vm_initrd_spec *spec, struct wanted *w,
			 struct err *err)
{
	int r;

	if (spec->kernel->kind == KRN_PACKAGE || spec->kernel->build)
		return 0;
	r = find_modules(spec, w, err);
	for (size_t i = 0; r == 0 && i < w->files.n; i++)
		krn_mix_file(m, w->files.v[i]);
	return r;
}

static int cache_path(const struct vm_initrd_spec *spec, const char *guest, struct wanted *w,
		      char **ret, struct err *err)
{
	struct krn_mix all = KRN_MIX_INIT;
	auto_free char *dir = NULL;
	char hex[33];
	int r = add_identity(&all, guest, err);

	if (r == 0)
		r = add_identity(&all, spec->user, err);
	if (r == 0)
		r = add_identity(&all, spec->command, err);
	if (r == 0)
		r = add_installed(&all, spec, w, err);
	if (r == 0)
		r = dir_sub(DIR_CACHE, "initrd", &dir, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < spec->modules->n; i++)
		krn_mix_str(&all, spec->modules->v[i]);
	krn_mix_str(&all, spec->strip ? "without signature, BTF, eval map" : NULL);
	krn_mix_str(&all, spec->command);
	krn_mix_hex(&all, hex);
	/* The kernel's key names the image and the modules. */
	*ret = xasprintf("%s/%s-%s.cpio", dir, spec->kernel->key, hex);
	return 0;
}

static int missing_modules(const struct vm_initrd_spec *spec, const struct strv *missing,
			   struct err *err)
{
	auto_str struct str names = { 0 }, build = { 0 };

	for (size_t i = 0; i < missing->n; i++)
		str_addf(&names, "%s%s", i ? " " : "", missing->v[i]);
	err_set(err, -ENOENT,
		"the kernel's configuration makes modules of what it needs to boot here, but %s not there: %s",
		missing->n > 1 ? "they are" : "it is", str_c(&names));
	if (spec->kernel->build) {
		str_add_quoted(&build, spec->kernel->build);
		return err_hint(err, -ENOENT, "build them: make -C %s modules", str_c(&build));
	}
	return err_hint(
		err, -ENOENT,
		"give kiln the kernel's package or build folder instead of the bare image, or build these in");
}

static int add_modules(struct cpio *c, const struct vm_initrd_spec *spec, struct wanted *w,
		       struct err *err)
{
	int r = find_modules(spec, w, err);

	if (r < 0)
		return r;
	if (w->missing.n && spec->must_have)
		return missing_modules(spec, &w->missing, err);
	for (size_t i = 0; i < w->files.n; i++) {
		auto_str struct str data = { 0 };
		char name[64];

		r = krn_module_read(w->files.v[i], &data, err);
		if (r < 0)
			return r;
		if (spec->strip)
			krn_module_strip(&data);
		snprintf(name, sizeof(name), "kiln/modules/%03zu.ko", i);
		cpio_file(c, name, 0644, data.s, data.n);
	}
	return 0;
}

static int add_guest(struct cpio *c, const char *guest, struct err *err)
{
	auto_str struct str data = { 0 };
	int r = file_read(AT_FDCWD, guest, 64 << 20, &data, err);

	if (r < 0)
		return r;
	cpio_dir(c, "dev", 0755);
	/* The kernel opens it for PID 1 before anything is mounted. */
	cpio_node(c, "dev/console", S_IFCHR | 0600, 5, 1);
	cpio_dir(c, "kiln", 0755);
	cpio_dir(c, "kiln/modules", 0755);
	cpio_file(c, "kiln/init", 0755, data.s, data.n);
	return 0;
}

/* Archives may follow each other; the next must begin at a multiple of four bytes
 * (early-userspace/buffer-format.rst). */
static int add_user(struct cpio *c, const char *user, struct err *err)
{
	static const char zeros[4];
	int r;

	if (!user)
		return 0;
	r = file_read(AT_FDCWD, user, USER_MAX, &c->data, err);
	if (r == 0)
		str_add(&c->data, zeros, ALIGN_UP(c->data.n, 4) - c->data.n);
	return r;
}

static int add_command(struct cpio *c, const struct vm_initrd_spec *spec, struct err *err)
{
	auto_strv struct strv made = { 0 };

	if (!spec->command)
		return 0;
	strv_adds(&made, "dev", "kiln", NULL);
	return vm_closure_add(c, &made, spec->command, err);
}

/* Made again if it is not there, so it need not be on the disk when this returns. */
static int publish(const char *path, const struct str *data, struct err *err)
{
	auto_publish struct publish p = PUBLISH_NONE;
	int r = publish_begin(&p, path, 0600, err);

	if (r == 0 && write_all(p.fd, data->s, data->n) < 0)
		r = err_sys(err, "cannot write '%s'", path);
	return r == 0 ? publish_commit(&p, false, err) : r;
}

static int build(const struct vm_initrd_spec *spec, const char *guest, struct wanted *w,
		 const char *path, struct err *err)
{
	auto_cpio struct cpio c = { 0 };
	int r = add_user(&c, spec->user, err);

	if (r == 0)
		r = add_guest(&c, guest, err);
	if (r == 0)
		r = add_modules(&c, spec, w, err);
	if (r == 0)
		r = add_command(&c, spec, err);
	if (r < 0)
		return r;
	cpio_end(&c);
	return publish(path, &c.data, err);
}

static int find_guest(enum krn_arch arch, char **ret, struct err *err)
{
	auto_free char *name = xasprintf("kiln-guest-%s", krn_arch_name(arch));
	int r = dir_own_file(name, ret, err);

	if (r == 0)
		return 0;
	err_set(err, r, "kiln has no guest program for %s", krn_arch_name(arch));
	return err_hint(err, r, "build kiln with a compiler for it (Debian: apt-get install %s)",
			krn_arch_is_x86(arch) ? "musl-tools" : "gcc-aarch64-linux-gnu");
}

static int make(const struct vm_initrd_spec *spec, const char *guest, struct wanted *w,
		char **ret_path, struct err *err)
{
	auto_free char *path = NULL;
	int r = cache_path(spec, guest, w, &path, err);

	if (r < 0)
		return r;
	/* A command's libraries are not part of the name, so that one is always made. */
	if (spec->command || access(path, R_OK) < 0)
		r = build(spec, guest, w, path, err);
	else
		utimensat(AT_FDCWD, path, NULL, 0); /* the last use, see krn_cache_prune() */
	if (r < 0)
		return err_wrap(err, r, "cannot make the initramfs");
	*ret_path = take_ptr(path);
	return 0;
}

int vm_initrd_make(const struct vm_initrd_spec *spec, char **ret_path, struct err *err)
{
	auto_free char *guest = NULL;
	struct wanted w = { 0 };
	int r = spec->guest ? 0 : find_guest(spec->kernel->info.arch, &guest, err);

	if (r == 0)
		r = make(spec, spec->guest ? spec->guest : guest, &w, ret_path, err);
	strv_release(&w.files);
	strv_release(&w.missing);
	return r;
}
