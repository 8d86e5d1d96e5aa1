/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run needs of its kernel, and what the kernel has. Everything missing is known before
 * anything is booted. */
#include "vm/plan.h"

/* Slots of microvm's bus in every QEMU that has it; the port, the root, modules and their build folder take four. */
#define MMIO_SLOTS 8
#define OWN_SLOTS  4

static bool has(const struct dotconfig *config, const char *option)
{
	return str_eq(dotconfig_get(config, option), "y");
}

/* It finds the devices on microvm's bus by QEMU's parameters or by ACPI's tables. */
static bool finds_mmio(const struct dotconfig *config)
{
	const char *mmio = config ? dotconfig_get(config, "VIRTIO_MMIO") : NULL;

	return (str_eq(mmio, "y") && has(config, "VIRTIO_MMIO_CMDLINE_DEVICES")) ||
	       ((str_eq(mmio, "y") || str_eq(mmio, "m")) && has(config, "ACPI"));
}

/* An unpacked kernel, by its PVH entry; for a bzImage microvm would want other firmware. */
static bool boots_vmlinux(const struct vm_plan *p)
{
	return p->kernel.info.format == KRN_ELF || !str_eq(p->machine.kernel, p->kernel.image);
}

static bool mentions(char *const *words, const char *what)
{
	for (size_t i = 0; words && words[i]; i++)
		if (strstr(words[i], what))
			return true;
	return false;
}

/* Parameters of the user's with which it may find neither its devices nor its time there. */
static bool touches_discovery(const struct vm_run_spec *spec)
{
	static const char *const words[] = { "acpi=", "noapic", "nolapic", "tsc", "clocksource=" };

	for (size_t i = 0; i < countof(words); i++)
		if (mentions(spec->append, words[i]))
			return true;
	return false;
}

/*
 * microvm has no PCI to scan, no chipset and few tables, so that emulated a kernel is up soonest
 * there. It has no second clock either: a kernel that measures its time stamp counter, disturbed by
 * a busy host, finds none to compare with and hangs (two times of three, QEMU 7.2 and Linux 6.1). So
 * it has to be told the rate: tsc_early_khz, since Linux 5.8. What a user adds to QEMU's line may
 * want PCI.
 */
static bool suits_microvm(const struct vm_run_spec *spec, const struct vm_plan *p,
			  const struct dotconfig *config)
{
	size_t slots = OWN_SLOTS + spec->shares.n + spec->disks.n + (spec->net ? 1 : 0);

	return p->qemu.has_microvm && p->kernel.info.arch == KRN_X86_64 && p->tsc_khz &&
	       p->kernel.release && str_vercmp(p->kernel.release, "5.8") >= 0 && boots_vmlinux(p) &&
	       slots <= MMIO_SLOTS && (!spec->qemu_args || !spec->qemu_args[0]) &&
	       !touches_discovery(spec) && finds_mmio(config);
}

static void plan_board(const struct vm_run_spec *spec, struct vm_plan *p,
		       const struct dotconfig *config)
{
	enum vm_board *board = &p->machine.board;

	*board = spec->board;
	if (*board == VM_BOARD_AUTO && !krn_arch_is_x86(p->kernel.info.arch))
		*board = VM_BOARD_VIRT;
	else if (*board == VM_BOARD_AUTO && suits_microvm(spec, p, config))
		*board = VM_BOARD_MICROVM;
	/* On pc each device costs 0.2 s: its interrupt link has to be enabled through ACPI. */
	else if (*board == VM_BOARD_AUTO)
		*board = VM_BOARD_Q35;
	vm_plan_detail(spec, "machine: %s", vm_board_name(*board));
}

/* All but the bus, which goes by the machine type. */
static unsigned base_features(const struct vm_run_spec *spec)
{
	unsigned f = VM_BASE;

	f |= spec->tty ? VM_TTY : 0;
	f |= spec->net ? VM_NET : 0;
	f |= spec->disks.n ? VM_DISK : 0;
	for (size_t i = 0; i < spec->shares.n; i++)
		f |= spec->shares.v[i].mode == VM_SHARE_COW ? VM_COW : 0;
	return vm_plan_root_is(spec, "none") ? f : f | VM_COW;
}

static char *list(const struct strv *v, const char *tail)
{
	struct str s = { 0 };

	for (size_t i = 0; i < v->n; i++)
		str_addf(&s, "%s%s%s", i ? " " : "", v->v[i], tail);
	return str_take(&s);
}

static int lacks(const struct vm_plan *p, const struct strv *options, struct err *err)
{
	auto_free char *names = list(options, "=y");

	err_set(err, VM_ELACKS, "kernel '%s' lacks what this run needs: %s", p->kernel.spec, names);
	return err_hint(err, VM_ELACKS, "set these in its configuration and build it again");
}

static int lacks_shares(const struct vm_plan *p, const struct vm_needs *need, struct err *err)
{
	auto_free char *a = list(&need[VM_FS_9P].options, "=y");
	auto_free char *b = list(&need[VM_FS_VIRTIOFS].options, "=y");

	err_set(err, VM_ELACKS,
		"kernel '%s' cannot see the host's files: it has neither 9p nor virtiofs",
		p->kernel.spec);
	return err_hint(
		err, VM_ELACKS,
		"for 9p set %s\nfor virtiofs set %s\n--root none runs a command without any share",
		a, b);
}

/* The kernel could; what it is that this host lacks is known of each way that the kernel has. */
static int host_lacks_shares(const struct vm_plan *p, char *const *refused, struct err *err)
{
	const char *first = refused[VM_FS_9P], *second = refused[VM_FS_VIRTIOFS];

	err_set(err, -EOPNOTSUPP, "this host cannot share its files with kernel '%s': %s%s%s",
		p->kernel.spec, first ? first : "", first && second ? "; " : "",
		second ? second : "");
	return err_hint(
		err, -EOPNOTSUPP,
		"'kiln doctor run' says what to install\n--root none runs a command without any share");
}

/* Why this host cannot serve fs, or NULL if it can; p->virtiofsd is found on the way. */
static char *host_refuses(struct vm_plan *p, enum vm_fs fs)
{
	auto_err struct err e = { 0 };

	if (fs == VM_FS_9P)
		return p->qemu.has_9p ? NULL : xasprintf("'%s' is built without 9p", p->qemu.path);
	if (!p->qemu.has_vhost_fs || !p->qemu.has_memfd)
		return xasprintf("'%s' is built without vhost-user-fs", p->qemu.path);
	if (p->virtiofsd.path || vm_virtiofsd_find(&p->virtiofsd, &e) == 0)
		return NULL;
	return xstrdup(e.msg);
}

static const unsigned fs_feature[] = { [VM_FS_9P] = VM_9P, [VM_FS_VIRTIOFS] = VM_VIRTIOFS };

/*
 * 9p comes first: it needs no second program and no shared memory, and the machine is up sooner.
 * What is chosen is in the kernel and works on this host.
 */
static int plan_fs(const struct vm_run_spec *spec, struct vm_plan *p,
		   const struct dotconfig *config, struct err *err)
{
	struct vm_needs need[3] = { 0 };
	char *refused[3] = { 0 };
	int r = 0;

	p->fs = VM_FS_AUTO;
	for (int fs = VM_FS_9P; fs <= VM_FS_VIRTIOFS; fs++) {
		vm_needs_check(config, fs_feature[fs], &need[fs]);
		if (p->fs != VM_FS_AUTO || (spec->fs != VM_FS_AUTO && spec->fs != fs) ||
		    need[fs].options.n)
			continue;
		refused[fs] = host_refuses(p, (enum vm_fs)fs);
		if (!refused[fs])
			p->fs = (enum vm_fs)fs;
	}
	if (p->fs != VM_FS_AUTO)
		vm_plan_detail(spec, "shares: by %s", vm_fs_name(p->fs));
	else if (spec->fs != VM_FS_AUTO && !refused[spec->fs])
		r = lacks(p, &need[spec->fs].options, err);
	else if (spec->fs != VM_FS_AUTO)
		r = err_set(err, -EOPNOTSUPP, "cannot share files by %s: %s", vm_fs_name(spec->fs),
			    refused[spec->fs]);
	else if (refused[VM_FS_9P] || refused[VM_FS_VIRTIOFS])
		r = host_lacks_shares(p, refused, err);
	else
		r = lacks_shares(p, need, err);
	for (int fs = 0; fs < 3; fs++) {
		vm_needs_release(&need[fs]);
		free(refused[fs]);
	}
	return r;
}

/*
 * Under emulation the check of a signature costs as much as all the rest of loading a module, and
 * that of its BTF a fifth of that rest, and that of its trace events' constants as much again. Without
 * a signature the kernel notes the taint E. Where the kernel insists on signatures, or the user asks it
 * to, all stay.
 */
static bool may_strip(const struct vm_run_spec *spec, const struct vm_plan *p,
		      const struct dotconfig *config)
{
	if (spec->no_tune || p->accel.accel != ACCEL_TCG || !has(config, "MODULE_SIG") ||
	    has(config, "MODULE_SIG_FORCE") || has(config, "LOCK_DOWN_KERNEL_FORCE_INTEGRITY") ||
	    has(config, "LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY") ||
	    mentions(spec->append, "sig_enforce") || mentions(spec->append, "lockdown"))
		return false;
	vm_plan_detail(
		spec,
		"modules of the boot: without signatures, BTF and the values of constants in formats of "
		"trace events, which take long to check under tcg (taint E; --no-tune keeps them)");
	return true;
}

static int check(const struct vm_run_spec *spec, struct vm_plan *p, const struct dotconfig *config,
		 struct vm_boot_modules *ret, struct err *err)
{
	auto_needs struct vm_needs needs = { 0 }, bus = { 0 };
	unsigned features = base_features(spec);
	int r = 0;

	if (vm_plan_wants_shares(spec)) {
		r = plan_fs(spec, p, config, err);
		features |= r == 0 ? fs_feature[p->fs] : 0;
	}
	if (r < 0)
		return r;
	vm_needs_check(config, features, &needs);
	if (needs.options.n)
		return lacks(p, &needs.options, err);
	/* Unpacking takes its time, so that only a kernel that serves is unpacked. */
	r = vm_plan_boot_path(spec, p, err);
	if (r < 0)
		return r;
	plan_board(spec, p, config);
	vm_needs_check(config, p->machine.board == VM_BOARD_MICROVM ? VM_MMIO : VM_PCI, &bus);
	if (bus.options.n)
		return lacks(p, &bus.options, err);
	/* The bus comes first: behind it is the port by which PID 1 says what fails. */
	strv_extend(&ret->names, bus.modules.v);
	strv_extend(&ret->names, needs.modules.v);
	if (config && ret->names.n)
		ret->strip = may_strip(spec, p, config);
	return 0;
}

int vm_plan_needs(const struct vm_run_spec *spec, struct vm_plan *p, struct vm_boot_modules *ret,
		  struct err *err)
{
	struct dotconfig config = { 0 };
	auto_str struct str text = { 0 };
	int r;

	ret->known = krn_config(&p->kernel, &text, NULL) == 0;
	if (ret->known)
		dotconfig_parse(&config, str_c(&text), text.n);
	else
		vm_plan_detail(
			spec,
			"configuration: unknown (no file beside the kernel, no CONFIG_IKCONFIG); "
			"nothing was checked");
	r = check(spec, p, ret->known ? &config : NULL, ret, err);
	dotconfig_release(&config);
	return r;
}
