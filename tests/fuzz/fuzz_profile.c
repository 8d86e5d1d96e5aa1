/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a profile, held against a small configuration: what is read can be asked for its words and values. */
#include "fuzz.h"
#include "scratch.h"

#include "base/path.h"
#include "kconfig/profile.h"

#include <fcntl.h>

static const char config[] = "CONFIG_A=y\nCONFIG_B=m\nCONFIG_N=0x10\nCONFIG_S=\"a,\\\"b\\\"\"\n";

static void ask(const struct kc_requirement *r, const struct dotconfig *c)
{
	const struct kc_part_spec kernel = { "6.1", "x86_64", "x86" };
	auto_free char *words = kc_requirement_words(r), *value = NULL;
	const char *symbol = NULL, *is = NULL;

	kc_requirement_applies(r, &kernel, c);
	kc_requirement_holds(r, c, &symbol, &is);
	fuzz_need(symbol && is && words && r->pos.line >= 1);
	value = kc_requirement_value(r, is);
	fuzz_need(!value || kc_requirement_accepts(r, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *dir = fuzz_empty_dir("profiles");
	auto_free char *path = path_join(dir, "input.yaml");
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct dotconfig c = { 0 };
	struct kc_profile p;

	/* what lies outside is not to be waited for */
	if (memmem(data, size, "/dev", 4) || memmem(data, size, "/proc", 5))
		return 0;
	fuzz_need(fd >= 0 && write_all(fd, data, size) == 0);
	dotconfig_parse(&c, config, sizeof(config) - 1);
	if (kc_profile_read(&p, path, NULL) == 0) {
		for (size_t i = 0; i < p.requires.n; i++)
			ask(p.requires.v[i], &c);
		kc_profile_release(&p);
	}
	dotconfig_release(&c);
	return 0;
}
