/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel parameters (Documentation/admin-guide/kernel-parameters.txt). The tuning tables are read
 * out by `kiln run -v`. The first three were kept because they shorten the boot (guest instructions
 * up to PID 1, counted with QEMU's -icount, Linux 6.1: Debian's generic kernel 1.57 -> 0.67
 * thousand million, a small one 0.255 -> 0.224); what else is said to help (i8042.*,
 * rcupdate.rcu_expedited, 8250.nr_uarts) saved nothing there.
 */
#include "vm/cmdline.h"

#define NOTESTS                                                                            \
	{                                                                                  \
		"cryptomgr.notests", "self-tests of ciphers take a second under emulation" \
	}
#define TRUST_CPU                                                                                 \
	{                                                                                         \
		"random.trust_cpu=on",                                                            \
			"nothing waits for entropy: the processor's generator seeds the kernel's" \
	}

/*
 * QEMU (7.2) finds its translations by virtual address: with addresses drawn anew, each program
 * started has ld.so and libc translated again. Ten times /usr/bin/true: 2.0 s, without 0.5 s.
 */
#define SAME_MAPS                                                                                  \
	{                                                                                          \
		"norandmaps",                                                                      \
			"programs lie at the same addresses each time, so that what was emulated " \
			"once is emulated faster",                                                 \
			true                                                                       \
	}

static const struct vm_param tuning_x86[] = {
	/* clang-format off */
	NOTESTS,
	{ "no_timer_check", "QEMU's timer interrupt works" },
	TRUST_CPU,
	SAME_MAPS,
	{ "tsc=reliable", "a busy host must not make the guest give up its only fast clock" },
	/* clang-format on */
};

static const struct vm_param tuning_any[] = { NOTESTS, TRUST_CPU, SAME_MAPS };

const struct vm_param *vm_cmdline_tuning(enum krn_arch arch, size_t *ret_n)
{
	bool x86 = krn_arch_is_x86(arch);

	*ret_n = x86 ? countof(tuning_x86) : countof(tuning_any);
	return x86 ? tuning_x86 : tuning_any;
}

static const char *console_of(enum krn_arch arch)
{
	return arch == KRN_ARM64 || arch == KRN_ARM ? "ttyAMA0" : "ttyS0";
}

char *vm_cmdline(const struct vm_cmdline_spec *spec)
{
	struct str s = { 0 };
	const struct vm_param *p;
	size_t n;

	str_addf(&s, "console=%s panic=-1 rdinit=/kiln/init", console_of(spec->arch));
	if (spec->quiet)
		str_adds(&s, " quiet");
	p = vm_cmdline_tuning(spec->arch, &n);
	for (size_t i = 0; spec->tune && i < n; i++)
		if (spec->emulated || !p[i].emulated)
			str_addf(&s, " %s", p[i].text);
	if (spec->tsc_khz)
		str_addf(&s, " tsc_early_khz=%llu", (unsigned long long)spec->tsc_khz);
	for (size_t i = 0; spec->user && spec->user[i]; i++)
		str_addf(&s, " %s", spec->user[i]);
	return str_take(&s);
}
