/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/loader.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#define TEXT_MAX (1 << 20)
#define MARK	 "# kiln install "

/* Where things are. */

static const char *grub_dir(const struct ins_place *p)
{
	return !ins_is_dir(p, "boot/grub") && ins_is_dir(p, "boot/grub2") ? "boot/grub2"
									  : "boot/grub";
}

/* loader.conf lies on the EFI system partition, wherever that is; entries may lie on another one. */
static const char *loader_conf(const struct ins_place *p)
{
	static const char *const places[] = { "boot/loader/loader.conf",
					      "boot/efi/loader/loader.conf",
					      "boot/EFI/loader/loader.conf" };

	for (size_t i = 0; i < countof(places); i++)
		if (ins_has(p, places[i]))
			return places[i];
	return places[0];
}

enum ins_loader ins_loader_detect(const struct ins_place *p)
{
	static const struct {
		const char *path;
		enum ins_loader loader;
	} signs[] = {
		/* clang-format off */
		{ "boot/grub/grub.cfg",          INS_GRUB },
		{ "boot/grub2/grub.cfg",         INS_GRUB },
		{ "boot/loader/loader.conf",     INS_BLS },
		{ "boot/efi/loader/loader.conf", INS_BLS },
		{ "boot/EFI/loader/loader.conf", INS_BLS },
		{ "boot/loader/entries",         INS_BLS },
		{ "boot/extlinux",               INS_EXTLINUX },
		{ "boot/grub",                   INS_GRUB },
		{ "etc/grub.cfg",                INS_GRUB }, /* stal/IX */
		/* clang-format on */
	};

	for (size_t i = 0; i < countof(signs); i++)
		if (ins_has(p, signs[i].path))
			return signs[i].loader;
	return INS_NONE;
}

char *ins_loader_file(const struct ins_place *p, enum ins_loader loader)
{
	switch (loader) {
	case INS_GRUB:
		return path_join(grub_dir(p), "kiln.cfg");
	case INS_BLS:
		return xstrdup(loader_conf(p));
	case INS_EXTLINUX:
		return xstrdup("boot/extlinux/kiln.conf");
	default:
		return NULL;
	}
}

char *ins_loader_entry_path(enum ins_loader loader, const char *id)
{
	return loader == INS_BLS ? xasprintf("boot/loader/entries/%s.conf", id) : NULL;
}

/* The command line. */

/* The length of the word at s as the kernel divides it: blanks within double quotes do not (lib/cmdline.c, next_arg()). */
static size_t word_length(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	while (s[n] && (quoted || s[n] != ' '))
		quoted ^= s[n++] == '"';
	return n;
}

static int check_grub(const char *text, struct err *err)
{
	/* It puts a backslash in front of each, which the kernel does not take away. */
	const char *bad = strpbrk(text, "'\\");

	if (!bad)
		return 0;
	err_set(err, -EINVAL, "GRUB cannot hand on the %s in '%s' as it is",
		*bad == '\'' ? "single quote" : "backslash", text);
	return err_hint(err, -EINVAL, "leave it out, or build it in with CONFIG_CMDLINE");
}

static int check_text(const char *text, enum ins_loader loader, struct err *err)
{
	size_t quotes = 0;

	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(err, -EINVAL,
				       "a command line holds no line ends, tabs and the like");
		quotes += *p == '"';
	}
	if (quotes % 2)
		return err_set(err, -EINVAL, "a double quote is not closed in '%s'", text);
	return loader == INS_GRUB ? check_grub(text, err) : 0;
}

int ins_loader_check(const struct ins_kernel *k, enum ins_loader loader, struct err *err)
{
	int r = check_text(k->cmdline, loader, err);

	return r == 0 && k->root_device ? check_text(k->root_device, loader, err) : r;
}

void ins_loader_options(const struct ins_kernel *k, struct str *ret)
{
	if (k->root_device)
		str_addf(ret, "root=%s ", k->root_device);
	str_adds(ret, k->cmdline);
	while (ret->n && ret->s[ret->n - 1] == ' ')
		ret->s[--ret->n] = '\0';
}

/* GRUB. */

/* GRUB puts double quotes around a word with a blank in it, which the kernel takes off; those within are left out. */
static void add_grub_word(struct str *b, const char *s, size_t n)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789-_=.,:/+@%";
	bool plain = n > 0;

	for (size_t i = 0; i < n; i++)
		plain &= s[i] != '\0' && strchr(safe, s[i]) != NULL;
	if (plain) {
		str_add(b, s, n);
		return;
	}
	str_addc(b, '\'');
	for (size_t i = 0; i < n; i++)
		if (s[i] != '"')
			str_addc(b, s[i]);
	str_addc(b, '\'');
}

static void add_grub_words(struct str *b, const char *text)
{
	for (const char *p = text; *p; p += strspn(p, " ")) {
		size_t n = word_length(p);

		if (!n)
			continue;
		str_addc(b, ' ');
		add_grub_word(b, p, n);
		p += n;
	}
}

/* A kernel on another file system than kiln.cfg is looked for by its name. */
static void add_grub_path(const struct ins_place *p, struct str *b, const char *command,
			  const char *rel)
{
	auto_free char *path = ins_loader_path(p, rel);

	str_addf(b, "\t%s ", command);
	add_grub_word(b, path, strlen(path));
}

static void add_grub_search(const struct ins_place *p, struct str *b, const struct ins_kernel *k)
{
	auto_free char *cfg = path_join(grub_dir(p), "kiln.cfg");
	auto_free char *image = ins_loader_path(p, k->image);

	if (ins_on_root_fs(p, k->image) == ins_on_root_fs(p, cfg))
		return;
	str_adds(b, "\tsearch --no-floppy --set=root --file ");
	add_grub_word(b, image, strlen(image));
	str_addc(b, '\n');
}

static void add_grub_entry(const struct ins_place *p, struct str *b, const struct ins_kernel *k)
{
	str_addf(b, "\nmenuentry 'Linux %s (kiln)' --id '%s' {\n", k->release, k->id);
	add_grub_search(p, b, k);
	if (k->probe)
		str_adds(b, "\tprobe --part-uuid $root --set=kiln_root\n");
	add_grub_path(p, b, "linux", k->image);
	if (k->probe)
		str_adds(b, " root=PARTUUID=$kiln_root");
	else if (k->root_device)
		str_addf(b, " 'root=%s'", k->root_device);
	add_grub_words(b, k->cmdline);
	str_addc(b, '\n');
	if (k->initrd) {
		add_grub_path(p, b, "initrd", k->initrd);
		str_addc(b, '\n');
	}
	str_adds(b, "}\n");
}

static void grub_text(const struct ins_place *p, const struct ins_state *s, struct str *b)
{
	str_addf(b, "%s%llu: changes here are lost with the next one\n", MARK,
		 (unsigned long long)s->serial);
	if (ins_default(s))
		str_addf(b, "set default='%s'\n", ins_default(s));
	for (size_t i = 0; i < s->kernels.n; i++)
		add_grub_entry(p, b, &s->kernels.v[i]);
}

/* extlinux. */

static void extlinux_text(const struct ins_place *p, const struct ins_state *s, struct str *b)
{
	str_addf(b, "%s%llu: changes here are lost with the next one\n", MARK,
		 (unsigned long long)s->serial);
	if (ins_default(s))
		str_addf(b, "DEFAULT %s\n", ins_default(s));
	for (size_t i = 0; i < s->kernels.n; i++) {
		const struct ins_kernel *k = &s->kernels.v[i];
		auto_str struct str options = { 0 };
		auto_free char *image = ins_loader_path(p, k->image);
		auto_free char *initrd = k->initrd ? ins_loader_path(p, k->initrd) : NULL;

		ins_loader_options(k, &options);
		str_addf(b, "\nLABEL %s\n\tMENU LABEL Linux %s (kiln)\n\tLINUX %s\n", k->id,
			 k->release, image);
		if (initrd)
			str_addf(b, "\tINITRD %s\n", initrd);
		if (options.n)
			str_addf(b, "\tAPPEND %s\n", options.s);
	}
}

/* Boot Loader Specification. */

/* Of "6.18.0-rc1" the specification's order would make something behind 6.18.0; '~' is in front of the end. */
static void add_bls_version(struct str *b, const char *release)
{
	const char *rc = strstr(release, "-rc");

	str_addf(b, "version    %.*s%s%s\n", (int)(rc ? rc - release : (ptrdiff_t)strlen(release)),
		 release, rc ? "~" : "", rc ? rc + 1 : "");
}

static const char *efi_arch(const char *arch)
{
	static const char *const names[][2] = { { "x86_64", "x64" },
						{ "i386", "ia32" },
						{ "arm64", "aa64" },
						{ "arm", "arm" },
						{ "riscv", "riscv64" } };

	for (size_t i = 0; i < countof(names); i++)
		if (str_eq(names[i][0], arch))
			return names[i][1];
	return NULL;
}

static void add_machine_id(const struct ins_place *p, struct str *b)
{
	auto_free char *path = path_join(p->root, "etc/machine-id");
	auto_str struct str id = { 0 };

	if (file_read(AT_FDCWD, path, 64, &id, NULL) == 0 &&
	    strspn(str_c(&id), "0123456789abcdef") == 32)
		str_addf(b, "machine-id %.32s\n", id.s);
}

void ins_loader_entry(const struct ins_place *p, const struct ins_kernel *k, struct str *b)
{
	auto_str struct str options = { 0 };
	const char *arch = efi_arch(k->arch);
	auto_free char *image = ins_loader_path(p, k->image);
	auto_free char *initrd = k->initrd ? ins_loader_path(p, k->initrd) : NULL;

	str_addf(b, "title      Linux %s (kiln)\n", k->release);
	add_bls_version(b, k->release);
	add_machine_id(p, b);
	str_adds(b, "sort-key   kiln\n");
	if (arch)
		str_addf(b, "architecture %s\n", arch);
	str_addf(b, "linux      %s\n", image);
	if (initrd)
		str_addf(b, "initrd     %s\n", initrd);
	ins_loader_options(k, &options);
	if (options.n)
		str_addf(b, "options    %s\n", options.s);
}

/* The value of a line "default X", or NULL. */
static const char *default_of(const char *line, size_t n, size_t *ret_n)
{
	const char *p = line + strspn(line, " \t");

	if (!str_skip(&p, "default") || (*p != ' ' && *p != '\t'))
		return NULL;
	p += strspn(p, " \t");
	if (p > line + n)
		return NULL;
	*ret_n = (size_t)(line + n - p);
	while (*ret_n && strchr(" \t\r", p[*ret_n - 1]))
		--*ret_n;
	return p;
}

/* In front of all, since the first lines are the ones read where a file is cut. */
static void bls_text(const struct ins_state *s, const char *old, struct str *b)
{
	str_addf(b, "%s%llu: the line below is set by it\n", MARK, (unsigned long long)s->serial);
	if (ins_default(s))
		str_addf(b, "default %s.conf\n", ins_default(s));
	else if (s->foreign)
		str_addf(b, "default %s\n", s->foreign);
	for (const char *p = old; *p;) {
		size_t n = strcspn(p, "\n"), value;

		if (!str_starts(p, MARK) && !default_of(p, n, &value))
			str_addf(b, "%.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

char *ins_loader_foreign(const char *text)
{
	char *found = NULL;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n"), value;
		const char *at = default_of(p, n, &value);

		if (at && value && !str_starts(at, "kiln-")) {
			free(found);
			found = xstrndup(at, value);
		}
		p += n + (p[n] == '\n');
	}
	return found;
}

/* All of them. */

void ins_loader_text(const struct ins_place *p, const struct ins_state *s, const char *old,
		     struct str *ret)
{
	if (s->loader == INS_GRUB)
		grub_text(p, s, ret);
	else if (s->loader == INS_EXTLINUX)
		extlinux_text(p, s, ret);
	else if (s->loader == INS_BLS)
		bls_text(s, old, ret);
}

uint64_t ins_loader_serial(const char *text)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");

		if (str_starts(p, MARK))
			return strtoull(p + strlen(MARK), NULL, 10);
		p += n + (p[n] == '\n');
	}
	return 0;
}

static bool mentions(const struct ins_place *p, const char *rel, const char *word)
{
	auto_free char *path = path_join(p->root, rel);
	auto_str struct str text = { 0 };

	return file_read(AT_FDCWD, path, TEXT_MAX, &text, NULL) == 0 && strstr(str_c(&text), word);
}

static void grub_notes(const struct ins_place *p, struct strv *ret)
{
	static const char *const files[] = { "grub.cfg", "custom.cfg" };
	const char *dir = grub_dir(p);

	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *rel = path_join(dir, files[i]);

		if (mentions(p, rel, "kiln.cfg"))
			return;
	}
	if (mentions(p, "etc/grub.cfg", "kiln.cfg"))
		return;
	strv_addf(
		ret,
		"GRUB does not read /%s/kiln.cfg yet; add this line once, at the end of /%s/custom.cfg where grub-mkconfig makes grub.cfg, else of grub.cfg:  source $prefix/kiln.cfg",
		dir, dir);
}

void ins_loader_notes(const struct ins_place *p, enum ins_loader loader, struct strv *ret)
{
	if (loader == INS_GRUB)
		grub_notes(p, ret);
	else if (loader == INS_EXTLINUX && !mentions(p, "boot/extlinux/extlinux.conf", "kiln.conf"))
		strv_add(
			ret,
			"extlinux does not read kiln.conf yet; add this line once to /boot/extlinux/extlinux.conf:  INCLUDE kiln.conf");
	else if (loader == INS_BLS && ins_on_root_fs(p, "boot/loader"))
		strv_add(
			ret,
			"/boot is no file system of its own: systemd-boot reads the EFI system partition alone (GRUB's blscfg reads /boot too)");
	else if (loader == INS_NONE)
		strv_add(ret, "no boot loader is told of it (--loader)");
}
