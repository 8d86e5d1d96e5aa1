/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doctor: one table of checks, each asked in turn.
 *
 * A check says what is there and what is not; whether that matters is told by the two sets of
 * purposes beside it, so that the same answer is a warning for one purpose and a refusal for
 * another.
 */
#include "host/check.h"

#include "base/distro.h"

const char *const host_purposes[] = { "run", "build", "vm", "vfio", NULL };

#define MACHINES (FOR_RUN | FOR_VM | FOR_VFIO)

/* Where a name stands twice the first row counts: it knows more than the table of what builds need. */
static const struct check checks[] = {
	/* clang-format off */
	/*
	 * the QEMU for guests of the host's own architecture is also needed for MACHINES, see
	 * look_qemu()
	 */
	{ "qemu-system-x86_64",       0,         MACHINES, look_qemu,         "x86_64",  "x86_64 guests" },
	{ "qemu-system-aarch64",      0,         MACHINES, look_qemu,         "aarch64", "arm64 guests" },
	{ "acceleration",             0,         MACHINES, look_accel },
	{ "virtiofsd",                0,         FOR_RUN | FOR_VM, look_virtiofsd },
	{ "qemu-img",                 FOR_VM,    0,        look_program,      "qemu-img", "disk images" },
	{ "kernel image",             0,         FOR_RUN,  look_kernel },
	{ "user namespaces",          0,         FOR_RUN | FOR_VM, look_userns },
	{ "group kvm",                0,         MACHINES, look_group,        "kvm", "/dev/kvm and /dev/vfio/*" },
	{ "group systemd-journal",    0,         FOR_VM,   look_group,        "systemd-journal", "logs of system services" },
	{ "systemd",                  FOR_VM,    0,        look_systemd },
	{ "user manager",             FOR_VM,    0,        look_user_manager },
	{ "lingering",                0,         FOR_VM,   look_linger },
	{ "vhost-vsock",              0,         FOR_VM,   look_vsock },
	{ "gcc",                      FOR_BUILD, 0,        look_program,      "gcc",    "compiling kernels" },
	{ "clang",                    0,         FOR_BUILD, look_program,     "clang",  "kernels built with LLVM" },
	{ "ld",                       FOR_BUILD, 0,        look_program,      "ld",     "linking kernels" },
	{ "ld.lld",                   0,         FOR_BUILD, look_program,     "ld.lld", "kernels built with LLVM" },
	{ "depmod",                   FOR_BUILD, FOR_RUN,  look_program,      "depmod", "kernel modules" },
	{ "libelf headers",           FOR_BUILD, 0,        look_header,       "gelf.h", "objtool and resolve_btfids" },
	{ "OpenSSL headers",          FOR_BUILD, 0,        look_header,       "openssl/ssl.h", "signing modules" },
#define ALWAYS NULL
#define PROGRAM(name, when, into, what) \
	{ name, (when) ? 0 : FOR_BUILD, (when) ? FOR_BUILD : 0, look_program, name, what },
#define HEADER(title, header, library, module, when, what) \
	{ title, (when) ? 0 : FOR_BUILD, (when) ? FOR_BUILD : 0, look_header, header, what },
#define SINCE(name, when, version)
#include "data/build-tools.def"
	{ "arm64 compiler",           0,         FOR_BUILD, look_cross,       "aarch64", "arm64 kernels" },
	{ "x86_64 compiler",          0,         FOR_BUILD, look_cross,       "x86_64",  "x86_64 kernels" },
	{ "nix",                      0,         FOR_BUILD, look_nix },
	{ "iommu",                    FOR_VFIO,  0,        look_iommu },
	{ "module vfio_pci",          FOR_VFIO,  0,        look_module,       "vfio_pci" },
	{ "module vfio_iommu_type1",  FOR_VFIO,  0,        look_module,       "vfio_iommu_type1" },
	{ "locked memory",            FOR_VFIO,  0,        look_memlock },
	{ "cache folder",             FOR_RUN | FOR_BUILD, 0, look_space,     "cache" },
	{ "data folder",              FOR_BUILD | FOR_VM,  0, look_space,     "data" },
	/* clang-format on */
};

const char *host_state_name(enum host_state s)
{
	static const char *const names[] = { "ok", "warn", "missing" };

	return names[s];
}

void check_ok(struct host_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->state = HOST_OK;
	f->detail = xvasprintf(fmt, ap);
	va_end(ap);
}

void check_warn(struct host_finding *f, char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->state = HOST_WARN;
	f->detail = xvasprintf(fmt, ap);
	f->fix = fix;
	va_end(ap);
}

void check_missing(struct host_finding *f, char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->state = HOST_MISSING;
	f->detail = xvasprintf(fmt, ap);
	f->fix = fix;
	va_end(ap);
}

char *host_install_command(const struct host *h, const char *need)
{
	const struct distro d = distro_at(h->root);
	char *const needs[] = { (char *)need, NULL };

	return distro_install(&d, h->uid, needs);
}

char *host_root_command(const struct host *h, const char *fmt, ...)
{
	auto_free char *command = NULL;
	va_list ap;

	va_start(ap, fmt);
	command = xvasprintf(fmt, ap);
	va_end(ap);
	return distro_root_command(h->uid, command);
}

static bool is_known(const struct check *c)
{
	for (const struct check *before = checks; before < c; before++) {
		if (str_eq(before->name, c->name))
			return true;
	}
	return false;
}

void host_doctor(const struct host *h, unsigned purposes, struct host_findings *ret)
{
	unsigned asked = purposes ?: FOR_ALL;

	for (size_t i = 0; i < countof(checks); i++) {
		const struct check *c = &checks[i];
		struct host_finding f = { .name = c->name,
					  .needed = c->needed,
					  .useful = c->useful };

		/*
		 * only a look can tell that something does not concern this host: it leaves no
		 * detail
		 */
		if (!((c->needed | c->useful) & asked) || is_known(c))
			continue;
		c->look(h, c, &f);
		if (!f.detail)
			continue;
		if (f.state == HOST_MISSING && !(f.needed & asked))
			f.state = HOST_WARN;
		vec_push(ret, f);
	}
}

void host_findings_release(struct host_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].detail);
		free(f->v[i].fix);
	}
	free(f->v);
	*f = (struct host_findings){ 0 };
}
