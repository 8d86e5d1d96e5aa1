/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln install`: a kernel into a root, with its boot entry; back to the one before; what is installed. */
#include "install/install.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "kernel/cache.h"

#include <errno.h>
#include <sys/utsname.h>

extern const struct cmd cmd_install;

struct install_opts {
	const char *root, *initrd, *cmdline, *root_device;
	int layout, loader;
	uint64_t keep;
	bool rollback, list;
};

#define O(field) offsetof(struct install_opts, field)
static const struct opt install_opts[] = {
	/* clang-format off */
	{ "root", 0, OPT_STRING, O(root), "DIR", "install below this folder (default: /)", .complete = OC_DIR },
	{ "layout", 0, OPT_ENUM, O(layout), "boot|stalix", "where files go: /boot/vmlinuz-6.15.3 (default), or /bin/kernel-6-15", ins_layout_names, OC_ENUM },
	{ "loader", 0, OPT_ENUM, O(loader), "auto|grub|bls|extlinux|none", "which boot loader is told (default: the one that is there)", ins_loader_names, OC_ENUM },
	{ "initrd", 0, OPT_STRING, O(initrd), "FILE", "install this initramfs beside it", .complete = OC_FILE },
	{ "cmdline", 0, OPT_STRING, O(cmdline), "TEXT", "the kernel's parameters (default: those of the present default, else ro)" },
	{ "root-device", 0, OPT_STRING, O(root_device), "DEVICE", "what root= says, as PARTUUID=... (default: as for the present default, else GRUB finds the kernel's partition)" },
	{ "keep", 0, OPT_U64, O(keep), "N", "remove the oldest of kiln's own kernels until N are left", .min = 1, .max = 1000 },
	{ "rollback", 0, OPT_FLAG, O(rollback), NULL, "make the default before this one the default again" },
	{ "list", 0, OPT_FLAG, O(list), NULL, "show what is installed" },
	/* clang-format on */
};

static const char *const examples[] = {
	"kiln install linux-image-6.1.0-56-amd64.deb --initrd initrd.img",
	"kiln install . --loader grub --keep 3                   the build folder one stands in",
	"kiln install bzImage --layout stalix --root /mnt/ix",
	"kiln install KERNEL --root-device PARTUUID=$(findmnt -no PARTUUID /) --cmdline 'ro quiet'",
	"kiln install --rollback",
	NULL,
};

/* What was done, or would be. */

static void tell(struct out *out, const struct global_opts *global, const struct ins_result *r)
{
	if (global->json) {
		out_json(out,
			 json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "dry_run",
				   (int)global->dry_run, "default", out_json_text(r->now),
				   "previous", out_json_text(r->before), "removed",
				   out_json_texts(&r->removed), "steps", out_json_texts(&r->steps),
				   "notes", out_json_texts(&r->notes)));
	} else if (global->dry_run) {
		for (size_t i = 0; i < r->steps.n; i++)
			out_print(out, "%s\n", r->steps.v[i]);
	} else {
		for (size_t i = 0; i < r->steps.n; i++)
			out_detail(out, "%s", r->steps.v[i]);
		out_print(out, "default: %s\n", r->now ?: "the loader's own");
		out_print(out, "before:  %s\n", r->before ?: "the loader's own");
	}
	for (size_t i = 0; i < r->notes.n && !global->json; i++)
		out_note(out, "%s", r->notes.v[i]);
}

static int as_root(const struct ins_spec *spec, int r, struct err *err)
{
	if ((r == -EACCES || r == -EPERM) && geteuid() != 0 && !err->hint)
		return err_hint(err, r,
				"sudo kiln install ..., or --root with a folder of your own");
	return r;
}

static int install(struct out *out, const struct global_opts *global, const char *kernel,
		   const struct ins_spec *spec, struct err *err)
{
	struct ins_result res = { 0 };
	struct krn k = { 0 };
	int r = krn_resolve(kernel, "/", KRN_ARCH_UNKNOWN, spec->progress, &k, err);

	if (r == 0)
		r = ins_install(&k, spec, &res, err);
	out_progress_end(out);
	if (r == 0)
		tell(out, global, &res);
	ins_result_release(&res);
	krn_release(&k);
	krn_cache_prune(time(NULL));
	return as_root(spec, r, err);
}

static int rollback(struct out *out, const struct global_opts *global, const struct ins_spec *spec,
		    struct err *err)
{
	struct ins_result res = { 0 };
	int r = ins_rollback(spec, &res, err);

	if (r == 0)
		tell(out, global, &res);
	ins_result_release(&res);
	return as_root(spec, r, err);
}

/* What is installed. */

static const char *standing(const struct ins_state *s, const struct ins_kernel *k)
{
	if (str_eq(k->id, ins_default(s)))
		return "default";
	return str_eq(k->id, ins_previous(s)) ? "previous" : "";
}

static char *options_of(const struct ins_kernel *k)
{
	return xasprintf("%s%s%s%s", k->root_device ? "root=" : "",
			 k->root_device ? k->root_device
			 : k->probe	? "root=(found by GRUB)"
					: "",
			 k->root_device || k->probe ? " " : "", k->cmdline);
}

static int list_table(struct out *out, const char *root, const struct ins_state *s,
		      const char *running, struct err *err)
{
	static const char *const columns[] = { "RELEASE", "STANDING", "IMAGE", "COMMAND LINE" };
	struct table *t = table_new(columns, countof(columns));
	int r;

	for (size_t i = 0; i < s->kernels.n; i++) {
		const struct ins_kernel *k = &s->kernels.v[i];
		auto_free char *path = path_join(root, k->image);
		auto_free char *options = options_of(k);
		auto_free char *what =
			xasprintf("%s%s%s", standing(s, k),
				  *standing(s, k) && str_eq(k->release, running) ? ", " : "",
				  str_eq(k->release, running) ? "running" : "");
		bool there = access(path, F_OK) == 0;

		table_row(t);
		table_cell(t, k->release);
		table_cell_color(t, there ? what : "missing", there ? TABLE_PLAIN : TABLE_BAD);
		table_cell(t, k->image);
		table_cell(t, options);
	}
	r = table_print(t, out, err);
	table_free(t);
	return r;
}

static json_t *list_json(const char *root, const struct ins_state *s, const char *running)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->kernels.n; i++) {
		const struct ins_kernel *k = &s->kernels.v[i];
		auto_free char *path = path_join(root, k->image);

		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:o}",
				  "id", out_json_text(k->id), "release", out_json_text(k->release),
				  "arch", out_json_text(k->arch), "image", out_json_text(k->image),
				  "initrd", out_json_text(k->initrd), "cmdline",
				  out_json_text(k->cmdline), "root_device",
				  out_json_text(k->root_device), "default",
				  (int)str_eq(k->id, ins_default(s)), "previous",
				  (int)str_eq(k->id, ins_previous(s)), "running",
				  (int)str_eq(k->release, running), "there",
				  (int)(access(path, F_OK) == 0), "paths",
				  out_json_texts(&k->paths)));
	}
	return json_pack("{s:s, s:o, s:o}", "loader", ins_loader_names[s->loader],
			 "foreign_default", out_json_text(s->foreign), "kernels", list);
}

static int list(struct out *out, const struct ins_spec *spec, struct err *err)
{
	struct ins_state s;
	int r = ins_list(spec->root, &s, err);

	if (r < 0)
		return r;
	if (out->json)
		out_json(out, list_json(spec->root, &s, spec->running));
	else if (s.kernels.n)
		r = list_table(out, spec->root, &s, spec->running, err);
	else
		out_note(out, "nothing is installed below '%s' by kiln", spec->root);
	ins_state_release(&s);
	return r;
}

/* --list and --rollback stand alone. */
static int check_words(const struct install_opts *o, size_t n_args, struct err *err)
{
	const bool shows = o->list || o->rollback;

	if (o->list && o->rollback)
		return usage_error(&cmd_install, err, "--list and --rollback are two things");
	if (shows && n_args)
		return usage_error(&cmd_install, err, "%s takes no kernel",
				   o->list ? "--list" : "--rollback");
	if (shows &&
	    (o->initrd || o->cmdline || o->root_device || o->keep || o->layout || o->loader))
		return usage_error(&cmd_install, err, "%s takes --root alone",
				   o->list ? "--list" : "--rollback");
	if (n_args > 1)
		return usage_error(&cmd_install, err, "one kernel at a time");
	return 0;
}

static int run_install(struct out *out, const struct global_opts *global, void *opts, char **args,
		       size_t n_args, size_t dashes, struct err *err)
{
	const struct install_opts *o = opts;
	struct krn_progress progress = { out_on_progress, out };
	struct utsname u;
	struct ins_spec spec = {
		.root = o->root && *o->root ? o->root : "/",
		.layout = (enum ins_layout)o->layout,
		.loader = (enum ins_loader)o->loader,
		.initrd = o->initrd,
		.cmdline = o->cmdline,
		.root_device = o->root_device,
		.keep = o->keep,
		.running = uname(&u) == 0 ? u.release : NULL,
		.dry_run = global->dry_run,
		.progress = &progress,
	};
	int r = check_words(o, n_args, err);

	if (r == 0)
		r = path_check_current(err);
	if (r < 0)
		return r;
	if (o->list)
		return list(out, &spec, err);
	if (o->rollback)
		return rollback(out, global, &spec, err);
	return install(out, global, n_args ? args[0] : NULL, &spec, err);
}

const struct cmd cmd_install = {
	.name = "install",
	.args = "[KERNEL]",
	.summary = "install a kernel with its modules and boot entry, switch to it, go back",
	.examples = examples,
	.opts = install_opts,
	.n_opts = countof(install_opts),
	.opts_size = sizeof(struct install_opts),
	.style = OPT_MIXED,
	.acts = true,
	.facts = true,
	.run = run_install,
};
