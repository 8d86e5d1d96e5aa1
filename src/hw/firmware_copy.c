/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware for CONFIG_EXTRA_FIRMWARE, which takes plain files of one folder: filled under another name, and renamed. */
#include "hw/firmware.h"

#include "base/file.h"
#include "base/path.h"
#include "kernel/unpack.h"

#include <errno.h>
#include <fcntl.h>

/* The largest there is, of nvidia's GPUs, has 73 MiB. */
#define FILE_BYTES (UINT64_C(512) << 20)

static int to_fd(void *ctx, const void *data, size_t n)
{
	return write_all(*(const int *)ctx, data, n);
}

static int unpack(int from, enum hw_fw_form form, int to, struct err *err)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return err_sys(err, "cannot read");
	const struct krn_packed in = {
		.fd = from,
		.size = (uint64_t)st.st_size,
		.comp = form == HW_FW_ZST ? KRN_ZSTD : KRN_XZ,
		.max = FILE_BYTES,
	};

	return krn_unpack(&in, &(struct krn_sink){ to_fd, &to }, err);
}

static int copy(const struct hw_fw_dirs *dirs, const char *name, const char *folder,
		struct err *err)
{
	auto_free char *path = path_join(folder, name), *dir = path_dir(path);
	enum hw_fw_form form;
	const char *where;
	auto_close int from = hw_fw_open(dirs, name, &form, &where), to = -1;
	int r;

	if (from < 0)
		return err_set(err, -ENOENT, "it is gone");
	r = mkdir_p(dir, 0755, err);
	if (r < 0)
		return r;
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to < 0)
		return err_sys(err, "cannot create '%s'", path);
	if (form != HW_FW_PLAIN)
		return unpack(from, form, to, err);
	r = file_copy(from, to);
	return r < 0 ? err_code(err, r, "cannot copy it") : 0;
}

/* rename(2) takes an empty folder's place and no other's. */
static int put(const char *tmp, const char *to, struct err *err)
{
	if (rename(tmp, to) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
		return err_sys(err, "cannot put the files to '%s'", to);
	err_set(err, -EEXIST, "'%s' is there, and not empty", to);
	return err_hint(err, -EEXIST, "name a new folder, or remove this one");
}

static int fill(const struct hw_firmware *f, const bool *needed, const struct hw_fw_dirs *dirs,
		const char *tmp, struct err *err)
{
	for (size_t i = 0; i < f->n; i++) {
		int r = needed[i] ? copy(dirs, f->v[i].name, tmp, err) : 0;

		if (r < 0)
			return err_wrap(err, r, "'%s'", f->v[i].name);
	}
	return chmod(tmp, 0755) < 0 ? err_sys(err, "cannot write '%s'", tmp) : 0;
}

int hw_firmware_copy(const struct hw_firmware *f, const bool *needed, const struct hw_fw_dirs *dirs,
		     const char *folder, struct err *err)
{
	auto_free char *to = path_abs(folder), *dir = path_dir(to);
	auto_free char *tmp = xasprintf("%s/.%s.tmp-XXXXXX", dir, path_base(to));
	int r = mkdir_p(dir, 0777, err);

	if (r < 0)
		return r;
	if (!mkdtemp(tmp))
		return err_sys(err, "cannot create a folder in '%s'", dir);
	r = fill(f, needed, dirs, tmp, err);
	if (r == 0)
		r = put(tmp, to, err);
	if (r < 0)
		rm_rf(tmp, NULL);
	return r;
}
