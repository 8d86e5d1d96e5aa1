/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All commands go in one start of the place. They want to write where they run ("mkdir .tmp_$$"), and the tree can only be read
 * there, if not for its mount then for its owner: so they run in a folder of their own, which has a link to each entry of
 * the tree and goes with them. As many run at once as there are processors, as on this host.
 */
#include "build/elsewhere.h"

#include "base/path.h"
#include "build/place.h"

#include <signal.h>
#include <unistd.h>

/*
 * Behind it come the token, the tree, how many at once, and the commands, each a word of its own: one word may have no more than
 * 128 KiB. The folder has "tree", where they run, and by its number what each wrote and its status. Where nothing can be written
 * in the end a compiler could not either, and its answers are worth nothing.
 *
 * ccache, which may stand in front of a compiler, has no cache there; it is to pass the call on.
 */
static const char script[] =
	"token=$1 from=$2 most=$3; shift 3\n"
	"at=$(mktemp -d) || exit\n"
	"trap 'rm -rf \"$at\"' EXIT\n"
	"mkdir \"$at/tree\" && cd \"$at/tree\" || exit\n"
	"for f in \"$from\"/* \"$from\"/.[!.]*; do\n"
	"	[ ! -e \"$f\" ] || ln -s \"$f\" . || exit\n"
	"done\n"
	"export CCACHE_DISABLE=1 CCACHE_DIR=\"$at/ccache\"\n"
	"i=0\n"
	"while [ $i -lt $most ]; do\n"
	"	(\n"
	"		n=0\n"
	"		for c; do\n"
	"			[ $((n % most)) -ne $i ] || { sh -c \"$c\" >\"$at/$n\"; echo $? >\"$at/$n.status\"; }\n"
	"			n=$((n + 1))\n"
	"		done\n"
	"	) </dev/null &\n"
	"	i=$((i + 1))\n"
	"done\n"
	"wait\n"
	"echo full >\"$at/full\" || exit\n"
	"n=0\n"
	"for c; do\n"
	"	read -r status <\"$at/$n.status\" || exit\n"
	"	echo; echo $token; cat \"$at/$n\"; echo; echo $token $status\n"
	"	n=$((n + 1))\n"
	"done\n"
	"exit 0\n";

/* "export NAME=VALUE ..." of all that Kconfig's commands are to see. */
static void add_exports(char *const *env, struct str *ret)
{
	for (; env && *env; env++) {
		size_t n = strcspn(*env, "=");

		if (str_starts(*env, "KILN_PLACE="))
			continue;
		str_addf(ret, "export %.*s=", (int)n, *env);
		str_add_quoted(ret, *env + n + 1);
		str_addc(ret, '\n');
	}
}

static int add_wrap(const struct bld_elsewhere *e, struct strv *ret, struct err *err)
{
	const struct bld_toolchain_ask ask = { .tree = e->tree };

	if (e->place->kind == BLD_CONTAINER)
		return bld_container_wrap(e->place, &ask, ret, err);
	strv_extend(ret, e->place->wrap.v);
	return 0;
}

static int add_shell(const struct bld_elsewhere *e, char *const *env, const char *token,
		     struct strv *ret, struct err *err)
{
	auto_free char *tree = path_abs(e->tree);
	auto_str struct str text = { 0 };
	int r = add_wrap(e, ret, err);

	add_exports(env, &text);
	str_adds(&text, script);
	strv_adds(ret, "sh", "-c", str_c(&text), "sh", token, tree, NULL);
	strv_addf(ret, "%ld", MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L));
	return r;
}

/* 1: one was killed. A reader that goes before all is written (SIGPIPE) is no such case. */
static int take_answers(const struct bld_questions *q, struct str *ret)
{
	int r = 0;

	for (size_t i = 0; i < q->n; i++) {
		str_add(&ret[i], str_c(&q->v[i].said), q->v[i].said.n);
		r |= q->v[i].status > 128 && q->v[i].status != 128 + SIGPIPE;
	}
	return r;
}

static int ask(void *ctx, char *const *env, char *const *commands, size_t n, struct str *ret,
	       struct err *err)
{
	const struct bld_elsewhere *e = ctx;
	auto_free char *token = xasprintf("kiln-%08x", random_u32());
	cleanup(bld_questions_release) struct bld_questions q = { 0 };
	struct bld_question **open = xcalloc(n + 1, sizeof(*open));
	auto_strv struct strv argv = { 0 };
	int r = add_shell(e, env, token, &argv, err);

	for (size_t i = 0; i < n; i++) {
		strv_add(&argv, commands[i]);
		vec_push(&q, (struct bld_question){ 0 });
	}
	for (size_t i = 0; i < n; i++)
		open[i] = &q.v[i];
	if (r == 0)
		r = bld_ask_shell(e->place, &argv, token, open, n, err);
	free(open);
	return r < 0 ? r : take_answers(&q, ret);
}

const struct kc_elsewhere *bld_elsewhere_of(const struct bld_toolchain *t, const char *tree,
					    struct bld_elsewhere *ret)
{
	if (t->place->kind == BLD_HERE)
		return NULL;
	*ret = (struct bld_elsewhere){
		.kc = { .identity = t->place->identity, .ask = ask, .ctx = ret },
		.place = t->place,
		.tree = tree,
	};
	return &ret->kc;
}
