/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file: a page with struct head, the region's bytes up to a whole page, records. A record is struct record and its
 * text. Files written within the last two seconds before the tree was kept do not count as known: a second change might
 * leave their times as they are.
 */
#include "kconfig/snapshot.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

/* The largest that Linux has. */
#define PAGE	    ((size_t)65536)
#define MAX_RECORDS ((size_t)64 << 20)
/* As many trees are kept as one works with in turns; each takes 10 to 20 MB. */
#define MAX_KEPT   40
#define SETTLED_NS (2 * (int64_t)NSEC_PER_SEC)

struct head {
	char magic[16];
	struct file_id program; /* this one */
	char boot[40];
	uint64_t base, used, tree, records; /* addresses, lengths */
};

static const char magic[16] = "kiln tree 2\n";

enum kind { FILE_IS, FILE_ABSENT, ENV_IS, ENV_ABSENT, ANSWER, SAID_OUT, SAID_ERR };

struct record {
	uint32_t kind;
	uint32_t
		len; /* of the text behind, which ends with a NUL that is not counted; padded to 8 */
	struct file_id id;
};

static void add(struct kc_inputs *in, enum kind kind, const struct file_id *id, const char *text,
		const char *more)
{
	size_t len = strlen(text) + (more ? strlen(more) + 1 : 0);
	struct record r = { .kind = kind, .len = (uint32_t)len };
	char *p;

	if (id)
		r.id = *id;
	str_add(&in->records, &r, sizeof(r));
	p = str_room(&in->records, len + 8);
	memset(p + len, 0, 8);
	snprintf(p, len + 1, "%s%s%s", text, more ? "=" : "", more ? more : "");
	in->records.n += ALIGN_UP(len + 1, (size_t)8);
}

static int64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return timespec_ns(&now);
}

void kc_inputs_begin(struct kc_inputs *in)
{
	in->begun_ns = wall_clock_ns();
}

void kc_inputs_file(struct kc_inputs *in, const char *path, const struct stat *st)
{
	struct file_id id;

	if (!st) {
		add(in, FILE_ABSENT, NULL, path, NULL);
		return;
	}
	id = file_id_of(st);
	in->newest_ns = MAX(in->newest_ns, id.mtime_ns);
	in->newest_ns = MAX(in->newest_ns, id.ctime_ns);
	add(in, FILE_IS, &id, path, NULL);
}

void kc_inputs_env(struct kc_inputs *in, const char *name, const char *value)
{
	if (strchr(name, '='))
		in->unsafe = true;
	add(in, value ? ENV_IS : ENV_ABSENT, NULL, name, value);
}

void kc_inputs_answer(struct kc_inputs *in, const char *key)
{
	add(in, ANSWER, NULL, key, NULL);
}

void kc_inputs_said(struct kc_inputs *in, bool err, const char *line)
{
	add(in, err ? SAID_ERR : SAID_OUT, NULL, line, NULL);
}

void kc_inputs_release(struct kc_inputs *in)
{
	str_release(&in->records);
	*in = (struct kc_inputs){ 0 };
}

static uint64_t hash_bytes(uint64_t h, const void *data, size_t n)
{
	for (const uint8_t *p = data; n--; p++)
		h = hash_byte(h, *p);
	return h;
}

/* The program and the boot that a file must be of. */
static bool own_head(struct head *h)
{
	auto_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	struct stat st;

	*h = (struct head){ 0 };
	memcpy(h->magic, magic, sizeof(magic));
	if (fd < 0 || read_full(fd, h->boot, sizeof(h->boot) - 1) <= 0 ||
	    stat("/proc/self/exe", &st) < 0)
		return false;
	h->program = file_id_of(&st);
	return true;
}

/* Where the tree of that name is or would be kept; NULL: nowhere. */
static char *path_of(const struct kc_snapshot_name *name)
{
	const struct kc_dialect *d = name->dialect;
	auto_free char *dir = NULL;
	uint64_t h = kc_env_hash(name->env);
	struct head own;
	struct stat st;

	/* hosts that share a home do not share files that are mapped */
	if (own_head(&own))
		h = hash_bytes(h, own.boot, sizeof(own.boot));
	if (fstatat(name->dirfd, ".", &st, 0) < 0 || dir_sub(DIR_CACHE, "trees", &dir, NULL) < 0)
		return NULL;
	h = hash_bytes(h, &st.st_dev, sizeof(st.st_dev));
	h = hash_bytes(h, &st.st_ino, sizeof(st.st_ino));
	h = hash_bytes(h, name->file, strlen(name->file) + 1);
	h = hash_bytes(h, d, offsetof(struct kc_dialect, sym_buckets));
	h = hash_bytes(h, &d->sym_buckets, sizeof(d->sym_buckets));
	return xasprintf("%s/%016llx", dir, (unsigned long long)h);
}

static bool file_holds(const struct kc_snapshot_name *name, const struct record *r,
		       const char *text)
{
	struct file_id id;
	struct stat st;

	if (fstatat(name->dirfd, text, &st, 0) < 0)
		return r->kind == FILE_ABSENT;
	if (r->kind == FILE_ABSENT)
		return false;
	id = file_id_of(&st);
	return !memcmp(&id, &r->id, sizeof(id));
}

static bool env_holds(const struct kc_snapshot_name *name, const struct record *r, const char *text)
{
	auto_free char *var = xstrndup(text, strcspn(text, "="));
	const char *value = env_get(name->env, var);

	if (r->kind == ENV_ABSENT)
		return !value;
	return value && str_eq(value, text + strlen(var) + 1);
}

static bool holds(const struct kc_snapshot_name *name, struct kc_cache *cache,
		  const struct record *r, const char *text)
{
	switch (r->kind) {
	case FILE_IS:
	case FILE_ABSENT:
		return file_holds(name, r, text);
	case ENV_IS:
	case ENV_ABSENT:
		return env_holds(name, r, text);
	case ANSWER:
		return kc_cache_key_holds(cache, text);
	default:
		return true;
	}
}

/* The record at *p; moves *p behind it. NULL: there is none. */
static const struct record *next_record(const char **p, const char *end, const char **ret_text)
{
	const struct record *r = (const struct record *)*p;
	size_t n;

	if ((size_t)(end - *p) < sizeof(*r))
		return NULL;
	n = ALIGN_UP((size_t)r->len + 1, (size_t)8);
	if ((size_t)(end - *p) - sizeof(*r) < n)
		return NULL;
	*ret_text = *p + sizeof(*r);
	*p += sizeof(*r) + n;
	return r;
}

static bool all_hold(const struct kc_snapshot_name *name, struct kc_cache *cache,
		     const struct str *records)
{
	const char *p = str_c(records), *end = p + records->n, *text;
	const struct record *r;

	while ((r = next_record(&p, end, &text)))
		if (!holds(name, cache, r, text))
			return false;
	return p == end;
}

static void say_again(const struct str *records, kc_say_fn *say, void *ctx)
{
	const char *p = str_c(records), *end = p + records->n, *text;
	const struct record *r;

	while ((r = next_record(&p, end, &text)))
		if (r->kind == SAID_OUT || r->kind == SAID_ERR)
			say(ctx, r->kind == SAID_ERR, text);
}

static bool read_records(int fd, const struct head *h, struct str *ret)
{
	off_t at = (off_t)(PAGE + h->used);
	struct stat st;

	if (h->used % PAGE || h->records > MAX_RECORDS || fstat(fd, &st) < 0 ||
	    st.st_size != at + (off_t)h->records)
		return false;
	/* it will be memory of this process: nobody else may have written it */
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022 ||
	    h->tree < h->base || h->tree > h->base + h->used - sizeof(struct kc_tree))
		return false;
	if (pread(fd, str_room(ret, h->records), h->records, at) != (ssize_t)h->records)
		return false;
	ret->n = h->records;
	return true;
}

static void make_key(const struct head *own, const struct str *records, uint64_t ret[2])
{
	for (uint64_t i = 0; i < 2; i++) {
		ret[i] = hash_bytes(HASH_INIT + i, own, sizeof(*own));
		ret[i] = hash_bytes(ret[i], str_c(records), records->n);
	}
}

struct kc_tree *kc_snapshot_load(const struct kc_snapshot_name *name, struct kc_cache *cache,
				 kc_say_fn *say, void *ctx)
{
	auto_free char *path = path_of(name);
	auto_close int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	auto_str struct str records = { 0 };
	struct head h, own;
	struct kc_region mem;
	struct kc_tree *t;

	if (fd < 0 || read_full(fd, &h, sizeof(h)) != sizeof(h) || !own_head(&own) ||
	    memcmp(&h, &own, offsetof(struct head, base)) != 0)
		return NULL;
	if (!read_records(fd, &h, &records) || !all_hold(name, cache, &records))
		return NULL;
	if (kc_region_map(&mem, (char *)(uintptr_t)h.base, fd, PAGE, h.used) < 0)
		return NULL;
	t = (struct kc_tree *)(uintptr_t)h.tree;
	t->mem = mem;
	make_key(&own, &records, t->key);
	/* its time of use: the oldest ones are removed first */
	futimens(fd, NULL);
	if (say)
		say_again(&records, say, ctx);
	return t;
}

/* Removes the ones used longest ago. */
static void prune(const char *path)
{
	auto_free char *dir = path_dir(path), *oldest = NULL;
	DIR *d = opendir(dir);
	struct timespec least = { 0 };
	const struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		struct stat st;

		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (e->d_name[0] == '.') {
			/* left behind by one that was killed */
			if (st.st_mtim.tv_sec < time(NULL) - 3600)
				unlinkat(dirfd(d), e->d_name, 0);
			continue;
		}
		n++;
		if (oldest &&
		    (st.st_mtim.tv_sec > least.tv_sec ||
		     (st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec >= least.tv_nsec)))
			continue;
		free(oldest);
		oldest = xstrdup(e->d_name);
		least = st.st_mtim;
	}
	if (n > MAX_KEPT)
		unlinkat(dirfd(d), oldest, 0);
	if (d)
		closedir(d);
}

void kc_snapshot_save(const struct kc_snapshot_name *name, const struct kc_tree *t,
		      const struct kc_inputs *in)
{
	auto_publish struct publish out = PUBLISH_NONE;
	auto_free char *path = path_of(name), *page = xcalloc(1, PAGE);
	struct head h;

	if (!path || !t->mem.placed || in->unsafe || in->newest_ns > in->begun_ns - SETTLED_NS ||
	    !own_head(&h))
		return;
	h.base = (uintptr_t)t->mem.base;
	h.used = ALIGN_UP(t->mem.used, PAGE);
	h.tree = (uintptr_t)t;
	h.records = in->records.n;
	memcpy(page, &h, sizeof(h));
	if (publish_begin(&out, path, 0600, NULL) < 0)
		return;
	if (write_all(out.fd, page, PAGE) < 0 || write_all(out.fd, t->mem.base, h.used) < 0 ||
	    write_all(out.fd, str_c(&in->records), in->records.n) < 0)
		return;
	if (publish_commit(&out, false, NULL) == 0)
		prune(path);
}
