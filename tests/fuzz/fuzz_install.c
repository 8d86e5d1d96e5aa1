/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the state of kiln install, or (behind a byte 'l') as a loader.conf. No path of a state that was taken leads
 * out of the places for kernels, and all that is made of it is a line where a line is meant.
 */
#include "fuzz.h"

#include "install/loader.h"

static const struct ins_place place = { (char *)"/" };

static void need_safe(const char *path)
{
	fuzz_need(*path != '/' && !strstr(path, "/../") && !str_ends(path, "/..") &&
		  !strstr(path, "//"));
	fuzz_need(str_starts(path, "boot/") || str_starts(path, "bin/") ||
		  str_starts(path, "lib/modules/"));
}

static size_t count_lines(const struct str *b, const char *begin)
{
	size_t n = 0;

	for (const char *p = str_c(b); *p;) {
		n += str_starts(p, begin);
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	return n;
}

static void look(struct ins_state *s)
{
	auto_str struct str grub = { 0 }, extlinux = { 0 };

	for (size_t i = 0; i < s->kernels.n; i++) {
		auto_str struct str entry = { 0 };

		need_safe(s->kernels.v[i].image);
		for (size_t n = 0; n < s->kernels.v[i].paths.n; n++)
			need_safe(s->kernels.v[i].paths.v[n]);
		ins_loader_entry(&place, &s->kernels.v[i], &entry);
		fuzz_need(count_lines(&entry, "linux ") == 1);
	}
	for (size_t i = 0; i < s->history.n; i++)
		fuzz_need(ins_find(s, s->history.v[i]));
	ins_sort(s);
	s->loader = INS_GRUB;
	ins_loader_text(&place, s, "", &grub);
	s->loader = INS_EXTLINUX;
	ins_loader_text(&place, s, "", &extlinux);
	fuzz_need(count_lines(&grub, "\tlinux ") == s->kernels.n);
	fuzz_need(count_lines(&extlinux, "\tLINUX ") == s->kernels.n);
	fuzz_need(ins_loader_serial(str_c(&grub)) == s->serial);
	while (s->kernels.n)
		ins_drop(s, s->kernels.v[0].id);
}

static void loader_conf(const char *text)
{
	struct ins_state s = { .serial = 7, .loader = INS_BLS };
	auto_str struct str once = { 0 }, twice = { 0 };
	auto_free char *foreign = ins_loader_foreign(text);

	s.foreign = foreign;
	ins_loader_text(&place, &s, text, &once);
	fuzz_need(ins_loader_serial(str_c(&once)) == 7);
	fuzz_need(count_lines(&once, "default ") <= 1);
	ins_loader_text(&place, &s, str_c(&once), &twice);
	fuzz_need(str_eq(str_c(&once), str_c(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_ins_file struct ins_file f = { 0 };
	auto_err struct err err = { 0 };
	auto_str struct str text = { 0 };

	if (size && data[0] == 'l') {
		str_add(&text, data + 1, size - 1);
		loader_conf(str_c(&text));
		return 0;
	}
	if (ins_file_parse((const char *)data, size, "fuzz", &f, &err) < 0) {
		fuzz_need(err.msg && err.hint);
		return 0;
	}
	look(&f.now);
	if (f.under_way)
		look(&f.next);
	for (size_t i = 0; i < f.garbage.n; i++)
		need_safe(f.garbage.v[i]);
	return 0;
}
