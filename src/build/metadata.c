/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/metadata.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <time.h>

/* Text of unknown origin; null where it is none, or no UTF-8. */
static json_t *text(const char *s)
{
	json_t *v = s ? json_string(s) : NULL;

	return v ? v : json_null();
}

static json_t *texts(const struct strv *v)
{
	json_t *all = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(all, text(v->v[i]));
	return all;
}

static json_t *warnings(const struct bld_messages *m)
{
	json_t *all = json_array();

	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(
			all, json_pack("{s:o, s:i, s:i, s:o, s:o}", "file", text(m->v[i].file),
				       "line", (int)m->v[i].line, "column", (int)m->v[i].column,
				       "object", text(m->v[i].object), "text", text(m->v[i].text)));
	return all;
}

/* The files of boot/, which is what people ask for. */
static json_t *sizes(const char *to)
{
	auto_free char *dir = path_join(to, "boot");
	auto_strv struct strv names = { 0 };
	json_t *all = json_object();

	file_names(AT_FDCWD, dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *path = path_join(dir, names.v[i]);
		struct stat st;

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			json_object_set_new(all, names.v[i], json_integer(st.st_size));
	}
	return all;
}

json_t *bld_ccache_json(const struct bld_result *r)
{
	return r->cache_asked ? json_pack("{s:I, s:I}", "asked", (json_int_t)r->cache_asked, "had",
					  (json_int_t)r->cache_had)
			      : json_null();
}

static json_t *metadata(const struct bld_job *j, const struct bld_result *r, const char *to)
{
	struct utsname host = { 0 };
	char ended[64];
	time_t now = time(NULL);
	struct tm tm;

	uname(&host);
	strftime(ended, sizeof(ended), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return json_pack(
		"{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:f, s:I, s:o, s:o, s:o}",
		"cell", text(j->name), "id", j->id, "release", text(r->release), "version",
		text(j->tree->version), "arch", text(j->arch), "source", text(j->tree->origin),
		"source_sha256", text(j->tree->digest), "toolchain", text(j->toolchain->name),
		"make", texts(&j->toolchain->make), "host", text(host.release), "ended", ended,
		"seconds", (double)r->ns / NSEC_PER_SEC, "steps", (json_int_t)r->steps, "ccache",
		bld_ccache_json(r), "warnings", warnings(&r->warnings), "sizes", sizes(to));
}

static int write_text(const char *dir, const char *name, const char *value, struct err *err)
{
	auto_free char *path = path_join(dir, name);

	return file_publish(path, value, strlen(value), 0644, err);
}

int bld_metadata_write(const struct bld_job *j, const struct bld_result *r, const char *to,
		       struct err *err)
{
	auto_free char *dir = path_join(to, ".kiln"), *log = path_join(dir, "build.log"),
		       *dump = NULL;
	json_t *o = metadata(j, r, to);
	int e;

	dump = json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	e = mkdir_p(dir, 0755, err);
	if (e == 0)
		e = write_text(dir, "inputs", j->inputs, err);
	if (e == 0 && dump)
		e = write_text(dir, "metadata.json", dump, err);
	return e < 0 ? e : bld_copy_file(r->log, log, err);
}
