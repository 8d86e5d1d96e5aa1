/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest is told to do, from the plan. */
#include "vm/plan.h"

#include "base/path.h"
#include "vm/tty.h"

/* Of a share that is the guest's root, what guest/mounts.c mounts its own over. */
static bool is_covered(const char *path)
{
	static const char *const own[] = { "/proc", "/sys", "/dev", "/run" };

	for (size_t i = 0; i < countof(own); i++) {
		size_t n = strlen(own[i]);

		if (strncmp(path, own[i], n) == 0 && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

char *vm_plan_guest_path(const struct vm_plan *p, const char *host)
{
	const struct vm_share *best = NULL;
	size_t best_n = 0;

	for (size_t i = 0; i < p->machine.n_shares; i++) {
		const struct vm_share *s = &p->machine.shares[i];
		size_t n = str_eq(s->host, "/") ? 0 : strlen(s->host);

		if (strncmp(host, s->host, n) != 0 || (host[n] && host[n] != '/'))
			continue;
		/* Of those that show as much: the one that shows it where it is on the host. */
		if (!best || n > best_n || (n == best_n && str_eq(s->host, s->guest))) {
			best = s;
			best_n = n;
		}
	}
	if (!best)
		return NULL;
	if (str_eq(best->guest, "/")) {
		if (is_covered(host + best_n))
			return NULL;
		return xstrdup(host[best_n] ? host + best_n : "/");
	}
	return xasprintf("%s%s", best->guest, host + best_n);
}

static void add_command(const struct vm_run_spec *spec, const struct vm_plan *p, struct str *req)
{
	for (size_t i = 0; spec->argv[i]; i++)
		vm_req_text(req, KP_ARG, i == 0 && p->command ? p->command : spec->argv[i]);
}

/*
 * Along the guest's PATH the command is where it is along the host's, if both are the same and
 * nothing lies over the host's root.
 */
static void add_program(const struct vm_run_spec *spec, struct str *req)
{
	auto_free char *found = NULL;
	const char *path = getenv("PATH");
	bool same = false;

	for (size_t i = 0; path && spec->env && spec->env[i]; i++)
		if (str_starts(spec->env[i], "PATH="))
			same = str_eq(spec->env[i] + 5, path);
	if (!same || !spec->argv[0] || strchr(spec->argv[0], '/') || spec->shares.n ||
	    !vm_plan_root_is(spec, "host"))
		return;
	if (path_find_program(spec->argv[0], NULL, &found) == 0 && *found == '/')
		vm_req_text(req, KP_PROGRAM, found);
}

/* pwd: the word that takes the place of the host's PWD; NULL: that is right. */
static void add_env(const struct vm_run_spec *spec, const char *pwd, struct str *req)
{
	for (size_t i = 0; spec->env && spec->env[i]; i++)
		vm_req_text(req, KP_ENV,
			    pwd && str_starts(spec->env[i], "PWD=") ? pwd : spec->env[i]);
}

/*
 * A folder that was asked for by its whole path is the guest's; otherwise the command starts where
 * the user is, as far as a share shows it. PWD, which may be a path by way of links, is right only
 * where nothing moved.
 */
static void add_surroundings(const struct vm_run_spec *spec, const struct vm_plan *p,
			     struct str *req)
{
	auto_free char *here = path_abs(spec->cwd ? spec->cwd : ".");
	auto_free char *seen =
		spec->cwd && *spec->cwd == '/' ? xstrdup(spec->cwd) : vm_plan_guest_path(p, here);
	auto_free char *pwd = xasprintf("PWD=%s", seen ? seen : "/");

	add_env(spec, !spec->cwd && str_eq(seen, here) ? NULL : pwd, req);
	if (seen)
		vm_req_text(req, KP_CWD, seen);
	else
		vm_plan_detail(spec, "no share shows '%s': the command starts in /", here);
}

static void add_mounts(const struct vm_plan *p, struct str *req)
{
	size_t n = p->machine.n_shares;

	/* kiln's own come first, so that they hide nothing of what was asked for. */
	for (size_t i = 0; i < n; i++) {
		const struct vm_share *s = &p->machine.shares[(p->n_asked + i) % n];

		vm_req_fields(req, KP_MOUNT, vm_fs_name(s->fs), s->tag, s->guest,
			      vm_share_mode_name(s->mode), vm_share_options(s), NULL);
	}
}

static void add_stdio(const struct vm_run_spec *spec, struct str *req)
{
	uint8_t bits = 0, size[4];
	uint16_t rows, cols;

	for (int i = 0; i < 3; i++)
		bits |= (uint8_t)(spec->fds[i] >= 0 ? 1 << i : 0);
	/* On one terminal stderr is where stdout is, unless it was sent elsewhere. */
	if (spec->tty && isatty(spec->fds[2]))
		bits &= (uint8_t) ~(1 << 2);
	vm_req_bytes(req, KP_STDIO, &bits, 1);
	if (!spec->tty)
		return;
	vm_tty_size(spec->fds[0], &rows, &cols);
	kp_put16(size, rows);
	kp_put16(size + 2, cols);
	vm_req_bytes(req, KP_TTY, size, sizeof(size));
}

void vm_plan_request(const struct vm_run_spec *spec, struct vm_plan *p)
{
	struct str *req = &p->request;

	add_command(spec, p, req);
	add_program(spec, req);
	add_surroundings(spec, p, req);
	add_mounts(p, req);
	add_stdio(spec, req);
	if (spec->user)
		vm_req_text(req, KP_USER, spec->user);
	vm_req_text(req, KP_HOSTNAME, "kiln");
	/* QEMU's user network (docs/system/devices/net.rst): the guest, the host's side, its name
	 * server. */
	if (spec->net)
		vm_req_fields(req, KP_NET, "10.0.2.15", "24", "10.0.2.2", "10.0.2.3", NULL);
}
