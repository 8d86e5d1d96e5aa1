/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module-list TREE SRCARCH CONFIG: the modules of a tree for tests/oracle/module-symbols, a line each:
 *
 *	drivers/net/dummy.o m DUMMY:n m:DUMMY=m,NETDEVICES=my y:DUMMY=y,NETDEVICES=y
 *
 * with what it is by CONFIG, what it would be without one of the symbols that its own folder's lines name, and its ways.
 */
#include "base/file.h"
#include "kbuild/modules.h"
#include "kconfig/dotconfig.h"

#include <fcntl.h>
#include <stdio.h>

struct setting {
	struct dotconfig config;
	const char *without; /* NULL: nothing */
};

static unsigned value(void *ctx, const char *symbol)
{
	const struct setting *s = ctx;
	const char *v = dotconfig_get(&s->config, symbol);

	if (s->without && str_eq(s->without, symbol))
		return KB_N;
	return str_eq(v, "n") ? KB_N : str_eq(v, "m") ? KB_M : str_eq(v, "y") ? KB_Y : 0;
}

static char is(const struct kb_module *m, struct setting *s, const char *without)
{
	char c = 'n';

	s->without = without;
	for (size_t i = 0; i < m->n_way && c != 'y'; i++)
		if (kb_term_holds(&m->way[i].term, value, s))
			c = m->way[i].module ? 'm' : 'y';
	return c;
}

static bool is_own(const struct kb_module *m, const struct kb_need *n)
{
	const char *slash = strrchr(n->file, '/');

	return slash && !strncmp(m->path, n->file, (size_t)(slash - n->file) + 1) &&
	       !strchr(m->path + (slash - n->file) + 1, '/');
}

static void print_without(const struct kb_module *m, struct setting *s)
{
	struct map done = { 0 };

	for (size_t i = 0; i < m->n_way; i++)
		for (size_t k = 0; k < m->way[i].term.n; k++) {
			const struct kb_need *n = &m->way[i].term.need[k];

			if (is_own(m, n) && !map_set(&done, n->symbol, s))
				printf(" %s:%c", n->symbol, is(m, s, n->symbol));
		}
	map_release(&done, NULL);
}

static void print(const struct kb_module *m, struct setting *s)
{
	printf("%s %c", m->path, is(m, s, NULL));
	print_without(m, s);
	for (size_t i = 0; i < m->n_way; i++) {
		const struct kb_term *t = &m->way[i].term;

		printf(" %c:", m->way[i].module ? 'm' : 'y');
		for (size_t k = 0; k < t->n; k++)
			printf("%s%s=%s%s%s", k ? "," : "", t->need[k].symbol,
			       t->need[k].allows & KB_N ? "n" : "",
			       t->need[k].allows & KB_M ? "m" : "",
			       t->need[k].allows & KB_Y ? "y" : "");
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct kb_module_list l;
	struct setting s = { 0 };
	struct str text = { 0 };
	struct err err = { 0 };

	if (argc != 4 || kb_module_list(argv[1], argv[2], &l, &err) < 0 ||
	    file_read(AT_FDCWD, argv[3], 64 << 20, &text, &err) < 0) {
		fprintf(stderr, "module-list: %s\n", err.msg ? err.msg : "usage");
		return 2;
	}
	dotconfig_parse(&s.config, str_c(&text), text.n);
	for (size_t i = 0; i < l.n; i++)
		print(&l.v[i], &s);
	dotconfig_release(&s.config);
	str_release(&text);
	kb_module_list_release(&l);
	return 0;
}
