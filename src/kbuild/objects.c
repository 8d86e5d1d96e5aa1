/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk of kbuild over a tree. The Makefile at the top and that of the architecture are read for what they export (BITS,
 * ARCH_CORE ...) and, in trees where the Kbuild at the top does not name them, for the first folders. Then each folder is read
 * as scripts/Makefile.build does it, with variables of its own.
 */
#include "kbuild/objects.h"

#include "base/path.h"
#include "kbuild/make.h"
#include "kconfig/dotconfig.h"

#include <errno.h>

#define MAX_OBJECTS 1000000
#define MAX_FOLDERS 64 /* one in another */
/* bytes of text that are expanded; allyesconfig of Linux 6.1 takes a hundredth */
#define MAX_WORK UINT64_C(4000000000)

struct walk {
	const struct kb_objects_spec *spec;
	struct kb_object_list *list;
	struct kb_mk base; /* what every folder sees */
	struct map
		done; /* folders walked, by "how path" -> this, or what is outside of the Kbuild at the top */
	bool first; /* that one has been read */
	uint64_t work;
};

/* Without a configuration. */
static bool is_open(const struct walk *w)
{
	return !w->spec->config;
}

/* A folder under way. */
struct folder {
	struct walk *w;
	struct kb_mk mk;
	const char *obj; /* "" at the top, else "drivers/net/" */
	size_t index;	 /* + 1, in the list */
	bool builtin, modules;
	struct map made;  /* objects of this folder: path -> index + 1 */
	struct map taken; /* those whose parts are known */
};

struct word {
	const char *s;
	size_t n;
	struct kb_mk_part part;
	const struct kb_cond *cond;
};
struct words {
	struct word *v;
	size_t n, cap;
};

struct collector {
	struct arena *arena;
	struct words *to;
};

static void collect(void *ctx, const char *word, size_t n, const struct kb_mk_part *part,
		    const struct kb_cond *cond)
{
	struct collector *c = ctx;

	vec_push(c->to, ((struct word){ arena_strndup(c->arena, word, n), n, *part, cond }));
}

/* The words of a variable, each with the part that it comes from. Their text lies in the arena. */
static void words_of(struct folder *f, const char *name, struct words *ret)
{
	const struct kb_mk_var *v = kb_mk_find(&f->mk, name);
	struct collector c = { &f->w->list->arena, ret };

	if (is_open(f->w)) {
		kb_mk_each_word(&f->mk, name, collect, &c);
		return;
	}
	for (size_t i = 0; v && i < v->n; i++) {
		/* expanding it may add to the variable */
		const struct kb_mk_part part = v->v[i];
		auto_str struct str text = { 0 };
		const char *s, *end, *word;
		size_t n;

		kb_mk_part(&f->mk, &part, &text);
		if (!text.n)
			continue;
		s = arena_strndup(&f->w->list->arena, text.s, text.n);
		end = s + text.n;
		while (kb_mk_word(&s, end, &word, &n))
			vec_push(ret, ((struct word){ word, n, part, NULL }));
	}
}

/* "a/b/../c.o" -> "a/c.o" */
static char *collapsed(struct arena *a, const char *path)
{
	char *s = arena_strdup(a, path), *hit;

	while ((hit = strstr(s, "/../"))) {
		char *begin = hit;

		while (begin > s && begin[-1] != '/')
			begin--;
		if (begin == hit || !strncmp(begin, "../", 3))
			break;
		memmove(begin, hit + 4, strlen(hit + 4) + 1);
	}
	return s;
}

static const char *path_of(const struct folder *f, const struct word *w)
{
	struct arena *a = &f->w->list->arena;
	const char *s = w->s;
	size_t n = w->n;

	/* newer trees write $(obj)/x.o */
	if (*f->obj && n > strlen(f->obj) && !strncmp(s, f->obj, strlen(f->obj)))
		return arena_strndup(a, s, n);
	while (n > 2 && s[0] == '.' && s[1] == '/') {
		s += 2;
		n -= 2;
	}
	return collapsed(a, arena_printf(a, "%s%.*s", f->obj, (int)n, s));
}

/* NULL where it is there already, with a configuration. */
static struct kb_object *add(struct folder *f, const struct word *w, enum kb_object_kind kind,
			     enum kb_object_how how)
{
	struct kb_object_list *l = f->w->list;
	const char *path = path_of(f, w);

	if (l->n >= MAX_OBJECTS || (map_has(&f->made, path) && !is_open(f->w)))
		return NULL;
	vec_push(l, ((struct kb_object){ .path = path,
					 .kind = kind,
					 .how = how,
					 .symbol = w->part.symbol,
					 .file = w->part.file,
					 .line = w->part.line,
					 .cond = w->cond,
					 .folder = f->index }));
	map_set(&f->made, path, (void *)(uintptr_t)l->n);
	return &l->v[l->n - 1];
}

static bool ends(const struct word *w, const char *suffix)
{
	const size_t n = strlen(suffix);

	return w->n > n && !memcmp(w->s + w->n - n, suffix, n);
}

/* foo-objs, foo-y, of a module foo-m: what foo.o is linked from. */
static void add_parts(struct folder *f, const struct word *w, struct kb_object *whole)
{
	static const char *const suffixes[] = { "-objs", "-y", "-m" };
	const enum kb_object_how how = whole->how;
	const size_t index = (size_t)(whole - f->w->list->v);
	bool any = false;

	for (size_t i = 0; i < countof(suffixes); i++) {
		auto_free char *name = xasprintf("%.*s%s", (int)(w->n - 2), w->s, suffixes[i]);
		struct words parts = { 0 };

		if (i == 2 && how != KB_OBJECT_MODULE && !is_open(f->w))
			continue;
		words_of(f, name, &parts);
		any |= parts.n > 0;
		for (size_t k = 0; k < parts.n; k++) {
			struct kb_object *o = ends(&parts.v[k], ".o")
						      ? add(f, &parts.v[k], KB_OBJECT_SINGLE, how)
						      : NULL;

			if (o)
				o->whole = index + 1;
		}
		free(parts.v);
	}
	if (any)
		f->w->list->v[index].kind = KB_OBJECT_COMPOSITE;
}

static void walk(struct walk *w, const char *obj, size_t index, bool builtin, bool modules,
		 int depth);

/* A folder may be asked for by both, obj-y and obj-m, and by others with another reach. */
static void enter(struct folder *f, const struct word *w, enum kb_object_how how, int depth)
{
	auto_free char *text = xasprintf("%.*s%s", (int)w->n, w->s, ends(w, "/") ? "" : "/");
	const struct word with = { text, strlen(text), w->part, w->cond };
	struct kb_object *o = add(f, &with, KB_OBJECT_FOLDER, how);
	const bool open = is_open(f->w);

	if (o)
		walk(f->w, o->path, f->w->list->n, open || (f->builtin && how == KB_OBJECT_BUILTIN),
		     open || (f->modules && how != KB_OBJECT_LIB), depth + 1);
}

/* Of what is not for here (obj-y where nothing is built in), folders alone count. */
static void take(struct folder *f, const char *var, enum kb_object_how how, bool here, int depth)
{
	struct words words = { 0 };

	words_of(f, var, &words);
	for (size_t i = 0; i < words.n; i++) {
		const struct word *w = &words.v[i];
		struct kb_object *o;
		if (ends(w, "/")) {
			enter(f, w, how, depth);
			continue;
		}
		if (!here || !ends(w, ".o"))
			continue;
		o = add(f, w, KB_OBJECT_SINGLE, how);
		if (o && how != KB_OBJECT_LIB && !map_set(&f->taken, o->path, f))
			add_parts(f, w, o);
	}
	free(words.v);
}

/* Folders that are visited for what they make besides. */
static void take_subdirs(struct folder *f, const char *var, int depth)
{
	struct words words = { 0 };

	words_of(f, var, &words);
	for (size_t i = 0; i < words.n; i++)
		enter(f, &words.v[i], KB_OBJECT_LIB, depth);
	free(words.v);
}

static void take_files(struct folder *f, const char *var, enum kb_object_kind kind)
{
	struct words words = { 0 };

	words_of(f, var, &words);
	for (size_t i = 0; i < words.n; i++)
		if (!memchr(words.v[i].s, '%', words.v[i].n))
			add(f, &words.v[i], kind, KB_OBJECT_BUILTIN);
	free(words.v);
}

/* A program of several objects is linked. */
static void take_programs(struct folder *f)
{
	struct words words = { 0 };

	words_of(f, "hostprogs-always-y", &words);
	words_of(f, "hostprogs-always-m", &words);
	for (size_t i = 0; i < words.n; i++) {
		auto_free char *objs = xasprintf("%.*s-objs", (int)words.v[i].n, words.v[i].s);

		if (add(f, &words.v[i], KB_OBJECT_PROGRAM, KB_OBJECT_BUILTIN))
			take_files(f, objs, KB_OBJECT_PROGRAM);
	}
	free(words.v);
}

static void take_all(struct folder *f, int depth)
{
	take(f, "obj-y", f->builtin ? KB_OBJECT_BUILTIN : KB_OBJECT_MODULE, f->builtin, depth);
	take(f, "obj-m", KB_OBJECT_MODULE, f->modules, depth);
	take(f, "lib-y", KB_OBJECT_LIB, true, depth);
	take(f, "lib-m", KB_OBJECT_LIB, true, depth);
	if (is_open(f->w))
		return;
	take_subdirs(f, "subdir-y", depth);
	take_subdirs(f, "subdir-m", depth);
	/* named to be cleaned; an architecture's own rules enter them: boot, realmode/rm */
	if (str_starts(f->obj, "arch/"))
		take_subdirs(f, "subdir-", depth);
	take_programs(f);
	take_files(f, "extra-y", KB_OBJECT_FILE);
	take_files(f, "always-y", KB_OBJECT_FILE);
	take_files(f, "always-m", KB_OBJECT_FILE);
	take_files(f, "targets", KB_OBJECT_FILE);
}

/* As scripts/Makefile.build begins. */
static void folder_init(struct folder *f)
{
	static const char *const empty[] = {
		"obj-y",
		"obj-m",
		"obj-",
		"lib-y",
		"lib-m",
		"lib-",
		"always-y",
		"always-m",
		"targets",
		"subdir-y",
		"subdir-m",
		"extra-y",
		"hostprogs",
		"hostprogs-always-y",
		"hostprogs-always-m",
	};
	const size_t n = strlen(f->obj);
	auto_free char *obj = n ? xstrndup(f->obj, n - 1) : xstrdup(".");

	kb_mk_init(&f->mk, f->w->spec->tree, &f->w->base, &f->w->list->arena, &f->w->work);
	for (size_t i = 0; i < countof(empty); i++)
		kb_mk_set(&f->mk, empty[i], "");
	kb_mk_set(&f->mk, "obj", obj);
	kb_mk_set(&f->mk, "src", obj);
}

static void walk(struct walk *w, const char *obj, size_t index, bool builtin, bool modules,
		 int depth)
{
	struct folder f = {
		.w = w, .obj = obj, .index = index, .builtin = builtin, .modules = modules
	};
	auto_free char *key = xasprintf("%d%d %s", builtin, modules, obj);
	auto_free char *kbuild = xasprintf("%sKbuild", obj),
		       *makefile = xasprintf("%sMakefile", obj);

	if (depth > MAX_FOLDERS || map_has(&w->done, key))
		return;
	map_set(&w->done, key, w->first ? (void *)&w->first : w);
	folder_init(&f);
	if (kb_mk_read(&f.mk, kbuild) || (*obj && kb_mk_read(&f.mk, makefile)))
		take_all(&f, depth);
	map_release(&f.taken, NULL);
	map_release(&f.made, NULL);
	kb_mk_release(&f.mk);
}

/* The top */

static void set_symbols(struct kb_mk *m, const char *config)
{
	struct dotconfig c = { 0 };

	dotconfig_parse(&c, config, strlen(config));
	for (size_t i = 0; i < c.value.n; i++) {
		auto_free char *name = xasprintf("CONFIG_%s", c.value.v[i].key);
		const char *value = c.value.v[i].value;
		const size_t n = strlen(value);
		auto_free char *plain = n > 1 && *value == '"' ? xstrndup(value + 1, n - 2) : NULL;

		if (!str_eq(value, "n"))
			kb_mk_set(m, name, plain ? plain : value);
	}
	dotconfig_release(&c);
}

static void set_base(struct walk *w)
{
	const struct kb_objects_spec *s = w->spec;
	struct kb_mk *m = &w->base;

	kb_mk_init(m, s->tree, NULL, &w->list->arena, &w->work);
	m->rules = &w->list->rules;
	kb_mk_set(m, "srctree", s->tree);
	kb_mk_set(m, "abs_srctree", s->tree);
	kb_mk_set(m, "srcroot", s->tree);
	kb_mk_set(m, "objtree", ".");
	kb_mk_set(m, "SRCARCH", s->srcarch);
	kb_mk_set(m, "ARCH", s->srcarch);
	kb_mk_set(m, "SUBARCH", s->srcarch);
	kb_mk_set(m, "KBUILD_BUILTIN", "1");
	kb_mk_set(m, "KBUILD_MODULES", "1");
	kb_mk_set(m, "empty", "");
	kb_mk_set(m, "comma", ",");
	if (s->config)
		set_symbols(m, s->config);
	else
		m->open = &w->list->open;
}

/* By the Kbuild at the top, which in newer trees names all of them. */
static bool was_walked(const struct walk *w, const struct word *word)
{
	auto_free char *key = xasprintf("11 %.*s", (int)word->n, word->s);

	/* without a configuration each of several lines may be the one that enters a folder */
	return is_open(w) ? map_get(&w->done, key) == w : map_has(&w->done, key);
}

/* Words of variables of the Makefile at the top; "init/built-in.a" is what it makes of "init/". */
static void take_first(struct folder *f)
{
	static const struct {
		const char *var;
		enum kb_object_how how;
	} vars[] = {
		{ "head-y", KB_OBJECT_BUILTIN },   { "init-y", KB_OBJECT_BUILTIN },
		{ "core-y", KB_OBJECT_BUILTIN },   { "drivers-y", KB_OBJECT_BUILTIN },
		{ "net-y", KB_OBJECT_BUILTIN },	   { "virt-y", KB_OBJECT_BUILTIN },
		{ "libs-y", KB_OBJECT_BUILTIN },   { "core-m", KB_OBJECT_MODULE },
		{ "drivers-m", KB_OBJECT_MODULE }, { "net-m", KB_OBJECT_MODULE },
	};

	for (size_t i = 0; i < countof(vars); i++) {
		struct words words = { 0 };

		words_of(f, vars[i].var, &words);
		for (size_t k = 0; k < words.n; k++) {
			struct word *w = &words.v[k];

			if (ends(w, "/built-in.a"))
				w->n -= strlen("built-in.a");
			else if (ends(w, "/lib.a"))
				w->n -= strlen("lib.a");
			if (ends(w, "/") && !was_walked(f->w, w))
				enter(f, w, vars[i].how, 0);
		}
		free(words.v);
	}
}

static bool is_exported(const char *name)
{
	/* by the architecture's Makefile or the one above it, whether they say so in a way that is understood or not */
	static const char *const names[] = { "BITS", "ARCH_CORE", "ARCH_LIB", "ARCH_DRIVERS",
					     "UTS_MACHINE" };

	for (size_t i = 0; i < countof(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static bool is_list(const char *name)
{
	return str_ends(name, "-y") || str_ends(name, "-m") || str_eq(name, "targets");
}

/*
 * The Makefile at the top, as the make that it calls itself reads it. What it exports becomes part of the base; the rest is
 * forgotten.
 */
static void read_top(struct walk *w)
{
	/* entered by rules, before everything else */
	static const char *const scripts[] = { "scripts/basic/", "scripts/", "scripts/mod/" };
	struct folder top = { .w = w, .obj = "", .builtin = true, .modules = true };

	kb_mk_init(&top.mk, w->spec->tree, &w->base, &w->list->arena, &w->work);
	kb_mk_set(&top.mk, "sub_make_done", "1");
	kb_mk_set(&top.mk, "building_out_of_srctree", "1");
	/* without it newer trees do no more than call make once more */
	kb_mk_set(&top.mk, "MAKEFLAGS", "rR --no-print-directory");
	kb_mk_read(&top.mk, "Makefile");
	for (size_t i = 0; i < top.mk.vars.n; i++) {
		const char *name = top.mk.vars.v[i].key;
		const struct kb_mk_var *v = top.mk.vars.v[i].value;
		auto_str struct str value = { 0 };

		if (!v || is_list(name) || !(v->exported || is_exported(name)) ||
		    str_starts(name, "CONFIG_"))
			continue;
		kb_mk_value(&top.mk, name, &value);
		kb_mk_set(&w->base, name, str_c(&value));
	}
	walk(w, "", 0, true, true, 0);
	w->first = true;
	take_first(&top);
	for (size_t i = 0; i < countof(scripts); i++) {
		const struct kb_mk_part part = { .file = "Makefile" };
		auto_free char *file = xasprintf("%s/%sMakefile", w->spec->tree, scripts[i]);

		if (access(file, R_OK) < 0)
			continue;
		enter(&top, &(struct word){ scripts[i], strlen(scripts[i]), part, NULL },
		      KB_OBJECT_LIB, 0);
	}
	map_release(&top.taken, NULL);
	map_release(&top.made, NULL);
	kb_mk_release(&top.mk);
}

int kb_object_list(const struct kb_objects_spec *spec, struct kb_object_list *ret, struct err *err)
{
	auto_free char *arch = xasprintf("%s/arch/%s", spec->tree, spec->srcarch);
	auto_free char *makefile = xasprintf("%s/Makefile", arch),
		       *kbuild = xasprintf("%s/Kbuild", spec->tree);
	struct walk w = { .spec = spec, .list = ret, .work = MAX_WORK };

	*ret = (struct kb_object_list){ 0 };
	if (access(kbuild, R_OK) < 0 || access(makefile, R_OK) < 0)
		return err_set(err, -ENOENT,
			       "'%s' is no tree of a kernel, or has no architecture '%s'",
			       spec->tree, spec->srcarch);
	set_base(&w);
	read_top(&w);
	map_release(&w.done, NULL);
	kb_mk_release(&w.base);
	return 0;
}

/* Of several rules make takes the one whose % stands for the least. */
const char *kb_object_source(struct kb_object_list *l, const char *path)
{
	const size_t n = strlen(path);
	const struct kb_mk_rule *best = NULL;
	const char *stem = NULL, *percent;
	size_t stem_n = n;

	for (size_t i = 0; i < l->rules.n; i++) {
		const struct kb_mk_rule *r = &l->rules.v[i];
		const char *s;
		size_t s_n;

		if (!kb_mk_match(r->target, strlen(r->target), path, n, &s, &s_n) || s_n >= stem_n)
			continue;
		best = r;
		stem = s;
		stem_n = s_n;
	}
	if (!best)
		return arena_strndup(&l->arena, path, n - strlen(".o"));
	percent = strchr(best->source, '%');
	if (!percent)
		return arena_strndup(&l->arena, best->source, strlen(best->source) - strlen(".c"));
	return arena_printf(&l->arena, "%.*s%.*s%.*s", (int)(percent - best->source), best->source,
			    (int)stem_n, stem, (int)(strlen(percent + 1) - strlen(".c")),
			    percent + 1);
}

void kb_object_list_release(struct kb_object_list *l)
{
	free(l->v);
	free(l->rules.v);
	kb_open_release(&l->open);
	arena_release(&l->arena);
	*l = (struct kb_object_list){ 0 };
}
