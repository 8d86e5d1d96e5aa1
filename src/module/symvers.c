/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a line are cut where it lies in the arena; what the map has points there. */
#include "module/symvers.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

#define FILE_MAX (64 << 20)

enum { AT_CRC, AT_NAME, AT_MODULE, AT_TYPE, AT_NS, N_FIELDS };

/* Cuts line at its tabs; how many fields there are. */
static size_t cut(char *line, char *ret[N_FIELDS])
{
	size_t n = 0;

	for (char *p = line; p && n < N_FIELDS; n++) {
		char *tab = strchr(p, '\t');

		ret[n] = p;
		if (tab)
			*tab++ = '\0';
		p = tab;
	}
	return n;
}

static int add_line(struct mod_symvers *s, char *line, struct err *err, const char *name, int at)
{
	char *field[N_FIELDS] = { 0 };
	struct mod_symbol *sym;
	uint64_t crc;

	if (cut(line, field) < AT_NS || !str_starts(field[AT_CRC], "0x") ||
	    !str_u64(field[AT_CRC], &crc) || crc > UINT32_MAX || !*field[AT_NAME] ||
	    !str_starts(field[AT_TYPE], "EXPORT_"))
		return err_set(err, -EINVAL, "%s:%d: not a line of Module.symvers", name, at);
	sym = arena_alloc(&s->mem, sizeof(*sym));
	sym->crc = (uint32_t)crc;
	sym->module = field[AT_MODULE];
	sym->ns = field[AT_NS] && *field[AT_NS] ? field[AT_NS] : NULL;
	/* EXPORT_SYMBOL_GPL, and EXPORT_SYMBOL_GPL_FUTURE before 5.12 */
	sym->gpl = strstr(field[AT_TYPE], "_GPL") != NULL;
	map_set(&s->by_name, field[AT_NAME], sym);
	return 0;
}

int mod_symvers_parse(struct mod_symvers *s, const char *text, size_t n, const char *name,
		      struct err *err)
{
	int at = 1, r = 0;

	for (const char *p = text, *end = text + n; p < end && r == 0; at++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p)) ?: end;
		char *line = arena_strndup(&s->mem, p, (size_t)(eol - p));

		if (*line)
			r = add_line(s, line, err, name, at);
		p = eol + 1;
	}
	return r;
}

int mod_symvers_read(struct mod_symvers *s, const char *path, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, path, FILE_MAX, &text, err);

	return r < 0 ? r : mod_symvers_parse(s, str_c(&text), text.n, path, err);
}

const struct mod_symbol *mod_symvers_get(const struct mod_symvers *s, const char *symbol)
{
	return map_get(&s->by_name, symbol);
}

void mod_symvers_release(struct mod_symvers *s)
{
	map_release(&s->by_name, NULL);
	arena_release(&s->mem);
	*s = (struct mod_symvers){ 0 };
}
