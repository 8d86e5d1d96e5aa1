/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An index in the cache. Whoever reads one there believes nothing of it: each place in it is looked at before it is used. */
#include "hw/index.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_INDEX (UINT64_C(1) << 30)

static bool good_text(const struct hw_index *ix, hw_text t)
{
	return t < ix->text_n;
}

static bool good_list(const struct hw_index *ix, const struct hw_ix_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct hw_ix_record *r = &l->v[i];

		if (!good_text(ix, r->text) || r->module >= ix->n_modules ||
		    !good_text(ix, r->table) || !good_text(ix, r->driver) ||
		    !good_text(ix, r->file) || !good_text(ix, r->cond))
			return false;
	}
	return true;
}

bool hw_index_parse(const void *bytes, size_t n, struct hw_index *ret,
		    const struct hw_ix_input **ret_inputs, size_t *ret_n)
{
	const struct hw_ix_header *h = bytes;
	struct hw_ix_list *lists[HW_IX_LISTS] = { &ret->alias, &ret->firmware, &ret->driver,
						  &ret->softdep, &ret->odd };
	const char *p = (const char *)(h + 1);
	uint64_t want = sizeof(*h);

	*ret = (struct hw_index){ 0 };
	if (n < sizeof(*h) || memcmp(h->magic, HW_IX_MAGIC, sizeof(h->magic)))
		return false;
	want += (uint64_t)h->n_modules * sizeof(struct hw_ix_module) +
		(uint64_t)h->n_inputs * sizeof(struct hw_ix_input) + h->text_n;
	for (size_t i = 0; i < HW_IX_LISTS; i++)
		want += (uint64_t)h->n[i] * sizeof(struct hw_ix_record);
	if (want != n || !h->text_n || ((const char *)bytes)[n - 1])
		return false;
	*ret_inputs = (const struct hw_ix_input *)p;
	*ret_n = h->n_inputs;
	p += h->n_inputs * sizeof(struct hw_ix_input);
	ret->module = (const struct hw_ix_module *)p;
	ret->n_modules = h->n_modules;
	p += h->n_modules * sizeof(struct hw_ix_module);
	for (size_t i = 0; i < HW_IX_LISTS; i++) {
		*lists[i] = (struct hw_ix_list){ (const struct hw_ix_record *)p, h->n[i] };
		p += h->n[i] * sizeof(struct hw_ix_record);
	}
	ret->text = p;
	ret->text_n = h->text_n;
	for (size_t i = 0; i < HW_IX_LISTS; i++)
		if (!good_list(ret, lists[i]))
			return false;
	for (size_t i = 0; i < ret->n_modules; i++)
		if (!good_text(ret, ret->module[i].name) || !good_text(ret, ret->module[i].path))
			return false;
	for (size_t i = 0; i < *ret_n; i++)
		if (!good_text(ret, (*ret_inputs)[i].path))
			return false;
	return true;
}

/* Whether what the index was made from is as it was. */
static bool holds(const struct hw_index *ix, int tree, const struct hw_ix_input *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct file_id id;
		struct stat st;

		if (fstatat(tree, hw_ix_text(ix, in[i].path), &st, 0) < 0)
			return false;
		id = file_id_of(&st);
		if (memcmp(&id, in[i].id, sizeof(id)))
			return false;
	}
	return true;
}

static bool load(const char *path, int tree, struct hw_index *ret)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct hw_ix_input *in;
	struct stat st;
	size_t n;
	void *map;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || (uint64_t)st.st_size > MAX_INDEX)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	if (!hw_index_parse(map, (size_t)st.st_size, ret, &in, &n) || !holds(ret, tree, in, n)) {
		munmap(map, (size_t)st.st_size);
		return false;
	}
	ret->map = map;
	ret->mapped = (size_t)st.st_size;
	futimens(fd, NULL); /* it was used: see krn_cache_prune() */
	return true;
}

static int cache_path(const struct hw_index_spec *spec, char **ret, struct err *err)
{
	auto_free char *dir = NULL;
	uint64_t h = HASH_INIT;
	int r = dir_sub(DIR_CACHE, "hw", &dir, err);

	if (r < 0)
		return r;
	for (const char *s = spec->tree; *s; s++)
		h = hash_byte(h, (uint8_t)*s);
	*ret = xasprintf("%s/%016llx-%s", dir, (unsigned long long)h, spec->srcarch);
	return 0;
}

int hw_index_get(const struct hw_index_spec *spec, struct hw_index *ret, struct err *err)
{
	auto_close int tree = open(spec->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *path = NULL;
	const struct hw_ix_input *in;
	struct str bytes = { 0 };
	size_t n;
	int r;

	if (tree < 0)
		return err_sys(err, "cannot open '%s'", spec->tree);
	if (cache_path(spec, &path, NULL) == 0 && !spec->again && load(path, tree, ret))
		return 0;
	r = hw_index_make(spec, &bytes, err);
	if (r < 0) {
		str_release(&bytes);
		return r;
	}
	if (path)
		file_publish(path, bytes.s, bytes.n, 0600, NULL);
	if (!hw_index_parse(bytes.s, bytes.n, ret, &in, &n)) {
		str_release(&bytes);
		return err_set(err, -EIO, "the index of '%s' is too large", spec->tree);
	}
	ret->own = bytes;
	return 0;
}

void hw_index_release(struct hw_index *ix)
{
	if (ix->map)
		munmap(ix->map, ix->mapped);
	str_release(&ix->own);
	*ix = (struct hw_index){ 0 };
}
