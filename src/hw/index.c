/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An index in the cache. Whoever reads one there believes nothing of it: each place in it is looked at before it is used. */
#include "hw/index.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
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

/* Where its parts are; what stands in them was not looked at. */
static bool lay_out(const void *bytes, size_t n, struct hw_index *ret,
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
	return true;
}

static bool is_sound(const struct hw_index *ix)
{
	const struct hw_ix_list *const lists[HW_IX_LISTS] = { &ix->alias, &ix->firmware,
							      &ix->driver, &ix->softdep, &ix->odd };

	for (size_t i = 0; i < HW_IX_LISTS; i++)
		if (!good_list(ix, lists[i]))
			return false;
	for (size_t i = 0; i < ix->n_modules; i++)
		if (!good_text(ix, ix->module[i].name) || !good_text(ix, ix->module[i].path))
			return false;
	return true;
}

bool hw_index_parse(const void *bytes, size_t n, struct hw_index *ret,
		    const struct hw_ix_input **ret_inputs, size_t *ret_n)
{
	if (!lay_out(bytes, n, ret, ret_inputs, ret_n) || !is_sound(ret))
		return false;
	for (size_t i = 0; i < *ret_n; i++)
		if (!good_text(ret, (*ret_inputs)[i].path))
			return false;
	return true;
}

/* A folder that names are looked up in. */
struct folder {
	int fd;
	const char *path; /* of a file in it; NULL: none yet */
	size_t n;	  /* of that, up to its name */
};

static void enter(struct folder *f, int tree, const char *path, size_t n)
{
	auto_free char *dir = n ? xstrndup(path, n) : xstrdup(".");

	if (f->path && n == f->n && !memcmp(path, f->path, n))
		return;
	close_fd(f->fd);
	*f = (struct folder){ openat(tree, dir, O_PATH | O_DIRECTORY | O_CLOEXEC), path, n };
}

static bool is_as_it_was(const struct folder *f, const char *name, const struct hw_ix_input *in)
{
	struct file_id id;
	struct stat st;

	if (f->fd < 0 || fstatat(f->fd, name, &st, 0) < 0)
		return !in->there;
	id = file_id_of(&st);
	return in->there && !memcmp(&id, in->id, sizeof(id));
}

static bool part_holds(const struct hw_index *ix, int tree, const struct hw_ix_input *in, size_t n)
{
	struct folder f = { .fd = -1 };
	bool good = true;

	for (size_t i = 0; i < n && good; i++) {
		const char *path, *slash;
		size_t dir_n;

		good = good_text(ix, in[i].path);
		if (!good)
			break;
		path = hw_ix_text(ix, in[i].path);
		slash = strrchr(path, '/');
		dir_n = slash ? (size_t)(slash + 1 - path) : 0;

		enter(&f, tree, path, dir_n);
		good = is_as_it_was(&f, path + dir_n, &in[i]);
	}
	close_fd(f.fd);
	return good;
}

#define WORTH_ONE 4000 /* files */
#define AT_ONCE	  500  /* that a process takes of those that are left */

static bool all_hold(const struct hw_index *ix, int tree, const struct hw_ix_input *in, size_t n,
		     _Atomic size_t *next)
{
	size_t first;

	while ((first = atomic_fetch_add(next, AT_ONCE)) < n)
		if (!part_holds(ix, tree, in + first, MIN(n - first, (size_t)AT_ONCE)))
			return false;
	return true;
}

/*
 * Whether what the index was made from is as it was. No folder's time can tell: it is the same where a file is written in
 * place, and another where a build has put objects beside the sources. So each of some 30,000 files is asked for, by its name
 * in its folder, by a process for each processor.
 */
static void look(struct hw_index *ix, int tree, const struct hw_ix_input *in, size_t n)
{
	const long cpus = MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
	const size_t most = MIN((size_t)cpus, (size_t)HW_IX_LOOKERS);
	const size_t lookers = MIN(most, n / WORTH_ONE + 1);
	_Atomic size_t *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ix->look[0] = -1;
	if (next == MAP_FAILED)
		return;
	for (size_t i = 0; i < lookers; i++) {
		const pid_t pid = proc_fork();

		if (pid == 0)
			_exit(!all_hold(ix, tree, in, n, next));
		if (pid > 0 || i == 0) /* one alone can look at all of them */
			ix->look[i] = pid;
	}
	munmap(next, sizeof(*next));
}

static bool holds(struct hw_index *ix)
{
	bool good = true;

	for (size_t i = 0; i < countof(ix->look); i++) {
		if (ix->look[i])
			good &= ix->look[i] > 0 && proc_wait(ix->look[i]) == 0;
		ix->look[i] = 0;
	}
	return good;
}

static bool is_own(const void *map)
{
	const struct hw_ix_header *h = map;

	return !memcmp(h->reader, hw_reader_id, sizeof(h->reader));
}

/* Maps it and has it looked at. */
static bool load(const char *path, int tree, struct hw_index *ret)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct hw_ix_input *in;
	struct stat st;
	size_t n;
	void *map;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || (uint64_t)st.st_size > MAX_INDEX)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	if (!lay_out(map, (size_t)st.st_size, ret, &in, &n) || !is_own(map)) {
		munmap(map, (size_t)st.st_size);
		return false;
	}
	ret->map = map;
	ret->mapped = (size_t)st.st_size;
	look(ret, tree, in, n);
	if (!is_sound(ret)) {
		hw_index_release(ret);
		return false;
	}
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

static int make(const struct hw_index_spec *spec, const char *path, struct hw_index *ret,
		struct err *err)
{
	const struct hw_ix_input *in;
	struct str bytes = { 0 };
	bool keep = false;
	size_t n;
	int r = hw_index_make(spec, &bytes, &keep, err);

	if (r == 0 && path && keep)
		file_publish(path, bytes.s, bytes.n, 0600, NULL);
	if (r == 0 && !hw_index_parse(bytes.s, bytes.n, ret, &in, &n))
		r = err_set(err, -EIO, "the index of '%s' is too large", spec->tree);
	if (r < 0)
		str_release(&bytes);
	else
		ret->own = bytes;
	return r;
}

int hw_index_get(const struct hw_index_spec *spec, struct hw_index *ret, struct err *err)
{
	auto_close int tree = open(spec->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *path = NULL;

	if (tree < 0)
		return err_sys(err, "cannot open '%s'", spec->tree);
	if (cache_path(spec, &path, NULL) == 0 && !spec->again && load(path, tree, ret)) {
		const int r = spec->unconfirmed ? 0 : hw_index_confirm(spec, ret, err);

		return MIN(r, 0);
	}
	return make(spec, path, ret, err);
}

int hw_index_confirm(const struct hw_index_spec *spec, struct hw_index *ix, struct err *err)
{
	auto_free char *path = NULL;
	int r;

	if (holds(ix))
		return 0;
	hw_index_release(ix);
	cache_path(spec, &path, NULL);
	r = make(spec, path, ix, err);
	return r < 0 ? r : 1;
}

void hw_index_release(struct hw_index *ix)
{
	for (size_t i = 0; i < countof(ix->look); i++)
		if (ix->look[i] > 0)
			kill(ix->look[i], SIGKILL);
	holds(ix);
	if (ix->map)
		munmap(ix->map, ix->mapped);
	str_release(&ix->own);
	*ix = (struct hw_index){ 0 };
}
