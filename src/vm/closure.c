/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collecting a program and its libraries. The loader is asked, since only it knows how it searches.
 */
#include "vm/closure.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#define PROGRAM_MAX ((size_t)512 * 1024 * 1024)
#define DEPTH_MAX   5

static void add_folders(struct cpio *c, struct strv *made, const char *name)
{
	auto_free char *part = xstrdup(name);

	for (char *p = part; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (!strv_has(made, part)) {
			cpio_dir(c, part, 0755);
			strv_add(made, part);
		}
		*p = '/';
	}
}

/* path is absolute; in the archive it stands at the same place. */
static int add_file(struct cpio *c, struct strv *made, const char *path, const struct str *data)
{
	const char *name = path + 1;

	if (strv_has(made, name))
		return 0;
	add_folders(c, made, name);
	cpio_file(c, name, 0755, data->s, data->n);
	strv_add(made, name);
	return 0;
}

/* The text of PT_INTERP, or NULL: static, or not a program of this word size. */
static const char *interpreter(const struct str *data)
{
	const Elf64_Ehdr *eh = (const void *)data->s;

	if (data->n < sizeof(*eh) || memcmp(data->s, ELFMAG, SELFMAG) != 0 ||
	    eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    eh->e_phoff > data->n || eh->e_phnum > (data->n - eh->e_phoff) / sizeof(Elf64_Phdr))
		return NULL;
	for (size_t i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, data->s + eh->e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_INTERP && ph.p_filesz && ph.p_offset < data->n &&
		    ph.p_filesz <= data->n - ph.p_offset && !data->s[ph.p_offset + ph.p_filesz - 1])
			return data->s + ph.p_offset;
	}
	return NULL;
}

static int add_path(struct cpio *c, struct strv *made, const char *path, int depth,
		    struct err *err);

/* Lines of "ld.so --list": "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)". */
static int add_listed(struct cpio *c, struct strv *made, const char *program, const char *loader,
		      int depth, struct err *err)
{
	auto_strv struct strv argv = { 0 };
	auto_proc_result struct proc_result res = { 0 };
	struct proc_spec spec = { 0 };
	int r;

	strv_adds(&argv, loader, "--list", program, NULL);
	spec.argv = argv.v;
	r = proc_run(&spec, NULL, 10 * NSEC_PER_SEC, 1 << 20, &res, err);
	if (r < 0)
		return r;
	if (res.status != 0)
		return err_set(err, -ENOEXEC, "cannot list the libraries of '%s': %s", program,
			       str_c(&res.errout));
	for (char *save = NULL, *line = strtok_r(res.out.s, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *file = strstr(line, " => "), *end;

		file = file ? file + 4 : line + strspn(line, "\t ");
		end = strstr(file, " (0x");
		if (*file != '/' || !end)
			continue;
		*end = 0;
		r = add_path(c, made, file, depth + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_script(struct cpio *c, struct strv *made, const struct str *data, int depth,
		      struct err *err)
{
	const char *p = data->s + 2;
	auto_free char *name = NULL;

	p += strspn(p, " \t");
	name = xstrndup(p, strcspn(p, " \t\r\n"));
	return *name == '/' ? add_path(c, made, name, depth + 1, err) : 0;
}

static int add_path(struct cpio *c, struct strv *made, const char *path, int depth, struct err *err)
{
	auto_str struct str data = { 0 };
	const char *loader;
	int r;

	if (strv_has(made, path + 1))
		return 0;
	if (depth > DEPTH_MAX)
		return err_set(err, -ELOOP, "'%s' needs interpreters of interpreters without end",
			       path);
	r = file_read(AT_FDCWD, path, PROGRAM_MAX, &data, err);
	if (r < 0)
		return r;
	add_file(c, made, path, &data);
	if (data.n > 2 && data.s[0] == '#' && data.s[1] == '!')
		return add_script(c, made, &data, depth, err);
	loader = interpreter(&data);
	if (!loader || str_ends(path_base(path), ".so") || strstr(path_base(path), ".so."))
		return 0;
	r = add_path(c, made, loader, depth + 1, err);
	return r < 0 ? r : add_listed(c, made, path, loader, depth, err);
}

int vm_closure_add(struct cpio *c, struct strv *made, const char *program, struct err *err)
{
	int r = add_path(c, made, program, 0, err);

	return r < 0 ? err_wrap(err, r, "cannot put '%s' into the guest", program) : 0;
}
