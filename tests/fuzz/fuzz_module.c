/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as dkms.conf, as Module.symvers and as a command line: what is read can be asked for. */
#include "fuzz.h"

#include "module/dkms.h"
#include "module/symvers.h"

static void dkms(const char *text, size_t n)
{
	static const char *const names[] = { "MAKE", "BUILT_MODULE_NAME", "PATCH", "A" };
	char *vars[] = { (char *)"kernelver=6.1", NULL };
	struct mod_dkms d;

	if (mod_dkms_parse(&d, text, n, "dkms.conf", vars, NULL) < 0)
		return;
	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *value = NULL;
		unsigned many = mod_dkms_count(&d, names[i]);
		int r = mod_dkms_get(&d, names[i], 0, &value, NULL);

		fuzz_need((many > 0) == (r < 0 || value));
	}
	mod_dkms_release(&d);
}

static void words(const char *text, size_t n)
{
	auto_free char *line = xstrndup(text, n);
	auto_strv struct strv got = { 0 };

	if (mod_words(line, &got, NULL) == 0)
		fuzz_need(got.n <= n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct mod_symvers s = { 0 };

	dkms(text, size);
	words(text, size);
	mod_symvers_parse(&s, text, size, "Module.symvers", NULL);
	mod_symvers_release(&s);
	return 0;
}
