/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds QEMU and asks it what it can do.
 *
 * The questions go to `qemu -M none -qmp stdio` all at once, each with an id; the replies are
 * matched by that id, so events and refusals of a question an older QEMU does not know cost only
 * that one answer. The answers are kept in the cache folder under the program's file identity; a
 * cache file that does not read as expected is written anew.
 */
#include "vm/qemu.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/prctl.h>

#define QMP_TIMEOUT (10 * NSEC_PER_SEC)
#define QMP_MAX	    (4U << 20) /* QEMU 7.2 says 38 KiB */
#define CACHE_MAX   4096
#define CACHE_FORM  2 /* raised when a field is added */

static const char questions[] =
	"{\"execute\":\"qmp_capabilities\"}\n"
	"{\"execute\":\"query-version\",\"id\":\"version\"}\n"
	"{\"execute\":\"query-target\",\"id\":\"target\"}\n"
	"{\"execute\":\"query-kvm\",\"id\":\"kvm\"}\n"
	"{\"execute\":\"query-machines\",\"id\":\"machines\"}\n"
	"{\"execute\":\"query-command-line-options\",\"arguments\":{\"option\":\"fsdev\"},\"id\":\"fsdev\"}\n"
	"{\"execute\":\"qom-list-types\",\"arguments\":{\"implements\":\"device\"},\"id\":\"devices\"}\n"
	"{\"execute\":\"qom-list-types\",\"arguments\":{\"implements\":\"memory-backend\"},\"id\":\"memory\"}\n"
	"{\"execute\":\"qom-list-properties\",\"arguments\":{\"typename\":\"generic-pc-machine\"},\"id\":\"pc\"}\n"
	"{\"execute\":\"quit\"}\n";

/* What is looked up by name in a reply that is a list of objects with a "name". */
static const struct listed {
	const char *id;
	const char *name;
	size_t offset;
} listed[] = {
	/* clang-format off */
	{ "devices",  "virtio-9p-pci",        offsetof(struct vm_qemu, has_9p) },
	{ "devices",  "vhost-user-fs-pci",    offsetof(struct vm_qemu, has_vhost_fs) },
	{ "devices",  "virtio-serial-pci",    offsetof(struct vm_qemu, has_serial) },
	{ "machines", "microvm",              offsetof(struct vm_qemu, has_microvm) },
	{ "memory",   "memory-backend-memfd", offsetof(struct vm_qemu, has_memfd) },
	{ "pc",       "hpet",               offsetof(struct vm_qemu, pc.hpet) },
	{ "pc",       "i8042",              offsetof(struct vm_qemu, pc.i8042) },
	{ "pc",       "sata",               offsetof(struct vm_qemu, pc.sata) },
	{ "pc",       "smbus",              offsetof(struct vm_qemu, pc.smbus) },
	{ "pc",       "smm",                offsetof(struct vm_qemu, pc.smm) },
	{ "pc",       "vmport",             offsetof(struct vm_qemu, pc.vmport) },
	/* clang-format on */
};

/* The same fields in the cache file. */
static const struct kept {
	const char *key;
	size_t offset;
} kept[] = {
	/* clang-format off */
	{ "9p",       offsetof(struct vm_qemu, has_9p) },
	{ "vhost_fs", offsetof(struct vm_qemu, has_vhost_fs) },
	{ "serial",   offsetof(struct vm_qemu, has_serial) },
	{ "microvm",  offsetof(struct vm_qemu, has_microvm) },
	{ "memfd",    offsetof(struct vm_qemu, has_memfd) },
	{ "kvm",      offsetof(struct vm_qemu, has_kvm) },
	{ "pc_hpet",   offsetof(struct vm_qemu, pc.hpet) },
	{ "pc_i8042",  offsetof(struct vm_qemu, pc.i8042) },
	{ "pc_sata",   offsetof(struct vm_qemu, pc.sata) },
	{ "pc_smbus",  offsetof(struct vm_qemu, pc.smbus) },
	{ "pc_smm",    offsetof(struct vm_qemu, pc.smm) },
	{ "pc_vmport", offsetof(struct vm_qemu, pc.vmport) },
	/* clang-format on */
};

static bool *flag(struct vm_qemu *q, size_t offset)
{
	return (bool *)((char *)q + offset);
}

static void free_json(json_t **v)
{
	json_decref(*v);
}
#define auto_json cleanup(free_json)

static bool list_has(const json_t *list, const char *name)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
	{
		if (str_eq(json_string_value(json_object_get(v, "name")), name))
			return true;
	}
	return false;
}

static void take_version(struct vm_qemu *q, const json_t *reply)
{
	int major = -1, minor = 0, micro = 0;

	if (json_unpack((json_t *)reply, "{s:{s:i,s:i,s:i}}", "qemu", "major", &major, "minor",
			&minor, "micro", &micro) < 0)
		return;
	free(q->version);
	q->version = xasprintf("%d.%d.%d", major, minor, micro);
}

static void take_reply(struct vm_qemu *q, const char *id, const json_t *reply)
{
	if (str_eq(id, "version"))
		take_version(q, reply);
	if (str_eq(id, "target"))
		q->arch = krn_arch_parse(json_string_value(json_object_get(reply, "arch")) ?: "");
	if (str_eq(id, "kvm"))
		q->has_kvm = json_is_true(json_object_get(reply, "present"));
	/* fsdev is answered by a QEMU with file sharing compiled in, and refused by others */
	for (size_t i = 0; i < countof(listed); i++) {
		if (str_eq(id, listed[i].id) && list_has(reply, listed[i].name))
			*flag(q, listed[i].offset) = true;
	}
}

/* Reads all replies; returns whether QEMU has at least said its version. */
static bool take_replies(struct vm_qemu *q, const struct str *text)
{
	bool fsdev = false;
	size_t used = 0;

	while (used < text->n) {
		json_error_t e;
		auto_json json_t *v =
			json_loadb(text->s + used, text->n - used, JSON_DISABLE_EOF_CHECK, &e);
		const char *id = json_string_value(json_object_get(v, "id"));
		const json_t *reply = json_object_get(v, "return");

		if (!v)
			break;
		used += (size_t)e.position;
		if (!id || !reply)
			continue;
		take_reply(q, id, reply);
		fsdev |= str_eq(id, "fsdev");
	}
	q->has_9p &= fsdev;
	return q->version;
}

/* The first line of what a program said on stderr. */
static char *first_line(const struct proc_result *r)
{
	const char *s = str_c(&r->errout);

	return xstrndup(s, strcspn(s, "\n"));
}

static int ask_failed(const struct vm_qemu *q, const struct proc_result *r, struct err *err)
{
	auto_free char *said = first_line(r);

	if (r->timeout)
		return err_set(err, -ETIMEDOUT, "'%s' did not answer within 10 s", q->path);
	err_set(err, -EPROTO, "'%s' does not speak QMP (exit status %d)%s%s", q->path, r->status,
		*said ? ": " : "", said);
	return err_hint(err, -EPROTO, "is it a qemu-system program? '%s --version' should say so",
			q->path);
}

static int ask(struct vm_qemu *q, struct err *err)
{
	char *argv[] = { q->path,
			 (char *)"-M",
			 (char *)"none",
			 (char *)"-nodefaults",
			 (char *)"-no-user-config",
			 (char *)"-display",
			 (char *)"none",
			 (char *)"-qmp",
			 (char *)"stdio",
			 NULL };
	struct proc_spec spec = { .argv = argv, .new_group = true };
	auto_proc_result struct proc_result r = { 0 };
	auto_str struct str in = { 0 };
	int rc;

	str_adds(&in, questions);
	rc = proc_run(&spec, &in, QMP_TIMEOUT, QMP_MAX, &r, err);
	if (rc < 0)
		return rc;
	if (!take_replies(q, &r.out))
		return ask_failed(q, &r, err);
	return 0;
}

/* Where the answers of the program at path are kept. */
static int cache_path(const char *path, char **ret, struct err *err)
{
	auto_free char *dir = NULL;
	auto_str struct str name = { 0 };
	struct file_id id;
	struct stat st;
	int rc;

	if (stat(path, &st) < 0)
		return err_sys(err, "cannot read '%s'", path);
	rc = dir_sub(DIR_CACHE, "probe", &dir, err);
	if (rc < 0)
		return rc;
	id = file_id_of(&st);
	str_adds(&name, "qemu-");
	str_add_file_id(&name, &id);
	str_adds(&name, ".json");
	*ret = path_join(dir, str_c(&name));
	return 0;
}

static bool cache_fill(struct vm_qemu *q, const json_t *v)
{
	const char *version = json_string_value(json_object_get(v, "version"));
	const char *target = json_string_value(json_object_get(v, "target"));

	if (json_integer_value(json_object_get(v, "form")) != CACHE_FORM || !version || !target)
		return false;
	for (size_t i = 0; i < countof(kept); i++) {
		const json_t *b = json_object_get(v, kept[i].key);

		if (!json_is_boolean(b))
			return false;
		*flag(q, kept[i].offset) = json_is_true(b);
	}
	q->arch = krn_arch_parse(target);
	q->version = xstrdup(version);
	return q->arch != KRN_ARCH_UNKNOWN;
}

static bool cache_read(const char *file, struct vm_qemu *q)
{
	auto_str struct str text = { 0 };
	auto_json json_t *v = NULL;
	struct vm_qemu found = { 0 };

	if (file_read(AT_FDCWD, file, CACHE_MAX, &text, NULL) < 0)
		return false;
	v = json_loadb(str_c(&text), text.n, 0, NULL);
	if (!v || !cache_fill(&found, v)) {
		vm_qemu_release(&found);
		return false;
	}
	found.path = take_ptr(q->path);
	*q = found;
	return true;
}

/* A cache that cannot be written only costs the next start 0.1 s. */
static void cache_write(const char *file, struct vm_qemu *q)
{
	auto_json json_t *v = json_pack("{s:i,s:s,s:s}", "form", CACHE_FORM, "version", q->version,
					"target", krn_arch_qemu(q->arch));
	auto_free char *text = NULL;

	for (size_t i = 0; i < countof(kept); i++)
		json_object_set_new(v, kept[i].key, json_boolean(*flag(q, kept[i].offset)));
	text = json_dumps(v, JSON_INDENT(2));
	if (text)
		file_publish(file, text, strlen(text), 0600, NULL);
}

static int not_found(enum krn_arch arch, struct err *err)
{
	const char *a = krn_arch_qemu(arch);
	/* Debian puts both ARM sizes into one package; x86 likewise */
	const char *deb = krn_arch_is_x86(arch)			 ? "x86"
			  : arch == KRN_ARM64 || arch == KRN_ARM ? "arm"
								 : "misc";

	err_set(err, -ENOENT, "no QEMU for %s guests: 'qemu-system-%s' is not in $PATH",
		krn_arch_name(arch), a);
	return err_hint(
		err, -ENOENT,
		"install it: apt-get install -y qemu-system-%s, dnf install -y qemu-system-%s, "
		"pacman -S qemu-system-%s or apk add qemu-system-%s",
		deb, a, deb, a);
}

static int find_program(enum krn_arch arch, const char *override, char **ret, struct err *err)
{
	auto_free char *name = xasprintf("qemu-system-%s", krn_arch_qemu(arch));
	auto_free char *found = NULL;

	if (override) {
		if (path_find_program(override, NULL, &found) < 0)
			return err_set(err, -ENOENT, "no program '%s'", override);
	} else if (path_find_program(name, NULL, &found) < 0) {
		/* Red Hat's only QEMU, for its own architecture */
		if (arch != krn_arch_host() ||
		    path_find_program("/usr/libexec/qemu-kvm", NULL, &found) < 0)
			return not_found(arch, err);
	}
	*ret = path_abs(found);
	return 0;
}

int vm_qemu_find(enum krn_arch arch, const char *override, struct vm_qemu *ret, struct err *err)
{
	cleanup(vm_qemu_release) struct vm_qemu q = { 0 };
	auto_free char *file = NULL;
	int rc = find_program(arch, override, &q.path, err);

	if (rc < 0)
		return rc;
	rc = cache_path(q.path, &file, err);
	if (rc < 0)
		return rc;
	if (!cache_read(file, &q)) {
		rc = ask(&q, err);
		if (rc < 0)
			return rc;
		if (q.arch != KRN_ARCH_UNKNOWN)
			cache_write(file, &q);
	}
	/* qemu-system-x86_64 runs 32-bit kernels too; the caller's word for the guest stays */
	if (q.arch != arch && !(q.arch == KRN_X86_64 && arch == KRN_X86_32))
		return err_set(err, -EINVAL, "'%s' is for %s guests, not %s", q.path,
			       krn_arch_name(q.arch), krn_arch_name(arch));
	*ret = q;
	q = (struct vm_qemu){ 0 };
	ret->arch = arch;
	return 0;
}

void vm_qemu_release(struct vm_qemu *q)
{
	free(q->path);
	free(q->version);
	*q = (struct vm_qemu){ 0 };
}

int vm_qemu_small_pages(void *unused)
{
	/* Refused where the kernel has none, which is as well. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	return 0;
}
