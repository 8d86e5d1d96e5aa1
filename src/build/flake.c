/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Toolchains from a flake's development shell. What it is made from is the flake's own content and what its lock file
 * says of each input: revisions and digests, which `nix flake metadata --json` prints (nix3-flake-metadata(1)). Times and paths
 * in there are left out.
 *
 * The shell gets none of the caller's environment but what builds are given, so that no compiler of the host comes in by PATH.
 */
#include "build/place.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"

#include <errno.h>
#include <jansson.h>

#define DEADLINE (600 * NSEC_PER_SEC)
#define MAX_JSON (8U << 20)

static const char *const features[] = { "nix", "--extra-experimental-features",
					"nix-command flakes" };

/* Revision and digest of a "locked" object, the only ones that say what it is. */
static bool add_locked(const char *name, const json_t *locked, struct str *ret)
{
	static const char *const keys[] = { "rev", "dirtyRev", "narHash" };
	bool any = false;

	for (size_t i = 0; i < countof(keys); i++) {
		const char *value = json_string_value(json_object_get(locked, keys[i]));

		if (!value)
			continue;
		str_addf(ret, "%s %s ", any ? "" : name, keys[i]);
		str_add_printable(ret, value, strlen(value));
		any = true;
	}
	if (any)
		str_addc(ret, '\n');
	return any;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The inputs, by name. */
static void add_inputs(json_t *nodes, struct str *ret)
{
	const char **names = xcalloc(json_object_size(nodes) + 1, sizeof(*names));
	const char *name;
	json_t *node;
	size_t n = 0;

	json_object_foreach(nodes, name, node) names[n++] = name;
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++) {
		auto_str struct str shown = { 0 };

		str_adds(&shown, "input ");
		str_add_printable(&shown, names[i], strlen(names[i]));
		add_locked(str_c(&shown),
			   json_object_get(json_object_get(nodes, names[i]), "locked"), ret);
	}
	free(names);
}

int bld_flake_lock(const char *json, size_t n, struct str *ret, struct err *err)
{
	json_error_t where;
	json_t *root = json_loadb(json, n, 0, &where);
	bool any;

	if (!root)
		return err_set(err, -EINVAL, "what nix says of the flake is no JSON: line %d: %s",
			       where.line, where.text);
	any = add_locked("flake", json_object_get(root, "locked"), ret);
	add_inputs(json_object_get(json_object_get(root, "locks"), "nodes"), ret);
	json_decref(root);
	return any ? 0
		   : err_set(err, -EINVAL,
			     "nix names neither a revision nor a digest of the flake");
}

static int ask_lock(const char *flake, struct str *ret, struct err *err)
{
	auto_strv struct strv argv = { 0 };
	auto_proc_result struct proc_result r = { 0 };
	struct proc_spec spec = { .new_group = true };
	int rc;

	for (size_t i = 0; i < countof(features); i++)
		strv_add(&argv, features[i]);
	/* the output is no part of what metadata is asked of */
	strv_adds(&argv, "flake", "metadata", "--json", NULL);
	strv_take(&argv, xstrndup(flake, strcspn(flake, "#")));
	spec.argv = argv.v;
	rc = proc_run(&spec, NULL, DEADLINE, MAX_JSON, &r, err);
	if (rc < 0)
		return rc;
	if (r.timeout)
		return err_set(err, -ETIMEDOUT, "'nix flake metadata' does not end");
	if (r.status)
		return err_set(err, -ENOENT, "nix knows no such flake: %.*s",
			       (int)MIN(r.errout.n, 2000U), str_c(&r.errout));
	return bld_flake_lock(str_c(&r.out), r.out.n, ret, err);
}

/* A folder is named by its absolute path: the shell may be started elsewhere. */
static char *absolute(const char *flake)
{
	auto_free char *path = xstrndup(flake, strcspn(flake, "#")), *full = NULL;

	if (*path != '.' && (strchr(path, ':') || !strchr(path, '/')))
		return xstrdup(flake);
	full = path_abs(path);
	return xasprintf("%s%s", full, flake + strlen(path));
}

int bld_flake_open(const char *flake, struct bld_place *p, struct err *err)
{
	auto_free char *full = absolute(flake), *nix = NULL;
	auto_str struct str lock = { 0 };
	int r;

	p->kind = BLD_FLAKE;
	p->name = xasprintf("flake '%s'", flake);
	if (!*flake || *flake == '-')
		return err_set(err, -EINVAL, "'%s' is no name of a flake", flake);
	if (path_find_program("nix", NULL, &nix) < 0) {
		err_set(err, -ENOENT, "%s needs nix, which is not there", p->name);
		return err_hint(err, -ENOENT, "kiln doctor build");
	}
	r = ask_lock(full, &lock, err);
	if (r < 0)
		return err_wrap(err, r, "%s", p->name);
	for (size_t i = 0; i < countof(features); i++)
		strv_add(&p->wrap, features[i]);
	strv_adds(&p->wrap, "develop", full, "--ignore-environment", NULL);
	for (size_t i = 0; bld_env_through[i]; i++)
		strv_adds(&p->wrap, "--keep", bld_env_through[i], NULL);
	strv_adds(&p->wrap, "--keep", "HOME", "--command", NULL);
	/* which of its outputs counts too */
	p->identity = xasprintf("nix%s\n%s", flake + strcspn(flake, "#"), str_c(&lock));
	return 0;
}
