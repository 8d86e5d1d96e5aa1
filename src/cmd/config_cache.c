/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config cache`: forgets the answers of compilers and the trees that were read. */
#include "base/file.h"
#include "base/path.h"
#include "cmd/cmd.h"

static const char *const folders[] = { "probes", "trees", "resolved" };

static int clear(struct out *out, const char *cache, bool dry_run, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < countof(folders) && r == 0; i++) {
		auto_free char *path = path_join(cache, folders[i]);

		if (dry_run)
			out_print(out, "rm -rf %s\n", path);
		else
			r = rm_rf(path, err);
	}
	return r;
}

static int run_config_cache(struct out *out, const struct global_opts *global, void *o, char **args,
			    size_t n_args, size_t dashes, struct err *err);

const struct cmd cmd_config_cache = {
	.name = "config cache",
	.args = "[clear|path]",
	.summary = "forget the answers of compilers and the trees that were read",
	.acts = true,
	.run = run_config_cache,
};

static int run_config_cache(struct out *out, const struct global_opts *global, void *o, char **args,
			    size_t n_args, size_t dashes, struct err *err)
{
	auto_free char *cache = NULL;
	int r;

	if (n_args != 1 || (!str_eq(args[0], "clear") && !str_eq(args[0], "path")))
		return usage_error(&cmd_config_cache, err, "what is to be done with the cache?");
	r = dir_path(DIR_CACHE, &cache, err);
	if (r < 0)
		return r;
	if (str_eq(args[0], "clear"))
		return clear(out, cache, global->dry_run, err);
	for (size_t i = 0; i < countof(folders); i++)
		out_print(out, "%s/%s\n", cache, folders[i]);
	return EXIT_OK;
}
