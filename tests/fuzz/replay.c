/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay FOLDER...: runs a fuzz target over every file of its corpus, so that what was found once
 * stays mended in builds without a fuzzer. Prints each name first: a crash is the last one.
 */
#include "fuzz.h"

#include "base/path.h"

#include <dirent.h>
#include <fcntl.h>

#define INPUT_MAX (1 << 20)

static int replay_file(const char *path)
{
	auto_str struct str text = { 0 };
	auto_err struct err err = { 0 };

	printf("%s\n", path);
	fflush(stdout);
	if (file_read(AT_FDCWD, path, INPUT_MAX, &text, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	return LLVMFuzzerTestOneInput((const uint8_t *)str_c(&text), text.n);
}

static int replay_folder(const char *path, size_t *count)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	int bad = 0;

	if (!d) {
		perror(path);
		return -1;
	}
	while ((e = readdir(d))) {
		auto_free char *file = path_join(path, e->d_name);

		if (e->d_name[0] == '.')
			continue;
		bad |= replay_file(file);
		++*count;
	}
	closedir(d);
	return bad;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= replay_folder(argv[i], &count);
	printf("%zu inputs\n", count);
	return bad || !count;
}
