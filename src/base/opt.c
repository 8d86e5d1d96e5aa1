/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parsing options by tables. Positional arguments are moved to the front of argv as they are met:
 * the place written to never overtakes the place read from.
 */
#include "base/opt.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>

struct found {
	const struct opt *opt;
	void *dst;
};

struct parser {
	int argc;
	char **argv;
	int at; /* the next argument to be read */
	const struct opt_table *tables;
	size_t n_tables;
	struct err *err;
};

/* By name (not NULL terminated) or, where name is NULL, by letter. */
static struct found find(const struct parser *p, const char *name, size_t len, char letter)
{
	for (size_t t = 0; t < p->n_tables; t++) {
		const struct opt_table *table = &p->tables[t];

		for (size_t i = 0; i < table->n; i++) {
			const struct opt *o = &table->opts[i];
			bool match = name ? strlen(o->name) == len && !memcmp(o->name, name, len)
					  : o->letter && o->letter == letter;

			if (match)
				return (struct found){ o, (char *)table->dst + o->offset };
		}
	}
	return (struct found){ NULL, NULL };
}

static int unknown_name(const struct parser *p, const char *name, size_t len)
{
	auto_free char *word = xstrndup(name, len);
	auto_free const char **names = NULL;
	size_t n = 0, total = 0;
	const char *nearest;

	for (size_t t = 0; t < p->n_tables; t++)
		total += p->tables[t].n;
	names = xcalloc(total, sizeof(*names));
	for (size_t t = 0; t < p->n_tables; t++)
		for (size_t i = 0; i < p->tables[t].n; i++)
			names[n++] = p->tables[t].opts[i].name;
	nearest = str_nearest(word, names, n);
	err_set(p->err, -EINVAL, "unknown option '--%s'", word);
	if (nearest)
		err_hint(p->err, -EINVAL, "did you mean '--%s'?", nearest);
	return -EINVAL;
}

static int bad_enum(const struct parser *p, const struct opt *o, const char *value)
{
	auto_str struct str list = { 0 };
	const char *nearest;
	size_t n = 0;

	for (; o->values[n]; n++)
		str_addf(&list, "%s%s", n ? ", " : "", o->values[n]);
	nearest = str_nearest(value, o->values, n);
	err_set(p->err, -EINVAL, "option '--%s': '%s' is not one of %s", o->name, value,
		str_c(&list));
	if (nearest)
		err_hint(p->err, -EINVAL, "did you mean '%s'?", nearest);
	return -EINVAL;
}

static int set_enum(const struct parser *p, struct found f, const char *value)
{
	for (int i = 0; f.opt->values[i]; i++)
		if (str_eq(f.opt->values[i], value)) {
			*(int *)f.dst = i;
			return 0;
		}
	return bad_enum(p, f.opt, value);
}

static int bad_value(const struct parser *p, const struct opt *o, const char *value,
		     const char *wanted)
{
	return err_set(p->err, -EINVAL, "option '--%s': '%s' is not %s", o->name, value, wanted);
}

static int set_number(const struct parser *p, struct found f, const char *value)
{
	auto_free char *wanted = NULL;
	uint64_t n;

	if (!str_u64(value, &n))
		return bad_value(p, f.opt, value, "a whole number");
	if (f.opt->max && (n < f.opt->min || n > f.opt->max)) {
		wanted = xasprintf("a number from %" PRIu64 " to %" PRIu64, f.opt->min, f.opt->max);
		return bad_value(p, f.opt, value, wanted);
	}
	*(uint64_t *)f.dst = n;
	return 0;
}

static int set_value(const struct parser *p, struct found f, char *value)
{
	if (f.opt->given)
		*(bool *)((char *)f.dst - f.opt->offset + f.opt->given) = true;
	switch (f.opt->type) {
	case OPT_STRING:
		*(const char **)f.dst = value;
		return 0;
	case OPT_LIST:
		strv_add(f.dst, value);
		return 0;
	case OPT_U64:
		return set_number(p, f, value);
	case OPT_SIZE:
		return str_size(value, f.dst)
			       ? 0
			       : bad_value(p, f.opt, value, "a size such as 512M or 2G");
	case OPT_SPAN:
		return str_span(value, f.dst)
			       ? 0
			       : bad_value(p, f.opt, value, "a time such as 500ms, 30s or 5m");
	case OPT_ENUM:
		return set_enum(p, f, value);
	case OPT_FLAG:
	case OPT_COUNT:
		break;
	}
	return -EINVAL; /* not reached: these take no value */
}

/* False where the option takes a value. */
static bool set_flag(struct found f)
{
	if (f.opt->type == OPT_FLAG)
		*(bool *)f.dst = true;
	else if (f.opt->type == OPT_COUNT)
		++*(int *)f.dst;
	else
		return false;
	return true;
}

static bool is_flag(const struct opt *o)
{
	return o->type == OPT_FLAG || o->type == OPT_COUNT;
}

static int next_value(struct parser *p, struct found f)
{
	if (p->at >= p->argc)
		return err_set(p->err, -EINVAL, "option '--%s' needs a value (%s)", f.opt->name,
			       f.opt->arg ? f.opt->arg : "VALUE");
	return set_value(p, f, p->argv[p->at++]);
}

static int parse_long(struct parser *p, char *arg)
{
	char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	struct found f = find(p, arg, len, 0);

	if (!f.opt)
		return unknown_name(p, arg, len);
	if (equals && is_flag(f.opt))
		return err_set(p->err, -EINVAL, "option '--%s' takes no value", f.opt->name);
	if (equals)
		return set_value(p, f, equals + 1);
	return set_flag(f) ? 0 : next_value(p, f);
}

/* A bundle of letters; the first one that takes a value takes the rest. */
static int parse_letters(struct parser *p, char *arg)
{
	for (; *arg; arg++) {
		struct found f = find(p, NULL, 0, *arg);

		if (!f.opt)
			return err_set(p->err, -EINVAL, "unknown option '-%c'", *arg);
		if (set_flag(f))
			continue;
		return arg[1] ? set_value(p, f, arg + 1) : next_value(p, f);
	}
	return 0;
}

static int parse_one(struct parser *p, char *arg)
{
	return arg[1] == '-' ? parse_long(p, arg + 2) : parse_letters(p, arg + 1);
}

int opt_parse(int argc, char **argv, const struct opt_table *tables, size_t n_tables,
	      enum opt_style style, char ***ret_args, size_t *ret_n, size_t *ret_dashes,
	      struct err *err)
{
	struct parser p = { argc, argv, 1, tables, n_tables, err };
	int kept = 1, dashes = -1;
	bool open = true; /* options are still being looked for */

	while (p.at < argc) {
		char *arg = argv[p.at++];
		bool divider = str_eq(arg, "--");
		int r;

		if (divider && open) {
			dashes = kept;
			open = false;
		} else if (open && *arg == '-' && arg[1]) {
			r = parse_one(&p, arg);
			if (r < 0)
				return r;
		} else {
			argv[kept++] = arg;
			if (style == OPT_STOP || (style == OPT_STOP2 && kept == 3))
				open = false;
		}
	}
	argv[kept] = NULL;
	*ret_args = argv + 1;
	*ret_n = (size_t)kept - 1;
	*ret_dashes = dashes < 0 ? *ret_n : (size_t)dashes - 1;
	return 0;
}
