/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a machine to QEMU's argv. Every value that a user gave is written with doubled commas;
 * booleans are spelled out (the short forms are deprecated).
 */
#include "vm/machine.h"

void vm_add_value(struct str *s, const char *text)
{
	for (; *text; text++) {
		if (*text == ',')
			str_addc(s, ',');
		str_addc(s, *text);
	}
}

const char *vm_board_name(enum vm_board b)
{
	static const char *const names[] = {
		[VM_BOARD_AUTO] = "?",		[VM_BOARD_PC] = "pc",	  [VM_BOARD_Q35] = "q35",
		[VM_BOARD_MICROVM] = "microvm", [VM_BOARD_VIRT] = "virt",
	};

	return names[b];
}

/* virtio devices sit on PCI, or on microvm's own slots. */
static const char *bus(const struct vm_machine *m)
{
	return m->board == VM_BOARD_MICROVM ? "device" : "pci";
}

static bool wants_shared_memory(const struct vm_machine *m)
{
	for (size_t i = 0; i < m->n_shares; i++)
		if (m->shares[i].fs == VM_FS_VIRTIOFS)
			return true;
	return false;
}

/*
 * What a guest of kiln's never uses is left out of the PC: less for firmware and kernel to look
 * for. Without an HPET the kernel calibrates its timers in half the time.
 */
static void add_pc_parts(const struct vm_qemu *q, struct str *s)
{
	const struct {
		bool known;
		const char *name;
	} parts[] = {
		{ q->pc.hpet, "hpet" },	  { q->pc.i8042, "i8042" }, { q->pc.sata, "sata" },
		{ q->pc.smbus, "smbus" }, { q->pc.smm, "smm" },	    { q->pc.vmport, "vmport" },
	};

	for (size_t i = 0; i < countof(parts); i++)
		if (parts[i].known)
			str_addf(s, ",%s=off", parts[i].name);
}

void vm_machine_board(const struct vm_machine *m, enum vm_board board, struct str *ret)
{
	str_addf(ret, "%s,accel=%s", vm_board_name(board), vm_accel_name(m->accel->accel));
	if (board == VM_BOARD_MICROVM)
		str_adds(ret, ",rtc=on");
	if (board == VM_BOARD_PC || board == VM_BOARD_Q35)
		add_pc_parts(m->qemu, ret);
}

void vm_machine_globals(enum vm_board board, struct strv *ret)
{
	/* Its slots would speak the draft of virtio from before 1.0, which virtiofsd refuses. */
	if (board == VM_BOARD_MICROVM)
		strv_adds(ret, "-global", "virtio-mmio.force-legacy=false", NULL);
}

static void add_board(const struct vm_machine *m, struct strv *v)
{
	auto_str struct str s = { 0 };

	vm_machine_board(m, m->board, &s);
	vm_machine_globals(m->board, v);
	if (wants_shared_memory(m)) {
		str_adds(&s, ",memory-backend=mem");
		strv_add(v, "-object");
		strv_addf(v, "memory-backend-memfd,id=mem,size=%lluM,share=on",
			  (unsigned long long)(m->memory >> 20));
	}
	strv_adds(v, "-machine", str_c(&s), "-cpu", m->accel->cpu, NULL);
	strv_add(v, "-smp");
	strv_addf(v, "%u", m->cpus);
	strv_add(v, "-m");
	strv_addf(v, "%lluM", (unsigned long long)(m->memory >> 20));
}

static void add_channels(const struct vm_machine *m, struct strv *v)
{
	strv_adds(v, "-chardev", "stdio,id=kiln,signal=off", NULL);
	/*
	 * By default 31 ports, of which only a user of --qemu-arg may want more than one, and so 64 queues,
	 * which take an emulated guest 40 ms to set up. Port 0 is for a console.
	 */
	strv_add(v, "-device");
	strv_addf(v, "virtio-serial-%s,id=ports%s", bus(m), m->extra.n ? "" : ",max_ports=2");
	strv_adds(v, "-device", "virtserialport,bus=ports.0,chardev=kiln,name=kiln", NULL);
	strv_adds(v, "-chardev", "file,id=console,path=/dev/stderr,append=on", NULL);
	strv_adds(v, "-serial", "chardev:console", NULL);
}

static void add_share(const struct vm_machine *m, size_t i, struct strv *v)
{
	const struct vm_share *s = &m->shares[i];
	auto_str struct str t = { 0 };

	if (s->fs == VM_FS_9P) {
		str_addf(&t, "local,id=fs%zu,path=", i);
		vm_add_value(&t, s->host);
		str_addf(&t, ",security_model=none,multidevs=remap,readonly=%s",
			 s->mode == VM_SHARE_RW ? "off" : "on");
		strv_adds(v, "-fsdev", str_c(&t), "-device", NULL);
		strv_addf(v, "virtio-9p-%s,fsdev=fs%zu,mount_tag=%s", bus(m), i, s->tag);
		return;
	}
	str_addf(&t, "socket,id=fs%zu,path=", i);
	vm_add_value(&t, s->socket);
	strv_adds(v, "-chardev", str_c(&t), "-device", NULL);
	strv_addf(v, "vhost-user-fs-%s,chardev=fs%zu,tag=%s", bus(m), i, s->tag);
}

static void add_net(const struct vm_machine *m, struct strv *v)
{
	auto_str struct str t = { 0 };

	if (!m->net)
		return;
	str_adds(&t, "user,id=net0");
	for (size_t i = 0; i < m->forwards.n; i++)
		str_addf(&t, ",hostfwd=tcp:127.0.0.1:%u-:%u", m->forwards.v[i].host,
			 m->forwards.v[i].guest);
	strv_adds(v, "-netdev", str_c(&t), "-device", NULL);
	strv_addf(v, "virtio-net-%s,netdev=net0", bus(m));
}

static void add_disk(const struct vm_machine *m, size_t i, struct strv *v)
{
	const struct vm_disk *d = &m->disks.v[i];
	auto_str struct str t = { 0 };

	str_adds(&t, "file=");
	vm_add_value(&t, d->path);
	str_addf(&t, ",format=%s,if=none,id=disk%zu,readonly=%s", d->format, i,
		 d->readonly ? "on" : "off");
	strv_adds(v, "-drive", str_c(&t), "-device", NULL);
	strv_addf(v, "virtio-blk-%s,drive=disk%zu", bus(m), i);
}

void vm_machine_argv(const struct vm_machine *m, struct strv *ret)
{
	strv_adds(ret, m->qemu->path, "-nodefaults", "-no-user-config", "-display", "none",
		  "-no-reboot", NULL);
	add_board(m, ret);
	strv_adds(ret, "-kernel", m->kernel, "-initrd", m->initrd, "-append", m->cmdline, NULL);
	add_channels(m, ret);
	for (size_t i = 0; i < m->n_shares; i++)
		add_share(m, i, ret);
	add_net(m, ret);
	for (size_t i = 0; i < m->disks.n; i++)
		add_disk(m, i, ret);
	if (m->gdb) {
		strv_add(ret, "-gdb");
		strv_addf(ret, "tcp:127.0.0.1:%u", m->gdb);
		strv_add(ret, "-S");
	}
	strv_extend(ret, m->extra.v);
}

void vm_machine_release(struct vm_machine *m)
{
	free(m->kernel);
	free(m->initrd);
	free(m->cmdline);
	for (size_t i = 0; i < m->n_shares; i++)
		vm_share_release(&m->shares[i]);
	free(m->shares);
	free(m->forwards.v);
	for (size_t i = 0; i < m->disks.n; i++) {
		free(m->disks.v[i].path);
		free(m->disks.v[i].format);
	}
	free(m->disks.v);
	strv_release(&m->extra);
	*m = (struct vm_machine){ 0 };
}
