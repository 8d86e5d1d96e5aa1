/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware: what the kernel's log tells of it, where it lies, which files a made machine needs.
 *
 * The lines of data/kmsg.log are in the forms that kernels and drivers print, with other numbers: iwlwifi as in NixOS/nixpkgs
 * issue 271020 and, with Debian's lines, OpenELEC/iwlwifi-firmware issue 8 and clearlinux/distribution issue 3143; Realtek's
 * Bluetooth as in lwfinger/rtl8723bu issue 204, Intel's with Gentoo's line as in topic 8719859 of forums.gentoo.org; i915 as in
 * intel-gpu/intel-gpu-firmware issue 5 and coolsnowwolf/lede pull request 10027; brcmfmac as in t2linux/T2-Debian-and-Ubuntu-Kernel
 * issue 143; microcode as in arch/x86/kernel/cpu/microcode/intel.c of 6.1.
 */
#include "hw/firmware.h"
#include "hw/kmsg.h"
#include "hw/record.h"
#include "hw/scan.h"
#include "machine.h"

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* The log */

static void read_data(const char *name, struct str *ret)
{
	const char *dir = getenv("KILN_TEST_DATA");
	auto_free char *path = path_join(dir ? dir : "tests/hw/data", name);

	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, ret, NULL), 0);
}

static bool known(const void *ctx, const char *name)
{
	return str_starts(name, "i915/");
}

static void dump_log(const struct hw_kmsg *k, struct str *ret)
{
	str_addf(ret, "microcode %d, tells loads %d\n", k->microcode, k->told_loads);
	for (size_t i = 0; i < k->n; i++) {
		const struct hw_kmsg_file *f = &k->v[i];

		str_addf(ret, "%u: %s:%s%s", f->line, f->name, f->loaded ? " loaded" : "",
			 f->missed ? " missed" : "");
		if (f->addr)
			str_addf(ret, ", %s at %s", f->driver, f->addr);
		if (f->instead)
			str_addf(ret, ", instead %s", f->instead);
		str_addc(ret, '\n');
	}
}

static void test_log(void **state)
{
	auto_hw_kmsg struct hw_kmsg k = { 0 };
	auto_str struct str text = { 0 }, expected = { 0 }, found = { 0 };

	read_data("kmsg.log", &text);
	read_data("kmsg.expected", &expected);
	hw_kmsg_read(str_c(&text), known, NULL, &k);
	dump_log(&k, &found);
	assert_string_equal(str_c(&found), str_c(&expected));
}

/* What a record keeps is enough: the same comes of the lines that matter as of all. */
static void test_lines_that_matter(void **state)
{
	auto_hw_kmsg struct hw_kmsg all = { 0 }, kept = { 0 };
	auto_str struct str text = { 0 }, lines = { 0 };
	size_t n;

	read_data("kmsg.log", &text);
	for (const char *p = str_c(&text); *p; p += n) {
		n = strcspn(p, "\n") + 1;
		if (hw_kmsg_matters(p, n - 1))
			str_add(&lines, p, n);
	}
	hw_kmsg_read(str_c(&text), known, NULL, &all);
	hw_kmsg_read(str_c(&lines), known, NULL, &kept);
	assert_int_equal(all.n, kept.n);
	assert_true(all.microcode && kept.microcode);
	for (size_t i = 0; i < all.n; i++)
		assert_string_equal(all.v[i].name, kept.v[i].name);
	assert_true(lines.n < text.n);
}

static void test_names(void **state)
{
	static const char *const good[] = { "a", "regulatory.db", "a/b..c", "..a", "x/y,z-1+2" };
	static const char *const bad[] = { "",	   "/a",  "..",	 "../a", "a/..", "a/../b", "a b",
					   "a\"b", "a$b", "a#b", "a;b",	 "a\nb", "a/",	   "a`b`" };

	for (size_t i = 0; i < countof(good); i++)
		assert_true(hw_firmware_is_name(good[i], strlen(good[i])));
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(hw_firmware_is_name(bad[i], strlen(bad[i])));
}

/* Folders */

static void check_open(const struct hw_fw_dirs *d, const char *name, const char *content)
{
	enum hw_fw_form form;
	const char *folder;
	auto_close int fd = hw_fw_open(d, name, &form, &folder);
	char buf[64] = { 0 };

	if (!content) {
		assert_int_equal(fd, -ENOENT);
		return;
	}
	assert_true(fd >= 0);
	assert_true(read_full(fd, buf, sizeof(buf) - 1) >= 0);
	assert_string_equal(buf, content);
}

static void test_order_of_folders(void **state)
{
	struct hw_fw_dirs d = { .root = open_dir(*state) };

	make_text(*state, "lib/firmware/a", "plain");
	make_text(*state, "lib/firmware/updates/6.1/a.zst", "zst of updates");
	make_text(*state, "lib/firmware/6.1/b.xz", "xz");
	make_text(*state, "lib/firmware/b.zst", "zst");
	make_text(*state, "lib/firmware/updates/c", "update");
	make_text(*state, "lib/firmware/6.1/c", "release");
	make_text(*state, "opt/fw/c", "custom");
	hw_fw_dirs_usual(&d, "6.1");
	check_open(&d, "a", "plain");
	check_open(&d, "b", "zst");
	check_open(&d, "c", "update");
	strv_release(&d.v);
	put_value(*state, "module/firmware_class/parameters", "path", "/opt/fw");
	hw_fw_dirs_usual(&d, NULL);
	check_open(&d, "c", "custom");
	strv_release(&d.v);
	close_fd(d.root);
}

static void test_links(void **state)
{
	auto_free char *root = path_join(*state, "root"),
		       *pipe = path_join(root, "lib/firmware/pipe");
	struct hw_fw_dirs d = { 0 };

	make_text(*state, "outside", "outside");
	make_text(root, "usr/lib/firmware/a", "a");
	make_link(root, "lib", "usr/lib");
	make_link(root, "usr/lib/firmware/rel", "../../../usr/lib/firmware/a");
	make_link(root, "usr/lib/firmware/abs", "/usr/lib/firmware/a");
	make_link(root, "usr/lib/firmware/out", "../../../../outside");
	make_link(root, "usr/lib/firmware/self", "self");
	make_link(root, "usr/lib/firmware/dir", "../../../..");
	assert_int_equal(mkfifo(pipe, 0600), 0);
	d.root = open_dir(root);
	hw_fw_dirs_usual(&d, NULL);
	check_open(&d, "rel", "a");
	check_open(&d, "abs", "a");
	check_open(&d, "out", NULL);
	check_open(&d, "dir/outside", NULL);
	check_open(&d, "self", NULL);
	check_open(&d, "pipe", NULL);
	check_open(&d, "../../lib/firmware/a", NULL);
	d.without_openat2 = true;
	check_open(&d, "rel", "a");
	check_open(&d, "abs", "a");
	check_open(&d, "out", NULL);
	check_open(&d, "dir/outside", NULL);
	check_open(&d, "self", NULL);
	check_open(&d, "pipe", NULL);
	strv_release(&d.v);
	close_fd(d.root);
}

static void test_globs(void **state)
{
	struct hw_fw_dirs d = { .root = open_dir(*state) };
	auto_strv struct strv v = { 0 };

	make_text(*state, "lib/firmware/brcm/x-sdio.b.bin.zst", "");
	make_text(*state, "lib/firmware/brcm/x-sdio.a.bin", "");
	make_text(*state, "lib/firmware/updates/brcm/x-sdio.a.bin.xz", "");
	make_text(*state, "lib/firmware/brcm/y-sdio.a.bin", "");
	make_text(*state, "lib/firmware/cypress/x-sdio.a.bin", "");
	hw_fw_dirs_usual(&d, NULL);
	hw_fw_glob(&d, "brcm/x*-sdio.*.bin", &v);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], "brcm/x-sdio.a.bin");
	assert_string_equal(v.v[1], "brcm/x-sdio.b.bin");
	hw_fw_glob(&d, "*/y-*", &v);
	assert_int_equal(v.n, 3);
	strv_release(&d.v);
	close_fd(d.root);
}

/* A machine with a tree */

#define TEXT                                                                                       \
	"\0iwlwifi\0drivers/net/wireless/intel/iwlwifi/iwlwifi\0cfg80211\0net/wireless/cfg80211\0" \
	"iwl.c\0reg.c\0iwlwifi-a-72.ucode\0iwlwifi-a-71.ucode\0regulatory.db\0other\0other.bin\0glob-*.bin"

static hw_text at(const char *part)
{
	static const char text[] = TEXT;
	const char *p = memmem(text, sizeof(text), part, strlen(part) + 1);

	assert_non_null(p);
	return (hw_text)(p - text);
}

struct tree {
	struct hw_ix_module module[3];
	struct hw_ix_record firmware[5], alias;
	struct hw_index index;
};

static void make_tree(struct tree *t)
{
	*t = (struct tree){
		.module = { { at("iwlwifi"), at("drivers/net/wireless/intel/iwlwifi/iwlwifi") },
			    { at("cfg80211"), at("net/wireless/cfg80211") },
			    { at("other"), at("other") } },
		.firmware = { { .text = at("glob-*.bin"),
				.module = 0,
				.file = at("iwl.c"),
				.line = 9 },
			      { .text = at("iwlwifi-a-71.ucode"), .file = at("iwl.c"), .line = 7 },
			      { .text = at("iwlwifi-a-72.ucode"), .file = at("iwl.c"), .line = 8 },
			      { .text = at("other.bin"), .module = 2 },
			      { .text = at("regulatory.db"),
				.module = 1,
				.file = at("reg.c"),
				.line = 1 } },
	};
	t->index = (struct hw_index){ .text = TEXT,
				      .text_n = sizeof(TEXT),
				      .module = t->module,
				      .n_modules = 3,
				      .firmware = { t->firmware, 5 } };
}

struct found {
	struct tree tree;
	struct hw_inventory inv;
	struct hw_fw_dirs dirs;
	struct hw_fw_data *data;
	struct hw_firmware fw;
	struct str dump;
};

static void put_wifi(const char *root)
{
	put_device(root, "pci", "devices/pci0000:00/0000:00:14.3",
		   "pci:v00008086d000002F0sv00008086sd00000034bc02sc80i00", "iwlwifi");
	make_link(root, "sys/bus/pci/drivers/iwlwifi/module", "../../../../module/iwlwifi");
	put_value(root, "devices/system/cpu", "modalias",
		  "cpu:type:x86,ven0000fam0006mod008E:feature:");
	make_text(root, "proc/cpuinfo",
		  "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 142\n"
		  "model name\t: Intel(R) Core(TM) i7\nstepping\t: 10\n");
	make_text(root, "lib/firmware/iwlwifi-a-71.ucode.xz", "71");
	make_text(root, "lib/firmware/iwlwifi-a-72.ucode", "72");
	make_text(root, "lib/firmware/glob-1.bin", "1");
	make_text(root, "lib/firmware/intel-ucode/06-8e-0a", "ucode");
}

static void find(const char *root, const char *log, struct found *f)
{
	auto_err struct err err = { 0 };
	struct hw_firmware_spec spec;

	*f = (struct found){ .dirs.root = open_dir(root) };
	make_tree(&f->tree);
	assert_done(hw_scan(f->dirs.root, &(struct hw_scan_opts){ 0 }, &f->inv, &err), &err);
	assert_done(hw_fw_data_read(&f->data, &err), &err);
	hw_fw_dirs_usual(&f->dirs, NULL);
	spec = (struct hw_firmware_spec){ .inv = &f->inv,
					  .index = &f->tree.index,
					  .n_indexes = 1,
					  .log = log,
					  .dirs = &f->dirs,
					  .data = f->data };
	hw_firmware_find(&spec, &f->fw);
	for (size_t i = 0; i < f->fw.n; i++) {
		const struct hw_fw_file *x = &f->fw.v[i];

		str_addf(&f->dump, "%s %d%s%s %s %s%s%s\n", x->name, (int)x->state,
			 x->folder ? hw_fw_suffix[x->form] : " absent",
			 hw_firmware_is_needed(&f->fw, x, false) ? " needed" : "",
			 x->module ? x->module : "-", x->device ? x->device->addr : "-",
			 x->reason ? " for another" : "", x->instead ? " instead" : "");
	}
}

static void found_release(struct found *f)
{
	hw_firmware_release(&f->fw);
	hw_inventory_release(&f->inv);
	hw_fw_data_free(f->data);
	strv_release(&f->dirs.v);
	close_fd(f->dirs.root);
	str_release(&f->dump);
}

static void test_without_a_log(void **state)
{
	struct found f;

	put_wifi(*state);
	find(*state, NULL, &f);
	assert_string_equal(str_c(&f.dump),
			    "regulatory.db 0 absent cfg80211 0000:00:14.3 for another\n"
			    "glob-1.bin 0 needed iwlwifi 0000:00:14.3\n"
			    "iwlwifi-a-71.ucode 0.xz needed iwlwifi 0000:00:14.3\n"
			    "iwlwifi-a-72.ucode 0 needed iwlwifi 0000:00:14.3\n"
			    "intel-ucode/06-8e-0a 0 needed microcode cpu\n");
	assert_false(f.fw.log_known);
	assert_string_equal(f.fw.v[3].source, "iwl.c");
	assert_int_equal(f.fw.v[3].line, 8);
	found_release(&f);
}

/* Only what the driver took of its candidates, and what the log alone knows. */
static void test_with_a_log(void **state)
{
	struct found f;

	put_wifi(*state);
	find(*state,
	     "[1.0] iwlwifi 0000:00:14.3: Direct firmware load for iwlwifi-a-99.ucode failed with error -2\n"
	     "[1.1] iwlwifi 0000:00:14.3: loaded firmware version 72.0 a-72.ucode op_mode iwlmvm\n"
	     "[1.2] platform regulatory.0: Direct firmware load for regulatory.db failed with error -2\n"
	     "[1.3] microcode: Updated early from: 0x000000b4\n",
	     &f);
	assert_string_equal(str_c(&f.dump),
			    "regulatory.db 2 absent cfg80211 0000:00:14.3 for another\n"
			    "glob-1.bin 0 iwlwifi 0000:00:14.3\n"
			    "iwlwifi-a-71.ucode 0.xz iwlwifi 0000:00:14.3\n"
			    "iwlwifi-a-72.ucode 1 needed iwlwifi 0000:00:14.3\n"
			    "iwlwifi-a-99.ucode 2 absent iwlwifi 0000:00:14.3 instead\n"
			    "intel-ucode/06-8e-0a 1 needed microcode cpu\n");
	assert_true(f.fw.log_known && !f.fw.log_complete);
	found_release(&f);
}

/* A kernel that tells of each file that it loads is believed about the others. */
static void test_with_a_whole_log(void **state)
{
	struct found f;

	put_wifi(*state);
	find(*state, "[1.0] r8169 0000:02:00.0: firmware: direct-loading firmware rtl_nic/x.fw\n",
	     &f);
	assert_true(f.fw.log_complete);
	for (size_t i = 0; i < f.fw.n; i++)
		assert_false(hw_firmware_is_needed(&f.fw, &f.fw.v[i], false));
	assert_true(hw_firmware_is_needed(&f.fw, &f.fw.v[1], true) ||
		    f.fw.v[1].form == HW_FW_ABSENT);
	found_release(&f);
}

static void test_amd(void **state)
{
	struct found f;

	put_device(*state, "pci", "devices/pci0000:00/0000:00:00.0", "pci:v0", NULL);
	put_value(*state, "devices/system/cpu", "modalias",
		  "cpu:type:x86,ven0002fam0019mod0011:feature:");
	find(*state, NULL, &f);
	assert_string_equal(str_c(&f.dump),
			    "amd-ucode/microcode_amd_fam19h.bin 0 absent microcode cpu\n");
	found_release(&f);
}

/* What is built in */

static bool *all_there(const struct found *f)
{
	bool *needed = xcalloc(f->fw.n + 1, sizeof(*needed));

	for (size_t i = 0; i < f->fw.n; i++)
		needed[i] = f->fw.v[i].form != HW_FW_ABSENT;
	return needed;
}

static bool put_packed(const char *root, const char *path, const char *const *argv)
{
	auto_str struct str in = { 0 }, out = { 0 };

	str_adds(&in, "71");
	if (!make_compressed(&out, &in, argv)) {
		printf("skipped: no %s\n", argv[0]);
		return false;
	}
	make_file(root, path, out.s, out.n);
	return true;
}

static void check_copy(const char *state, struct found *f)
{
	auto_free char *to = path_join(state, "new/fw"),
		       *file = path_join(to, "iwlwifi-a-71.ucode");
	auto_free char *micro = path_join(to, "intel-ucode/06-8e-0a");
	auto_free bool *needed = all_there(f);
	auto_str struct str text = { 0 }, names = { 0 };
	auto_err struct err err = { 0 };
	auto_strv struct strv left = { 0 };
	auto_free char *above = path_join(state, "new");
	const char *folder;

	assert_done(hw_firmware_copy(&f->fw, needed, &f->dirs, to, &err), &err);
	assert_done(file_read(AT_FDCWD, file, 100, &text, &err), &err);
	assert_string_equal(str_c(&text), "71");
	assert_done(file_read(AT_FDCWD, micro, 100, &text, &err), &err);
	hw_firmware_extra(&f->fw, needed, &names, &folder);
	assert_string_equal(
		str_c(&names),
		"glob-1.bin iwlwifi-a-71.ucode iwlwifi-a-72.ucode intel-ucode/06-8e-0a");
	assert_null(folder);
	assert_int_equal(hw_firmware_copy(&f->fw, needed, &f->dirs, to, &err), -EEXIST);
	assert_done(file_names(AT_FDCWD, above, &left, &err), &err);
	assert_int_equal(left.n, 1);
}

TEST_OR_SKIP(test_copy_xz)
{
	static const char *const xz[] = { "xz", "-c", "--check=crc32", NULL };
	struct found f;

	put_wifi(*state);
	if (!put_packed(*state, "lib/firmware/iwlwifi-a-71.ucode.xz", xz))
		return false;
	find(*state, NULL, &f);
	check_copy(*state, &f);
	found_release(&f);
	return true;
}

TEST_OR_SKIP(test_copy_zst)
{
	static const char *const zstd[] = { "zstd", "-q", "-c", NULL };
	struct found f;

	put_wifi(*state);
	if (!put_packed(*state, "lib/firmware/iwlwifi-a-71.ucode.zst", zstd))
		return false;
	find(*state, NULL, &f);
	check_copy(*state, &f);
	found_release(&f);
	return true;
}

/* "71" is no xz: nothing is left of the folder. */
static void test_copy_damaged(void **state)
{
	auto_free char *to = path_join(*state, "new/fw"), *above = path_join(*state, "new");
	auto_err struct err err = { 0 };
	auto_strv struct strv left = { 0 };
	auto_free bool *needed = NULL;
	struct found f;

	put_wifi(*state);
	find(*state, NULL, &f);
	needed = all_there(&f);
	assert_int_equal(hw_firmware_copy(&f.fw, needed, &f.dirs, to, &err), -EBADMSG);
	assert_contains(err.msg, "'iwlwifi-a-71.ucode'");
	assert_done(file_names(AT_FDCWD, above, &left, &err), &err);
	assert_int_equal(left.n, 0);
	found_release(&f);
}

static void test_extra_folder(void **state)
{
	auto_str struct str names = { 0 };
	auto_free bool *needed = NULL;
	const char *folder;
	struct found f;

	put_wifi(*state);
	find(*state, NULL, &f);
	needed = all_there(&f);
	needed[2] = false;
	hw_firmware_extra(&f.fw, needed, &names, &folder);
	assert_string_equal(str_c(&names), "glob-1.bin iwlwifi-a-72.ucode intel-ucode/06-8e-0a");
	assert_string_equal(folder, "/lib/firmware");
	found_release(&f);
}

/* Packages */

static void test_packages(void **state)
{
	static const char *const rows[][3] = {
		{ "debian", "iwlwifi-cc-a0-72.ucode", "firmware-iwlwifi" },
		{ "debian", "i915/tgl_dmc_ver2_12.bin", "firmware-misc-nonfree" },
		{ "debian", "regulatory.db.p7s", "wireless-regdb" },
		{ "debian", "intel/sof/sof-tgl.ri", "firmware-sof-signed" },
		{ "fedora", "iwlwifi-4965-2.ucode", "iwlegacy-firmware" },
		{ "fedora", "iwlwifi-5000-5.ucode", "iwlwifi-dvm-firmware" },
		{ "fedora", "rtl_nic/rtl8168h-2.fw", "linux-firmware" },
		{ "arch", "amdgpu/renoir_sdma.bin", "linux-firmware-amdgpu" },
		{ "alpine", "rtl_nic/rtl8168h-2.fw", "linux-firmware-rtl_nic" },
		{ "alpine", "iwlwifi-cc-a0-72.ucode", "linux-firmware-intel" },
		{ "alpine", "unknown/x.fw", NULL },
		{ "", "i915/x.bin", NULL },
	};
	auto_err struct err err = { 0 };
	struct hw_fw_data *d;

	assert_done(hw_fw_data_read(&d, &err), &err);
	for (size_t i = 0; i < countof(rows); i++) {
		auto_free char *name = hw_fw_package(d, rows[i][0], rows[i][1]);

		if (rows[i][2])
			assert_string_equal(name ? name : "", rows[i][2]);
		else
			assert_null(name);
	}
	hw_fw_data_free(d);
}

/* A record: its lines of the log are those of the inventory that comes out, without addresses. */
static void test_record(void **state)
{
	auto_free char *in = path_join(*state, "in"), *out = path_join(*state, "out");
	const struct hw_record_opts opts = {
		.log = "a: nothing\nKernel command line: initrd=intel-ucode.img password=x\n"
		       "b: Loading firmware: x/y.sfi for " MAC "\n"
		       "microcode: updated early\n"
	};
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_hw_record struct hw_record r = { 0 }, again = { 0 };
	auto_err struct err err = { 0 };
	auto_close int root = -1, folder = -1;

	make_machine(in);
	put_wifi(in);
	root = open_dir(in);
	assert_done(hw_record(root, &opts, &r, &err), &err);
	for (size_t i = 0; i < r.n; i++)
		if (r.v[i].link)
			make_link(out, r.v[i].path, r.v[i].data);
		else
			make_file(out, r.v[i].path, r.v[i].data, r.v[i].n);
	folder = open_dir(out);
	assert_done(hw_scan(folder, &(struct hw_scan_opts){ 0 }, &inv, &err), &err);
	assert_string_equal(inv.log, "b: Loading firmware: x/y.sfi for 00:00:00:00:00:00\n"
				     "microcode: updated early\n");
	assert_int_equal(inv.cpu.vendor, HW_CPU_INTEL);
	assert_int_equal(inv.cpu.model, 0x8e);
	assert_true(inv.cpu.has_stepping && inv.cpu.stepping == 10);
	/* a record of a record is one without addresses, too */
	make_text(out, "kernel-log", "firmware of " MAC "\n");
	assert_done(hw_record(folder, &(struct hw_record_opts){ 0 }, &again, &err), &err);
	for (size_t i = 0; i < again.n; i++)
		assert_null(memmem(again.v[i].data, again.v[i].n, MAC, strlen(MAC)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_lines_that_matter),
		cmocka_unit_test(test_names),
		scratch_test(test_order_of_folders),
		scratch_test(test_links),
		scratch_test(test_globs),
		scratch_test(test_without_a_log),
		scratch_test(test_with_a_log),
		scratch_test(test_with_a_whole_log),
		scratch_test(test_amd),
		scratch_test(test_copy_xz),
		scratch_test(test_copy_zst),
		scratch_test(test_copy_damaged),
		scratch_test(test_extra_folder),
		cmocka_unit_test(test_packages),
		scratch_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
