/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses an accelerator and remembers the choice.
 *
 * The memory is one small text file per architecture and user. Its first line is the key: whatever,
 * once changed, may change the verdict (the boot of the host, its kernel, QEMU, the device and
 * whether we may open it). A file with another key, or one that does not read as expected, counts
 * as absent.
 */
#include "vm/accel.h"

#include "base/boot_id.h"
#include "base/file.h"
#include "base/path.h"
#include "vm/accel_prove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>

#define DEVICE	   "/dev/kvm"
#define MEMORY_MAX 4096

const char *const vm_accel_names[] = { "auto", "kvm", "tcg", NULL };

const char *vm_accel_name(enum vm_accel a)
{
	return vm_accel_names[a];
}

void vm_accel_verdict_release(struct vm_accel_verdict *v)
{
	free(v->cpu);
	free(v->lost);
	free(v->hint);
	*v = (struct vm_accel_verdict){ 0 };
}

/*
 * The rights are asked by access(2), which sees groups and access lists that the mode does not
 * show.
 */
static void add_device_key(struct str *b)
{
	struct stat st = { 0 };

	stat(DEVICE, &st);
	str_addf(b, " dev %x-%x-%x-%s", (unsigned)st.st_rdev, (unsigned)st.st_mode,
		 (unsigned)st.st_gid,
		 faccessat(AT_FDCWD, DEVICE, R_OK | W_OK, AT_EACCESS) == 0 ? "rw" : "no");
}

static char *memory_key(const struct vm_qemu *q)
{
	auto_str struct str key = { 0 }, boot = { 0 };
	struct utsname u = { 0 };
	struct stat st = { 0 };
	struct file_id id;

	if (boot_id(&boot, NULL) < 0)
		str_adds(&boot, "?");
	uname(&u);
	stat(q->path, &st);
	id = file_id_of(&st);
	str_addf(&key, "1 boot %s kernel %s", str_c(&boot), u.release);
	add_device_key(&key);
	str_adds(&key, " qemu ");
	str_add_file_id(&key, &id);
	return str_take(&key);
}

static int memory_path(const struct vm_qemu *q, char **ret, struct err *err)
{
	auto_free char *dir = NULL, *name = NULL;
	int rc = dir_sub(DIR_CACHE, "probe", &dir, err);

	if (rc < 0)
		return rc;
	name = xasprintf("kvm-%s-%u", krn_arch_qemu(q->arch), (unsigned)geteuid());
	*ret = path_join(dir, name);
	return 0;
}

/* The value of a "name value" line, or NULL. */
static char *line_value(const char *text, const char *name)
{
	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (str_skip(&p, name) && *p++ == ' ')
			return xstrndup(p, strcspn(p, "\n"));
	}
	return NULL;
}

static bool recall(const char *file, const char *key, struct vm_accel_verdict *ret)
{
	auto_str struct str text = { 0 };
	auto_free char *k = NULL, *accel = NULL, *mips = NULL, *cpu = NULL;

	if (file_read(AT_FDCWD, file, MEMORY_MAX, &text, NULL) < 0)
		return false;
	k = line_value(str_c(&text), "key");
	accel = line_value(str_c(&text), "accel");
	cpu = line_value(str_c(&text), "cpu");
	mips = line_value(str_c(&text), "mips");
	if (!str_eq(k, key) || !accel || !cpu || !*cpu || !mips ||
	    (!str_eq(accel, "kvm") && !str_eq(accel, "tcg")))
		return false;
	ret->accel = str_eq(accel, "kvm") ? ACCEL_KVM : ACCEL_TCG;
	ret->mips = strtod(mips, NULL);
	ret->cpu = take_ptr(cpu);
	ret->lost = line_value(str_c(&text), "lost");
	ret->hint = line_value(str_c(&text), "hint");
	return true;
}

/* Reasons come from QEMU's stderr or a caller: one line of them, and not all of a long one. */
static void add_line(struct str *b, const char *name, const char *value)
{
	if (value)
		str_addf(b, "%s %.*s\n", name, (int)MIN(strcspn(value, "\n"), (size_t)1000), value);
}

static void remember(const char *file, const char *key, const struct vm_accel_verdict *v)
{
	auto_str struct str text = { 0 };

	add_line(&text, "key", key);
	add_line(&text, "accel", vm_accel_name(v->accel));
	add_line(&text, "cpu", v->cpu);
	str_addf(&text, "mips %.3f\n", v->mips);
	add_line(&text, "lost", v->lost);
	add_line(&text, "hint", v->hint);
	(void)file_publish(file, text.s, text.n, 0600, NULL);
}

static bool same_family(enum krn_arch guest, enum krn_arch host)
{
	return guest == host || (guest == KRN_X86_32 && host == KRN_X86_64);
}

static void plain_tcg(struct vm_accel_verdict *ret)
{
	*ret = (struct vm_accel_verdict){ .accel = ACCEL_TCG, .cpu = xstrdup("max") };
}

static void prove_or_recall(const struct vm_qemu *q, bool fresh, struct vm_accel_verdict *ret)
{
	auto_free char *file = NULL, *key = memory_key(q);

	/* without a cache folder each run proves anew */
	if (memory_path(q, &file, NULL) == 0 && !fresh && recall(file, key, ret))
		return;
	vm_accel_prove(q, DEVICE, ret);
	ret->proved_now = true;
	if (file)
		remember(file, key, ret);
}

int vm_accel_choose(const struct vm_qemu *q, enum vm_accel want, bool fresh,
		    struct vm_accel_verdict *ret, struct err *err)
{
	*ret = (struct vm_accel_verdict){ 0 };
	if (want == ACCEL_KVM && !same_family(q->arch, krn_arch_host()))
		return err_set(err, -ENOTSUP, "kvm cannot run %s guests on this %s host",
			       krn_arch_name(q->arch), krn_arch_name(krn_arch_host()));
	if (want == ACCEL_TCG || !same_family(q->arch, krn_arch_host())) {
		plain_tcg(ret);
		return 0;
	}
	prove_or_recall(q, fresh, ret);
	if (want != ACCEL_KVM || ret->accel == ACCEL_KVM)
		return 0;
	err_set(err, -ENOTSUP, "%s", ret->lost ?: "kvm does not work here");
	err_hint(err, -ENOTSUP, "%s%sit is tried again by: kiln doctor --fresh", ret->hint ?: "",
		 ret->hint ? "\n" : "");
	vm_accel_verdict_release(ret);
	return -ENOTSUP;
}
