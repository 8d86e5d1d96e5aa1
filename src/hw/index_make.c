/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a tree. What headers define is read once; then processes, one for each processor, take source after source from a
 * list that they share, with the headers' names as they were at the fork, and write what each says as lines. A source that
 * several modules are made of speaks for each of them.
 */
#include "hw/index.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "hw/facts.h"
#include "hw/match.h"
#include "kbuild/modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MAX_SOURCE  (64 << 20)
#define MAX_WORKERS 16
#define AT_ONCE	    8 /* sources that are taken from the list */

struct maker {
	const struct hw_index_spec *spec;
	int tree;
	int64_t began; /* nanoseconds, CLOCK_REALTIME */
	struct kb_module_list modules;
	struct hw_c_world world;
	struct hw_c_layouts layouts;
	struct strv words;
	struct strv sources;	/* that are there */
	_Atomic uint32_t *next; /* of these, shared by all processes */
	int out[MAX_WORKERS];	/* files without a name, for what they say */
	pid_t pid[MAX_WORKERS];
	size_t n_workers;
};

/* Sources */

static void add_sources(struct maker *m)
{
	const char *before = "";

	for (size_t i = 0; i < m->modules.parts.n; i++) {
		const struct kb_part_of *p = &m->modules.parts.v[i];

		if (!str_eq(p->path, before))
			strv_addf(&m->sources, "%s.c", p->path);
		before = p->path;
	}
}

/* A worker */

/* One line for each fact: fields with a byte between them that is in none. Then one for each header that was used. */
#define BETWEEN "\037"
#define HEADER	'/'

static void write_fact(struct str *out, const struct hw_conds *conds, uint32_t source,
		       const struct hw_fact *f)
{
	auto_str struct str cond = { 0 };
	str_addf(out, "%u" BETWEEN "%d" BETWEEN "%u" BETWEEN "%s" BETWEEN "%s" BETWEEN "%s" BETWEEN,
		 source, f->kind, f->line, f->table ? f->table : "", f->driver ? f->driver : "",
		 f->file ? f->file : "");
	if (f->cond != HW_COND_TRUE)
		hw_cond_text(conds, f->cond, &cond);
	str_addf(out, "%s" BETWEEN "%s\n", str_c(&cond), f->text);
}

static void read_source(struct maker *m, uint32_t i, struct str *out)
{
	const char *path = m->sources.v[i];
	auto_str struct str text = { 0 };
	struct hw_facts facts = { 0 };

	if (file_read(m->tree, path, MAX_SOURCE, &text, NULL) < 0 ||
	    !hw_facts_possible(&m->words, str_c(&text), text.n))
		return;
	hw_facts_read(&m->world, &m->layouts, path, str_c(&text), text.n, &facts);
	for (size_t k = 0; k < facts.n; k++)
		write_fact(out, &m->world.conds, i, &facts.v[k]);
	hw_facts_release(&facts);
}

static void write_headers(struct maker *m, struct str *out)
{
	for (size_t i = 0; i < m->world.header.n; i++) {
		const struct hw_c_header *h = m->world.header.v[i].value;

		if (h && h->used && *h->path != '<' && !strchr(h->path, '\n'))
			str_addf(out, "%c%s\n", HEADER, h->path);
	}
}

static void work(struct maker *m, int fd)
{
	struct str out = { 0 };
	uint32_t first;

	while ((first = atomic_fetch_add(m->next, AT_ONCE)) < m->sources.n) {
		for (uint32_t i = first; i < first + AT_ONCE && i < m->sources.n; i++)
			read_source(m, i, &out);
		if (write_all(fd, out.s, out.n) < 0)
			_exit(1);
		str_clear(&out);
	}
	write_headers(m, &out);
	_exit(write_all(fd, out.s, out.n) < 0);
}

static int start(struct maker *m, struct err *err)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const size_t n = cpus < 1 ? 1 : (size_t)MIN(cpus, (long)MAX_WORKERS);

	m->next = mmap(NULL, sizeof(*m->next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (m->next == MAP_FAILED)
		return err_sys(err, "cannot share memory");
	while (m->n_workers < n) {
		const size_t i = m->n_workers;

		m->out[i] = memfd_create("kiln-hw", MFD_CLOEXEC);
		if (m->out[i] < 0)
			return err_sys(err, "cannot make a file in memory");
		m->pid[i] = proc_fork();
		if (m->pid[i] == 0)
			work(m, m->out[i]);
		m->n_workers++;
		if (m->pid[i] < 0)
			return err_sys(err, "cannot start a process");
	}
	return 0;
}

static int finish(struct maker *m, struct err *err)
{
	const struct hw_index_spec *s = m->spec;
	bool good = true;

	for (size_t i = 0; i < m->n_workers; i++) {
		int status = 0;

		while (waitpid(m->pid[i], &status, WNOHANG) == 0) {
			if (s->progress)
				s->progress(s->progress_ctx, "reading device tables",
					    MIN(atomic_load(m->next), (uint32_t)m->sources.n),
					    m->sources.n);
			poll(NULL, 0, 20);
		}
		m->pid[i] = 0;
		good &= status == 0;
	}
	return good ? 0
		    : err_set(err, -EIO, "reading the device tables of '%s' was broken off",
			      s->tree);
}

/* The index */

struct records {
	struct hw_ix_record *v;
	size_t n, cap;
};

struct builder {
	struct maker *m;
	struct str text;
	struct map known; /* text -> its place */
	struct records list[HW_IX_LISTS];
	struct hw_ix_module *module;
	struct {
		struct hw_ix_input *v;
		size_t n, cap;
	} inputs;
	struct map known_inputs, folders;
	bool changed; /* one of them has, since the reading began */
	struct hw_conds conds;
};

static hw_text text_of(struct builder *b, const char *s)
{
	uintptr_t at;

	if (!*s)
		return 0;
	at = (uintptr_t)map_get(&b->known, s);
	if (!at) {
		at = b->text.n;
		str_add(&b->text, s, strlen(s) + 1);
		map_set(&b->known, s, (void *)at);
	}
	return (hw_text)at;
}

static uint32_t need_cond(struct hw_conds *c, const struct kb_need *n)
{
	const size_t len = strlen(n->symbol);
	const uint32_t any = hw_cond_sym(c, HW_COND_SYM, n->symbol, len),
		       y = hw_cond_sym(c, HW_COND_BUILTIN, n->symbol, len),
		       m = hw_cond_sym(c, HW_COND_MODULE, n->symbol, len);

	switch (n->allows) {
	case KB_M | KB_Y:
		return any;
	case KB_Y:
		return y;
	case KB_M:
		return m;
	case KB_N:
		return hw_cond_not(c, any);
	case KB_N | KB_M:
		return hw_cond_not(c, y);
	case KB_N | KB_Y:
		return hw_cond_not(c, m);
	default:
		return n->allows ? HW_COND_TRUE : HW_COND_FALSE;
	}
}

/* Under which condition a source is in the module at all. */
static uint32_t source_cond(struct hw_conds *c, const struct kb_source *s)
{
	uint32_t cond = HW_COND_FALSE;

	for (size_t i = 0; i < s->n_term; i++) {
		uint32_t term = HW_COND_TRUE;

		for (size_t k = 0; k < s->term[i].n; k++)
			term = hw_cond_and(c, term, need_cond(c, &s->term[i].need[k]));
		cond = hw_cond_or(c, cond, term);
	}
	return s->n_term ? cond : HW_COND_TRUE;
}

static hw_text cond_text(struct builder *b, uint32_t cond)
{
	auto_str struct str s = { 0 };

	if (cond == HW_COND_TRUE)
		return 0;
	hw_cond_text(&b->conds, cond, &s);
	return text_of(b, str_c(&s));
}

/* With the module's name in its places. */
static hw_text named(struct builder *b, const char *s, const char *module)
{
	auto_str struct str t = { 0 };
	const char *at;

	if (!strstr(s, HW_C_MODNAME))
		return text_of(b, s);
	while ((at = strstr(s, HW_C_MODNAME))) {
		str_add(&t, s, (size_t)(at - s));
		str_adds(&t, module);
		s = at + strlen(HW_C_MODNAME);
	}
	str_adds(&t, s);
	return text_of(b, str_c(&t));
}

struct line {
	const char *source, *kind, *line, *table, *driver, *file, *cond, *text;
};

static int list_of(int kind)
{
	switch (kind) {
	case HW_FACT_ALIAS:
	case HW_FACT_BINDS:
		return 0;
	case HW_FACT_FIRMWARE:
		return 1;
	case HW_FACT_DRIVER:
		return 2;
	case HW_FACT_SOFTDEP:
		return 3;
	default:
		return 4;
	}
}

static void add_record(struct builder *b, const struct line *l, const struct kb_part_of *p,
		       const char *path)
{
	const int kind = (int)strtol(l->kind, NULL, 10);
	const char *name = p->module->name;
	const uint32_t own = hw_cond_parse(&b->conds, l->cond);
	struct hw_ix_record r = {
		.text = named(b, l->text, name),
		.module = (uint32_t)(p->module - b->m->modules.v),
		.table = text_of(b, l->table),
		.driver = named(b, l->driver, name),
		.file = text_of(b, *l->file ? l->file : path),
		.line = (uint32_t)strtoul(l->line, NULL, 10),
		.binds = kind == HW_FACT_BINDS,
	};

	r.cond = cond_text(b, hw_cond_and(&b->conds, own, source_cond(&b->conds, p->source)));
	vec_push(&b->list[list_of(kind)], r);
}

/* Times are told apart to some milliseconds: that of the kernel's clock for files. */
#define CLOCK_STEP 20000000

static void add_input(struct builder *b, const char *path)
{
	struct hw_ix_input in = { 0 };
	struct file_id id;
	struct stat st;

	if (map_has(&b->known_inputs, path))
		return;
	map_set(&b->known_inputs, path, b);
	in.path = text_of(b, path);
	if (fstatat(b->m->tree, path, &st, 0) == 0) {
		in.there = 1;
		id = file_id_of(&st);
		memcpy(in.id, &id, sizeof(id));
		b->changed |= MAX(id.mtime_ns, id.ctime_ns) >= b->m->began - CLOCK_STEP;
	}
	vec_push(&b->inputs, in);
}

static bool split(char *s, struct line *ret)
{
	const char **field[] = { &ret->source, &ret->kind, &ret->line, &ret->table,
				 &ret->driver, &ret->file, &ret->cond, &ret->text };
	size_t n = 0;

	while (n < countof(field)) {
		*field[n++] = s;
		s = strchr(s, *BETWEEN);
		if (!s)
			break;
		*s++ = '\0';
	}
	return n == countof(field);
}

/* What a source says, or a header that was used. */
static void take_line(struct builder *b, char *s)
{
	const uint32_t source = (uint32_t)strtoul(s, NULL, 10);
	const char *path = source < b->m->sources.n ? b->m->sources.v[source] : NULL;
	const struct kb_part_of *p;
	struct line l;
	size_t n;

	if (*s == HEADER)
		add_input(b, s + 1);
	if (*s == HEADER || !path)
		return;
	if (!split(s, &l))
		return;
	p = kb_module_of_source(&b->m->modules, path, &n);
	for (size_t i = 0; i < n; i++)
		add_record(b, &l, &p[i], path);
}

static int take_output(struct builder *b, int fd, struct err *err)
{
	struct str all = { 0 };
	char *s, *end;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read what was found");
	for (;;) {
		char *room = str_room(&all, 1 << 20);
		const ssize_t got = read_full(fd, room, 1 << 20);

		if (got < 0)
			return err_code(err, (int)got, "cannot read what was found");
		all.n += (size_t)got;
		if (got < 1 << 20)
			break;
	}
	for (s = all.s; s && s < all.s + all.n; s = end + 1) {
		end = memchr(s, '\n', (size_t)(all.s + all.n - s));
		if (!end)
			break;
		*end = '\0';
		take_line(b, s);
	}
	str_release(&all);
	return 0;
}

static int by_text(const void *a, const void *b, void *text)
{
	const struct hw_ix_record *x = a, *y = b;
	const int c = hw_alias_cmp((const char *)text + x->text, (const char *)text + y->text);

	if (c)
		return c;
	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static int by_folder(const void *a, const void *b, void *text)
{
	const char *x = (const char *)text + ((const struct hw_ix_input *)a)->path;
	const char *y = (const char *)text + ((const struct hw_ix_input *)b)->path;
	const char *x_end = strrchr(x, '/'), *y_end = strrchr(y, '/');
	const size_t x_n = x_end ? (size_t)(x_end - x) : 0, y_n = y_end ? (size_t)(y_end - y) : 0;
	const int c = memcmp(x, y, MIN(x_n, y_n));

	if (c)
		return c;
	return x_n != y_n ? (x_n < y_n ? -1 : 1) : strcmp(x, y);
}

static void bytes_of(struct builder *b, struct str *ret)
{
	struct hw_ix_header h = { .text_n = (uint32_t)b->text.n,
				  .n_modules = (uint32_t)b->m->modules.n,
				  .n_inputs = (uint32_t)b->inputs.n };

	memcpy(h.magic, HW_IX_MAGIC, sizeof(h.magic));
	memcpy(h.reader, hw_reader_id, sizeof(h.reader));
	for (size_t i = 0; i < HW_IX_LISTS; i++) {
		h.n[i] = (uint32_t)b->list[i].n;
		if (b->list[i].n)
			qsort_r(b->list[i].v, b->list[i].n, sizeof(struct hw_ix_record), by_text,
				b->text.s);
	}
	str_add(ret, &h, sizeof(h));
	str_add(ret, b->inputs.v, b->inputs.n * sizeof(*b->inputs.v));
	str_add(ret, b->module, b->m->modules.n * sizeof(*b->module));
	for (size_t i = 0; i < HW_IX_LISTS; i++)
		str_add(ret, b->list[i].v, b->list[i].n * sizeof(struct hw_ix_record));
	str_add(ret, b->text.s, b->text.n);
}

static void add_modules(struct builder *b)
{
	b->module = xcalloc(b->m->modules.n + 1, sizeof(*b->module));
	for (size_t i = 0; i < b->m->modules.n; i++) {
		const struct kb_module *m = &b->m->modules.v[i];
		auto_free char *path =
			xstrndup(m->path, strlen(m->path) - (str_ends(m->path, ".o") ? 2 : 0));

		b->module[i].name = text_of(b, m->name);
		b->module[i].path = text_of(b, path);
	}
}

static void add_makefiles(struct builder *b, const char *of)
{
	static const char *const files[] = { "Makefile", "Kbuild" };
	auto_free char *dir = path_dir(of);
	const bool top = str_eq(dir, ".");

	if (map_has(&b->folders, dir))
		return;
	map_set(&b->folders, dir, b);
	for (size_t k = 0; k < countof(files); k++) {
		auto_free char *file =
			xasprintf("%s%s%s", top ? "" : dir, top ? "" : "/", files[k]);

		add_input(b, file);
	}
	if (!top)
		add_makefiles(b, dir);
}

/* Sources without a word of interest, too, and those that are not there: makefiles name them. */
static void add_inputs(struct builder *b)
{
	auto_free char *arch = xasprintf("arch/%s/Makefile", b->m->spec->srcarch);

	add_input(b, "include/linux/mod_devicetable.h");
	add_makefiles(b, arch);
	for (size_t i = 0; i < b->m->sources.n; i++) {
		add_input(b, b->m->sources.v[i]);
		add_makefiles(b, b->m->sources.v[i]);
	}
	qsort_r(b->inputs.v, b->inputs.n, sizeof(*b->inputs.v), by_folder, b->text.s);
}

static int build(struct maker *m, struct str *ret, bool *ret_keep, struct err *err)
{
	struct builder b = { .m = m };
	int r = 0;

	str_addc(&b.text, '\0');
	hw_conds_init(&b.conds);
	add_modules(&b);
	for (size_t i = 0; i < m->n_workers && r == 0; i++)
		r = take_output(&b, m->out[i], err);
	add_inputs(&b);
	*ret_keep = !b.changed;
	if (r == 0)
		bytes_of(&b, ret);
	for (size_t i = 0; i < HW_IX_LISTS; i++)
		free(b.list[i].v);
	free(b.inputs.v);
	free(b.module);
	str_release(&b.text);
	map_release(&b.known, NULL);
	map_release(&b.known_inputs, NULL);
	map_release(&b.folders, NULL);
	hw_conds_release(&b.conds);
	return r;
}

static void maker_release(struct maker *m)
{
	for (size_t i = 0; i < m->n_workers; i++) {
		if (m->pid[i] > 0) {
			kill(m->pid[i], SIGKILL);
			proc_wait(m->pid[i]);
		}
		close(m->out[i]);
	}
	if (m->next && m->next != MAP_FAILED)
		munmap(m->next, sizeof(*m->next));
	hw_c_layouts_release(&m->layouts);
	hw_c_world_release(&m->world);
	strv_release(&m->words);
	strv_release(&m->sources);
	kb_module_list_release(&m->modules);
	close_fd(m->tree);
}

int hw_index_make(const struct hw_index_spec *spec, struct str *ret, bool *ret_keep,
		  struct err *err)
{
	struct maker m = { .spec = spec,
			   .began = digest_now_ns(),
			   .tree = open(spec->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	struct hw_c_header *ids;
	int r;

	if (m.tree < 0)
		return err_sys(err, "cannot open '%s'", spec->tree);
	if (spec->progress)
		spec->progress(spec->progress_ctx, "reading headers", 0, 0);
	r = kb_module_list(spec->tree, spec->srcarch, &m.modules, err);
	if (r == 0)
		r = hw_c_world_init(&m.world, m.tree, spec->srcarch, err);
	ids = r == 0 ? hw_c_header_get(&m.world, "include/linux/mod_devicetable.h") : NULL;
	if (ids) {
		hw_c_layouts_read(&m.layouts, &m.world, ids);
		hw_facts_words(&m.world, &m.words);
		add_sources(&m);
		r = start(&m, err);
	}
	if (r == 0)
		r = finish(&m, err);
	if (r == 0)
		r = build(&m, ret, ret_keep, err);
	maker_release(&m);
	return r;
}
