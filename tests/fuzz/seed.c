/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seed CORPUS: writes the generated seeds of corpus/image, package and protocol (see README there). */
#include "base/path.h"
#include "tests/kernel/make.h"
#include "vm/request.h"

#define CONTROL "Package: linux-image-6.9.1-test\nVersion: 1\nDepends: kmod,\n linux-base\n"

static const struct {
	const char *name;
	const char *argv[6];
	bool sized; /* the kernel's build puts the size behind it */
} comps[] = {
	{ "gzip", { "gzip", "-9n" }, false },
	{ "xz", { "xz", "--check=crc32", "--x86", "--lzma2=dict=1MiB" }, true },
	{ "lzma", { "xz", "--format=lzma", "-1" }, true },
	{ "bzip2", { "bzip2", "-9" }, true },
	{ "lz4", { "lz4", "-l", "-9", "-c", "-" }, true },
	{ "zstd", { "zstd", "-q", "-c" }, true },
};

static void put(const char *dir, const char *kind, const char *name, const struct str *b)
{
	auto_free char *file = xasprintf("%s/%s", kind, name);

	make_file(dir, file, b->s, b->n);
}

static void seed_images(const char *dir)
{
	auto_str struct str vmlinux = { 0 };
	auto_str struct str arm64 = { 0 };
	auto_str struct str module = { 0 };

	make_vmlinux(&vmlinux, "6.9.1-test", "CONFIG_X=y\n");
	make_arm64_image(&arm64, "6.9.1-test");
	make_module(&module, "license=GPL", 12);
	put(dir, "image", "vmlinux", &vmlinux);
	put(dir, "image", "arm64", &arm64);
	put(dir, "image", "module", &module);
	for (size_t i = 0; i < countof(comps); i++) {
		auto_str struct str payload = { 0 };
		auto_str struct str image = { 0 };
		auto_str struct str b = { 0 };
		auto_free char *bzimage = xasprintf("bzimage-%s", comps[i].name);
		auto_free char *flat = xasprintf("arm64-%s", comps[i].name);
		uint32_t size = (uint32_t)vmlinux.n;

		if (!make_compressed(&payload, &vmlinux, comps[i].argv) ||
		    !make_compressed(&image, &arm64, comps[i].argv))
			continue;
		if (comps[i].sized)
			str_add(&payload, &size, sizeof(size));
		make_bzimage(&b, "6.9.1-test (me@here) #7", &payload);
		put(dir, "image", bzimage, &b);
		put(dir, "image", flat, &image);
	}
}

/* A tree with all that is special: links of each kind, a device, a way up. */
static void wild_tar(struct str *tar)
{
	make_tar_entry(tar, "./lib/modules/r/a.ko", '0', NULL, "module", 6);
	make_tar_entry(tar, "./lib/modules/r/b.ko", '1', "./lib/modules/r/a.ko", NULL, 0);
	make_tar_entry(tar, "./lib/modules/r/c.ko", '2', "a.ko", NULL, 0);
	make_tar_entry(tar, "./lib/modules/r/up", '2', "../r", NULL, 0);
	make_tar_entry(tar, "./boot/link", '2', "../../out", NULL, 0);
	make_tar_entry(tar, "../out", '0', NULL, "x", 1);
	make_tar_entry(tar, "./boot/device", '3', NULL, NULL, 0);
	make_tar_end(tar);
}

static void tame_tar(struct str *tar)
{
	make_tar_entry(tar, "./boot/", '5', NULL, NULL, 0);
	make_tar_entry(tar, "./boot/vmlinuz-6.9.1-test", '0', NULL, "kernel", 6);
	make_tar_entry(tar, "./usr/lib/modules/6.9.1-test/kernel/a.ko", '0', NULL, "module", 6);
	make_tar_end(tar);
}

static void seed_packages(const char *dir)
{
	static const char info[] = "pkgname = linux-lts\ndepend = kmod\n";
	auto_str struct str tame = { 0 };
	auto_str struct str wild = { 0 };
	auto_str struct str control = { 0 };
	auto_str struct str apk = { 0 };

	tame_tar(&tame);
	wild_tar(&wild);
	auto_str struct str deb = { 0 };
	auto_str struct str bad = { 0 };

	make_deb(&deb, CONTROL, &tame);
	put(dir, "package", "deb", &deb);
	make_deb(&bad, CONTROL, &wild);
	put(dir, "package", "deb-wild", &bad);
	for (size_t i = 0; i < countof(comps); i++) {
		auto_str struct str packed = { 0 };
		auto_str struct str b = { 0 };
		auto_free char *name = xasprintf("deb-%s", comps[i].name);

		if (str_eq(comps[i].name, "lz4") || !make_compressed(&packed, &tame, comps[i].argv))
			continue;
		make_deb(&b, CONTROL, &packed);
		put(dir, "package", name, &b);
	}
	make_tar_entry(&control, ".PKGINFO", '0', NULL, info, sizeof(info) - 1);
	if (make_compressed(&apk, &control, comps[0].argv) &&
	    make_compressed(&apk, &tame, comps[0].argv))
		put(dir, "package", "apk", &apk);
}

/* What a guest says in a short run, behind the byte that chooses kiln's end. */
static void seed_host(const char *dir)
{
	static const uint8_t hello[] = { 'K', 'I', 'L', 'N', KP_VERSION, 0, 0, 0, '6', '.', '9' };
	static const uint8_t refused[] = { KP_STAGE_ROOT, 2, 0, 0, 0, 'n', 'o' };
	static const uint8_t ended[] = { KP_EXITED, 42, 0, 0, 0 };
	static const uint8_t run = KP_STAGE_RUN;
	auto_str struct str good = { 0 };
	auto_str struct str bad = { 0 };

	str_addc(&good, 0);
	vm_frame(&good, KP_HELLO, 0, hello, sizeof(hello));
	str_add(&bad, good.s, good.n);
	vm_frame(&bad, KP_FAIL, 0, refused, sizeof(refused));
	vm_frame(&good, KP_STAGE, 0, &run, 1);
	vm_frame(&good, KP_NOTE, 0, "a note", 6);
	vm_frame(&good, KP_TASKS, 0, "sh[101] S do_wait", 17);
	vm_frame(&good, KP_DATA, 1, "out", 3);
	vm_frame(&good, KP_DATA, 2, "err\n", 4);
	vm_frame32(&good, KP_WINDOW_ADD, 0, 4096);
	vm_frame(&good, KP_EOF, 1, "", 0);
	vm_frame(&good, KP_EXIT, 0, ended, sizeof(ended));
	put(dir, "protocol", "host-run", &good);
	put(dir, "protocol", "host-fail", &bad);
}

static void seed_protocol(const char *dir)
{
	static const uint8_t tty[] = { 24, 0, 80, 0 }, stdio = 7, clock[12] = { 1 };
	auto_str struct str req = { 0 };
	auto_str struct str guest = { 0 };
	auto_str struct str words = { 0 };

	vm_req_text(&req, KP_ARG, "uname");
	vm_req_text(&req, KP_ENV, "A=b");
	vm_req_text(&req, KP_CWD, "/tmp");
	vm_req_fields(&req, KP_MOUNT, "9p", "kiln0", "/", "cow", "trans=virtio", NULL);
	vm_req_fields(&req, KP_NET, "10.0.2.15", "24", "10.0.2.2", "10.0.2.3", NULL);
	vm_req_bytes(&req, KP_TTY, tty, sizeof(tty));
	vm_req_bytes(&req, KP_STDIO, &stdio, 1);
	vm_req_bytes(&req, KP_CLOCK, clock, sizeof(clock));
	str_addc(&guest, 1);
	vm_frame_request(&guest, &req);
	put(dir, "protocol", "guest-request", &guest);
	str_add(&words, "\2one\0two words\0", 16);
	put(dir, "protocol", "words", &words);
	seed_host(dir);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	seed_images(argv[1]);
	seed_packages(argv[1]);
	seed_protocol(argv[1]);
	return 0;
}
