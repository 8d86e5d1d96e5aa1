/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that is written gets one time, from before the prerequisites were looked at: a source that is saved meanwhile is newer, and
 * make sees it. The headers come first: what is killed in between leaves objects that are older than they are.
 */
#include "build/carry.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "build/kbuild.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#define MAX_CMD	   (4 << 20)
#define MAX_OBJECT (256 << 20)
#define MAX_LIST   (64 << 20)
#define MAX_DEPTH  64

static const char kernel_release[] = "include/config/kernel.release";
static const char utsrelease[] = "include/generated/utsrelease.h";

struct object {
	char *path; /* below the build folder */
	/* digests of what it is without the release; "": none */
	char proved[DIGEST_HEX + 1]; /* of one that differed by it alone, or not at all */
	char was[DIGEST_HEX + 1];    /* of this one before make */
};

struct bld_carry {
	char *build, *tree, *old, *now;
	struct timespec at;
	struct map times; /* of prerequisites, in ns: they are much the same for all */
	struct {
		struct object *v;
		size_t n, cap;
	} objects;
};

static void carry_free(struct bld_carry *c)
{
	for (size_t i = 0; i < c->objects.n; i++)
		free(c->objects.v[i].path);
	free(c->objects.v);
	map_release(&c->times, free);
	free(c->build);
	free(c->tree);
	free(c->old);
	free(c->now);
	free(c);
}

static char *in_build(const struct bld_carry *c, const char *path)
{
	return path_join(c->build, path);
}

static char *cmd_of(const struct bld_carry *c, const char *object)
{
	auto_free char *cmd = bld_kbuild_cmd(object);

	return in_build(c, cmd);
}

/* All places of a text of n bytes get another of as many; how many there were. */
static size_t replace(struct str *text, const char *old, const char *now, size_t n)
{
	size_t count = 0, at = 0;
	char *p;

	while (at < text->n && (p = memmem(text->s + at, text->n - at, old, n))) {
		memcpy(p, now, n);
		at = (size_t)(p - text->s) + n;
		count++;
	}
	return count;
}

/* Which they are */

static void take_line(struct bld_carry *c, const char *line, size_t n)
{
	const char *space = memchr(line, ' ', n);
	struct object o = { 0 };

	if (!space || space - line > DIGEST_HEX || space + 1 == line + n)
		return;
	memcpy(o.proved, line, (size_t)(space - line));
	o.path = xstrndup(space + 1, n - (size_t)(space + 1 - line));
	vec_push(&c->objects, o);
}

static bool read_list(struct bld_carry *c)
{
	auto_free char *path = in_build(c, BLD_CARRIED);
	auto_str struct str text = { 0 };

	if (file_read(AT_FDCWD, path, MAX_LIST, &text, NULL) < 0)
		return false;
	for (const char *p = str_c(&text), *end; (end = strchr(p, '\n')); p = end + 1)
		take_line(c, p, (size_t)(end - p));
	return true;
}

static void look_at(struct bld_carry *c, int dirfd, const char *dir, const char *name)
{
	auto_str struct str text = { 0 };
	const size_t n = strlen(name);

	if (*name != '.' || !str_ends(name, ".o.cmd") ||
	    file_read(dirfd, name, MAX_CMD, &text, NULL) < 0 ||
	    !strstr(str_c(&text), " include/generated/utsrelease.h"))
		return;
	vec_push(&c->objects,
		 ((struct object){ .path = xasprintf("%s%.*s", dir, (int)n - 5, name + 1) }));
}

/* dir: "" or with a slash at its end. */
static void find_in(struct bld_carry *c, int fd, const char *dir, int depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d)
		close(fd);
	while (d && (e = readdir(d))) {
		if (e->d_type == DT_REG) {
			look_at(c, dirfd(d), dir, e->d_name);
		} else if (e->d_type == DT_DIR && *e->d_name != '.' && depth < MAX_DEPTH) {
			auto_free char *sub = xasprintf("%s%s/", dir, e->d_name);
			int in = openat(dirfd(d), e->d_name,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (in >= 0)
				find_in(c, in, sub, depth + 1);
		}
	}
	if (d)
		closedir(d);
}

static void find(struct bld_carry *c)
{
	int fd = open(c->build, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		find_in(c, fd, "", 0);
}

/* What they are made of */

/* In ns; INT64_MAX: it is not there, which make takes for newer than anything; wild: for older. */
static int64_t time_of(struct bld_carry *c, const char *path, bool wild)
{
	auto_free char *full = *path == '/' ? xstrdup(path) : in_build(c, path);
	int64_t *known = map_get(&c->times, full);
	struct stat st;

	if (!known) {
		known = xnew(int64_t);
		*known = stat(full, &st) < 0 ? INT64_MAX : timespec_ns(&st.st_mtim);
		map_set(&c->times, full, known);
	}
	return wild && *known == INT64_MAX ? 0 : *known;
}

/* "FILE", or "$(wildcard FILE)" where it need not be there. "X:" and "$(deps_X)" are of the rules behind the list. */
static int64_t newest_of_line(struct bld_carry *c, char *line)
{
	int64_t newest = 0;
	bool wild = false;
	char *state = NULL;

	for (char *p = strtok_r(line, " \t\\", &state); p; p = strtok_r(NULL, " \t\\", &state)) {
		char *last = p + strlen(p) - 1;

		if (str_eq(p, "$(wildcard")) {
			wild = true;
			continue;
		}
		if (!wild && (*last == ':' || str_starts(p, "$(deps_")))
			continue;
		if (wild == (*last == ')'))
			*last = wild ? '\0' : *last;
		else
			return INT64_MAX;
		newest = MAX(newest, time_of(c, p, wild));
		wild = false;
	}
	return newest;
}

/* The prerequisites that fixdep wrote (scripts/basic/fixdep.c), and what kbuild adds behind them. */
static int64_t newest_in(struct bld_carry *c, char *deps)
{
	int64_t newest = 0;
	char *state = NULL;

	for (char *p = strtok_r(deps, "\n", &state); p; p = strtok_r(NULL, "\n", &state))
		if (*p != '#') /* SYMVER */
			newest = MAX(newest, newest_of_line(c, p));
	return newest;
}

/* What kbuild's own rules name beside it (scripts/Makefile.build): older kernels' only program that works on objects. */
static int64_t newest_of_rules(struct bld_carry *c)
{
	static const char *const names[] = { "scripts/recordmcount.c", "scripts/recordmcount.h",
					     "scripts/recordmcount.pl" };
	int64_t newest = 0;

	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *path = path_join(c->tree, names[i]);

		newest = MAX(newest, time_of(c, path, true));
	}
	return newest;
}

static bool is_up_to_date(struct bld_carry *c, const char *object)
{
	auto_free char *cmd = cmd_of(c, object), *path = in_build(c, object);
	auto_str struct str text = { 0 };
	struct stat st;
	char *deps;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    file_read(AT_FDCWD, cmd, MAX_CMD, &text, NULL) < 0)
		return false;
	deps = strstr(str_c(&text), "\ndeps_");
	deps = deps ? strstr(deps, ":=") : NULL;
	return deps && MAX(newest_in(c, deps + strlen(":=")), newest_of_rules(c)) <=
			       timespec_ns(&st.st_mtim);
}

/* Writing */

static int put(const struct bld_carry *c, const char *path, const struct str *text)
{
	const struct timespec times[] = { c->at, c->at };
	auto_free char *full = in_build(c, path);
	auto_publish struct publish p = PUBLISH_NONE;
	struct stat st;
	int r = lstat(full, &st) < 0 ? -errno : 0;

	/* a new file: ccache may have linked to its own */
	if (r == 0)
		r = publish_begin(&p, full, st.st_mode & 0777, NULL);
	if (r == 0)
		r = write_all(p.fd, str_c(text), text->n);
	if (r == 0 && futimens(p.fd, times) < 0)
		r = -errno;
	return r < 0 ? r : publish_commit(&p, false, NULL);
}

/* How many places there were, or a negative errno. */
static ssize_t put_replaced(const struct bld_carry *c, const char *path)
{
	auto_free char *full = in_build(c, path);
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, full, MAX_OBJECT, &text, NULL);
	size_t count = replace(&text, c->old, c->now, strlen(c->old));

	if (r == 0)
		r = put(c, path, &text);
	return r < 0 ? r : (ssize_t)count;
}

static bool write_headers(const struct bld_carry *c)
{
	return put_replaced(c, kernel_release) > 0 && put_replaced(c, utsrelease) > 0;
}

/* mend.c takes an object that is newer than its .cmd for half made. */
static void carry(const struct bld_carry *c, const char *object)
{
	const struct timespec times[] = { c->at, c->at };
	auto_free char *cmd = cmd_of(c, object);

	/* what could not be written is older than the headers: it is compiled */
	if (put_replaced(c, object) >= 0)
		utimensat(AT_FDCWD, cmd, times, 0);
}

/* Learning */

/* Of an object with the release taken out; "" where it cannot be read. */
static void digest_without(const struct bld_carry *c, const char *object, const char *release,
			   char ret[DIGEST_HEX + 1])
{
	const size_t n = strlen(release);
	auto_free char *path = in_build(c, object), *blank = xcalloc(n, 1);
	auto_str struct str text = { 0 };
	size_t count;

	ret[0] = '\0';
	if (file_read(AT_FDCWD, path, MAX_OBJECT, &text, NULL) < 0)
		return;
	count = replace(&text, release, blank, n);
	str_addf(&text, "%zu", count);
	if (digest_bytes(text.s, text.n, ret, NULL) < 0)
		ret[0] = '\0';
}

/* What is proved and not to be compiled anyway is carried; what all were is remembered. */
static void sort_out(struct bld_carry *c)
{
	bool written = false, tried = false;

	for (size_t i = 0; i < c->objects.n; i++) {
		struct object *o = &c->objects.v[i];

		digest_without(c, o->path, c->old, o->was);
		if (!*o->was || !str_eq(o->was, o->proved) || !is_up_to_date(c, o->path))
			continue;
		if (!tried)
			written = write_headers(c);
		tried = true;
		if (written)
			carry(c, o->path);
	}
}

/* The release that the folder's objects have; NULL: none, or one that the other cannot take the place of. */
static char *release_there(const char *build, const char *now)
{
	auto_free char *path = path_join(build, kernel_release);
	auto_str struct str text = { 0 };

	if (file_read(AT_FDCWD, path, 4096, &text, NULL) < 0 || text.n != strlen(now) + 1 ||
	    text.s[text.n - 1] != '\n')
		return NULL;
	str_cut(&text, text.n - 1);
	return strlen(str_c(&text)) != text.n || str_eq(str_c(&text), now) ? NULL : str_take(&text);
}

struct bld_carry *bld_carry_begin(const char *build, const char *tree, const char *release)
{
	char *old = release_there(build, release);
	struct bld_carry *c;

	if (!old)
		return NULL;
	c = xnew(struct bld_carry);
	c->build = xstrdup(build);
	c->tree = xstrdup(tree);
	c->old = old;
	c->now = xstrdup(release);
	clock_gettime(CLOCK_REALTIME_COARSE, &c->at);
	if (!read_list(c))
		find(c);
	sort_out(c);
	return c;
}

static bool is_compiled(const struct bld_carry *c, const char *object)
{
	auto_free char *path = in_build(c, object);
	struct stat st;

	return lstat(path, &st) == 0 && timespec_ns(&st.st_mtim) > timespec_ns(&c->at);
}

static void learn(const struct bld_carry *c, struct object *o)
{
	char is[DIGEST_HEX + 1];

	if (!*o->was || str_eq(o->was, o->proved) || !is_compiled(c, o->path))
		return;
	digest_without(c, o->path, c->now, is);
	if (str_eq(is, o->was))
		memcpy(o->proved, is, sizeof(is));
}

void bld_carry_end(struct bld_carry *c)
{
	auto_str struct str text = { 0 };
	auto_free char *path = NULL;

	if (!c)
		return;
	path = in_build(c, BLD_CARRIED);
	for (size_t i = 0; i < c->objects.n; i++) {
		struct object *o = &c->objects.v[i];

		learn(c, o);
		str_addf(&text, "%s %s\n", o->proved, o->path);
	}
	file_publish(path, str_c(&text), text.n, 0600, NULL);
	carry_free(c);
}

void bld_carry_forget(const char *build)
{
	auto_free char *path = path_join(build, BLD_CARRIED);

	unlink(path);
}
