/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many lines "  CC      x.o" a build will print: what the Kbuild files name, and what kbuild makes around it. The latter
 * was counted in builds of Linux 6.1; it is some 5 % of a small kernel and nothing of a large one.
 */
#include "build/steps.h"

#include "base/path.h"
#include "kbuild/objects.h"
#include "kconfig/dotconfig.h"

#include <fcntl.h>

/* conf, generated and wrapped headers, checks, the architecture's host programs, and vmlinux by kallsyms' rounds */
#define AROUND	60
#define OBJTOOL 32
#define BTFIDS	45 /* resolve_btfids with its own libbpf */

/* Of a module: its .mod.o, the .ko, and what BTF adds. */
static size_t module_steps(const struct dotconfig *c)
{
	return dotconfig_has(c, "DEBUG_INFO_BTF_MODULES") ? 3 : 2;
}

static size_t steps_of(const struct kb_object *o, size_t per_module)
{
	const bool module = o->how == KB_OBJECT_MODULE;

	switch (o->kind) {
	case KB_OBJECT_FOLDER:
		return o->how == KB_OBJECT_BUILTIN; /* AR built-in.a */
	case KB_OBJECT_SINGLE:
		return 1 + (module && !o->whole ? per_module : 0);
	case KB_OBJECT_COMPOSITE: /* what is built in is not linked before vmlinux is */
		return module ? 1 + per_module : 0;
	case KB_OBJECT_PROGRAM:
	case KB_OBJECT_FILE:
		return 1;
	}
	return 0;
}

/* AR lib.a, once for each folder that has one. */
static size_t libraries(const struct kb_object_list *l)
{
	size_t n = 0, last = SIZE_MAX;

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].how != KB_OBJECT_LIB || l->v[i].kind != KB_OBJECT_SINGLE ||
		    l->v[i].folder == last)
			continue;
		last = l->v[i].folder;
		n++;
	}
	return n;
}

static size_t around(const struct kb_object_list *l, const struct dotconfig *c)
{
	return libraries(l) + AROUND +
	       (dotconfig_has(c, "OBJTOOL") || dotconfig_has(c, "STACK_VALIDATION") ? OBJTOOL : 0) +
	       (dotconfig_has(c, "DEBUG_INFO_BTF") ? BTFIDS : 0);
}

/* An object is there in the same moment as what belongs to it, or is near enough. */
static bool is_made(int build, const struct kb_object *o)
{
	auto_free char *archive =
		o->kind == KB_OBJECT_FOLDER ? path_join(o->path, "built-in.a") : NULL;

	return build >= 0 && faccessat(build, archive ?: o->path, F_OK, 0) == 0;
}

void bld_steps_count(const char *tree, const char *srcarch, const char *config, const char *build,
		     struct bld_steps *ret)
{
	const struct kb_objects_spec spec = { tree, srcarch, config };
	auto_close int fd = build ? open(build, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct kb_object_list l;
	struct dotconfig c = { 0 };
	size_t per_module, made = 0;

	*ret = (struct bld_steps){ 0 };
	if (kb_object_list(&spec, &l, NULL) < 0)
		return;
	dotconfig_parse(&c, config, strlen(config));
	per_module = module_steps(&c);
	for (size_t i = 0; i < l.n; i++) {
		size_t n = steps_of(&l.v[i], per_module);

		ret->all += n;
		made += is_made(fd, &l.v[i]) ? n : 0;
	}
	ret->all += around(&l, &c);
	/* what is around comes first, but for the last links */
	made += made ? around(&l, &c) : 0;
	ret->missing = ret->all - made;
	dotconfig_release(&c);
	kb_object_list_release(&l);
}

/* So many that it is no change of a few files: the configuration or the compiler changed. */
#define MANY(all) ((all) / 10)

size_t bld_steps_total(const struct bld_steps *s, size_t done)
{
	if (done <= s->missing)
		return s->missing;
	return done > MANY(s->all) ? s->all : 0;
}
