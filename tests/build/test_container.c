/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A toolchain in a real image, which has this host's compiler: it must say of itself what that says, and build as this user
 * in folders under their own names. Started by with-podman.
 */
#include "../kernel/home.h"
#include "base/proc.h"
#include "build/toolchain.h"

#include <sys/utsname.h>

#define IMAGE "kiln-test"

struct folders {
	char *tree, *build;
};

static void make_folders(void **state, struct folders *f)
{
	f->tree = path_join(*state, "a tree");
	f->build = path_join(*state, "build's: folder");
	assert_int_equal(mkdir_p(f->tree, 0755, NULL), 0);
	assert_int_equal(mkdir_p(f->build, 0755, NULL), 0);
}

static void release(struct folders *f)
{
	free(f->tree);
	free(f->build);
}

static void find(const struct folders *f, const char *spec, struct bld_toolchain *ret)
{
	struct bld_toolchain_ask ask = { .spec = spec, .tree = f->tree, .build = f->build };
	auto_err struct err err = { 0 };
	struct utsname host;

	uname(&host);
	ask.arch = str_eq(host.machine, "aarch64") ? "arm64" : host.machine;
	assert_done(bld_toolchain_find(&ask, ret, &err), &err);
}

static int run(const struct bld_toolchain *t, const char *command, struct str *ret)
{
	auto_proc_result struct proc_result r = { 0 };
	auto_strv struct strv argv = { 0 }, env = { 0 };
	struct proc_spec spec = { 0 };
	auto_err struct err err = { 0 };

	strv_extend(&argv, t->wrap.v);
	strv_adds(&argv, "sh", "-c", command, NULL);
	bld_toolchain_env(t, NULL, &env);
	spec.argv = argv.v;
	spec.env = env.v;
	assert_done(proc_run(&spec, NULL, 0, 1 << 16, &r, &err), &err);
	str_adds(ret, str_c(&r.out));
	return r.status;
}

/* All but the line of the image. */
static void same_words(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain in = { 0 }, here = { 0 };
	cleanup(release) struct folders f = { 0 };
	auto_str struct str rest = { 0 };
	const char *line;

	make_folders(state, &f);
	find(&f, "container:" IMAGE, &in);
	find(&f, "gcc", &here);
	line = strstr(str_c(&in.probe), "container sha256:");
	assert_non_null(line);
	str_add(&rest, str_c(&in.probe), (size_t)(line - str_c(&in.probe)));
	str_adds(&rest, strchr(line, '\n') + 1);
	assert_string_equal(str_c(&rest), str_c(&here.probe));
	assert_contains(in.name, " in image '" IMAGE "'");
}

static void builds(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	cleanup(release) struct folders f = { 0 };
	auto_free char *source = NULL, *object = NULL;
	auto_str struct str said = { 0 };
	struct stat st;

	make_folders(state, &f);
	source = path_join(f.tree, "x.c");
	object = path_join(f.build, "x.o");
	assert_int_equal(file_publish(source, "int x;\n", 7, 0644, NULL), 0);
	find(&f, "container:" IMAGE, &t);
	assert_int_equal(run(&t, "echo $LC_ALL; pwd; gcc -c -o x.o ../a\\ tree/x.c", &said), 0);
	assert_contains(str_c(&said), "C\n");
	assert_contains(str_c(&said), f.build);
	assert_int_equal(stat(object, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_not_equal(run(&t, "touch ../a\\ tree/y", &said), 0);
	/* a second call for the folder takes the place of the first */
	assert_int_equal(run(&t, "exit 7", &said), 7);
}

static void lacks(void **state)
{
	static const char config[] = "CONFIG_KERNEL_LZO=y\nCONFIG_DEBUG_INFO_BTF=y\n";
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	cleanup(release) struct folders f = { 0 };
	auto_err struct err err = { 0 };

	make_folders(state, &f);
	find(&f, "container:" IMAGE "#gcc", &t);
	assert_int_equal(bld_tools_check(&t, config, false, &err), -ENOENT);
	assert_contains(err.msg, "'lzop'");
	assert_contains(err.msg, "'pahole'");
	assert_contains(err.msg, "libelf headers");
	assert_null(strstr(err.msg, "'make'"));
	assert_contains(err.hint, "make an image that has them");
}

int main(void)
{
	const struct CMUnitTest tests[] = { home_test(same_words), home_test(builds),
					    home_test(lacks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
