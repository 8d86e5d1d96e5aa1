/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing .config and defconfigs: scripts/kconfig/confdata.c, conf_write(), conf_write_defconfig(). */
#include "kconfig/conffile.h"

#include "base/file.h"
#include "kconfig/confline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

const char *kc_conf_prefix(char *const *env)
{
	const char *prefix = env_get(env, "CONFIG_");

	return prefix ? prefix : "CONFIG_";
}

void kc_add_quoted(struct str *out, const char *text)
{
	str_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_addc(out, '\\');
		str_addc(out, *text);
	}
	str_addc(out, '"');
}

char *kc_quoted_value(const struct kc_conf *c, const struct kc_sym *s)
{
	struct str out = { 0 };

	if (s->type == KC_STRING)
		kc_add_quoted(&out, kc_value_text(c, s));
	else
		str_adds(&out, kc_value_text(c, s));
	return str_take(&out);
}

char *kc_unquoted(const char *value)
{
	struct str out = { 0 };

	if (*value != '"')
		return NULL;
	for (value++; *value && *value != '"'; value++) {
		if (*value == '\\' && value[1])
			value++;
		str_addc(&out, *value);
	}
	return str_take(&out);
}

static bool is_n(const struct kc_conf *c, const struct kc_sym *s)
{
	return kc_is_tri(s) && kc_tri_of(c, s) == KC_N;
}

void kc_add_line(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		 enum kc_line_style style, struct str *out)
{
	const char *text = kc_value_text(c, s);

	if (s->type == KC_UNKNOWN)
		return;
	if (is_n(c, s) && style != KC_LINE_LIST) {
		if (style == KC_LINE_CONFIG) {
			str_adds(out, "# ");
			str_adds(out, prefix);
			str_adds(out, s->name);
			str_adds(out, " is not set\n");
		}
		return;
	}
	str_adds(out, prefix);
	str_adds(out, s->name);
	str_addc(out, '=');
	if (s->type == KC_STRING && style != KC_LINE_AUTO)
		kc_add_quoted(out, text);
	else
		str_adds(out, text);
	str_addc(out, '\n');
}

void kc_conf_line(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		  struct str *out)
{
	kc_add_line(c, prefix, s, KC_LINE_LIST, out);
}

void kc_add_heading(const struct kc_tree *t, const char *decoration, struct str *out)
{
	str_addf(out, "%s Automatically generated file; DO NOT EDIT.\n%s %s\n", decoration,
		 decoration, t->root->prompt->text);
}

static const char *title(const struct kc_menu *m)
{
	return m->prompt ? m->prompt->text : m->sym ? m->sym->name : NULL;
}

struct writing {
	struct kc_conf *c;
	const char *prefix;
	struct str *out;
	bool blank; /* an empty line is due before the next symbol */
};

static void write_entry(struct writing *w, const struct kc_menu *m)
{
	struct kc_sym *s = m->sym;
	struct kc_value *v;

	if (!s) {
		if (!kc_menu_shown(w->c, m))
			return;
		str_addf(w->out, "\n#\n# %s\n#\n", title(m));
		w->blank = false;
		return;
	}
	v = kc_v(w->c, s);
	if (kc_is_choice(s) || v->flags & KC_WRITTEN)
		return;
	kc_calc(w->c, s);
	if (!(v->flags & KC_WRITE))
		return;
	if (w->blank)
		str_addc(w->out, '\n');
	w->blank = false;
	v->flags |= KC_WRITTEN;
	kc_add_line(w->c, w->prefix, s, KC_LINE_CONFIG, w->out);
}

static void write_end(struct writing *w, const struct kc_menu *m)
{
	if (m->sym || m == w->c->tree->root || !kc_menu_shown(w->c, m) ||
	    m->prompt->type != KC_P_MENU)
		return;
	str_addf(w->out, "# end of %s\n", title(m));
	w->blank = true;
}

void kc_conf_text(struct kc_conf *c, const char *prefix, struct str *out)
{
	struct writing w = { .c = c, .prefix = prefix, .out = out };
	const struct kc_menu *m = c->tree->root->list;

	str_adds(out, "#\n");
	kc_add_heading(c->tree, "#", out);
	str_adds(out, "#\n");
	if (!c->changed)
		kc_invalidate(c);
	while (m) {
		write_entry(&w, m);
		if (m->list) {
			m = m->list;
			continue;
		}
		for (; m; m = m->parent) {
			write_end(&w, m);
			if (m->next)
				break;
		}
		m = m ? m->next : NULL;
	}
	for (uint32_t i = 0; i < c->tree->n_syms; i++)
		c->v[i].flags &= (uint8_t)~KC_WRITTEN;
}

static bool came_otherwise(const struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_value *v = kc_v(c, s);

	if (!kc_has_user(c, s) || s->type == KC_UNKNOWN)
		return false;
	if (kc_is_tri(s))
		return v->user_tri != v->tri;
	return strcmp(v->user_text ? v->user_text : "", kc_value_text(c, s)) != 0;
}

static void add_changed(struct kc_conf *c, const char *prefix, struct kc_sym *s, struct str *out)
{
	struct kc_value *v = kc_v(c, s);

	if (v->flags & KC_WRITTEN)
		return;
	v->flags |= KC_WRITTEN; /* once, however many entries it has */
	kc_calc(c, s);
	if (!came_otherwise(c, s))
		return;
	if (!out->n)
		str_adds(out, "warning: user-provided values changed by Kconfig:\n");
	str_addf(out, "  %s%s: %s -> %s\n", prefix, s->name,
		 kc_is_tri(s)	? kc_tri_text((enum kc_tri)v->user_tri)
		 : v->user_text ? v->user_text
				: "",
		 kc_value_text(c, s));
}

void kc_warn_changed(struct kc_conf *c, const struct kc_files *f)
{
	const char *wanted = env_get(f->env, "KCONFIG_WARN_CHANGED_INPUT");
	const struct kc_menu *root = c->tree->root;
	auto_str struct str text = { 0 };

	if (!c->tree->dialect.warn_changed || !c->say || !wanted || !*wanted)
		return;
	for (const struct kc_menu *m = kc_menu_next(root, root); m; m = kc_menu_next(m, root))
		if (m->sym && !kc_is_choice(m->sym))
			add_changed(c, f->prefix, m->sym, &text);
	for (uint32_t i = 0; i < c->tree->n_syms; i++)
		c->v[i].flags &= (uint8_t)~KC_WRITTEN;
	if (text.n)
		c->say(c->ctx, true, str_c(&text));
}

static bool is_same(int dirfd, const char *name, const struct str *text)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	auto_free char *now = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size != text->n)
		return false;
	now = xmalloc(text->n);
	return read_full(fd, now, text->n) == (ssize_t)text->n && !memcmp(now, text->s, text->n);
}

int kc_make_parents(int dirfd, const char *path)
{
	auto_free char *copy = xstrdup(path);

	for (char *p = copy + 1; *copy && (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdirat(dirfd, copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

int kc_write_text(int dirfd, const char *name, const struct str *text, struct err *err)
{
	auto_close int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int r;

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", name);
	r = write_all(fd, str_c(text), text->n);
	/* NFS and quotas tell of a full disk only here */
	if (close(take_fd(&fd)) < 0 && r == 0)
		r = -errno;
	return r < 0 ? err_code(err, r, "cannot write '%s'", name) : 0;
}

bool kc_is_special(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, 0) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* A new file of another name takes the place of the old one, which becomes NAME.old. */
static int replace(const struct kc_files *f, const char *name, const struct str *text,
		   struct err *err)
{
	auto_free char *tmp = xasprintf("%s.%d.tmp", name, (int)getpid());
	auto_free char *old = xasprintf("%s.old", name);
	int r = kc_write_text(f->dirfd, tmp, text, err);
	bool moved;

	if (r < 0) {
		unlinkat(f->dirfd, tmp, 0);
		return r;
	}
	moved = renameat(f->dirfd, name, f->dirfd, old) == 0;
	if (renameat(f->dirfd, tmp, f->dirfd, name) == 0)
		return 0;
	r = err_sys(err, "cannot rename '%s' to '%s'", tmp, name);
	if (moved)
		renameat(f->dirfd, old, f->dirfd, name);
	unlinkat(f->dirfd, tmp, 0);
	return r;
}

static void message(const struct kc_files *f, const char *what, const char *name)
{
	auto_free char *text = xasprintf("%s %s", what, name);

	if (f->message)
		f->message(f->ctx, text);
}

static int check_name(const struct kc_files *f, const char *name, struct err *err)
{
	struct stat st;
	int r;

	if (!*name)
		return err_set(err, -EINVAL, "config name is empty");
	if (fstatat(f->dirfd, name, &st, 0) == 0 && S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "%s: Is a directory", name);
	r = kc_make_parents(f->dirfd, name);
	return r < 0 ? err_code(err, r, "cannot make the folder of '%s'", name) : 0;
}

int kc_conf_write(struct kc_conf *c, const struct kc_files *f, struct err *err)
{
	const char *name = kc_conf_name(f), *over = env_get(f->env, "KCONFIG_OVERWRITECONFIG");
	auto_str struct str text = { 0 };
	int r = check_name(f, name, err);

	if (r < 0)
		return r;
	kc_conf_text(c, f->prefix, &text);
	kc_warn_changed(c, f);
	if ((over && *over) || kc_is_special(f->dirfd, name)) {
		r = kc_write_text(f->dirfd, name, &text, err);
	} else if (is_same(f->dirfd, name, &text)) {
		message(f, "No change to", name);
		c->changed = false;
		return 0;
	} else {
		r = replace(f, name, &text, err);
	}
	if (r < 0)
		return r;
	message(f, "configuration written to", name);
	c->changed = false;
	return 0;
}

/* A member that is y by default is not worth a line. */
static bool is_default_member(struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_sym *choice;

	if (!s->choice)
		return false;
	choice = s->choice->sym;
	if (kc_choice_default(c, s->choice) != s || kc_tri_of(c, s) != KC_Y)
		return false;
	if (c->tree->dialect.plain_choices)
		return true;
	return !(choice->flags & KC_OPTIONAL) && s->type == KC_BOOL;
}

static void minimal_entry(struct kc_conf *c, const char *prefix, struct kc_sym *s, struct str *out)
{
	struct kc_value *v = kc_v(c, s);

	kc_calc(c, s);
	if (!(v->flags & KC_WRITE))
		return;
	v->flags &= (uint8_t)~KC_WRITE;
	if (!kc_changeable(c, s))
		return;
	if (!strcmp(kc_value_text(c, s), kc_default_text(c, s)) || is_default_member(c, s))
		return;
	kc_add_line(c, prefix, s, KC_LINE_CONFIG, out);
}

void kc_conf_minimal(struct kc_conf *c, const char *prefix, struct str *out)
{
	const struct kc_menu *root = c->tree->root;

	kc_invalidate(c);
	for (const struct kc_menu *m = kc_menu_next(root, root); m; m = kc_menu_next(m, root)) {
		if (m->sym && !kc_is_choice(m->sym))
			minimal_entry(c, prefix, m->sym, out);
		else if (!m->sym && !c->tree->dialect.plain_choices)
			kc_menu_shown(c, m);
	}
}
