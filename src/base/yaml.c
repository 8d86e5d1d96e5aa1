/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcyaml, and its log made into an error. It logs a message, then a backtrace, one line for each level from the
 * inside out:
 *
 *	Load: Unexpected key: wants
 *	Load: Backtrace:
 *	  in mapping (line: 3, column: 13)
 *	  in sequence entry '1' (line: 3, column: 5)
 *	  in mapping field 'requires' (line: 3, column: 3)
 *
 * The lines are those of the last thing read there: of an unknown key or of what is no YAML, the line before, so these two
 * are looked for.
 */
#include "base/yaml.h"

#include "base/dl.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

#define MAX_YAML (4 << 20)

DL_FUNC(cyaml_load_data);
DL_FUNC(cyaml_free);
DL_FUNC(cyaml_strerror);

static const struct dl_sym syms[] = {
	DL_SYM(cyaml_load_data),
	DL_SYM(cyaml_free),
	DL_SYM(cyaml_strerror),
};

struct log {
	char *message;	  /* the first */
	struct str where; /* "requires, entry 1", without the keys that stand further out */
	uint64_t line;	  /* 0: unknown */
	bool traced;	  /* the backtrace has begun */
};

static void log_release(struct log *l)
{
	free(l->message);
	str_release(&l->where);
}

/* What stands between two marks in text; NULL: it does not. */
static char *between(const char *text, const char *from, const char *to)
{
	const char *a = strstr(text, from), *b;

	if (!a)
		return NULL;
	a += strlen(from);
	b = strstr(a, to);
	return b ? xstrndup(a, (size_t)(b - a)) : NULL;
}

/* One level: it goes in front of those further in. */
static void take_level(struct log *l, const char *text)
{
	auto_free char *line = between(text, "line: ", ",");
	auto_free char *field = between(text, "field '", "'");
	auto_free char *entry = between(text, "entry '", "'");
	auto_free char *rest = str_take(&l->where);

	if (line && !l->line && !str_u64(line, &l->line))
		l->line = 0;
	if (field)
		str_addf(&l->where, "%s%s%s", field, *rest ? ", " : "", rest);
	else if (entry && !str_eq(entry, "0"))
		str_addf(&l->where, "entry %s%s%s", entry, *rest ? ", " : "", rest);
	else
		str_adds(&l->where, rest);
}

static void take_log(cyaml_log_t level, void *ctx, const char *fmt, va_list ap)
{
	struct log *l = ctx;
	char *text = xvasprintf(fmt, ap);
	const char *p = text;
	size_t n = strlen(text);

	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	str_skip(&p, "Load: ");
	if (str_starts(p, "Backtrace"))
		l->traced = true;
	else if (l->traced)
		take_level(l, p);
	else if (!l->message)
		l->message = xstrdup(p);
	free(text);
}

static void *take_memory(void *ctx, void *p, size_t n)
{
	if (n)
		return xrealloc(p, n, 1);
	free(p);
	return NULL;
}

static cyaml_config_t config_of(struct log *l)
{
	return (cyaml_config_t){
		.log_fn = take_log,
		.log_ctx = l,
		.mem_fn = take_memory,
		.log_level = CYAML_LOG_WARNING,
		/* nothing needs them, and a few lines of them can stand for gigabytes */
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

/* libcyaml's words, and kiln's where those are about its own types. */
static void add_message(const struct log *l, cyaml_err_t code, struct str *to)
{
	static const char *const words[][3] = {
		{ "Unexpected key: ", "unknown key '", "'" },
		{ "Missing required mapping field: ", "there is no key '", "'" },
		{ "Mapping field already seen: ", "twice the key '", "'" },
		{ "Invalid ENUM value: ", "'", "' is none of the words that may stand here" },
		{ "Expecting SEQUENCE", "a list is expected", "" },
		{ "Expecting MAPPING", "keys with values are expected", "" },
		{ "Expecting STRING", "a text is expected", "" },
		{ "Ignoring documents after first", "a second document begins ('---')", "" },
		{ "libyaml: ", "not YAML: ", "" },
	};
	const char *p = l->message ? l->message : dl_cyaml_strerror(code);

	for (size_t i = 0; i < countof(words); i++) {
		if (str_skip(&p, words[i][0])) {
			/* with nothing to close, what follows is libcyaml's name of a type */
			bool rest = *words[i][2] || str_ends(words[i][1], ": ");

			str_addf(to, "%s%s%s", words[i][1], rest ? p : "", words[i][2]);
			return;
		}
	}
	str_adds(to, p);
}

/* The line of an unknown key: the first from here on that begins with it. */
static void find_key(struct log *l, const char *text, size_t n)
{
	const char *key = l->message, *p = text, *end = text + n;
	uint64_t line = 1;

	if (!key || !str_skip(&key, "Unexpected key: "))
		return;
	for (; p < end; line++) {
		const char *next = memchr(p, '\n', (size_t)(end - p));
		size_t len = strlen(key);

		while (p < end && (*p == ' ' || *p == '-'))
			p++;
		if (line >= l->line && (size_t)(end - p) > len && !strncmp(p, key, len) &&
		    p[len] == ':') {
			l->line = line;
			return;
		}
		p = next ? next + 1 : end;
	}
}

static int bad(struct log *l, cyaml_err_t code, const char *text, size_t n, const char *name,
	       struct err *err)
{
	auto_str struct str words = { 0 }, clean = { 0 };
	bool behind = l->message && str_starts(l->message, "libyaml: ");

	find_key(l, text, n);
	add_message(l, code, &words);
	if (l->where.n)
		str_addf(&words, " (in: %s)", str_c(&l->where));
	str_add_printable(&clean, str_c(&words), words.n);
	if (!l->line)
		return err_set(err, -EINVAL, "%s: %s", name, str_c(&clean));
	return err_set(err, -EINVAL, "%s:%llu: %s%s", name, (unsigned long long)l->line,
		       str_c(&clean), behind ? ", here or in the next lines" : "");
}

int yaml_parse(const char *text, size_t n, const char *name,
	       const struct cyaml_schema_value *schema, void **ret, struct err *err)
{
	static void *lib;
	cleanup(log_release) struct log log = { 0 };
	const cyaml_config_t config = config_of(&log);
	void *data = NULL;
	cyaml_err_t code;
	int r = dl_open(&lib, "libcyaml.so.1", syms, countof(syms), err);

	if (r < 0)
		return r;
	code = dl_cyaml_load_data((const uint8_t *)text, n, &config, schema, &data, NULL);
	/* a warning that something of the file is not looked at is an error here */
	if (code != CYAML_OK || log.message) {
		yaml_free(schema, data);
		return bad(&log, code, text, n, name, err);
	}
	if (!data)
		return err_set(err, -EINVAL, "%s: holds nothing", name);
	*ret = data;
	return 0;
}

int yaml_read(const char *path, const struct cyaml_schema_value *schema, void **ret,
	      struct str *ret_text, struct err *err)
{
	int r = file_read(AT_FDCWD, path, MAX_YAML, ret_text, err);

	return r < 0 ? r : yaml_parse(str_c(ret_text), ret_text->n, path, schema, ret, err);
}

void yaml_free(const struct cyaml_schema_value *schema, void *data)
{
	struct log log = { 0 };
	const cyaml_config_t config = config_of(&log);

	if (data)
		dl_cyaml_free(&config, schema, data, 0);
	log_release(&log);
}
