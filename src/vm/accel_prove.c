/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves KVM: first by the tiny guest of kvm_probe.c, which tells a KVM that works from one that
 * only opens, then by QEMU, which sets up far more of a CPU than that guest does and may fail at it
 * ("failed to set MSR").
 */
#include "vm/accel_prove.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>

#define PROBE_TIMEOUT NSEC_PER_SEC
#define TRY_TIMEOUT   (3 * NSEC_PER_SEC)
#define CPUINFO_MAX   (8U << 20)

/*
 * From what the host has to what every x86-64 CPU has. The guest runs the host's programs, so a
 * model is the better the more of the host's instructions it has; QEMU leaves out of it what the
 * host lacks. vmx and pmu are what nested hosts most often offer and then refuse.
 */
static const char *const x86_models[] = {
	"host", "host,vmx=off,pmu=off", "Haswell-noTSX", "Nehalem", "qemu64", NULL,
};
static const char *const arm64_models[] = { "host", NULL };

const char *const *vm_accel_models(enum krn_arch arch)
{
	return arch == KRN_ARM64 ? arm64_models : x86_models;
}

static void become_tcg(struct vm_accel_verdict *v, char *lost, char *hint)
{
	double mips = v->mips;

	vm_accel_verdict_release(v);
	*v = (struct vm_accel_verdict){
		.accel = ACCEL_TCG, .cpu = xstrdup("max"), .lost = lost, .hint = hint, .mips = mips
	};
}

static char *no_module_hint(const struct vm_kvm_host *h)
{
	if (!h->cpu_flag)
		return xstrdup(
			"the CPU offers no virtualization (vmx, svm): enable it in the firmware, "
			"or nested virtualization in the hypervisor around this machine");
	return xasprintf("load the module: sudo modprobe kvm%s%s", h->vendor ? "_" : "",
			 h->vendor ?: "");
}

static char *broken_words(const struct vm_kvm_probe *p)
{
	if (!p->code)
		return xasprintf("kvm: a tiny guest failed at %s", p->step);
	return xasprintf("kvm: a tiny guest failed at %s: %s", p->step, strerror(p->code));
}

bool vm_accel_judge(const struct vm_kvm_probe *p, const struct vm_kvm_host *host,
		    struct vm_accel_verdict *ret)
{
	ret->mips = p->state == KVM_RAN ? vm_kvm_probe_mips(p) : 0;
	switch (p->state) {
	case KVM_UNTRIED:
		return true;
	case KVM_RAN:
		if (ret->mips >= KVM_MIPS_WANTED)
			return true;
		become_tcg(
			ret,
			xasprintf("kvm: useless, %.2f million instructions per second, wanted %.0f",
				  ret->mips, KVM_MIPS_WANTED),
			xstrdup("use a host whose KVM runs guests on the hardware: this one's "
				"emulates each instruction"));
		return false;
	case KVM_MISSING:
		become_tcg(ret, xstrdup("kvm: there is no /dev/kvm"), no_module_hint(host));
		return false;
	case KVM_NO_MODULE:
		become_tcg(ret, xstrdup("kvm: /dev/kvm has no driver behind it"),
			   no_module_hint(host));
		return false;
	case KVM_DENIED:
		become_tcg(ret, xstrdup("kvm: no permission for /dev/kvm"),
			   xasprintf("sudo usermod -aG kvm %s, then log in again", host->user));
		return false;
	case KVM_BROKEN:
		become_tcg(ret, broken_words(p), NULL);
		return false;
	case KVM_STUCK:
		break;
	}
	become_tcg(ret, xstrdup("kvm: a tiny guest never came back"), NULL);
	return false;
}

/* QEMU's own reason: its last line that is not a warning, without the program's name in front. */
static char *qemu_reason(const struct proc_result *r)
{
	const char *line = str_c(&r->errout), *best = NULL, *cut;
	size_t best_n = 0, n;

	for (; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		/* an assertion follows the reason and explains nothing: keep the first of them */
		if (n && !best && !memmem(line, n, "warning:", 8)) {
			best = line;
			best_n = n;
		}
	}
	if (!best)
		return xasprintf("QEMU ended with status %d", r->status);
	cut = memmem(best, best_n, ": ", 2);
	if (cut && !memchr(best, ' ', (size_t)(cut - best))) {
		best_n -= (size_t)(cut + 2 - best);
		best = cut + 2;
	}
	return xstrndup(best, best_n);
}

/* NULL if QEMU came up and answered; else why not. */
static char *try_cpu(const struct vm_qemu *q, const char *cpu, uint64_t timeout_ns)
{
	/* the guest is let run: some CPUs are refused only when they are entered */
	static const char input[] = "{\"execute\":\"qmp_capabilities\"}\n"
				    "{\"execute\":\"query-status\"}\n{\"execute\":\"quit\"}\n";
	const char *const argv[] = { q->path,	    "-no-user-config",
				     "-nodefaults", "-display",
				     "none",	    "-m",
				     "64",	    "-accel",
				     "kvm",	    "-cpu",
				     cpu,	    "-qmp",
				     "stdio",	    q->arch == KRN_ARM64 ? "-M" : NULL,
				     "virt",	    NULL };
	struct proc_spec spec = { .argv = (char *const *)argv, .new_group = true };
	auto_proc_result struct proc_result r = { 0 };
	auto_err struct err err = { 0 };
	auto_str struct str in = { 0 };

	str_adds(&in, input);
	if (proc_run(&spec, &in, timeout_ns, 64 << 10, &r, &err) < 0)
		return xstrdup(err.msg);
	if (r.timeout)
		return xasprintf("QEMU did not come up within %g s",
				 (double)timeout_ns / (double)NSEC_PER_SEC);
	if (r.status || !r.out.n || !strstr(str_c(&r.out), "\"status\""))
		return qemu_reason(&r);
	return NULL;
}

void vm_accel_pick_cpu(const struct vm_qemu *q, const char *const *models, uint64_t each_ns,
		       struct vm_accel_verdict *ret)
{
	auto_free char *first = NULL;
	/* one that hangs may be followed by one that works, but a row of them is not waited for */
	uint64_t end = now_ns() + 2 * each_ns;

	for (size_t i = 0; models[i] && now_ns() < end; i++) {
		auto_free char *why = try_cpu(q, models[i], each_ns);

		if (why) {
			if (!first)
				first = take_ptr(why);
			continue;
		}
		*ret = (struct vm_accel_verdict){ .accel = ACCEL_KVM,
						  .cpu = xstrdup(models[i]),
						  .mips = ret->mips };
		if (i > 0)
			ret->lost = xasprintf("kvm: -cpu %s does not work: %s", models[0], first);
		return;
	}
	become_tcg(ret, xasprintf("kvm: QEMU does not start: %s", first), NULL);
}

/* Looks at the first CPU only: they are all alike. */
static struct vm_kvm_host look_at_host(char **ret_user)
{
	struct vm_kvm_host h = { .user = "$USER" };
	struct passwd *pw = getpwuid(geteuid());
	auto_str struct str cpu = { 0 };
	char *end;

	if (pw)
		h.user = *ret_user = xstrdup(pw->pw_name);
	if (file_read(AT_FDCWD, "/proc/cpuinfo", CPUINFO_MAX, &cpu, NULL) < 0 || !cpu.n)
		return h;
	end = strstr(cpu.s, "\n\n");
	if (end)
		*end = '\0';
	h.cpu_flag = strstr(cpu.s, " vmx") || strstr(cpu.s, " svm");
	h.vendor = strstr(cpu.s, "GenuineIntel")   ? "intel"
		   : strstr(cpu.s, "AuthenticAMD") ? "amd"
						   : NULL;
	return h;
}

void vm_accel_prove(const struct vm_qemu *q, const char *dev, struct vm_accel_verdict *ret)
{
	struct vm_kvm_probe p;
	struct vm_kvm_host host;
	auto_free char *user = NULL;

	*ret = (struct vm_accel_verdict){ 0 };
	if (!q->has_kvm) {
		become_tcg(ret, xasprintf("kvm: '%s' was built without it", q->path), NULL);
		return;
	}
	p = vm_kvm_probe_run(dev, PROBE_TIMEOUT);
	host = look_at_host(&user);
	if (vm_accel_judge(&p, &host, ret))
		vm_accel_pick_cpu(q, vm_accel_models(q->arch), TRY_TIMEOUT, ret);
}
