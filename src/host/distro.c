/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distributions are told apart by family: all of one family share the package names that matter
 * here.
 */
#include "host/distro.h"

static const struct package {
	const char *need;
	const char *name[DISTRO_ALPINE + 1];
} packages[] = {
#define PACKAGES(need, debian, fedora, arch, alpine) \
	{ need, { NULL, debian, fedora, arch, alpine } },
#define NONE NULL
#include "data/doctor-packages.def"
};

static const char *const install[] = {
	[DISTRO_DEBIAN] = "apt-get install -y",
	[DISTRO_FEDORA] = "dnf install -y",
	[DISTRO_ARCH] = "pacman -S --needed --noconfirm",
	[DISTRO_ALPINE] = "apk add",
};

static const struct {
	const char *id;
	enum host_distro distro;
} families[] = {
	/* clang-format off */
	{ "debian", DISTRO_DEBIAN }, { "ubuntu", DISTRO_DEBIAN },
	{ "fedora", DISTRO_FEDORA }, { "rhel",   DISTRO_FEDORA }, { "centos", DISTRO_FEDORA },
	{ "arch",   DISTRO_ARCH },   { "alpine", DISTRO_ALPINE },
	/* clang-format on */
};

static enum host_distro family_of(const char *id, size_t n)
{
	for (size_t i = 0; i < countof(families); i++) {
		if (strlen(families[i].id) == n && strncmp(families[i].id, id, n) == 0)
			return families[i].distro;
	}
	return DISTRO_OTHER;
}

/* The value of the first of the lines KEY=VALUE, up to the line's end; "" if there is none. */
static const char *value_of(const char *text, const char *key)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *value = p;

		if (str_skip(&value, key) && *value++ == '=')
			return value;
	}
	return "";
}

static bool read_os_release(const struct host *h, struct str *ret)
{
	return host_read(h, "/etc/os-release", ret) || host_read(h, "/usr/lib/os-release", ret);
}

/* The first known word of a value like `"ubuntu debian"`, quoted or not. */
static enum host_distro first_known(const char *value)
{
	enum host_distro d = DISTRO_OTHER;
	size_t n;

	for (const char *p = value; d == DISTRO_OTHER && *p && *p != '\n'; p += n + !n) {
		n = strcspn(p, " \"'\n");
		d = family_of(p, n);
	}
	return d;
}

enum host_distro host_distro_of(const struct host *h)
{
	auto_str struct str text = { 0 };
	enum host_distro d;

	read_os_release(h, &text);
	d = first_known(value_of(str_c(&text), "ID"));
	return d != DISTRO_OTHER ? d : first_known(value_of(str_c(&text), "ID_LIKE"));
}

static const char *package_of(const char *need, enum host_distro d)
{
	for (size_t i = 0; i < countof(packages); i++) {
		if (str_eq(packages[i].need, need))
			return packages[i].name[d];
	}
	return NULL;
}

char *host_install_command(const struct host *h, const char *need)
{
	enum host_distro d = host_distro_of(h);
	auto_str struct str text = { 0 };
	auto_free char *exact = NULL;
	const char *codename, *package;

	read_os_release(h, &text);
	codename = value_of(str_c(&text), "VERSION_CODENAME");
	exact = xasprintf("%s:%.*s", need, (int)strcspn(codename, "\n"), codename);
	package = package_of(exact, d) ?: package_of(need, d);
	if (!package)
		return xasprintf("install the package that has '%s'", need);
	return host_root_command(h, "%s %s", install[d], package);
}

char *host_root_command(const struct host *h, const char *fmt, ...)
{
	auto_free char *command = NULL;
	va_list ap;

	va_start(ap, fmt);
	command = xvasprintf(fmt, ap);
	va_end(ap);
	return h->uid == 0 ? take_ptr(command) : xasprintf("sudo %s", command);
}
