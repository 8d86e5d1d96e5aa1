/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Planning a run. Each decision is made once, here, and told through spec->detail at the place
 * where it falls; what was lost by it through spec->note.
 */
#include "vm/plan.h"

#include "base/file.h"
#include "base/path.h"
#include "kernel/modules.h"
#include "vm/cmdline.h"
#include "vm/initrd.h"
#include "vm/tsc.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define DEFAULT_MEMORY (UINT64_C(1) << 30)

static void say(const struct vm_run_spec *spec, void (*how)(void *ctx, const char *text),
		const char *fmt, va_list ap)
{
	auto_free char *text = NULL;

	if (!how)
		return;
	text = xvasprintf(fmt, ap);
	how(spec->ctx, text);
}

void vm_plan_note(const struct vm_run_spec *spec, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(spec, spec->note, fmt, ap);
	va_end(ap);
}

void vm_plan_detail(const struct vm_run_spec *spec, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(spec, spec->detail, fmt, ap);
	va_end(ap);
}

bool vm_plan_root_is(const struct vm_run_spec *spec, const char *what)
{
	return str_eq(spec->root ? spec->root : "host", what);
}

bool vm_plan_wants_shares(const struct vm_run_spec *spec)
{
	return !vm_plan_root_is(spec, "none") || spec->shares.n;
}

/* The kernel. */

static int check_entry(const char *name, const struct krn_image *im, struct err *err)
{
	if (im->format != KRN_ELF || !krn_arch_is_x86(im->arch) || im->pvh)
		return 0;
	err_set(err, VM_ELACKS, "'%s' is a vmlinux without a PVH entry, which QEMU cannot start",
		name);
	return err_hint(err, VM_ELACKS, "set CONFIG_PVH=y, or give kiln the bzImage");
}

static int plan_kernel(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	int r = krn_resolve(spec->kernel, "/", spec->arch, spec->progress, &p->kernel, err);

	if (r < 0)
		return r;
	vm_plan_detail(spec, "kernel: %s (%s)", p->kernel.image,
		       p->kernel.release ? p->kernel.release : "release unknown");
	if (p->kernel.stale)
		vm_plan_note(spec, "'%s' is release %s, but its folder was since made to be %s",
			     p->kernel.image, p->kernel.release, p->kernel.stale);
	p->machine.kernel = xstrdup(p->kernel.image);
	return check_entry(p->kernel.image, &p->kernel.info, err);
}

/* QEMU knows bzImages, plain kernels and, of all compressions, gzip on arm64. */
static bool must_unpack(enum krn_format format)
{
	return format == KRN_IMAGE_COMP || format == KRN_ZBOOT;
}

/* Unpacking by the guest itself, under emulation, costs seconds. */
int vm_plan_boot_path(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	bool must = must_unpack(p->kernel.info.format);
	auto_free char *unpacked = NULL;
	struct krn_image info;
	int r;

	if (!must && p->kernel.info.format != KRN_BZIMAGE)
		return 0;
	r = krn_vmlinux(&p->kernel, spec->progress, &unpacked, &info, must ? err : NULL);
	if (must) {
		r = r < 0 ? r : check_entry(p->kernel.image, &info, err);
		if (r < 0)
			return r;
	} else if (r < 0 || !info.pvh) {
		vm_plan_detail(spec, "boot path: the bzImage itself (%s)",
			       r < 0 ? "it cannot be unpacked" : "no PVH entry");
		return 0;
	}
	vm_plan_detail(spec, "boot path: the unpacked kernel%s, %s",
		       info.pvh ? " by its PVH entry" : "", unpacked);
	free(p->machine.kernel);
	p->machine.kernel = take_ptr(unpacked);
	return 0;
}

/* The shares. */

static void add_share(struct vm_plan *p, const char *host, const char *guest,
		      enum vm_share_mode mode)
{
	struct vm_machine *m = &p->machine;
	struct vm_share *s;

	m->shares = xrealloc(m->shares, m->n_shares + 1, sizeof(*m->shares));
	s = &m->shares[m->n_shares];
	*s = (struct vm_share){
		.fs = p->fs, .host = xstrdup(host), .guest = xstrdup(guest), .mode = mode
	};
	snprintf(s->tag, sizeof(s->tag), "kiln%zu", m->n_shares);
	m->n_shares++;
}

/*
 * An overlay asks for an attribute of its own at each look-up, which is a third of all questions to
 * the host. Root does not miss file capabilities; another user would.
 */
static void add_root(const struct vm_run_spec *spec, struct vm_plan *p, const char *dir)
{
	add_share(p, dir, "/", VM_SHARE_COW);
	p->machine.shares[p->machine.n_shares - 1].no_xattrs = !spec->user;
}

static int plan_root(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	auto_free char *dir = NULL;
	struct stat st;

	if (vm_plan_root_is(spec, "none"))
		return 0;
	if (vm_plan_root_is(spec, "host")) {
		add_root(spec, p, "/");
		return 0;
	}
	dir = realpath(spec->root, NULL);
	if (!dir || stat(dir, &st) < 0)
		return err_sys(err, "cannot use '%s' as the guest's root", spec->root);
	if (!S_ISDIR(st.st_mode)) {
		err_set(err, -ENOTDIR, "cannot use '%s' as the guest's root: it is not a folder",
			spec->root);
		return err_hint(err, -ENOTDIR,
				"--root takes host, none, or a folder with a root file system");
	}
	add_root(spec, p, dir);
	return 0;
}

#define DEVNAMES_MAX 65536

/* Read here, where it costs nothing. */
static void add_device_names(struct vm_plan *p)
{
	auto_free char *path = path_join(p->modules, "modules.devname");
	auto_str struct str text = { 0 };

	if (file_read(AT_FDCWD, path, DEVNAMES_MAX, &text, NULL) == 0)
		vm_req_bytes(&p->request, KP_DEVNAMES, str_c(&text), strlen(str_c(&text)));
}

/*
 * The modules lie in the guest's root. Those of an installed kernel are where they belong; if depmod
 * never saw them, the view has only its lists, and a link to the modules (krn_modules_view()).
 */
static void add_modules_seen(const struct vm_run_spec *spec, struct vm_plan *p, const char *seen)
{
	auto_free char *own = xasprintf("/lib/modules/%s", p->kernel.release ?: "");
	auto_free char *kernel = path_join(p->modules, "kernel");
	auto_free char *to = xasprintf("%s/kernel", own);
	char text[4096];
	ssize_t n = readlink(kernel, text, sizeof(text) - 1);
	const char *target = text;

	if (str_ends(seen, own) && (str_eq(seen, own) || str_starts(seen, "/usr/")))
		return;
	text[n > 0 ? n : 0] = 0;
	if (vm_plan_root_is(spec, "host") && str_starts(text, "/usr/lib/"))
		target += strlen("/usr");
	vm_req_text(&p->request,
		    vm_plan_root_is(spec, "host") && str_eq(target, to) ? KP_LISTS : KP_MODULES,
		    seen);
}

static int plan_modules(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	auto_free char *target = NULL;
	auto_free char *seen = NULL, *built = NULL;
	const char *note;
	int r = krn_modules_view(&p->kernel, spec->progress, &p->modules, &note, err);

	if (r == 0 && note)
		vm_plan_note(spec, "%s", note);
	if (r < 0 || !p->modules || !vm_plan_wants_shares(spec))
		return r;
	add_device_names(p);
	seen = vm_plan_guest_path(p, p->modules);
	if (!seen && !p->kernel.release)
		return 0;
	/* The view of a build folder has links into it. */
	built = p->kernel.build ? vm_plan_guest_path(p, p->kernel.build) : NULL;
	if (p->kernel.build && !str_eq(built, p->kernel.build))
		add_share(p, p->kernel.build, p->kernel.build, VM_SHARE_RO);
	if (seen) {
		add_modules_seen(spec, p, seen);
		return 0;
	}
	target = xasprintf("/lib/modules/%s", p->kernel.release);
	add_share(p, p->modules, target, VM_SHARE_RO);
	return 0;
}

static bool has_root(const struct vm_plan *p)
{
	for (size_t i = 0; i < p->machine.n_shares; i++)
		if (str_eq(p->machine.shares[i].guest, "/"))
			return true;
	return false;
}

static int two_roots(const struct vm_share *s, struct err *err)
{
	err_set(err, -EINVAL, "cannot share '%s' at '/', where the guest's root is", s->host);
	return err_hint(err, -EINVAL, "a folder as the root: --root DIR; or another place: %s:/mnt",
			s->host);
}

static int plan_shares(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	int r = plan_root(spec, p, err);

	for (size_t i = 0; r == 0 && i < spec->shares.n; i++) {
		const struct vm_share *s = &spec->shares.v[i];

		if (str_eq(s->guest, "/") && has_root(p))
			return two_roots(s, err);
		add_share(p, s->host, s->guest, s->mode);
	}
	p->n_asked = p->machine.n_shares;
	return r == 0 ? plan_modules(spec, p, err) : r;
}

/* The machine. */

static unsigned choose_cpus(const struct vm_run_spec *spec, const struct vm_plan *p)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (spec->cpus)
		return spec->cpus;
	/* Under tcg a second processor makes each boot slower and helps only parallel commands. */
	if (p->accel.accel == ACCEL_TCG || online < 2)
		return 1;
	return (unsigned)MIN(online, 8L);
}

/* What acceleration is lost is said once a boot of the host, and then on request. */
static void tell_lost(const struct vm_run_spec *spec, const struct vm_accel_verdict *v)
{
	auto_free char *text = NULL;

	if (!v->lost)
		return;
	text = xasprintf("running under %s: %s%s%s", vm_accel_name(v->accel), v->lost,
			 v->hint ? "; " : "", v->hint ? v->hint : "");
	if (v->proved_now)
		vm_plan_note(spec, "%s", text);
	else
		vm_plan_detail(spec, "%s", text);
}

/*
 * tcg carries out string instructions step by step, and a processor that calls itself good at bytes
 * (enhanced and fast short REP MOVSB and STOSB) is taken at its word by kernels and libraries: they
 * copy and clear memory a byte a step and not eight.
 */
#define TCG_CPU "max,-erms,-fsrm"

/*
 * Huge pages: a boot touches little of each, but the host has to clear the whole, which takes
 * milliseconds where the host is a virtual machine itself. What reads memory at random all over would be
 * faster with them, by a fifth at most.
 */
static void tune_for_tcg(const struct vm_run_spec *spec, struct vm_plan *p)
{
	p->small_pages = !spec->no_tune && p->accel.accel == ACCEL_TCG;
	if (!p->small_pages)
		return;
	vm_plan_detail(spec, "qemu without huge pages: a boot uses little of each, and the host "
			     "would have to clear all of it");
	if (!krn_arch_is_x86(p->kernel.info.arch))
		return;
	vm_plan_detail(spec,
		       "cpu without erms and fsrm: by them memory would be copied byte by byte");
	free(p->accel.cpu);
	p->accel.cpu = xstrdup(TCG_CPU);
}

static int plan_accel(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	int r = vm_qemu_find(p->kernel.info.arch, spec->qemu, &p->qemu, err);

	if (r == 0)
		r = vm_accel_choose(&p->qemu, spec->accel, false, &p->accel, err);
	if (r < 0)
		return r;
	tune_for_tcg(spec, p);
	vm_plan_detail(spec, "qemu: %s (%s), acceleration %s, cpu %s", p->qemu.path,
		       p->qemu.version, vm_accel_name(p->accel.accel), p->accel.cpu);
	tell_lost(spec, &p->accel);
	if (p->accel.accel == ACCEL_TCG && !spec->no_tune && krn_arch_is_x86(p->kernel.info.arch))
		p->tsc_khz = vm_tsc_khz();
	return 0;
}

static void plan_cmdline(const struct vm_run_spec *spec, struct vm_plan *p)
{
	bool emulated = p->accel.accel == ACCEL_TCG;
	size_t n;
	const struct vm_param *t = vm_cmdline_tuning(p->kernel.info.arch, &n);

	for (size_t i = 0; !spec->no_tune && i < n; i++)
		if (emulated || !t[i].emulated)
			vm_plan_detail(spec, "parameter %s: %s", t[i].text, t[i].why);
	if (p->tsc_khz)
		vm_plan_detail(
			spec,
			"parameter tsc_early_khz=%llu: under tcg it is this host's counter, and "
			"measuring it fails on a busy host",
			(unsigned long long)p->tsc_khz);
	p->machine.cmdline = vm_cmdline(&(struct vm_cmdline_spec){ .arch = p->kernel.info.arch,
								   .tune = !spec->no_tune,
								   .emulated = emulated,
								   .quiet = !spec->chatty,
								   .tsc_khz = p->tsc_khz,
								   .user = spec->append });
	if (spec->gdb) {
		char *with = xasprintf("%s nokaslr", p->machine.cmdline);

		free(p->machine.cmdline);
		p->machine.cmdline = with;
	}
}

/* Without a root share, and without an initramfs of the user's, the guest has the command alone. */
static int plan_command(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	auto_free char *found = NULL;

	if (!vm_plan_root_is(spec, "none") || spec->initrd || !spec->argv[0])
		return 0;
	if (path_find_program(spec->argv[0], NULL, &found) < 0) {
		err_set(err, -ENOENT, "there is no program '%s' on this host to put into the guest",
			spec->argv[0]);
		return err_hint(err, -ENOENT,
				"without a root share the guest has only the command itself");
	}
	p->command = path_abs(found);
	return 0;
}

static int plan_initrd(const struct vm_run_spec *spec, struct vm_plan *p,
		       const struct vm_boot_modules *modules, struct err *err)
{
	struct vm_initrd_spec is = { .kernel = &p->kernel,
				     .modules = &modules->names,
				     .must_have = modules->known,
				     .strip = modules->strip,
				     .user = spec->initrd,
				     .command = p->command };

	return vm_initrd_make(&is, &p->machine.initrd, err);
}

static int plan_run_dir(struct vm_plan *p, struct err *err)
{
	auto_free char *base = NULL;
	int r;

	if (!p->machine.n_shares || p->fs != VM_FS_VIRTIOFS)
		return 0;
	r = dir_get(DIR_RUNTIME, &base, err);
	if (r < 0)
		return r;
	/* In a container the same number may be another's, with the same folder. */
	p->run_dir = xasprintf("%s/run-%ld-%08x", base, (long)getpid(), random_u32());
	for (size_t i = 0; i < p->machine.n_shares; i++)
		p->machine.shares[i].socket =
			xasprintf("%s/%s.sock", p->run_dir, p->machine.shares[i].tag);
	return 0;
}

static void plan_machine(const struct vm_run_spec *spec, struct vm_plan *p)
{
	struct vm_machine *m = &p->machine;

	m->qemu = &p->qemu;
	m->accel = &p->accel;
	/* The shared memory object and -m must agree, so both go by whole MiB. */
	m->memory = ALIGN_UP(spec->memory ? spec->memory : DEFAULT_MEMORY, UINT64_C(1) << 20);
	m->cpus = choose_cpus(spec, p);
	m->net = spec->net;
	m->gdb = spec->gdb;
	for (size_t i = 0; i < spec->forwards.n; i++)
		vec_push(&m->forwards, spec->forwards.v[i]);
	for (size_t i = 0; i < spec->disks.n; i++) {
		struct vm_disk d = spec->disks.v[i];

		d.path = xstrdup(d.path);
		d.format = xstrdup(d.format);
		vec_push(&m->disks, d);
	}
	strv_extend(&m->extra, spec->qemu_args);
}

/* The command line stays: what it says of kvm's machine holds of tcg's as well. */
int vm_plan_under_tcg(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	int r;

	vm_accel_verdict_release(&p->accel);
	r = vm_accel_choose(&p->qemu, ACCEL_TCG, false, &p->accel, err);
	if (r < 0)
		return r;
	tune_for_tcg(spec, p);
	p->machine.cpus = choose_cpus(spec, p);
	strv_release(&p->argv);
	vm_machine_argv(&p->machine, &p->argv);
	return 0;
}

int vm_plan_make(const struct vm_run_spec *spec, struct vm_plan *ret, struct err *err)
{
	struct vm_plan *p = ret;
	struct vm_boot_modules modules = { 0 };
	int r;

	*p = (struct vm_plan){ 0 };
	r = plan_kernel(spec, p, err);
	if (r == 0)
		r = plan_accel(spec, p, err);
	if (r == 0)
		r = vm_plan_needs(spec, p, &modules, err);
	if (r == 0)
		r = plan_shares(spec, p, err);
	if (r == 0)
		r = plan_command(spec, p, err);
	if (r == 0)
		r = plan_initrd(spec, p, &modules, err);
	strv_release(&modules.names);
	if (r == 0)
		r = plan_run_dir(p, err);
	if (r < 0) {
		vm_plan_release(p);
		return r;
	}
	plan_cmdline(spec, p);
	plan_machine(spec, p);
	vm_plan_request(spec, p);
	vm_machine_argv(&p->machine, &p->argv);
	return 0;
}

void vm_plan_release(struct vm_plan *p)
{
	vm_machine_release(&p->machine);
	krn_release(&p->kernel);
	vm_qemu_release(&p->qemu);
	vm_accel_verdict_release(&p->accel);
	vm_virtiofsd_release(&p->virtiofsd);
	free(p->modules);
	free(p->command);
	free(p->run_dir);
	strv_release(&p->argv);
	str_release(&p->request);
	*p = (struct vm_plan){ 0 };
}

void vm_run_spec_release(struct vm_run_spec *s)
{
	for (size_t i = 0; i < s->shares.n; i++)
		vm_share_release(&s->shares.v[i]);
	free(s->shares.v);
	free(s->forwards.v);
	for (size_t i = 0; i < s->disks.n; i++) {
		free(s->disks.v[i].path);
		free(s->disks.v[i].format);
	}
	free(s->disks.v);
}
