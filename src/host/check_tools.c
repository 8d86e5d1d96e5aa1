/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of programs and headers: QEMU, virtiofsd, compilers and what a kernel build calls. */
#include "host/check.h"
#include "vm/virtiofsd.h"

#include <errno.h>

static char *qemu_features(const struct vm_qemu *q)
{
	const struct {
		bool has;
		const char *name;
	} all[] = {
		{ q->has_9p, "9p" },	       { q->has_vhost_fs, "virtiofs" },
		{ q->has_microvm, "microvm" }, { q->has_memfd, "memfd" },
		{ q->has_kvm, "kvm" },
	};
	struct str b = { 0 };

	for (size_t i = 0; i < countof(all); i++) {
		if (all[i].has)
			str_addf(&b, "%s%s", b.n ? ", " : "", all[i].name);
	}
	if (!q->has_serial)
		str_adds(&b, ", no virtio-serial");
	return str_take(&b);
}

/* Where the error knows better (a cache that cannot be written), installing mends nothing. */
static char *qemu_fix(const struct host *h, const char *name, const struct err *err)
{
	return err->code == -ENOENT || !err->hint ? host_install_command(h, name)
						  : xstrdup(err->hint);
}

void look_qemu(const struct host *h, const struct check *c, struct host_finding *f)
{
	enum krn_arch arch = krn_arch_parse(c->arg);
	cleanup(vm_qemu_release) struct vm_qemu q = { 0 };
	auto_err struct err err = { 0 };
	auto_free char *can = NULL;

	if (arch == h->arch)
		f->needed |= f->useful;
	if (h->ops->qemu(h, arch, &q, &err) < 0) {
		check_missing(f, qemu_fix(h, c->name, &err), "for %s: %s", c->what,
			      err.code == -ENOENT ? "not installed" : err.msg);
		return;
	}
	can = qemu_features(&q);
	if (q.has_serial)
		check_ok(f, "%s %s: %s", q.path, q.version, can);
	else
		check_missing(f, host_install_command(h, c->name), "%s %s: %s", q.path, q.version,
			      can);
}

static char *qemu_name(const struct host *h)
{
	return xasprintf("qemu-system-%s", krn_arch_qemu(h->arch));
}

/* Guests run without it, only slower: never more than a warning. */
void look_accel(const struct host *h, const struct check *c, struct host_finding *f)
{
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v = { 0 };
	cleanup(vm_qemu_release) struct vm_qemu q = { 0 };
	auto_err struct err err = { 0 };
	auto_free char *name = qemu_name(h);

	if (h->ops->qemu(h, h->arch, &q, &err) < 0) {
		auto_free char *none = xasprintf("there is no %s", name);

		check_missing(f, qemu_fix(h, name, &err), "not tried: %s",
			      err.code == -ENOENT ? none : err.msg);
		return;
	}
	if (h->ops->accel(h, &q, &v, &err) < 0) {
		check_missing(f, xstrdup(err.hint ?: "kiln doctor --fresh"), "%s", err.msg);
		return;
	}
	if (v.lost)
		check_warn(f, xstrdup(v.hint ?: "none known; try again: kiln doctor --fresh"),
			   "%s -cpu %s; %s", vm_accel_name(v.accel), v.cpu, v.lost);
	else if (v.mips > 0)
		check_ok(f, "%s -cpu %s, %.0f million instructions per second",
			 vm_accel_name(v.accel), v.cpu, v.mips);
	else
		check_ok(f, "%s -cpu %s", vm_accel_name(v.accel), v.cpu);
}

/* Where QEMU has no 9p, virtiofs is the only way to share files. */
static void need_without_9p(const struct host *h, struct host_finding *f)
{
	cleanup(vm_qemu_release) struct vm_qemu q = { 0 };

	if (h->ops->qemu(h, h->arch, &q, NULL) == 0 && !q.has_9p)
		f->needed |= f->useful;
}

/*
 * The number in what a program says of its version, which may stand behind its name, its maker's
 * name and words in brackets: "gcc (Debian 12.2.0-14) 12.2.0", "v1.24". NULL if there is none.
 */
static char *number_with(const char *version, const char *dot)
{
	int depth = 0;
	size_t n;

	for (const char *p = version; *p; p += n) {
		const char *digit = p + (*p == 'v');

		n = strcspn(p, " ,()");
		if (n && !depth && *digit >= '0' && *digit <= '9' && memmem(p, n, dot, strlen(dot)))
			return xstrndup(p, n);
		n += p[n] != '\0';
		depth += (p[n ? n - 1 : 0] == '(') - (p[n ? n - 1 : 0] == ')');
	}
	return NULL;
}

/* One with a dot rather than "64-bits"; the whole line if there is no number. */
static char *number_of(const char *version)
{
	char *number = number_with(version, ".") ?: number_with(version, "");

	return number ? number : xstrdup(version);
}

static void found_program(const struct host *h, const char *path, const char *need,
			  struct host_finding *f)
{
	auto_free char *version = NULL, *number = NULL;
	auto_err struct err err = { 0 };

	if (h->ops->version(h, path, &version, &err) < 0) {
		check_missing(f, host_install_command(h, need), "%s", err.msg);
		return;
	}
	number = number_of(version);
	check_ok(f, "%s %s", path, number);
}

void look_virtiofsd(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *path = host_program(h, "virtiofsd", vm_virtiofsd_dirs);

	need_without_9p(h, f);
	if (path)
		found_program(h, path, "virtiofsd", f);
	else
		check_missing(f, host_install_command(h, "virtiofsd"),
			      "files are shared by 9p only");
}

void look_program(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *path = host_program(h, c->arg, NULL);

	if (path)
		found_program(h, path, c->arg, f);
	else
		check_missing(f, host_install_command(h, c->arg), "not installed; for %s", c->what);
}

/* The host's own architecture needs no cross compiler. */
void look_cross(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *name = xasprintf("%s-linux-gnu-gcc", c->arg);
	struct check program = *c;

	if (krn_arch_parse(c->arg) == h->arch)
		return;
	program.arg = name;
	look_program(h, &program, f);
}

void look_header(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *path = xasprintf("/usr/include/%s", c->arg);

	if (host_exists(h, path))
		check_ok(f, "%s", path);
	else
		check_missing(f, host_install_command(h, c->arg), "no %s; for %s", path, c->what);
}

static bool has_word(const char *line, size_t n, const char *word)
{
	const char *p = memmem(line, n, word, strlen(word));

	return p && (p == line || p[-1] == ' ' || p[-1] == '=') &&
	       (p + strlen(word) == line + n || p[strlen(word)] == ' ');
}

/* nix.conf(5): experimental-features = nix-command flakes; extra-NAME adds to it. */
static bool conf_has_flakes(const struct host *h, const char *path)
{
	auto_str struct str text = { 0 };
	size_t n;

	host_read(h, path, &text);
	for (const char *p = str_c(&text); *p; p += n + (p[n] == '\n')) {
		const char *value = p;

		n = strcspn(p, "\n");
		str_skip(&value, "extra-");
		if (str_skip(&value, "experimental-features") &&
		    has_word(value, (size_t)(p + n - value), "flakes") &&
		    has_word(value, (size_t)(p + n - value), "nix-command"))
			return true;
	}
	return false;
}

void look_nix(const struct host *h, const struct check *c, struct host_finding *f)
{
	static const char *const dirs[] = { "/nix/var/nix/profiles/default/bin", NULL };
	auto_free char *path = host_program(h, "nix", dirs);
	auto_free char *conf = xasprintf("%s/.config/nix/nix.conf", h->home);

	if (!path)
		check_missing(f, host_install_command(h, "nix"),
			      "not installed; for toolchains from flakes");
	else if (conf_has_flakes(h, conf) || conf_has_flakes(h, "/etc/nix/nix.conf"))
		check_ok(f, "%s, with flakes", path);
	else
		check_warn(f,
			   xstrdup("mkdir -p ~/.config/nix && echo 'extra-experimental-features = "
				   "nix-command flakes' >> ~/.config/nix/nix.conf"),
			   "%s, but its flakes are not enabled", path);
}
