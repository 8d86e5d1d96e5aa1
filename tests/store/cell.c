/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cell.h"

#include <dirent.h>

struct id id_of(char digit)
{
	struct id id;

	memset(id.s, digit, STO_ID);
	id.s[STO_ID] = '\0';
	return id;
}

struct sto *store_open(const char *home)
{
	auto_free char *path = path_join(home, "store");
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	assert_done(sto_open(path, true, &s, &err), &err);
	return s;
}

void write_file(const char *dir, const char *path, const char *text, mode_t mode)
{
	auto_free char *whole = path_join(dir, path), *folder = path_dir(whole);
	int fd;

	assert_int_equal(mkdir_p(folder, 0755, NULL), 0);
	/* what is to be damaged may be read only */
	chmod(whole, 0600);
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close_fd(fd);
}

char *read_text(const char *dir, const char *path)
{
	auto_free char *whole = path_join(dir, path);
	auto_err struct err err = { 0 };
	struct str text = { 0 };

	assert_done(file_read(AT_FDCWD, whole, 1 << 20, &text, &err), &err);
	return str_take(&text);
}

struct sto_stage *stage_with(struct sto *s, int digit, ...)
{
	auto_err struct err err = { 0 };
	struct sto_stage *g = NULL;
	const char *path;
	va_list ap;

	assert_done(sto_stage_begin(s, id_of((char)digit).s, &g, &err), &err);
	va_start(ap, digit);
	while ((path = va_arg(ap, const char *)))
		write_file(sto_stage_path(g), path, va_arg(ap, const char *), 0644);
	va_end(ap);
	return g;
}

int put_cell(struct sto *s, char digit, struct err *err)
{
	const char image[] = { 'i', 'm', digit, '\0' };
	struct sto_stage *g =
		stage_with(s, digit, "boot/config", "CONFIG_X=y\n", "boot/image", image, NULL);

	write_file(sto_stage_path(g), "usr/tool", "#!/bin/sh\n", 0755);
	return sto_stage_commit(g, NULL, err);
}

void prefer_memory(void)
{
	if (access("/dev/shm", W_OK | X_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
}

void assert_clean(struct sto *s)
{
	struct sto_faults faults = { 0 };
	auto_err struct err err = { 0 };

	assert_done(sto_verify(s, false, NULL, &faults, &err), &err);
	if (faults.n)
		fail_msg("%s: %s", faults.v[0].path, faults.v[0].what);
	sto_faults_release(&faults);
}

size_t count_in(const char *dir, const char *folder)
{
	auto_free char *path = path_join(dir, folder);
	DIR *d = opendir(path);
	size_t n = 0;

	if (!d)
		return 0;
	for (const struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}
