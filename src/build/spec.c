/* SPDX-License-Identifier: GPL-2.0-or-later */
/* [container:IMAGE#|nix:FLAKE#][DIR/][PREFIX-](gcc|clang|cc)[-VERSION], or a prefix alone, which ends with a dash. */
#include "build/spec.h"

#include "base/path.h"
#include "kconfig/env.h"

#include <errno.h>

static const char *const bases[] = { "gcc", "clang", "cc" };

/* Where "-12" or "-12.2.0" at the end of a name begins; its end where there is none. */
static const char *suffix_of(const char *name)
{
	const char *dash = strrchr(name, '-');

	if (dash && dash[1] && strspn(dash + 1, "0123456789.") == strlen(dash + 1))
		return dash;
	return name + strlen(name);
}

/* Takes NAME without folders apart. */
static bool parse_name(const char *name, struct bld_spec *s)
{
	const char *suffix = suffix_of(name);
	size_t n = (size_t)(suffix - name);

	if (n && name[n - 1] == '-' && !*suffix) {
		s->prefix = xstrdup(name);
		s->base = xstrdup("gcc");
		s->suffix = xstrdup("");
		return true;
	}
	for (size_t i = 0; i < countof(bases); i++) {
		size_t len = strlen(bases[i]);

		if (n < len || strncmp(name + n - len, bases[i], len) != 0 ||
		    (n > len && name[n - len - 1] != '-'))
			continue;
		s->prefix = n > len ? xstrndup(name, n - len) : NULL;
		s->base = xstrdup(bases[i]);
		s->suffix = xstrdup(suffix);
		return true;
	}
	return false;
}

static bool parse_compiler(const char *text, bool here, struct bld_spec *s)
{
	const char *slash = strrchr(text, '/');

	if (strpbrk(text, " \t\n\"'$`\\#"))
		return false;
	if (!parse_name(slash ? slash + 1 : text, s))
		return false;
	if (slash) {
		auto_free char *dir = xstrndup(text, (size_t)(slash - text) + 1);
		auto_free char *full = here ? path_abs(dir) : xstrndup(dir, strlen(dir) - 1);

		s->dir = xasprintf("%s/", str_eq(full, "/") ? "" : full);
	} else {
		s->dir = xstrdup("");
	}
	return true;
}

static bool is_compiler(const char *text)
{
	struct bld_spec s = { 0 };
	bool is = parse_compiler(text, false, &s);

	bld_spec_release(&s);
	return is;
}

static int refuse(const char *text, struct err *err)
{
	err_set(err, -EINVAL, "'%s' is no toolchain", text);
	return err_hint(err, -EINVAL,
			"gcc, clang, gcc-12, clang-14, a prefix (aarch64-linux-gnu-), a path to a "
			"compiler without blanks, container:IMAGE or nix:FLAKE");
}

int bld_spec_parse(const char *text, struct bld_spec *ret, struct err *err)
{
	cleanup(bld_spec_release) struct bld_spec s = { 0 };
	const char *rest = text ?: "gcc", *compiler = rest, *hash;
	bool container = str_skip(&rest, "container:"),
	     flake = !container && str_skip(&rest, "nix:");

	if (container || flake) {
		hash = strrchr(rest, '#');
		if (hash && flake && !is_compiler(hash + 1))
			hash = NULL;
		compiler = hash ? hash + 1 : "gcc";
		*(container ? &s.container : &s.flake) =
			xstrndup(rest, hash ? (size_t)(hash - rest) : strlen(rest));
	}
	if ((container && !*s.container) || (flake && !*s.flake) ||
	    !parse_compiler(compiler, !container && !flake, &s))
		return refuse(text, err);
	*ret = s;
	s = (struct bld_spec){ 0 };
	return 0;
}

void bld_spec_release(struct bld_spec *s)
{
	free(s->container);
	free(s->flake);
	free(s->dir);
	free(s->prefix);
	free(s->base);
	free(s->suffix);
	*s = (struct bld_spec){ 0 };
}

static const struct {
	const char *arch, *cpu;
} cpus[] = {
#define CPU(arch, cpu) { arch, cpu },
#define CROSS(arch, prefix)
#include "data/cross.def"
#undef CPU
#undef CROSS
};

static const struct {
	const char *arch, *prefix;
} crosses[] = {
#define CPU(arch, cpu)
#define CROSS(arch, prefix) { arch, prefix },
#include "data/cross.def"
};

bool bld_arch_known(const char *arch)
{
	for (size_t i = 0; i < countof(cpus); i++) {
		if (str_eq(cpus[i].arch, kc_srcarch(arch)))
			return true;
	}
	return false;
}

static bool cpu_is(const char *target, const char *cpu)
{
	size_t n = strcspn(cpu, "*");

	return strncmp(target, cpu, n) == 0 && (cpu[n] == '*' || !target[n] || target[n] == '-');
}

bool bld_target_fits(const char *target, const char *arch)
{
	if (!bld_arch_known(arch))
		return true;
	for (size_t i = 0; i < countof(cpus); i++) {
		if (str_eq(cpus[i].arch, kc_srcarch(arch)) && cpu_is(target, cpus[i].cpu))
			return true;
	}
	return false;
}

void bld_cross_prefixes(const char *arch, struct strv *ret)
{
	for (size_t i = 0; i < countof(crosses); i++) {
		if (str_eq(crosses[i].arch, kc_srcarch(arch)))
			strv_add(ret, crosses[i].prefix);
	}
}
