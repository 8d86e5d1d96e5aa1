/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kiln config check`: what profiles require against the values of a configuration. With a tree, what is missing is asked of
 * the engine all at once, so that what prevents it is told and not merely that nobody asked.
 */
#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/config_tree.h"
#include "kconfig/dotconfig.h"
#include "kconfig/explain.h"
#include "kconfig/profile.h"
#include "kernel/resolve.h"
#include "kernel/unpack.h"

#include <errno.h>
#include <fcntl.h>

#define MAX_CONFIG (16 << 20)

struct check_opts {
	struct config_opts config;
	const char *file, *kernel, *part;
	bool list, strict;
};

#define C(member) offsetof(struct check_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(C(config)),
	{ "config", 'c', OPT_STRING, C(file), "FILE", "the configuration to check (default: the tree's .config); no tree is needed", .complete = OC_FILE },
	{ "kernel", 'k', OPT_STRING, C(kernel), "KERNEL", "that of a kernel, as for kiln run", .complete = OC_KERNEL },
	{ "part", 'o', OPT_STRING, C(part), "FILE", "write the lines that are missing as a part for kiln config resolve", .complete = OC_FILE },
	{ "strict", 0, OPT_FLAG, C(strict), NULL, "what is recommended is required" },
	{ "list", 0, OPT_FLAG, C(list), NULL, "list the profiles (so does no PROFILE)" },
	/* clang-format on */
};

/* A requirement that does not hold. */
struct miss {
	const struct kc_requirement *r;
	const char *symbol, *is; /* in r, and in the configuration */
	ssize_t wish;		 /* index into check.wishes; -1: it is not asked for */
	const char
		*instead; /* a symbol that is asked for otherwise, so that this is not asked for */
};

/* What became of one profile. */
struct result {
	struct kc_profile profile;
	size_t held, skipped, required, recommended; /* the latter two do not hold */
	/* what does not hold, and what would no longer once that is asked for */
	struct misses {
		struct miss *v;
		size_t n, cap;
	} missing, following;
};

struct check {
	struct out *out;
	const struct check_opts *o;
	char *subject; /* the file or kernel that is looked at */
	struct str text;
	struct dotconfig config;
	struct config_tree tree; /* where there is one */
	bool with_tree;
	char *version, *arch; /* NULL: unknown */
	const char *srcarch;
	struct {
		struct result *v;
		size_t n, cap;
	} results;
	struct kc_wishes wishes;
	struct config_made asked; /* the configuration with them */
};

static void release(struct check *c)
{
	for (size_t i = 0; i < c->results.n; i++) {
		free(c->results.v[i].missing.v);
		free(c->results.v[i].following.v);
		kc_profile_release(&c->results.v[i].profile);
	}
	free(c->results.v);
	config_made_release(&c->asked);
	kc_wishes_release(&c->wishes);
	dotconfig_release(&c->config);
	str_release(&c->text);
	free(c->subject);
	free(c->version);
	free(c->arch);
	config_tree_release(&c->tree);
}

/* The comment at the top: "# Linux/x86 6.1.0 Kernel Configuration". */
static void read_header(struct check *c)
{
	const char *text = str_c(&c->text), *p = strstr(text, "# Linux/"), *version;
	size_t n;

	if (!p || (p != text && p[-1] != '\n'))
		return;
	p += strlen("# Linux/");
	n = strcspn(p, " \n");
	version = p[n] == ' ' ? p + n + 1 : "";
	if (*version < '0' || *version > '9')
		return;
	c->arch = xstrndup(p, n);
	c->version = xstrndup(version, strcspn(version, " \n"));
}

/* Both halves of x86 may call themselves so. */
static void refine_arch(struct check *c)
{
	static const char *const halves[][2] = { { "X86_64", "x86_64" }, { "X86_32", "i386" } };

	for (size_t i = 0; i < countof(halves); i++) {
		if (!str_eq(dotconfig_get(&c->config, halves[i][0]), "y"))
			continue;
		free(c->arch);
		c->arch = xstrdup(halves[i][1]);
		c->srcarch = "x86";
	}
}

static int parse_config(struct check *c, struct err *err)
{
	dotconfig_parse(&c->config, str_c(&c->text), c->text.n);
	if (!c->config.value.n) {
		err_set(err, -EINVAL, "'%s' is no kernel configuration: it sets nothing",
			c->subject);
		return err_hint(err, -EINVAL, "--config names a .config, --kernel a kernel");
	}
	if (!c->with_tree)
		read_header(c);
	refine_arch(c);
	return 0;
}

static int read_kernel(struct check *c, struct err *err)
{
	struct krn k = { 0 };
	int r = krn_resolve(c->o->kernel, "/", KRN_ARCH_UNKNOWN, NULL, &k, err);

	if (r < 0)
		return r;
	c->subject = xstrdup(k.spec);
	r = krn_config(&k, &c->text, err);
	krn_release(&k);
	return r;
}

/* The tree's .config, or a file, as the engine of that tree understands it. */
static int read_tree(struct check *c, struct err *err)
{
	cleanup(config_made_release) struct config_made made = { 0 };
	struct kc_wishes none = { 0 };
	int r;

	c->subject = config_base(&c->o->config, c->o->file);
	if (!c->subject) {
		err_set(err, -ENOENT, "there is no .config in '%s'",
			c->o->config.tree ? c->o->config.tree : ".");
		return err_hint(err, -ENOENT,
				"--config FILE checks any configuration, --kernel KERNEL that of a "
				"kernel");
	}
	r = config_tree_open(&c->tree, &c->o->config, c->out, err);
	c->with_tree = r == 0;
	if (r == 0)
		r = config_make(&c->tree, c->subject, &none, &made, err);
	if (r < 0)
		return r;
	c->text = made.text;
	made.text = (struct str){ 0 };
	c->version = c->tree.version ? xstrdup(c->tree.version) : NULL;
	c->arch = xstrdup(c->tree.arch);
	c->srcarch = c->tree.srcarch;
	return 0;
}

/* Puts what n compressed bytes of a file hold into the place of the text. */
static int unpack(struct check *c, enum krn_comp comp, size_t n, struct err *err)
{
	auto_close int fd = open(c->o->file, O_RDONLY | O_CLOEXEC);
	const struct krn_packed in = { .fd = fd, .size = n, .comp = comp, .max = MAX_CONFIG };
	int r;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", c->o->file);
	str_release(&c->text);
	r = krn_unpack_str(&in, &c->text, err);
	return r < 0 ? err_wrap(err, r, "'%s'", c->o->file) : 0;
}

/* A file, which may be compressed, as /proc/config.gz is. */
static int read_plain(struct check *c, struct err *err)
{
	int r = file_read(AT_FDCWD, c->o->file, MAX_CONFIG, &c->text, err);
	enum krn_comp comp;

	c->subject = xstrdup(c->o->file);
	if (r < 0)
		return r;
	comp = krn_comp_of((const uint8_t *)str_c(&c->text), c->text.n);
	return comp == KRN_COMP_NONE ? 0 : unpack(c, comp, c->text.n, err);
}

static int read_subject(struct check *c, struct err *err)
{
	int r;

	if (c->o->kernel) {
		r = read_kernel(c, err);
	} else if (c->o->file && !c->o->config.tree) {
		r = read_plain(c, err);
	} else {
		r = read_tree(c, err);
	}
	return r < 0 ? r : parse_config(c, err);
}

/* The name to ask for: with a tree the first that it knows, be it a former one. */
static const char *name_to_ask(const struct check *c, const struct kc_requirement *r,
			       const char *symbol)
{
	for (unsigned i = 0; c->with_tree && i < r->n_symbols + r->n_was; i++) {
		const char *name = i < r->n_symbols ? r->symbols[i] : r->was[i - r->n_symbols];
		const struct kc_sym *s = kc_sym_find(c->tree.tree, name);

		if (s && s->defs)
			return name;
	}
	return symbol;
}

/* The same value of the same symbol is wished for once. */
static ssize_t add_wish(struct check *c, const struct kc_requirement *r, const char *symbol,
			const char *is)
{
	auto_free char *value = kc_requirement_value(r, is);
	struct kc_wish w = { .pos = r->pos, .optional = r->level == KC_RECOMMENDED };

	if (!value)
		return -1;
	for (size_t i = 0; i < c->wishes.n; i++) {
		struct kc_wish *have = &c->wishes.v[i];

		if (!str_eq(have->name, symbol) || !str_eq(have->value, value))
			continue;
		have->optional &= w.optional;
		return (ssize_t)i;
	}
	w.name = arena_strdup(&c->wishes.text, symbol);
	w.value = arena_strdup(&c->wishes.text, value);
	vec_push(&c->wishes, w);
	return (ssize_t)c->wishes.n - 1;
}

static bool wants_n(const struct kc_requirement *r)
{
	return r->n_want == 1 && str_eq(r->want[0], "n");
}

/*
 * "DEVMEM is n" and "STRICT_DEVMEM is y when there is DEVMEM" are not asked for together: what is required to be n makes the
 * other go away, what is only recommended to be n stays while something required is about it.
 */
static void settle(struct miss *off, struct miss *other)
{
	if (!wants_n(off->r) || !str_eq(other->r->when, off->r->symbols[0]))
		return;
	if (off->r->level == KC_REQUIRED)
		other->instead = off->symbol;
	else if (other->r->level == KC_REQUIRED)
		off->instead = other->symbol;
	else
		other->instead = off->symbol;
}

static void make_wishes(struct check *c, struct result *res)
{
	for (size_t i = 0; i < res->missing.n; i++)
		for (size_t k = 0; k < res->missing.n; k++)
			settle(&res->missing.v[i], &res->missing.v[k]);
	for (size_t i = 0; i < res->missing.n; i++) {
		struct miss *m = &res->missing.v[i];

		m->wish = m->instead ? -1 : add_wish(c, m->r, m->symbol, m->is);
	}
}

static void check_profile(struct check *c, struct result *res)
{
	const struct kc_part_spec kernel = { c->version, c->arch, c->srcarch };

	for (size_t i = 0; i < res->profile.requires.n; i++) {
		struct miss m = { .r = res->profile.requires.v[i] };

		if (!kc_requirement_applies(m.r, &kernel, &c->config)) {
			res->skipped++;
		} else if (kc_requirement_holds(m.r, &c->config, &m.symbol, &m.is)) {
			res->held++;
		} else {
			*(m.r->level == KC_REQUIRED ? &res->required : &res->recommended) += 1;
			m.symbol = name_to_ask(c, m.r, m.symbol);
			vec_push(&res->missing, m);
		}
	}
	make_wishes(c, res);
}

static bool is_good(const struct check *c, const struct result *res)
{
	return !res->required && !(c->o->strict && res->recommended);
}

static bool is_among(const struct misses *all, const struct kc_requirement *r)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].r == r)
			return true;
	return false;
}

/* Wishes for what a configuration with the wishes so far would lack: defaults of what is new in it, lines about it. */
static void follow(struct check *c, struct result *res, const struct dotconfig *now)
{
	const struct kc_part_spec kernel = { c->version, c->arch, c->srcarch };

	for (size_t i = 0; i < res->profile.requires.n; i++) {
		struct miss m = { .r = res->profile.requires.v[i] };

		if (!kc_requirement_applies(m.r, &kernel, now) ||
		    kc_requirement_holds(m.r, now, &m.symbol, &m.is) ||
		    is_among(&res->missing, m.r) || is_among(&res->following, m.r))
			continue;
		m.symbol = name_to_ask(c, m.r, m.symbol);
		m.wish = add_wish(c, m.r, m.symbol, m.is);
		vec_push(&res->following, m);
	}
}

/* With a tree: what the configuration would be if all that is missing were asked for. */
static int ask(struct check *c, struct err *err)
{
	for (size_t wishes = 0; c->with_tree && wishes < c->wishes.n;) {
		struct dotconfig now = { 0 };
		int r;

		wishes = c->wishes.n;
		r = config_make(&c->tree, c->subject, &c->wishes, &c->asked, err);
		if (r < 0)
			return r;
		dotconfig_parse(&now, str_c(&c->asked.text), c->asked.text.n);
		for (size_t i = 0; i < c->results.n; i++)
			follow(c, &c->results.v[i], &now);
		dotconfig_release(&now);
	}
	return 0;
}

static void explain(struct check *c, const struct miss *m, struct kc_explanation *ret)
{
	*ret = (struct kc_explanation){ 0 };
	if (c->asked.conf && m->wish >= 0)
		kc_explain(c->asked.conf, &c->wishes.v[m->wish], &c->wishes, ret);
}

static void print_miss(struct check *c, const struct miss *m)
{
	auto_free char *words = kc_requirement_words(m->r);
	struct kc_explanation e;

	out_print(c->out, "  %s%s", m->r->level == KC_RECOMMENDED ? "recommended: " : "",
		  m->symbol);
	for (unsigned i = 1; i < m->r->n_symbols; i++)
		out_print(c->out, " or %s", m->r->symbols[i]);
	out_print(c->out, " is %s, wanted %s: %s\n", m->is, words, m->r->reason);
	explain(c, m, &e);
	for (size_t i = 0; i < e.lines.n; i++)
		out_print(c->out, "      %s\n", e.lines.v[i]);
	if (c->asked.conf && m->wish >= 0 && !e.now)
		out_print(c->out, "      this tree has no such symbol for %s\n", c->tree.arch);
	else if (e.reason != KC_HOLDS && !e.lines.n)
		out_print(c->out, "      asked for it would still be %s (%s)\n", e.now,
			  kc_reason_name(e.reason));
	else if (c->asked.conf && m->instead)
		out_print(c->out, "      not asked for together with what is wanted of %s\n",
			  m->instead);
	kc_explanation_release(&e);
}

static void print_result(struct check *c, const struct result *res)
{
	size_t all = res->held + res->missing.n;

	if (!res->missing.n)
		out_print(c->out, "%s: all %zu hold\n", res->profile.name, all);
	else
		out_print(c->out, "%s: %zu of %zu hold, %zu required and %zu recommended do not\n",
			  res->profile.name, res->held, all, res->required, res->recommended);
	for (size_t i = 0; i < res->missing.n; i++)
		print_miss(c, &res->missing.v[i]);
}

static json_t *json_texts(char *const *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, out_json_text(v[i]));
	return a;
}

static json_t *json_miss(struct check *c, const struct miss *m)
{
	struct kc_explanation e;
	bool asked = c->asked.conf && m->wish >= 0;
	json_t *j;

	explain(c, m, &e);
	j = json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:{s:o, s:i}, s:o, s:o}", "symbol",
		      out_json_text(m->symbol), "symbols",
		      json_texts(m->r->symbols, m->r->n_symbols), "wanted",
		      json_texts(m->r->want, m->r->n_want), "is", out_json_text(m->is), "level",
		      m->r->level == KC_REQUIRED ? "required" : "recommended", "reason",
		      out_json_text(m->r->reason), "at", "file", out_json_text(m->r->pos.file),
		      "line", m->r->pos.line, "prevented_by",
		      out_json_text(asked ? kc_reason_name(e.reason) : NULL), "why",
		      asked ? out_json_texts(&e.lines) : json_null());
	kc_explanation_release(&e);
	return j;
}

static json_t *json_result(struct check *c, const struct result *res)
{
	json_t *missing = json_array();

	for (size_t i = 0; i < res->missing.n; i++)
		json_array_append_new(missing, json_miss(c, &res->missing.v[i]));
	return json_pack("{s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:o}", "profile",
			 out_json_text(res->profile.name), "summary",
			 out_json_text(res->profile.summary), "ok", is_good(c, res), "held",
			 (json_int_t)res->held, "not_for_this_kernel", (json_int_t)res->skipped,
			 "required_missing", (json_int_t)res->required, "recommended_missing",
			 (json_int_t)res->recommended, "missing", missing);
}

static void print_json(struct check *c, bool good)
{
	json_t *all = json_array();

	for (size_t i = 0; i < c->results.n; i++)
		json_array_append_new(all, json_result(c, &c->results.v[i]));
	out_json(c->out, json_pack("{s:b, s:o, s:o, s:o, s:o}", "ok", good, "config",
				   out_json_text(c->subject), "version", out_json_text(c->version),
				   "arch", out_json_text(c->arch), "profiles", all));
}

static void add_part(const struct check *c, const struct result *res, const struct misses *all,
		     struct str *to)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct miss *m = &all->v[i];
		auto_free char *words = kc_requirement_words(m->r);
		const struct kc_wish *w = m->wish < 0 ? NULL : &c->wishes.v[m->wish];
		const char *mark = w && w->optional ? " #kiln: optional" : "";

		str_addf(to, "\n# %s: ", res->profile.name);
		str_add_printable(to, m->r->reason, strlen(m->r->reason));
		if (m->instead)
			str_addf(to,
				 "\n# left out: %s is asked for, and the two do not go together\n",
				 m->instead);
		else if (!w)
			str_addf(to, "\n# %s must be %s; what exactly is for you to say\n",
				 m->symbol, words);
		else if (str_eq(w->value, "n"))
			str_addf(to, "\n# CONFIG_%s is not set%s\n", w->name, mark);
		else
			str_addf(to, "\nCONFIG_%s=%s%s\n", w->name, w->value, mark);
	}
}

static int write_part(const struct check *c, struct err *err)
{
	auto_str struct str text = { 0 };

	if (!c->o->part)
		return 0;
	str_addf(&text, "# What %s lacks, by 'kiln config check'.\n", c->subject);
	for (size_t i = 0; i < c->results.n; i++)
		add_part(c, &c->results.v[i], &c->results.v[i].missing, &text);
	for (size_t i = 0; i < c->results.n; i++)
		add_part(c, &c->results.v[i], &c->results.v[i].following, &text);
	return file_write_out(c->o->part, text.s, text.n, err);
}

static int check_all(struct check *c, char **names, size_t n, struct err *err)
{
	bool good = true;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct result *res = vec_push(&c->results, ((struct result){ 0 }));

		r = kc_profile_read(&res->profile, names[i], err);
	}
	if (r == 0)
		r = read_subject(c, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		check_profile(c, &c->results.v[i]);
		good &= is_good(c, &c->results.v[i]);
	}
	if (r == 0)
		r = ask(c, err);
	if (r == 0)
		r = write_part(c, err);
	if (r < 0)
		return r;
	if (!c->version)
		out_note(
			c->out,
			"'%s' does not say of which version and architecture it is: all lines of the profiles count",
			c->subject);
	for (size_t i = 0; i < n && !c->out->json; i++)
		print_result(c, &c->results.v[i]);
	if (c->out->json)
		print_json(c, good);
	return good ? EXIT_OK : EXIT_NO;
}

static int list(struct out *out, struct err *err)
{
	static const char *const columns[] = { "PROFILE", "WHAT FOR" };
	auto_strv struct strv names = { 0 };
	struct table *t = table_new(columns, countof(columns));
	json_t *all = json_array();
	int r = kc_profile_names(&names, err);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct kc_profile p;

		r = kc_profile_read(&p, names.v[i], err);
		if (r < 0)
			break;
		table_row(t);
		table_cell(t, p.name);
		table_cell(t, p.summary);
		json_array_append_new(all,
				      json_pack("{s:o, s:o, s:I}", "profile", out_json_text(p.name),
						"summary", out_json_text(p.summary), "requires",
						(json_int_t)p.requires.n));
		kc_profile_release(&p);
	}
	if (r == 0 && out->json)
		out_json(out, json_incref(all));
	else if (r == 0)
		r = table_print(t, out, err);
	json_decref(all);
	table_free(t);
	return r < 0 ? r : EXIT_OK;
}

static int run_config_check(struct out *out, const struct global_opts *global, void *o, char **args,
			    size_t n_args, size_t dashes, struct err *err);

static const char *const examples[] = {
	"kiln config check",
	"kiln config check systemd docker --tree linux",
	"kiln config check docker --kernel 6.1.0-56-amd64",
	"kiln config check hardened --config /boot/config-6.1.0-56-amd64 --part hardened.config",
	NULL,
};

const struct cmd cmd_config_check = {
	.name = "config check",
	.args = "[PROFILE...]",
	.summary = "whether a configuration has what a use of the kernel requires",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct check_opts),
	.facts = true,
	.run = run_config_check,
};

static int run_config_check(struct out *out, const struct global_opts *global, void *o, char **args,
			    size_t n_args, size_t dashes, struct err *err)
{
	struct check c = { .out = out, .o = o, .tree = { .dirfd = -1 } };
	int r;

	if (c.o->list && n_args)
		return usage_error(&cmd_config_check, err, "--list takes no profile");
	if (c.o->kernel && (c.o->file || c.o->config.tree))
		return usage_error(&cmd_config_check, err,
				   "--kernel stands alone: without --config and --tree");
	if (!n_args)
		return list(out, err);
	r = check_all(&c, args, n_args, err);
	release(&c);
	return r;
}
