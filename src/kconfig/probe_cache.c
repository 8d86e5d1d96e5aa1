/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file per environment, $XDG_CACHE_HOME/kiln/probes/HASH: records of a key, the length of its answer, the answer.
 * It is read whole and written whole; two writers at once lose answers of one of them at worst.
 */
#include "kconfig/probe_cache.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/path.h"
#include "base/proc.h"
#include "kconfig/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>

#define MAX_FILE    (8 << 20)
#define MAX_RECORDS 20000
#define MAX_FOLDERS 32 /* above the one where commands run */
static const char magic[] = "kiln probes 2\n";

struct kc_cache {
	int dirfd;
	char *const *env;
	char *path;	  /* NULL: there is no place to keep it */
	struct map known; /* key -> struct str */
	struct map ids;	  /* word -> its identity, "" where it names nothing */
	char *tools;	  /* identities of what $CC and the like name, once they were wanted */
	char *libraries;  /* identities of where these lie, once they were wanted */
	bool loaded, changed;
	bool here; /* commands run on this host */
};

/* Variables of the environment that say nothing to a compiler or a script of the kernel. */
static const char *const idle_names[] = {
	"_",
	"SHLVL",
	"PWD",
	"OLDPWD",
	"TERM",
	"COLUMNS",
	"LINES",
	"LS_COLORS",
	"MAKEFLAGS",
	"MAKELEVEL",
	"MFLAGS",
	"MAKE_TERMOUT",
	"MAKE_TERMERR",
	"MAKEFILES",
	"HISTFILE",
	"HISTSIZE",
	"LESSOPEN",
	"LESSCLOSE",
	"WINDOWID",
	"DISPLAY",
	"WAYLAND_DISPLAY",
	"INVOCATION_ID",
	"JOURNAL_STREAM",
	"MAIL",
	"PS1",
	"PS2",
	"COLORTERM",
	"TERM_PROGRAM",
	"TERM_PROGRAM_VERSION",
	"TMUX",
	"TMUX_PANE",
	"STY",
	"WINDOW",
	"EDITOR",
	"VISUAL",
	"PAGER",
	"NO_COLOR",
	"RANDOM",
	"SECONDS",
	NULL,
};

static const char *const idle_prefixes[] = {
	"KCONFIG_", "SSH_", "DBUS_", "GPG_", "XDG_", "SUDO_", "VTE_", "KITTY_", "npm_", NULL,
};

/* What scripts of the kernel find their tools by. */
static const char *const tool_names[] = {
	"CC",	 "LD",	   "AR",      "NM",    "OBJCOPY", "OBJDUMP", "READELF",
	"STRIP", "HOSTCC", "HOSTCXX", "RUSTC", "BINDGEN", "PAHOLE",  NULL,
};

static bool is_idle(const char *entry)
{
	size_t n = strcspn(entry, "=");

	for (size_t i = 0; idle_names[i]; i++)
		if (strlen(idle_names[i]) == n && !memcmp(idle_names[i], entry, n))
			return true;
	for (size_t i = 0; idle_prefixes[i]; i++)
		if (str_starts(entry, idle_prefixes[i]))
			return true;
	return false;
}

static uint64_t hash_text(uint64_t h, const char *s)
{
	do {
		h = hash_byte(h, (uint8_t)*s);
	} while (*s++);
	return h;
}

uint64_t kc_env_hash(char *const *env)
{
	uint64_t sum = 0;

	for (; env && *env; env++)
		if (!is_idle(*env))
			sum += hash_text(HASH_INIT, *env) * UINT64_C(0x9e3779b97f4a7c15);
	return sum;
}

static void put(struct kc_cache *c, const char *key, const char *answer, size_t n)
{
	struct str *s = map_get(&c->known, key);

	if (!s) {
		s = xnew(struct str);
		map_set(&c->known, key, s);
	}
	str_clear(s);
	str_add(s, answer, n);
}

void kc_cache_put(struct kc_cache *c, const char *key, const char *answer, size_t n)
{
	put(c, key, answer, n);
	c->changed = true;
}

/* One record: KEY NEWLINE LENGTH NEWLINE ANSWER NEWLINE. False: the file is not what it should be. */
static bool load_record(struct kc_cache *c, char **p, char *end)
{
	char *key = *p, *nl = memchr(key, '\n', (size_t)(end - key)), *len, *answer;
	uint64_t n;

	if (!nl)
		return false;
	*nl = '\0';
	len = nl + 1;
	nl = memchr(len, '\n', (size_t)(end - len));
	if (!nl)
		return false;
	*nl = '\0';
	answer = nl + 1;
	if (!str_u64(len, &n) || n >= (uint64_t)(end - answer) || answer[n] != '\n')
		return false;
	put(c, key, answer, n);
	*p = answer + n + 1;
	return true;
}

static void load(struct kc_cache *c)
{
	auto_str struct str text = { 0 };
	size_t n = sizeof(magic) - 1;
	char *p, *end;

	if (file_read(AT_FDCWD, c->path, MAX_FILE, &text, NULL) < 0 || text.n < n ||
	    memcmp(text.s, magic, n) != 0)
		return;
	p = text.s + n;
	end = text.s + text.n;
	while (p < end && load_record(c, &p, end))
		;
}

const struct str *kc_cache_get(struct kc_cache *c, const char *key)
{
	if (!c->loaded && c->path)
		load(c);
	c->loaded = true;
	return map_get(&c->known, key);
}

static void add_id(struct str *out, const char *path, const struct stat *st)
{
	struct file_id id = file_id_of(st);

	str_addf(out, "%s=", path);
	if (S_ISDIR(st->st_mode))
		str_adds(out, "folder");
	else
		str_add_file_id(out, &id);
	str_addc(out, ';');
}

/*
 * The files a word names: a path as it is, else the programs along PATH. All of them: the first may be a wrapper
 * (ccache, pyenv) that starts the next. Folders count by being there.
 */
static void identify_file(struct kc_cache *c, const char *word, struct str *out)
{
	const char *dirs = env_get(c->env, "PATH");
	struct stat st;

	if (!c->here && *word == '/')
		return;
	if (fstatat(c->dirfd, word, &st, 0) == 0 && !S_ISCHR(st.st_mode))
		add_id(out, word, &st);
	if (!c->here || strchr(word, '/'))
		return;
	while (dirs && *dirs) {
		size_t n = strcspn(dirs, ":");
		auto_free char *path = xasprintf("%.*s/%s", (int)n, dirs, word);

		if (n && fstatat(c->dirfd, path, &st, 0) == 0 && S_ISREG(st.st_mode))
			add_id(out, path, &st);
		dirs += n + (dirs[n] == ':');
	}
}

/* gcc, clang, cc, with what a cross compiler has in front ("arm-linux-gnueabi-") and a version behind. */
static bool is_compiler(const char *word)
{
	auto_free char *base = xstrdup(path_base(word));
	size_t n = strlen(base);

	while (n && strchr("0123456789.-", base[n - 1]))
		n--;
	base[n] = '\0';
	return str_eq(base, "gcc") || str_eq(base, "clang") || str_eq(base, "cc") ||
	       str_ends(base, "-gcc") || str_ends(base, "-clang") || str_ends(base, "-cc");
}

static int enter(void *ctx)
{
	const struct kc_cache *c = ctx;

	return c->dirfd == AT_FDCWD || fchdir(c->dirfd) == 0 ? 0 : errno;
}

/* Where a compiler says its parts are, one a line; remembered by its own identity. */
static const struct str *parts_of(struct kc_cache *c, const char *word, const struct str *id)
{
	static char sh[] = "/bin/sh", opt[] = "-c";
	auto_free char *command =
		xasprintf("for part in cc1 as ld; do %s -print-prog-name=$part; done", word);
	auto_free char *key = xasprintf("parts of %s", str_c(id));
	cleanup(proc_result_release) struct proc_result got = { 0 };
	char *argv[] = { sh, opt, command, NULL };
	const struct proc_spec spec = {
		.argv = argv, .env = c->env, .setup = enter, .setup_ctx = c
	};
	static const struct str none = { 0 };
	const struct str *known = kc_cache_get(c, key);

	if (known)
		return known;
	if (proc_run(&spec, NULL, 10 * NSEC_PER_SEC, 4096, &got, NULL) < 0 || got.timeout ||
	    got.status)
		return &none;
	kc_cache_put(c, key, str_c(&got.out), got.out.n);
	return kc_cache_get(c, key);
}

/* cc1, as and ld of a compiler: packages of their own, which may change alone. */
static void identify_parts(struct kc_cache *c, const char *word, struct str *out)
{
	auto_free char *paths = xstrdup(str_c(parts_of(c, word, out)));

	for (char *p = paths, *end; *p; p = end + (*end != '\0')) {
		end = p + strcspn(p, "\n");
		if (*end) {
			*end = '\0';
			identify_file(c, p, out);
			*end = '\n';
		}
	}
}

/* Where commands run. */
static void add_folder(struct kc_cache *c, struct str *out)
{
	struct stat st;

	if (fstatat(c->dirfd, ".", &st, 0) == 0)
		str_addf(out, "%llx-%llx;", (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino);
}

/* A folder, or one around it, may have a toolchain of its own: for rustup, asdf, mise. */
static void identify_toolchain_files(struct kc_cache *c, struct str *out)
{
	static const char *const names[] = { "rust-toolchain", "rust-toolchain.toml",
					     ".tool-versions", "mise.toml", ".mise.toml" };
	auto_str struct str folder = { 0 };

	str_adds(&folder, ".");
	for (int i = 0; i < MAX_FOLDERS; i++) {
		for (size_t k = 0; k < countof(names); k++) {
			auto_free char *path = path_join(str_c(&folder), names[k]);
			struct stat st;

			if (fstatat(c->dirfd, path, &st, 0) == 0)
				add_id(out, path, &st);
		}
		str_adds(&folder, "/..");
	}
}

/* Whether rustup's settings name a toolchain for some folder. */
static bool has_overrides(const char *settings)
{
	auto_str struct str text = { 0 };
	const char *p;

	if (file_read(AT_FDCWD, settings, MAX_FILE, &text, NULL) < 0)
		return false;
	p = strstr(str_c(&text), "overrides");
	if (!p)
		return false;
	if (!str_skip(&p, "overrides]"))
		return true; /* written otherwise than rustup does */
	p += strspn(p, " \t\r\n");
	return *p && *p != '[';
}

/* rustc is mostly rustup's, which chooses one by what lies in its own folder, and by where it is asked. */
static void identify_rustup(struct kc_cache *c, struct str *out)
{
	static const char *const files[] = { "settings.toml", "update-hashes", "toolchains" };
	const char *home = env_get(c->env, "HOME"), *rustup = env_get(c->env, "RUSTUP_HOME");
	auto_free char *dir = rustup ? xstrdup(rustup) : home ? path_join(home, ".rustup") : NULL;

	if (!dir)
		add_folder(c, out);
	for (size_t i = 0; i < countof(files) && dir; i++) {
		auto_free char *path = path_join(dir, files[i]);
		struct file_id id;
		struct stat st;

		if (stat(path, &st) < 0)
			continue;
		id = file_id_of(&st);
		str_add_file_id(out, &id);
		str_addc(out, ';');
		if (i == 0 && has_overrides(path))
			add_folder(c, out);
	}
	identify_toolchain_files(c, out);
}

/* Where libraries, and what rustc's and bindgen's checks look for, come and go. */
static const char *const library_folders[] = {
	"/lib",
	"/usr/lib",
	"/usr/lib32",
	"/usr/lib64",
	"/usr/libx32",
	"/usr/include",
	"/usr/local/lib",
	"/usr/lib/*-linux-gnu*",
	"/usr/lib/gcc/*/*",
	"/usr/lib/gcc-cross/*/*",
	"/usr/lib/llvm-*/lib",
	"/usr/lib/rustlib",
	"/usr/src/rustc-*",
};

/* Times of these: what can be linked, and whether Rust is there, changes with them and not with a tool. */
static const char *libraries(struct kc_cache *c)
{
	struct str out = { 0 };

	if (c->libraries)
		return c->libraries;
	for (size_t i = 0; i < countof(library_folders); i++) {
		glob_t found;

		if (glob(library_folders[i], 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++) {
			struct stat st;
			struct file_id id;

			if (stat(found.gl_pathv[k], &st) < 0)
				continue;
			id = file_id_of(&st);
			str_add_file_id(&out, &id);
			str_addc(&out, ';');
		}
		globfree(&found);
	}
	c->libraries = str_take(&out);
	return c->libraries;
}

static const char *identity(struct kc_cache *c, const char *word)
{
	struct str id = { 0 };
	char *known = map_get(&c->ids, word);

	if (known)
		return known;
	identify_file(c, word, &id);
	if (id.n && c->here && is_compiler(word))
		identify_parts(c, word, &id);
	else if (id.n && c->here && str_eq(path_base(word), "rustc"))
		identify_rustup(c, &id);
	known = str_take(&id);
	map_set(&c->ids, word, known);
	return known;
}

/* Identities of the programs that a variable's value names. */
static void identify_value(struct kc_cache *c, const char *value, struct str *out)
{
	for (; value && *value; value += strspn(value, " \t")) {
		size_t n = strcspn(value, " \t");
		auto_free char *word = xstrndup(value, n);

		str_adds(out, identity(c, word));
		value += n;
	}
}

static const char *tools(struct kc_cache *c)
{
	struct str out = { 0 };

	for (size_t i = 0; tool_names[i] && !c->tools; i++)
		identify_value(c, env_get(c->env, tool_names[i]), &out);
	if (!c->tools)
		c->tools = str_take(&out);
	return c->tools;
}

static bool is_of_name(char ch)
{
	return (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
	       ch == '_';
}

static bool is_word(char ch)
{
	return is_of_name(ch) || (ch && strchr("./+-~@%", ch));
}

/* Whether a tree's own script is among the words: it finds its tools in the environment. */
static bool is_script(const char *word)
{
	return strchr(word, '/') && (str_ends(word, ".sh") || strstr(word, "/scripts/"));
}

/* What scripts of the kernel call beside themselves. */
static void hash_sibling(struct kc_cache *c, const char *script, const char *name, uint64_t *h)
{
	auto_free char *dir = path_dir(script), *path = path_join(dir, name);

	*h = hash_text(*h, identity(c, path));
}

/*
 * "$CC", "${CC}": what the variable names, and all tools, for it may be a part of a name ("${CROSS_COMPILE}objdump").
 * "$$", "$1" and variables of the command's own name nothing.
 */
static void hash_variables(struct kc_cache *c, const char *command, uint64_t *h)
{
	auto_str struct str out = { 0 };
	bool any = false;

	for (const char *p = command; (p = strchr(p, '$'));) {
		auto_free char *name = NULL;
		const char *value;
		size_t n = 0;

		p += 1 + (p[1] == '$' || p[1] == '{');
		while (is_of_name(p[n]))
			n++;
		name = xstrndup(p, n);
		value = n ? env_get(c->env, name) : NULL;
		identify_value(c, value, &out);
		any |= value != NULL;
	}
	*h = hash_text(*h, str_c(&out));
	if (any)
		*h = hash_text(*h, tools(c));
}

static void hash_words(struct kc_cache *c, const char *command, uint64_t *h)
{
	const char *whole = command;
	bool script = false;

	while (*command) {
		auto_free char *word = NULL;
		const char *start = command;

		while (*command && is_word(*command))
			command++;
		if (command == start) {
			command++;
			continue;
		}
		if (*start == '-')
			continue;
		word = xstrndup(start, (size_t)(command - start));
		*h = hash_text(*h, identity(c, word));
		if (!is_script(word))
			continue;
		script = true;
		hash_sibling(c, word, "min-tool-version.sh", h);
	}
	hash_variables(c, whole, h);
	if (script)
		*h = hash_text(*h, tools(c));
	if (c->here && (strstr(whole, "can-link") || strstr(whole, "rust")))
		*h = hash_text(*h, libraries(c));
}

void kc_cache_key(struct kc_cache *c, const char *command, struct str *ret)
{
	uint64_t h = hash_text(HASH_INIT, identity(c, "sh"));

	hash_words(c, command, &h);
	str_addf(ret, "%016llx ", (unsigned long long)h);
	for (; *command; command++) {
		if (*command == '\n')
			str_adds(ret, "\\n");
		else if (*command == '\\')
			str_adds(ret, "\\\\");
		else
			str_addc(ret, *command);
	}
}

/* The command in a key, its escapes resolved. */
static char *command_of(const char *key)
{
	struct str s = { 0 };

	for (key += strcspn(key, " ") + (strchr(key, ' ') != NULL); *key; key++) {
		if (*key == '\\' && key[1])
			str_addc(&s, *++key == 'n' ? '\n' : *key);
		else
			str_addc(&s, *key);
	}
	return str_take(&s);
}

bool kc_cache_key_holds(struct kc_cache *c, const char *key)
{
	auto_free char *command = command_of(key);
	auto_str struct str now = { 0 };

	kc_cache_key(c, command, &now);
	return str_eq(str_c(&now), key);
}

struct kc_cache *kc_cache_open(int dirfd, char *const *env, bool here)
{
	struct kc_cache *c = xnew(struct kc_cache);
	auto_free char *dir = NULL;

	c->dirfd = dirfd;
	c->env = env;
	c->here = here;
	if (dir_sub(DIR_CACHE, "probes", &dir, NULL) == 0)
		c->path = xasprintf("%s/%016llx", dir, (unsigned long long)kc_env_hash(env));
	return c;
}

void kc_cache_save(struct kc_cache *c)
{
	auto_str struct str text = { 0 };
	size_t first = c->known.n > MAX_RECORDS ? c->known.n - MAX_RECORDS : 0;

	if (!c->changed || !c->path)
		return;
	str_adds(&text, magic);
	for (size_t i = first; i < c->known.n; i++) {
		const struct str *s = c->known.v[i].value;

		str_addf(&text, "%s\n%zu\n", c->known.v[i].key, s->n);
		str_add(&text, str_c(s), s->n);
		str_addc(&text, '\n');
	}
	file_publish(c->path, text.s, text.n, 0600, NULL);
	c->changed = false;
}

static void free_str(void *s)
{
	str_release(s);
	free(s);
}

void kc_cache_free(struct kc_cache *c)
{
	if (!c)
		return;
	map_release(&c->known, free_str);
	map_release(&c->ids, free);
	free(c->tools);
	free(c->path);
	free(c->libraries);
	free(c);
}
