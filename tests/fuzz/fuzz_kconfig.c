/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as Kconfig files of both dialects: read, and what could be read is filled with values, written, read back.
 * The first byte chooses the dialect.
 */
#include "fuzz.h"
#include "scratch.h"

#include "kconfig/conffile.h"
#include "kconfig/modes.h"
#include "kconfig/relations.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

static bool shell(void *ctx, const char *command, struct str *ret)
{
	str_adds(ret, *command == 'y' ? "y\n" : "two\nlines");
	return true;
}

static void say(void *ctx, bool err, const char *line)
{
	fuzz_need(*line);
}

static void use(const struct kc_tree *t, int dirfd)
{
	const struct kc_files files = { .dirfd = dirfd, .prefix = "CONFIG_" };
	const struct kc_odds odds = { 50, 33, 33 };
	auto_str struct str text = { 0 }, again = { 0 };
	struct kc_conf *c = kc_conf_new(t, say, NULL);
	unsigned warnings = 0;

	srand(1);
	kc_fill(c, KC_FILL_RANDOM, &odds);
	kc_conf_text(c, "CONFIG_", &text);
	kc_conf_minimal(c, "CONFIG_", &again);
	for (const struct kc_menu *m = kc_menu_next(t->root, t->root); m;
	     m = kc_menu_next(m, t->root))
		if (m->sym)
			kc_add_help(c, &again, "CONFIG_", m);
	fuzz_need(kc_conf_write(c, &files, NULL) == 0);
	fuzz_need(kc_conf_read_default(c, &files, &warnings) == 0);
	kc_conf_check_read(c, warnings);
	kc_fill(c, KC_FILL_MOD, NULL);
	fuzz_need(kc_conf_write_auto(c, &files, true, NULL) <= 0);
	kc_conf_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char a[] = "A=value", in_place[] = "KCONFIG_OVERWRITECONFIG=1";
	static char *env[] = { a, in_place, NULL };
	auto_free char *dir = fuzz_empty_dir("tree");
	auto_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kc_parse spec = {
		.dirfd = dirfd,
		.env = env,
		.dialect = size && data[0] & 1 ? &kc_dialect_classic : &kc_dialect_newest,
		.shell = shell,
		.say = say,
	};
	auto_close int fd = openat(dirfd, "Kconfig", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct kc_tree *t = NULL;
	int r;

	if (!size)
		return 0;
	fuzz_need(fd >= 0 && write_all(fd, data + 1, size - 1) == 0);
	r = kc_tree_parse(&spec, "Kconfig", &t);
	fuzz_need(r == 0 || r == -EINVAL);
	fuzz_need((r == 0) == (t != NULL));
	if (t)
		use(t, dirfd);
	kc_tree_free(t);
	return 0;
}
