/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a manifest, as they are and as the lines of one whose head and digest are right. What can be read is written
 * as it was, byte for byte, and its paths lead nowhere else.
 */
#include "fuzz.h"

#include "store/manifest.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check_path(const char *path)
{
	auto_free char *framed = xasprintf("/%s/", path);

	fuzz_need(*path && path[0] != '/' && !str_eq(path, STO_MANIFEST));
	fuzz_need(!strstr(framed, "//") && !strstr(framed, "/./") && !strstr(framed, "/../"));
}

static void read_and_write(const char *text, size_t n)
{
	auto_manifest struct sto_manifest m = { 0 };
	auto_str struct str again = { 0 };

	if (sto_manifest_parse(text, n, ID, &m, NULL) < 0)
		return;
	for (size_t i = 0; i < m.n; i++)
		check_path(m.v[i].path);
	fuzz_need(sto_manifest_write(&m, ID, &again, NULL) == 0);
	fuzz_need(again.n == n && memcmp(again.s, text, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char hex[DIGEST_HEX + 1];
	auto_str struct str text = { 0 };

	str_add(&text, data, size);
	read_and_write(str_c(&text), text.n);
	str_clear(&text);
	str_adds(&text, "kiln manifest 1\ncell " ID "\n");
	str_add(&text, data, size);
	fuzz_need(digest_bytes(text.s, text.n, hex, NULL) == 0);
	str_addf(&text, "end %s\n", hex);
	read_and_write(text.s, text.n);
	return 0;
}
