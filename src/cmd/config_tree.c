/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees, bases and parts for the verbs of `kiln config`. */
#include "cmd/config_tree.h"

#include "base/file.h"
#include "base/path.h"
#include "kconfig/confline.h"
#include "kconfig/env.h"
#include "kconfig/explain.h"
#include "kconfig/made.h"
#include "kconfig/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/utsname.h>

extern char **environ;

static void say(void *ctx, bool err, const char *line)
{
	struct str *said = ctx;

	str_adds(said, line);
}

static int read_tree(struct config_tree *t, const struct config_opts *o, struct err *err)
{
	struct kc_dialect dialect = kc_dialect_newest;
	auto_close int scripts =
		openat(t->dirfd, "scripts/kconfig", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kc_probe *probe = kc_probe_new(t->dirfd, t->env.v, !o->no_cache, o->elsewhere);
	auto_str struct str said = { 0 };
	const struct kc_parse spec = {
		.dirfd = t->dirfd,
		.env = t->env.v,
		.dialect = &dialect,
		.say = say,
		.ctx = &said,
	};
	int r;

	if (scripts >= 0)
		kc_dialect_read(scripts, &dialect);
	r = kc_probe_parse(probe, &spec, "Kconfig", &t->tree);
	kc_probe_free(probe);
	if (r < 0) {
		err_set(err, r, "the Kconfig files of '%s' for %s cannot be read",
			o->tree ? o->tree : ".", t->arch);
		return err_hint(err, r, "%s",
				said.n ? str_c(&said)
				       : "the commands in them could not be started");
	}
	if (said.n)
		out_detail(t->out, "%s", str_c(&said));
	return 0;
}

/* The first, and what of the second has other names. */
static void join_env(char *const *first, char *const *second, struct strv *ret)
{
	strv_extend(ret, first);
	for (char *const *e = second; *e; e++) {
		auto_free char *name = xstrndup(*e, strcspn(*e, "="));

		if (!env_get(first, name))
			strv_add(ret, *e);
	}
}

/* What would fail in Kconfig's words, deep in its files. */
static int check_arch(const struct config_tree *t, const char *dir, struct err *err)
{
	auto_free char *path = path_join("arch", t->srcarch);
	auto_strv struct strv names = { 0 };
	const char *near;

	if (faccessat(t->dirfd, path, F_OK, 0) == 0 ||
	    file_names(t->dirfd, "arch", &names, NULL) < 0)
		return 0;
	near = str_nearest(t->arch, (const char *const *)names.v, names.n);
	err_set(err, -EINVAL, "the tree '%s' is not for %s: it has no %s", dir, t->arch, path);
	return near ? err_hint(err, -EINVAL, "did you mean '%s'?", near) : -EINVAL;
}

int config_tree_open(struct config_tree *t, const struct config_opts *o, struct out *out,
		     struct err *err)
{
	const char *dir = o->tree ? o->tree : ".";
	struct kc_env_spec spec = { .arch = o->arch,
				    .cross = o->cross,
				    .remember = !o->no_cache,
				    .elsewhere = o->elsewhere };
	auto_strv struct strv env = { 0 };
	int r;

	*t = (struct config_tree){ .out = out,
				   .lines_of = o->lines_of ?: "the command line",
				   .line = o->line ?: 1 };
	/* configurations come and go, two megabytes each: their pages need not */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 128 << 20);
	t->dirfd = spec.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dirfd < 0)
		return err_sys(err, "cannot open the tree '%s'", dir);
	join_env(o->env, o->outer ?: environ, &env);
	spec.env = env.v;
	r = kc_env_make(&spec, &t->env, err);
	if (r < 0) {
		err_wrap(err, r, "'%s'", dir);
		return r == -ENOENT ? err_hint(err, r, "--tree names a kernel's source folder") : r;
	}
	t->version = env_get(t->env.v, "KERNELVERSION");
	t->arch = env_get(t->env.v, "ARCH");
	t->srcarch = env_get(t->env.v, "SRCARCH");
	r = check_arch(t, dir, err);
	return r < 0 ? r : read_tree(t, o, err);
}

void config_tree_release(struct config_tree *t)
{
	kc_tree_free(t->tree);
	close_fd(t->dirfd);
	strv_release(&t->env);
}

struct kc_files config_files(const struct config_tree *t)
{
	return (struct kc_files){ .dirfd = t->dirfd, .env = t->env.v, .prefix = "CONFIG_" };
}

static const struct fill {
	const char *name;
	enum kc_fill fill;
} fills[] = {
	{ "allnoconfig", KC_FILL_NO },
	{ "allyesconfig", KC_FILL_YES },
	{ "allmodconfig", KC_FILL_MOD },
	{ "alldefconfig", KC_FILL_DEFAULT },
};

/* Adds a file of the tree; true if it is there. */
static bool add_tree_file(const struct config_tree *t, const char *path, struct str *to)
{
	auto_str struct str text = { 0 };

	if (file_read(t->dirfd, path, KC_MAX_CONFIG, &text, NULL) < 0)
		return false;
	str_add(to, str_c(&text), text.n);
	str_addc(to, '\n');
	return true;
}

static bool add_arch_file(const struct config_tree *t, const char *name, struct str *to)
{
	auto_free char *path = xasprintf("arch/%s/configs/%s", t->srcarch, name);

	return add_tree_file(t, path, to);
}

/* make tinyconfig: allnoconfig on tiny-base.config, and tiny.config of the kernel and the architecture. */
static int read_tiny(const struct config_tree *t, struct config_start *ret, struct err *err)
{
	/* trees before 6.8 keep all of it in tiny.config, and allnoconfig unseeded */
	add_tree_file(t, "kernel/configs/tiny-base.config", &ret->seed);
	ret->seeded = true;
	if (!add_tree_file(t, "kernel/configs/tiny.config", &ret->text))
		return err_set(err, -ENOENT, "this tree has no kernel/configs/tiny.config");
	add_arch_file(t, "tiny.config", &ret->text);
	return 0;
}

static void take_seed(const struct config_tree *t, struct config_start *s)
{
	const struct kc_files files = config_files(t);
	struct kc_conf *c = kc_conf_new(t->tree, NULL, NULL);
	struct str text = { 0 };

	kc_conf_read_text(c, &files, &s->seed, "tiny-base.config");
	kc_fill(c, KC_FILL_NO, NULL);
	kc_conf_text(c, "CONFIG_", &text);
	kc_conf_free(c);
	str_add(&text, str_c(&s->text), s->text.n);
	str_release(&s->text);
	s->text = text;
	s->seeded = false;
}

static int no_base(const struct config_tree *t, const char *base, struct err *err)
{
	err_set(err, -ENOENT, "there is no base '%s'", base);
	return err_hint(err, -ENOENT,
			"a file, a name from arch/%s/configs, defconfig, tinyconfig, allnoconfig, "
			"allyesconfig, allmodconfig or alldefconfig",
			t->srcarch);
}

/* ARCH=x86 is this machine's half of it, as in arch/x86/Makefile. */
static const char *defconfig_arch(const struct config_tree *t)
{
	static struct utsname host;

	if (!str_eq(t->arch, "x86") || uname(&host) < 0)
		return t->arch;
	return str_eq(host.machine, "x86_64") ? host.machine : "i386";
}

/* Lines that are neither empty nor comments, and none of them about a symbol. */
static bool is_other_text(const char *text)
{
	if (strstr(text, "CONFIG_") || getenv("CONFIG_"))
		return false;
	for (; *text; text += strcspn(text, "\n")) {
		text += strspn(text, " \t\r\n");
		if (*text && *text != '#')
			return true;
	}
	return false;
}

int config_read(const char *path, struct str *to, struct err *err)
{
	int r = file_read(AT_FDCWD, path, KC_MAX_CONFIG, to, err);

	if (r < 0)
		return r;
	if (memchr(str_c(to), '\0', to->n) || str_starts(str_c(to), "\x1f\x8b")) {
		r = err_set(err, -EINVAL, "'%s' is no configuration: it is no text", path);
		return err_hint(err, r, "unpack a compressed one first: zcat %s >FILE", path);
	}
	if (is_other_text(str_c(to)))
		return err_set(err, -EINVAL,
			       "'%s' is no configuration: no line begins with CONFIG_", path);
	return 0;
}

/*
 * The defconfig that make takes where it is not called after the architecture: "KBUILD_DEFCONFIG := NAME" in its Makefile,
 * if there is but one. False: there is none, or make's conditions choose.
 */
static bool add_named_defconfig(const struct config_tree *t, struct str *to)
{
	static const char word[] = "KBUILD_DEFCONFIG";
	auto_free char *path = xasprintf("arch/%s/Makefile", t->srcarch), *name = NULL;
	auto_str struct str text = { 0 };
	size_t found = 0;

	if (file_read(t->dirfd, path, KC_MAX_CONFIG, &text, NULL) < 0)
		return false;
	for (const char *p = str_c(&text); (p = strstr(p, word)); found++) {
		p += strlen(word);
		p += strspn(p, " \t:?");
		if (*p != '=')
			return false;
		p += 1 + strspn(p + 1, " \t");
		free(name);
		name = xstrndup(p, strcspn(p, " \t\r\n#"));
	}
	return found == 1 && add_arch_file(t, name, to);
}

static bool add_defconfig(const struct config_tree *t, struct str *to)
{
	auto_free char *by_arch = xasprintf("%s_defconfig", defconfig_arch(t));

	return add_arch_file(t, "defconfig", to) || add_arch_file(t, by_arch, to) ||
	       add_named_defconfig(t, to);
}

static int read_start(const struct config_tree *t, const char *base, struct config_start *ret,
		      struct err *err)
{
	for (size_t i = 0; base && i < countof(fills); i++) {
		if (str_eq(base, fills[i].name)) {
			ret->fill = fills[i].fill;
			return 0;
		}
	}
	if (!base)
		return 0;
	if (str_eq(base, "tinyconfig"))
		return read_tiny(t, ret, err);
	if (str_eq(base, "defconfig") && add_defconfig(t, &ret->text))
		return 0;
	if (!strchr(base, '/') && str_ends(base, "_defconfig") &&
	    add_arch_file(t, base, &ret->text))
		return 0;
	if (access(base, F_OK) < 0)
		return no_base(t, base, err);
	return config_read(base, &ret->text, err);
}

int config_start_text(const struct config_tree *t, const char *base, struct config_start *ret,
		      struct err *err)
{
	*ret = (struct config_start){ .fill = KC_FILL_DEFAULT };
	return read_start(t, base, ret, err);
}

int config_start_read(const struct config_tree *t, const char *base, struct config_start *ret,
		      struct err *err)
{
	int r = config_start_text(t, base, ret, err);

	if (r == 0)
		config_start_take(t, ret);
	return r;
}

void config_start_take(const struct config_tree *t, struct config_start *s)
{
	const struct kc_files files = config_files(t);

	if (s->seeded)
		take_seed(t, s);
	if (!s->text.n)
		return;
	s->read = kc_conf_new(t->tree, NULL, NULL);
	kc_conf_read_text(s->read, &files, &s->text, "base");
}

void config_start_release(struct config_start *s)
{
	kc_conf_free(s->read);
	str_release(&s->seed);
	str_release(&s->text);
	*s = (struct config_start){ 0 };
}

void config_made_release(struct config_made *m)
{
	kc_conf_free(m->asked);
	kc_conf_free(m->conf);
	config_start_release(&m->start);
	str_release(&m->text);
	*m = (struct config_made){ 0 };
}

/* ret holds nothing but a start. */
static void make(const struct config_tree *t, const struct config_start *start,
		 const struct kc_wishes *wishes, struct config_made *ret)
{
	const struct kc_files files = config_files(t);
	struct kc_made made;

	kc_make(t->tree, &files, start->read, start->fill, wishes, &made);
	ret->conf = made.conf;
	ret->asked = made.asked;
	ret->checked = made.checked;
	ret->text = made.text;
}

void config_make_on(const struct config_tree *t, const struct config_start *start,
		    const struct kc_wishes *wishes, struct config_made *ret)
{
	config_made_release(ret);
	make(t, start, wishes, ret);
}

int config_make(const struct config_tree *t, const char *base, const struct kc_wishes *wishes,
		struct config_made *ret, struct err *err)
{
	int r;

	config_made_release(ret);
	r = config_start_read(t, base, &ret->start, err);
	if (r == 0)
		make(t, &ret->start, wishes, ret);
	return r;
}

char *config_base(const struct config_opts *o, const char *base)
{
	auto_free char *own = path_join(o->tree ? o->tree : ".", ".config");

	if (base)
		return xstrdup(base);
	return access(own, R_OK) == 0 ? xstrdup(own) : NULL;
}

struct kc_sym *config_symbol(const struct config_tree *t, const char *name, struct err *err)
{
	auto_strv struct strv near = { 0 };
	struct kc_sym *s;

	str_skip(&name, "CONFIG_");
	s = kc_sym_find(t->tree, name);
	if (s && s->defs)
		return s;
	err_set(err, -ENOENT, "this tree has no symbol '%s' for %s", name, t->arch);
	kc_near_names(t->tree, name, &near);
	if (near.n)
		err_hint(err, -ENOENT, "did you mean '%s'?", near.v[0]);
	return NULL;
}

int config_wish_arg(const struct config_tree *t, const char *arg, struct kc_wishes *wishes,
		    struct err *err)
{
	const char *eq = strchr(arg, '='), *value = eq ? eq + 1 : "";
	auto_str struct str line = { 0 };
	auto_free char *name = NULL;
	size_t before = wishes->n;
	const struct kc_sym *s;
	int r;

	str_skip(&arg, "CONFIG_");
	name = xstrndup(arg, eq && eq > arg ? (size_t)(eq - arg) : 0);
	s = kc_sym_find(t->tree, name);
	str_addf(&line, "CONFIG_%s=", name);
	if (s && s->type == KC_STRING && *value != '"')
		kc_add_quoted(&line, value);
	else
		str_adds(&line, value);
	r = *name ? kc_part_parse(wishes, &(struct kc_part_spec){ 0 }, line.s, line.n, t->lines_of,
				  err)
		  : -EINVAL;
	if (r == 0 && wishes->n != before + 1)
		r = -EINVAL;
	if (r == 0)
		wishes->v[before].pos.line = t->line;
	if (r < 0) {
		err_set(err, r, "'%s' is not SYMBOL=VALUE", arg);
		err_hint(err, r, "as in NET=y or CONFIG_NR_CPUS=16");
	}
	return r;
}
