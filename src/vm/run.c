/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carrying out a plan: virtiofsd for the shares that want it, then the session. */
#include "vm/run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "vm/guard.h"
#include "vm/plan.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

/*
 * Under kvm a kernel reaches PID 1 within seconds. Under tcg on a loaded host one with all
 * debugging on may need minutes, and says nothing meanwhile.
 */
#define LIFE_KVM_NS (20 * NSEC_PER_SEC)
#define LIFE_TCG_NS (300 * NSEC_PER_SEC)

#define TICK_ATTEMPTS 3

/* virtiofsd's words are kept for the case that QEMU cannot talk to it. */
static int start_shares(struct vm_plan *p, struct vm_guard *g, int log, struct err *err)
{
	int r = 0;

	if (!p->run_dir)
		return 0;
	/* The guard comes first, so that no moment is without one. */
	r = vm_guard_start(g, p->run_dir, err);
	if (r == 0 && mkdir(p->run_dir, 0700) < 0) {
		r = err_sys(err, "cannot make '%s'", p->run_dir);
		/* One that is there already is another's, and not the guard's to remove. */
		if (r == -EEXIST)
			kill(g->pid, SIGKILL);
	}
	for (size_t i = 0; r == 0 && i < p->machine.n_shares; i++)
		r = vm_virtiofsd_start(&p->virtiofsd, &p->machine.shares[i], p->run_dir, log, err);
	return r;
}

static void stop_shares(struct vm_plan *p)
{
	for (size_t i = 0; i < p->machine.n_shares; i++) {
		struct vm_share *s = &p->machine.shares[i];

		if (s->virtiofsd <= 0)
			continue;
		kill(s->virtiofsd, SIGKILL);
		proc_wait(s->virtiofsd);
		s->virtiofsd = 0;
	}
}

static bool has_writable_disk(const struct vm_machine *m)
{
	for (size_t i = 0; i < m->disks.n; i++)
		if (!m->disks.v[i].readonly)
			return true;
	return false;
}

static void add_log(int log, struct vm_outcome *o)
{
	char text[4096];
	ssize_t n = pread(log, text, sizeof(text), 0);

	if (n > 0 && o->end != VM_END_EXIT)
		str_addf(&o->console.qemu, "virtiofsd: %.*s", (int)n, text);
}

static int attempt(const struct vm_run_spec *spec, struct vm_plan *p, uint64_t timeout_ns,
		   struct vm_outcome *ret, struct err *err)
{
	bool kvm = p->accel.accel == ACCEL_KVM;
	auto_guard struct vm_guard guard = { 0 };
	auto_close int log = p->run_dir ? memfd_create("virtiofsd", MFD_CLOEXEC) : -1;
	struct vm_session_spec s = {
		.argv = p->argv.v,
		.request = &p->request,
		.shares = p->machine.shares,
		.n_shares = p->machine.n_shares,
		.tty = spec->tty,
		.fds = { spec->fds[0], spec->fds[1], spec->fds[2] },
		.console_fd = spec->console_fd,
		.timeout_ns = timeout_ns,
		.life_ns = kvm ? LIFE_KVM_NS : LIFE_TCG_NS,
		.gentle = has_writable_disk(&p->machine),
		.small_pages = p->small_pages,
		.halted = spec->gdb != 0,
		.note = spec->note,
		.note_ctx = spec->ctx,
	};
	int r = start_shares(p, &guard, log, err);

	if (r == 0)
		r = vm_session(&s, ret, err);
	if (r == 0 && log >= 0)
		add_log(log, ret);
	stop_shares(p);
	return r;
}

/* What is left of --timeout, which is for the whole; 0 would be no limit. */
static uint64_t time_left(const struct vm_run_spec *spec, uint64_t begin)
{
	uint64_t passed = now_ns() - begin;

	if (!spec->timeout_ns)
		return 0;
	return spec->timeout_ns > passed ? spec->timeout_ns - passed : 1;
}

bool vm_lacks_ticks(const struct vm_outcome *o)
{
	return o->end == VM_END_LOST && o->stage == 0 && o->console.guest &&
	       strcmp(o->console.guest, KP_NO_TICK) == 0;
}

/*
 * A kernel that a busy host stopped while it measured its timer runs without one (guest/timer.c).
 * That is the host's doing and not the kernel's, and nothing of the user's has begun, so it is
 * booted again.
 */
static int attempts(const struct vm_run_spec *spec, struct vm_plan *p, uint64_t begin,
		    struct vm_outcome *ret, struct err *err)
{
	for (int n = 1;; n++) {
		int r = attempt(spec, p, time_left(spec, begin), ret, err);

		if (r < 0 || !vm_lacks_ticks(ret) || n == TICK_ATTEMPTS)
			return r;
		vm_outcome_release(ret);
		vm_plan_note(spec, "the kernel misjudged its timer, which happens on a busy host; "
				   "booting it again");
	}
}

/* Whether kvm or the kernel is at fault is for the proof to say, which is made and remembered anew. */
static void doubt_kvm(const struct vm_run_spec *spec, const struct vm_plan *p)
{
	cleanup(vm_accel_verdict_release) struct vm_accel_verdict v = { 0 };

	if (vm_accel_choose(&p->qemu, ACCEL_AUTO, true, &v, NULL) == 0 && v.accel == ACCEL_KVM)
		vm_plan_note(spec, "kvm itself works: it is this kernel that does not come up "
				   "under it; --accel tcg spares the wait");
}

int vm_plan_run(const struct vm_run_spec *spec, struct vm_plan *p, struct vm_outcome *ret,
		struct err *err)
{
	uint64_t begin = now_ns();
	int r = attempts(spec, p, begin, ret, err);

	if (r < 0 || ret->end != VM_END_NO_LIFE || p->accel.accel != ACCEL_KVM ||
	    spec->accel == ACCEL_KVM)
		return r;
	vm_outcome_release(ret);
	vm_plan_note(spec,
		     "kvm: the kernel showed no sign of life for %u s; trying again under tcg",
		     (unsigned)(LIFE_KVM_NS / NSEC_PER_SEC));
	r = vm_plan_under_tcg(spec, p, err);
	if (r < 0)
		return r;
	r = attempts(spec, p, begin, ret, err);
	/* A kernel that does not come up under tcg either has said nothing about kvm. */
	if (r == 0 && ret->times.hello)
		doubt_kvm(spec, p);
	return r;
}
