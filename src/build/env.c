/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The environment of make. kbuild takes dozens of variables from it (Documentation/kbuild/kbuild.rst), gcc and clang a few
 * more (gcc(1), "Environment Variables Affecting GCC"), and none of them is part of a kernel's identity: they are left out.
 */
#include "build/place.h"

#include <unistd.h>

static const char *const dropped[] = {
	/* clang-format off */
	/* make's own */
	"MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "MAKELEVEL", "MAKEFILES", "MAKEOVERRIDES",
	"MAKE_TERMOUT", "MAKE_TERMERR", "VPATH",
	/* kbuild's */
	"ARCH", "SUBARCH", "SRCARCH", "UTS_MACHINE", "CROSS_COMPILE", "CROSS_COMPILE_ARM32",
	"CROSS_COMPILE_COMPAT", "CROSS32_COMPILE", "LLVM", "LLVM_IAS", "CC", "LD", "AR", "NM",
	"OBJCOPY", "OBJDUMP", "READELF", "STRIP", "HOSTCC", "HOSTCXX", "HOSTLD", "HOSTAR",
	"HOSTRUSTC", "RUSTC", "BINDGEN", "PAHOLE", "PAHOLE_FLAGS", "KCFLAGS", "KAFLAGS",
	"KCPPFLAGS", "KRUSTFLAGS", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS",
	"CFLAGS_KERNEL", "AFLAGS_KERNEL", "CFLAGS_MODULE", "AFLAGS_MODULE", "LDFLAGS_MODULE",
	"RUSTFLAGS_MODULE", "RUSTFLAGS_KERNEL", "HOSTCFLAGS", "HOSTCXXFLAGS", "HOSTLDFLAGS",
	"HOSTLDLIBS", "HOSTRUSTFLAGS", "USERCFLAGS", "USERLDFLAGS", "EXTRA_CFLAGS",
	"DTC_FLAGS", "DEPMOD", "INSTALLKERNEL", "LOCALVERSION", "EXTRAVERSION",
	"KERNELRELEASE", "KERNELVERSION", "CONFIG_SHELL", "srctree", "objtree", "VERSION",
	"PATCHLEVEL", "SUBLEVEL", "O", "V", "W", "C", "M", "MO", "CF", "CHECK", "KGZIP",
	"KBZIP2", "KLZOP", "LZMA", "LZ4", "XZ", "ZSTD", "SOURCE_DATE_EPOCH",
	/* tools' own, which change what they write */
	"GZIP", "BZIP2", "XZ_DEFAULTS", "XZ_OPT", "ZSTD_CLEVEL", "ZSTD_NBTHREADS", "LZOP",
	"TAR_OPTIONS", "PERL5OPT", "PERL5LIB", "PYTHONPATH", "PYTHONHOME", "BISON_PKGDATADIR",
	"M4PATH", "POSIXLY_CORRECT", "GREP_OPTIONS", "CDPATH", "BASH_ENV", "ENV",
	/* compilers' */
	"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH", "LIBRARY_PATH",
	"COMPILER_PATH", "GCC_EXEC_PREFIX", "GCC_COMPARE_DEBUG", "GCC_SPECS",
	"DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES", "CCC_OVERRIDE_OPTIONS", "LD_RUN_PATH",
	"LDEMULATION", "COLLECT_GCC",
	/* the language and the zone */
	"LANG", "LANGUAGE", "TZ",
	/* set for one build */
	"CCACHE_STATSLOG",
	/* clang-format on */
};

static const char *const dropped_prefixes[] = { "LC_",	   "KBUILD_",	"KCONFIG_", "INSTALL_",
						"CLANG_",  "LLVM_",	"CONFIG_",  "RUST_",
						"CFLAGS_", "CC_VERSION" };

/* What kiln sets for one build, and make's jobs. */
const char *const bld_env_through[] = {
	"LC_ALL",
	"TZ",
	"MAKEFLAGS",
	"KBUILD_BUILD_TIMESTAMP",
	"KBUILD_BUILD_USER",
	"KBUILD_BUILD_HOST",
	"KBUILD_BUILD_VERSION",
	"KBUILD_SIGN_PIN",
	"KCFLAGS",
	"KAFLAGS",
	"SOURCE_DATE_EPOCH",
	"CCACHE_STATSLOG",
	NULL,
};

static bool is_named(const char *entry, const char *name)
{
	return str_skip(&entry, name) && *entry == '=';
}

static bool is_dropped(const char *entry)
{
	for (size_t i = 0; i < countof(dropped); i++) {
		if (is_named(entry, dropped[i]))
			return true;
	}
	for (size_t i = 0; i < countof(dropped_prefixes); i++) {
		if (str_starts(entry, dropped_prefixes[i]))
			return true;
	}
	return false;
}

/* depmod is in an sbin folder, which is not in every user's PATH. */
static void add_path(const char *value, struct strv *ret)
{
	static const char *const sbin[] = { "/usr/sbin", "/sbin" };
	auto_str struct str path = { 0 };

	str_adds(&path, value);
	for (size_t i = 0; i < countof(sbin); i++) {
		auto_free char *all = xasprintf(":%s:", str_c(&path));
		auto_free char *one = xasprintf(":%s:", sbin[i]);

		if (!strstr(all, one))
			str_addf(&path, "%s%s", path.n ? ":" : "", sbin[i]);
	}
	strv_addf(ret, "PATH=%s", str_c(&path));
}

static bool is_set_by(const struct strv *env, const char *entry)
{
	auto_free char *name = xstrndup(entry, strcspn(entry, "="));

	for (size_t i = 0; i < env->n; i++) {
		if (is_named(env->v[i], name))
			return true;
	}
	return false;
}

void bld_toolchain_env(const struct bld_toolchain *t, char *const *base, struct strv *ret)
{
	static const struct strv none = { 0 };
	const struct strv *own = t ? &t->env : &none;
	const char *path = "/usr/local/bin:/usr/bin:/bin";

	for (char *const *e = base ?: environ; *e; e++) {
		if (str_starts(*e, "PATH="))
			path = *e + strlen("PATH=");
		else if (!is_dropped(*e) && !is_set_by(own, *e))
			strv_add(ret, *e);
	}
	add_path(path, ret);
	strv_adds(ret, "LC_ALL=C", "TZ=UTC", NULL);
	strv_extend(ret, own->v);
}
