/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rebase must remember while somebody resolves a conflict. */
#include "base/file.h"
#include "base/path.h"
#include "source/rebase_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

#define STATE_MAX (16 << 20)
#define FORMAT	  1

static char *state_path(const char *dir)
{
	return path_join3(dir, ".git", "kiln-rebase.json");
}

bool src_rebase_is_there(const char *dir)
{
	auto_free char *path = state_path(dir);

	return access(path, F_OK) == 0;
}

/* Paths need not be UTF-8; each byte becomes a character. */
static json_t *bytes_json(const char *s)
{
	auto_str struct str b = { 0 };

	if (!s)
		return json_null();
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x80) {
			str_addc(&b, (char)(0xc0 | c >> 6));
			c = 0x80 | (c & 0x3f);
		}
		str_addc(&b, (char)c);
	}
	return json_string(str_c(&b));
}

static char *json_bytes(const json_t *v)
{
	const char *s = json_string_value(v);
	struct str b = { 0 };

	if (!s)
		return NULL;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x80 && s[1])
			c = (unsigned char)((c & 0x03) << 6 | (*++s & 0x3f));
		str_addc(&b, (char)c);
	}
	return str_take(&b);
}

int src_rebase_save(const struct src_rebase *r, const struct src_series *s, struct err *err)
{
	auto_free char *path = state_path(r->dir), *text = NULL;
	json_t *patches = json_array(), *all;

	for (size_t i = 0; i < s->n; i++) {
		const struct src_carried *c = &r->patches.v[i];
		const struct src_patch *p = &s->v[i];

		json_array_append_new(patches,
				      json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o}", "path",
						bytes_json(p->path), "name", bytes_json(p->name),
						"digest", bytes_json(p->digest), "since",
						bytes_json(p->since), "until", bytes_json(p->until),
						"how", c->how, "before", bytes_json(c->before),
						"after", bytes_json(c->after)));
	}
	all = json_pack("{s:i, s:o, s:o, s:I, s:o}", "format", FORMAT, "output",
			bytes_json(r->output), "version", bytes_json(r->version), "next",
			(json_int_t)r->next, "patches", patches);
	text = json_dumps(all, JSON_INDENT(1));
	json_decref(all);
	return file_publish(path, text, strlen(text), 0644, err);
}

/* The patch as it was then: its name and range may have been those of a list. */
static int load_patch(struct src_rebase *r, struct src_series *s, const json_t *j, struct err *err)
{
	auto_free char *path = json_bytes(json_object_get(j, "path"));
	auto_free char *digest = json_bytes(json_object_get(j, "digest"));
	char *const paths[] = { path };
	struct src_series one = { 0 };
	struct src_patch *p;
	int ret = path ? src_series_read(paths, 1, &one, err) : -EINVAL;

	if (ret < 0 || !one.n)
		return ret < 0 ? ret : -EINVAL;
	p = vec_push(s, one.v[0]);
	free(one.v);
	vec_push(&r->patches,
		 ((struct src_carried){
			 .how = (enum src_carry)json_integer_value(json_object_get(j, "how")),
			 .before = json_bytes(json_object_get(j, "before")),
			 .after = json_bytes(json_object_get(j, "after")) }));
	free(p->name);
	free(p->since);
	free(p->until);
	p->name = json_bytes(json_object_get(j, "name"));
	p->since = json_bytes(json_object_get(j, "since"));
	p->until = json_bytes(json_object_get(j, "until"));
	if (!str_eq(p->digest, digest) || !p->diff || !p->name)
		return err_set(err, -ESTALE, "'%s' was changed since the rebase was begun", path);
	return 0;
}

static int load(struct src_rebase *r, struct src_series *s, const json_t *all, struct err *err)
{
	const json_t *patches = json_object_get(all, "patches"), *j;
	size_t i;
	int ret = 0;

	r->output = json_bytes(json_object_get(all, "output"));
	r->version = json_bytes(json_object_get(all, "version"));
	r->next = (size_t)json_integer_value(json_object_get(all, "next"));
	json_array_foreach(patches, i, j)
	{
		if (ret == 0)
			ret = load_patch(r, s, j, err);
	}
	if (ret == 0 && (r->next > r->patches.n ||
			 json_integer_value(json_object_get(all, "format")) != FORMAT))
		ret = -EINVAL;
	return ret;
}

int src_rebase_open(struct src_rebase *ret, const char *dir, struct src_series *ret_series,
		    struct err *err)
{
	struct src_rebase r = { .dir = path_abs(dir) };
	auto_free char *path = state_path(dir);
	auto_str struct str text = { 0 };
	struct src_series s = { 0 };
	json_t *all = NULL;
	int result;

	result = file_read(AT_FDCWD, path, STATE_MAX, &text, err);
	if (result < 0) {
		src_rebase_release(&r);
		err_set(err, result, "no rebase was begun in '%s'", dir);
		return err_hint(err, result, "--continue goes with the folder that --keep named");
	}
	all = json_loadb(text.s, text.n, 0, NULL);
	result = all ? load(&r, &s, all, err) : -EINVAL;
	json_decref(all);
	if (result == 0)
		result = src_rebase_tidy(&r, err);
	if (result == 0) {
		*ret = r;
		*ret_series = s;
		return 0;
	}
	if (result == -EINVAL && !(err && err->msg))
		err_set(err, result, "'%s' is broken", path);
	src_rebase_release(&r);
	src_series_release(&s);
	return result;
}
