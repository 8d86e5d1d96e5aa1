/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libyaml makes a document of nodes with marks. An alias is a second way to the node it names; what is reached so often
 * that a few lines stand for gigabytes is refused.
 */
#include "base/ynode.h"

#include "base/dl.h"
#include "base/file.h"
#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <yaml.h>

#define MAX_YAML   (4 << 20)
#define MAX_DEPTH  100
#define MAX_VISITS 1000000

DL_FUNC(yaml_parser_initialize);
DL_FUNC(yaml_parser_delete);
DL_FUNC(yaml_parser_set_input_string);
DL_FUNC(yaml_parser_load);
DL_FUNC(yaml_document_delete);
DL_FUNC(yaml_document_get_root_node);

static const struct dl_sym syms[] = {
	DL_SYM(yaml_parser_initialize),	      DL_SYM(yaml_parser_delete),
	DL_SYM(yaml_parser_set_input_string), DL_SYM(yaml_parser_load),
	DL_SYM(yaml_document_delete),	      DL_SYM(yaml_document_get_root_node),
};

struct yn_doc {
	char *name;
	yaml_document_t doc;
};

void yn_free(struct yn_doc *doc)
{
	if (!doc)
		return;
	dl_yaml_document_delete(&doc->doc);
	free(doc->name);
	free(doc);
}

static const yaml_node_t *node_of(struct yn n)
{
	return n.at ? n.doc->doc.nodes.start + n.at - 1 : NULL;
}

static struct yn child(struct yn n, int at)
{
	return (struct yn){ n.doc, at };
}

struct yn yn_root(const struct yn_doc *doc)
{
	const yaml_document_t *d = &doc->doc;

	return (struct yn){ doc, d->nodes.start == d->nodes.top ? 0 : 1 };
}

unsigned yn_line(struct yn n)
{
	const yaml_node_t *node = node_of(n);

	return node ? (unsigned)node->start_mark.line + 1 : 1;
}

bool yn_is_mapping(struct yn n)
{
	const yaml_node_t *node = node_of(n);

	return node && node->type == YAML_MAPPING_NODE;
}

int yn_bad(struct yn n, struct err *err, const char *fmt, ...)
{
	const yaml_node_t *node = node_of(n);
	auto_free char *words = NULL;
	auto_str struct str clean = { 0 };
	va_list ap;

	va_start(ap, fmt);
	words = xvasprintf(fmt, ap);
	va_end(ap);
	str_add_printable(&clean, words, strlen(words));
	return err_set(err, -EINVAL, "%s:%u:%u: %s", n.doc->name, yn_line(n),
		       node ? (unsigned)node->start_mark.column + 1 : 1, str_c(&clean));
}

/* Everything once along every way: bounded, and no loop. */
static int check(struct yn n, unsigned depth, size_t *visits, struct err *err)
{
	const yaml_node_t *node = node_of(n);
	int r = 0;

	if (depth > MAX_DEPTH)
		return yn_bad(n, err, "nested too deep");
	if (++*visits > MAX_VISITS)
		return yn_bad(n, err, "aliases make too much of this");
	if (node->type == YAML_SEQUENCE_NODE)
		for (const int *i = node->data.sequence.items.start;
		     i < node->data.sequence.items.top && r == 0; i++)
			r = check(child(n, *i), depth + 1, visits, err);
	if (node->type == YAML_MAPPING_NODE)
		for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
		     p < node->data.mapping.pairs.top && r == 0; p++) {
			r = check(child(n, p->key), depth + 1, visits, err);
			if (r == 0)
				r = check(child(n, p->value), depth + 1, visits, err);
		}
	return r;
}

static int not_yaml(const yaml_parser_t *p, const char *name, struct err *err)
{
	const char *context = p->context ? p->context : "",
		   *what = p->problem ? p->problem : "no reason given";

	return err_set(err, -EINVAL, "%s:%zu:%zu: not YAML: %s%s%s", name, p->problem_mark.line + 1,
		       p->problem_mark.column + 1, what, *context ? ", " : "", context);
}

/* There is one document, or none. */
static int load(yaml_parser_t *p, const char *name, struct yn_doc *doc, struct err *err)
{
	yaml_document_t second;
	bool more;

	if (!dl_yaml_parser_load(p, &doc->doc))
		return not_yaml(p, name, err);
	if (!dl_yaml_document_get_root_node(&doc->doc))
		return 0;
	if (!dl_yaml_parser_load(p, &second))
		return not_yaml(p, name, err);
	more = dl_yaml_document_get_root_node(&second) != NULL;
	dl_yaml_document_delete(&second);
	return more ? err_set(err, -EINVAL, "%s: a second document begins ('---')", name) : 0;
}

int yn_parse(const char *text, size_t n, const char *name, struct yn_doc **ret, struct err *err)
{
	static void *lib;
	struct yn_doc *doc;
	yaml_parser_t p;
	size_t visits = 0;
	int r = dl_open(&lib, "libyaml-0.so.2", syms, countof(syms), err);

	if (r < 0)
		return r;
	if (!dl_yaml_parser_initialize(&p))
		return err_set(err, -ENOMEM, "%s: libyaml has no memory", name);
	doc = xnew(struct yn_doc);
	doc->name = xstrdup(name);
	dl_yaml_parser_set_input_string(&p, (const unsigned char *)text, n);
	r = load(&p, name, doc, err);
	dl_yaml_parser_delete(&p);
	if (r == 0 && yn_root(doc).at)
		r = check(yn_root(doc), 0, &visits, err);
	if (r < 0) {
		yn_free(doc);
		return r;
	}
	*ret = doc;
	return 0;
}

int yn_read(const char *path, struct yn_doc **ret, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, path, MAX_YAML, &text, err);

	return r < 0 ? r : yn_parse(str_c(&text), text.n, path, ret, err);
}

/* NULL: it is none, or holds what is no text. Points into the document. */
static const char *scalar(struct yn n)
{
	const yaml_node_t *node = node_of(n);
	const char *s;

	if (!node || node->type != YAML_SCALAR_NODE)
		return NULL;
	s = (const char *)node->data.scalar.value;
	for (size_t i = 0; i < node->data.scalar.length; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return NULL;
	return s;
}

/* "key:" and nothing behind it. */
static bool is_nothing(struct yn n)
{
	const yaml_node_t *node = node_of(n);

	return !node || (node->type == YAML_SCALAR_NODE && !node->data.scalar.length &&
			 node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

int yn_each_key(struct yn n,
		int (*take)(const char *name, struct yn key, struct yn value, void *ctx,
			    struct err *err),
		void *ctx, struct err *err)
{
	const yaml_node_t *node = node_of(n);
	struct map seen = { 0 };
	int r = 0;

	if (is_nothing(n))
		return 0;
	if (node->type != YAML_MAPPING_NODE)
		return yn_bad(n, err, "keys with values are expected ('name: value')");
	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
	     p < node->data.mapping.pairs.top && r == 0; p++) {
		const struct yn key = child(n, p->key);
		const char *name = scalar(key);

		if (!name || !*name)
			r = yn_bad(key, err, "a name is expected");
		else if (map_set(&seen, name, (void *)node))
			r = yn_bad(key, err, "twice the key '%s'", name);
		else
			r = take(name, key, child(n, p->value), ctx, err);
	}
	map_release(&seen, NULL);
	return r;
}

struct taking {
	const struct yn_key *keys;
	size_t n;
	void *to;
	uint64_t had; /* bit i: keys[i] stood there */
};

static int unknown(const struct taking *t, const char *name, struct yn key, struct err *err)
{
	const char *names[64], *near;
	auto_str struct str all = { 0 };
	int r = yn_bad(key, err, "unknown key '%s'", name);

	for (size_t i = 0; i < t->n; i++) {
		names[i] = t->keys[i].name;
		str_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	near = str_nearest(name, names, t->n);
	return near ? err_hint(err, r, "did you mean '%s'?", near)
		    : err_hint(err, r, "here may stand %s", str_c(&all));
}

static int take_key(const char *name, struct yn key, struct yn value, void *ctx, struct err *err)
{
	struct taking *t = ctx;

	for (size_t i = 0; i < t->n; i++) {
		if (!str_eq(t->keys[i].name, name))
			continue;
		t->had |= UINT64_C(1) << i;
		return t->keys[i].take(value, (char *)t->to + t->keys[i].offset, err);
	}
	return unknown(t, name, key, err);
}

int yn_take(struct yn node, const struct yn_key *keys, size_t n, void *to, struct err *err)
{
	struct taking t = { keys, n, to, 0 };
	int r = yn_each_key(node, take_key, &t, err);

	for (size_t i = 0; i < n && r == 0; i++)
		if (keys[i].required && !(t.had & UINT64_C(1) << i))
			r = yn_bad(node, err, "there is no key '%s'", keys[i].name);
	return r;
}

int yn_each(struct yn n, int (*take)(struct yn entry, void *ctx, struct err *err), void *ctx,
	    struct err *err)
{
	const yaml_node_t *node = node_of(n);
	int r = 0;

	if (is_nothing(n))
		return 0;
	if (node->type != YAML_SEQUENCE_NODE)
		return take(n, ctx, err);
	for (const int *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top && r == 0; i++)
		r = take(child(n, *i), ctx, err);
	return r;
}

int yn_take_text(struct yn value, void *to, struct err *err)
{
	char **ret = to;
	const char *s = scalar(value);

	if (!s || !*s)
		return yn_bad(value, err, "a text is expected");
	*ret = xstrdup(s);
	return 0;
}

static int add_text(struct yn entry, void *ctx, struct err *err)
{
	char *s = NULL;
	int r = yn_take_text(entry, &s, err);

	if (r == 0)
		strv_take(ctx, s);
	return r;
}

int yn_take_texts(struct yn value, void *to, struct err *err)
{
	return yn_each(value, add_text, to, err);
}

int yn_take_bool(struct yn value, void *to, struct err *err)
{
	bool *ret = to;
	const char *s = scalar(value);

	if (!s || (!str_eq(s, "true") && !str_eq(s, "false")))
		return yn_bad(value, err, "true or false is expected");
	*ret = *s == 't';
	return 0;
}

int yn_take_node(struct yn value, void *to, struct err *err)
{
	*(struct yn *)to = value;
	return 0;
}
