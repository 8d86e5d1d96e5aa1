/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which images an architecture has (arch/ARCH/Makefile), and the order of taking things out. An architecture that is not in the
 * table has the image that its own Makefile names.
 */
#include "build/outputs.h"

#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"
#include "build/parts.h"
#include "build/step.h"
#include "kconfig/env.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#define RELEASE_MAX 256

/*
 * when: a symbol, behind ! one that must not be; only: the first of an architecture's rows that holds ends the list.
 */
static const struct image {
	const char *srcarch, *when, *target, *path, *name;
	bool only;
} images[] = {
	/* clang-format off */
	{ "x86",       NULL,          "bzImage",     "arch/x86/boot/bzImage",           "vmlinuz",     true },
	{ "arm64",     NULL,          "Image",       "arch/arm64/boot/Image",           "Image",       false },
	{ "arm64",     "EFI_ZBOOT",   "vmlinuz.efi", "arch/arm64/boot/vmlinuz.efi",     "vmlinuz.efi", true },
	{ "arm64",     NULL,          "Image.gz",    "arch/arm64/boot/Image.gz",        "Image.gz",    true },
	{ "arm",       "XIP_KERNEL",  "xipImage",    "arch/arm/boot/xipImage",          "xipImage",    true },
	{ "arm",       NULL,          "zImage",      "arch/arm/boot/zImage",            "vmlinuz",     true },
	{ "riscv",     "XIP_KERNEL",  "xipImage",    "arch/riscv/boot/xipImage",        "xipImage",    true },
	{ "riscv",     NULL,          "Image",       "arch/riscv/boot/Image",           "Image",       false },
	{ "riscv",     "EFI_ZBOOT",   "vmlinuz.efi", "arch/riscv/boot/vmlinuz.efi",     "vmlinuz.efi", true },
	{ "riscv",     NULL,          "Image.gz",    "arch/riscv/boot/Image.gz",        "Image.gz",    true },
	{ "loongarch", "EFI_ZBOOT",   "vmlinuz.efi", "arch/loongarch/boot/vmlinuz.efi", "vmlinuz.efi", true },
	{ "loongarch", "EFI_STUB",    "vmlinux.efi", "arch/loongarch/boot/vmlinux.efi", "vmlinux.efi", true },
	{ "loongarch", NULL,          "vmlinux.elf", "arch/loongarch/boot/vmlinux.elf", "vmlinux.elf", true },
	{ "powerpc",   NULL,          "vmlinux",     "vmlinux",                         "vmlinux",     false },
	{ "powerpc",   NULL,          "zImage",      "arch/powerpc/boot/zImage",        "zImage",      true },
	{ "s390",      NULL,          "bzImage",     "arch/s390/boot/bzImage",          "vmlinuz",     true },
	{ "mips",      NULL,          "vmlinux",     "vmlinux",                         "vmlinux",     true },
	{ "um",        NULL,          "linux",       "linux",                           "linux",       true },
	/* clang-format on */
};

/* The architectures whose Makefiles know `dtbs` as soon as they read flattened trees; x86 and um have no sources of them. */
static const char *const with_dtbs[] = { "arc",	    "arm",	  "arm64", "csky",
					 "mips",    "microblaze", "nios2", "openrisc",
					 "powerpc", "riscv",	  "sh",	   "xtensa" };

bool bld_take_has(const struct bld_take *t, const char *symbol)
{
	return dotconfig_has(&t->config, symbol);
}

static bool has_dtbs(const struct dotconfig *c, const char *srcarch)
{
	for (size_t i = 0; i < countof(with_dtbs); i++)
		if (str_eq(with_dtbs[i], srcarch))
			return dotconfig_has(c, "OF_EARLY_FLATTREE");
	return false;
}

/* The next row of the table that holds, from *i on, which moves behind it; NULL at the end of the list. */
static const struct image *next_image(const char *srcarch, const struct dotconfig *c, size_t *i)
{
	while (*i < countof(images)) {
		const struct image *im = &images[(*i)++];

		if (!str_eq(im->srcarch, srcarch) || (im->when && !dotconfig_has(c, im->when)))
			continue;
		if (im->only)
			*i = countof(images);
		return im;
	}
	return NULL;
}

void bld_outputs_targets(const char *arch, const char *config, struct strv *ret)
{
	const char *srcarch = kc_srcarch(arch);
	const struct image *im;
	struct dotconfig c = { 0 };
	size_t i = 0, n = ret->n;

	dotconfig_parse(&c, config, strlen(config));
	while ((im = next_image(srcarch, &c, &i)))
		strv_add(ret, im->target);
	if (ret->n == n)
		strv_add(ret, "all");
	if (dotconfig_has(&c, "MODULES"))
		strv_add(ret, "modules");
	if (has_dtbs(&c, srcarch))
		strv_add(ret, "dtbs");
	dotconfig_release(&c);
}

static bool is_elf(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char magic[SELFMAG];

	return fd >= 0 && read_full(fd, magic, SELFMAG) == SELFMAG &&
	       memcmp(magic, ELFMAG, SELFMAG) == 0;
}

int bld_take_scratch(const struct bld_take *t, const char *name, char **ret, struct err *err)
{
	auto_free char *path = path_join3(t->o->kbuild.build, ".kiln-outputs", name);
	int r = rm_rf(path, err);

	if (r == 0)
		r = mkdir_p(path, 0755, err);
	if (r == 0)
		*ret = take_ptr(path);
	return r;
}

static int run_strip(const struct bld_take *t, const struct strv *files, bool host, struct err *err)
{
	auto_strv struct strv argv = { 0 };
	auto_free char *what = files->n == 1 ? xasprintf("stripping '%s'", files->v[0])
					     : xasprintf("stripping %zu files", files->n);

	bld_tool(&t->o->kbuild, "strip", host, &argv);
	if (host)
		strv_adds(&argv, "--strip-all", "--remove-section=.note.gnu.build-id", NULL);
	else
		strv_add(&argv, "--strip-debug");
	strv_extend(&argv, files->v);
	return bld_step_run(&(struct bld_step){ .argv = argv.v,
						.env = t->o->kbuild.env,
						.log_fd = t->o->kbuild.log_fd },
			    what, err);
}

/* Behind a wrap only the build folder is sure to be seen. */
static int strip_copies(const struct bld_take *t, const struct strv *files, bool host,
			struct err *err)
{
	auto_strv struct strv copies = { 0 };
	auto_free char *dir = NULL;
	int r = bld_take_scratch(t, "strip", &dir, err);

	for (size_t i = 0; i < files->n && r == 0; i++) {
		strv_addf(&copies, "%s/%zu", dir, i);
		r = bld_copy_file(files->v[i], copies.v[i], err);
	}
	if (r == 0)
		r = run_strip(t, &copies, host, err);
	for (size_t i = 0; i < files->n && r == 0; i++)
		r = bld_copy_file(copies.v[i], files->v[i], err);
	return r;
}

int bld_take_strip_all(const struct bld_take *t, const struct strv *paths, bool host,
		       struct err *err)
{
	auto_strv struct strv files = { 0 };
	struct stat st;

	/* what has two names is the store's, and stripped: build/known.h */
	for (size_t i = 0; i < paths->n; i++) {
		if (lstat(paths->v[i], &st) == 0 && st.st_nlink == 1 && is_elf(paths->v[i]))
			strv_add(&files, paths->v[i]);
	}
	if (!files.n)
		return 0;
	return bld_kbuild_is_wrapped(&t->o->kbuild) ? strip_copies(t, &files, host, err)
						    : run_strip(t, &files, host, err);
}

int bld_take_strip(const struct bld_take *t, const char *path, bool host, struct err *err)
{
	auto_strv struct strv one = { 0 };

	strv_add(&one, path);
	return bld_take_strip_all(t, &one, host, err);
}

static int take_file(const struct bld_take *t, enum bld_known_how how, const char *path,
		     const char *to, struct err *err)
{
	auto_free char *from = path_join(t->o->kbuild.build, path);
	auto_free char *at = path_join(t->o->to, to);

	if (access(from, F_OK) < 0 && errno == ENOENT)
		return err_set(err, -ENOENT, "the build has no '%s' in '%s'", path,
			       t->o->kbuild.build);
	return bld_copy_known(t->o->known, how, from, at, err);
}

/* As distributions call it, so that a cell is found as an installed kernel is. */
static char *boot_name(const struct bld_take *t, const char *name)
{
	return xasprintf("boot/%s-%s", name, t->release);
}

/* What the architecture's own Makefile says is its image. */
static int take_named_image(const struct bld_take *t, struct err *err)
{
	auto_free char *path = NULL, *to = NULL;
	int r;

	bld_take_reads_tree(t);
	r = bld_make_ask(&t->o->kbuild, "image_name", &path, err);
	if (r < 0)
		return r;
	to = boot_name(t, path_base(path));
	return take_file(t, BLD_AS_IT_IS, path, to, err);
}

static int take_debug(const struct bld_take *t, struct err *err)
{
	return t->o->debug ? take_file(t, BLD_AS_IT_IS, "vmlinux", "debug/vmlinux", err) : 0;
}

int bld_take_images(const struct bld_take *t, struct err *err)
{
	const struct image *im;
	size_t i = 0, n = 0;
	int r = 0;

	while (r == 0 && (im = next_image(t->srcarch, &t->config, &i))) {
		auto_free char *to = boot_name(t, im->name);
		auto_free char *at = path_join(t->o->to, to);

		/* the linked kernel itself, with debug information that nobody boots */
		const bool strip = str_eq(im->path, "vmlinux");

		n++;
		r = take_file(t, strip ? BLD_STRIPPED : BLD_AS_IT_IS, im->path, to, err);
		if (r == 0 && strip)
			r = bld_take_strip(t, at, false, err);
	}
	if (r == 0 && n == 0)
		r = take_named_image(t, err);
	return r < 0 ? r : take_debug(t, err);
}

int bld_take_dtbs(const struct bld_take *t, struct err *err)
{
	auto_free char *scratch = NULL, *to = path_join(t->o->to, "boot/dtbs");
	auto_strv struct strv more = { 0 };
	int r;

	if (!has_dtbs(&t->config, t->srcarch))
		return 0;
	r = bld_take_scratch(t, "dtbs", &scratch, err);
	if (r < 0)
		return r;
	strv_add(&more, "dtbs_install");
	strv_addf(&more, "INSTALL_DTBS_PATH=%s", scratch);
	bld_take_reads_tree(t);
	r = bld_make(&t->o->kbuild, &more, err);
	if (r < 0)
		return r;
	/* an empty folder is none: not every configuration has trees */
	if (rmdir(scratch) == 0)
		return 0;
	return bld_move(scratch, to, err);
}

static int take_config(const struct bld_take *t, struct err *err)
{
	auto_free char *name = boot_name(t, "config"), *to = path_join(t->o->to, name);
	auto_free char *boot = path_dir(to);
	int r = mkdir_p(boot, 0755, err);

	return r < 0 ? r : file_publish(to, t->o->config, strlen(t->o->config), 0644, err);
}

/* The release is a part of paths. */
static int read_release(const struct bld_outputs *o, char **ret, struct err *err)
{
	auto_free char *path = path_join(o->kbuild.build, "include/config/kernel.release");
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, path, RELEASE_MAX, &text, err);

	if (r < 0)
		return r;
	while (text.n && text.s[text.n - 1] == '\n')
		text.s[--text.n] = '\0';
	if (!text.n || strpbrk(text.s, "/ \n") || *text.s == '.')
		return err_set(err, -EINVAL, "'%s' has no release of a kernel", path);
	*ret = str_take(&text);
	return 0;
}

static int take_all(const struct bld_take *t, struct err *err)
{
	static int (*const parts[])(const struct bld_take *, struct err *) = {
		bld_take_images, take_config,	bld_take_modules,
		bld_take_dtbs,	 bld_take_uapi, bld_take_sdk,
	};
	auto_free char *map = boot_name(t, "System.map");
	int r = take_file(t, BLD_AS_IT_IS, "System.map", map, err);

	for (size_t i = 0; i < countof(parts) && r == 0; i++)
		r = t->o->kbuild.ended && *t->o->kbuild.ended ? -EINTR : parts[i](t, err);
	return r == -EINTR ? err_set(err, r, "ended by a signal") : r;
}

void bld_outputs_ahead(const struct bld_outputs *o, const char *release, struct bld_ahead *ret)
{
	struct bld_take t = { .o = o, .srcarch = kc_srcarch(o->arch), .release = (char *)release };

	dotconfig_parse(&t.config, o->config, strlen(o->config));
	*ret = (struct bld_ahead){ 0 };
	bld_take_uapi_ahead(&t, ret);
	if (bld_take_sdk_ahead(&t, NULL) == 0)
		ret->release = xstrdup(release);
	dotconfig_release(&t.config);
}

void bld_ahead_release(struct bld_ahead *a)
{
	free(a->release);
	free(a->uapi);
	str_release(&a->uapi_sources);
}

int bld_outputs_take(const struct bld_outputs *o, char **ret_release, struct err *err)
{
	struct bld_take t = { .o = o, .srcarch = kc_srcarch(o->arch) };
	auto_free char *scratch = path_join(o->kbuild.build, ".kiln-outputs");
	int r = read_release(o, &t.release, err);

	if (r < 0)
		return r;
	dotconfig_parse(&t.config, o->config, strlen(o->config));
	r = take_all(&t, err);
	if (r < 0)
		rm_rf(scratch, NULL);
	else
		r = rm_rf(scratch, err);
	if (r == 0)
		*ret_release = take_ptr(t.release);
	free(t.release);
	dotconfig_release(&t.config);
	return r < 0 ? err_wrap(err, r, "cannot take the kernel out of its build folder") : 0;
}
