/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kiln.yaml, its cells, and identities. */
#include "../unit/unit.h"

#include "build/identity.h"
#include "build/project.h"

static int reads(const char *dir, const char *text, struct bld_project *ret, struct err *err)
{
	auto_free char *file = path_join(dir, BLD_PROJECT_FILE);

	assert_int_equal(file_publish(file, text, strlen(text), 0644, NULL), 0);
	return bld_project_read(file, ret, err);
}

static const char full[] =
	"kernels:\n"
	"  guest:\n"
	"    source: {old: dir:linux-6.1, new: 'git:https://x/linux.git#v6.12'}\n"
	"    arch: [x86_64, aarch64]\n"
	"    base: my/base.config\n"
	"    config: [kiln:guest, parts/net.config, CONFIG_NET=y, /abs.config]\n"
	"    variants: {release: [], debug: kiln:debug}\n"
	"    patches: patches\n"
	"  tiny: {source: linux, base: tinyconfig}\n"
	"machines: {dev: {kernel: guest}}\n";

static void names_of(const struct bld_project *p, struct str *to)
{
	struct bld_cells cells;

	bld_cells_of(p, &cells);
	for (size_t i = 0; i < cells.n; i++)
		str_addf(to, "%s\n", cells.v[i].name);
	bld_cells_release(&cells);
}

static void reads_all(void **state)
{
	const char *dir = *state;
	auto_free char *net = path_join(dir, "parts/net.config"),
		       *base = path_join(dir, "my/base.config");
	auto_str struct str names = { 0 };
	struct bld_project p;

	assert_int_equal(reads(dir, full, &p, NULL), 0);
	assert_int_equal(p.kernels.n, 2);
	assert_string_equal(p.kernels.v[0].base, base);
	assert_string_equal(p.kernels.v[0].config.v[0], "kiln:guest");
	assert_string_equal(p.kernels.v[0].config.v[1], net);
	assert_string_equal(p.kernels.v[0].config.v[2], "CONFIG_NET=y");
	assert_string_equal(p.kernels.v[0].config.v[3], "/abs.config");
	assert_string_equal(p.kernels.v[0].arch.v[1], "arm64");
	assert_string_equal(p.kernels.v[1].base, "tinyconfig");
	names_of(&p, &names);
	assert_string_equal(
		str_c(&names),
		"guest/old/x86_64/release\nguest/old/x86_64/debug\nguest/old/arm64/release\n"
		"guest/old/arm64/debug\nguest/new/x86_64/release\nguest/new/x86_64/debug\n"
		"guest/new/arm64/release\nguest/new/arm64/debug\ntiny\n");
	bld_project_release(&p);
}

static void matches(void **state)
{
	const struct bld_cell c = { .name = (char[]){ "guest/arm64/debug" } };

	assert_true(bld_cell_matches(&c, "guest"));
	assert_true(bld_cell_matches(&c, "guest/arm64"));
	assert_true(bld_cell_matches(&c, "guest/arm64/debug"));
	assert_true(bld_cell_matches(&c, "*/debug"));
	assert_false(bld_cell_matches(&c, "gue"));
	assert_false(bld_cell_matches(&c, "guest/arm"));
	assert_false(bld_cell_matches(&c, "debug"));
	assert_false(bld_cell_matches(&c, "guest/arm64/debug/more"));
}

static void refused(const char *dir, const char *text, const char *words)
{
	auto_err struct err err = { 0 };
	struct bld_project p;

	assert_int_equal(reads(dir, text, &p, &err), -EINVAL);
	assert_contains(err.msg, words);
}

static void refuses(void **state)
{
	const char *dir = *state;

	refused(dir, "kernels:\n  a:\n    sourec: x\n", "kiln.yaml:3:5: unknown key 'sourec'");
	refused(dir, "kernels:\n  a: {base: x}\n", "kiln.yaml:2:6: there is no key 'source'");
	refused(dir, "kernels:\n  a/b: {source: x}\n", "kiln.yaml:2:3: 'a/b' is no name");
	refused(dir, "kernels:\n  a: {source: [x/linux.tar.xz, y/linux.tar.gz]}\n",
		"kiln.yaml:2: two sources of 'a' are called 'linux'");
	refused(dir, "kernels:\n  a: {source: {n: [x, y]}}\n", "'n' needs one source");
	refused(dir, "kernel: {}\n", "unknown key 'kernel'");
	refused(dir, "kernels: [a]\n", "keys with values are expected");
}

static struct bld_inputs inputs(const struct strv *patches)
{
	static char user[] = "KBUILD_BUILD_USER=kiln", *env[] = { user, NULL };

	return (struct bld_inputs){
		.source = "aa",
		.version = "6.1.1",
		.patches = patches,
		.arch = "x86_64",
		.config = "# x\nCONFIG_A=y\nCONFIG_LOCALVERSION=\"\"\n# CONFIG_B is not set\n",
		.toolchain = "gcc 12\nld 2",
		.tools = "",
		.env = env,
		.label = "guest"
	};
}

static void differs(const struct bld_inputs *in, const char *id, bool wanted)
{
	char other[DIGEST_HEX + 1];

	assert_int_equal(bld_identity(in, other, NULL), 0);
	assert_int_equal(strcmp(id, other) != 0, wanted);
}

static void identities(void **state)
{
	auto_strv struct strv none = { 0 }, one = { 0 };
	struct bld_inputs in = inputs(&none), other;
	char id[DIGEST_HEX + 1];

	strv_add(&one, "bb");
	assert_int_equal(bld_identity(&in, id, NULL), 0);
	differs(&in, id, false);
	other = in;
	other.config =
		"# another heading\nCONFIG_A=y\nCONFIG_LOCALVERSION=\"-x\"\n# CONFIG_B is not set\n";
	differs(&other, id, false);
	other.config = "CONFIG_A=y\n# CONFIG_LOCALVERSION_AUTO is not set\n";
	differs(&other, id, true);
	other = in, other.patches = &one;
	differs(&other, id, true);
	other = in, other.toolchain = "gcc 13\nld 2";
	differs(&other, id, true);
	other = in, other.tools = "pahole 1.24\n";
	differs(&other, id, true);
	other = in, other.source = "ab";
	differs(&other, id, true);
	other = in, other.label = "guest2";
	differs(&other, id, true);
	other = in, other.debug_info = true;
	differs(&other, id, true);
}

static void names_configs(void **state)
{
	static const char id[] = "0123456789abcdef";
	auto_free char *a = bld_config_named(
		"CONFIG_A=y\nCONFIG_LOCALVERSION=\"-x\"\nCONFIG_LOCALVERSION_AUTO=y\n", "6.1.1",
		"guest", id);
	auto_free char *b = bld_config_named(
		"CONFIG_LOCALVERSION=\"\"\n", "6.12.100",
		"a-very-long-label-that-does-not-fit-into-what-uname-has-room-for", id);
	auto_free char *own = bld_label("CONFIG_LOCALVERSION=\"-mine\"\n", "n"),
		       *name = bld_label("CONFIG_A=y\n", "a/b");

	assert_string_equal(a, "CONFIG_A=y\nCONFIG_LOCALVERSION=\"-guest-0123456789ab\"\n"
			       "# CONFIG_LOCALVERSION_AUTO is not set\n");
	/* 6.12.100 and what follows have 64 characters together */
	assert_int_equal(strlen("6.12.100") + strlen(b) - strlen("CONFIG_LOCALVERSION=\"\"\n"), 64);
	assert_string_equal(own, "mine");
	assert_string_equal(name, "a-b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(reads_all),	 scratch_test(refuses),
		cmocka_unit_test(matches),	 cmocka_unit_test(identities),
		cmocka_unit_test(names_configs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
