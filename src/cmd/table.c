/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of kiln, in the order in which `kiln --help` lists them. */
#include "cmd/cmd.h"

extern const struct cmd cmd_run;
extern const struct cmd cmd_build;
extern const struct cmd cmd_config_resolve;
extern const struct cmd cmd_config_why;
extern const struct cmd cmd_config_why_not;
extern const struct cmd cmd_config_search;
extern const struct cmd cmd_config_menu;
extern const struct cmd cmd_config_set;
extern const struct cmd cmd_config_check;
extern const struct cmd cmd_config_diff;
extern const struct cmd cmd_config_upgrade;
extern const struct cmd cmd_config_conf;
extern const struct cmd cmd_config_cache;
extern const struct cmd cmd_hw_symbols;
extern const struct cmd cmd_source_fetch;
extern const struct cmd cmd_store_list;
extern const struct cmd cmd_store_path;
extern const struct cmd cmd_store_rm;
extern const struct cmd cmd_store_gc;
extern const struct cmd cmd_store_verify;
extern const struct cmd cmd_source_patches;
extern const struct cmd cmd_inspect;
extern const struct cmd cmd_hw_scan;
extern const struct cmd cmd_hw_config;
extern const struct cmd cmd_hw_coverage;
extern const struct cmd cmd_hw_diff;
extern const struct cmd cmd_hw_why;
extern const struct cmd cmd_hw_drivers;
extern const struct cmd cmd_hw_firmware;
extern const struct cmd cmd_hw_record;
extern const struct cmd cmd_module_build;
extern const struct cmd cmd_module_list;
extern const struct cmd cmd_install;
extern const struct cmd cmd_source_rebase;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_bench_run;
extern const struct cmd cmd_bench_config;
extern const struct cmd cmd_bench_hw;
extern const struct cmd cmd_bench_build;
extern const struct cmd cmd_help;
extern const struct cmd cmd_complete;

const struct cmd *const cmds[] = {
	/* clang-format off */
	&cmd_run,
	&cmd_build,
	&cmd_config_resolve,
	&cmd_config_why,
	&cmd_config_why_not,
	&cmd_config_search,
	&cmd_config_menu,
	&cmd_config_set,
	&cmd_config_check,
	&cmd_config_diff,
	&cmd_config_upgrade,
	&cmd_config_conf,
	&cmd_config_cache,
	&cmd_hw_symbols,
	&cmd_source_fetch,
	&cmd_store_list,
	&cmd_store_path,
	&cmd_store_rm,
	&cmd_store_gc,
	&cmd_store_verify,
	&cmd_source_patches,
	&cmd_inspect,
	&cmd_hw_scan,
	&cmd_hw_config,
	&cmd_hw_coverage,
	&cmd_hw_diff,
	&cmd_hw_why,
	&cmd_hw_drivers,
	&cmd_hw_firmware,
	&cmd_hw_record,
	&cmd_module_build,
	&cmd_module_list,
	&cmd_install,
	&cmd_source_rebase,
	&cmd_doctor,
	&cmd_bench_run,
	&cmd_bench_config,
	&cmd_bench_hw,
	&cmd_bench_build,
	&cmd_help,
	&cmd_complete,
	/* clang-format on */
};
const size_t n_cmds = countof(cmds);
