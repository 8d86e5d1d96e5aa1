/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Architectures: one row each, with every name and number others have for them. */
#include "kernel/arch.h"

#include "base/str.h"

#include <elf.h>
#include <sys/utsname.h>

static const struct row {
	enum krn_arch arch;
	const char *name, *qemu,
		*machine;   /* ARCH= style, qemu-system-*, uname -m where it differs */
	const char *config; /* the option that only this one's .config has */
	uint16_t elf, pe;
	bool elf64;
} rows[] = {
	/* clang-format off */
	{ KRN_X86_64,  "x86_64",  "x86_64",  "amd64",   "CONFIG_X86_64=y", EM_X86_64,  0x8664, true },
	{ KRN_X86_32,  "i386",    "i386",    "i686",    "CONFIG_X86_32=y", EM_386,     0x014c, false },
	{ KRN_ARM64,   "arm64",   "aarch64", "aarch64", "CONFIG_ARM64=y",  EM_AARCH64, 0xaa64, true },
	{ KRN_ARM,     "arm",     "arm",     "armv7l",  "CONFIG_ARM=y",    EM_ARM,     0x01c0, false },
	{ KRN_RISCV64, "riscv",   "riscv64", "riscv64", "CONFIG_RISCV=y",  EM_RISCV,   0x5064, true },
	{ KRN_S390,    "s390",    "s390x",   "s390x",   "CONFIG_S390=y",   EM_S390,    0,      true },
	{ KRN_PPC64,   "powerpc", "ppc64",   "ppc64le", "CONFIG_PPC64=y",  EM_PPC64,   0,      true },
	/* clang-format on */
};

static const struct row *find(enum krn_arch a)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (rows[i].arch == a)
			return &rows[i];
	return NULL;
}

bool krn_arch_is_x86(enum krn_arch a)
{
	return a == KRN_X86_64 || a == KRN_X86_32;
}

const char *krn_arch_name(enum krn_arch a)
{
	const struct row *r = find(a);

	return r ? r->name : "?";
}

const char *krn_arch_qemu(enum krn_arch a)
{
	const struct row *r = find(a);

	return r ? r->qemu : "?";
}

enum krn_arch krn_arch_parse(const char *name)
{
	for (size_t i = 0; i < countof(rows); i++) {
		const struct row *r = &rows[i];

		if (str_eq(name, r->name) || str_eq(name, r->qemu) || str_eq(name, r->machine))
			return r->arch;
	}
	return KRN_ARCH_UNKNOWN;
}

enum krn_arch krn_arch_host(void)
{
	struct utsname u;

	return uname(&u) < 0 ? KRN_ARCH_UNKNOWN : krn_arch_parse(u.machine);
}

enum krn_arch krn_arch_of_elf(uint16_t machine, bool elf64)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (rows[i].elf == machine && rows[i].elf64 == elf64)
			return rows[i].arch;
	return KRN_ARCH_UNKNOWN;
}

enum krn_arch krn_arch_of_pe(uint16_t machine)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (rows[i].pe && rows[i].pe == machine)
			return rows[i].arch;
	return KRN_ARCH_UNKNOWN;
}

enum krn_arch krn_arch_of_config(const char *config)
{
	for (size_t i = 0; i < countof(rows); i++) {
		const char *p = config;
		size_t n = strlen(rows[i].config);

		while ((p = strstr(p, rows[i].config))) {
			if ((p == config || p[-1] == '\n') &&
			    (p[n] == '\n' || p[n] == '\r' || !p[n]))
				return rows[i].arch;
			p += n;
		}
	}
	return KRN_ARCH_UNKNOWN;
}
