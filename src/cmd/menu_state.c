/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is chosen: the text of a part, what it comes to, and what one more line would. */
#include "base/file.h"
#include "cmd/menu.h"
#include "kconfig/part_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PART (16 << 20)
#define MAX_UNDO (64 << 20) /* bytes, of all copies */

static void values_release(struct menu_values *v)
{
	config_made_release(&v->made);
	kc_wishes_release(&v->wishes);
	*v = (struct menu_values){ 0 };
}

/* What places in the part are called. */
static const char *part_name(const struct menu *m)
{
	return m->file ? m->file : "your part";
}

static int read_wishes(const struct menu *m, const struct str *part, struct kc_wishes *ret,
		       struct err *err)
{
	const struct kc_part_spec spec = { m->tree.version, m->tree.arch, m->tree.srcarch };

	return kc_part_parse(ret, &spec, str_c(part), part->n, part_name(m), err);
}

static int make_values(const struct menu *m, const struct str *part, struct menu_values *ret,
		       struct err *err)
{
	struct menu_values v = { 0 };
	int r;

	for (size_t i = 0; i < m->under.n; i++)
		vec_push(&v.wishes, m->under.v[i]);
	r = read_wishes(m, part, &v.wishes, err);
	if (r == 0)
		r = config_make(&m->tree, m->base, &v.wishes, &v.made, err);
	if (r < 0) {
		values_release(&v);
		return r;
	}
	for (uint32_t i = 0; i < m->tree.tree->n_syms; i++)
		kc_calc(v.made.conf, m->tree.tree->by_id[i]);
	*ret = v;
	return 0;
}

/* The file as it is; "" where there is none. */
static int read_file(const char *file, struct str *ret, struct err *err)
{
	struct stat st;

	if (stat(file, &st) < 0 && errno == ENOENT)
		return 0;
	/* a pipe or a terminal would be waited for without end */
	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
		err_set(err, -EINVAL, "'%s' is no regular file", file);
		return err_hint(err, -EINVAL, "a part is read, changed and replaced: name a file");
	}
	return file_read(AT_FDCWD, file, MAX_PART, ret, err);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (str_eq(a, b))
		return true;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static int not_twice(const struct menu *m, const char *other, const char *what, struct err *err)
{
	if (!is_same_file(m->file, other))
		return 0;
	err_set(err, -EINVAL, "'%s' cannot be both %s and what is changed", m->file, what);
	return err_hint(err, -EINVAL, "name another file with -o, or leave '%s' out elsewhere",
			other);
}

static int read_parts(struct menu *m, char **parts, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (m->file)
			r = not_twice(m, parts[i], "below", err);
		if (r == 0)
			r = config_part(&m->tree, parts[i], &m->under, err);
	}
	/* what these include is below, too */
	for (size_t i = 0; i < m->under.n && m->file && r == 0; i++)
		if (!i || m->under.v[i].pos.file != m->under.v[i - 1].pos.file)
			r = not_twice(m, m->under.v[i].pos.file, "below", err);
	return r;
}

int menu_open(struct menu *m, const struct config_opts *o, const char *base, const char *file,
	      char **parts, size_t n, struct out *out, struct err *err)
{
	int r = config_tree_open(&m->tree, o, out, err);

	if (r < 0)
		return r;
	m->base = config_base(o, base);
	m->file = file ? xstrdup(file) : NULL;
	m->at = m->tree.tree->root;
	if (file && m->base)
		r = not_twice(m, m->base, "the base", err);
	if (r == 0)
		r = read_parts(m, parts, n, err);
	if (r == 0 && file)
		r = read_file(file, &m->saved, err);
	if (r < 0)
		return r;
	m->there = file && access(file, F_OK) == 0;
	str_add(&m->part, str_c(&m->saved), m->saved.n);
	r = make_values(m, &m->part, &m->now, err);
	if (r == 0)
		m->finder = kc_finder_new(m->tree.tree);
	return r;
}

void menu_forget_ahead(struct menu *m)
{
	free(m->ahead.value);
	kc_explanation_release(&m->ahead.why);
	strv_release(&m->ahead.others);
	m->ahead = (struct menu_ahead){ 0 };
}

void menu_release(struct menu *m)
{
	menu_forget_ahead(m);
	values_release(&m->now);
	kc_finder_free(m->finder);
	kc_wishes_release(&m->under);
	free(m->base);
	free(m->file);
	free(m->rows.v);
	str_release(&m->part);
	str_release(&m->saved);
	str_release(&m->search);
	str_release(&m->edit);
	str_release(&m->message);
	strv_release(&m->undo);
	config_tree_release(&m->tree);
}

/* The last of the wishes from index first on; own: only in the part itself, not in what it includes. */
static const struct kc_wish *last_wish(const struct menu *m, const struct kc_wishes *w,
				       size_t first, const char *name, bool own)
{
	for (size_t i = w->n; name && i-- > first;)
		if (str_eq(w->v[i].name, name) && (!own || str_eq(w->v[i].pos.file, part_name(m))))
			return &w->v[i];
	return NULL;
}

const struct kc_wish *menu_wish(const struct menu *m, const struct kc_sym *s)
{
	return last_wish(m, &m->now.wishes, m->under.n, s->name, false);
}

/* Takes all lines about a symbol out of the text. */
static int drop_lines(const struct menu *m, struct str *text, const char *name, struct err *err)
{
	struct kc_wishes w = { 0 };
	int r = read_wishes(m, text, &w, err);

	/* from below: numbers of lines above stay */
	for (size_t i = w.n; r == 0 && i-- > 0;)
		if (str_eq(w.v[i].name, name) && str_eq(w.v[i].pos.file, part_name(m)))
			kc_part_drop(text, w.v[i].pos.line);
	kc_wishes_release(&w);
	return r;
}

/* Whether a line before, of another part or an included one, asks for something else. */
static bool contradicts(const struct menu *m, const char *name, const char *value)
{
	const struct kc_wish *before = last_wish(m, &m->now.wishes, 0, name, false);

	return before && !str_eq(before->value, value);
}

/* Of a choice one member is y: the others' wishes for it go. */
static int drop_rivals(const struct menu *m, struct str *text, const struct kc_sym *s,
		       struct err *err)
{
	const struct kc_members *all = s->choice->members;
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct kc_wish *w = all->v[i] == s ? NULL : menu_wish(m, all->v[i]);

		if (w && str_eq(w->value, "y"))
			r = drop_lines(m, text, w->name, err);
	}
	return r;
}

/* The text with the change in it. value NULL: without any line about s. */
static int changed_text(const struct menu *m, const struct kc_sym *s, const char *value,
			struct str *ret, struct err *err)
{
	const struct kc_wish *own = last_wish(m, &m->now.wishes, m->under.n, s->name, true);

	str_add(ret, str_c(&m->part), m->part.n);
	if (!value)
		return drop_lines(m, ret, s->name, err);
	kc_part_put(ret, own ? own->pos.line : 0, s->name, value, contradicts(m, s->name, value));
	return kc_is_member(s) && str_eq(value, "y") ? drop_rivals(m, ret, s, err) : 0;
}

/* Makes text the part; keeps both as they were on failure. */
static int take_text(struct menu *m, struct str *text, struct err *err)
{
	struct menu_values v;
	int r = make_values(m, text, &v, err);

	if (r < 0)
		return r;
	values_release(&m->now);
	m->now = v;
	str_release(&m->part);
	m->part = *text;
	*text = (struct str){ 0 };
	menu_forget_ahead(m);
	return 0;
}

static void remember(struct menu *m, char *before)
{
	m->undo_bytes += strlen(before) + 1;
	strv_take(&m->undo, before);
	while (m->undo_bytes > MAX_UNDO && m->undo.n > 1) {
		m->undo_bytes -= strlen(m->undo.v[0]) + 1;
		free(m->undo.v[0]);
		memmove(m->undo.v, m->undo.v + 1, m->undo.n * sizeof(*m->undo.v));
		m->undo.n--;
	}
}

int menu_set(struct menu *m, struct kc_sym *s, const char *value, struct err *err)
{
	auto_free char *before = xstrdup(str_c(&m->part));
	auto_str struct str text = { 0 };
	int r = changed_text(m, s, value, &text, err);

	if (r == 0)
		r = take_text(m, &text, err);
	if (r == 0 && !str_eq(before, str_c(&m->part)))
		remember(m, take_ptr(before));
	return r;
}

bool menu_undo(struct menu *m, struct err *err)
{
	auto_str struct str text = { 0 };

	if (!m->undo.n)
		return false;
	str_adds(&text, m->undo.v[m->undo.n - 1]);
	if (take_text(m, &text, err) < 0)
		return true;
	m->undo_bytes -= strlen(m->undo.v[m->undo.n - 1]) + 1;
	free(m->undo.v[--m->undo.n]);
	m->undo.v[m->undo.n] = NULL;
	return true;
}

static int write_part(struct menu *m, struct err *err)
{
	int r = file_write_out(m->file, str_c(&m->part), m->part.n, err);

	if (r < 0)
		return r;
	str_clear(&m->saved);
	str_add(&m->saved, str_c(&m->part), m->part.n);
	m->there = true;
	return 0;
}

int menu_save(struct menu *m, bool over, struct err *err)
{
	auto_str struct str there = { 0 };
	int r = read_file(m->file, &there, err);

	if (r < 0)
		return r;
	if (!over && !str_eq(str_c(&there), str_c(&m->saved)))
		return err_set(err, -EEXIST, "'%s' was changed by another program", m->file);
	return write_part(m, err);
}

int menu_save_as(struct menu *m, const char *file, struct err *err)
{
	auto_free char *before = NULL;
	struct menu_values v = { 0 };
	struct stat st;
	int r;

	if (str_eq(file, m->file))
		return menu_save(m, false, err);
	if (lstat(file, &st) == 0)
		return err_set(err, -EEXIST, "'%s' is there already", file);
	before = m->file;
	/* places in the part are called by its name, and what it includes is found from there */
	m->file = xstrdup(file);
	r = make_values(m, &m->part, &v, err);
	if (r == 0)
		r = write_part(m, err);
	if (r < 0) {
		values_release(&v);
		free(m->file);
		m->file = take_ptr(before);
		return r;
	}
	values_release(&m->now);
	m->now = v;
	menu_forget_ahead(m);
	return 0;
}

const char *menu_next_value(const struct menu *m, const struct kc_sym *s)
{
	const struct kc_wish *w = menu_wish(m, s);
	const char *now = w ? w->value : kc_value_text(m->now.made.conf, s);

	if (!kc_is_tri(s))
		return NULL;
	if (str_eq(now, "y"))
		return kc_is_member(s) ? "y" : "n";
	return str_eq(now, "n") && kc_type_now(m->now.made.conf, s) == KC_TRISTATE ? "m" : "y";
}

static void compare(struct menu *m, const struct menu_values *v)
{
	const struct kc_tree *t = m->tree.tree;

	for (uint32_t i = 0; i < t->n_syms; i++) {
		const struct kc_sym *s = t->by_id[i];
		const char *was, *is;

		if (!s->name || s == m->ahead.sym || kc_is_choice(s) || !s->defs)
			continue;
		was = kc_value_text(m->now.made.conf, s);
		is = kc_value_text(v->made.conf, s);
		if (!str_eq(was, is))
			strv_addf(&m->ahead.others, "%s %s -> %s", s->name, *was ? was : "\"\"",
				  *is ? is : "\"\"");
	}
}

int menu_look_ahead(struct menu *m, struct kc_sym *s, const char *value, struct err *err)
{
	auto_str struct str text = { 0 };
	struct menu_values v = { 0 };
	const struct kc_wish *w;
	int r = changed_text(m, s, value, &text, err);

	menu_forget_ahead(m);
	if (r == 0)
		r = make_values(m, &text, &v, err);
	if (r < 0)
		return r;
	w = last_wish(m, &v.wishes, m->under.n, s->name, false);
	if (!w) {
		values_release(&v);
		return err_set(err, -EINVAL, "no line of a part can say %s=%s", s->name, value);
	}
	m->ahead.sym = s;
	m->ahead.value = xstrdup(value);
	kc_explain(v.made.conf, w, &v.wishes, &m->ahead.why);
	m->ahead.holds = m->ahead.why.reason == KC_HOLDS;
	compare(m, &v);
	values_release(&v);
	return 0;
}

bool menu_row_shown(struct menu *m, const struct menu_row *row)
{
	if (!row->sym)
		return kc_menu_shown(m->now.made.conf, row->menu);
	return kc_v(m->now.made.conf, row->sym)->visible != KC_N;
}

bool menu_wish_fails(struct menu *m, const struct kc_sym *s, struct kc_explanation *why)
{
	const struct kc_wish *w = menu_wish(m, s);
	struct kc_explanation e;
	bool fails;

	if (!w)
		return false;
	kc_explain(m->now.made.conf, w, &m->now.wishes, &e);
	fails = e.reason != KC_HOLDS;
	if (why && fails)
		*why = e;
	else
		kc_explanation_release(&e);
	return fails;
}

size_t menu_failures(struct menu *m)
{
	size_t n = 0;

	for (size_t i = m->under.n; i < m->now.wishes.n; i++) {
		struct kc_explanation e;

		kc_explain(m->now.made.conf, &m->now.wishes.v[i], &m->now.wishes, &e);
		n += e.reason != KC_HOLDS && e.reason != KC_LATER_LINE;
		kc_explanation_release(&e);
	}
	return n;
}
