/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text behind assignments of both flavours, as a word, in a string and as an argument: only macros. */
#include "fuzz.h"
#include "scratch.h"

#include "kconfig/parse.h"

#include <errno.h>
#include <fcntl.h>

static bool shell(void *ctx, const char *command, struct str *ret)
{
	str_adds(ret, command);
	return true;
}

static void add_line(struct str *to, const char *before, const uint8_t *data, size_t n,
		     const char *behind)
{
	str_adds(to, before);
	for (size_t i = 0; i < n; i++)
		str_addc(to, data[i] == '\n' ? ' ' : (char)data[i]);
	str_adds(to, behind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char a[] = "A=value";
	static char *env[] = { a, NULL };
	auto_free char *dir = fuzz_empty_dir("tree");
	auto_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = openat(dirfd, "Kconfig", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	const struct kc_parse spec = {
		.dirfd = dirfd,
		.env = env,
		.dialect = &kc_dialect_newest,
		.shell = shell,
	};
	auto_str struct str text = { 0 };
	struct kc_tree *t = NULL;
	int r;

	add_line(&text, "late = ", data, size, "\n");
	add_line(&text, "late += ", data, size, "\n");
	add_line(&text, "now := ", data, size, "\n");
	add_line(&text, "config X\n\tdef_bool $(late,", data, size, ",$(late))\n");
	add_line(&text, "comment \"$(now,", data, size, ")\"\n");
	fuzz_need(fd >= 0 && write_all(fd, text.s, text.n) == 0);
	r = kc_tree_parse(&spec, "Kconfig", &t);
	fuzz_need(r == 0 || r == -EINVAL);
	kc_tree_free(t);
	return 0;
}
