/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which module files to load for some names, in order. depmod's modules.dep answers at the cost of
 * reading one text; without it, modules.order says where the files are and their own .modinfo what
 * they need. Names are compared with '-' as '_', as the kernel does.
 */
#include "kernel/modules.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/path.h"
#include "kernel/bytes.h"
#include "kernel/find.h"
#include "kernel/modinfo.h"
#include "kernel/unpack.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#define LIST_MAX   (64 << 20)
#define MODULE_MAX (UINT64_C(256) << 20)
#define DEPTH_MAX  64

/* A list of module files, each line beginning with a path that ends at a ':' or the line's end. */
struct lines {
	struct str text;
	struct line {
		const char *p;
		size_t n, path_n;
		uint32_t hash; /* of the module's name */
	} * v;
	size_t n, cap;
};

struct closure {
	const struct krn *k;
	struct lines list;    /* modules.dep or modules.order */
	struct lines builtin; /* modules.builtin */
	struct str softdep;   /* modules.softdep */
	struct str alias;     /* modules.alias, read when first asked for */
	bool by_dep;
	bool alias_read;
	struct map seen; /* names already dealt with */
	struct strv *files, *missing;
};

static void release(struct closure *c)
{
	str_release(&c->list.text);
	free(c->list.v);
	str_release(&c->builtin.text);
	free(c->builtin.v);
	str_release(&c->softdep);
	str_release(&c->alias);
	map_release(&c->seen, NULL);
}

static void read_list(const struct krn *k, const char *name, struct str *ret)
{
	auto_free char *path = path_join(k->modules, name);

	str_clear(ret);
	file_read(AT_FDCWD, path, LIST_MAX, ret, NULL);
}

static uint32_t name_hash(const char *p, size_t n)
{
	uint64_t h = HASH_INIT;

	for (size_t i = 0; i < n; i++)
		h = hash_byte(h, (uint8_t)(p[i] == '-' ? '_' : p[i]));
	return hash_fold(h);
}

/* The module's name in a path: the last part up to its first dot. */
static const char *base_name(const char *p, size_t n, size_t *ret_n)
{
	const char *base = memrchr(p, '/', n);
	const char *dot;

	base = base ? base + 1 : p;
	n -= (size_t)(base - p);
	dot = memchr(base, '.', n);
	*ret_n = dot ? (size_t)(dot - base) : n;
	return base;
}

static void index_lines(struct lines *l)
{
	for (const char *p = str_c(&l->text); *p;) {
		const char *end = strchrnul(p, '\n');
		const char *colon = memchr(p, ':', (size_t)(end - p));
		struct line line = { .p = p, .n = (size_t)(end - p) };
		size_t len;
		const char *base;

		line.path_n = colon ? (size_t)(colon - p) : line.n;
		base = base_name(p, line.path_n, &len);
		line.hash = name_hash(base, len);
		vec_push(l, line);
		p = end + (*end != '\0');
	}
}

static bool is_named(const struct line *line, const char *name)
{
	size_t len;
	const char *base = base_name(line->p, line->path_n, &len);

	if (len != strlen(name))
		return false;
	for (size_t i = 0; i < len; i++)
		if (base[i] != name[i] && !(base[i] == '-' && name[i] == '_'))
			return false;
	return true;
}

/* The line whose module file is of this (canonical) name, or NULL. */
static const struct line *find_line(const struct lines *l, const char *name)
{
	uint32_t h = name_hash(name, strlen(name));

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].hash == h && is_named(&l->v[i], name))
			return &l->v[i];
	return NULL;
}

static char *canonical(const char *s, size_t n)
{
	char *name = xstrndup(s, n);

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

/*
 * A path of a list, absolute: as it is listed, or with a compressor's suffix. NULL if it is not
 * there or leads out.
 */
static char *locate(const struct closure *c, const char *p, size_t n)
{
	static const char *const suffixes[] = { "", ".xz", ".zst", ".gz" };
	auto_str struct str rel = { 0 };

	if (memmem(p, n, "..", 2) || !n)
		return NULL;
	if (c->by_dep)
		str_add(&rel, p, n);
	else if (!krn_order_path(p, n, &rel))
		return NULL;
	for (size_t i = 0; i < countof(suffixes); i++) {
		auto_free char *path =
			rel.s[0] == '/' ? xasprintf("%s%s", rel.s, suffixes[i])
					: xasprintf("%s/%s%s", c->k->modules, rel.s, suffixes[i]);

		if (access(path, F_OK) == 0)
			return take_ptr(path);
	}
	return NULL;
}

static int visit(struct closure *c, const char *name, bool soft, int depth, struct err *err);

static int visit_words(struct closure *c, const char *words, size_t n, const char *stops, bool soft,
		       int depth, struct err *err)
{
	const char *end = words + n;

	while (words < end) {
		size_t w = MIN(strcspn(words, stops), (size_t)(end - words));
		auto_free char *name = canonical(words, w);
		int r = *name ? visit(c, name, soft, depth + 1, err) : 0;

		if (r < 0)
			return r;
		words += w + 1;
	}
	return 0;
}

/* "softdep NAME pre: a b post: c": what stands behind "pre:". */
static int visit_soft(struct closure *c, const char *spec, size_t n, int depth, struct err *err)
{
	auto_free char *copy = xstrndup(spec, n);
	char *pre = strstr(copy, "pre:");
	char *post;

	if (!pre)
		return 0;
	pre += 4;
	post = strstr(pre, "post:");
	if (post)
		*post = '\0';
	return visit_words(c, pre, strlen(pre), " \t", true, depth, err);
}

static int soft_from_list(struct closure *c, const char *name, int depth, struct err *err)
{
	const char *p = str_c(&c->softdep);

	for (; *p; p = strchrnul(p, '\n'), p += *p != '\0') {
		auto_free char *of = NULL;
		size_t n;
		int r;

		if (!str_skip(&p, "softdep "))
			continue;
		n = strcspn(p, " \n");
		of = canonical(p, n);
		if (!str_eq(of, name))
			continue;
		r = visit_soft(c, p + n, strcspn(p + n, "\n"), depth, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* modules.dep names all that a module needs, directly or not, the first to load last. */
static int needs_by_dep(struct closure *c, const char *name, const struct line *line, int depth,
			struct err *err)
{
	const char *colon = line->p + line->path_n;
	const char *end = line->p + line->n;
	int r = soft_from_list(c, name, depth, err);

	while (r == 0 && end > colon) {
		const char *word = memrchr(colon, ' ', (size_t)(end - colon));
		auto_free char *dep = NULL;
		const char *base;
		size_t n;

		if (!word)
			break;
		base = base_name(word + 1, (size_t)(end - word - 1), &n);
		dep = canonical(base, n);
		r = *dep ? visit(c, dep, false, depth + 1, err) : 0;
		end = word;
	}
	return r;
}

static int needs_by_modinfo(struct closure *c, const char *path, int depth, struct err *err)
{
	auto_strv struct strv soft = { 0 };
	auto_free char *depends = NULL;
	int r = krn_modinfo(path, &depends, &soft, err);

	for (size_t i = 0; r == 0 && i < soft.n; i++)
		r = visit_soft(c, soft.v[i], strlen(soft.v[i]), depth, err);
	if (r == 0 && depends)
		r = visit_words(c, depends, strlen(depends), ",", false, depth, err);
	return r;
}

/* Soft dependencies are often aliases ("crypto-crc32c"): every module that has it. */
static int visit_alias(struct closure *c, const char *alias, int depth, struct err *err)
{
	if (!c->alias_read)
		read_list(c->k, "modules.alias", &c->alias);
	c->alias_read = true;
	for (const char *p = str_c(&c->alias); *p; p = strchrnul(p, '\n'), p += *p != '\0') {
		auto_free char *name = NULL;
		auto_free char *module = NULL;
		size_t n;
		int r;

		/* Hardware aliases ("pci:v0000...") are most of the file. */
		if (!str_skip(&p, "alias ") || (*p != *alias))
			continue;
		n = strcspn(p, " \n");
		name = canonical(p, n);
		if (!str_eq(name, alias) || p[n] != ' ')
			continue;
		module = canonical(p + n + 1, strcspn(p + n + 1, "\n"));
		r = visit(c, module, true, depth + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int visit(struct closure *c, const char *name, bool soft, int depth, struct err *err)
{
	auto_free char *path = NULL;
	const struct line *line;
	int r;

	if (map_has(&c->seen, name))
		return 0;
	if (depth > DEPTH_MAX)
		return err_set(err, -ELOOP, "module '%s' depends on too long a chain", name);
	map_set(&c->seen, name, c);
	line = find_line(&c->list, name);
	if (line)
		path = locate(c, line->p, line->path_n);
	if (!path) {
		if (find_line(&c->builtin, name))
			return 0;
		if (soft)
			return visit_alias(c, name, depth, err);
		strv_add(c->missing, name);
		return 0;
	}
	r = c->by_dep ? needs_by_dep(c, name, line, depth, err)
		      : needs_by_modinfo(c, path, depth, err);
	if (r == 0)
		strv_take(c->files, take_ptr(path));
	return r;
}

static void open_lists(struct closure *c)
{
	if (!c->k->modules)
		return;
	read_list(c->k, "modules.builtin", &c->builtin.text);
	/* A build folder's modules.dep, if there is one, is nobody's: kbuild does not keep it. */
	if (c->k->kind != KRN_FOLDER)
		read_list(c->k, "modules.dep", &c->list.text);
	c->by_dep = c->list.text.n > 0;
	if (c->by_dep)
		read_list(c->k, "modules.softdep", &c->softdep);
	else
		read_list(c->k, "modules.order", &c->list.text);
	index_lines(&c->list);
	index_lines(&c->builtin);
}

int krn_modules_closure(const struct krn *k, const char *const *names, size_t n,
			struct strv *ret_files, struct strv *ret_missing, struct err *err)
{
	cleanup(release) struct closure c = { .k = k, .files = ret_files, .missing = ret_missing };
	int r = 0;

	open_lists(&c);
	for (size_t i = 0; r == 0 && i < n; i++) {
		auto_free char *name = canonical(names[i], strlen(names[i]));

		r = visit(&c, name, false, 0, err);
	}
	return r;
}

int krn_module_read(const char *path, struct str *ret, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint8_t magic[8];
	enum krn_comp comp;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot read the module '%s'", path);
	comp = krn_comp_of(magic, (size_t)MAX(pread(fd, magic, sizeof(magic), 0), (ssize_t)0));
	if (comp == KRN_COMP_NONE)
		return file_read(AT_FDCWD, path, MODULE_MAX, ret, err);
	r = krn_unpack_str(&(struct krn_packed){ fd, 0, (uint64_t)st.st_size, comp, MODULE_MAX },
			   ret, err);
	return r < 0 ? err_wrap(err, r, "cannot read the module '%s'", path) : 0;
}

/*
 * At the end of the file: the signature, struct module_signature (12 bytes, the last four are the
 * signature's length in big-endian), and the marker.
 */
static void cut_signature(struct str *module)
{
	static const char marker[] = "~Module signature appended~\n";
	const size_t tail = sizeof(marker) - 1 + 12;
	const uint8_t *end = (const uint8_t *)module->s + module->n;
	size_t length;

	if (module->n < tail || memcmp(end - sizeof(marker) + 1, marker, sizeof(marker) - 1) != 0)
		return;
	end -= sizeof(marker) - 1;
	length = (size_t)end[-4] << 24 | (size_t)end[-3] << 16 | (size_t)end[-2] << 8 | end[-1];
	if (length <= module->n - tail)
		module->n -= tail + length;
}

static bool is_hidden(const struct bytes *b, uint64_t name)
{
	/* Types for BPF; what the constants' names in the formats of trace events stand for. */
	static const char *const hidden[] = { ".BTF", "_ftrace_eval_map" };

	for (size_t i = 0; i < countof(hidden); i++)
		if (bytes_eq(b, name, hidden[i], strlen(hidden[i]) + 1))
			return true;
	return false;
}

/* A section loses its name, which is what the kernel finds it by. The kernel takes only its own class. */
static void hide_sections(struct str *module)
{
	struct bytes b = { (const uint8_t *)module->s, module->n, false };
	uint64_t at = bytes_u64(&b, offsetof(Elf64_Ehdr, e_shoff)), names;
	unsigned n = bytes_u16(&b, offsetof(Elf64_Ehdr, e_shnum));
	unsigned in = bytes_u16(&b, offsetof(Elf64_Ehdr, e_shstrndx));

	if (!bytes_eq(&b, 0, ELFMAG, SELFMAG) || bytes_u8(&b, EI_CLASS) != ELFCLASS64 ||
	    bytes_u8(&b, EI_DATA) != ELFDATA2LSB ||
	    bytes_u16(&b, offsetof(Elf64_Ehdr, e_shentsize)) != sizeof(Elf64_Shdr) || in >= n ||
	    !bytes_has(&b, at, n * sizeof(Elf64_Shdr)))
		return;
	names = bytes_u64(&b, at + in * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_offset));
	for (; n; n--, at += sizeof(Elf64_Shdr))
		if (is_hidden(&b, names + bytes_u32(&b, at)))
			memset(module->s + at, 0, sizeof(Elf64_Word));
}

void krn_module_strip(struct str *module)
{
	cut_signature(module);
	hide_sections(module);
}

bool krn_is_module(const char *name)
{
	return str_ends(name, ".ko") || str_ends(name, ".ko.gz") || str_ends(name, ".ko.xz") ||
	       str_ends(name, ".ko.zst");
}
