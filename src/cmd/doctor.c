/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kiln doctor: what this host can do, and the command that mends what it cannot. */
#include "cmd/doctor.h"

struct doctor_opts {
	bool fresh;
};

static const struct opt doctor_opts[] = {
	{ "fresh", 0, OPT_FLAG, offsetof(struct doctor_opts, fresh), NULL,
	  "prove acceleration again instead of remembering" },
};

static int parse_purposes(char **names, size_t n, unsigned *ret, struct err *err)
{
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		size_t bit = 0;
		const char *nearest;

		while (host_purposes[bit] && !str_eq(host_purposes[bit], names[i]))
			bit++;
		if (host_purposes[bit]) {
			bits |= 1U << bit;
			continue;
		}
		nearest = str_nearest(names[i], host_purposes, bit);
		return usage_error(&cmd_doctor, err, "'%s' is not a purpose: %s%s%s", names[i],
				   nearest ? "did you mean '" : "there are run, build, vm and vfio",
				   nearest ?: "", nearest ? "'?" : "");
	}
	*ret = bits;
	return 0;
}

static int print_table(struct out *out, const struct host_findings *all, struct err *err)
{
	static const char *const columns[] = { "CHECK", "STATE", "WHAT", "FIX" };
	static const enum table_color colors[] = {
		[HOST_OK] = TABLE_GOOD,
		[HOST_WARN] = TABLE_PLAIN,
		[HOST_MISSING] = TABLE_BAD,
	};
	struct table *t = table_new(columns, countof(columns));
	int rc;

	for (size_t i = 0; i < all->n; i++) {
		const struct host_finding *f = &all->v[i];

		table_row(t);
		table_cell(t, f->name);
		table_cell_color(t, host_state_name(f->state), colors[f->state]);
		table_cell(t, f->detail);
		table_cell(t, f->fix);
	}
	rc = table_print(t, out, err);
	table_free(t);
	return rc;
}

static json_t *purposes_json(unsigned bits)
{
	json_t *names = json_array();

	for (size_t i = 0; host_purposes[i]; i++) {
		if (bits & 1U << i)
			json_array_append_new(names, json_string(host_purposes[i]));
	}
	return names;
}

/* purposes: all that it concerns; needed: those of them that fail without it. */
static void print_json(struct out *out, const struct host_findings *all)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct host_finding *f = &all->v[i];

		json_array_append_new(rows, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name",
						      f->name, "state", host_state_name(f->state),
						      "detail", out_json_text(f->detail), "fix",
						      out_json_text(f->fix), "purposes",
						      purposes_json(f->needed | f->useful),
						      "needed", purposes_json(f->needed)));
	}
	out_json(out, rows);
}

/* Says which of the purposes asked for fail, and through what. */
static int verdict(struct out *out, const struct host_findings *all, unsigned asked)
{
	int status = EXIT_OK;

	for (size_t bit = 0; host_purposes[bit]; bit++) {
		auto_str struct str names = { 0 };

		for (size_t i = 0; asked & 1U << bit && i < all->n; i++) {
			const struct host_finding *f = &all->v[i];

			if (f->state == HOST_MISSING && f->needed & 1U << bit)
				str_addf(&names, "%s%s", names.n ? ", " : "", f->name);
		}
		if (!names.n)
			continue;
		out_warn(out, "'%s' cannot work here; missing: %s", host_purposes[bit], names.s);
		status = EXIT_NO;
	}
	return status;
}

int cmd_doctor_on(struct out *out, const struct host *h, char **purposes, size_t n, struct err *err)
{
	struct host_findings all = { 0 };
	unsigned asked = 0;
	int rc = parse_purposes(purposes, n, &asked, err);

	if (rc < 0)
		return rc;
	host_doctor(h, asked, &all);
	if (out->json)
		print_json(out, &all);
	else
		rc = print_table(out, &all, err);
	if (rc == 0)
		rc = verdict(out, &all, asked);
	host_findings_release(&all);
	return rc;
}

static int run_doctor(struct out *out, const struct global_opts *global, void *opts, char **args,
		      size_t n_args, size_t dashes, struct err *err)
{
	const struct doctor_opts *o = opts;
	struct host h;
	int rc = host_init(&h, err);

	if (rc < 0)
		return rc;
	h.fresh = o->fresh;
	rc = cmd_doctor_on(out, &h, args, n_args, err);
	host_release(&h);
	return rc;
}

static const char *const examples[] = {
	"kiln doctor",
	"kiln doctor run vm",
	"kiln doctor --json build",
	NULL,
};

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "[PURPOSE...]",
	.summary = "what this host can do for kiln, and the command that mends what it cannot",
	.examples = examples,
	.opts = doctor_opts,
	.n_opts = countof(doctor_opts),
	.opts_size = sizeof(struct doctor_opts),
	.style = OPT_MIXED,
	.facts = true,
	.run = run_doctor,
};
