/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines to measure by, and their measuring. */
#include "vm/bench.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"
#include "vm/cmdline.h"
#include "vm/initrd.h"
#include "vm/qemu.h"

void vm_series_release(struct vm_series *s)
{
	free(s->name);
	strv_release(&s->argv);
	free(s->times.v);
	*s = (struct vm_series){ 0 };
}

void vm_series_add(struct vm_series *s, uint64_t ns)
{
	size_t at;

	vec_push(&s->times, ns);
	for (at = s->times.n - 1; at && s->times.v[at - 1] > ns; at--)
		s->times.v[at] = s->times.v[at - 1];
	s->times.v[at] = ns;
}

int vm_series_run(struct vm_series *s, uint64_t deadline_ns, struct err *err)
{
	struct proc_spec spec = {
		.argv = s->argv.v,
		.setup = s->small_pages ? vm_qemu_small_pages : NULL,
		.fork = s->small_pages,
		.new_group = true,
	};
	auto_proc_result struct proc_result res = { 0 };
	uint64_t begin = now_ns();
	int r = proc_run(&spec, NULL, deadline_ns, 65536, &res, err);

	if (r < 0)
		return r;
	if (res.timeout || res.status != 0)
		s->failed++;
	else
		vm_series_add(s, now_ns() - begin);
	return 0;
}

uint64_t vm_series_median(const struct vm_series *s)
{
	size_t n = s->times.n;

	if (!n)
		return 0;
	return n % 2 ? s->times.v[n / 2] : (s->times.v[n / 2 - 1] + s->times.v[n / 2]) / 2;
}

static void add_line(struct vm_series *s, const struct vm_plan *p, const char *machine,
		     const char *kernel, const char *initrd, const char *cmdline)
{
	struct strv *v = &s->argv;

	strv_adds(v, p->qemu.path, "-nodefaults", "-no-user-config", "-display", "none",
		  "-no-reboot", "-machine", machine, "-cpu", p->accel.cpu, "-m", NULL);
	strv_addf(v, "%lluM", (unsigned long long)(p->machine.memory >> 20));
	strv_adds(v, "-kernel", kernel, "-initrd", initrd, "-chardev",
		  "file,id=console,path=/dev/stderr,append=on", "-serial", "chardev:console",
		  "-append", cmdline, NULL);
}

int vm_bench_lines(const struct vm_plan *p, struct vm_series *floors, size_t max, size_t *ret_n,
		   struct vm_series *plain, struct err *err)
{
	static const enum vm_board x86_boards[] = { VM_BOARD_PC, VM_BOARD_Q35, VM_BOARD_MICROVM };
	static const enum vm_board other_boards[] = { VM_BOARD_VIRT };
	bool x86 = p->machine.board != VM_BOARD_VIRT;
	const enum vm_board *boards = x86 ? x86_boards : other_boards;
	size_t n = MIN(x86 ? countof(x86_boards) : countof(other_boards), max);
	auto_free char *initrd = NULL, *tuned = NULL, *bare = NULL;
	auto_free char *typed = NULL;
	/* PID 1 alone. */
	int r = vm_initrd_make(
		&(struct vm_initrd_spec){ .kernel = &p->kernel, .modules = &(struct strv){ 0 } },
		&initrd, err);

	if (r < 0)
		return r;
	tuned = xasprintf("%s -- stop", p->machine.cmdline);
	bare = vm_cmdline(&(struct vm_cmdline_spec){
		.arch = p->kernel.info.arch, .user = (char *[]){ (char[]){ "-- stop" }, NULL } });
	for (size_t i = 0; i < n; i++) {
		auto_str struct str machine = { 0 };

		vm_machine_board(&p->machine, boards[i], &machine);
		floors[i].name = xasprintf("floor: %.*s, %s", (int)strcspn(str_c(&machine), ","),
					   str_c(&machine), path_base(p->machine.kernel));
		floors[i].small_pages = p->small_pages;
		add_line(&floors[i], p, str_c(&machine), p->machine.kernel, initrd, tuned);
	}
	*ret_n = n;
	typed = xasprintf("%s,accel=%s", x86 ? "q35" : "virt", vm_accel_name(p->accel.accel));
	plain->name = xasprintf("plain: %s, %s", x86 ? "q35" : "virt", path_base(p->kernel.image));
	add_line(plain, p, typed, p->kernel.image, initrd, bare);
	return 0;
}
