/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * git: a commit becomes a tree of its own, sources/COMMIT, by an index that is thrown away; no repository has a worktree
 * registered, and none is changed by it. The user's configuration has no say in what is written (line ends, filters).
 *
 * A repository at hand is only read: a scratch one in the folder being made borrows its objects. Of another one what is
 * wanted, and no more if the server allows, is fetched into git/KEY. refs/kiln/tag/HEX and refs/kiln/last/HEX, HEX being the
 * digest of the name asked for, keep what was fetched: tags stay, so they are asked for once; branches each time.
 */
#include "source/parts.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "kernel/tree.h"
#include "source/gitrun.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

struct repo {
	const struct src_spec *spec;
	const struct src_progress *progress;
	char *dir;     /* of a repository of ours */
	char *objects; /* of one at hand; NULL */
	int lock, hold;
	char *commit;
};

static void repo_release(struct repo *r)
{
	free(r->dir);
	free(r->objects);
	free(r->commit);
	close_fd(r->hold);
	close_fd(r->lock);
}

static bool is_commit(const char *s)
{
	size_t n = strlen(s);

	return (n == 40 || n == 64) && strspn(s, "0123456789abcdef") == n;
}

/* ---- from commit to tree ---- */

/* As GIT_ALTERNATE_OBJECT_DIRECTORIES is read (git(1)): what begins with '"' is quoted as in C. */
static char *quoted_for_git(const char *path)
{
	auto_str struct str b = { 0 };

	str_addc(&b, '"');
	for (; *path; path++) {
		if ((unsigned char)*path < ' ' || *path == '"' || *path == '\\' || *path == 0x7f)
			str_addf(&b, "\\%03o", (unsigned int)(unsigned char)*path);
		else
			str_addc(&b, *path);
	}
	str_addc(&b, '"');
	return str_take(&b);
}

/* Entries of `ls-files --stage -z`: "MODE OBJECT STAGE\tPATH". */
static int check_links(const struct str *list, const char *tree, struct err *err)
{
	auto_close int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", tree);
	for (size_t at = 0; at < list->n; at += strlen(list->s + at) + 1) {
		const char *path = strchr(list->s + at, '\t');

		if (!path || !str_starts(list->s + at, "120000 ") || krn_tree_inside(fd, path + 1))
			continue;
		err_set(err, -EPERM, "'%s' is a link that leads out of the tree", path + 1);
		return err_hint(err, -EPERM,
				"the commit is broken or made to do harm; nothing of it is used");
	}
	return 0;
}

static int check_out(struct repo *r, const char *repo, char *const *env, const char *tree,
		     struct err *err)
{
	auto_free char *dir = xasprintf("--git-dir=%s", repo);
	auto_free char *work = xasprintf("--work-tree=%s", tree);
	const char *read[] = { dir, "read-tree", r->commit, NULL };
	const char *out[] = { dir, work, "checkout-index", "--all", "--force", "--quiet", NULL };
	const char *list[] = { dir, "ls-files", "--stage", "-z", NULL };
	struct src_git g = { .env = env, .cwd = tree, .plain = true };
	auto_str struct str names = { 0 };
	int ret;

	if (r->progress)
		r->progress->report(r->progress->ctx, "git: writing the tree", 0, 0);
	g.args = read;
	ret = src_git_run(&g, NULL, err);
	g.args = out;
	if (ret == 0)
		ret = src_git_run(&g, NULL, err);
	g.args = list;
	if (ret == 0)
		ret = src_git_run(&g, &names, err);
	return ret < 0 ? ret : check_links(&names, tree, err);
}

/* A repository at hand is read through one of ours, so that its configuration (filters are programs) has no say. */
static int make_scratch(const struct repo *r, const char *dir, struct strv *env, struct err *err)
{
	auto_free char *objects = quoted_for_git(r->objects);
	const char *format =
		strlen(r->commit) == 64 ? "--object-format=sha256" : "--object-format=sha1";
	const char *init[] = { "init", "--quiet", "--bare", "--template=", format, dir, NULL };
	struct src_git g = { .args = init, .plain = true };

	strv_addf(env, "GIT_ALTERNATE_OBJECT_DIRECTORIES=%s", objects);
	return src_git_run(&g, NULL, err);
}

static int fill(void *ctx, const char *tmp, const char *tree, struct err *err)
{
	struct repo *r = ctx;
	auto_free char *scratch = path_join(tmp, "git"), *index = path_join(tmp, "index");
	auto_strv struct strv env = { 0 };
	int ret = 0;

	strv_addf(&env, "GIT_INDEX_FILE=%s", index);
	if (r->objects)
		ret = make_scratch(r, scratch, &env, err);
	if (ret == 0)
		ret = check_out(r, r->objects ? scratch : r->dir, env.v, tree, err);
	if (ret == 0)
		ret = rm_rf(scratch, err);
	if (ret == 0 && unlink(index) < 0)
		ret = err_sys(err, "cannot remove '%s'", index);
	return ret;
}

static int make_tree(struct repo *r, struct src_tree *ret, struct err *err)
{
	struct src_fill f = { fill, r };
	int n = src_cached_make("sources", r->commit, &f, r->progress, ret, err);

	if (n < 0)
		return n;
	ret->origin = str_eq(r->commit, r->spec->ref)
			      ? xasprintf("commit %.12s", r->commit)
			      : xasprintf("%s (%.12s)", r->spec->ref, r->commit);
	return 0;
}

/* ---- a repository at hand ---- */

/* As git does: name^{commit}. */
static int resolve(const struct repo *r, const struct src_git *how, const char *name, char **ret,
		   struct err *err)
{
	auto_free char *revision = xasprintf("%s^{commit}", name);
	auto_free char *dir = r->dir ? xasprintf("--git-dir=%s", r->dir) : xstrdup("--no-pager");
	const char *args[] = { dir, "rev-parse", "--verify", "--end-of-options", revision, NULL };
	struct src_git g = *how;
	int n;

	g.args = args;
	n = src_git_line(&g, ret, err);
	if (n == 0 && !is_commit(*ret)) {
		free(take_ptr(*ret));
		return err_set(err, -EIO, "git rev-parse gave no commit for '%s'", name);
	}
	return n;
}

static int no_such_ref(const struct src_spec *s, struct err *err)
{
	auto_free char *words = xstrdup(err && err->msg ? err->msg : "");

	err_set(err, -ENOENT, "the repository '%s' has no '%s' (%s)", s->where, s->ref, words);
	return -ENOENT;
}

static int find_objects(struct repo *r, const struct src_git *how, struct err *err)
{
	const char *args[] = { "rev-parse", "--git-path", "objects", NULL };
	struct src_git g = *how;
	auto_free char *path = NULL;
	int n;

	g.args = args;
	n = src_git_line(&g, &path, err);
	if (n < 0)
		return n;
	r->objects = *path == '/' ? xstrdup(path) : path_join(r->spec->where, path);
	return 0;
}

/* Looked for there and not in the folders above: a folder in somebody's repository is none. */
static void add_ceiling(const char *where, struct strv *env)
{
	auto_free char *real = realpath(where, NULL);
	auto_free char *above = real ? path_dir(real) : NULL;

	if (above && !strchr(above, ':'))
		strv_addf(env, "GIT_CEILING_DIRECTORIES=%s", above);
}

static int open_local(struct repo *r, struct src_tree *ret, struct err *err)
{
	auto_strv struct strv env = { 0 };
	struct src_git how = { .cwd = r->spec->where };
	struct stat st;
	int n;

	if (stat(r->spec->where, &st) < 0)
		return err_sys(err, "no repository is at '%s'", r->spec->where);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "'%s' is no repository but a file", r->spec->where);
	add_ceiling(r->spec->where, &env);
	how.env = env.v;
	n = find_objects(r, &how, err);
	if (n < 0)
		return err_wrap(err, n, "'%s'", r->spec->where);
	n = resolve(r, &how, r->spec->ref, &r->commit, err);
	if (n == -EIO)
		return no_such_ref(r->spec, err);
	return n < 0 ? n : make_tree(r, ret, err);
}

/* ---- a repository elsewhere ---- */

static int ref_of(const struct repo *r, const char *kind, char **ret, struct err *err)
{
	char hex[65];
	int n = digest_text(r->spec->ref, hex, err);

	if (n == 0)
		*ret = xasprintf("refs/kiln/%s/%s", kind, hex);
	return n;
}

/* The commit of a ref of ours; false if it has none. */
static bool recall(struct repo *r, const char *kind)
{
	auto_free char *ref = NULL;
	struct src_git how = { .plain = true };

	return ref_of(r, kind, &ref, NULL) == 0 && resolve(r, &how, ref, &r->commit, NULL) == 0;
}

static int remember(const struct repo *r, const char *kind, struct err *err)
{
	auto_free char *dir = xasprintf("--git-dir=%s", r->dir), *ref = NULL;
	int n = ref_of(r, kind, &ref, err);
	const char *args[] = { dir, "update-ref", ref, r->commit, NULL };
	struct src_git g = { .args = args, .plain = true };

	return n < 0 ? n : src_git_run(&g, NULL, err);
}

/* In that folder, which is closed, and those below: branches have slashes. */
static void clear_below(int fd)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		close_fd(fd);
		return;
	}
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		if (str_ends(e->d_name, ".lock") || str_starts(e->d_name, "tmp_"))
			unlinkat(dirfd(d), e->d_name, 0);
		else if (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN)
			clear_below(openat(dirfd(d), e->d_name,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	}
	closedir(d);
}

/* What a killed git leaves; nobody else works here while we have the lock. */
static void clear_locks(const char *dir)
{
	static const char *const names[] = { "shallow.lock", "config.lock", "packed-refs.lock",
					     "HEAD.lock", "FETCH_HEAD.lock" };
	auto_free char *refs = path_join(dir, "refs/kiln"), *pack = path_join(dir, "objects/pack");

	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *path = path_join(dir, names[i]);

		unlink(path);
	}
	clear_below(open(refs, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	clear_below(open(pack, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int init_repository(const struct repo *r, struct err *err)
{
	auto_free char *made = path_join(r->dir, "objects/info");
	const char *init[] = { "init", "--quiet", "--bare", "--template=", r->dir, NULL };
	struct src_git g = { .args = init, .plain = true };

	/* what git makes last */
	return access(made, F_OK) == 0 ? 0 : src_git_run(&g, NULL, err);
}

static int open_repository(struct repo *r, struct err *err)
{
	auto_free char *lock = NULL;
	struct krn_progress buf;
	char key[65];
	int n = digest_text(r->spec->where, key, err);

	if (n == 0)
		n = krn_cached_path("git", key, &r->dir, err);
	if (n < 0)
		return n;
	lock = xasprintf("%s.lock", r->dir);
	n = krn_lock(lock, src_krn_progress(r->progress, &buf), &r->lock, err);
	if (n == 0)
		n = mkdir_p(r->dir, 0700, err);
	if (n < 0)
		return n;
	r->hold = krn_cached_hold(r->dir);
	clear_locks(r->dir);
	return init_repository(r, err);
}

enum how { SHALLOW, DEEP, ALL };

static int fetch(const struct repo *r, enum how how, struct err *err)
{
	auto_free char *dir = xasprintf("--git-dir=%s", r->dir);
	auto_free char *shallow = path_join(r->dir, "shallow");
	auto_strv struct strv args = { 0 };
	struct src_git g = { .progress = r->progress };

	strv_adds(&args, dir, "fetch", "--progress", "--no-tags", "--no-recurse-submodules",
		  "--force", NULL);
	if (how == SHALLOW)
		strv_add(&args, "--depth=1");
	else if (access(shallow, F_OK) == 0)
		strv_add(&args, "--unshallow");
	strv_adds(&args, "--", r->spec->where, NULL);
	if (how == ALL)
		strv_adds(&args, "+refs/heads/*:refs/kiln/heads/*", "+refs/tags/*:refs/kiln/tags/*",
			  NULL);
	else
		strv_add(&args, r->spec->ref);
	g.args = (const char *const *)args.v;
	return src_git_run(&g, NULL, err);
}

static bool says(const struct err *err, const char *words)
{
	return err->msg && strcasestr(err->msg, words);
}

/* Servers that know nothing of depth, and such that give out no commit that is no tip, get less of what they cannot do. */
static int fetch_somehow(const struct repo *r, struct err *err)
{
	auto_err struct err why = { 0 };
	int n = fetch(r, SHALLOW, &why);

	if (n == -EIO && says(&why, "shallow"))
		n = fetch(r, DEEP, &why);
	if (n == -EIO && is_commit(r->spec->ref) &&
	    (says(&why, "not our ref") || says(&why, "unadvertised")))
		n = fetch(r, ALL, &why);
	if (n < 0)
		err_move(err, &why);
	return n;
}

/* FETCH_HEAD: "OBJECT\t\ttag 'v6.1' of URL". */
static bool fetched_tag(const struct repo *r)
{
	auto_free char *path = path_join(r->dir, "FETCH_HEAD");
	auto_str struct str text = { 0 };
	const char *tab;

	if (file_read(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return false;
	tab = strrchr(str_c(&text), '\t');
	return tab && str_starts(tab + 1, "tag '");
}

static int ask(struct repo *r, struct err *err)
{
	const char *ref = r->spec->ref;
	struct src_git how = { .plain = true };
	int n = fetch_somehow(r, err);

	if (n < 0 && says(err, "couldn't find remote ref")) {
		no_such_ref(r->spec, err);
		if (!ref[strspn(ref, "0123456789abcdef")])
			err_hint(err, -ENOENT, "a commit is asked for by all of its 40 digits");
		return -ENOENT;
	}
	if (n == 0)
		n = resolve(r, &how, is_commit(ref) ? ref : "FETCH_HEAD", &r->commit, err);
	return n < 0 ? n : remember(r, fetched_tag(r) ? "tag" : "last", err);
}

static int open_remote(struct repo *r, bool offline, struct src_tree *ret, struct err *err)
{
	int n;

	if (is_commit(r->spec->ref) && src_cached_find("sources", r->spec->ref, ret)) {
		ret->origin = xasprintf("commit %.12s", r->spec->ref);
		return 0;
	}
	n = open_repository(r, err);
	if (n < 0)
		return n;
	if (!recall(r, "tag") && !(offline && recall(r, "last"))) {
		if (offline)
			return err_set(
				err, -ENOENT,
				"'%s' is not in the cache, and nothing is downloaded (offline)",
				r->spec->text);
		n = ask(r, err);
	}
	return n < 0 ? n : make_tree(r, ret, err);
}

int src_git_open(const struct src_spec *spec, bool offline, const struct src_progress *progress,
		 struct src_tree *ret, struct err *err)
{
	cleanup(repo_release) struct repo r = {
		.spec = spec, .progress = progress, .lock = -1, .hold = -1
	};

	return *spec->where == '/' ? open_local(&r, ret, err) : open_remote(&r, offline, ret, err);
}
