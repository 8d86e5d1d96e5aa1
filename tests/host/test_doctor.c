/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kiln doctor on made-up hosts. Each NAME.case describes one, a directive a line, and names the
 * arguments; NAME.out is what is printed then: stdout, stderr and the exit status.
 * KILN_UPDATE_GOLDEN=1 writes the .out files anew.
 *
 *	arch A / release R / user NAME UID GID... / memlock N|unlimited / space SIZE / userns ERRNO
 *	file PATH [TEXT]           with \n in TEXT; secret PATH: for its owner only; dir PATH
 *	program PATH VERSION       what it says to --version; broken PATH MESSAGE: it fails
 *	qemu ARCH VERSION [9p] [virtiofs] [serial] [microvm] [memfd] [kvm]
 *	bad-qemu ERROR
 *	accel kvm|tcg CPU MIPS [LOST [| HINT]]
 *	doctor [--json] [PURPOSE...]
 */
#include "scratch.h"

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "cmd/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct fake {
	struct host host;
	char *root;
	struct map versions; /* path to what it says; "!" in front: it fails */
	struct vm_qemu qemu[2];
	const char *bad_qemu;
	size_t n_qemu;
	struct vm_accel_verdict accel;
	int userns;
	uint64_t space;
	gid_t gids[8];
	struct strv args;
	bool json;
};

static const char *cases_dir;

static struct fake *fake_of(const struct host *h)
{
	return h->ctx;
}

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static int fake_qemu(const struct host *h, enum krn_arch arch, struct vm_qemu *ret, struct err *err)
{
	const struct fake *f = fake_of(h);

	for (size_t i = 0; i < f->n_qemu; i++) {
		if (f->qemu[i].arch != arch)
			continue;
		*ret = f->qemu[i];
		ret->path = copy(ret->path);
		ret->version = copy(ret->version);
		return 0;
	}
	if (f->bad_qemu)
		return err_set(err, -EIO, "%s", f->bad_qemu);
	return err_set(err, -ENOENT, "no QEMU");
}

static int fake_accel(const struct host *h, const struct vm_qemu *q, struct vm_accel_verdict *ret,
		      struct err *err)
{
	*ret = fake_of(h)->accel;
	ret->cpu = copy(ret->cpu);
	ret->lost = copy(ret->lost);
	ret->hint = copy(ret->hint);
	return 0;
}

static int fake_version(const struct host *h, const char *program, char **ret, struct err *err)
{
	const char *says = map_get(&fake_of(h)->versions, program);

	if (!says || *says == '!')
		return err_set(err, -EIO, "'%s --version' fails%s%s", program, says ? ": " : "",
			       says ? says + 1 : "");
	*ret = xstrdup(says);
	return 0;
}

static int fake_userns(const struct host *h)
{
	return -fake_of(h)->userns;
}

static int fake_space(const struct host *h, const char *dir, uint64_t *ret)
{
	*ret = fake_of(h)->space;
	return 0;
}

static const struct host_ops fake_ops = { fake_qemu, fake_accel, fake_version, fake_userns,
					  fake_space };

/* Cuts the next word off *p; "" at the end. */
static char *word(char **p)
{
	char *w = *p + strspn(*p, " ");

	*p = w + strcspn(w, " ");
	if (**p)
		*(*p)++ = '\0';
	return w;
}

static void add_file(struct fake *f, const char *path, const char *text, mode_t mode)
{
	auto_free char *full = path_join(f->root, path), *dir = path_dir(full);
	auto_str struct str content = { 0 };

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			str_addc(&content, '\n');
			text++;
		} else {
			str_addc(&content, *text);
		}
	}
	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	assert_int_equal(file_publish(full, str_c(&content), content.n, mode, NULL), 0);
	assert_int_equal(chmod(full, mode), 0);
}

static void add_dir(struct fake *f, const char *path)
{
	auto_free char *full = path_join(f->root, path);

	assert_int_equal(mkdir_p(full, 0755, NULL), 0);
}

static void add_program(struct fake *f, char *rest, const char *mark)
{
	char *path = word(&rest);

	add_file(f, path, "#!/bin/sh\n", 0755);
	free(map_set(&f->versions, path, xasprintf("%s%s", mark, rest)));
}

static void add_qemu(struct fake *f, char *rest)
{
	struct vm_qemu *q = &f->qemu[f->n_qemu++];
	const char *arch = word(&rest);

	q->arch = krn_arch_parse(arch);
	q->path = xasprintf("/usr/bin/qemu-system-%s", arch);
	q->version = xstrdup(word(&rest));
	for (const char *w = word(&rest); *w; w = word(&rest)) {
		q->has_9p |= str_eq(w, "9p");
		q->has_vhost_fs |= str_eq(w, "virtiofs");
		q->has_serial |= str_eq(w, "serial");
		q->has_microvm |= str_eq(w, "microvm");
		q->has_memfd |= str_eq(w, "memfd");
		q->has_kvm |= str_eq(w, "kvm");
	}
}

static void set_accel(struct fake *f, char *rest)
{
	char *hint;

	f->accel.accel = str_eq(word(&rest), "kvm") ? ACCEL_KVM : ACCEL_TCG;
	f->accel.cpu = xstrdup(word(&rest));
	f->accel.mips = strtod(word(&rest), NULL);
	if (!*rest)
		return;
	hint = strstr(rest, " | ");
	if (hint) {
		*hint = '\0';
		f->accel.hint = xstrdup(hint + 3);
	}
	f->accel.lost = xstrdup(rest);
}

static void set_user(struct fake *f, char *rest)
{
	uint64_t n = 0;

	f->host.user = arena_strdup(&f->host.arena, word(&rest));
	assert_true(str_u64(word(&rest), &n));
	f->host.uid = (uid_t)n;
	f->host.home = arena_printf(&f->host.arena, "/users/%s", f->host.user);
	f->host.runtime_dir = arena_printf(&f->host.arena, "/run/user/%u", (unsigned)n);
	for (const char *w = word(&rest); *w; w = word(&rest)) {
		assert_true(f->host.n_gids < countof(f->gids) && str_u64(w, &n));
		f->gids[f->host.n_gids++] = (gid_t)n;
	}
}

static void set_number(const char *text, uint64_t *ret)
{
	if (str_eq(text, "unlimited"))
		*ret = UINT64_MAX;
	else if (!str_size(text, ret))
		fail_msg("no size: '%s'", text);
}

static void set_args(struct fake *f, char *rest)
{
	for (const char *w = word(&rest); *w; w = word(&rest)) {
		if (str_eq(w, "--json"))
			f->json = true;
		else
			strv_add(&f->args, w);
	}
}

static void directive(struct fake *f, char *line)
{
	char *rest = line, *path;
	const char *what = word(&rest);

	if (!*what || *what == '#')
		return;
	if (str_eq(what, "arch")) {
		f->host.arch = krn_arch_parse(rest);
	} else if (str_eq(what, "release")) {
		f->host.release = arena_strdup(&f->host.arena, rest);
	} else if (str_eq(what, "user")) {
		set_user(f, rest);
	} else if (str_eq(what, "memlock")) {
		set_number(rest, &f->host.memlock);
	} else if (str_eq(what, "space")) {
		set_number(rest, &f->space);
	} else if (str_eq(what, "userns")) {
		f->userns = str_eq(rest, "EPERM") ? EPERM : str_eq(rest, "ENOSPC") ? ENOSPC : 0;
	} else if (str_eq(what, "file")) {
		path = word(&rest);
		add_file(f, path, rest, 0644);
	} else if (str_eq(what, "secret")) {
		add_file(f, rest, "", 0600);
	} else if (str_eq(what, "dir")) {
		add_dir(f, rest);
	} else if (str_eq(what, "program")) {
		add_program(f, rest, "");
	} else if (str_eq(what, "broken")) {
		add_program(f, rest, "!");
	} else if (str_eq(what, "qemu")) {
		add_qemu(f, rest);
	} else if (str_eq(what, "bad-qemu")) {
		f->bad_qemu = arena_strdup(&f->host.arena, rest);
	} else if (str_eq(what, "accel")) {
		set_accel(f, rest);
	} else if (str_eq(what, "doctor")) {
		set_args(f, rest);
	} else {
		fail_msg("unknown directive '%s'", what);
	}
}

static void fake_init(struct fake *f, const char *name)
{
	auto_free char *root = xasprintf("%s/root", name);

	*f = (struct fake){ .root = scratch_path(root), .space = UINT64_C(20) << 30 };
	f->host = (struct host){
		.root = -1,
		.arch = KRN_X86_64,
		.release = "6.1.0",
		.path = "/usr/local/bin:/usr/bin:/bin",
		.user = "root",
		.home = "/root",
		.runtime_dir = "/run/user/0",
		.cache_dir = "/users/x/.cache/kiln",
		.data_dir = "/users/x/.local/share/kiln",
		.memlock = 8 << 20,
		.ops = &fake_ops,
		.ctx = f,
		.gids = f->gids,
	};
	add_dir(f, "/");
	f->host.root = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->host.root >= 0);
}

static void fake_read(struct fake *f, const char *name)
{
	auto_free char *path = xasprintf("%s/%s.case", cases_dir, name);
	auto_str struct str text = { 0 };
	char *next;

	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
	for (char *line = text.s; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		directive(f, line);
	}
}

static void fake_release(struct fake *f)
{
	for (size_t i = 0; i < f->n_qemu; i++)
		vm_qemu_release(&f->qemu[i]);
	vm_accel_verdict_release(&f->accel);
	map_release(&f->versions, free);
	strv_release(&f->args);
	free(f->root);
	host_release(&f->host);
}

/* Everything that is not well names what mends it. */
static void expect_fixes(const struct fake *f)
{
	struct host_findings all = { 0 };

	host_doctor(&f->host, 0, &all);
	assert_true(all.n > 20);
	for (size_t i = 0; i < all.n; i++) {
		const struct host_finding *v = &all.v[i];

		if (!v->detail || !*v->detail || !(v->needed | v->useful))
			fail_msg("%s: nothing said, or for nothing", v->name);
		if ((v->state != HOST_OK) != (v->fix && *v->fix))
			fail_msg("%s: %s, and the fix is '%s'", v->name, host_state_name(v->state),
				 v->fix ?: "");
	}
	host_findings_release(&all);
}

/* Lines end where their text does: the padding of a table's last column is nobody's business. */
static void add_trimmed(struct str *b, const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		size_t keep;

		n = keep = strcspn(text, "\n");
		while (keep && text[keep - 1] == ' ')
			keep--;
		str_addf(b, "%.*s\n", (int)keep, text);
	}
}

static char *run(struct fake *f)
{
	auto_free char *result = NULL, *message = NULL;
	auto_err struct err err = { 0 };
	struct str all = { 0 };
	struct out out = { .json = f->json };
	size_t n;
	int rc;

	out.result = open_memstream(&result, &n);
	out.message = open_memstream(&message, &n);
	rc = cmd_doctor_on(&out, &f->host, f->args.v, f->args.n, &err);
	if (rc < 0)
		out_error(&out, &err);
	fclose(out.result);
	fclose(out.message);
	add_trimmed(&all, result);
	str_adds(&all, "--- stderr\n");
	add_trimmed(&all, message);
	str_addf(&all, "--- %s %d\n", rc < 0 ? "error" : "exit", rc);
	return str_take(&all);
}

static void golden(void **state)
{
	const char *name = *state;
	auto_free char *path = xasprintf("%s/%s.out", cases_dir, name), *got = NULL;
	auto_str struct str want = { 0 };
	struct fake f;

	fake_init(&f, name);
	fake_read(&f, name);
	expect_fixes(&f);
	got = run(&f);
	if (getenv("KILN_UPDATE_GOLDEN"))
		assert_int_equal(file_publish(path, got, strlen(got), 0644, NULL), 0);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &want, NULL), 0);
	if (!str_eq(got, str_c(&want)))
		fail_msg("%s: expected\n%sgot\n%s", path, str_c(&want), got);
	fake_release(&f);
}

/* The worst host: an empty folder and a user without rights. */
static void fixes_nothing_at_all(void **state)
{
	struct fake f;

	fake_init(&f, "nothing");
	f.host.uid = 1000;
	f.host.user = "alice";
	f.userns = EPERM;
	f.space = 0;
	expect_fixes(&f);
	fake_release(&f);
}

/* This host: it must be possible to look at it, whatever it is. */
static void looks_at_the_real_host(void **state)
{
	struct host_findings all = { 0 };
	auto_err struct err err = { 0 };
	struct host h;

	if (host_init(&h, &err) < 0)
		fail_msg("%s", err.msg);
	host_doctor(&h, FOR_BUILD, &all);
	assert_true(all.n > 5);
	for (size_t i = 0; i < all.n; i++)
		assert_true((all.v[i].state == HOST_OK) == !all.v[i].fix);
	host_findings_release(&all);
	host_release(&h);
}

/* Nothing is made by looking, and a home that nobody can write to is no hindrance. */
static void leaves_the_real_host_alone(void **state)
{
	auto_free char *home = scratch_path("home"), *cache = xstrdup(getenv("XDG_CACHE_HOME"));
	auto_free char *data = xstrdup(getenv("XDG_DATA_HOME"));
	auto_err struct err err = { 0 };
	uint64_t space = 0;
	struct host h;

	setenv("XDG_DATA_HOME", home, 1);
	assert_int_equal(host_init(&h, &err), 0);
	assert_int_equal(h.ops->space(&h, h.data_dir, &space), 0);
	assert_true(space > 0);
	assert_int_not_equal(access(home, F_OK), 0);
	host_release(&h);
	setenv("XDG_CACHE_HOME", "/proc/none", 1);
	setenv("XDG_DATA_HOME", "/proc/none", 1);
	if (host_init(&h, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(h.ops->space(&h, h.data_dir, &space), 0);
	host_release(&h);
	setenv("XDG_CACHE_HOME", cache, 1);
	setenv("XDG_DATA_HOME", data, 1);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_cases(struct CMUnitTest *tests, size_t max, struct strv *names)
{
	DIR *d = opendir(cases_dir);
	const struct dirent *e;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (str_ends(e->d_name, ".case"))
			strv_take(names, xstrndup(e->d_name, strlen(e->d_name) - strlen(".case")));
	}
	closedir(d);
	if (names->n == 0 || names->n > max)
		return -1;
	qsort(names->v, names->n, sizeof(*names->v), by_name);
	for (size_t i = 0; i < names->n; i++)
		tests[i] = (struct CMUnitTest){ names->v[i], golden, NULL, NULL, names->v[i] };
	return 0;
}

int main(int argc, char **argv)
{
	auto_strv struct strv names = { 0 };
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(fixes_nothing_at_all),
		cmocka_unit_test(looks_at_the_real_host),
		cmocka_unit_test(leaves_the_real_host_alone),
	};
	size_t own = 3;

	cases_dir = argc > 1 ? argv[1] : "cases";
	if (add_cases(tests + own, countof(tests) - own, &names) < 0) {
		fprintf(stderr, "no cases in '%s'\n", cases_dir);
		return 1;
	}
	return _cmocka_run_group_tests("doctor", tests, names.n + own, scratch_setup,
				       scratch_teardown);
}
