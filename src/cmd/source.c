/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln source fetch`: the trees of sources, got once, and what is known of them. */
#include "source/source.h"
#include "cmd/cmd.h"
#include "kernel/cache.h"

#include <errno.h>

extern const struct cmd cmd_source_fetch;

struct fetch_opts {
	const char *sha256, *keyring, *sign;
	bool offline;
};

#define S(member) offsetof(struct fetch_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "sha256", 0, OPT_STRING, S(sha256), "HEX", "the digest that the tarball must have" },
	{ "keyring", 0, OPT_STRING, S(keyring), "FILE", "the keys of which one must have signed the tarball, as gpgv takes them", .complete = OC_FILE },
	{ "sign", 0, OPT_STRING, S(sign), "PATH|URL", "the signature over the uncompressed tar (default: beside it, .sign)", .complete = OC_FILE },
	{ "offline", 0, OPT_FLAG, S(offline), NULL, "download nothing; what is not in the cache is an error" },
	/* clang-format on */
};

static json_t *json_of(const struct src_spec *s, const struct src_tree *t)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:b}", "source", out_json_text(s->text), "path",
			 out_json_text(t->path), "version", t->version, "digest", t->digest,
			 "origin", out_json_text(t->origin), "cached", t->ours);
}

static void print(struct out *out, const struct src_spec *s, const struct src_tree *t, bool first)
{
	out_print(out, "%ssource   %s\npath     %s\nversion  %s\ndigest   %s\norigin   %s\n",
		  first ? "" : "\n", s->text, t->path, t->version, t->digest, t->origin);
}

static int parse(const struct fetch_opts *o, const char *text, struct src_spec *ret,
		 struct err *err)
{
	int r = src_spec_parse(text, NULL, ret, err);

	if (r < 0)
		return r;
	r = src_spec_prove(ret, NULL, o->sha256, o->keyring, o->sign, err);
	if (r < 0)
		src_spec_release(ret);
	return r;
}

/* list: with --json what was got; else it is printed. */
static int fetch(struct out *out, const struct fetch_opts *o, const char *text, bool first,
		 json_t *list, struct err *err)
{
	struct src_progress progress = { out_on_progress, out };
	struct src_tree t = SRC_TREE_NONE;
	struct src_spec s = { 0 };
	int r = parse(o, text, &s, err);

	if (r < 0)
		return r;
	r = src_tree_open(&s, o->offline, &progress, &t, err);
	out_progress_end(out);
	if (r == 0 && list)
		json_array_append_new(list, json_of(&s, &t));
	else if (r == 0)
		print(out, &s, &t, first);
	src_tree_release(&t);
	src_spec_release(&s);
	return r;
}

static int show_plan(struct out *out, const struct fetch_opts *o, char **args, size_t n,
		     struct err *err)
{
	static const char *const verbs[] = {
		[SRC_DIR] = "read the folder",
		[SRC_TARBALL] = "unpack the tarball",
		[SRC_GIT] = "check out of the repository",
		[SRC_DEBIAN] = "unpack the tarball of the package",
	};

	for (size_t i = 0; i < n; i++) {
		struct src_spec s = { 0 };
		int r = parse(o, args[i], &s, err);

		if (r < 0)
			return r;
		out_print(out, "%s %s%s%s\n", verbs[s.kind], s.where, s.ref ? " " : "",
			  s.ref ? s.ref : "");
		src_spec_release(&s);
	}
	return 0;
}

static int run_source_fetch(struct out *out, const struct global_opts *global, void *o_,
			    char **args, size_t n_args, size_t dashes, struct err *err)
{
	const struct fetch_opts *o = o_;
	json_t *list = NULL;
	int r = 0;

	if (!n_args)
		return usage_error(&cmd_source_fetch, err, "which source?");
	if (n_args > 1 && (o->sha256 || o->sign))
		return usage_error(&cmd_source_fetch, err, "%s is of one source, and there are %zu",
				   o->sha256 ? "--sha256" : "--sign", n_args);
	if (global->dry_run && global->json)
		return usage_error(&cmd_source_fetch, err,
				   "--dry-run gets nothing that --json could tell");
	if (global->dry_run)
		return show_plan(out, o, args, n_args, err);
	if (out->json)
		list = json_array();
	for (size_t i = 0; i < n_args && r == 0; i++)
		r = fetch(out, o, args[i], i == 0, list, err);
	if (list && r == 0)
		out_json(out, list);
	else
		json_decref(list);
	krn_cache_prune(time(NULL));
	return r;
}

static const char *const examples[] = {
	"kiln source fetch debian:linux-source-6.1",
	"kiln source fetch git:../linux#v6.12.3",
	"kiln source fetch --keyring kernel.gpg tarball:https://cdn.kernel.org/pub/linux/kernel/v6.x/linux-6.12.tar.xz",
	NULL,
};

const struct cmd cmd_source_fetch = {
	.name = "source fetch",
	.args = "SOURCE...",
	.summary = "get kernel sources, and print where they are and what is in them",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct fetch_opts),
	.acts = true,
	.facts = true,
	.run = run_source_fetch,
};
