/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of packages is data/packages.def. Its rows are few enough to be looked through one by one.
 */
#include "base/distro.h"

#include "base/file.h"

#include <fcntl.h>

#define MAX_OS_RELEASE (1 << 20)

static const struct package {
	const char *need;
	const char *name[DISTRO_ALPINE + 1];
} packages[] = {
#define PACKAGES(need, debian, fedora, arch, alpine) \
	{ need, { NULL, debian, fedora, arch, alpine } },
#define NONE NULL
#include "data/packages.def"
};

static const char *const install[] = {
	[DISTRO_DEBIAN] = "apt-get install -y",
	[DISTRO_FEDORA] = "dnf install -y",
	[DISTRO_ARCH] = "pacman -S --needed --noconfirm",
	[DISTRO_ALPINE] = "apk add",
};

static const struct {
	const char *id;
	enum distro_family family;
} families[] = {
	/* clang-format off */
	{ "debian", DISTRO_DEBIAN }, { "ubuntu", DISTRO_DEBIAN },
	{ "fedora", DISTRO_FEDORA }, { "rhel",   DISTRO_FEDORA }, { "centos", DISTRO_FEDORA },
	{ "arch",   DISTRO_ARCH },   { "alpine", DISTRO_ALPINE },
	/* clang-format on */
};

static enum distro_family family_of(const char *id, size_t n)
{
	for (size_t i = 0; i < countof(families); i++) {
		if (strlen(families[i].id) == n && strncmp(families[i].id, id, n) == 0)
			return families[i].family;
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

/* The first known word of a value like `"ubuntu debian"`, quoted or not. */
static enum distro_family first_known(const char *value)
{
	enum distro_family d = DISTRO_OTHER;
	size_t n;

	for (const char *p = value; d == DISTRO_OTHER && *p && *p != '\n'; p += n + !n) {
		n = strcspn(p, " \"'\n");
		d = family_of(p, n);
	}
	return d;
}

struct distro distro_of(const char *os_release)
{
	const char *codename = value_of(os_release, "VERSION_CODENAME");
	struct distro d = { .family = first_known(value_of(os_release, "ID")) };
	size_t n;

	if (d.family == DISTRO_OTHER)
		d.family = first_known(value_of(os_release, "ID_LIKE"));
	codename += *codename == '"';
	n = strcspn(codename, "\"\n");
	if (n < sizeof(d.codename))
		memcpy(d.codename, codename, n);
	return d;
}

struct distro distro_at(int root)
{
	auto_str struct str text = { 0 };

	if (file_read(root, "etc/os-release", MAX_OS_RELEASE, &text, NULL) < 0) {
		str_clear(&text);
		file_read(root, "usr/lib/os-release", MAX_OS_RELEASE, &text, NULL);
	}
	return distro_of(str_c(&text));
}

struct distro distro_here(void)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return distro_at(root);
}

static const char *package_of(const char *need, enum distro_family f)
{
	for (size_t i = 0; i < countof(packages); i++) {
		if (str_eq(packages[i].need, need))
			return packages[i].name[f];
	}
	return NULL;
}

static void add_once(struct strv *v, const char *s, size_t n)
{
	auto_free char *word = xstrndup(s, n);

	if (!strv_has(v, word))
		strv_add(v, word);
}

/* Several packages are separated by blanks; '@' stands for the version. */
static void add_packages(const char *names, const char *version, struct strv *ret)
{
	auto_str struct str b = { 0 };

	for (; *names; names++) {
		if (*names == '@')
			str_adds(&b, version);
		else
			str_addc(&b, *names);
	}
	for (const char *p = str_c(&b); *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		add_once(ret, p, n);
		p += n;
	}
}

/* Where the number behind the last dash begins; NULL if there is none. */
static const char *version_in(const char *need)
{
	const char *dash = strrchr(need, '-');

	return dash && dash[1] && strspn(dash + 1, "0123456789.") == strlen(dash + 1) ? dash + 1
										      : NULL;
}

bool distro_packages(const struct distro *d, const char *need, struct strv *ret)
{
	auto_free char *exact = xasprintf("%s:%s", need, d->codename);
	const char *version = version_in(need);
	const char *names = package_of(exact, d->family) ?: package_of(need, d->family);

	if (!names && version) {
		auto_free char *any = xasprintf("%.*sN", (int)(version - need), need);

		names = package_of(any, d->family);
	}
	if (!names)
		return false;
	add_packages(names, version ?: "", ret);
	return true;
}

char *distro_root_command(uid_t uid, const char *command)
{
	return uid == 0 ? xstrdup(command) : xasprintf("sudo %s", command);
}

static void add_command(const struct distro *d, uid_t uid, const struct strv *names,
			struct str *ret)
{
	auto_str struct str command = { 0 };
	auto_free char *whole = NULL;

	str_adds(&command, install[d->family]);
	for (size_t i = 0; i < names->n; i++)
		str_addf(&command, " %s", names->v[i]);
	whole = distro_root_command(uid, str_c(&command));
	str_adds(ret, whole);
}

char *distro_install(const struct distro *d, uid_t uid, char *const *needs)
{
	auto_strv struct strv names = { 0 }, unknown = { 0 };
	struct str b = { 0 };

	for (; *needs; needs++) {
		if (!distro_packages(d, *needs, &names))
			add_once(&unknown, *needs, strlen(*needs));
	}
	if (names.n)
		add_command(d, uid, &names, &b);
	for (size_t i = 0; i < unknown.n; i++)
		str_addf(&b, "%s'%s'",
			 i     ? ", "
			 : b.n ? "\ninstall the package that has "
			       : "install the package that has ",
			 unknown.v[i]);
	return str_take(&b);
}
