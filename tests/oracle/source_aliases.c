/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source-aliases TREE FILE...: what sources of a tree say, for tests/oracle/file2alias, a line each:
 *
 *	FILE alias pci:v00008086d*...
 */
#include "base/file.h"
#include "hw/facts.h"

#include <fcntl.h>
#include <stdio.h>

#define MAX_FILE (64 << 20)

static const char *const kinds[] = {
	[HW_FACT_ALIAS] = "alias",     [HW_FACT_BINDS] = "binds",   [HW_FACT_FIRMWARE] = "firmware",
	[HW_FACT_SOFTDEP] = "softdep", [HW_FACT_DRIVER] = "driver", [HW_FACT_ODD] = "odd",
};

static int read_one(struct hw_c_world *w, const struct hw_c_layouts *l, const char *path,
		    struct err *err)
{
	auto_str struct str text = { 0 };
	struct hw_facts facts = { 0 };
	int r = file_read(w->tree, path, MAX_FILE, &text, err);

	if (r < 0)
		return r;
	hw_facts_read(w, l, path, str_c(&text), text.n, &facts);
	for (size_t i = 0; i < facts.n; i++)
		printf("%s %s %s\n", path, kinds[facts.v[i].kind], facts.v[i].text);
	hw_facts_release(&facts);
	return 0;
}

int main(int argc, char **argv)
{
	auto_err struct err err = { 0 };
	struct hw_c_layouts layouts = { 0 };
	struct hw_c_world world;
	auto_close int tree = argc > 1 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = 0;

	if (tree < 0 || hw_c_world_init(&world, tree, "x86", &err) < 0) {
		fprintf(stderr, "%s\n", err.msg ? err.msg : "usage: source-aliases TREE FILE...");
		return 2;
	}
	hw_c_layouts_read(&layouts, &world,
			  hw_c_header_get(&world, "include/linux/mod_devicetable.h"));
	for (int i = 2; i < argc && r == 0; i++)
		r = read_one(&world, &layouts, argv[i], &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.msg);
	hw_c_layouts_release(&layouts);
	hw_c_world_release(&world);
	return r < 0;
}
