/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as .config and as auto.conf, on a small tree that has one of everything, in both dialects. */
#include "fuzz.h"
#include "scratch.h"

#include "kconfig/conffile.h"

#include <fcntl.h>

static const char kconfig[] =
	"config MODULES\n\tbool \"modules\"\n\tmodules\n\n"
	"config B\n\tbool \"b\"\n\tselect S\n\n"
	"config T\n\ttristate \"t\"\n\tdepends on B || m\n\timply W\n\n"
	"config W\n\tbool \"w\"\n\tdepends on I > 2\n\n"
	"config S\n\ttristate\n\tdepends on T\n\n"
	"config I\n\tint \"i\"\n\trange 1 10 if B\n\tdefault 3\n\n"
	"config H\n\thex \"h\"\n\trange 0x10 0x20\n\n"
	"config TEXT\n\tstring \"text\" if T\n\tdefault \"d\\\"q\"\n\n"
	"choice\n\tprompt \"c\"\n\n"
	"config C1\n\tbool \"1\"\n\nconfig C2\n\tbool \"2\"\n\tdepends on T\n\nendchoice\n";

static struct kc_tree *tree_of(const struct kc_dialect *dialect, int dirfd)
{
	const struct kc_parse spec = { .dirfd = dirfd, .dialect = dialect };
	struct kc_tree *t = NULL;

	fuzz_need(kc_tree_parse(&spec, "Kconfig", &t) == 0);
	return t;
}

static void say(void *ctx, bool err, const char *line)
{
	fuzz_need(err && *line);
}

/* What is written is read back as the same. */
static void round_trip(struct kc_tree *t, const struct kc_files *files)
{
	struct kc_conf *c = kc_conf_new(t, say, NULL), *d = kc_conf_new(t, NULL, NULL);
	auto_str struct str one = { 0 }, two = { 0 };
	unsigned warnings = 0;

	fuzz_need(kc_conf_read_file(c, files, "input", KC_FROM_USER, &warnings) == 0);
	kc_conf_check_read(c, warnings);
	fuzz_need(kc_conf_read_file(c, files, "input", KC_FROM_AUTO, &warnings) == 0);
	kc_conf_text(c, "CONFIG_", &one);
	fuzz_need(kc_conf_write(c, files, NULL) == 0);
	fuzz_need(kc_conf_read_default(d, files, &warnings) == 0);
	kc_conf_check_read(d, warnings);
	kc_conf_text(d, "CONFIG_", &two);
	fuzz_need(str_eq(str_c(&one), str_c(&two)));
	kc_conf_free(c);
	kc_conf_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char in_place[] = "KCONFIG_OVERWRITECONFIG=1";
	static char *env[] = { in_place, NULL };
	static struct kc_tree *trees[2];
	auto_free char *dir = fuzz_empty_dir("tree");
	auto_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct kc_files files = { .dirfd = dirfd, .env = env, .prefix = "CONFIG_" };
	auto_close int tree = openat(dirfd, "Kconfig", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	auto_close int fd = openat(dirfd, "input", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	fuzz_need(write_all(tree, kconfig, sizeof(kconfig) - 1) == 0);
	fuzz_need(fd >= 0 && write_all(fd, data, size) == 0);
	if (!trees[0]) {
		trees[0] = tree_of(&kc_dialect_newest, dirfd);
		trees[1] = tree_of(&kc_dialect_classic, dirfd);
	}
	for (size_t i = 0; i < countof(trees); i++)
		round_trip(trees[i], &files);
	return 0;
}
