/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firmware-list TREE SRCARCH CONFIG: what the modules of a tree announce by MODULE_FIRMWARE() with a configuration, for
 * tests/oracle/firmware, a line each:
 *
 *	iwlwifi iwlwifi-100-5.ucode drivers/net/wireless/intel/iwlwifi/cfg/1000.c:171
 */
#include "base/file.h"
#include "cmd/hw_find.h"

#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct hw_find f = { .has_config = true };
	struct hw_index_spec spec = { .again = true }; /* by this program, not by an older one */
	auto_str struct str text = { 0 };
	auto_err struct err err = { 0 };

	if (argc == 4) {
		spec.tree = argv[1];
		spec.srcarch = argv[2];
	}
	if (argc != 4 || hw_index_get(&spec, &f.index[0], &err) < 0 ||
	    file_read(AT_FDCWD, argv[3], 64 << 20, &text, &err) < 0) {
		fprintf(stderr, "firmware-list: %s\n", err.msg ? err.msg : "usage");
		return 2;
	}
	dotconfig_parse(&f.config, str_c(&text), text.n);
	for (size_t i = 0; i < f.index[0].firmware.n; i++) {
		const struct hw_index *ix = &f.index[0];
		const struct hw_ix_record *r = &ix->firmware.v[i];

		if (hw_find_holds(&f, ix, r))
			printf("%s %s %s:%u\n", hw_ix_text(ix, ix->module[r->module].name),
			       hw_ix_text(ix, r->text), hw_ix_text(ix, r->file), r->line);
	}
	hw_find_release(&f);
	return 0;
}
