/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel build folder or tree. The image is looked for under the names its architecture builds,
 * best first; kbuild is asked only where none of them is there, since starting make costs a second.
 */
#include "kernel/find.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "kernel/arch.h"
#include "kernel/cache.h"

#include <errno.h>
#include <fcntl.h>

#define CONFIG_MAX (8 << 20)
#define ORDER_MAX  (16 << 20)
#define ASK_NS	   (20 * NSEC_PER_SEC)

static const struct {
	enum krn_arch arch;
	const char *path;
} images[] = {
	/* clang-format off */
	{ KRN_X86_64,  "arch/x86/boot/bzImage" },
	{ KRN_X86_32,  "arch/x86/boot/bzImage" },
	{ KRN_ARM64,   "arch/arm64/boot/Image" }, /* QEMU unpacks Image.gz at each boot */
	{ KRN_ARM64,   "arch/arm64/boot/Image.gz" },
	{ KRN_ARM64,   "arch/arm64/boot/vmlinuz.efi" },
	{ KRN_RISCV64, "arch/riscv/boot/Image" },
	{ KRN_RISCV64, "arch/riscv/boot/Image.gz" },
	{ KRN_S390,    "arch/s390/boot/bzImage" },
	{ KRN_PPC64,   "arch/powerpc/boot/zImage" },
	/* clang-format on */
};

static bool has(const char *dir, const char *name)
{
	auto_free char *path = path_join(dir, name);

	return access(path, F_OK) == 0;
}

static bool is_source(const char *dir)
{
	return has(dir, "Kbuild") && has(dir, "Kconfig") && has(dir, "Makefile") &&
	       has(dir, "scripts");
}

bool krn_folder_is(const char *path)
{
	if (has(path, "include/config/kernel.release") || is_source(path))
		return true;
	if (has(path, ".config") && has(path, "Makefile"))
		return true;
	for (size_t i = 0; i < countof(images); i++)
		if (has(path, images[i].path))
			return true;
	return false;
}

char *krn_folder_of(const char *image)
{
	auto_free char *dir = path_dir(image);
	char *p;

	if (str_eq(path_base(image), "vmlinux") && has(dir, ".config") &&
	    has(dir, "include/config/kernel.release"))
		return take_ptr(dir);
	for (size_t i = 0; i < countof(images); i++) {
		auto_free char *tail = xasprintf("/%s", images[i].path);

		if (!str_ends(image, tail))
			continue;
		p = xstrndup(image, strlen(image) - strlen(tail));
		if (krn_folder_is(p))
			return p;
		free(p);
	}
	return NULL;
}

static enum krn_arch config_arch(const char *dir, bool *ret_modules)
{
	auto_free char *path = path_join(dir, ".config");
	auto_str struct str text = { 0 };

	*ret_modules = true;
	if (file_read(AT_FDCWD, path, CONFIG_MAX, &text, NULL) < 0)
		return KRN_ARCH_UNKNOWN;
	*ret_modules = strstr(str_c(&text), "\nCONFIG_MODULES=y\n") != NULL;
	return krn_arch_of_config(str_c(&text));
}

static char *known_image(const char *dir, enum krn_arch arch)
{
	for (size_t i = 0; i < countof(images); i++) {
		auto_free char *path = path_join(dir, images[i].path);

		if ((arch == KRN_ARCH_UNKNOWN || images[i].arch == arch) && access(path, F_OK) == 0)
			return take_ptr(path);
	}
	return NULL;
}

/* ARCH must be given, or kbuild takes the host's and may rewrite a foreign configuration. */
static char *ask_kbuild(const char *dir, enum krn_arch arch)
{
	auto_free char *arch_arg = xasprintf("ARCH=%s", krn_arch_name(arch));
	char *argv[] = { (char *)"make", (char *)"-s", arch_arg, (char *)"image_name", NULL };
	struct proc_spec spec = { .argv = argv, .cwd = dir, .new_group = true };
	auto_proc_result struct proc_result res = { 0 };
	auto_free char *path = NULL;

	if (arch == KRN_ARCH_UNKNOWN || !has(dir, "Makefile"))
		return NULL;
	if (proc_run(&spec, NULL, ASK_NS, 4096, &res, NULL) < 0 || res.status || res.timeout)
		return NULL;
	if (!res.out.n || res.out.s[strcspn(res.out.s, "\n")] != '\n')
		return NULL;
	res.out.s[strcspn(res.out.s, "\n")] = '\0';
	path = path_join(dir, res.out.s);
	return access(path, F_OK) == 0 ? take_ptr(path) : NULL;
}

static int not_built(const char *dir, struct err *err)
{
	auto_str struct str make = { 0 };

	str_adds(&make, "make -C ");
	str_add_quoted(&make, dir);
	if (has(dir, ".config")) {
		err_set(err, -ENOENT, "'%s' is configured, but no kernel was built there", dir);
	} else if (is_source(dir)) {
		err_set(err, -ENOENT, "'%s' is a kernel tree that is neither configured nor built",
			dir);
		str_adds(&make, " defconfig && make -C ");
		str_add_quoted(&make, dir);
	} else {
		err_set(err, -ENOENT, "'%s' is a kernel build folder without a kernel image", dir);
	}
	str_addf(&make, " -j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	return err_hint(err, -ENOENT,
			"%s\nor give the folder that was named with O=", str_c(&make));
}

static char *find_image(const char *dir, enum krn_arch arch)
{
	char *image = known_image(dir, arch);

	if (image)
		return image;
	if (has(dir, "vmlinux"))
		return path_join(dir, "vmlinux");
	return ask_kbuild(dir, arch);
}

static char *read_release(const char *dir)
{
	auto_free char *path = path_join(dir, "include/config/kernel.release");
	auto_str struct str text = { 0 };

	if (file_read(AT_FDCWD, path, 256, &text, NULL) < 0 || !text.n)
		return NULL;
	text.s[strcspn(text.s, "\n")] = '\0';
	return krn_is_release(text.s) ? xstrdup(text.s) : NULL;
}

int krn_folder_find(const char *path, const char *image, struct krn *k, struct err *err)
{
	bool modules;
	enum krn_arch arch = config_arch(path, &modules);
	auto_free char *found = image ? xstrdup(image) : find_image(path, arch);

	if (!found)
		return not_built(path, err);
	k->image = take_ptr(found);
	k->build = xstrdup(path);
	k->release = read_release(path);
	if (has(path, ".config"))
		k->config = path_join(path, ".config");
	if (modules && has(path, "modules.order"))
		k->modules = xstrdup(path);
	return 0;
}

/* Objects since Linux 6.2, modules before. */
bool krn_order_path(const char *line, size_t n, struct str *ret)
{
	if (n > 3 && memcmp(line + n - 3, ".ko", 3) == 0)
		str_add(ret, line, n);
	else if (n > 2 && memcmp(line + n - 2, ".o", 2) == 0)
		str_addf(ret, "%.*s.ko", (int)n - 2, line);
	else
		return false;
	return true;
}

void krn_folder_mix_modules(const char *build, struct krn_mix *m)
{
	auto_close int dir = open(build, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_str struct str text = { 0 };
	auto_str struct str path = { 0 };
	struct stat st;

	if (dir < 0 || file_read(dir, "modules.order", ORDER_MAX, &text, NULL) < 0)
		return;
	for (const char *p = str_c(&text); *p;) {
		size_t n = strcspn(p, "\n");

		str_clear(&path);
		if (krn_order_path(p, n, &path) && fstatat(dir, path.s, &st, 0) == 0)
			krn_mix_stat(m, &st);
		p += n + (p[n] == '\n');
	}
	krn_mix_add(m, text.s, text.n);
}
