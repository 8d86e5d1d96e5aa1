/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First the modules, each with the device that it is wanted for; then the files that these announce, which the log may know
 * more of; then what the log alone knows; and the processor's microcode, which no module announces. A file is there once.
 */
#include "hw/firmware.h"

#include "base/map.h"
#include "hw/firmware_data.h"
#include "hw/kmsg.h"

#include <fnmatch.h>

#define NOBODY ((void *)-1)

struct finder {
	const struct hw_firmware_spec *spec;
	struct hw_firmware *ret;
	struct map modules; /* '_' for '-': index of the device + 1, or NOBODY */
	struct map reasons; /* of modules that are wanted for another's sake */
	struct map paths;   /* of modules: "drivers/net/dummy" */
	struct map files;   /* index in ret + 1 */
	struct hw_kmsg log;
};

static char *module_key(const char *name)
{
	char *key = xstrdup(name);

	for (char *p = key; *p; p++)
		*p = *p == '-' ? '_' : *p;
	return key;
}

/* Modules */

static void want(struct finder *f, const char *name, void *device, const char *reason)
{
	auto_free char *key = module_key(name);

	if (map_has(&f->modules, key))
		return;
	map_set(&f->modules, key, device);
	if (reason)
		map_set(&f->reasons, key, (void *)reason);
}

static void want_of_device(struct finder *f, size_t i)
{
	const struct hw_device *d = &f->spec->inv->v[i];
	const struct hw_matches *m = f->spec->found ? &f->spec->found[i] : NULL;
	void *device = (void *)(i + 1);

	if (d->driver)
		want(f, d->driver, device, NULL);
	/* of text these are all that could drive it, of which one does */
	for (size_t k = 0; d->path && k < d->n_module; k++)
		want(f, d->module[k], device, NULL);
	if (m && m->n)
		want(f, hw_match_module(&m->v[0]), device, NULL);
}

/* Where the objects of all modules are, which also.yaml may name instead. */
static void find_paths(struct finder *f)
{
	for (size_t x = 0; x < f->spec->n_indexes; x++) {
		const struct hw_index *ix = &f->spec->index[x];

		for (size_t i = 0; i < ix->n_modules; i++) {
			auto_free char *key = module_key(hw_ix_text(ix, ix->module[i].name));

			if (!map_has(&f->paths, key))
				map_set(&f->paths, key, (void *)hw_ix_text(ix, ix->module[i].path));
		}
	}
}

static bool is_driver(const struct hw_fw_also *a, const char *key, const char *path)
{
	for (unsigned i = 0; i < a->n_driver; i++)
		if (fnmatch(a->driver[i], strchr(a->driver[i], '/') ? path ?: "" : key, 0) == 0)
			return true;
	return false;
}

/* What a module stands on: one step, for those that are wanted so far and the ones that come to it. */
static void want_also(struct finder *f)
{
	const struct hw_fw_also_list *l = hw_fw_data_also(f->spec->data);

	for (size_t i = 0; i < f->modules.n; i++) {
		const char *path = map_get(&f->paths, f->modules.v[i].key);

		for (unsigned k = 0; k < l->n; k++) {
			if (!is_driver(&l->v[k], f->modules.v[i].key, path))
				continue;
			for (unsigned m = 0; m < l->v[k].n_module; m++)
				want(f, l->v[k].module[m], f->modules.v[i].value, l->v[k].reason);
		}
	}
}

static void find_modules(struct finder *f)
{
	find_paths(f);
	for (size_t i = 0; i < f->spec->inv->n; i++)
		want_of_device(f, i);
	want_also(f);
	for (size_t i = 0; i < f->spec->inv->loaded.n; i++)
		want(f, f->spec->inv->loaded.v[i], NOBODY, NULL);
	want_also(f);
}

/* Files */

static const struct hw_device *device_of(const struct finder *f, void *value)
{
	return value == NOBODY || !value ? NULL : &f->spec->inv->v[(size_t)value - 1];
}

static struct hw_fw_file *add(struct finder *f, const char *name)
{
	struct hw_fw_file *x;
	int fd;

	if (map_has(&f->files, name) || !hw_firmware_is_name(name, strlen(name)))
		return NULL;
	x = vec_push(f->ret, ((struct hw_fw_file){ .form = HW_FW_ABSENT }));
	map_set(&f->files, name, (void *)f->ret->n);
	x->name = arena_strdup(&f->ret->arena, name);
	fd = hw_fw_open(f->spec->dirs, name, &x->form, &x->folder);
	close_fd(fd);
	return x;
}

static void announce(struct finder *f, const char *name, const struct hw_index *ix,
		     const struct hw_ix_record *r)
{
	const char *module = hw_ix_text(ix, ix->module[r->module].name);
	auto_free char *key = module_key(module);
	struct hw_fw_file *x = add(f, name);

	if (!x)
		return;
	x->module = module;
	x->source = hw_ix_text(ix, r->file);
	x->line = r->line;
	x->device = device_of(f, map_get(&f->modules, key));
	x->reason = map_get(&f->reasons, key);
}

static void announce_all(struct finder *f, const struct hw_index *ix, const struct hw_ix_record *r)
{
	const char *name = hw_ix_text(ix, r->text);
	auto_strv struct strv fitting = { 0 };

	if (strpbrk(name, "*?["))
		hw_fw_glob(f->spec->dirs, name, &fitting);
	for (size_t i = 0; i < fitting.n; i++)
		announce(f, fitting.v[i], ix, r);
	if (!fitting.n)
		announce(f, name, ix, r);
}

static void of_index(struct finder *f, const struct hw_index *ix)
{
	auto_free bool *wanted = xcalloc(ix->n_modules + 1, sizeof(*wanted));

	for (size_t i = 0; i < ix->n_modules; i++) {
		auto_free char *key = module_key(hw_ix_text(ix, ix->module[i].name));

		wanted[i] = map_has(&f->modules, key);
	}
	for (size_t i = 0; i < ix->firmware.n; i++) {
		const struct hw_ix_record *r = &ix->firmware.v[i];

		if (wanted[r->module] && (!f->spec->holds || f->spec->holds(f->spec->ctx, ix, r)))
			announce_all(f, ix, r);
	}
}

/* The log */

/* Lists of an index are sorted as bytes are, with '-' as '_'. */
static bool is_known(const void *ctx, const char *name)
{
	const struct finder *f = ctx;

	for (size_t x = 0; x < f->spec->n_indexes; x++) {
		const struct hw_index *ix = &f->spec->index[x];
		size_t low = 0, high = ix->firmware.n;

		while (low < high) {
			size_t mid = low + (high - low) / 2;
			int c = hw_alias_cmp(hw_ix_text(ix, ix->firmware.v[mid].text), name);

			if (c == 0)
				return true;
			if (c < 0)
				low = mid + 1;
			else
				high = mid;
		}
	}
	return false;
}

/* What lspci prints leaves the domain out where it is 0. */
static bool is_at(const struct hw_device *d, const char *addr)
{
	const char *p = addr;

	return str_eq(d->addr, addr) || (str_skip(&p, "0000:") && str_eq(d->addr, p));
}

static const struct hw_device *device_at(const struct finder *f, const struct hw_kmsg_file *k)
{
	for (size_t i = 0; k->addr && i < f->spec->inv->n; i++) {
		const struct hw_device *d = &f->spec->inv->v[i];

		if (is_at(d, k->addr) && hw_alias_cmp(d->driver ?: k->driver, k->driver) == 0)
			return d;
	}
	return NULL;
}

/* The driver that a line begins with is mostly its module too; what else it may be is asked of those that are wanted. */
static const char *module_of(struct finder *f, const struct hw_kmsg_file *k,
			     const struct hw_device *d)
{
	auto_free char *key = k->driver ? module_key(k->driver) : NULL;

	if (d && d->path && d->n_module)
		return d->module[0];
	return key && map_has(&f->modules, key) ? arena_strdup(&f->ret->arena, key) : NULL;
}

static void of_log_file(struct finder *f, const struct hw_kmsg_file *k)
{
	struct hw_fw_file *x = add(f, k->name);
	const struct hw_device *d = device_at(f, k);

	if (x)
		x->module = module_of(f, k, d);
	else
		x = &f->ret->v[(size_t)map_get(&f->files, k->name) - 1];
	if (d)
		x->device = d;
	/* asked for, and nobody complained */
	x->state = k->missed && !k->loaded ? HW_FW_MISSED : HW_FW_LOADED;
	if (k->instead && x->state == HW_FW_MISSED)
		x->instead = arena_strdup(&f->ret->arena, k->instead);
}

static void of_log(struct finder *f)
{
	for (size_t i = 0; i < f->log.n; i++)
		of_log_file(f, &f->log.v[i]);
	f->ret->log_known = f->spec->log && *f->spec->log;
	f->ret->log_complete = f->log.told_loads;
}

/* arch/x86/kernel/cpu/microcode/{intel,amd}.c */
static char *microcode_name(const struct hw_cpu *c)
{
	if (c->vendor == HW_CPU_INTEL && c->has_stepping)
		return xasprintf("intel-ucode/%02x-%02x-%02x", c->family, c->model, c->stepping);
	if (c->vendor == HW_CPU_AMD && c->family >= 0x15)
		return xasprintf("amd-ucode/microcode_amd_fam%02xh.bin", c->family);
	return c->vendor == HW_CPU_AMD && c->family >= 0x10 ? xstrdup("amd-ucode/microcode_amd.bin")
							    : NULL;
}

static void of_cpu(struct finder *f)
{
	auto_free char *name = microcode_name(&f->spec->inv->cpu);
	struct hw_fw_file *x = name ? add(f, name) : NULL;

	if (!x)
		return;
	x->module = "microcode";
	x->state = f->log.microcode ? HW_FW_LOADED : HW_FW_CANDIDATE;
	for (size_t i = 0; i < f->spec->inv->n; i++)
		if (str_eq(f->spec->inv->v[i].bus, "cpu"))
			x->device = &f->spec->inv->v[i];
}

static int by_device(const void *a, const void *b)
{
	const struct hw_fw_file *x = a, *y = b;
	int r;

	if (x->device != y->device)
		return !x->device - !y->device ?: (x->device < y->device ? -1 : 1);
	r = strcmp(x->module ?: "", y->module ?: "");
	return r ?: strcmp(x->name, y->name);
}

void hw_firmware_find(const struct hw_firmware_spec *spec, struct hw_firmware *ret)
{
	struct finder f = { .spec = spec, .ret = ret };

	find_modules(&f);
	for (size_t i = 0; i < spec->n_indexes; i++)
		of_index(&f, &spec->index[i]);
	if (spec->log)
		hw_kmsg_read(spec->log, is_known, &f, &f.log);
	of_log(&f);
	of_cpu(&f);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_device);
	hw_kmsg_release(&f.log);
	map_release(&f.modules, NULL);
	map_release(&f.reasons, NULL);
	map_release(&f.paths, NULL);
	map_release(&f.files, NULL);
}

void hw_firmware_release(struct hw_firmware *f)
{
	free(f->v);
	arena_release(&f->arena);
	*f = (struct hw_firmware){ 0 };
}

/* What is to be built in */

static bool is_silent(const struct hw_firmware *f, const struct hw_fw_file *x)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].state == HW_FW_LOADED && str_eq(f->v[i].module, x->module) &&
		    f->v[i].device == x->device)
			return false;
	return true;
}

const char *const hw_fw_state_name[] = {
	[HW_FW_CANDIDATE] = "candidate", [HW_FW_LOADED] = "loaded", [HW_FW_MISSED] = "missed"
};

bool hw_firmware_is_needed(const struct hw_firmware *f, const struct hw_fw_file *x, bool all)
{
	if (x->form == HW_FW_ABSENT)
		return false;
	if (all || x->state != HW_FW_CANDIDATE)
		return true;
	return !f->log_complete && is_silent(f, x);
}

bool hw_firmware_is_lacking(const struct hw_fw_file *x)
{
	return x->form == HW_FW_ABSENT && x->state != HW_FW_CANDIDATE && !x->instead;
}

void hw_firmware_extra(const struct hw_firmware *f, const bool *needed, struct str *ret_names,
		       const char **ret_folder)
{
	bool one = true;

	*ret_folder = NULL;
	for (size_t i = 0; i < f->n; i++) {
		const struct hw_fw_file *x = &f->v[i];

		if (!needed[i])
			continue;
		str_addf(ret_names, "%s%s", ret_names->n ? " " : "", x->name);
		one = one && x->form == HW_FW_PLAIN &&
		      (!*ret_folder || str_eq(*ret_folder, x->folder));
		*ret_folder = *ret_folder ?: x->folder;
	}
	if (!one)
		*ret_folder = NULL;
}
