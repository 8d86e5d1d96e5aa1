/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kiln run: the command line, turned into a vm_run_spec; the outcome, turned into an exit status.
 */
#include "cmd/cmd.h"
#include "cmd/env.h"

#include "base/clock.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "vm/run.h"
#include "vm/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

extern char **environ;
extern const struct cmd cmd_run;

struct run_opts {
	const char *root, *cwd, *user, *initrd, *net, *console, *arch, *qemu;
	struct strv shares, env, append, disks, qemu_args;
	uint64_t cpus, memory, timeout, gdb;
	int accel, fs, machine;
	bool no_tune;
};

static const char *const boards[] = { "auto", "pc", "q35", "microvm", "virt", NULL };

#define O(field) offsetof(struct run_opts, field)
static const struct opt run_options[] = {
	/* clang-format off */
	{ "root", 0, OPT_STRING, O(root), "host|none|DIR", "what the guest sees as /, under a layer that takes its writes (default: host)", .complete = OC_DIR },
	{ "share", 0, OPT_LIST, O(shares), "HOST[:GUEST][:ro|rw|cow]", "show a folder of the host to the guest (default: ro, at its own path)", .complete = OC_DIR },
	{ "cwd", 0, OPT_STRING, O(cwd), "DIR", "where the command starts (default: the current folder)", .complete = OC_DIR },
	{ "env", 0, OPT_LIST, O(env), "NAME[=VALUE]", "set a variable for the command; without a value: remove it" },
	{ "user", 'u', OPT_STRING, O(user), "USER", "run the command as this user of the guest (default: root)" },
	{ "cpus", 'c', OPT_U64, O(cpus), "N", "processors (default: the host's up to 8 under kvm, 1 under tcg)", .min = 1, .max = 512 },
	{ "memory", 'm', OPT_SIZE, O(memory), "SIZE", "memory, as 512M or 2G (default: 1G)" },
	{ "append", 'a', OPT_LIST, O(append), "PARAMS", "add kernel parameters; they stand last and win" },
	{ "initrd", 0, OPT_STRING, O(initrd), "FILE", "unpack this initramfs below kiln's own", .complete = OC_FILE },
	{ "net", 0, OPT_STRING, O(net), "none|user[,PORT:PORT...]", "network (default: none); HOST:GUEST forwards a TCP port of 127.0.0.1" },
	{ "disk", 0, OPT_LIST, O(disks), "FILE[:FORMAT][:ro]", "a disk image as /dev/vda and so on (format: by name, else raw)", .complete = OC_FILE },
	{ "timeout", 't', OPT_SPAN, O(timeout), "TIME", "end the run after this time, as 90s or 5m, with status 124" },
	{ "console", 0, OPT_STRING, O(console), "FILE|-", "write the guest's console to a file, or to stderr", .complete = OC_FILE },
	{ "gdb", 0, OPT_U64, O(gdb), "PORT", "wait for gdb at 127.0.0.1:PORT before the first instruction", .min = 1, .max = 65535 },
	{ "arch", 0, OPT_STRING, O(arch), "ARCH", "expect a kernel of this architecture: x86_64, arm64" },
	{ "accel", 0, OPT_ENUM, O(accel), "auto|kvm|tcg", "acceleration (default: the best that is proved to work)", vm_accel_names, OC_ENUM },
	{ "fs", 0, OPT_ENUM, O(fs), "auto|9p|virtiofs", "how files are shared (default: what kernel and host can do)", vm_fs_names, OC_ENUM },
	{ "machine", 0, OPT_ENUM, O(machine), "auto|pc|q35|microvm|virt", "QEMU's machine type (default: the fastest that is reliable)", boards, OC_ENUM },
	{ "no-tune", 0, OPT_FLAG, O(no_tune), NULL, "leave out what only makes the boot faster (-v shows what that is)" },
	{ "qemu", 0, OPT_STRING, O(qemu), "PROGRAM", "use this QEMU", .complete = OC_FILE },
	{ "qemu-arg", 0, OPT_LIST, O(qemu_args), "ARG", "add an argument to QEMU's command line" },
	/* clang-format on */
};

static const char *const run_examples[] = {
	"kiln run -- uname -r                            the newest installed kernel",
	"kiln run arch/x86/boot/bzImage                  a shell under a kernel just built",
	"kiln run linux-image-6.1.0-56-amd64.deb -- lsmod",
	"kiln run . --share out:rw -- make -C tests O=out",
	"kiln run bzImage --root none -- ./static-test",
	NULL,
};

static void on_note(void *ctx, const char *text)
{
	out_note(ctx, "%s", text);
}

static void on_detail(void *ctx, const char *text)
{
	out_detail(ctx, "%s", text);
}

/* Options, one by one. */

static int parse_ports(const char *text, struct vm_run_spec *spec, struct err *err)
{
	auto_free char *copy = xstrdup(text);

	for (char *save = NULL, *p = strtok_r(copy, ",", &save); p;
	     p = strtok_r(NULL, ",", &save)) {
		char *colon = strchr(p, ':');
		uint64_t host, guest;

		if (colon)
			*colon++ = 0;
		if (!colon || !str_u64(p, &host) || !str_u64(colon, &guest) || !host || !guest ||
		    host > 65535 || guest > 65535)
			return usage_error(&cmd_run, err,
					   "--net user,%s: ports are HOST:GUEST, 1 to 65535", text);
		vec_push(&spec->forwards, ((struct vm_forward){ (uint16_t)host, (uint16_t)guest }));
	}
	return 0;
}

static int parse_net(const char *net, struct vm_run_spec *spec, struct err *err)
{
	const char *ports = net;

	if (!net || str_eq(net, "none"))
		return 0;
	if (!str_skip(&ports, "user") || (*ports && *ports != ','))
		return usage_error(&cmd_run, err,
				   "--net takes none or user[,HOST:GUEST...], not '%s'", net);
	spec->net = true;
	return *ports ? parse_ports(ports + 1, spec, err) : 0;
}

static bool is_format(const char *s)
{
	static const char *const formats[] = {
		"raw", "qcow2", "vmdk", "vdi", "vhdx", "vpc", "qed"
	};

	for (size_t i = 0; i < countof(formats); i++)
		if (str_eq(s, formats[i]))
			return true;
	return false;
}

/* FILE[:FORMAT][:ro]; what is no format and not ro belongs to the file's name. */
static int parse_disk(const char *text, struct vm_run_spec *spec, struct err *err)
{
	auto_free char *file = xstrdup(text);
	struct vm_disk d = { 0 };
	const char *format = NULL;
	char *colon;

	while ((colon = strrchr(file, ':'))) {
		if (!d.readonly && str_eq(colon + 1, "ro"))
			d.readonly = true;
		else if (!format && is_format(colon + 1))
			format = colon + 1;
		else
			break;
		*colon = 0;
	}
	if (access(file, d.readonly ? R_OK : R_OK | W_OK) < 0) {
		auto_free char *readonly = xasprintf("%s:ro", file);
		auto_str struct str word = { 0 };
		int r = err_sys(err, "cannot use '%s' as a disk", file);

		str_add_quoted(&word, readonly);
		return r == -EACCES && !d.readonly && access(file, R_OK) == 0
			       ? err_hint(err, r, "read-only: --disk %s", str_c(&word))
			       : r;
	}
	if (!format)
		format = str_ends(file, ".qcow2") ? "qcow2" : "raw";
	d.path = path_abs(file);
	d.format = xstrdup(format);
	vec_push(&spec->disks, d);
	return 0;
}

static int parse_lists(const struct run_opts *o, struct vm_run_spec *spec, struct err *err)
{
	int r = parse_net(o->net, spec, err);

	for (size_t i = 0; r == 0 && i < o->shares.n; i++) {
		struct vm_share s;

		r = vm_share_parse(o->shares.v[i], &s, err);
		if (r == 0)
			vec_push(&spec->shares, s);
		else if (r == -EINVAL)
			r = usage_error_of(&cmd_run, err);
	}
	for (size_t i = 0; r == 0 && i < o->disks.n; i++)
		r = parse_disk(o->disks.v[i], spec, err);
	return r;
}

static int parse_scalars(const struct run_opts *o, struct vm_run_spec *spec, struct err *err)
{
	if (o->arch) {
		spec->arch = krn_arch_parse(o->arch);
		if (spec->arch == KRN_ARCH_UNKNOWN)
			return usage_error(&cmd_run, err,
					   "--arch: '%s' is no architecture kiln knows", o->arch);
	}
	if (o->memory && o->memory < (32 << 20))
		return usage_error(&cmd_run, err,
				   "--memory: at least 32M; a number without a unit is in bytes");
	spec->cpus = (unsigned)o->cpus;
	spec->memory = o->memory;
	spec->gdb = (uint16_t)o->gdb;
	spec->timeout_ns = o->timeout;
	spec->accel = (enum vm_accel)o->accel;
	spec->fs = (enum vm_fs)o->fs;
	spec->board = (enum vm_board)o->machine;
	return 0;
}

static int open_console(const char *where, int *ret_fd, struct err *err)
{
	*ret_fd = -1;
	if (!where)
		return 0;
	*ret_fd = str_eq(where, "-") ? fcntl(2, F_DUPFD_CLOEXEC, 3)
				     : open(where, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return *ret_fd < 0 ? err_sys(err, "cannot write the console to '%s'", where) : 0;
}

/*
 * KERNEL is the first argument before "--". Without "--", what follows the first argument is the
 * command.
 */
static void split_args(char **args, size_t n, size_t dashes, struct vm_run_spec *spec)
{
	size_t first = 0;

	if (n && dashes > 0) {
		spec->kernel = args[0];
		first = 1;
	}
	spec->argv = args + first;
}

static void set_streams(struct vm_run_spec *spec)
{
	struct stat st;

	for (int i = 0; i < 3; i++)
		spec->fds[i] = fstat(i, &st) == 0 ? i : -1;
	/* In the background a terminal is not kiln's to change. */
	spec->tty = isatty(0) && isatty(1) && vm_tty_is_ours(0);
}

/* One server per share, and its socket to wait for: QEMU does not. */
static void print_servers(struct out *out, const struct vm_plan *p)
{
	auto_str struct str dir = { 0 };

	str_add_quoted(&dir, p->run_dir);
	out_print(out, "mkdir -p %s\n", str_c(&dir));
	for (size_t i = 0; i < p->machine.n_shares; i++) {
		auto_free char *server = vm_virtiofsd_line(&p->virtiofsd, &p->machine.shares[i]);

		out_print(out, "%s\n", server);
	}
	for (size_t i = 0; i < p->machine.n_shares; i++) {
		auto_str struct str sock = { 0 };

		str_add_quoted(&sock, p->machine.shares[i].socket);
		out_print(out, "timeout 5 sh -c 'until [ -S \"$0\" ]; do sleep 0.1; done' %s\n",
			  str_c(&sock));
	}
}

/* What --dry-run prints: the one line, and before it what must be running already. */
static int print_plan(struct out *out, const struct global_opts *global, const struct vm_plan *p)
{
	auto_free char *line = strv_quoted(p->argv.v);

	if (global->json) {
		json_t *argv = json_array();

		for (size_t i = 0; i < p->argv.n; i++)
			json_array_append_new(argv, out_json_text(p->argv.v[i]));
		out_json(out, json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:s}", "argv", argv,
					"kernel", out_json_text(p->kernel.image), "release",
					out_json_text(p->kernel.release), "accel",
					vm_accel_name(p->accel.accel), "cpu", p->accel.cpu,
					"machine", vm_board_name(p->machine.board), "share",
					p->machine.n_shares ? vm_fs_name(p->fs) : "none"));
		return EXIT_OK;
	}
	if (p->run_dir)
		print_servers(out, p);
	out_print(out, "%s\n", line);
	return EXIT_OK;
}

static void tell_times(struct out *out, const struct vm_times *t)
{
	double ms = (double)NSEC_PER_MSEC;

	if (t->exit)
		out_detail(
			out,
			"times: PID 1 after %.0f ms, command after %.0f ms, ended after %.0f ms, all gone after %.0f ms",
			(double)(t->hello - t->begin) / ms, (double)(t->run - t->begin) / ms,
			(double)(t->exit - t->begin) / ms, (double)(t->end - t->begin) / ms);
}

static int boot(struct out *out, const struct vm_run_spec *spec, struct vm_plan *p, struct err *err)
{
	struct vm_outcome o = { 0 };
	auto_err struct err why = { 0 };
	int r = vm_plan_run(spec, p, &o, err);

	if (r < 0)
		return r;
	tell_times(out, &o.times);
	if (o.console_error)
		out_warn(out, "the console could not be written in full: %s",
			 strerror(o.console_error));
	r = vm_diagnose(spec, p, &o, &why);
	if (r)
		out_error(out, &why);
	else
		r = o.status;
	vm_outcome_release(&o);
	return r;
}

static int plan_and_boot(struct out *out, const struct global_opts *global,
			 const struct vm_run_spec *spec, struct err *err)
{
	auto_err struct err why = { 0 };
	struct vm_plan p;
	int r = vm_plan_make(spec, &p, &why);

	out_progress_end(out);
	if (r == VM_ELACKS) {
		out_error(out, &why);
		return EXIT_NOT_UP;
	}
	if (r < 0) {
		err_move(err, &why);
		return r;
	}
	r = global->dry_run ? print_plan(out, global, &p) : boot(out, spec, &p, err);
	vm_plan_release(&p);
	return r;
}

static int run(struct out *out, const struct global_opts *global, void *opts, char **args,
	       size_t n_args, size_t dashes, struct err *err)
{
	const struct run_opts *o = opts;
	struct krn_progress progress = { out_on_progress, out };
	auto_strv struct strv env = { 0 };
	struct vm_run_spec spec = {
		.root = o->root ? o->root : "host",
		.cwd = o->cwd,
		.user = o->user,
		.append = o->append.v,
		.initrd = o->initrd,
		.qemu = o->qemu,
		.qemu_args = o->qemu_args.v,
		.no_tune = o->no_tune,
		.chatty = global->verbose > 0,
		.progress = &progress,
		.note = on_note,
		.detail = on_detail,
		.ctx = out,
		.console_fd = -1,
	};
	int r;

	if (global->json && !global->dry_run)
		return usage_error(
			&cmd_run, err,
			"--json goes with --dry-run: otherwise the output is the command's");
	r = path_check_current(err);
	if (r < 0)
		return r;
	env_for_guest(environ, &o->env, &env);
	spec.env = env.v;
	set_streams(&spec);
	split_args(args, n_args, dashes, &spec);
	r = parse_scalars(o, &spec, err);
	if (r == 0)
		r = parse_lists(o, &spec, err);
	if (r == 0 && !global->dry_run)
		r = open_console(o->console, &spec.console_fd, err);
	if (r == 0)
		r = plan_and_boot(out, global, &spec, err);
	if (!global->dry_run)
		krn_cache_prune(time(NULL));
	close_fd(spec.console_fd);
	vm_run_spec_release(&spec);
	return r;
}

static void release(void *opts)
{
	struct run_opts *o = opts;

	strv_release(&o->shares);
	strv_release(&o->env);
	strv_release(&o->append);
	strv_release(&o->disks);
	strv_release(&o->qemu_args);
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "[KERNEL] [--] [CMD [ARG...]]",
	.summary = "boot a kernel with the host's files, run a command in it, exit with its status",
	.examples = run_examples,
	.opts = run_options,
	.n_opts = countof(run_options),
	.opts_size = sizeof(struct run_opts),
	.style = OPT_STOP2,
	.acts = true,
	.facts = true,
	.run = run,
	.release = release,
};
