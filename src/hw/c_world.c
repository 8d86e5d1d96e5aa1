/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers of a tree, and which of them a file sees. */
#include "hw/c_unit.h"

#include "base/file.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_HEADER (64 << 20)
#define LARGE	   (512 << 10)
#define MAX_FOLDER 32
#define MAX_NEAR   1000 /* headers beside a file: each is asked for each name */

static void forget(struct hw_c_header *h)
{
	hw_c_names_release(&h->names);
	free(h->includes.v);
	free((char *)h->text);
	h->names = (struct hw_c_names){ 0 };
	h->includes.v = NULL;
	h->includes.n = h->includes.cap = 0;
	h->text = NULL;
	h->read = false;
}

static void header_free(void *p)
{
	struct hw_c_header *h = p;

	if (h)
		forget(h);
	free(h);
}

static void strv_free(void *p)
{
	struct strv *v = p;

	strv_release(v);
	free(v);
}

static bool load(struct hw_c_world *w, struct hw_c_header *h)
{
	struct str text = { 0 };

	if (file_read(w->tree, h->path, MAX_HEADER, &text, NULL) < 0) {
		str_release(&text);
		return false;
	}
	h->n = text.n;
	h->text = str_take(&text);
	if (h->n > LARGE)
		vec_push(&w->large, h);
	return true;
}

/* With its text, where that was forgotten. A file that is gone meanwhile is empty: an input that changed is noticed elsewhere. */
static struct hw_c_header *known(struct hw_c_world *w, struct hw_c_header *h)
{
	if (h && !h->text && !load(w, h)) {
		h->n = 0;
		h->text = xstrdup("");
	}
	return h;
}

struct hw_c_header *hw_c_header_get(struct hw_c_world *w, const char *path)
{
	struct hw_c_header *h = map_get(&w->header, path);

	if (h || map_has(&w->header, path))
		return known(w, h);
	h = xnew(struct hw_c_header);
	h->path = arena_strdup(&w->arena, path);
	if (!load(w, h)) {
		free(h);
		h = NULL;
	}
	map_set(&w->header, path, h);
	return h;
}

void hw_c_world_forget(struct hw_c_world *w)
{
	for (size_t i = 0; i < w->large.n; i++)
		forget(w->large.v[i]);
	w->large.n = 0;
}

/* Reads a header for what it defines, into names of its own. */
static void read_names(struct hw_c_world *w, struct hw_c_header *h)
{
	struct hw_c_unit u;
	struct hw_c_tok t;

	if (h->read)
		return;
	h->read = true;
	hw_c_unit_init(&u, w, h->path, h->text, h->n);
	u.header = true;
	while (hw_c_unit_next(&u, &t))
		if (t.kind == HW_C_IDENT && t.n == 4 && hw_c_named(&t, "enum"))
			hw_c_unit_enum(&u);
	h->names = u.names;
	h->includes.v = u.includes.v;
	h->includes.n = u.includes.n;
	u.names = (struct hw_c_names){ 0 };
	u.includes.v = NULL;
	hw_c_unit_release(&u);
}

/* Walks folders, in the order of names, whatever the file system has; each header's path and name go to fn. */
typedef void found_fn(struct hw_c_world *w, const char *path, const char *name);

static void walk(struct hw_c_world *w, const char *path, found_fn *fn, int depth)
{
	const int fd = openat(w->tree, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	auto_strv struct strv folders = { 0 }, files = { 0 };
	const struct dirent *e;
	DIR *d;

	if (fd < 0)
		return;
	d = fdopendir(fd);
	while (d && (e = readdir(d))) {
		auto_free char *sub = xasprintf("%s/%s", path, e->d_name);

		if (*e->d_name == '.')
			continue;
		if (e->d_type == DT_DIR && depth < MAX_FOLDER)
			strv_take(&folders, take_ptr(sub));
		else if (str_ends(e->d_name, ".h"))
			strv_take(&files, take_ptr(sub));
	}
	if (d)
		closedir(d);
	else
		close(fd);
	strv_sort(&files);
	strv_sort(&folders);
	for (size_t i = 0; i < files.n; i++)
		fn(w, files.v[i], path_base(files.v[i]));
	for (size_t i = 0; i < folders.n; i++)
		walk(w, folders.v[i], fn, depth + 1);
}

static void found_beside(struct hw_c_world *w, const char *path, const char *name)
{
	struct strv *v = map_get(&w->beside, name);

	if (!v) {
		v = xnew(struct strv);
		map_set(&w->beside, name, v);
	}
	strv_add(v, path);
}

static void found_angle(struct hw_c_world *w, const char *path, const char *name)
{
	(void)name;
	if (!strstr(path, "/generated/"))
		vec_push(&w->headers, hw_c_header_get(w, path));
}

/* The definition that counts among those of a name: the newest, but not the empty half of an #ifdef. */
static struct hw_c_def *best_of(const struct hw_c_world *w, struct hw_c_def *d)
{
	const struct hw_conds *c = &w->conds;

	int most = HW_C_OLDER;

	for (struct hw_c_def *o = d->older; o && d->cond != HW_COND_TRUE && most--; o = o->older)
		if (o->kind == d->kind && c->v[d->cond].op == HW_COND_NOT &&
		    c->v[d->cond].a == o->cond)
			return o;
	return d;
}

/* What the definitions of a header of the world are called is known to all. */
static void publish(struct hw_c_world *w, const struct hw_c_header *h, uint32_t index)
{
	for (size_t i = 0; i < h->names.slots; i++) {
		struct hw_c_def mine, *d = h->names.slot[i];

		if (!d || d->kind == HW_C_UNDEF)
			continue;
		mine = *best_of(w, d);
		mine.macro = NULL; /* each has its own */
		mine.header = index;
		hw_c_names_add(&w->names, &mine);
	}
}

static void add_folder(struct hw_c_world *w, const char *folder)
{
	const size_t first = w->headers.n, n = strlen(folder);

	walk(w, folder, found_angle, 0);
	for (size_t i = first; i < w->headers.n; i++) {
		struct hw_c_header *h = w->headers.v[i];
		const char *name = h ? h->path + n + 1 : "";

		if (h && !map_has(&w->angle, name))
			map_set(&w->angle, name, h);
	}
}

/* Headers of the list below a folder have their names without it, too. */
static void name_uapi(struct hw_c_world *w, const char *folder)
{
	for (size_t i = 0; i < w->headers.n; i++) {
		struct hw_c_header *h = w->headers.v[i];
		const char *name = h ? h->path : "";

		if (str_skip(&name, folder) && *name++ == '/' && !map_has(&w->angle, name))
			map_set(&w->angle, name, h);
	}
}

/* What an architecture does not have itself, make generates as one that includes the generic one. */
static void name_generic(struct hw_c_world *w)
{
	for (size_t i = 0; i < w->headers.n; i++) {
		struct hw_c_header *h = w->headers.v[i];
		const char *name = h ? h->path : "";
		auto_free char *as = NULL;

		if (!str_skip(&name, "include/asm-generic/") &&
		    !str_skip(&name, "include/uapi/asm-generic/"))
			continue;
		as = xasprintf("asm/%s", name);
		if (!map_has(&w->angle, as))
			map_set(&w->angle, as, h);
	}
}

/*
 * Checks at compile time, with tricks that only a compiler understands, and what says something itself: not to be expanded.
 */
static void redefine(struct hw_c_world *w)
{
	static const char *const zero[] = { "BUILD_BUG_ON_ZERO", "__must_be_array" };
	static const char *const none[] = { "MODULE_DEVICE_TABLE", "MODULE_ALIAS",
					    "MODULE_FIRMWARE",	   "MODULE_SOFTDEP",
					    "MODULE_INFO",	   "__MODULE_INFO",
					    "MODULE_LICENSE",	   "MODULE_AUTHOR",
					    "MODULE_DESCRIPTION",  "KBUILD_MODNAME" };
	struct hw_c_def def = { .kind = HW_C_MACRO, .rest = "(...) 0", .rest_n = 7 };

	for (size_t i = 0; i < countof(zero); i++) {
		def.name = zero[i];
		def.name_n = (uint32_t)strlen(zero[i]);
		hw_c_names_add(&w->names, &def)->older = NULL;
	}
	def.kind = HW_C_UNDEF;
	for (size_t i = 0; i < countof(none); i++) {
		def.name = none[i];
		def.name_n = (uint32_t)strlen(none[i]);
		hw_c_names_add(&w->names, &def)->older = NULL;
	}
}

/* What the compiler and the Makefile at the top define. */
static void predefine(struct hw_c_world *w)
{
	static const char text[] = "#define __KERNEL__ 1\n"
				   "#define MODULE 1\n"
				   "#define __GNUC__ 12\n"
				   "#define __STDC__ 1\n"
				   "#define __CHAR_BIT__ 8\n";
	static const struct {
		const char *arch, *text;
	} archs[] = {
		{ "x86",
		  "#define __x86_64__ 1\n#define __LP64__ 1\n#define __LITTLE_ENDIAN 1234\n" },
		{ "arm64",
		  "#define __aarch64__ 1\n#define __LP64__ 1\n#define __LITTLE_ENDIAN 1234\n" },
		{ "arm", "#define __arm__ 1\n#define __LITTLE_ENDIAN 1234\n" },
		{ "riscv",
		  "#define __riscv 1\n#define __LP64__ 1\n#define __LITTLE_ENDIAN 1234\n" },
		{ "loongarch",
		  "#define __loongarch__ 1\n#define __LP64__ 1\n#define __LITTLE_ENDIAN 1234\n" },
		{ "powerpc",
		  "#define __powerpc__ 1\n#define __powerpc64__ 1\n#define __LP64__ 1\n#define __LITTLE_ENDIAN 1234\n" },
		{ "mips", "#define __mips__ 1\n#define __LITTLE_ENDIAN 1234\n" },
		{ "s390",
		  "#define __s390__ 1\n#define __s390x__ 1\n#define __LP64__ 1\n#define __BIG_ENDIAN 4321\n" },
		{ "sparc", "#define __sparc__ 1\n#define __LP64__ 1\n#define __BIG_ENDIAN 4321\n" },
		{ "parisc", "#define __hppa__ 1\n#define __BIG_ENDIAN 4321\n" },
		{ "m68k", "#define __m68k__ 1\n#define __BIG_ENDIAN 4321\n" },
	};
	struct str all = { 0 };
	struct hw_c_header *h = xnew(struct hw_c_header);

	str_adds(&all, text);
	for (size_t i = 0; i < countof(archs); i++)
		if (str_eq(archs[i].arch, w->srcarch))
			str_adds(&all, archs[i].text);
	h->path = "<predefined>";
	h->n = all.n;
	h->text = str_take(&all);
	map_set(&w->header, h->path, h);
	vec_push(&w->headers, h);
}

int hw_c_world_init(struct hw_c_world *w, int tree, const char *srcarch, struct err *err)
{
	static const char *const elsewhere[] = {
		"drivers", "sound",    "net",  "fs",   "crypto", "block",   "lib",     "mm",
		"kernel",  "security", "virt", "init", "arch",	 "samples", "io_uring"
	};
	auto_free char *arch = xasprintf("arch/%s/include", srcarch),
		       *arch_uapi = xasprintf("arch/%s/include/uapi", srcarch);

	*w = (struct hw_c_world){ .tree = tree, .srcarch = srcarch };
	hw_conds_init(&w->conds);
	if (faccessat(tree, "include/linux/mod_devicetable.h", R_OK, 0) < 0)
		return err_sys(err, "cannot read 'include/linux/mod_devicetable.h' of the tree");
	predefine(w);
	add_folder(w, arch);
	name_uapi(w, arch_uapi);
	add_folder(w, "include");
	name_uapi(w, "include/uapi");
	name_generic(w);
	for (size_t i = 0; i < w->headers.n; i++)
		if (w->headers.v[i]) {
			read_names(w, w->headers.v[i]);
			publish(w, w->headers.v[i], (uint32_t)i);
		}
	redefine(w);
	w->large.n = 0; /* those that angle brackets find are for all */
	for (size_t i = 0; i < countof(elsewhere); i++)
		if (!str_eq(elsewhere[i], "arch"))
			walk(w, elsewhere[i], found_beside, 0);
	return 0;
}

void hw_c_world_release(struct hw_c_world *w)
{
	hw_conds_release(&w->conds);
	hw_c_names_release(&w->names);
	map_release(&w->header, header_free);
	map_release(&w->angle, NULL);
	map_release(&w->beside, strv_free);
	free(w->headers.v);
	free(w->large.v);
	arena_release(&w->arena);
}

/* Which header an #include means */

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			n = i + 1;
	return n;
}

/* "a/../b" -> "b" */
static char *plain(const char *path)
{
	char *s = xstrdup(path), *up;

	while ((up = strstr(s, "/../"))) {
		char *begin = up;

		while (begin > s && begin[-1] != '/')
			begin--;
		if (!strncmp(begin, "../", 3))
			break;
		memmove(begin, up + 4, strlen(up + 4) + 1);
	}
	return s;
}

/* Makefiles say -I for folders that are not known here: the nearest header of that name is the one. */
static struct hw_c_header *nearest(struct hw_c_world *w, const char *from, const char *name)
{
	const char *base = path_base(name);
	const struct strv *v = map_get(&w->beside, base);
	const char *best = NULL;

	while (str_starts(name, "../"))
		name += 3;
	for (size_t i = 0; v && i < v->n; i++) {
		auto_free char *tail = xasprintf("/%s", name);

		if (str_ends(v->v[i], tail) &&
		    (!best || common(v->v[i], from) > common(best, from)))
			best = v->v[i];
	}
	return best ? hw_c_header_get(w, best) : NULL;
}

static struct hw_c_header *resolve(struct hw_c_world *w, const char *from,
				   const struct hw_c_include *inc)
{
	auto_free char *name = xstrndup(inc->path, inc->n);
	struct hw_c_header *h;

	if (inc->quoted) {
		const char *slash = strrchr(from, '/');
		auto_free char *path =
			xasprintf("%.*s%s", slash ? (int)(slash + 1 - from) : 0, from, name);
		auto_free char *to = plain(path);

		h = hw_c_header_get(w, to);
		if (h)
			return h;
	}
	h = map_get(&w->angle, name);
	return h ? h : nearest(w, from, name);
}

struct hw_c_header *hw_c_resolve(struct hw_c_world *w, const char *from, struct hw_c_include *inc)
{
	if (!inc->resolved)
		inc->to = resolve(w, from, inc);
	inc->resolved = true;
	return known(w, inc->to);
}

/* Looking up */

static void add_near(struct hw_c_unit *u, struct hw_c_header *h)
{
	if (u->near.n >= MAX_NEAR)
		return;
	for (size_t i = 0; i < u->near.n; i++)
		if (u->near.v[i] == h)
			return;
	vec_push(&u->near, h);
}

static bool is_angle(const struct hw_c_header *h)
{
	return str_starts(h->path, "include/") || strstr(h->path, "/include/asm/") ||
	       strstr(h->path, "/include/uapi/");
}

/* The headers beside the file that it includes, and those that they include. */
static void find_near(struct hw_c_unit *u)
{
	for (; u->near_known < u->includes.n; u->near_known++) {
		struct hw_c_header *h = hw_c_resolve(u->w, u->path, &u->includes.v[u->near_known]);

		if (h && !is_angle(h))
			add_near(u, h);
	}
	for (; u->near_done < u->near.n; u->near_done++) {
		struct hw_c_header *h = u->near.v[u->near_done];

		read_names(u->w, h);
		for (size_t k = 0; k < h->includes.n; k++) {
			struct hw_c_header *to = hw_c_resolve(u->w, h->path, &h->includes.v[k]);

			if (to && !is_angle(to))
				add_near(u, to);
		}
	}
}

/* Marks all headers that are included, however deep. */
static void find_all(struct hw_c_unit *u)
{
	struct {
		struct hw_c_header **v;
		size_t n, cap;
	} todo = { 0 };

	u->closure = ++u->w->search;
	for (size_t i = 0; i < u->includes.n; i++)
		vec_push(&todo, hw_c_resolve(u->w, u->path, &u->includes.v[i]));
	while (todo.n) {
		struct hw_c_header *h = todo.v[--todo.n];

		if (!h || h->seen == u->closure)
			continue;
		h->seen = u->closure;
		read_names(u->w, h);
		for (size_t k = 0; k < h->includes.n; k++)
			vec_push(&todo, hw_c_resolve(u->w, h->path, &h->includes.v[k]));
	}
	free(todo.v);
}

/* The newest of the headers that are included, before those that yield to any other. */
static struct hw_c_def *find_world(struct hw_c_unit *u, const char *name, size_t n, uint32_t hash)
{
	struct hw_c_def *d = hw_c_names_find(&u->w->names, name, n, hash), *best = NULL;

	if (!d || d->kind == HW_C_UNDEF)
		return NULL;
	if (d->older && !u->closure)
		find_all(u);
	for (struct hw_c_def *o = d->older ? d : NULL; o && (!best || best->yields); o = o->older)
		if (u->w->headers.v[o->header]->seen == u->closure && (!best || !o->yields))
			best = o;
	d = best ? best : d;
	u->w->headers.v[d->header]->used = true;
	return d;
}

bool hw_c_is_reserved(const struct hw_c_unit *u, const char *name, size_t n)
{
	const struct hw_c_def *d = hw_c_names_get(&u->w->names, name, n);

	return d && d->kind == HW_C_UNDEF;
}

struct hw_c_def *hw_c_find(struct hw_c_unit *u, const char *name, size_t n)
{
	const uint32_t hash = hw_c_names_hash(name, n);
	struct hw_c_def *d = hw_c_names_find(&u->names, name, n, hash);

	if (d)
		return d->kind == HW_C_UNDEF ? NULL : best_of(u->w, d);
	if (u->header) /* only what the compiler defines is sure to be there before it */
		return hw_c_names_get(&u->w->headers.v[0]->names, name, n);
	if (u->near_known < u->includes.n)
		find_near(u);
	for (size_t i = 0; i < u->near.n; i++) {
		d = hw_c_names_find(&u->near.v[i]->names, name, n, hash);
		if (d && d->kind != HW_C_UNDEF) {
			u->near.v[i]->used = true;
			return best_of(u->w, d);
		}
	}
	return find_world(u, name, n, hash);
}
