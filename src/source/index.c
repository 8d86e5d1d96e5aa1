/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index as bytes: a head with a check of all that is behind it, the entries, the names. It is of this machine and
 * believed only if everything fits, so that no damage of it can make a wrong digest. It is replaced by a rename and never written
 * in place, so that one that is mapped stays what it was.
 */
#include "source/index.h"

#include "kernel/cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define INDEX_MAX ((size_t)1 << 30)

struct head {
	char magic[16];
	uint64_t check;
	uint64_t n, names;
	uint8_t total[DIGEST_BYTES];
};
static const char magic[16] = "kiln index 1\n";

void src_index_release(struct src_index *x)
{
	if (x->map)
		munmap(x->map, x->mapped);
	/* what has no room of its own is a view */
	if (x->cap)
		free(x->v);
	if (x->names.cap)
		str_release(&x->names);
	*x = (struct src_index){ 0 };
}

int src_index_path(const char *tree, char **ret, struct err *err)
{
	struct krn_mix mix = KRN_MIX_INIT;
	char key[33];

	krn_mix_str(&mix, tree);
	krn_mix_hex(&mix, key);
	return krn_cached_path("treesums", key, ret, err);
}

/* Against damage, not against design: 8 MB in 2 ms. */
static uint64_t check_of(const char *p, size_t n)
{
	uint64_t h = HASH_INIT ^ n, word;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	for (; n; p++, n--)
		h = hash_byte(h, (uint8_t)*p);
	return h;
}

#define CHECKED offsetof(struct head, n)

void src_index_format(const struct src_index *x, struct str *ret)
{
	struct head h = { .n = x->n, .names = x->names.n };
	uint64_t check;

	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.total, x->total, sizeof(h.total));
	str_room(ret, sizeof(h) + x->n * sizeof(*x->v) + x->names.n);
	str_add(ret, &h, sizeof(h));
	str_add(ret, x->v, x->n * sizeof(*x->v));
	str_add(ret, x->names.s, x->names.n);
	check = check_of(ret->s + CHECKED, ret->n - CHECKED);
	memcpy(ret->s + offsetof(struct head, check), &check, sizeof(check));
}

/* A folder's entries stand behind it, so that no folder can be below itself. */
static bool is_sound(const struct src_index *x)
{
	if (!x->n || x->v[0].type != 'D' || !x->names.n || x->names.s[x->names.n - 1])
		return false;
	for (size_t i = 0; i < x->n; i++) {
		const struct src_entry *e = &x->v[i];

		if (e->name >= x->names.n)
			return false;
		if (e->type == 'D' && e->n &&
		    (e->first <= i || e->first > x->n || e->n > x->n - e->first))
			return false;
	}
	return true;
}

bool src_index_parse(void *bytes, size_t n, struct src_index *ret)
{
	char *p = bytes;
	struct src_index x = { 0 };
	struct head h;
	size_t size;

	*ret = x;
	if (n < sizeof(h) || n > INDEX_MAX)
		return false;
	memcpy(&h, p, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) != 0 || h.n > INDEX_MAX / sizeof(*x.v) ||
	    h.names > INDEX_MAX)
		return false;
	size = h.n * sizeof(*x.v);
	if (n != sizeof(h) + size + h.names || h.check != check_of(p + CHECKED, n - CHECKED))
		return false;
	x.n = h.n;
	x.v = (struct src_entry *)(void *)(p + sizeof(h));
	x.names = (struct str){ .s = p + sizeof(h) + size, .n = h.names };
	memcpy(x.total, h.total, sizeof(x.total));
	if (!is_sound(&x))
		return false;
	*ret = x;
	return true;
}

/* Read at once; only what is written then is copied, page by page. */
static void *map(int fd, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, n, PROT_READ | PROT_WRITE) == 0)
		return p;
	munmap(p, n);
	return NULL;
}

bool src_index_load(const char *path, struct src_index *ret)
{
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	void *p;

	*ret = (struct src_index){ 0 };
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size ||
	    (uint64_t)st.st_size > INDEX_MAX)
		return false;
	p = map(fd, (size_t)st.st_size);
	if (!p || !src_index_parse(p, (size_t)st.st_size, ret)) {
		if (p)
			munmap(p, (size_t)st.st_size);
		return false;
	}
	ret->map = p;
	ret->mapped = (size_t)st.st_size;
	return true;
}
