/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text: a line of what it is, for each file "HOW DEV:INODE SIZE MODE MTIME CTIME SHA-256 x" (x or -: may be executed), and the
 * digest of all before, so that half a file is none.
 */
#include "build/known.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>

#define MAX_BYTES (64 << 20)

static const char head[] = "kiln known 1\n";

struct bld_known {
	struct sto_stage *stage;
	char *path;
	struct map objects; /* key of a file to struct sto_object */
	struct map taken;   /* path in the cell to key */
	struct str text;    /* bld_known_note()'s; empty: nothing is known */
};

static char *key_of(enum bld_known_how how, const struct stat *st)
{
	return xasprintf(
		"%c %" PRIx64 ":%" PRIu64 " %" PRIu64 " %o %" PRId64 ".%09ld %" PRId64 ".%09ld",
		(char)how, (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
		(unsigned)st->st_mode & 0777, (int64_t)st->st_mtim.tv_sec,
		(long)st->st_mtim.tv_nsec, (int64_t)st->st_ctim.tv_sec, (long)st->st_ctim.tv_nsec);
}

/* "KEY HEX x" */
static bool read_line(struct bld_known *k, const char *line, size_t n)
{
	const size_t tail = 1 + STO_ID + 2;
	struct sto_object *o;
	auto_free char *key = NULL;

	if (n <= tail || line[n - tail] != ' ' || line[n - 2] != ' ')
		return false;
	key = xstrndup(line, n - tail);
	o = xnew(struct sto_object);
	memcpy(o->hex, line + n - tail + 1, STO_ID);
	o->hex[STO_ID] = '\0';
	o->exec = line[n - 1] == 'x';
	free(map_set(&k->objects, key, o));
	return true;
}

static bool is_whole(const char *text, size_t n)
{
	char hex[DIGEST_HEX + 1];
	size_t tail = DIGEST_HEX + 1;

	return n > strlen(head) + tail && str_starts(text, head) && text[n - 1] == '\n' &&
	       digest_bytes(text, n - tail, hex, NULL) == 0 &&
	       strncmp(text + n - tail, hex, DIGEST_HEX) == 0;
}

static void read_all(struct bld_known *k)
{
	auto_str struct str text = { 0 };
	const char *p, *end;

	if (file_read(AT_FDCWD, k->path, MAX_BYTES, &text, NULL) < 0 ||
	    !is_whole(str_c(&text), text.n))
		return;
	end = text.s + text.n - DIGEST_HEX - 1;
	for (p = text.s + strlen(head); p < end;) {
		size_t n = strcspn(p, "\n");

		if (!read_line(k, p, n))
			return;
		p += n + 1;
	}
}

struct bld_known *bld_known_read(const char *build, struct sto_stage *stage)
{
	struct bld_known *k = xnew(struct bld_known);

	k->stage = stage;
	k->path = path_join(build, BLD_KNOWN);
	read_all(k);
	return k;
}

void bld_known_free(struct bld_known *k)
{
	if (!k)
		return;
	map_release(&k->objects, free);
	map_release(&k->taken, free);
	str_release(&k->text);
	free(k->path);
	free(k);
}

static bool is_settled(const struct stat *st)
{
	return st->st_ctim.tv_sec + 1 < time(NULL) && st->st_mtim.tv_sec + 1 < time(NULL);
}

/* The folder is only made where the link says that it may be missing: most files have one that is there. */
static int link_object(struct bld_known *k, const char *path, const char *to,
		       const struct sto_object *o, struct err *err)
{
	auto_free char *parent = NULL;
	int r = sto_stage_link(k->stage, path, o, err);

	if (r != 0)
		return r;
	parent = path_dir(to);
	if (access(parent, F_OK) == 0)
		return 0;
	r = mkdir_p(parent, 0755, err);
	return r < 0 ? r : sto_stage_link(k->stage, path, o, err);
}

int bld_known_take(struct bld_known *k, enum bld_known_how how, const struct stat *st,
		   const char *to, struct err *err)
{
	const struct sto_object *o;
	const char *path = to;
	char *key;
	int r = 0;

	if (!k || !str_skip(&path, sto_stage_path(k->stage)) || *path++ != '/')
		return 0;
	key = key_of(how, st);
	o = map_get(&k->objects, key);
	if (o)
		r = link_object(k, path, to, o, err);
	if (r < 0 || (r == 0 && !is_settled(st)))
		free(key);
	else
		free(map_set(&k->taken, path, key));
	return r;
}

static void add_line(void *ctx, const char *path, const struct sto_object *o)
{
	struct bld_known *k = ctx;
	const char *key = map_get(&k->taken, path);

	if (!key)
		return;
	str_adds(&k->text, key);
	str_addc(&k->text, ' ');
	str_adds(&k->text, o->hex);
	str_adds(&k->text, o->exec ? " x\n" : " -\n");
}

void bld_known_note(struct bld_known *k)
{
	char hex[DIGEST_HEX + 1];

	str_clear(&k->text);
	str_adds(&k->text, head);
	sto_stage_files(k->stage, add_line, k);
	if (digest_bytes(str_c(&k->text), k->text.n, hex, NULL) == 0)
		str_addf(&k->text, "%s\n", hex);
	else
		str_clear(&k->text);
}

/* In place: half of it is none, and nothing is left where a kill comes behind all that calls for another build. */
void bld_known_write(const struct bld_known *k)
{
	auto_close int fd = open(k->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0)
		write_all(fd, k->text.s, k->text.n);
}
