/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Acceleration without a working KVM: the judge on made-up measurements, the probe on files that
 * are no KVM, QEMU as a shell script that aborts, hangs or works. "failed to set MSR" and the
 * assertion are QEMU 7.2's own words.
 */
#include "scratch.h"

#include "base/clock.h"
#include "base/file.h"
#include "vm/accel_prove.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

static const struct vm_kvm_host intel = { "intel", true, "alice" };

static void expect_tcg(const struct vm_kvm_probe *p, const struct vm_kvm_host *h, const char *lost,
		       const char *hint)
{
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v = { 0 };

	assert_false(vm_accel_judge(p, h, &v));
	assert_int_equal(v.accel, ACCEL_TCG);
	assert_string_equal(v.cpu, "max");
	assert_string_equal(v.lost, lost);
	if (hint)
		assert_string_equal(v.hint, hint);
	else
		assert_null(v.hint);
}

static void judges_speed(void **state)
{
	struct vm_kvm_probe slow = { .state = KVM_RAN, .iterations = 50000, .ns = 100000000 };
	struct vm_kvm_probe enough = { .state = KVM_RAN, .iterations = 1000000, .ns = 40000000 };
	struct vm_kvm_probe short_of = { .state = KVM_RAN, .iterations = 1000000, .ns = 40100000 };
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v = { 0 };

	expect_tcg(&slow, &intel, "kvm: useless, 1.00 million instructions per second, wanted 50",
		   "use a host whose KVM runs guests on the hardware: this one's emulates each "
		   "instruction");
	assert_true(vm_accel_judge(&enough, &intel, &v));
	assert_true(v.mips > 49.9 && v.mips < 50.1);
	assert_null(v.lost);
	assert_false(vm_accel_judge(&short_of, &intel, &v));
	/* nothing at all ran */
	slow.iterations = 0;
	expect_tcg(&slow, &intel, "kvm: useless, 0.00 million instructions per second, wanted 50",
		   "use a host whose KVM runs guests on the hardware: this one's emulates each "
		   "instruction");
}

static void judges_failures(void **state)
{
	const struct vm_kvm_host amd = { "amd", true, "bob" }, none = { NULL, false, "bob" };
	struct vm_kvm_probe p = { .state = KVM_MISSING };

	expect_tcg(&p, &amd, "kvm: there is no /dev/kvm", "load the module: sudo modprobe kvm_amd");
	expect_tcg(
		&p, &none, "kvm: there is no /dev/kvm",
		"the CPU offers no virtualization (vmx, svm): enable it in the firmware, or nested "
		"virtualization in the hypervisor around this machine");
	p.state = KVM_NO_MODULE;
	expect_tcg(&p, &intel, "kvm: /dev/kvm has no driver behind it",
		   "load the module: sudo modprobe kvm_intel");
	p.state = KVM_DENIED;
	expect_tcg(&p, &intel, "kvm: no permission for /dev/kvm",
		   "sudo usermod -aG kvm alice, then log in again");
	p = (struct vm_kvm_probe){ .state = KVM_BROKEN, .code = EINVAL, .step = "KVM_CREATE_VM" };
	expect_tcg(&p, &intel, "kvm: a tiny guest failed at KVM_CREATE_VM: Invalid argument", NULL);
	p.code = 0;
	expect_tcg(&p, &intel, "kvm: a tiny guest failed at KVM_CREATE_VM", NULL);
	p.state = KVM_STUCK;
	expect_tcg(&p, &intel, "kvm: a tiny guest never came back", NULL);
}

static void no_child_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void probes_what_is_no_kvm(void **state)
{
	auto_free char *absent = scratch_path("absent"), *file = scratch_file("file", 0600, "");
	struct vm_kvm_probe p = vm_kvm_probe_run(absent, NSEC_PER_SEC);

	assert_int_equal(p.state, KVM_MISSING);
#ifdef __x86_64__
	p = vm_kvm_probe_run(file, NSEC_PER_SEC);
	assert_int_equal(p.state, KVM_BROKEN);
	assert_string_equal(p.step, "KVM_GET_API_VERSION");
	assert_int_equal(p.code, ENOTTY);
#endif
	no_child_left();
}

/* For root, who may open anything, the rights of nobody are taken on for a moment. */
static void probes_without_rights(void **state)
{
	auto_free char *file = scratch_file("secret", 0000, "");
	bool root = geteuid() == 0;
	struct vm_kvm_probe p;

	if (root)
		assert_int_equal(seteuid(65534), 0);
	p = vm_kvm_probe_run(file, NSEC_PER_SEC);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(p.state, KVM_DENIED);
	no_child_left();
}

#ifdef __x86_64__
static void probe_ends_at_its_deadline(void **state)
{
	auto_free char *file = scratch_file("file", 0600, "");
	uint64_t start = now_ns();

	assert_int_equal(vm_kvm_probe_run(file, 0).state, KVM_STUCK);
	assert_true(now_ns() - start < NSEC_PER_SEC);
	no_child_left();
}

/* Whatever this host's KVM is worth, the truth about it is had in time. */
TEST_OR_SKIP(probes_the_real_one)
{
	uint64_t start = now_ns();
	struct vm_kvm_probe p;

	if (faccessat(AT_FDCWD, "/dev/kvm", R_OK | W_OK, AT_EACCESS) < 0) {
		print_message("no /dev/kvm that may be opened\n");
		return false;
	}
	p = vm_kvm_probe_run("/dev/kvm", NSEC_PER_SEC);
	assert_true(now_ns() - start < 2 * NSEC_PER_SEC);
	print_message("# /dev/kvm: state %d, %.2f million instructions per second\n", p.state,
		      vm_kvm_probe_mips(&p));
	if (p.state == KVM_RAN)
		assert_true(p.iterations > 0 && p.iterations <= 1000000 && p.ns > 0);
	no_child_left();
	return true;
}
#endif

#define WORKS "cat >/dev/null; echo '{\"return\": {\"status\": \"running\"}}'\n"
#define ABORTS                                                                                \
	"echo 'qemu-system-x86_64: warning: host is odd' >&2\n"                               \
	"echo 'qemu-system-x86_64: error: failed to set MSR 0x48f to 0x7fefff00036dfb' >&2\n" \
	"echo 'qemu-system-x86_64: ../target/i386/kvm/kvm.c:2893: Assertion failed.' >&2\n"   \
	"kill -ABRT $$\n"

static struct vm_accel_verdict pick(const char *script, uint64_t each_ns)
{
	auto_free char *path = scratch_file("qemu", 0755, script);
	struct vm_qemu q = { .arch = KRN_X86_64, .path = path, .has_kvm = true };
	struct vm_accel_verdict v = { .mips = 1000 };

	vm_accel_pick_cpu(&q, vm_accel_models(KRN_X86_64), each_ns, &v);
	assert_true(v.mips == 1000);
	no_child_left();
	return v;
}

static void picks_host_where_it_works(void **state)
{
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v =
		pick("#!/bin/sh\n" WORKS, 20 * NSEC_PER_SEC);

	assert_int_equal(v.accel, ACCEL_KVM);
	assert_string_equal(v.cpu, "host");
	assert_null(v.lost);
}

static void picks_a_model_where_host_aborts(void **state)
{
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v =
		pick("#!/bin/sh\ncase \" $* \" in *' -cpu host'*)\n" ABORTS ";; esac\n" WORKS,
		     20 * NSEC_PER_SEC);

	assert_int_equal(v.accel, ACCEL_KVM);
	assert_string_equal(v.cpu, "Haswell-noTSX");
	assert_string_equal(v.lost,
			    "kvm: -cpu host does not work: error: failed to set MSR 0x48f to "
			    "0x7fefff00036dfb");
}

static void keeps_the_reason_where_all_abort(void **state)
{
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v =
		pick("#!/bin/sh\n" ABORTS, 20 * NSEC_PER_SEC);

	assert_int_equal(v.accel, ACCEL_TCG);
	assert_string_equal(v.cpu, "max");
	assert_string_equal(v.lost, "kvm: QEMU does not start: error: failed to set MSR 0x48f to "
				    "0x7fefff00036dfb");
}

/* Two of the five models are waited for, no more. */
static void gives_up_where_all_hang(void **state)
{
	auto_free char *started = scratch_path("started");
	auto_free char *script = xasprintf("#!/bin/sh\necho >>%s\nexec sleep 100\n", started);
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v =
		pick(script, 2 * NSEC_PER_SEC / 5);
	auto_str struct str starts = { 0 };

	assert_int_equal(v.accel, ACCEL_TCG);
	assert_string_equal(v.lost, "kvm: QEMU does not start: QEMU did not come up within 0.4 s");
	assert_int_equal(file_read(AT_FDCWD, started, 100, &starts, NULL), 0);
	assert_in_range(starts.n, 1, 2);
}

static struct vm_accel_verdict choose(const struct vm_qemu *q, enum vm_accel want)
{
	auto_err struct err err = { 0 };
	struct vm_accel_verdict v;

	if (vm_accel_choose(q, want, false, &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static enum krn_arch foreign(void)
{
	return krn_arch_host() == KRN_ARM64 ? KRN_X86_64 : KRN_ARM64;
}

static void tcg_probes_nothing(void **state)
{
	struct vm_qemu own = { .arch = krn_arch_host(),
			       .path = (char *)"/nowhere",
			       .has_kvm = true };
	struct vm_qemu other = { .arch = foreign(), .path = (char *)"/nowhere", .has_kvm = true };
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict a = choose(&own, ACCEL_TCG);
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict b = choose(&other, ACCEL_AUTO);
	struct vm_accel_verdict c;
	auto_err struct err err = { 0 };

	assert_int_equal(a.accel, ACCEL_TCG);
	assert_null(a.lost);
	assert_int_equal(b.accel, ACCEL_TCG);
	assert_null(b.lost);
	assert_int_equal(vm_accel_choose(&other, ACCEL_KVM, false, &c, &err), -ENOTSUP);
	assert_non_null(strstr(err.msg, "kvm cannot run"));
}

static void remembers(void **state)
{
	auto_free char *path = scratch_file("qemu-remembered", 0755, "#!/bin/sh\nexit 1\n");
	/* built without KVM, so that the verdict does not hang on this host's */
	struct vm_qemu q = { .arch = krn_arch_host(), .path = path };
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict a = choose(&q, ACCEL_AUTO),
								  b = choose(&q, ACCEL_AUTO);
	struct vm_accel_verdict c;
	auto_err struct err err = { 0 };

	assert_non_null(strstr(a.lost, "was built without it"));
	assert_true(a.proved_now);
	assert_false(b.proved_now);
	assert_int_equal(b.accel, ACCEL_TCG);
	assert_string_equal(b.lost, a.lost);
	assert_int_equal(vm_accel_choose(&q, ACCEL_KVM, false, &c, &err), -ENOTSUP);
	assert_string_equal(err.msg, a.lost);
	assert_non_null(strstr(err.hint, "kiln doctor --fresh"));
	/* another QEMU, another verdict */
	free(scratch_file("qemu-remembered", 0755, "#!/bin/sh\nexit 2 # newer\n"));
	vm_accel_verdict_release(&b);
	b = choose(&q, ACCEL_AUTO);
	assert_true(b.proved_now);
}

static void asks_anew_when_told(void **state)
{
	auto_free char *path = scratch_file("qemu-fresh", 0755, "#!/bin/sh\nexit 1\n");
	struct vm_qemu q = { .arch = krn_arch_host(), .path = path };
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict a = choose(&q, ACCEL_AUTO),
								  v = { 0 };

	assert_true(a.proved_now);
	assert_int_equal(vm_accel_choose(&q, ACCEL_AUTO, true, &v, NULL), 0);
	assert_true(v.proved_now);
}

static void ignores_a_broken_memory(void **state)
{
	static const char *const broken[] = { "", "key\n", "accel kvm\ncpu host\nmips 1\n",
					      "\xff\xfe\x01\n\n\n" };
	auto_free char *path = scratch_file("qemu-broken", 0755, "#!/bin/sh\nexit 1\n");
	auto_free char *name = xasprintf("cache/kiln/probe/kvm-%s-%u",
					 krn_arch_qemu(krn_arch_host()), (unsigned)geteuid());
	struct vm_qemu q = { .arch = krn_arch_host(), .path = path };

	for (size_t i = 0; i < countof(broken); i++) {
		cleanup(vm_accel_verdict_release) struct vm_accel_verdict v = { 0 };

		free(scratch_file(name, 0600, broken[i]));
		v = choose(&q, ACCEL_AUTO);
		assert_non_null(strstr(v.lost, "was built without it"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_speed),
		cmocka_unit_test(judges_failures),
		cmocka_unit_test(probes_what_is_no_kvm),
		cmocka_unit_test(probes_without_rights),
#ifdef __x86_64__
		cmocka_unit_test(probe_ends_at_its_deadline),
		cmocka_unit_test(probes_the_real_one),
#endif
		cmocka_unit_test(picks_host_where_it_works),
		cmocka_unit_test(picks_a_model_where_host_aborts),
		cmocka_unit_test(keeps_the_reason_where_all_abort),
		cmocka_unit_test(gives_up_where_all_hang),
		cmocka_unit_test(tcg_probes_nothing),
		cmocka_unit_test(remembers),
		cmocka_unit_test(asks_anew_when_told),
		cmocka_unit_test(ignores_a_broken_memory),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
