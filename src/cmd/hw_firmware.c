/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw firmware`: which files a machine's drivers ask for, and where they are. */
#include "cmd/hw_files.h"

#include <errno.h>

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
	struct hw_find find;
	struct hw_files files;
};

static void release(void *o)
{
	strv_release(&((struct firmware_opts *)o)->dirs);
}

/* What comes out */

static json_t *json_file(const struct firmware *f, size_t i)
{
	const struct hw_fw_file *x = &f->files.found.v[i];
	auto_free char *path = hw_files_path(&f->files, x),
		       *package = hw_files_package(&f->files, x);
	json_t *j = json_pack("{s:o, s:s, s:o, s:o, s:o, s:b}", "file", out_json_text(x->name),
			      "state", hw_fw_state_name[x->state], "path", out_json_text(path),
			      "module", out_json_text(x->module), "package", out_json_text(package),
			      "needed", f->files.needed[i]);

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

	for (size_t i = 0; i < f->files.found.n; i++)
		json_array_append_new(files, json_file(f, i));
	out_json(f->out, json_pack("{s:b, s:b, s:o}", "log", f->files.found.log_known,
				   "log_complete", f->files.found.log_complete, "files", files));
	return 0;
}

static void row(struct table *t, const struct firmware *f, const struct hw_fw_file *x)
{
	auto_free char *path = hw_files_path(&f->files, x);
	const struct hw_device *d = x->device;

	table_row(t);
	table_cell(t, x->name);
	table_cell_color(t, hw_fw_state_name[x->state],
			 hw_firmware_is_lacking(x)  ? TABLE_BAD
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
	auto_free char *package = hw_files_package(&f->files, x);

	if (package)
		out_warn(f->out, "'%s' is not there: package %s has files like it", x->name,
			 package);
	else
		out_warn(f->out, "'%s' is not there", x->name);
}

static void tell(struct firmware *f)
{
	size_t hidden = 0;

	for (size_t i = 0; i < f->files.found.n; i++) {
		const struct hw_fw_file *x = &f->files.found.v[i];

		hidden += !is_shown(f, x);
		if (hw_firmware_is_lacking(x))
			tell_package(f, x);
		if (!f->files.found.log_complete)
			hw_files_tell_empty(&f->files, f->out, i);
	}
	if (hidden)
		out_note(f->out, "%zu more files that drivers name are not there; --all shows them",
			 hidden);
	if (!f->files.found.log_known)
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

	for (size_t i = 0; i < f->files.found.n; i++)
		if (is_shown(f, &f->files.found.v[i])) {
			row(t, f, &f->files.found.v[i]);
			shown++;
		}
	if (shown)
		r = table_print(t, f->out, err);
	else if (!f->files.found.n)
		out_note(f->out, "no driver of this machine asks for firmware");
	table_free(t);
	tell(f);
	return r;
}

static void print_list(const struct firmware *f)
{
	for (size_t i = 0; i < f->files.found.n; i++) {
		auto_free char *path =
			f->files.needed[i] ? hw_files_path(&f->files, &f->files.found.v[i]) : NULL;

		if (path)
			out_print(f->out, "%s\n", path);
	}
}

static int print_extra(struct firmware *f, struct err *err)
{
	auto_str struct str lines = { 0 };
	int r = hw_files_extra(&f->files, f->o->copy, &lines, err);

	if (r == 0 && !lines.n)
		out_note(f->out, "no firmware is needed, or none is there");
	if (r == 0)
		out_print(f->out, "%s", str_c(&lines));
	return r;
}

static int copy(struct firmware *f, bool dry_run, struct err *err)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < f->files.found.n; i++) {
		auto_free char *path =
			f->files.needed[i] ? hw_files_path(&f->files, &f->files.found.v[i]) : NULL;

		n += f->files.needed[i];
		if (path && dry_run && !f->o->extra && !f->o->list)
			out_print(f->out, "%s -> %s/%s\n", path, f->o->copy,
				  f->files.found.v[i].name);
	}
	if (!dry_run)
		r = hw_firmware_copy(&f->files.found, f->files.needed, &f->files.dirs, f->o->copy,
				     err);
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
	const struct hw_files_opts files = { .source = &o->find.source,
					     .dirs = &o->dirs,
					     .log = o->log,
					     .release = o->release,
					     .all = o->all };
	struct firmware f = { .out = out, .o = o, .files = HW_FILES_NONE };
	int r;

	if (n_args)
		return usage_error(&cmd_hw_firmware, err, "unexpected argument '%s'", args[0]);
	if (o->extra + o->list + out->json > 1)
		return usage_error(&cmd_hw_firmware, err,
				   "only one of --extra, --list and --json can be given");
	r = hw_find_open(&f.find, out, &o->find, err);
	if (r == 0)
		r = hw_find_devices(&f.find, &cmd_hw_firmware, &o->find, err);
	if (r == 0)
		r = hw_files_find(&f.files, &f.find, &files, err);
	if (r == 0)
		r = print(&f, global->dry_run, err);
	hw_files_release(&f.files);
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
