/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/rebase_git.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>

#define OUT_MAX	    ((size_t)256 << 20)
#define DEADLINE_NS (600 * NSEC_PER_SEC)

extern char **environ;

/* Whoever resolves a conflict by hand is not asked for a name, and bytes stay as they are. Contexts as Linux' .gitattributes has them. */
static const char config[] = "[user]\n\tname = kiln\n\temail = kiln@localhost\n"
			     "[core]\n\tautocrlf = false\n\thooksPath = /dev/null\n"
			     "[commit]\n\tgpgSign = false\n[advice]\n\tdetachedHead = false\n";
static const char attributes[] = "* -text -filter -ident !merge !diff !working-tree-encoding\n"
				 "*.c diff=cpp\n*.h diff=cpp\n*.dts diff=dts\n*.dtsi diff=dts\n";

static void make_env(struct strv *env)
{
	for (char **e = environ; *e; e++)
		if (!str_starts(*e, "GIT_") && !str_starts(*e, "LC_ALL="))
			strv_add(env, *e);
	strv_adds(env, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		  "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_EDITOR=true",
		  "GIT_OPTIONAL_LOCKS=0", "GIT_AUTHOR_DATE=@0 +0000", "GIT_COMMITTER_DATE=@0 +0000",
		  NULL);
}

/* What git said, without what it says first of all errors. */
static int tell(const struct proc_result *res, const struct strv *argv, struct err *err)
{
	auto_str struct str text = { 0 };
	auto_free char *what = strv_quoted(argv->v);
	size_t n = res->errout.n;

	if (res->timeout)
		return err_set(err, -ETIMEDOUT, "'%s' did not end", what);
	while (n && res->errout.s[n - 1] == '\n')
		n--;
	str_add_printable(&text, str_c(&res->errout), MIN(n, (size_t)1000));
	return err_set(err, -EIO, "'%s' failed: %s", what,
		       text.n ? str_c(&text) : "without a word");
}

int src_scratch_git(const struct src_scratch *g, int *ret_status, struct str *ret_out,
		    struct err *err, ...)
{
	auto_strv struct strv argv = { 0 }, env = { 0 };
	auto_proc_result struct proc_result res = { 0 };
	struct proc_spec spec = { .cwd = g->dir };
	va_list ap;
	const char *word;
	int r;

	strv_add(&argv, "git");
	va_start(ap, err);
	while ((word = va_arg(ap, const char *)))
		strv_add(&argv, word);
	va_end(ap);
	make_env(&env);
	spec.argv = argv.v;
	spec.env = env.v;
	r = proc_run(&spec, g->input, DEADLINE_NS, OUT_MAX, &res, err);
	if (r == -ENOENT)
		return err_hint(err, r, "apt-get install git");
	if (r < 0)
		return r;
	if (res.timeout || (!ret_status && res.status))
		return tell(&res, &argv, err);
	if (ret_status)
		*ret_status = res.status;
	if (ret_out) {
		str_release(ret_out);
		*ret_out = res.out;
		res.out = (struct str){ 0 };
	}
	return 0;
}

static int append(const char *dir, const char *name, const char *text, struct err *err)
{
	auto_free char *path = path_join3(dir, ".git", name), *folder = path_dir(path);
	auto_str struct str all = { 0 };
	int r = mkdir_p(folder, 0755, err);

	if (r == 0 && access(path, F_OK) == 0)
		r = file_read(AT_FDCWD, path, 1 << 16, &all, err);
	str_adds(&all, text);
	return r < 0 ? r : file_publish(path, all.s, all.n, 0644, err);
}

int src_scratch_init(const char *dir, struct err *err)
{
	struct src_scratch g = { .dir = dir };
	int r = src_scratch_git(&g, NULL, NULL, err, "init", "-q", "--template=", "-b",
				"kiln-rebase", NULL);

	if (r == 0)
		r = append(dir, "config", config, err);
	return r < 0 ? r : append(dir, "info/attributes", attributes, err);
}
