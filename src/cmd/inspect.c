/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln inspect`: what a kernel is, and who can start it. */
#include "kernel/inspect.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "kernel/cache.h"

#include <inttypes.h>

struct inspect_opts {
	int loader; /* 0: all, else enum krn_for plus 1 */
};

static const char *const loaders[] = { "all", "bios", "uefi", "qemu", "pvh", NULL };

static const struct opt inspect_opts[] = {
	/* clang-format off */
	{ "for", 0, OPT_ENUM, offsetof(struct inspect_opts, loader), "bios|uefi|qemu|pvh", "ask of one way to start it alone; exit status 1 if it cannot", loaders, OC_ENUM },
	/* clang-format on */
};

static const char *const titles[KRN_FOR_COUNT] = {
	[KRN_FOR_BIOS] = "GRUB, BIOS",
	[KRN_FOR_UEFI] = "UEFI",
	[KRN_FOR_QEMU] = "qemu -kernel",
	[KRN_FOR_PVH] = "PVH, microvm",
};

static const char *format_name(const struct krn_facts *f)
{
	static const char *const names[] = {
		[KRN_BZIMAGE] = "bzImage",	 [KRN_ELF] = "vmlinux (ELF)",
		[KRN_IMAGE] = "Image",		 [KRN_IMAGE_COMP] = "compressed kernel",
		[KRN_ZBOOT] = "EFI zboot image",
	};

	return f->uki ? "unified kernel image" : names[f->image.format];
}

static const char *format_word(const struct krn_facts *f)
{
	static const char *const names[] = {
		[KRN_BZIMAGE] = "bzImage",	 [KRN_ELF] = "vmlinux", [KRN_IMAGE] = "Image",
		[KRN_IMAGE_COMP] = "compressed", [KRN_ZBOOT] = "zboot",
	};

	return f->uki ? "uki" : names[f->image.format];
}

static char *size_text(uint64_t n)
{
	if (n < 1 << 20)
		return xasprintf("%.1f KiB", (double)n / 1024);
	return xasprintf("%.1f MiB", (double)n / (1 << 20));
}

/* As text: one line a fact. */

static void row(struct out *o, const char *key, const char *fmt, ...) PRINTF(3, 4);
static void row(struct out *o, const char *key, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	out_print(o, "  %-14s%s\n", key, text);
}

static void print_what(struct out *o, const struct krn_facts *f)
{
	const struct krn_image *im = &f->image;
	auto_free char *size = size_text(f->file_size);
	auto_free char *unpacked = size_text(f->unpacked_size);
	auto_str struct str line = { 0 };

	str_addf(&line, "%s %s, %s", krn_arch_name(im->arch), format_name(f), size);
	if (im->comp != KRN_COMP_NONE)
		str_addf(&line, ", %s inside", krn_comp_name(im->comp));
	if (im->comp != KRN_COMP_NONE && f->unpacked_size)
		str_addf(&line, " (%s unpacked)", unpacked);
	row(o, "kernel", "%s", str_c(&line));
	row(o, "release", "%s", f->release ?: "unknown");
	if (im->version[0])
		row(o, "version", "%s", im->version);
	if (f->unpack_trouble)
		row(o, "inside", "could not be looked at: %s", f->unpack_trouble);
}

static void print_flags(struct out *o, const struct krn_facts *f)
{
	static const struct {
		uint16_t bit;
		const char *text;
	} flags[] = {
		{ KRN_XLF_KERNEL_64, "64-bit entry" },
		{ KRN_XLF_ABOVE_4G, "may lie above 4 GiB" },
		{ KRN_XLF_HANDOVER_32, "EFI handover 32-bit" },
		{ KRN_XLF_HANDOVER_64, "EFI handover 64-bit" },
		{ KRN_XLF_KEXEC, "EFI kexec" },
		{ KRN_XLF_5LEVEL, "5-level paging" },
		{ KRN_XLF_MEM_ENCRYPT, "memory encryption" },
	};
	auto_str struct str line = { 0 };

	for (size_t i = 0; i < countof(flags); i++)
		if (f->x86.xloadflags & flags[i].bit)
			str_addf(&line, ", %s", flags[i].text);
	row(o, "boot protocol", "%u.%02u%s", f->image.boot_protocol >> 8,
	    f->image.boot_protocol & 0xff, str_c(&line));
}

static void print_x86(struct out *o, const struct krn_facts *f)
{
	auto_free char *wanted = size_text(f->x86.init_size);

	print_flags(o, f);
	if (f->x86.init_size)
		row(o, "memory", "%s at 0x%" PRIx64 ", aligned to 0x%x, %srelocatable", wanted,
		    f->x86.pref_address, f->x86.alignment, f->image.relocatable ? "" : "not ");
	row(o, "initrd", "ends at 0x%x at most%s", f->x86.initrd_max,
	    f->x86.xloadflags & KRN_XLF_ABOVE_4G ? ", or above 4 GiB where it is entered in 64 bits"
						 : "");
}

static void print_flat(struct out *o, const struct krn_facts *f)
{
	auto_free char *wanted = size_text(f->flat.image_size);

	row(o, "memory", "%s, 0x%" PRIx64 " behind an aligned base%s", wanted, f->flat.text_offset,
	    f->flat.anywhere ? ", anywhere" : "");
	if (f->flat.page_kib)
		row(o, "pages", "%u KiB, %s-endian", f->flat.page_kib,
		    f->flat.big ? "big" : "little");
}

static void print_sections(struct out *o, const struct krn_pe *pe)
{
	auto_str struct str line = { 0 };

	for (size_t i = 0; i < pe->n_sections; i++) {
		auto_free char *size = size_text(pe->sections[i].used);

		str_adds(&line, i ? ", " : "");
		str_add_printable(&line, pe->sections[i].name, strlen(pe->sections[i].name));
		str_addf(&line, " %s", size);
	}
	row(o, "sections", "%s", str_c(&line));
}

static void print_signatures(struct out *o, const struct krn_signatures *all)
{
	if (!all->n)
		row(o, "signed", "no");
	for (size_t i = 0; i < all->n; i++) {
		const struct krn_signature *s = &all->v[i];

		row(o, "signed", "by %s%s%s", s->subject ?: "nobody known",
		    s->whole ? "; the file is as it was signed" : ", but ",
		    s->whole ? "" : s->trouble);
	}
}

static void print_pvh(struct out *o, const struct krn_facts *f)
{
	if (f->pvh == KRN_IS)
		row(o, "PVH", "entry at 0x%" PRIx64, f->pvh_entry);
	else
		row(o, "PVH", "%s", f->pvh == KRN_IS_NOT ? "no" : "unknown");
}

static void print_facts(struct out *o, const struct krn_facts *f)
{
	static const char *const config[] = { "not known whether inside", "not inside",
					      "inside (CONFIG_IKCONFIG)" };

	print_what(o, f);
	if (f->image.format == KRN_BZIMAGE)
		print_x86(o, f);
	else if (f->flat.image_size)
		print_flat(o, f);
	if (f->image.cmdline_max)
		row(o, "command line", "%u bytes", f->image.cmdline_max);
	if (f->is_pe)
		row(o, "EFI", "%s, subsystem %u, machine 0x%04x", f->pe.plus ? "PE32+" : "PE32",
		    f->pe.subsystem, f->pe.machine);
	else
		row(o, "EFI", "no stub");
	if (f->uki)
		print_sections(o, &f->pe);
	if (krn_arch_is_x86(f->image.arch))
		print_pvh(o, f);
	row(o, "configuration", "%s", config[f->ikconfig]);
	print_signatures(o, &f->signatures);
}

static void print_verdict(struct out *o, const char *indent, const char *title,
			  const struct krn_verdict *v)
{
	out_print(o, "%s%s%s: %s\n", indent, title, krn_answer_name(v->answer), v->reason);
	for (const char *p = v->hint; p && *p;) {
		size_t n = strcspn(p, "\n");

		out_print(o, "%s  %s%.*s\n", indent, p == v->hint ? "hint: " : "", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

/* As JSON. */

static json_t *known_json(enum krn_known k)
{
	return k == KRN_UNKNOWN ? json_null() : json_boolean(k == KRN_IS);
}

static json_t *x86_json(const struct krn_facts *f)
{
	const struct krn_x86 *x = &f->x86;

	if (f->image.format != KRN_BZIMAGE)
		return json_null();
	return json_pack(
		"{s:i, s:b, s:i, s:b, s:I, s:I, s:b, s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:I}",
		"protocol", (int)f->image.boot_protocol, "boot_flag", (int)f->image.boot_flag,
		"setup_sects", (int)x->setup_sects, "loaded_high",
		x->loadflags & KRN_LOADED_HIGH ? 1 : 0, "initrd_addr_max",
		(json_int_t)x->initrd_max, "kernel_alignment", (json_int_t)x->alignment,
		"relocatable", (int)f->image.relocatable, "pref_address",
		(json_int_t)x->pref_address, "init_size", (json_int_t)x->init_size, "entry_64",
		x->xloadflags & KRN_XLF_KERNEL_64 ? 1 : 0, "above_4g",
		x->xloadflags & KRN_XLF_ABOVE_4G ? 1 : 0, "handover_32",
		x->xloadflags & KRN_XLF_HANDOVER_32 ? 1 : 0, "handover_64",
		x->xloadflags & KRN_XLF_HANDOVER_64 ? 1 : 0, "level_5",
		x->xloadflags & KRN_XLF_5LEVEL ? 1 : 0, "handover_offset",
		(json_int_t)x->handover_offset);
}

static json_t *flat_json(const struct krn_facts *f)
{
	if (!f->flat.image_size)
		return json_null();
	return json_pack("{s:I, s:I, s:b, s:i}", "text_offset", (json_int_t)f->flat.text_offset,
			 "image_size", (json_int_t)f->flat.image_size, "big_endian",
			 (int)f->flat.big, "page_kib", (int)f->flat.page_kib);
}

static json_t *efi_json(const struct krn_facts *f)
{
	json_t *sections = json_array();

	for (size_t i = 0; f->uki && i < f->pe.n_sections; i++)
		json_array_append_new(sections,
				      json_pack("{s:o, s:I}", "name",
						out_json_text(f->pe.sections[i].name), "size",
						(json_int_t)f->pe.sections[i].used));
	if (!f->is_pe) {
		json_decref(sections);
		return json_null();
	}
	return json_pack("{s:i, s:i, s:b, s:b, s:o}", "machine", (int)f->pe.machine, "subsystem",
			 (int)f->pe.subsystem, "pe32_plus", (int)f->pe.plus, "unified", (int)f->uki,
			 "sections", sections);
}

static json_t *signatures_json(const struct krn_signatures *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct krn_signature *s = &all->v[i];

		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:b, s:o}", "subject",
						out_json_text(s->subject), "issuer",
						out_json_text(s->issuer), "whole", (int)s->whole,
						"trouble", out_json_text(s->trouble)));
	}
	return list;
}

static json_t *verdict_json(const struct krn_verdict *v)
{
	return json_pack("{s:s, s:o, s:o}", "answer", krn_answer_name(v->answer), "reason",
			 out_json_text(v->reason), "hint", out_json_text(v->hint));
}

static json_t *facts_json(const char *spec, const struct krn *k, const struct krn_facts *f)
{
	const struct krn_image *im = &f->image;
	json_t *o = json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:I, s:s, s:I}", "kernel",
			      out_json_text(spec), "image", out_json_text(k->image), "format",
			      format_word(f), "arch", krn_arch_name(im->arch), "release",
			      out_json_text(f->release), "version",
			      out_json_text(im->version[0] ? im->version : NULL), "size",
			      (json_int_t)f->file_size, "compression", krn_comp_name(im->comp),
			      "unpacked_size", (json_int_t)f->unpacked_size);

	json_object_set_new(o, "cmdline_max", json_integer(im->cmdline_max));
	json_object_set_new(o, "x86", x86_json(f));
	json_object_set_new(o, "flat", flat_json(f));
	json_object_set_new(o, "efi", efi_json(f));
	json_object_set_new(o, "pvh", known_json(f->pvh));
	json_object_set_new(o, "pvh_entry", json_integer((json_int_t)f->pvh_entry));
	json_object_set_new(o, "ikconfig", known_json(f->ikconfig));
	json_object_set_new(o, "signatures", signatures_json(&f->signatures));
	json_object_set_new(o, "trouble", out_json_text(f->unpack_trouble));
	return o;
}

/* One file. */

struct job {
	struct out *out;
	int loader;
	size_t n; /* files told */
	json_t *list;
	int status;
};

static void tell_all(struct job *job, const char *spec, const struct krn *k,
		     const struct krn_facts *f)
{
	json_t *boots = job->list ? json_object() : NULL;

	if (!job->list) {
		out_print(job->out, "%s%s\n", job->n ? "\n" : "", k->image);
		print_facts(job->out, f);
	}
	for (unsigned i = 0; i < KRN_FOR_COUNT; i++) {
		struct krn_verdict v;
		auto_free char *title = xasprintf("%-14s", titles[i]);

		krn_verdict(f, i, &v);
		if (job->list)
			json_object_set_new(boots, krn_for_names[i], verdict_json(&v));
		else
			print_verdict(job->out, "  ", title, &v);
		krn_verdict_release(&v);
	}
	if (job->list) {
		json_t *o = facts_json(spec, k, f);

		json_object_set_new(o, "boots", boots);
		json_array_append_new(job->list, o);
	}
}

static void tell_one(struct job *job, const char *spec, const struct krn *k,
		     const struct krn_facts *f)
{
	auto_free char *title = xasprintf("%s: ", spec);
	struct krn_verdict v;

	krn_verdict(f, (enum krn_for)(job->loader - 1), &v);
	if (v.answer == KRN_NO)
		job->status = EXIT_NO;
	if (job->list) {
		json_t *o = facts_json(spec, k, f), *boots = json_object();

		json_object_set_new(boots, krn_for_names[job->loader - 1], verdict_json(&v));
		json_object_set_new(o, "boots", boots);
		json_array_append_new(job->list, o);
	} else {
		print_verdict(job->out, "", title, &v);
	}
	krn_verdict_release(&v);
}

static int inspect_one(struct job *job, const char *spec, struct err *err)
{
	struct krn_progress progress = { out_on_progress, job->out };
	struct krn_facts f;
	struct krn k;
	int r = krn_inspect(spec, "/", &progress, &f, &k, err);

	out_progress_end(job->out);
	if (r < 0)
		return r;
	if (job->loader)
		tell_one(job, spec, &k, &f);
	else
		tell_all(job, spec, &k, &f);
	job->n++;
	krn_facts_release(&f);
	krn_release(&k);
	return 0;
}

/* Of several files one that is no kernel does not keep the others from being told. */
static int inspect_each(struct job *job, char **args, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		auto_err struct err why = { 0 };

		if (inspect_one(job, args[i], &why) == 0)
			continue;
		if (n == 1) {
			err_move(err, &why);
			return err->code;
		}
		job->status = EXIT_KILN;
		if (job->list)
			json_array_append_new(job->list, json_pack("{s:o, s:o, s:o}", "kernel",
								   out_json_text(args[i]), "error",
								   out_json_text(why.msg), "hint",
								   out_json_text(why.hint)));
		out_warn(job->out, "%s", why.msg);
	}
	return 0;
}

static int run_inspect(struct out *out, const struct global_opts *global, void *opts, char **args,
		       size_t n_args, size_t dashes, struct err *err);

static const char *const examples[] = {
	"kiln inspect arch/x86/boot/bzImage",
	"kiln inspect --for bios /boot/vmlinuz-* || echo 'GRUB cannot start all of them'",
	"kiln inspect --json linux-image-6.1.0-56-amd64.deb",
	NULL,
};

const struct cmd cmd_inspect = {
	.name = "inspect",
	.args = "KERNEL...",
	.summary = "what a kernel is, and which loaders can start it",
	.examples = examples,
	.opts = inspect_opts,
	.n_opts = countof(inspect_opts),
	.opts_size = sizeof(struct inspect_opts),
	.style = OPT_MIXED,
	.facts = true,
	.run = run_inspect,
};

static int run_inspect(struct out *out, const struct global_opts *global, void *opts, char **args,
		       size_t n_args, size_t dashes, struct err *err)
{
	const struct inspect_opts *o = opts;
	struct job job = { .out = out, .loader = o->loader };
	int r;

	if (!n_args)
		return usage_error(&cmd_inspect, err, "which kernel?");
	r = path_check_current(err);
	if (r < 0)
		return r;
	job.list = global->json ? json_array() : NULL;
	r = inspect_each(&job, args, n_args, err);
	if (r == 0 && job.list)
		out_json(out, job.list);
	else
		json_decref(job.list);
	krn_cache_prune(time(NULL));
	return r < 0 ? r : job.status;
}
