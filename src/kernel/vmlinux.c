/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The uncompressed kernel and the configuration of one: taken from where they lie, or unpacked into
 * IMAGES/DIGEST of the cache.
 */
#include "base/digest.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>

#define CONFIG_MAX (16 << 20)

int krn_open_image(const char *path, const char *name, struct krn_image *ret, struct err *err)
{
	/* A pipe or device must not hold us up. */
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0 && errno == EACCES) {
		auto_str struct str quoted = { 0 };

		err_sys(err, "cannot read '%s'", name);
		str_add_quoted(&quoted, path);
		return err_hint(err, -EACCES, "sudo chmod a+r %s\nor give a copy of it", quoted.s);
	}
	if (fd < 0)
		return err_sys(err, "cannot read '%s'", name);
	r = krn_image_probe(fd, name, ret, err);
	return r < 0 ? r : take_fd(&fd);
}

void krn_image_version(int fd, struct krn_image *im)
{
	auto_str struct str known = { 0 };
	struct stat st;

	if (im->version[0] || fstat(fd, &st) < 0)
		return;
	if (krn_recall("versions", &st, &known)) {
		size_t n = MIN(known.n, sizeof(im->version) - 1);

		memcpy(im->version, str_c(&known), n);
		im->version[n] = '\0';
		return;
	}
	if (krn_image_find_version(fd, im) == 0)
		krn_remember("versions", &st, im->version);
}

/*
 * A bzImage's header leaves out the compiler, so the release, the builder and the date are
 * compared.
 */
static bool same_build(const char *a, const char *b)
{
	const char *a_date = strstr(a, " #"), *b_date = strstr(b, " #");
	size_t n = strcspn(a, ")");

	return a_date && str_eq(a_date, b_date) && strncmp(a, b, n) == 0;
}

/*
 * A build folder's vmlinux is the bzImage's own if it was there when the bzImage was made and says
 * the same of itself. A newer one is from a `make vmlinux` after it.
 */
static bool folder_vmlinux(const struct krn *k, char **ret_path, struct krn_image *ret_info)
{
	auto_free char *path = k->build ? path_join(k->build, "vmlinux") : NULL;
	auto_close int fd = -1;
	struct stat image, vmlinux;

	if (!path || stat(path, &vmlinux) < 0 || stat(k->image, &image) < 0)
		return false;
	if (vmlinux.st_mtim.tv_sec > image.st_mtim.tv_sec ||
	    (vmlinux.st_mtim.tv_sec == image.st_mtim.tv_sec &&
	     vmlinux.st_mtim.tv_nsec > image.st_mtim.tv_nsec))
		return false;
	fd = krn_open_image(path, path, ret_info, NULL);
	if (fd < 0 || ret_info->format != KRN_ELF)
		return false;
	krn_image_version(fd, ret_info);
	if (!same_build(k->info.version, ret_info->version))
		return false;
	*ret_path = take_ptr(path);
	return true;
}

static int open_unpacked(const char *dir, char **ret_path, struct krn_image *ret_info,
			 struct err *err)
{
	auto_free char *path = path_join(dir, "vmlinux");
	int fd = krn_open_image(path, path, ret_info, err);

	if (fd < 0)
		return fd;
	close_fd(fd);
	*ret_path = take_ptr(path);
	return 0;
}

static int unpack_to(const struct krn *k, const char *tmp, struct err *err)
{
	auto_free char *path = path_join(tmp, "vmlinux");
	auto_close int in = open(k->image, O_RDONLY | O_CLOEXEC);
	auto_close int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (in < 0 || out < 0)
		return err_sys(err, "cannot open '%s'", in < 0 ? k->image : path);
	r = krn_image_unpack(in, &k->info, out, err);
	if (r < 0)
		return err_wrap(err, r, "cannot unpack '%s'", k->image);
	return 0;
}

static int unpack(struct krn *k, const char *digest, const struct krn_progress *progress,
		  char **ret_path, struct krn_image *ret_info, struct err *err)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	int r = krn_cached_begin(&c, "images", digest, progress, err);

	if (r < 0)
		return r;
	if (krn_hold(k, c.dir) && open_unpacked(c.dir, ret_path, ret_info, NULL) == 0)
		return 0;
	if (progress)
		progress->report(progress->ctx, "unpacking the kernel", 0, 0);
	r = unpack_to(k, c.tmp, err);
	if (r == 0)
		r = krn_cached_commit(&c, false, err);
	if (r < 0)
		return r;
	krn_hold(k, c.dir);
	return open_unpacked(c.dir, ret_path, ret_info, err);
}

int krn_vmlinux(struct krn *k, const struct krn_progress *progress, char **ret_path,
		struct krn_image *ret_info, struct err *err)
{
	char digest[DIGEST_HEX + 1];
	auto_free char *dir = NULL;
	int r;

	if (k->info.format == KRN_ELF || k->info.format == KRN_IMAGE) {
		*ret_path = xstrdup(k->image);
		*ret_info = k->info;
		return 0;
	}
	if (folder_vmlinux(k, ret_path, ret_info))
		return 0;
	r = digest_file_cached(k->image, digest, err);
	if (r == 0)
		r = krn_cached_path("images", digest, &dir, err);
	if (r < 0 || (krn_hold(k, dir) && open_unpacked(dir, ret_path, ret_info, NULL) == 0))
		return r;
	return unpack(k, digest, progress, ret_path, ret_info, err);
}

/* Searching 50 MB takes 10 ms; the answer, that there is none included, is remembered for the file. */
static int embedded_config(struct krn *k, struct str *ret, struct err *err)
{
	auto_free char *path = NULL;
	struct krn_image info;
	auto_close int fd = -1;
	struct stat st;
	int r = krn_vmlinux(k, NULL, &path, &info, err);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot read '%s'", path);
	if (krn_recall("configs", &st, ret))
		return ret->n ? 0
			      : err_set(err, -ENOENT,
					"the kernel holds no configuration (CONFIG_IKCONFIG is off)");
	r = krn_image_config(fd, ret, err);
	if (r == 0 || r == -ENOENT)
		krn_remember("configs", &st, str_c(ret));
	return r;
}

int krn_config(struct krn *k, struct str *ret, struct err *err)
{
	/* Some distributions keep it to root. */
	if (k->config && access(k->config, R_OK) == 0)
		return file_read(AT_FDCWD, k->config, CONFIG_MAX, ret, err);
	return embedded_config(k, ret, err);
}
