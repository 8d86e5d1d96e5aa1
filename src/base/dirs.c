/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kiln's own folders: those of the user (XDG Base Directory Specification), and where kiln's own
 * data lies, which is the build folder when kiln runs from there.
 */
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>

static const struct {
	const char *variable;
	const char *below_home; /* NULL: none, see runtime_dir() */
} kinds[] = {
	[DIR_DATA] = { "XDG_DATA_HOME", ".local/share" },
	[DIR_CACHE] = { "XDG_CACHE_HOME", ".cache" },
	[DIR_RUNTIME] = { "XDG_RUNTIME_DIR", NULL },
};

/* The specification: "relative paths ... should be ignored". */
static const char *env_dir(const char *variable)
{
	const char *s = getenv(variable);

	return s && *s == '/' ? s : NULL;
}

static int home_dir(char **ret, struct err *err)
{
	const char *home = env_dir("HOME");
	const struct passwd *pw;

	if (!home) {
		pw = getpwuid(getuid());
		home = pw && pw->pw_dir && *pw->pw_dir == '/' ? pw->pw_dir : NULL;
	}
	if (!home) {
		err_set(err, -ENOENT, "there is no home folder for user %u", (unsigned)getuid());
		return err_hint(err, -ENOENT, "set HOME");
	}
	*ret = xstrdup(home);
	return 0;
}

/* Without a runtime folder a well-known name in a shared folder must do. */
static char *runtime_path(void)
{
	const char *tmp = env_dir("TMPDIR");

	return xasprintf("%s/kiln-%u", tmp ? tmp : "/tmp", (unsigned)getuid());
}

/* Someone else may have made it first; then it is not used. */
static int runtime_dir(char **ret, struct err *err)
{
	auto_free char *path = runtime_path();
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot create '%s'", path);
	if (lstat(path, &st) < 0)
		return err_sys(err, "cannot look at '%s'", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != getuid() || st.st_mode & 077) {
		err_set(err, -EPERM, "'%s' is not a private folder of user %u", path,
			(unsigned)getuid());
		return err_hint(err, -EPERM, "set XDG_RUNTIME_DIR to a folder of your own");
	}
	*ret = take_ptr(path);
	return 0;
}

static int below_home(enum dir_kind kind, char **ret, struct err *err)
{
	auto_free char *home = NULL, *path = NULL;
	int r = home_dir(&home, err);

	if (r < 0)
		return r;
	path = path_join3(home, kinds[kind].below_home, "kiln");
	r = mkdir_p(path, 0700, err);
	if (r == 0)
		*ret = take_ptr(path);
	return r;
}

/* Daemons and build users have no home to write to; what is cached is then kept as long as /tmp is. */
static int cache_without_home(char **ret, struct err *err)
{
	auto_free char *dir = NULL, *path = NULL;
	int r = runtime_dir(&dir, err);

	if (r < 0)
		return r;
	path = path_join(dir, "cache");
	r = mkdir_p(path, 0700, err);
	if (r == 0)
		*ret = take_ptr(path);
	return r;
}

static bool is_usable(const char *dir)
{
	return access(dir, W_OK | X_OK) == 0;
}

/* A folder left by root, of a run by sudo, is as good as none. */
static int cache_below_home(char **ret, struct err *err)
{
	auto_free char *path = NULL;

	if (below_home(DIR_CACHE, &path, NULL) < 0 || !is_usable(path))
		return cache_without_home(ret, err);
	*ret = take_ptr(path);
	return 0;
}

static bool is_own(const char *dir)
{
	struct stat st;

	return stat(dir, &st) < 0 || st.st_uid == geteuid();
}

static bool can_be_made(const char *path)
{
	auto_free char *there = path_existing(path);

	return is_usable(there);
}

int dir_path(enum dir_kind kind, char **ret_path, struct err *err)
{
	const char *dir = env_dir(kinds[kind].variable);
	auto_free char *home = NULL, *path = NULL, *runtime = runtime_path();
	int r;

	if (dir || !kinds[kind].below_home) {
		*ret_path = dir ? path_join(dir, "kiln") : take_ptr(runtime);
		return 0;
	}
	r = home_dir(&home, kind == DIR_CACHE ? NULL : err);
	if (r == 0)
		path = path_join3(home, kinds[kind].below_home, "kiln");
	if (kind == DIR_CACHE && (r < 0 || !can_be_made(path))) {
		*ret_path = path_join(runtime, "cache");
		return 0;
	}
	if (r == 0)
		*ret_path = take_ptr(path);
	return r;
}

int dir_get(enum dir_kind kind, char **ret_path, struct err *err)
{
	const char *dir = env_dir(kinds[kind].variable);
	auto_free char *path = NULL;
	int r;

	if (!dir && !kinds[kind].below_home)
		return runtime_dir(ret_path, err);
	if (!dir)
		return kind == DIR_CACHE ? cache_below_home(ret_path, err)
					 : below_home(kind, ret_path, err);
	path = path_join(dir, "kiln");
	/* Under sudo it may still be the other user's, who could change what lies there. */
	if (kind == DIR_RUNTIME && !is_own(dir))
		return runtime_dir(ret_path, err);
	r = mkdir_p(path, 0700, err);
	if (r == 0 && !is_usable(path))
		r = err_sys(err, "cannot write to '%s'", path);
	if (r < 0)
		return err_hint(err, r, "set %s to a folder that can be written to",
				kinds[kind].variable);
	*ret_path = take_ptr(path);
	return 0;
}

int dir_sub(enum dir_kind kind, const char *sub, char **ret_path, struct err *err)
{
	auto_free char *dir = NULL, *path = NULL;
	int r = dir_get(kind, &dir, err);

	if (r < 0)
		return r;
	path = path_join(dir, sub);
	r = mkdir_p(path, 0700, err);
	if (r < 0)
		return r;
	*ret_path = take_ptr(path);
	return 0;
}

static char *program_dir(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return xstrdup("/usr/bin");
	exe[n] = '\0';
	return path_dir(exe);
}

/*
 * The build folder is known by the file "kiln-build" that meson writes there; it names the source
 * folder. A test program lies two folders deeper. NULL if the program does not run from there.
 */
static char *build_dir(const char *program, char **ret_source)
{
	auto_free char *up = path_dir(program), *marker = NULL;
	auto_free char *dir = NULL;
	auto_str struct str text = { 0 };

	dir = str_eq(path_base(up), "tests") ? path_dir(up) : xstrdup(program);
	marker = path_join(dir, "kiln-build");
	if (file_read(AT_FDCWD, marker, 4096, &text, NULL) < 0)
		return NULL;
	*ret_source = xstrndup(str_c(&text), strcspn(str_c(&text), "\n"));
	return take_ptr(dir);
}

static void candidates(struct strv *ret, const char *name)
{
	auto_free char *program = program_dir(), *source = NULL;
	auto_free char *build = build_dir(program, &source);
	auto_free char *prefix = path_dir(program);

	if (build) {
		strv_take(ret, path_join(build, name));
		strv_addf(ret, "%s/guest/%s", build, name);
		strv_addf(ret, "%s/data/%s", build, name);
		strv_addf(ret, "%s/doc/%s", build, name);
		strv_addf(ret, "%s/data/%s", source, name);
	}
	strv_take(ret, path_join3(prefix, "lib/kiln", name));
	strv_take(ret, path_join3(prefix, "share/kiln", name));
}

int dir_own_file(const char *name, char **ret_path, struct err *err)
{
	auto_strv struct strv places = { 0 };

	candidates(&places, name);
	for (size_t i = 0; i < places.n; i++) {
		if (access(places.v[i], F_OK) < 0)
			continue;
		*ret_path = xstrdup(places.v[i]);
		return 0;
	}
	err_set(err, -ENOENT, "kiln's own file '%s' is missing; looked for '%s'", name,
		places.v[places.n - 1]);
	return err_hint(err, -ENOENT, "install kiln again, or run it from its build folder");
}
