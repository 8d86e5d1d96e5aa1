/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scratch folder of the cache is filled, built in, and gone in the end; what is published was made beside its place. */
#include "module/parts.h"

#include "base/path.h"
#include "build/step.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#define WAIT_MSEC 50

extern char **environ;

/* What belongs to another make, or would lead to another kernel. */
static bool is_left_out(const char *entry)
{
	static const char *const names[] = {
		"MAKEFLAGS=",	  "MFLAGS=",	    "GNUMAKEFLAGS=",	 "MAKELEVEL=",
		"MAKEFILES=",	  "ARCH=",	    "SRCARCH=",		 "CROSS_COMPILE=",
		"KBUILD_OUTPUT=", "KBUILD_EXTMOD=", "INSTALL_MOD_PATH=", "INSTALL_MOD_DIR=",
		"KERNELRELEASE=", "KCFLAGS=",	    "KAFLAGS=",		 "LC_ALL=",
	};

	for (size_t i = 0; i < countof(names); i++)
		if (str_starts(entry, names[i]))
			return true;
	return false;
}

/*
 * The names under which Makefiles of modules let themselves be told where the kernel is, and flags that keep the paths of this
 * build out of what is built.
 */
static void make_env(struct mod_build *m)
{
	static const char *const dirs[] = { "KDIR", "KERNELDIR", "KERNEL_DIR", "KERNEL_SRC",
					    "KSRC" };
	static const char *const flags[] = { "KCFLAGS", "KAFLAGS" };
	const char *sdk = m->spec->cell->sdk;

	for (char **e = environ; *e; e++)
		if (!is_left_out(*e))
			strv_add(&m->env, *e);
	strv_adds(&m->env, "LC_ALL=C", "KBUILD_MODPOST_WARN=1", NULL);
	for (size_t i = 0; i < countof(dirs); i++)
		strv_addf(&m->env, "%s=%s", dirs[i], sdk);
	for (size_t i = 0; i < countof(flags); i++) {
		const char *own = getenv(flags[i]);

		strv_addf(&m->env, "%s=%s%s-ffile-prefix-map=%s/= -ffile-prefix-map=%s=.", flags[i],
			  own ?: "", own ? " " : "", m->scratch.tmp, sdk);
	}
}

/* kbuild refuses blanks and colons; the others mean something in Makefiles, or in the shell that runs their lines. */
static int check_path(const char *path, const char *hint, struct err *err)
{
	const char *bad = strpbrk(path, " \t\n:%#$'\"\\*?[]&;|<>()`~,=");

	if (!bad)
		return 0;
	err_set(err, -EINVAL, "make cannot build with a '%c' in the path '%s'", *bad, path);
	return err_hint(err, -EINVAL, "%s", hint);
}

int mod_check_ended(const struct mod_build *m, struct err *err)
{
	const volatile sig_atomic_t *ended = m->spec->ended;

	return ended && *ended ? err_set(err, -EINTR, "ended by signal %d", (int)*ended) : 0;
}

/* Another may build in it for an hour; who waits for that can be ended. */
static int begin_scratch(struct mod_build *m, const char *key, struct err *err)
{
	int r;

	while ((r = krn_cached_try(&m->scratch, "module-builds", key, err)) == -EAGAIN) {
		r = mod_check_ended(m, err);
		if (r < 0)
			return r;
		poll(NULL, 0, WAIT_MSEC);
	}
	return r;
}

static int begin(struct mod_build *m, struct err *err)
{
	struct krn_mix mix = KRN_MIX_INIT;
	auto_free char *source = path_abs(m->spec->source);
	char key[33];
	int r;

	krn_mix_str(&mix, source);
	krn_mix_str(&mix, m->spec->cell->sdk);
	krn_mix_hex(&mix, key);
	r = begin_scratch(m, key, err);
	if (r == 0)
		r = check_path(m->scratch.tmp,
			       "set XDG_CACHE_HOME to a folder with a plain path, and try again",
			       err);
	if (r == 0)
		r = check_path(m->spec->cell->sdk, "move the kernel's folder to a plain path", err);
	if (r < 0)
		return r;
	m->tree = path_join(m->scratch.tmp, "tree");
	m->destdir = path_join(m->scratch.tmp, "destdir");
	strv_extend(&m->make, m->spec->cell->make.v);
	if (m->spec->make)
		strv_extend(&m->make, m->spec->make);
	make_env(m);
	return mkdir_p(m->destdir, 0755, err);
}

static int open_all(struct mod_build *m, struct mod_findings *found, struct err *err)
{
	int r = begin(m, err);

	if (r == 0)
		r = mod_fetch(m, err);
	if (r == 0)
		r = mod_check_ended(m, err);
	if (r == 0)
		r = mod_find(m, err);
	return r < 0 ? r : mod_plan(m, found, err);
}

int mod_open(struct mod_build *m, const struct mod_spec *spec, struct mod_findings *found,
	     struct err *err)
{
	int r;

	*m = (struct mod_build){ .spec = spec, .scratch = KRN_CACHED_NONE };
	mod_check_target(spec->cell, found);
	if (found->n)
		return 0;
	r = open_all(m, found, err);
	if (r < 0)
		mod_release(m);
	return r;
}

void mod_release(struct mod_build *m)
{
	for (size_t i = 0; i < m->steps.n; i++) {
		free(m->steps.v[i].cwd);
		strv_release(&m->steps.v[i].argv);
	}
	free(m->steps.v);
	for (size_t i = 0; i < m->files.n; i++) {
		free(m->files.v[i].from);
		free(m->files.v[i].to);
	}
	free(m->files.v);
	mod_recipe_release(&m->recipe);
	strv_release(&m->make);
	strv_release(&m->env);
	free(m->tree);
	free(m->top);
	free(m->destdir);
	krn_cached_end(&m->scratch);
	*m = (struct mod_build){ .scratch = KRN_CACHED_NONE };
}

int mod_make(struct mod_build *m, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < m->steps.n && r == 0; i++) {
		const struct mod_step *s = &m->steps.v[i];
		auto_free char *line = strv_quoted(s->argv.v);
		auto_free char *what = xasprintf("'%s'", line);

		r = bld_step_run_whole(&(struct bld_step){ .argv = s->argv.v,
							   .env = m->env.v,
							   .cwd = s->cwd,
							   .log_fd = m->spec->log_fd },
				       m->spec->ended, what, err);
	}
	return r;
}
