/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/state.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

#define FILE_MAX (4 << 20)
#define FORMAT	 1

const char *const ins_layout_names[] = { "boot", "stalix", NULL };
const char *const ins_loader_names[] = { "auto", "grub", "bls", "extlinux", "none", NULL };

void ins_kernel_release(struct ins_kernel *k)
{
	free(k->id);
	free(k->release);
	free(k->arch);
	free(k->digest);
	free(k->image);
	free(k->initrd);
	free(k->cmdline);
	free(k->root_device);
	strv_release(&k->paths);
	*k = (struct ins_kernel){ 0 };
}

void ins_state_release(struct ins_state *s)
{
	for (size_t i = 0; i < s->kernels.n; i++)
		ins_kernel_release(&s->kernels.v[i]);
	free(s->kernels.v);
	free(s->foreign);
	strv_release(&s->history);
	*s = (struct ins_state){ 0 };
}

void ins_file_release(struct ins_file *f)
{
	ins_state_release(&f->now);
	ins_state_release(&f->next);
	strv_release(&f->garbage);
	f->under_way = false;
}

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void ins_state_copy(struct ins_state *to, const struct ins_state *from)
{
	*to = (struct ins_state){ .serial = from->serial,
				  .loader = from->loader,
				  .foreign = copy(from->foreign) };
	strv_extend(&to->history, from->history.v);
	for (size_t i = 0; i < from->kernels.n; i++) {
		const struct ins_kernel *k = &from->kernels.v[i];
		struct ins_kernel *n = vec_push(&to->kernels, *k);

		n->id = copy(k->id);
		n->release = copy(k->release);
		n->arch = copy(k->arch);
		n->digest = copy(k->digest);
		n->image = copy(k->image);
		n->initrd = copy(k->initrd);
		n->cmdline = copy(k->cmdline);
		n->root_device = copy(k->root_device);
		n->paths = (struct strv){ 0 };
		strv_extend(&n->paths, k->paths.v);
	}
}

struct ins_kernel *ins_find(const struct ins_state *s, const char *id)
{
	for (size_t i = 0; id && i < s->kernels.n; i++)
		if (str_eq(s->kernels.v[i].id, id))
			return &s->kernels.v[i];
	return NULL;
}

const char *ins_default(const struct ins_state *s)
{
	return s->history.n ? s->history.v[s->history.n - 1] : NULL;
}

const char *ins_previous(const struct ins_state *s)
{
	return s->history.n > 1 ? s->history.v[s->history.n - 2] : NULL;
}

static void drop_from_history(struct strv *v, const char *id)
{
	struct strv left = { 0 };

	for (size_t i = 0; i < v->n; i++)
		if (!str_eq(v->v[i], id))
			strv_add(&left, v->v[i]);
	strv_release(v);
	*v = left;
}

void ins_drop(struct ins_state *s, const char *id)
{
	auto_free char *name = xstrdup(id); /* it may be the kernel's own */

	for (size_t i = 0; i < s->kernels.n; i++) {
		if (!str_eq(s->kernels.v[i].id, name))
			continue;
		ins_kernel_release(&s->kernels.v[i]);
		memmove(&s->kernels.v[i], &s->kernels.v[i + 1],
			(--s->kernels.n - i) * sizeof(*s->kernels.v));
		break;
	}
	drop_from_history(&s->history, name);
}

static int newest_first(const void *a, const void *b)
{
	const struct ins_kernel *x = a, *y = b;

	return str_vercmp(y->release, x->release);
}

void ins_sort(struct ins_state *s)
{
	if (s->kernels.n)
		qsort(s->kernels.v, s->kernels.n, sizeof(*s->kernels.v), newest_first);
}

/* Writing. */

static json_t *text(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *texts(const struct strv *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(a, json_string(v->v[i]));
	return a;
}

static json_t *kernel_json(const struct ins_kernel *k)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:o}", "id",
			 text(k->id), "release", text(k->release), "arch", text(k->arch), "digest",
			 text(k->digest), "image", text(k->image), "initrd", text(k->initrd),
			 "cmdline", text(k->cmdline), "root_device", text(k->root_device), "probe",
			 (int)k->probe, "serial", (json_int_t)k->serial, "paths", texts(&k->paths));
}

static json_t *state_json(const struct ins_state *s)
{
	json_t *kernels = json_array();

	for (size_t i = 0; i < s->kernels.n; i++)
		json_array_append_new(kernels, kernel_json(&s->kernels.v[i]));
	return json_pack("{s:I, s:s, s:o, s:o, s:o}", "serial", (json_int_t)s->serial, "loader",
			 ins_loader_names[s->loader], "foreign_default", text(s->foreign),
			 "kernels", kernels, "history", texts(&s->history));
}

int ins_file_write(const char *path, const struct ins_file *f, struct err *err)
{
	json_t *root = json_pack(
		"{s:i, s:o, s:o, s:o}", "kiln_install", FORMAT, "now", state_json(&f->now), "next",
		f->under_way ? state_json(&f->next) : json_null(), "garbage", texts(&f->garbage));
	auto_free char *json = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	auto_str struct str b = { 0 };

	json_decref(root);
	if (!json)
		return err_set(err, -EINVAL,
			       "what is to be installed has names that are not UTF-8");
	str_addf(&b, "%s\n", json);
	return file_publish(path, b.s, b.n, 0644, err);
}

/* Reading. What is wrong is said in a few words; the file's name is put in front of them. */

static bool is_safe_path(const char *s)
{
	static const char *const places[] = { "boot/", "bin/", "lib/modules/" };
	bool known = false;

	for (size_t i = 0; i < countof(places); i++)
		known |= str_starts(s, places[i]);
	if (!known || str_ends(s, "/"))
		return false;
	for (const char *p = s; *p; p += *p == '/') {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
	}
	return true;
}

static bool take_text(const json_t *o, const char *key, bool needed, char **ret)
{
	const json_t *v = json_object_get(o, key);
	const char *s = json_string_value(v);

	if (!s)
		return !needed && (!v || json_is_null(v));
	/* They become lines of the loader's file. */
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	*ret = xstrdup(s);
	return true;
}

static bool take_texts(const json_t *o, const char *key, bool paths, struct strv *ret)
{
	const json_t *a = json_object_get(o, key), *v;
	size_t i;

	if (!json_is_array(a))
		return false;
	json_array_foreach(a, i, v)
	{
		const char *s = json_string_value(v);

		if (!s || (paths && !is_safe_path(s)))
			return false;
		strv_add(ret, s);
	}
	return true;
}

static bool take_number(const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

static bool take_kernel(const json_t *o, struct ins_kernel *k)
{
	k->probe = json_is_true(json_object_get(o, "probe"));
	return take_text(o, "id", true, &k->id) && take_text(o, "release", true, &k->release) &&
	       take_text(o, "arch", true, &k->arch) && take_text(o, "digest", true, &k->digest) &&
	       take_text(o, "image", true, &k->image) && is_safe_path(k->image) &&
	       take_text(o, "initrd", false, &k->initrd) &&
	       (!k->initrd || is_safe_path(k->initrd)) &&
	       take_text(o, "cmdline", true, &k->cmdline) &&
	       take_text(o, "root_device", false, &k->root_device) &&
	       take_number(o, "serial", &k->serial) && take_texts(o, "paths", true, &k->paths);
}

static bool take_loader(const json_t *o, enum ins_loader *ret)
{
	const char *name = json_string_value(json_object_get(o, "loader"));

	for (int i = 0; ins_loader_names[i]; i++)
		if (str_eq(name, ins_loader_names[i])) {
			*ret = (enum ins_loader)i;
			return true;
		}
	return false;
}

static bool take_state(const json_t *o, struct ins_state *s)
{
	const json_t *kernels = json_object_get(o, "kernels"), *v;
	size_t i;

	if (!take_number(o, "serial", &s->serial) || !take_loader(o, &s->loader) ||
	    !take_text(o, "foreign_default", false, &s->foreign) || !json_is_array(kernels) ||
	    !take_texts(o, "history", false, &s->history))
		return false;
	json_array_foreach(kernels, i,
			   v) if (!take_kernel(v, vec_push(&s->kernels,
							   (struct ins_kernel){ 0 }))) return false;
	for (i = 0; i < s->history.n; i++)
		if (!ins_find(s, s->history.v[i]))
			return false;
	return true;
}

static bool take_file(const json_t *root, struct ins_file *f)
{
	const json_t *next = json_object_get(root, "next");

	f->under_way = json_is_object(next);
	return take_state(json_object_get(root, "now"), &f->now) &&
	       (!f->under_way || take_state(next, &f->next)) &&
	       take_texts(root, "garbage", true, &f->garbage);
}

static int refuse(const char *name, const char *why, struct err *err)
{
	err_set(err, -EBADMSG, "'%s' cannot be read: %s", name, why);
	return err_hint(
		err, -EBADMSG,
		"move it away: what it lists stays installed and is no longer kiln's to remove");
}

int ins_file_parse(const char *s, size_t n, const char *name, struct ins_file *ret, struct err *err)
{
	auto_ins_file struct ins_file f = { 0 };
	json_error_t why;
	json_t *root = json_loadb(s, n, JSON_REJECT_DUPLICATES, &why);
	bool ok;

	if (!root)
		return refuse(name, why.text, err);
	if (json_integer_value(json_object_get(root, "kiln_install")) != FORMAT) {
		json_decref(root);
		return refuse(name, "it is not of this format", err);
	}
	ok = take_file(root, &f);
	json_decref(root);
	if (!ok)
		return refuse(name, "something in it is missing or not as kiln writes it", err);
	*ret = f;
	f = (struct ins_file){ 0 };
	return 0;
}

int ins_file_read(const char *path, struct ins_file *ret, struct err *err)
{
	auto_str struct str b = { 0 };
	int r;

	if (access(path, F_OK) < 0 && errno == ENOENT) {
		*ret = (struct ins_file){ 0 };
		return 0;
	}
	r = file_read(AT_FDCWD, path, FILE_MAX, &b, err);
	return r < 0 ? r : ins_file_parse(str_c(&b), b.n, path, ret, err);
}
