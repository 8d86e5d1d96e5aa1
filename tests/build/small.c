/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "small.h"

#include "build/depmod.h"
#include "build/room.h"
#include "build/step.h"

#include "build/copy.h"

static char *small_folder(void)
{
	auto_free char *cache = NULL, *path = NULL;
	const char *own = getenv("KILN_TEST_KERNELS"), *home = getenv("HOME");

	if (own && *own)
		cache = xstrdup(own);
	else if (home)
		cache = path_join(home, ".cache/kiln-test-kernels");
	else
		return NULL;
	path = path_join(cache, "small");
	return realpath(path, NULL);
}

static void run(char *const *argv)
{
	auto_proc_result struct proc_result res = { 0 };

	assert_int_equal(
		proc_run(&(struct proc_spec){ .argv = argv }, NULL, 0, 1 << 20, &res, NULL), 0);
	if (res.status)
		fail_msg("%s: %s", argv[0], str_c(&res.errout));
}

bool small_copy(struct small *s, const char *dir, const char *name)
{
	auto_free char *source = NULL, *config = NULL, *log = NULL;

	*s = (struct small){ .log = -1 };
	s->from = small_folder();
	source = s->from ? path_join(s->from, "source") : NULL;
	s->tree = source ? realpath(source, NULL) : NULL;
	if (!s->tree) {
		printf("no small kernel with its source (tools/test-kernels makes it)\n");
		return false;
	}
	s->build = path_join(dir, name);
	log = xasprintf("%s.log", s->build);
	config = path_join(s->build, ".config");
	char *argv[] = { (char *)"cp", (char *)"-a", s->from, s->build, NULL };

	run(argv);
	assert_int_equal(file_read(AT_FDCWD, config, 1 << 20, &s->config, NULL), 0);
	s->log = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(s->log >= 0);
	return true;
}

void small_release(struct small *s)
{
	free(s->tree);
	free(s->build);
	free(s->from);
	str_release(&s->config);
	close_fd(s->log);
}

void small_take(const struct small *s, const char *to, char **ret_release)
{
	char *make[] = { (char *)"ARCH=x86_64", NULL };
	struct bld_outputs o = {
		.kbuild = { .tree = s->tree, .build = s->build, .make = make, .log_fd = s->log },
		.arch = "x86_64",
		.config = s->config.s,
		.to = to,
	};
	auto_err struct err err = { 0 };

	assert_int_equal(mkdir_p(to, 0755, NULL), 0);
	assert_done(bld_jobs_new(bld_jobs_fitting(NULL), &o.kbuild.jobs, &err), &err);
	if (bld_outputs_take(&o, ret_release, &err) < 0)
		fail_msg("%s\n%s", err.msg, err.hint ?: "");
	bld_jobs_free(o.kbuild.jobs);
}

void small_install_modules(const struct small *s, const char *to, const char *release)
{
	char *make[] = { (char *)"ARCH=x86_64", NULL };
	const struct bld_kbuild_spec kbuild = {
		.tree = s->tree, .build = s->build, .make = make, .log_fd = s->log
	};
	auto_free char *modules = path_join3(to, "lib/modules", release);
	auto_strv struct strv more = { 0 };
	auto_err struct err err = { 0 };

	strv_adds(&more, "modules_install", "INSTALL_MOD_STRIP=1", "DEPMOD=true", NULL);
	strv_addf(&more, "INSTALL_MOD_PATH=%s", to);
	assert_done(bld_make(&kbuild, &more, &err), &err);
	for (int i = 0; i < 2; i++) {
		auto_free char *link = path_join(modules, i ? "build" : "source");

		unlink(link);
	}
	assert_done(bld_depmod(NULL, to, release, &err), &err);
}

static void same_file(const char *a, const char *b)
{
	auto_str struct str x = { 0 }, y = { 0 };

	assert_int_equal(file_read(AT_FDCWD, a, 64 << 20, &x, NULL), 0);
	assert_int_equal(file_read(AT_FDCWD, b, 64 << 20, &y, NULL), 0);
	if (x.n != y.n || (x.n && memcmp(x.s, y.s, x.n) != 0))
		fail_msg("'%s' and '%s' differ", a, b);
}

static void same_entry(const char *a, const char *b)
{
	char x[4096] = "", y[4096] = "";
	struct stat p, q;

	assert_int_equal(lstat(a, &p), 0);
	assert_int_equal(lstat(b, &q), 0);
	if (p.st_mode != q.st_mode)
		fail_msg("'%s' has mode %o, '%s' %o", a, p.st_mode, b, q.st_mode);
	if (S_ISDIR(p.st_mode)) {
		same_folders(a, b);
	} else if (S_ISLNK(p.st_mode)) {
		assert_true(readlink(a, x, sizeof(x) - 1) >= 0);
		assert_true(readlink(b, y, sizeof(y) - 1) >= 0);
		assert_string_equal(x, y);
	} else {
		same_file(a, b);
	}
}

void same_folders(const char *a, const char *b)
{
	auto_strv struct strv x = { 0 }, y = { 0 };

	assert_int_equal(file_names(AT_FDCWD, a, &x, NULL), 0);
	assert_int_equal(file_names(AT_FDCWD, b, &y, NULL), 0);
	for (size_t i = 0; i < MAX(x.n, y.n); i++) {
		if (i >= x.n || i >= y.n || !str_eq(x.v[i], y.v[i]))
			fail_msg("'%s' in '%s' is '%s' in '%s'", i < x.n ? x.v[i] : "", a,
				 i < y.n ? y.v[i] : "", b);
		auto_free char *p = path_join(a, x.v[i]);
		auto_free char *q = path_join(b, y.v[i]);

		same_entry(p, q);
	}
}

char *files_with(const char *dir, const char *text)
{
	char *argv[] = { (char *)"grep", (char *)"-rlaF", (char *)"-e",
			 (char *)text,	 (char *)dir,	  NULL };
	struct proc_result res = { 0 };
	char *found;

	assert_int_equal(
		proc_run(&(struct proc_spec){ .argv = argv }, NULL, 0, 1 << 20, &res, NULL), 0);
	assert_true(res.status < 2);
	found = str_take(&res.out);
	proc_result_release(&res);
	return found;
}
