/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw firmware`: which files a machine's drivers ask for, and where they are. */
#include "base/distro.h"
#include "base/file.h"
#include "base/path.h"
#include "cmd/hw_find.h"
#include "hw/firmware.h"
#include "hw/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>

extern const struct cmd cmd_hw_firmware;

struct firmware_opts {
	struct hw_find_opts find;
	struct strv dirs;
	const char *log, *release, *copy;
	bool all, list, extra;
};

#define S(member) offsetof(struct firmware_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	HW_SOURCE_OPTS(S(find) + offsetof(struct hw_find_opts, source)),
	HW_FIND_OPTS(S(find)),
	{ "log", 0, OPT_STRING, S(log), "FILE", "that machine's kernel log, as dmesg or journalctl -k print it; - is standard input", .complete = OC_FILE },
	{ "firmware-dir", 'f', OPT_LIST, S(dirs), "DIR", "look for files here, not in /lib/firmware; may be given several times", .complete = OC_DIR },
	{ "release", 'r', OPT_STRING, S(release), "RELEASE", "look in /lib/firmware/RELEASE too (default: of this machine, its kernel's)" },
	{ "all", 0, OPT_FLAG, S(all), NULL, "candidates that are not there too; with --extra, --list and --copy all that are there" },
	{ "list", 'l', OPT_FLAG, S(list), NULL, "only the paths of the files that are needed" },
	{ "extra", 'x', OPT_FLAG, S(extra), NULL, "the lines of a configuration that build them into a kernel" },
	{ "copy", 0, OPT_STRING, S(copy), "DIR", "copy the files that are needed to a new folder, unpacked", .complete = OC_DIR },
	/* clang-format on */
};

struct firmware {
	struct out *out;
	const struct firmware_opts *o;
	const char *root; /* below which the files are */
	struct hw_find find;
	struct hw_fw_data *data;
	struct hw_fw_dirs dirs;
	char *log;
	struct hw_firmware found;
	bool *needed;
};

static void release(void *o)
{
	strv_release(&((struct firmware_opts *)o)->dirs);
}

/* What goes in */

static int read_log(struct firmware *f, struct err *err)
{
	const struct firmware_opts *o = f->o;
	auto_str struct str text = { 0 };
	const char *path = str_eq(o->log, "-") ? "/dev/stdin" : o->log;
	int r;

	if (!o->log) {
		if (!o->find.source.from && !o->find.source.root)
			f->log = hw_kmsg_here();
		else if (f->find.inv.log)
			f->log = xstrdup(f->find.inv.log);
		return 0;
	}
	r = file_read(AT_FDCWD, path, HW_KMSG_BYTES, &text, err);
	f->log = r == 0 ? str_take(&text) : NULL;
	return r;
}

static int open_dirs(struct firmware *f, struct err *err)
{
	const struct firmware_opts *o = f->o;
	struct utsname u;

	f->root = o->find.source.root ? o->find.source.root : "/";
	f->dirs.root = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dirs.root < 0)
		return err_sys(err, "cannot open '%s'", f->root);
	for (size_t i = 0; i < o->dirs.n; i++) {
		auto_free char *dir =
			o->find.source.root ? xstrdup(o->dirs.v[i]) : path_abs(o->dirs.v[i]);

		strv_add(&f->dirs.v, dir);
	}
	if (o->dirs.n)
		return 0;
	uname(&u);
	hw_fw_dirs_usual(&f->dirs, o->release					? o->release
				   : o->find.source.root || o->find.source.from ? NULL
										: u.release);
	return 0;
}

static bool holds(const void *ctx, const struct hw_index *ix, const struct hw_ix_record *r)
{
	return hw_find_holds(ctx, ix, r);
}

static int find(struct firmware *f, struct err *err)
{
	int r = hw_find_open(&f->find, f->out, &f->o->find, err);

	if (r == 0)
		r = hw_find_devices(&f->find, &cmd_hw_firmware, &f->o->find, err);
	if (r == 0)
		r = hw_fw_data_read(&f->data, err);
	if (r == 0)
		r = read_log(f, err);
	if (r == 0)
		r = open_dirs(f, err);
	if (r < 0)
		return r;
	hw_firmware_find(&(struct hw_firmware_spec){ .inv = &f->find.inv,
						     .found = f->find.found,
						     .index = f->find.index,
						     .n_indexes = f->find.n_indexes,
						     .holds = holds,
						     .ctx = &f->find,
						     .log = f->log,
						     .dirs = &f->dirs,
						     .data = f->data },
			 &f->found);
	f->needed = xcalloc(f->found.n + 1, sizeof(*f->needed));
	for (size_t i = 0; i < f->found.n; i++)
		f->needed[i] = hw_firmware_is_needed(&f->found, &f->found.v[i], f->o->all);
	return 0;
}

/* What comes out */

/* Where a file is, for this machine: below the root that was given. */
static char *path_of(const struct firmware *f, const struct hw_fw_file *x)
{
	auto_free char *file =
		x->folder ? xasprintf("%s/%s%s", x->folder, x->name, hw_fw_suffix[x->form]) : NULL;

	return !file ? NULL : str_eq(f->root, "/") ? take_ptr(file) : path_join(f->root, file);
}

static const char *state_name(const struct hw_fw_file *x)
{
	static const char *const names[] = { [HW_FW_CANDIDATE] = "candidate",
					     [HW_FW_LOADED] = "loaded",
					     [HW_FW_MISSED] = "missed" };

	return names[x->state];
}

static const char *distro_name(void)
{
	static const char *const names[] = { [DISTRO_DEBIAN] = "debian",
					     [DISTRO_FEDORA] = "fedora",
					     [DISTRO_ARCH] = "arch",
					     [DISTRO_ALPINE] = "alpine" };
	enum distro_family family = distro_here().family;

	return names[family] ? names[family] : "";
}

/* A file that something has to be done about: the machine asked for it and has no other in its place. */
static bool is_lacking(const struct hw_fw_file *x)
{
	return x->form == HW_FW_ABSENT && x->state != HW_FW_CANDIDATE && !x->instead;
}

static json_t *json_file(const struct firmware *f, size_t i)
{
	const struct hw_fw_file *x = &f->found.v[i];
	auto_free char *path = path_of(f, x),
		       *package = hw_fw_package(f->data, distro_name(), x->name);
	json_t *j = json_pack("{s:o, s:s, s:o, s:o, s:o, s:b}", "file", out_json_text(x->name),
			      "state", state_name(x), "path", out_json_text(path), "module",
			      out_json_text(x->module), "package", out_json_text(package), "needed",
			      f->needed[i]);

	json_object_set_new(j, "source", out_json_text(x->source));
	json_object_set_new(j, "line", x->source ? json_integer(x->line) : json_null());
	json_object_set_new(j, "device", out_json_text(x->device ? x->device->addr : NULL));
	json_object_set_new(j, "bus", out_json_text(x->device ? x->device->bus : NULL));
	json_object_set_new(j, "name", out_json_text(x->device ? x->device->name : NULL));
	json_object_set_new(j, "reason", out_json_text(x->reason));
	json_object_set_new(j, "instead", out_json_text(x->instead));
	return j;
}

static int print_json(struct firmware *f)
{
	json_t *files = json_array();

	for (size_t i = 0; i < f->found.n; i++)
		json_array_append_new(files, json_file(f, i));
	out_json(f->out, json_pack("{s:b, s:b, s:o}", "log", f->found.log_known, "log_complete",
				   f->found.log_complete, "files", files));
	return 0;
}

static void row(struct table *t, const struct firmware *f, const struct hw_fw_file *x)
{
	auto_free char *path = path_of(f, x);
	const struct hw_device *d = x->device;

	table_row(t);
	table_cell(t, x->name);
	table_cell_color(t, state_name(x),
			 is_lacking(x)		    ? TABLE_BAD
			 : x->state == HW_FW_LOADED ? TABLE_GOOD
						    : TABLE_PLAIN);
	table_cell_color(t, path ? path : "not there", path ? TABLE_PLAIN : TABLE_DIM);
	table_cell(t, x->module);
	table_cell(t, !d ? "" : d->name ? d->name : d->addr);
}

/* Candidates that are not there are of no use to anybody but who looks for all. */
static bool is_shown(const struct firmware *f, const struct hw_fw_file *x)
{
	return f->o->all || x->form != HW_FW_ABSENT || x->state != HW_FW_CANDIDATE;
}

static void tell_package(struct firmware *f, const struct hw_fw_file *x)
{
	auto_free char *package = hw_fw_package(f->data, distro_name(), x->name);

	if (package)
		out_warn(f->out, "'%s' is not there: package %s has files like it", x->name,
			 package);
	else
		out_warn(f->out, "'%s' is not there", x->name);
}

static bool same_asker(const struct hw_fw_file *a, const struct hw_fw_file *b)
{
	return a->device == b->device && str_eq(a->module, b->module);
}

/* Of a driver for which nothing at all is there, though it asks for something: the first of its files speaks for all. */
static void tell_empty(struct firmware *f, size_t begin)
{
	const struct hw_fw_file *x = &f->found.v[begin];
	auto_free char *package = hw_fw_package(f->data, distro_name(), x->name);
	size_t end = begin;

	for (; end < f->found.n && same_asker(x, &f->found.v[end]); end++)
		if (f->found.v[end].form != HW_FW_ABSENT ||
		    f->found.v[end].state != HW_FW_CANDIDATE)
			return;
	out_note(f->out, "none of the files that %s may ask for is there, such as '%s'%s%s",
		 x->module, x->name, package ? ": files like it are in package " : "",
		 package ? package : "");
}

static void tell(struct firmware *f)
{
	size_t hidden = 0;

	for (size_t i = 0; i < f->found.n; i++) {
		const struct hw_fw_file *x = &f->found.v[i];

		hidden += !is_shown(f, x);
		if (is_lacking(x))
			tell_package(f, x);
		if (!f->found.log_complete && x->module && (!i || !same_asker(x, x - 1)))
			tell_empty(f, i);
	}
	if (hidden)
		out_note(f->out, "%zu more files that drivers name are not there; --all shows them",
			 hidden);
	if (!f->found.log_known)
		out_note(
			f->out,
			"there is no kernel log: which of these files the machine asks for is not known");
}

static int print_table(struct firmware *f, struct err *err)
{
	static const char *const columns[] = { "FILE", "STATE", "WHERE", "MODULE", "DEVICE" };
	struct table *t = table_new(columns, countof(columns));
	size_t shown = 0;
	int r = 0;

	for (size_t i = 0; i < f->found.n; i++)
		if (is_shown(f, &f->found.v[i])) {
			row(t, f, &f->found.v[i]);
			shown++;
		}
	if (shown)
		r = table_print(t, f->out, err);
	else if (!f->found.n)
		out_note(f->out, "no driver of this machine asks for firmware");
	table_free(t);
	tell(f);
	return r;
}

static void print_list(const struct firmware *f)
{
	for (size_t i = 0; i < f->found.n; i++) {
		auto_free char *path = f->needed[i] ? path_of(f, &f->found.v[i]) : NULL;

		if (path)
			out_print(f->out, "%s\n", path);
	}
}

/* The copy's folder, else the one where they are: absolute, for the tree's Makefile would take it as below the tree. */
static int extra_folder(struct firmware *f, const char *own, char **ret, struct err *err)
{
	auto_free char *below = own ? path_join(f->root, own) : NULL;

	if (f->o->copy || below)
		*ret = path_abs(f->o->copy ? f->o->copy : below);
	if (*ret)
		return 0;
	err_set(err, -EINVAL,
		"some of these files are compressed, or they lie in several folders; a kernel is built with plain files of one");
	return err_hint(err, -EINVAL, "--copy DIR puts them into a new folder, unpacked");
}

/* make takes the names apart at blanks, and Kconfig a quoted string. */
static int print_extra(struct firmware *f, struct err *err)
{
	auto_str struct str names = { 0 };
	auto_free char *folder = NULL;
	const char *own;
	int r;

	hw_firmware_extra(&f->found, f->needed, &names, &own);
	if (!names.n) {
		out_note(f->out, "no firmware is needed, or none is there");
		return 0;
	}
	r = extra_folder(f, own, &folder, err);
	if (r == 0)
		out_print(f->out,
			  "CONFIG_EXTRA_FIRMWARE=\"%s\"\nCONFIG_EXTRA_FIRMWARE_DIR=\"%s\"\n",
			  str_c(&names), folder);
	return r;
}

static int copy(struct firmware *f, bool dry_run, struct err *err)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < f->found.n; i++) {
		auto_free char *path = f->needed[i] ? path_of(f, &f->found.v[i]) : NULL;

		n += f->needed[i];
		if (path && dry_run && !f->o->extra && !f->o->list)
			out_print(f->out, "%s -> %s/%s\n", path, f->o->copy, f->found.v[i].name);
	}
	if (!dry_run)
		r = hw_firmware_copy(&f->found, f->needed, &f->dirs, f->o->copy, err);
	if (r == 0 && !dry_run)
		out_note(f->out, "%zu files copied to '%s'", n, f->o->copy);
	return r;
}

static int print(struct firmware *f, bool dry_run, struct err *err)
{
	int r = f->o->copy ? copy(f, dry_run, err) : 0;

	if (r < 0)
		return r;
	if (f->o->extra) {
		tell(f);
		return print_extra(f, err);
	}
	if (f->o->list)
		print_list(f);
	else if (f->out->json)
		return print_json(f);
	else if (!f->o->copy)
		return print_table(f, err);
	return 0;
}

static int run_firmware(struct out *out, const struct global_opts *global, void *opts_, char **args,
			size_t n_args, size_t dashes, struct err *err)
{
	const struct firmware_opts *o = opts_;
	struct firmware f = { .out = out, .o = o, .dirs.root = -1 };
	int r;

	if (n_args)
		return usage_error(&cmd_hw_firmware, err, "unexpected argument '%s'", args[0]);
	if (o->extra + o->list + out->json > 1)
		return usage_error(&cmd_hw_firmware, err,
				   "only one of --extra, --list and --json can be given");
	r = find(&f, err);
	if (r == 0)
		r = print(&f, global->dry_run, err);
	free(f.needed);
	free(f.log);
	hw_firmware_release(&f.found);
	strv_release(&f.dirs.v);
	close_fd(f.dirs.root);
	hw_fw_data_free(f.data);
	hw_find_release(&f.find);
	return r;
}

static const char *const examples[] = {
	"kiln hw firmware --tree linux-6.12",
	"kiln hw firmware --tree linux-6.12 --from m.tar.zst --firmware-dir linux-firmware",
	"kiln hw firmware --tree linux-6.12 --extra --copy fw >firmware.config",
	NULL,
};

const struct cmd cmd_hw_firmware = {
	.name = "hw firmware",
	.args = "",
	.summary = "say which firmware a machine's drivers ask for, and where it is",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct firmware_opts),
	.acts = true,
	.facts = true,
	.run = run_firmware,
	.release = release,
};
