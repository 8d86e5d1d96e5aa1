/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just enough of each format to be taken for one, laid out as the documents named in kernel/image.h
 * and kernel/package.h say, and not with the help of the code under test.
 */
#include "make.h"

#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void make_file(const char *dir, const char *path, const void *data, size_t n)
{
	auto_free char *file = path_join(dir, path);
	auto_free char *parent = path_dir(file);
	auto_close int fd = -1;

	must(mkdir_p(parent, 0755, NULL) == 0, parent);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd >= 0 && write_all(fd, data, n) == 0, file);
}

int make_fd(const void *data, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	must(fd >= 0 && write_all(fd, data, n) == 0, "memfd");
	return fd;
}

static void put(struct str *b, size_t off, const void *data, size_t n)
{
	must(off + n <= b->n, "put");
	memcpy(b->s + off, data, n);
}

static void put32(struct str *b, size_t off, uint32_t v)
{
	put(b, off, &v, sizeof(v));
}

static void zeros(struct str *b, size_t n)
{
	memset(str_room(b, n + 1), 0, n + 1);
	b->n += n;
}

bool make_compressed(struct str *out, const struct str *in, const char *const *argv)
{
	auto_proc_result struct proc_result res = { 0 };
	struct proc_spec spec = { .argv = (char *const *)argv };

	if (proc_run(&spec, in, 0, 64 << 20, &res, NULL) < 0 || res.status)
		return false;
	str_add(out, res.out.s, res.out.n);
	return true;
}

void make_vmlinux(struct str *b, const char *release, const char *config)
{
	static const char *const gzip[] = { "gzip", "-9n", NULL };
	static const uint32_t note[] = { 4, 8, 18, 0x006e6558 /* "Xen" */, 0x01000850, 0 };
	Elf64_Ehdr eh = { .e_type = ET_EXEC,
			  .e_machine = EM_X86_64,
			  .e_version = 1,
			  .e_phoff = sizeof(eh),
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 2 };
	Elf64_Phdr load = { .p_type = PT_LOAD,
			    .p_vaddr = 0xffffffff81000000,
			    .p_paddr = 0x1000000 };
	Elf64_Phdr notes = { .p_type = PT_NOTE, .p_filesz = sizeof(note) };
	size_t start = b->n;

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = 1;
	str_add(b, &eh, sizeof(eh));
	zeros(b, 2 * sizeof(Elf64_Phdr));
	notes.p_offset = b->n - start;
	str_add(b, note, sizeof(note));
	load.p_offset = b->n - start;
	str_addf(b, "Linux version %%s (%s)", "x");
	zeros(b, 1);
	str_addf(b, "Linux version %s (me@here) (gcc 12) # SMP \n", release);
	str_addf(b, "Linux version %s (me@here) (gcc 12) #7 SMP Fri Nov 20\n", release);
	zeros(b, 3000);
	str_adds(b, "IKCFG_ST is looked for by scripts");
	if (config) {
		struct str text = { (char *)config, strlen(config), 0 };

		str_adds(b, "IKCFG_ST");
		must(make_compressed(b, &text, gzip), "gzip");
		str_adds(b, "IKCFG_ED");
	}
	load.p_filesz = load.p_memsz = b->n - start - load.p_offset;
	put(b, start + sizeof(eh), &load, sizeof(load));
	put(b, start + sizeof(eh) + sizeof(load), &notes, sizeof(notes));
}

void make_bzimage(struct str *b, const char *version, const struct str *payload)
{
	const size_t setup = 4 * 512 + 512, before = 700;

	zeros(b, setup + before);
	str_add(b, payload->s, payload->n);
	zeros(b, 16 - (before + payload->n) % 16);
	b->s[0x1f1] = 4;
	put32(b, 0x1f4, (uint32_t)((b->n - setup) / 16));
	put(b, 0x1fe, "\x55\xaa", 2);
	put(b, 0x202, "HdrS\x0f\x02", 6);
	put(b, 0x20e, "\x00\x04", 2);
	b->s[0x234] = 1;
	put(b, 0x236, "\x3f\x00", 2);
	put32(b, 0x238, 2047);
	put32(b, 0x248, (uint32_t)before);
	put32(b, 0x24c, (uint32_t)payload->n);
	put(b, 0x600, version, strlen(version));
}

void make_arm64_image(struct str *b, const char *release)
{
	zeros(b, 64);
	put(b, 0x38, "ARM\x64", 4);
	str_addf(b, "Linux version %s (me@here) (gcc 12) #7 SMP Fri Nov 20\n", release);
	zeros(b, 4000);
}

void make_module(struct str *b, const char *modinfo, size_t n)
{
	static const char names[] = "\0.modinfo\0.shstrtab\0.text";
	Elf64_Ehdr eh = { .e_type = ET_REL,
			  .e_machine = EM_X86_64,
			  .e_version = 1,
			  .e_ehsize = sizeof(eh),
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = 3,
			  .e_shstrndx = 2 };
	Elf64_Shdr sh[3] = {
		{ 0 },
		{ .sh_name = 1,
		  .sh_type = SHT_PROGBITS,
		  .sh_flags = SHF_ALLOC,
		  .sh_offset = sizeof(eh),
		  .sh_size = n,
		  .sh_addralign = 1 },
		{ .sh_name = 10,
		  .sh_type = SHT_STRTAB,
		  .sh_offset = sizeof(eh) + n,
		  .sh_size = sizeof(names),
		  .sh_addralign = 1 },
	};

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = 1;
	eh.e_shoff = ALIGN_UP(sizeof(eh) + n + sizeof(names), (size_t)8);
	str_add(b, &eh, sizeof(eh));
	str_add(b, modinfo, n);
	str_add(b, names, sizeof(names));
	zeros(b, eh.e_shoff - b->n);
	str_add(b, sh, sizeof(sh));
}

void make_tar_entry(struct str *b, const char *name, char type, const char *link, const void *data,
		    size_t n)
{
	char h[512] = { 0 };
	unsigned int sum = 0;

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "0000644");
	snprintf(h + 108, 8, "0000000");
	snprintf(h + 116, 8, "0000000");
	snprintf(h + 124, 12, "%011zo", n);
	snprintf(h + 136, 12, "00000000000");
	memset(h + 148, ' ', 8);
	h[156] = type;
	snprintf(h + 157, 100, "%s", link ? link : "");
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 7, "%06o", sum);
	str_add(b, h, sizeof(h));
	str_add(b, data ? data : "", n);
	zeros(b, (512 - n % 512) % 512);
}

void make_tar_end(struct str *b)
{
	zeros(b, 1024);
}

static void ar_member(struct str *b, const char *name, const struct str *data)
{
	str_addf(b, "%-16s%-12s%-6s%-6s%-8s%-10zu`\n", name, "0", "0", "0", "100644", data->n);
	str_add(b, data->s, data->n);
	if (data->n % 2)
		str_addc(b, '\n');
}

void make_deb(struct str *b, const char *control, const struct str *data)
{
	auto_str struct str tar = { 0 };

	make_tar_entry(&tar, "./control", '0', NULL, control, strlen(control));
	make_tar_end(&tar);
	make_deb_of(b, &tar, data);
}

void make_deb_of(struct str *b, const struct str *control, const struct str *data)
{
	auto_str struct str version = { 0 };

	str_adds(&version, "2.0\n");
	str_adds(b, "!<arch>\n");
	ar_member(b, "debian-binary", &version);
	ar_member(b, "control.tar", control);
	ar_member(b, "data.tar", data);
}
