/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be checked is read once, so that it may come through a pipe. */
#include "cmd/check_subject.h"

#include "base/file.h"
#include "kconfig/env.h"
#include "kernel/resolve.h"
#include "kernel/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#define MAX_CONFIG (16 << 20)

void check_subject_release(struct check_subject *s)
{
	dotconfig_release(&s->config);
	str_release(&s->text);
	config_start_release(&s->start);
	free(s->name);
	free(s->version);
	free(s->arch);
	if (s->with_tree)
		config_tree_release(&s->tree);
	*s = (struct check_subject){ 0 };
}

/* The comment at the top: "# Linux/x86 6.1.0 Kernel Configuration". */
static void read_header(struct check_subject *s)
{
	const char *text = str_c(&s->start.text), *p = strstr(text, "# Linux/"), *version;
	size_t n;

	if (!p || (p != text && p[-1] != '\n'))
		return;
	p += strlen("# Linux/");
	n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");
	version = p[n] == ' ' ? p + n + 1 : "";
	if (!n || *version < '0' || *version > '9')
		return;
	s->arch = xstrndup(p, n);
	s->version = xstrndup(version, strcspn(version, " \n"));
}

/* Both halves of x86 may call themselves so; UML's configurations speak of them and are of neither. */
static void refine_arch(struct check_subject *s)
{
	static const char *const halves[][2] = { { "X86_64", "x86_64" }, { "X86_32", "i386" } };

	if (s->arch && !str_eq(kc_srcarch(s->arch), "x86"))
		return;
	for (size_t i = 0; i < countof(halves); i++) {
		if (!str_eq(dotconfig_get(&s->config, halves[i][0]), "y"))
			continue;
		free(s->arch);
		s->arch = xstrdup(halves[i][1]);
		s->srcarch = "x86";
	}
}

static int sets_nothing(const struct check_subject *s, struct err *err)
{
	err_set(err, -EINVAL, "'%s' is no kernel configuration: it sets nothing", s->name);
	return err_hint(err, -EINVAL, "--config names a .config, --kernel a kernel");
}

static bool sets_something(const struct str *text)
{
	struct dotconfig c = { 0 };
	bool found;

	dotconfig_parse(&c, str_c(text), text->n);
	found = c.value.n;
	dotconfig_release(&c);
	return found;
}

static int read_kernel(struct check_subject *s, const struct check_spec *spec, struct err *err)
{
	struct krn k = { 0 };
	int r = krn_resolve(spec->kernel, "/", KRN_ARCH_UNKNOWN, NULL, &k, err);

	if (r < 0)
		return r;
	s->name = xstrdup(k.spec);
	r = krn_config(&k, &s->start.text, err);
	krn_release(&k);
	return r;
}

/* Puts what the compressed bytes of base hold into their place. */
static int unpack(struct check_subject *s, enum krn_comp comp, struct err *err)
{
	auto_close int fd = memfd_create("config", MFD_CLOEXEC);
	const struct krn_packed in = {
		.fd = fd, .size = s->start.text.n, .comp = comp, .max = MAX_CONFIG
	};
	int r = fd < 0 ? -errno : write_all(fd, s->start.text.s, s->start.text.n);

	if (r < 0)
		return err_code(err, r, "cannot keep '%s' in memory", s->name);
	str_release(&s->start.text);
	r = krn_unpack_str(&in, &s->start.text, err);
	return r < 0 ? err_wrap(err, r, "'%s'", s->name) : 0;
}

/* A file, which may be compressed, as /proc/config.gz is. */
static int read_file(struct check_subject *s, struct err *err)
{
	int r = file_read(AT_FDCWD, s->name, MAX_CONFIG, &s->start.text, err);
	enum krn_comp comp;

	s->is_file = true;
	if (r < 0)
		return r;
	comp = krn_comp_of((const uint8_t *)str_c(&s->start.text), s->start.text.n);
	return comp == KRN_COMP_NONE ? 0 : unpack(s, comp, err);
}

static int other_arch(const struct check_subject *s, const char *asked, struct err *err)
{
	err_set(err, -EINVAL, "'%s' is a configuration for %s, not for %s", s->name, s->arch,
		asked);
	return err_hint(err, -EINVAL,
			"check it with --arch %s, and without ARCH in the environment", s->arch);
}

static int no_config(const struct check_spec *spec, struct err *err)
{
	err_set(err, -ENOENT, "there is no .config in '%s'",
		spec->config.tree ? spec->config.tree : ".");
	return err_hint(err, -ENOENT,
			"--config FILE checks any configuration, --kernel KERNEL that of a kernel");
}

/* As the engine of that tree understands it. */
static int take_made(struct check_subject *s, struct err *err)
{
	cleanup(config_made_release) struct config_made made = { 0 };
	const struct kc_wishes none = { 0 };
	int r = check_subject_make(s, &none, &made, err);

	if (r < 0)
		return r;
	s->text = made.text;
	made.text = (struct str){ 0 };
	free(s->version);
	free(s->arch);
	s->version = s->tree.version ? xstrdup(s->tree.version) : NULL;
	s->arch = xstrdup(s->tree.arch);
	s->srcarch = s->tree.srcarch;
	return 0;
}

/* The tree's .config, or a file; what is no file may be a name that the tree knows (defconfig). */
static int read_tree(struct check_subject *s, const struct check_spec *spec, struct out *out,
		     struct err *err)
{
	struct config_opts o = spec->config;
	const char *env = getenv("ARCH");
	int r = 0;

	s->name = config_base(&o, spec->file);
	if (!s->name)
		return no_config(spec, err);
	if (access(s->name, F_OK) == 0)
		r = read_file(s, err);
	if (r < 0)
		return r;
	read_header(s);
	if (!o.arch && !(env && *env))
		o.arch = s->arch;
	r = config_tree_open(&s->tree, &o, out, err);
	s->with_tree = true;
	if (r < 0)
		return r;
	if (s->is_file && !sets_something(&s->start.text))
		return sets_nothing(s, err);
	if (s->arch && !str_eq(kc_srcarch(s->arch), s->tree.srcarch))
		return other_arch(s, s->tree.arch, err);
	config_start_take(&s->tree, &s->start);
	return take_made(s, err);
}

/* Without a tree the architecture may be said where the configuration does not. */
static int take_plain(struct check_subject *s, const char *arch, struct err *err)
{
	str_add(&s->text, str_c(&s->start.text), s->start.text.n);
	if (!sets_something(&s->text))
		return sets_nothing(s, err);
	read_header(s);
	if (!arch)
		return 0;
	if (s->arch && !str_eq(kc_srcarch(s->arch), kc_srcarch(arch)))
		return other_arch(s, arch, err);
	free(s->arch);
	s->arch = xstrdup(arch);
	s->srcarch = kc_srcarch(s->arch);
	return 0;
}

int check_subject_read(struct check_subject *s, const struct check_spec *spec, struct out *out,
		       struct err *err)
{
	const bool plain = spec->kernel || (spec->file && !spec->config.tree);
	int r;

	*s = (struct check_subject){ 0 };
	if (spec->kernel) {
		r = read_kernel(s, spec, err);
	} else if (plain) {
		s->name = xstrdup(spec->file);
		r = read_file(s, err);
	} else {
		r = read_tree(s, spec, out, err);
	}
	if (r == 0 && plain)
		r = take_plain(s, spec->config.arch, err);
	if (r < 0)
		return r;
	dotconfig_parse(&s->config, str_c(&s->text), s->text.n);
	refine_arch(s);
	return 0;
}

int check_subject_make(const struct check_subject *s, const struct kc_wishes *wishes,
		       struct config_made *ret, struct err *err)
{
	if (!s->is_file)
		return config_make(&s->tree, s->name, wishes, ret, err);
	config_make_on(&s->tree, &s->start, wishes, ret);
	return 0;
}

bool check_subject_is(const struct check_subject *s, const char *path)
{
	auto_str struct str text = { 0 };
	struct stat st;

	if (s->is_file)
		return file_same(s->name, path);
	/* of a kernel only the text is known */
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       file_read(AT_FDCWD, path, MAX_CONFIG, &text, NULL) == 0 &&
	       text.n == s->start.text.n && s->start.text.n &&
	       !memcmp(text.s, s->start.text.s, text.n);
}
