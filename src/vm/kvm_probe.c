/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The KVM proof.
 *
 * The guest is `dec ecx; jnz; hlt` in 64-bit mode, the mode kernels live in: there are hosts whose
 * KVM runs one mode on the hardware and emulates another. The loop is stopped by a timer and the
 * rest of the count read from ECX, so the speed is true even where a full run would take seconds.
 * All of it happens in a child, since a KVM_RUN that does not come back can only be ended by
 * killing its process.
 */
#include "vm/kvm_probe.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

double vm_kvm_probe_mips(const struct vm_kvm_probe *p)
{
	if (!p->ns)
		return 0;
	return (double)p->iterations * KVM_LOOP_INSNS * 1000.0 / (double)p->ns;
}

#ifdef __x86_64__
#include <linux/kvm.h>

#define LOOP_COUNT 1000000U
#define ROUNDS	   3 /* the best of them counts: a busy host may take the CPU away in the first */
#define ROUND_USEC 100000

enum { PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, CODE = 0x4000, MEM_SIZE = 0x5000 };

static const uint8_t loop_code[] = {
	0xff, 0xc9, /* 1: dec %ecx */
	0x75, 0xfc, /*    jnz 1b */
	0xf4,	    /*    hlt */
};

struct guest {
	int kvm, vm, cpu;
	struct kvm_run *run;
};

/* For the signal handler, which has no other way to reach it. Only set in the child. */
static struct kvm_run *volatile interrupted;

static void on_timer(int sig)
{
	/* also ends a KVM_RUN that has not been entered yet */
	interrupted->immediate_exit = 1;
}

static int broken(struct vm_kvm_probe *p, const char *step)
{
	p->state = KVM_BROKEN;
	p->code = errno;
	snprintf(p->step, sizeof(p->step), "%s", step);
	return -1;
}

static int open_device(const char *dev, struct guest *g, struct vm_kvm_probe *p)
{
	g->kvm = open(dev, O_RDWR | O_CLOEXEC);
	if (g->kvm >= 0)
		return 0;
	if (errno == ENOENT)
		p->state = KVM_MISSING;
	else if (errno == ENODEV || errno == ENXIO)
		p->state = KVM_NO_MODULE;
	else if (errno == EACCES || errno == EPERM)
		p->state = KVM_DENIED;
	else
		return broken(p, "open");
	return -1;
}

/* Memory at 0: identity-mapped page tables of one 2 MiB page, and the code. */
static int load_memory(struct guest *g, struct vm_kvm_probe *p)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEM_SIZE };
	uint8_t *m =
		mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		return broken(p, "mmap");
	*(uint64_t *)(m + PML4) = PDPT | 0x3; /* present, writable */
	*(uint64_t *)(m + PDPT) = PD | 0x3;
	*(uint64_t *)(m + PD) = 0x83; /* and large */
	memcpy(m + CODE, loop_code, sizeof(loop_code));
	region.userspace_addr = (uintptr_t)m;
	if (ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return broken(p, "KVM_SET_USER_MEMORY_REGION");
	return 0;
}

static int create_machine(struct guest *g, struct vm_kvm_probe *p)
{
	int size;

	errno = 0;
	if (ioctl(g->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return broken(p, "KVM_GET_API_VERSION");
	g->vm = ioctl(g->kvm, KVM_CREATE_VM, 0);
	if (g->vm < 0)
		return broken(p, "KVM_CREATE_VM");
	/* needed by Intel CPUs without unrestricted guests; others may refuse it */
	ioctl(g->vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	if (load_memory(g, p) < 0)
		return -1;
	g->cpu = ioctl(g->vm, KVM_CREATE_VCPU, 0);
	if (g->cpu < 0)
		return broken(p, "KVM_CREATE_VCPU");
	size = ioctl(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(*g->run))
		return broken(p, "KVM_GET_VCPU_MMAP_SIZE");
	g->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, g->cpu, 0);
	return g->run == MAP_FAILED ? broken(p, "mmap of the vcpu") : 0;
}

static int enter_long_mode(struct guest *g, struct vm_kvm_probe *p)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 8, .present = 1, .type = 11, .s = 1, .l = 1, .g = 1
	};
	struct kvm_segment data = code;
	struct kvm_sregs s;

	if (ioctl(g->cpu, KVM_GET_SREGS, &s) < 0)
		return broken(p, "KVM_GET_SREGS");
	data.selector = 16;
	data.type = 3;
	data.l = 0;
	data.db = 1;
	s.cs = code;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	s.cr3 = PML4;
	s.cr4 |= 1U << 5;	      /* PAE */
	s.efer |= 1U << 8 | 1U << 10; /* LME, LMA */
	s.cr0 |= 1U << 31 | 1U;	      /* PG, PE */
	if (ioctl(g->cpu, KVM_SET_SREGS, &s) < 0)
		return broken(p, "KVM_SET_SREGS");
	return 0;
}

/* One round of the loop, to its end or to the timer's. */
static int run_loop(struct guest *g, uint64_t *ret_iterations, uint64_t *ret_ns,
		    struct vm_kvm_probe *p)
{
	struct kvm_regs regs = { .rip = CODE, .rflags = 2, .rcx = LOOP_COUNT };
	/* again and again, should the first signal be swallowed on the way */
	struct itimerval timer = { { 0, ROUND_USEC / 10 }, { 0, ROUND_USEC } };
	struct itimerval off = { { 0, 0 }, { 0, 0 } };
	uint64_t start;
	int rc, code;

	if (ioctl(g->cpu, KVM_SET_REGS, &regs) < 0)
		return broken(p, "KVM_SET_REGS");
	g->run->immediate_exit = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	start = now_ns();
	rc = ioctl(g->cpu, KVM_RUN, 0);
	code = errno;
	*ret_ns = now_ns() - start;
	setitimer(ITIMER_REAL, &off, NULL);
	errno = rc < 0 ? code : 0;
	if (rc < 0 ? code != EINTR : g->run->exit_reason != KVM_EXIT_HLT)
		return broken(p, "KVM_RUN");
	if (ioctl(g->cpu, KVM_GET_REGS, &regs) < 0)
		return broken(p, "KVM_GET_REGS");
	*ret_iterations = LOOP_COUNT - MIN(regs.rcx, (uint64_t)LOOP_COUNT);
	return 0;
}

static void probe(const char *dev, struct vm_kvm_probe *p)
{
	struct sigaction act = { .sa_handler = on_timer };
	struct guest g = { 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (open_device(dev, &g, p) < 0 || create_machine(&g, p) < 0 || enter_long_mode(&g, p) < 0)
		return;
	interrupted = g.run;
	sigaction(SIGALRM, &act, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		struct vm_kvm_probe round = { .state = KVM_RAN };

		if (run_loop(&g, &round.iterations, &round.ns, p) < 0)
			return;
		if (i == 0 || vm_kvm_probe_mips(&round) > vm_kvm_probe_mips(p))
			*p = round;
		if (vm_kvm_probe_mips(p) >= KVM_MIPS_WANTED)
			return;
	}
}

static bool wait_readable(int fd, uint64_t timeout_ns)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t end = now_ns() + timeout_ns;

	for (uint64_t now = now_ns(); now < end; now = now_ns()) {
		if (poll(&pfd, 1, (int)((end - now) / NSEC_PER_MSEC + 1)) > 0)
			return true;
	}
	return false;
}

/* Waits for the child's answer; a child that says nothing in time is killed. */
static void collect(int fd, pid_t pid, uint64_t timeout_ns, struct vm_kvm_probe *p)
{
	struct vm_kvm_probe said;

	p->state = KVM_STUCK;
	if (wait_readable(fd, timeout_ns)) {
		p->state = KVM_BROKEN;
		snprintf(p->step, sizeof(p->step), "the probing child");
		if (read(fd, &said, sizeof(said)) == sizeof(said))
			*p = said;
	}
	kill(pid, SIGKILL);
	/* one stuck inside the kernel does not die: leave it rather than wait for it */
	for (int i = 0; i < 100 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		usleep(1000);
}

struct vm_kvm_probe vm_kvm_probe_run(const char *dev, uint64_t timeout_ns)
{
	struct vm_kvm_probe p = { .state = KVM_BROKEN };
	int fd[2];
	pid_t pid, parent = getpid();

	if (pipe2(fd, O_CLOEXEC) < 0) {
		broken(&p, "pipe");
		return p;
	}
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent) {
			probe(dev, &p);
			(void)!write(fd[1], &p, sizeof(p));
		}
		_exit(0);
	}
	close(fd[1]);
	if (pid < 0)
		broken(&p, "fork");
	else
		collect(fd[0], pid, timeout_ns, &p);
	close(fd[0]);
	return p;
}

#else

/*
 * On other architectures the guest code above does not run: there only the rights are looked at,
 * and QEMU itself, started for a moment under a deadline, is the proof.
 */
struct vm_kvm_probe vm_kvm_probe_run(const char *dev, uint64_t timeout_ns)
{
	struct vm_kvm_probe p = { .state = KVM_UNTRIED };
	int fd = open(dev, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	else if (errno == ENOENT)
		p.state = KVM_MISSING;
	else
		p.state = errno == EACCES || errno == EPERM ? KVM_DENIED : KVM_NO_MODULE;
	return p;
}
#endif
