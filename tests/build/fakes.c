/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fakes.h"

int fakes_setup(void **state)
{
	static const char *const said[] = { "CCACHE_DIR", "CCACHE_BASEDIR", "CCACHE_NOHASHDIR",
					    "CCACHE_SLOPPINESS", "DISTCC_HOSTS" };
	int r = home_setup(state);
	auto_free char *bin = path_join(*state, "bin");

	setenv("PATH", bin, 1);
	setenv("HOME", *state, 1);
	for (size_t i = 0; i < countof(said); i++)
		unsetenv(said[i]);
	return r ? r : mkdir_p(bin, 0755, NULL);
}

bool fakes_alone(void)
{
	static const char *const names[] = { "/usr/sbin/gcc", "/usr/sbin/ld", "/usr/sbin/clang",
					     "/usr/sbin/aarch64-linux-gnu-gcc" };

	for (size_t i = 0; i < countof(names); i++) {
		if (access(names[i], X_OK) == 0) {
			print_message("skipped: there is a '%s'\n", names[i]);
			return false;
		}
	}
	return true;
}

void fake(void **state, const char *name, const char *body)
{
	auto_free char *path = path_join(*state, name), *dir = path_dir(path);
	auto_free char *text = xasprintf("#!/bin/sh\n%s\n", body);

	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	assert_int_equal(file_publish(path, text, strlen(text), 0755, NULL), 0);
}

void fake_remove(void **state, const char *name)
{
	auto_free char *path = path_join(*state, name);

	assert_int_equal(unlink(path), 0);
}

static void fake_says(void **state, const char *dir, const char *prefix, const char *name,
		      const char *says)
{
	auto_free char *path = xasprintf("%s/%s%s", dir, prefix, name);
	auto_free char *body = xasprintf("echo \"%s\"", says);

	fake(state, path, body);
}

void fake_gcc(void **state, const char *dir, const char *prefix, const char *gcc,
	      const char *target)
{
	static const char *const tools[] = { "ld",	"ar",	   "nm",   "objcopy",
					     "objdump", "readelf", "strip" };
	auto_free char *name = xasprintf("%s/%s%s", dir, prefix, gcc);
	auto_free char *body = xasprintf(
		"case \"$*\" in\n"
		"*-print-prog-name=as) echo \"${0%%/*}/%sas\" ;;\n"
		"*-print-file-name=plugin) echo /nowhere/plugin ;;\n"
		"-dumpversion) echo 12 ;;\n"
		"--version) echo \"${0##*/} (Debian 12.2.0-14) 12.2.0\"; echo Copyright ;;\n"
		"*-v*) echo \"Using built-in specs.\n"
		"COLLECT_GCC=%s\n"
		"Target: %s\n"
		"Configured with: ../src/configure -v --prefix=/usr --enable-cet --with-abi=m64\n"
		"Thread model: posix\n"
		"gcc version 12.2.0 (Debian 12.2.0-14) \n"
		" /usr/lib/nowhere/cc1 -quiet -v /dev/null\n"
		"GNU C17 (Debian 12.2.0-14) version 12.2.0 (%s)\n"
		"	compiled by GNU C version 12.2.0, GMP version 6.2.1\" >&2 ;;\n"
		"esac",
		prefix, name, target, target);

	fake(state, name, body);
	for (size_t i = 0; i < countof(tools); i++) {
		auto_free char *says =
			xasprintf("GNU %s (GNU Binutils for Debian) 2.40\nCopyright", tools[i]);

		fake_says(state, dir, prefix, tools[i], says);
	}
	fake_says(state, dir, prefix, "as",
		  "GNU assembler (GNU Binutils for Debian) 2.40\nno warranty\n"
		  "This assembler was configured for a target of 'x'.");
}

void fake_clang(void **state, const char *dir, const char *suffix)
{
	static const char *const tools[] = { "llvm-ar",	     "llvm-nm",	     "llvm-objcopy",
					     "llvm-objdump", "llvm-readelf", "llvm-strip" };
	auto_free char *name = xasprintf("%s/clang%s", dir, suffix);
	auto_free char *lld = xasprintf("ld.lld%s", suffix);

	fake(state, name,
	     "case \"$*\" in\n"
	     "*-print-prog-name=as) echo as ;;\n"
	     "*-v*) echo \"Debian clang version 14.0.6\n"
	     "Target: aarch64-unknown-linux-gnu\n"
	     "Thread model: posix\n"
	     "InstalledDir: /usr/bin\" >&2 ;;\n"
	     "*) echo \"Debian clang version 14.0.6\" ;;\n"
	     "esac");
	fake_says(state, dir, "", lld, "Debian LLD 14.0.6 (compatible with GNU linkers)");
	for (size_t i = 0; i < countof(tools); i++) {
		auto_free char *tool = xasprintf("%s%s", tools[i], suffix);

		fake_says(state, dir, "", tool,
			  "a tool, compatible with GNU\nDebian LLVM version 14.0.6\n"
			  "  Optimized build.\n  Host CPU: znver3");
	}
}

char *make_line(const struct bld_toolchain *t)
{
	return strv_quoted(t->make.v);
}
