/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is chosen: the text of a part, what it comes to, and what one more line would. */
#include "base/file.h"
#include "cmd/menu.h"
#include "kconfig/origin.h"
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

static int all_wishes(const struct menu *m, const struct str *text, struct kc_wishes *ret,
		      struct err *err);

static int make_values(const struct menu *m, const struct str *part, struct menu_values *ret,
		       struct err *err)
{
	struct menu_values v = { 0 };
	int r = all_wishes(m, part, &v.wishes, err);

	if (r < 0) {
		values_release(&v);
		return r;
	}
	config_make_on(&m->tree, &m->start, &v.wishes, &v.made);
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

static int not_twice(const struct menu *m, const char *other, const char *what, struct err *err)
{
	if (!str_eq(m->file, other) && !file_same(m->file, other))
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

static int look_under(struct menu *m, struct err *err);

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
		r = config_start_read(&m->tree, m->base, &m->start, err);
	if (r == 0)
		r = read_parts(m, parts, n, err);
	if (r == 0 && file)
		r = read_file(file, &m->saved, err);
	if (r < 0)
		return r;
	m->there = file && access(file, F_OK) == 0;
	str_add(&m->part, str_c(&m->saved), m->saved.n);
	r = look_under(m, err);
	if (r == 0)
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
	strv_release(&m->ahead.broken);
	m->ahead = (struct menu_ahead){ 0 };
}

void menu_release(struct menu *m)
{
	menu_forget_ahead(m);
	values_release(&m->now);
	config_start_release(&m->start);
	kc_finder_free(m->finder);
	kc_wishes_release(&m->under);
	free(m->base);
	free(m->file);
	free(m->held);
	free(m->rows.v);
	str_release(&m->part);
	str_release(&m->saved);
	str_release(&m->search);
	str_release(&m->edit);
	str_release(&m->message);
	strv_release(&m->undo);
	config_tree_release(&m->tree);
}

/* Whether a wish stands in the part itself, not in what it includes. */
static bool is_own(const struct menu *m, const struct kc_wish *w)
{
	return str_eq(w->pos.file, part_name(m));
}

const struct kc_wish *menu_asked(const struct menu *m, const struct kc_sym *s)
{
	return s->name ? kc_last_wish(&m->now.wishes, s->name) : NULL;
}

const struct kc_wish *menu_wish(const struct menu *m, const struct kc_sym *s)
{
	const struct kc_wish *w = menu_asked(m, s);

	return w && w >= m->now.wishes.v + m->under.n ? w : NULL;
}

/* What a text of the part asks for, behind the other parts. */
static int all_wishes(const struct menu *m, const struct str *text, struct kc_wishes *ret,
		      struct err *err)
{
	int r;

	for (size_t i = 0; i < m->under.n; i++)
		vec_push(ret, m->under.v[i]);
	r = read_wishes(m, text, ret, err);
	if (r < 0)
		kc_wishes_release(ret);
	return r;
}

/* Takes all lines about a symbol out of the text. */
static int drop_lines(const struct menu *m, struct str *text, const char *name, struct err *err)
{
	struct kc_wishes w = { 0 };
	int r = read_wishes(m, text, &w, err);

	/* from below: numbers of lines above stay */
	for (size_t i = w.n; r == 0 && i-- > 0;)
		if (str_eq(w.v[i].name, name) && is_own(m, &w.v[i]))
			kc_part_drop(text, w.v[i].pos.line);
	kc_wishes_release(&w);
	return r;
}

/* The last two lines about a symbol; NULL: there are none. */
static void last_two(const struct kc_wishes *w, const char *name, const struct kc_wish *ret[2])
{
	size_t n = 0;

	ret[0] = ret[1] = NULL;
	for (size_t i = w->n; i-- > 0 && n < 2;)
		if (str_eq(w->v[i].name, name))
			ret[n++] = &w->v[i];
}

/* The line of the part about a symbol says another value, or a new one does. */
static int put_line(const struct menu *m, struct str *text, const char *name, const char *value,
		    struct err *err)
{
	struct kc_wishes w = { 0 };
	const struct kc_wish *last[2], *own, *before;
	int r = all_wishes(m, text, &w, err);

	if (r < 0)
		return r;
	last_two(&w, name, last);
	own = last[0] && last[0] >= w.v + m->under.n && is_own(m, last[0]) ? last[0] : NULL;
	before = own ? last[1] : last[0];
	/* a line in front of an included part that says otherwise would be without effect */
	if (!own)
		r = drop_lines(m, text, name, err);
	if (r == 0)
		kc_part_put(text, own ? own->pos.line : 0, name, value,
			    before && !str_eq(before->value, value) && !(own && own->override));
	kc_wishes_release(&w);
	return r;
}

/*
 * Of a choice one member is y. For another one that is asked for, the part's own lines go; where an other part asks for
 * it, the part says that it is not to be.
 */
static int drop_rival(const struct menu *m, struct str *text, const char *name, struct err *err)
{
	struct kc_wishes w = { 0 };
	int r = drop_lines(m, text, name, err);
	const struct kc_wish *left;

	if (r == 0)
		r = all_wishes(m, text, &w, err);
	if (r < 0)
		return r;
	left = kc_last_wish(&w, name);
	if (left && str_eq(left->value, "y"))
		r = put_line(m, text, name, "n", err);
	kc_wishes_release(&w);
	return r;
}

/* What drop_rival() said goes with the choice that it was for. */
static int restore_rival(const struct menu *m, struct str *text, const char *name, struct err *err)
{
	const struct kc_wish *last[2];

	last_two(&m->now.wishes, name, last);
	if (!last[1] || !last[0]->override || !str_eq(last[0]->value, "n") ||
	    !str_eq(last[1]->value, "y"))
		return 0;
	return drop_lines(m, text, name, err);
}

/* value NULL: s is taken back. */
static int put_rivals(const struct menu *m, struct str *text, const struct kc_sym *s,
		      const char *value, struct err *err)
{
	const struct kc_members *all = s->choice->members;
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct kc_wish *w = all->v[i] == s ? NULL : menu_asked(m, all->v[i]);

		if (!w)
			continue;
		if (!value)
			r = restore_rival(m, text, w->name, err);
		else if (str_eq(w->value, "y"))
			r = drop_rival(m, text, w->name, err);
	}
	return r;
}

/* The text with the change in it. value NULL: without any line about s. */
static int changed_text(const struct menu *m, const struct kc_sym *s, const char *value,
			struct str *ret, struct err *err)
{
	const struct kc_wish *was = menu_wish(m, s);
	bool rivals = kc_is_member(s) && s->choice &&
		      (value ? str_eq(value, "y") : was && str_eq(was->value, "y"));
	int r;

	str_add(ret, str_c(&m->part), m->part.n);
	r = value ? put_line(m, ret, s->name, value, err) : drop_lines(m, ret, s->name, err);
	return r == 0 && rivals ? put_rivals(m, ret, s, value, err) : r;
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

/*
 * Whether line i of the other parts, which held without the user's part, does not hold in v. One that a later line
 * overrides need not.
 */
static bool is_broken(const struct menu *m, const struct menu_values *v, size_t i)
{
	const struct kc_wish *w = &v->wishes.v[i];

	return m->held[i] && !w->optional && !kc_holds(v->made.conf, w) &&
	       str_eq(kc_last_wish(&v->wishes, w->name)->value, w->value);
}

static void list_broken(struct menu *m, const struct menu_values *v)
{
	for (size_t i = 0; i < m->under.n; i++) {
		const struct kc_wish *w = &m->under.v[i];

		if (is_broken(m, v, i) && kc_holds(m->now.made.conf, w))
			strv_addf(&m->ahead.broken, "%s=%s (%s:%d)", w->name, w->value, w->pos.file,
				  w->pos.line);
	}
}

size_t menu_broken(const struct menu *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->under.n; i++)
		n += is_broken(m, &m->now, i);
	return n;
}

/* What the other parts' lines come to without the user's. */
static int look_under(struct menu *m, struct err *err)
{
	struct menu_values v = { 0 };
	int r;

	if (!m->under.n)
		return 0;
	r = make_values(m, &(struct str){ 0 }, &v, err);
	if (r < 0)
		return r;
	m->held = xrealloc(NULL, m->under.n, sizeof(*m->held));
	for (size_t i = 0; i < m->under.n; i++)
		m->held[i] = kc_holds(v.made.conf, &m->under.v[i]);
	values_release(&v);
	return 0;
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
	w = kc_last_wish(&v.wishes, s->name);
	if (!w || !str_eq(w->value, value)) {
		values_release(&v);
		return err_set(err, -EINVAL, "no line of a part can say %s=%s", s->name, value);
	}
	m->ahead.sym = s;
	m->ahead.value = xstrdup(value);
	kc_explain(v.made.conf, w, &v.wishes, &m->ahead.why);
	m->ahead.holds = m->ahead.why.reason == KC_HOLDS;
	compare(m, &v);
	list_broken(m, &v);
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
	const struct kc_wish *w = menu_asked(m, s);

	if (!w || kc_holds(m->now.made.conf, w))
		return false;
	if (why)
		kc_explain(m->now.made.conf, w, &m->now.wishes, why);
	return true;
}

size_t menu_failures(struct menu *m)
{
	size_t n = 0;

	for (size_t i = m->under.n; i < m->now.wishes.n; i++) {
		const struct kc_wish *w = &m->now.wishes.v[i];

		n += !kc_holds(m->now.made.conf, w) &&
		     str_eq(kc_last_wish(&m->now.wishes, w->name)->value, w->value);
	}
	return n;
}
