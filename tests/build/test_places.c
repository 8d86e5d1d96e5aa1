/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images and flakes, by fakes of podman, docker and nix that note how they are called and start the rest here; what is
 * remembered; and the texts of nix and of scripts taken apart. test_container.c is the same with a real podman.
 */
#include "fakes.h"

#include "build/ask.h"
#include "build/place.h"

#include <time.h>

static const char *source_dir;

/* The last of a wrap's words is the image; what stands behind it runs here. */
static const char runner[] =
	"echo \"$@\" >>\"$HOME/calls\"\n"
	"case $1 in\n"
	"image) case $5 in there) echo %s ;; *) echo \"no such image\" >&2; exit 125 ;; esac ;;\n"
	"run) while [ \"$1\" != %s ]; do shift; done; shift; exec \"$@\" ;;\n"
	"esac";

static void fake_runner(void **state, const char *name, const char *id)
{
	auto_free char *body = xasprintf(runner, id, id), *path = xasprintf("bin/%s", name);

	fake(state, path, body);
}

static char *calls(void **state)
{
	auto_free char *path = path_join(*state, "calls");
	struct str text = { 0 };

	file_read(AT_FDCWD, path, 1 << 20, &text, NULL);
	return str_take(&text);
}

/* sh, in a PATH that has nothing else of this host. */
static void link_sh(void **state)
{
	auto_free char *path = path_join(*state, "bin/sh");

	assert_int_equal(symlink("/bin/sh", path), 0);
}

static int find(const struct bld_toolchain_ask *ask, struct bld_toolchain *t, struct err *err)
{
	return bld_toolchain_find(ask, t, err);
}

static void container(void **state)
{
	auto_free char *tree = path_join(*state, "tree"), *build = path_join(*state, "cache/build"),
		       *cache = path_join(*state, "cache"), *line = NULL, *before = NULL,
		       *after = NULL, *mount = NULL;
	char *writable[] = { cache, NULL };
	const struct bld_toolchain_ask ask = { .spec = "container:there",
					       .arch = "x86_64",
					       .tree = tree,
					       .build = build,
					       .writable = writable };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 }, again = { 0 };
	auto_err struct err err = { 0 };

	link_sh(state);
	fake_runner(state, "podman", "0123abcd");
	fake_runner(state, "docker", "sha256:77");
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	assert_done(find(&ask, &t, &err), &err);
	assert_contains(str_c(&t.probe),
			"kiln toolchain 1\ncontainer sha256:0123abcd\ncc\n\tTarget");
	assert_string_equal(t.name, "gcc 12.2.0 in image 'there'");
	line = strv_quoted(t.wrap.v);
	assert_true(
		str_starts(line, "podman run --rm --network=none --security-opt=label=disable "));
	assert_true(str_ends(line, " 0123abcd"));
	assert_contains(line, " --env=KBUILD_BUILD_TIMESTAMP ");
	assert_contains(line, " --replace ");
	mount = xasprintf("--mount=type=bind,src=%s,dst=%s,ro=true", tree, tree);
	assert_true(strv_has(&t.wrap, mount));
	/* the build folder lies in the cache, which is there once */
	assert_null(strstr(line, "cache/build,"));
	if (geteuid() == 0)
		assert_null(strstr(line, "keep-id"));
	else
		assert_contains(line, " --userns=keep-id ");

	before = calls(state);
	assert_done(find(&ask, &again, &err), &err);
	after = calls(state);
	assert_string_equal(str_c(&t.probe), str_c(&again.probe));
	/* only the image's name is looked up again */
	assert_string_equal(after + strlen(before), "image inspect --format {{.Id}} there\n");
}

static void container_by_docker(void **state)
{
	const struct bld_toolchain_ask ask = { .spec = "container:there#gcc", .arch = "x86_64" };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_free char *line = NULL, *user = NULL;
	auto_err struct err err = { 0 };

	link_sh(state);
	fake_runner(state, "docker", "sha256:77");
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	assert_done(find(&ask, &t, &err), &err);
	line = strv_quoted(t.wrap.v);
	user = xasprintf("--user=%u:%u", geteuid(), getegid());
	assert_true(strv_has(&t.wrap, user));
	assert_null(strstr(line, "--replace"));
	assert_contains(str_c(&t.probe), "container sha256:77\n");
}

/* Whether the container that a build folder's is named after is ended; make was killed in that folder if marked. */
static bool ends(void **state, const char *folder, bool marked)
{
	const struct bld_toolchain_ask ask = { .spec = "container:there",
					       .arch = "x86_64",
					       .build = folder };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_free char *before = NULL, *after = NULL, *want = NULL;
	auto_err struct err err = { 0 };

	assert_done(find(&ask, &t, &err), &err);
	for (size_t i = 0; i < t.wrap.n; i++) {
		if (str_starts(t.wrap.v[i], "--name="))
			want = xasprintf("rm -f %s\n", t.wrap.v[i] + strlen("--name="));
	}
	assert_non_null(want);
	before = calls(state);
	assert_done(bld_container_end(t.wrap.v, marked, &err), &err);
	after = calls(state);
	assert_true(!after[strlen(before)] || str_eq(after + strlen(before), want));
	return after[strlen(before)];
}

static void container_ended(void **state)
{
	auto_free char *build = path_join(*state, "build");
	char *none[] = { NULL };

	link_sh(state);
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_runner(state, "docker", "sha256:77");
	assert_true(ends(state, build, false));
	assert_true(ends(state, build, true));
	/* its --replace does it too, later */
	fake_runner(state, "podman", "0123abcd");
	assert_false(ends(state, build, false));
	assert_true(ends(state, build, true));
	assert_int_equal(bld_container_end(none, true, NULL), 0);
	assert_int_equal(bld_container_end(NULL, true, NULL), 0);
}

static void container_missing(void **state)
{
	const struct bld_toolchain_ask
		none = { .spec = "container:none", .arch = "x86_64" },
		option = { .spec = "container:-v", .arch = "x86_64" },
		there = { .spec = "container:there#clang", .arch = "x86_64" },
		comma = { .spec = "container:there", .arch = "x86_64", .tree = "/a,b" },
		net = { .spec = "container:there", .arch = "x86_64", .launcher = "distcc" };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_err struct err err = { 0 };

	assert_int_equal(find(&none, &t, &err), -ENOENT);
	assert_contains(err.msg, "needs podman or docker");
	link_sh(state);
	fake_runner(state, "podman", "0123abcd");
	assert_int_equal(find(&none, &t, &err), -ENOENT);
	assert_contains(err.msg, "podman has no image 'none': no such image");
	assert_string_equal(err.hint, "podman pull none");
	assert_int_equal(find(&option, &t, &err), -EINVAL);
	assert_int_equal(find(&comma, &t, &err), -EINVAL);
	assert_contains(err.msg, "'/a,b' cannot be seen in a container");
	if (!fakes_alone())
		return;
	assert_int_equal(find(&there, &t, &err), -ENOENT);
	assert_contains(err.msg, "'clang'");
	assert_contains(err.msg, "'llvm-objcopy'");
	assert_contains(err.hint, "make an image that has them");
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake(state, "bin/distcc", "echo 3");
	assert_int_equal(find(&net, &t, &err), -ENOTSUP);
}

#define LOCK                                                                                   \
	"{\"description\":\"x\",\"lastModified\":%d,\"locked\":{\"narHash\":\"sha256-aaa=\","  \
	"\"type\":\"path\",\"path\":\"%s\"},\"locks\":{\"nodes\":{\"nixpkgs\":{\"locked\":{"   \
	"\"lastModified\":1,\"narHash\":\"sha256-bbb=\",\"owner\":\"NixOS\",\"rev\":\"%s\"}}," \
	"\"root\":{\"inputs\":{\"nixpkgs\":\"nixpkgs\"}}},\"root\":\"root\",\"version\":7}}"

static void flake_lock(void **state)
{
	auto_free char *one = xasprintf(LOCK, 1, "/a", "123"),
		       *two = xasprintf(LOCK, 2, "/b", "123");
	auto_str struct str a = { 0 }, b = { 0 };
	auto_err struct err err = { 0 };

	assert_done(bld_flake_lock(one, strlen(one), &a, &err), &err);
	assert_done(bld_flake_lock(two, strlen(two), &b, &err), &err);
	assert_string_equal(str_c(&a), "flake narHash sha256-aaa=\n"
				       "input nixpkgs rev 123 narHash sha256-bbb=\n");
	assert_string_equal(str_c(&a), str_c(&b));
	assert_int_equal(bld_flake_lock("{}", 2, &a, &err), -EINVAL);
	assert_int_equal(bld_flake_lock("[", 1, &a, &err), -EINVAL);
}

static void flake(void **state)
{
	const struct bld_toolchain_ask ask = { .spec = "nix:./flake#kernel",
					       .arch = "x86_64",
					       .launcher = "ccache" },
				       clang = { .spec = "nix:github:a/b#clang", .arch = "x86_64" };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 }, u = { 0 };
	auto_free char *lock = xasprintf(LOCK, 1, "/a", "123"), *body = NULL, *line = NULL,
		       *said = NULL;
	auto_err struct err err = { 0 };

	assert_int_equal(find(&ask, &t, &err), -ENOENT);
	assert_contains(err.msg, "flake './flake#kernel' needs nix");
	body = xasprintf(
		"echo \"$@\" >>\"$HOME/calls\"\n"
		"case \"$*\" in\n"
		"*' flake metadata '*) echo '%s' ;;\n"
		"*' develop '*) while [ \"$1\" != --command ]; do shift; done; shift; exec \"$@\" ;;\n"
		"esac",
		lock);
	link_sh(state);
	fake(state, "bin/nix", body);
	fake(state, "bin/ccache", "echo ccache version 4.8");
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_clang(state, "bin", "");
	fake(state, "bin/clang",
	     "case \"$*\" in *-v*) echo \"clang version 17.0.1 (https://x abc)\"; "
	     "echo \"Target: x86_64-pc-linux-gnu\" ;; *) echo clang version 17 ;; esac");
	assert_done(find(&ask, &t, &err), &err);
	assert_contains(str_c(&t.probe), "kiln toolchain 1\nnix#kernel\nflake narHash sha256-aaa=\n"
					 "input nixpkgs rev 123 narHash sha256-bbb=\ncc\n");
	line = strv_quoted(t.wrap.v);
	assert_string_equal(t.wrap.v[3], "develop");
	assert_true(t.wrap.v[4][0] == '/' && str_ends(t.wrap.v[4], "/flake#kernel"));
	assert_contains(line, " --ignore-environment --keep LC_ALL ");
	assert_contains(line, " --keep CCACHE_BASEDIR ");
	assert_true(str_ends(line, " --command"));
	said = calls(state);
	assert_contains(said, " flake metadata --json /");
	assert_done(find(&clang, &u, &err), &err);
	assert_string_equal(u.name, "clang 17.0.1 in flake 'github:a/b'");
}

static void script_parsed(void **state)
{
	static const char good[] = "banner\nT\none\n\nT 0\n\nT\n\nT 127\n",
			  nul[] = "\nT\na\0b\nT 3\n";
	struct bld_question q[2] = { 0 }, *open[] = { &q[0], &q[1] };

	assert_true(bld_ask_parse(good, sizeof(good) - 1, "T", open, 2));
	assert_string_equal(str_c(&q[0].said), "one\n");
	assert_int_equal(q[1].status, 127);
	assert_false(bld_ask_parse(good, 20, "T", open, 2));
	assert_false(bld_ask_parse("", 0, "T", open, 1));
	assert_true(bld_ask_parse(nul, sizeof(nul) - 1, "T", open, 1));
	assert_int_equal(q[0].status, 3);
	str_release(&q[0].said);
	str_release(&q[1].said);
}

static void ask_counted(void **state, const char *arg, const char *says)
{
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	struct bld_place p = { 0 };
	auto_err struct err err = { 0 };

	bld_toolchain_env(NULL, NULL, &p.env);
	bld_question_add(&q, "counted", arg, NULL);
	assert_done(bld_ask(&p, &q, &err), &err);
	assert_string_equal(str_c(&q.v[0].said), says);
	assert_int_equal(q.v[0].status, 4);
	strv_release(&p.env);
}

/* The program is a file of the source tree, which was not changed within the last seconds as those made here were. */
TEST_OR_SKIP(remembered)
{
	auto_free char *program = path_join(source_dir, "counted"),
		       *link_ = path_join(*state, "bin/counted"),
		       *record = path_join(*state, "cache/kiln/tools"), *all = NULL;
	struct stat st;

	assert_int_equal(stat(program, &st), 0);
	if (MAX(st.st_mtime, st.st_ctime) + 3 > time(NULL)) {
		print_message("skipped: '%s' was made just now\n", program);
		return false;
	}
	assert_int_equal(symlink(program, link_), 0);
	ask_counted(state, "a", "said a\n");
	ask_counted(state, "a", "said a\n");
	ask_counted(state, "b", "said b\n");
	all = calls(state);
	assert_string_equal(all, "a\nb\n");
	/* another of that name behind it in PATH: a wrapper may call it */
	fake(state, "more/counted", "");
	free(all);
	free(record);
	record = xasprintf("%s/bin:%s/more", (char *)*state, (char *)*state);
	setenv("PATH", record, 1);
	ask_counted(state, "a", "said a\n");
	all = calls(state);
	assert_string_equal(all, "a\nb\na\n");
	return true;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		fakes_test(container),	     fakes_test(container_by_docker),
		fakes_test(container_ended), fakes_test(container_missing),
		fakes_test(flake_lock),	     fakes_test(flake),
		fakes_test(script_parsed),   fakes_test(remembered),
	};

	source_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
