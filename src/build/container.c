/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Toolchains in container images, by podman or docker, whichever is there. The image is looked up once and from then on
 * called by its ID, the digest of its configuration and content: a tag that moves in between changes nothing.
 *
 * Rootless podman maps the user to itself (keep-id), docker is told who it is; so what is built belongs to who builds.
 */
#include "build/place.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"
#include "kernel/cache.h"

#include <errno.h>
#include <unistd.h>

#define DEADLINE (60 * NSEC_PER_SEC)

static int find_runner(const struct bld_place *p, char **ret, struct err *err)
{
	static const char *const runners[] = { "podman", "docker" };
	struct distro d = distro_here();
	char *const need[] = { (char *)"podman", NULL };
	auto_free char *hint = NULL;

	for (size_t i = 0; i < countof(runners); i++) {
		auto_free char *path = NULL;

		if (path_find_program(runners[i], NULL, &path) == 0) {
			*ret = xstrdup(runners[i]);
			return 0;
		}
	}
	hint = distro_install(&d, geteuid(), need);
	err_set(err, -ENOENT, "%s needs podman or docker, and neither is there", p->name);
	return err_hint(err, -ENOENT, "%s", hint);
}

static int image_id(const char *runner, const char *image, char **ret, struct err *err)
{
	char *argv[] = { (char *)runner,
			 (char *)"image",
			 (char *)"inspect",
			 (char *)"--format",
			 (char *)"{{.Id}}",
			 (char *)image,
			 NULL };
	const struct proc_spec spec = { .argv = argv, .new_group = true };
	auto_proc_result struct proc_result r = { 0 };
	int rc;

	/* "-v" would be taken for an option */
	if (!*image || *image == '-')
		return err_set(err, -EINVAL, "'%s' is no name of an image", image);
	rc = proc_run(&spec, NULL, DEADLINE, 1 << 16, &r, err);
	if (rc < 0)
		return rc;
	if (r.timeout)
		return err_set(err, -ETIMEDOUT, "'%s image inspect' does not end", runner);
	if (r.status || !strcspn(str_c(&r.out), "\n")) {
		err_set(err, -ENOENT, "%s has no image '%s': %.*s", runner, image,
			(int)strcspn(str_c(&r.errout), "\n"), str_c(&r.errout));
		return err_hint(err, -ENOENT, "%s pull %s", runner, image);
	}
	*ret = xstrndup(r.out.s, strcspn(r.out.s, "\n"));
	return 0;
}

/* A bind mount as `--mount` takes it, whose fields are divided by commas. */
int bld_container_mount(const char *path, bool readonly, struct strv *ret, struct err *err)
{
	auto_free char *full = path_abs(path);

	if (strpbrk(full, ",\"\n"))
		return err_set(err, -EINVAL,
			       "'%s' cannot be seen in a container: its name has a comma, a quote "
			       "or a newline",
			       full);
	strv_addf(ret, "--mount=type=bind,src=%s,dst=%s%s", full, full, readonly ? ",ro=true" : "");
	return 0;
}

static bool is_below(const char *path, const char *dir)
{
	auto_free char *a = path_abs(path), *b = path_abs(dir);
	const char *rest = a;

	return str_eq(b, "/") || (str_skip(&rest, b) && (!*rest || *rest == '/'));
}

/* The folders of ask; one that lies in another which can be written to is there already. */
static int add_mounts(const struct bld_toolchain_ask *ask, struct strv *ret, struct err *err)
{
	bool tree = !ask->tree, build = !ask->build;
	int r = 0;

	for (char *const *w = ask->writable; r == 0 && w && *w; w++) {
		r = bld_container_mount(*w, false, ret, err);
		tree = tree || is_below(ask->tree, *w);
		build = build || is_below(ask->build, *w);
	}
	tree = tree || (ask->build && is_below(ask->tree, ask->build));
	if (r == 0 && !tree)
		r = bld_container_mount(ask->tree, true, ret, err);
	/* behind the tree: a build folder may lie in it */
	if (r == 0 && !build)
		r = bld_container_mount(ask->build, false, ret, err);
	return r;
}

static const char name_option[] = "--name=";

/* One container for each build folder: the next call for it ends what a killed kiln left running, see bld_container_end(). */
static void add_name(const char *runner, const char *build, struct strv *ret)
{
	auto_free char *full = path_abs(build);
	struct krn_mix m = KRN_MIX_INIT;
	char hex[33];

	krn_mix_str(&m, full);
	krn_mix_hex(&m, hex);
	strv_addf(ret, "%skiln-%s", name_option, hex);
	if (str_eq(runner, "podman"))
		strv_adds(ret, "--replace", "--stop-timeout=2", NULL);
}

int bld_container_end(char *const *wrap, bool marked, struct err *err)
{
	auto_proc_result struct proc_result res = { 0 };
	struct proc_spec spec = { .new_group = true };
	const char *name = NULL;
	int r;

	for (char *const *w = wrap; w && *w; w++) {
		if (str_starts(*w, name_option))
			name = *w + strlen(name_option);
	}
	if (!name || (str_eq(wrap[0], "podman") && !marked))
		return 0;
	spec.argv = (char *[]){ wrap[0], (char *)"rm", (char *)"-f", (char *)name, NULL };
	/* that there is none is no error of every version: what counts is that the next of that name starts */
	r = proc_run(&spec, NULL, DEADLINE, 1 << 16, &res, err);
	if (r == 0 && res.timeout)
		r = err_set(err, -ETIMEDOUT, "'%s rm -f %s' does not end", wrap[0], name);
	return r;
}

static void add_common(const char *runner, struct strv *ret)
{
	/* label: on a host with SELinux no container may read what has a user's label */
	strv_adds(ret, runner, "run", "--rm", "--network=none", "--security-opt=label=disable",
		  NULL);
	if (str_eq(runner, "docker"))
		strv_addf(ret, "--user=%u:%u", geteuid(), getegid());
	else if (geteuid() != 0)
		strv_add(ret, "--userns=keep-id");
	for (size_t i = 0; bld_env_through[i]; i++)
		strv_addf(ret, "--env=%s", bld_env_through[i]);
}

int bld_container_open(const char *image, struct bld_place *p, struct err *err)
{
	auto_free char *runner = NULL, *id = NULL;
	int r;

	p->kind = BLD_CONTAINER;
	p->name = xasprintf("image '%s'", image);
	r = find_runner(p, &runner, err);
	if (r == 0)
		r = image_id(runner, image, &id, err);
	if (r < 0)
		return r;
	add_common(runner, &p->wrap);
	strv_add(&p->wrap, id);
	p->identity = xasprintf("container %s%s", str_starts(id, "sha256:") ? "" : "sha256:", id);
	return 0;
}

int bld_container_wrap(const struct bld_place *p, const struct bld_toolchain_ask *ask,
		       struct strv *ret, struct err *err)
{
	const char *id = p->wrap.v[p->wrap.n - 1], *dir = ask->build ?: ask->tree;
	auto_free char *at = dir ? path_abs(dir) : NULL;
	int r;

	for (size_t i = 0; i + 1 < p->wrap.n; i++)
		strv_add(ret, p->wrap.v[i]);
	if (ask->build)
		add_name(p->wrap.v[0], ask->build, ret);
	r = add_mounts(ask, ret, err);
	if (r < 0)
		return r;
	if (at)
		strv_addf(ret, "--workdir=%s", at);
	strv_add(ret, id);
	return 0;
}
