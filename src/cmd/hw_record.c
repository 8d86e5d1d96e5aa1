/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln hw record`: a machine to take along. */
#include "base/file.h"
#include "cmd/cmd.h"
#include "hw/kmsg.h"
#include "hw/record.h"

#include <errno.h>
#include <fcntl.h>

extern const struct cmd cmd_hw_record;

struct record_opts {
	const char *output, *root;
	bool secrets;
};

static const struct opt opts[] = {
	/* clang-format off */
	{ "output", 'o', OPT_STRING, offsetof(struct record_opts, output), "FILE", "where the record goes; - is standard output", .complete = OC_FILE },
	{ "root", 0, OPT_STRING, offsetof(struct record_opts, root), "DIR", "the folder with sys and proc in it, instead of /", .complete = OC_DIR },
	{ "with-secrets", 0, OPT_FLAG, offsetof(struct record_opts, secrets), NULL, "serial numbers and hardware addresses too" },
	/* clang-format on */
};

static int write_out(struct out *out, const char *path, const struct str *packed, struct err *err)
{
	if (!str_eq(path, "-"))
		return file_write_out(path, packed->s, packed->n, err);
	if (isatty(fileno(out->result)))
		return usage_error(&cmd_hw_record, err, "a record is nothing for a terminal");
	fwrite(packed->s, 1, packed->n, out->result);
	return 0;
}

/* What a record would hold. */
static void list(struct out *out, const struct hw_record *r)
{
	for (size_t i = 0; i < r->n; i++)
		out_print(out, "%s%s%s\n", r->v[i].path, r->v[i].link ? " -> " : "",
			  r->v[i].link ? r->v[i].data : "");
}

static int record(struct out *out, const struct record_opts *o, bool dry_run, struct err *err)
{
	const char *root = o->root ? o->root : "/";
	auto_close int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *log = o->root ? NULL : hw_kmsg_here();
	const struct hw_record_opts opts_ = { .secrets = o->secrets, .log = log };
	auto_hw_record struct hw_record rec = { 0 };
	auto_str struct str packed = { 0 };
	int r;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", root);
	r = hw_record(fd, &opts_, &rec, err);
	if (r < 0)
		return err_wrap(err, r, "'%s'", root);
	if (dry_run) {
		list(out, &rec);
		return 0;
	}
	r = hw_record_pack(&rec, &packed, err);
	if (r == 0)
		r = write_out(out, o->output, &packed, err);
	if (r == 0)
		out_note(out, "%zu files and links recorded%s", rec.n,
			 o->secrets ? ", secrets among them"
				    : ", no serial numbers, no hardware addresses");
	return r;
}

static int run_record(struct out *out, const struct global_opts *global, void *o, char **args,
		      size_t n_args, size_t dashes, struct err *err)
{
	const struct record_opts *ro = o;

	if (n_args)
		return usage_error(&cmd_hw_record, err, "unexpected argument '%s'", args[0]);
	if (!ro->output && !global->dry_run)
		return usage_error(&cmd_hw_record, err, "where to? -o FILE is missing");
	return record(out, ro, global->dry_run, err);
}

static const char *const examples[] = {
	"kiln hw record -o m.tar.zst",
	"kiln hw record --dry-run",
	"kiln hw scan --from m.tar.zst",
	NULL,
};

const struct cmd cmd_hw_record = {
	.name = "hw record",
	.args = "-o FILE",
	.summary = "take what tells of this machine's hardware along in a file",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct record_opts),
	.acts = true,
	.run = run_record,
};
