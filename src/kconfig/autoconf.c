/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the build reads: include/config/auto.conf (make), include/generated/autoconf.h (C), rustc_cfg, auto.conf.cmd
 * (what all of it depends on), and an empty file include/config/NAME touched for each symbol that changed since
 * auto.conf was written last. auto.conf comes last: its time tells make that all is done.
 */
#include "kconfig/conffile.h"
#include "kconfig/confline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static const char *env_or(const struct kc_files *f, const char *name, const char *other)
{
	const char *value = env_get(f->env, name);

	return value ? value : other;
}

static const char *auto_name(const struct kc_files *f)
{
	return env_or(f, "KCONFIG_AUTOCONFIG", "include/config/auto.conf");
}

/* Written beside, then renamed. */
static int publish(const struct kc_files *f, const char *name, const struct str *text,
		   struct err *err)
{
	auto_free char *tmp = xasprintf("%s.tmp", name);
	int r = kc_make_parents(f->dirfd, name);

	if (r < 0)
		return err_code(err, r, "cannot make the folder of '%s'", name);
	if (kc_is_special(f->dirfd, name))
		return kc_write_text(f->dirfd, name, text, err);
	r = kc_write_text(f->dirfd, tmp, text, err);
	if (r < 0)
		return r;
	if (renameat(f->dirfd, tmp, f->dirfd, name) < 0)
		return err_sys(err, "cannot rename '%s' to '%s'", tmp, name);
	return 0;
}

static void add_env(const struct kc_tree *t, const char *target, const char *before,
		    struct str *out)
{
	for (size_t i = 0; i < t->env.n; i++)
		str_addf(out, "%sifneq \"$(%s)\" \"%s\"\n%s: FORCE\nendif\n", before,
			 t->env.v[i].name, t->env.v[i].value, target);
}

/* Newer trees: files in the order of reading, the name of auto.conf in a variable. */
static void add_cmd(const struct kc_tree *t, const char *name, struct str *out)
{
	str_addf(out, "autoconfig := %s\n\ndeps_config := \\\n", name);
	for (size_t i = 0; i < t->files.n; i++)
		str_addf(out, "\t%s \\\n", t->files.v[i]);
	str_adds(out, "\n$(autoconfig): $(deps_config)\n$(deps_config): ;\n");
	add_env(t, "$(autoconfig)", "\n", out);
}

static void add_old_cmd(const struct kc_tree *t, const char *name, struct str *out)
{
	str_adds(out, "deps_config := \\\n");
	for (size_t i = t->files.n; i-- > 0;)
		str_addf(out, "\t%s \\\n", t->files.v[i]);
	str_addf(out, "\n%s: $(deps_config)\n\n", name);
	add_env(t, name, "", out);
	str_adds(out, "\n$(deps_config): ;\n");
}

static int write_cmd(const struct kc_conf *c, const struct kc_files *f, struct err *err)
{
	auto_free char *name = xasprintf("%s.cmd", auto_name(f));
	auto_str struct str text = { 0 };

	if (c->tree->dialect.autoconf_var)
		add_cmd(c->tree, auto_name(f), &text);
	else
		add_old_cmd(c->tree, auto_name(f), &text);
	return publish(f, name, &text, err);
}

struct touching {
	const struct kc_files *f;
	int error;
};

static void touch(void *ctx, const char *name)
{
	struct touching *t = ctx;
	const char *of = auto_name(t->f), *slash = strrchr(of, '/');
	auto_free char *path = xasprintf("%.*s%s", slash ? (int)(slash + 1 - of) : 0, of, name);
	auto_close int fd =
		openat(t->f->dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		t->error = -errno;
}

/* Whether the symbol is other than auto.conf said. */
static bool differs(const struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_value *v = kc_v(c, s);
	bool tri = kc_is_tri(s);

	if (!(v->flags & KC_WRITE))
		return v->flags & KC_AUTO;
	if (!(v->flags & KC_AUTO))
		return !tri || v->tri != KC_N;
	if (tri)
		return v->tri != c->of_auto[s->id].tri;
	return s->type == KC_UNKNOWN || !str_eq(kc_value_text(c, s), c->of_auto[s->id].text);
}

static int touch_changed(struct kc_conf *c, const struct kc_files *f, struct err *err)
{
	struct touching t = { .f = f };
	struct kc_files in = *f;
	unsigned warnings;

	in.gone = touch;
	in.ctx = &t;
	kc_conf_read_file(c, &in, auto_name(f), KC_FROM_AUTO, &warnings);
	t.error = 0; /* what is no more may have had an odd name */
	kc_calc(c, c->tree->modules);
	kc_for_each_sym(c->tree, i, s)
	{
		kc_calc(c, s);
		if (!s->name || s->flags & (KC_NO_WRITE | KC_CHOICE) || !differs(c, s))
			continue;
		touch(&t, s->name);
		if (t.error)
			break;
	}
	return t.error ? err_code(err, t.error, "cannot touch files beside '%s'", auto_name(f)) : 0;
}

static const char *hex_prefix(const struct kc_sym *s, const char *text)
{
	if (s->type != KC_HEX || (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')))
		return "";
	return "0x";
}

static void add_c(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		  struct str *out)
{
	const char *text = kc_value_text(c, s);
	bool tri = kc_is_tri(s);

	if (s->type == KC_UNKNOWN || (tri && *text == 'n'))
		return;
	str_addf(out, "#define %s%s%s ", prefix, s->name, tri && *text == 'm' ? "_MODULE" : "");
	if (tri)
		str_addc(out, '1');
	else if (s->type == KC_STRING)
		kc_add_quoted(out, text);
	else
		str_addf(out, "%s%s", hex_prefix(s, text), text);
	str_addc(out, '\n');
}

static void add_rust(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		     struct str *out)
{
	const char *text = kc_value_text(c, s);
	bool tri = kc_is_tri(s);
	auto_free char *value = NULL;

	if (s->type == KC_UNKNOWN || (tri && *text == 'n'))
		return;
	if (tri)
		str_addf(out, "--cfg=%s%s\n", prefix, s->name);
	value = xasprintf("%s%s", hex_prefix(s, text), text);
	str_addf(out, "--cfg=%s%s=", prefix, s->name);
	kc_add_quoted(out, value);
	str_addc(out, '\n');
}

static void add_make(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		     struct str *out)
{
	kc_add_line(c, prefix, s, KC_LINE_AUTO, out);
}

typedef void line_fn(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		     struct str *out);

static int write_symbols(struct kc_conf *c, const struct kc_files *f, const char *name,
			 line_fn *line, struct str *text, struct err *err)
{
	kc_for_each_sym(c->tree, i, s) if (s->name && kc_v(c, s)->flags & KC_WRITE)
		line(c, f->prefix, s, text);
	return publish(f, name, text, err);
}

static int write_header(struct kc_conf *c, const struct kc_files *f, struct err *err)
{
	auto_str struct str text = { 0 };

	str_adds(&text, "/*\n");
	kc_add_heading(c->tree, " *", &text);
	str_adds(&text, " */\n");
	return write_symbols(c, f, env_or(f, "KCONFIG_AUTOHEADER", "include/generated/autoconf.h"),
			     add_c, &text, err);
}

static int write_rust(struct kc_conf *c, const struct kc_files *f, struct err *err)
{
	auto_str struct str text = { 0 };

	return write_symbols(c, f, env_or(f, "KCONFIG_RUSTCCFG", "include/generated/rustc_cfg"),
			     add_rust, &text, err);
}

static int write_make(struct kc_conf *c, const struct kc_files *f, struct err *err)
{
	auto_str struct str text = { 0 };

	str_adds(&text, "#\n");
	kc_add_heading(c->tree, "#", &text);
	str_adds(&text, "#\n");
	return write_symbols(c, f, auto_name(f), add_make, &text, err);
}

int kc_conf_write_auto(struct kc_conf *c, const struct kc_files *f, bool always, struct err *err)
{
	int r;

	if (!always && faccessat(f->dirfd, auto_name(f), F_OK, 0) == 0)
		return 0;
	r = write_cmd(c, f, err);
	if (r < 0)
		return r;
	kc_for_each_sym(c->tree, i, s) kc_calc(c, s);
	r = touch_changed(c, f, err);
	if (r < 0)
		return r;
	kc_for_each_sym(c->tree, k, s) kc_calc(c, s);
	r = write_header(c, f, err);
	if (r == 0)
		r = write_rust(c, f, err);
	return r < 0 ? r : write_make(c, f, err);
}
