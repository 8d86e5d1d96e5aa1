/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plan.c made out is told, then carried out: the files, then the switch. */
#include "install/install.h"

#include "install/loader.h"
#include "install/plan.h"
#include "kernel/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

void ins_result_release(struct ins_result *r)
{
	free(r->now);
	free(r->before);
	strv_release(&r->steps);
	strv_release(&r->notes);
	strv_release(&r->removed);
	*r = (struct ins_result){ 0 };
}

void ins_job_release(struct ins_job *j)
{
	for (size_t i = 0; i < j->pieces.n; i++) {
		free(j->pieces.v[i].from);
		free(j->pieces.v[i].rel);
		str_release(&j->pieces.v[i].text);
	}
	free(j->pieces.v);
	ins_change_end(&j->c);
	ins_result_release(&j->res);
}

/* Telling. */

static void tell_piece(struct ins_job *j, const struct ins_piece *p)
{
	const char *root = str_eq(j->c.place.root, "/") ? "" : j->c.place.root;
	struct stat st;

	if (p->how == INS_MODULES)
		strv_addf(&j->res.steps, "write %s/%s/ (modules of %s)", root, p->rel, p->from);
	else if (p->how == INS_TEXT)
		strv_addf(&j->res.steps, "write %s/%s (%.1f KiB)", root, p->rel,
			  (double)p->text.n / 1024);
	else if (stat(p->from, &st) == 0)
		strv_addf(&j->res.steps, "write %s/%s (%.1f MiB)", root, p->rel,
			  (double)st.st_size / (1 << 20));
}

static void tell_switch(struct ins_job *j)
{
	const struct ins_file *f = &j->c.file;
	const char *root = str_eq(j->c.place.root, "/") ? "" : j->c.place.root;
	auto_free char *rel = ins_loader_file(&j->c.place, f->next.loader);
	auto_strv struct strv gone = { 0 };
	const char *now = ins_default(&f->next), *before = ins_default(&f->now);

	if (rel)
		strv_addf(&j->res.steps, "switch %s/%s: default %s (was %s)", root, rel,
			  now ?: "the loader's own", before ?: "the loader's own");
	ins_paths_only(&f->now, &f->next, &gone);
	for (size_t i = 0; i < gone.n; i++)
		strv_addf(&j->res.steps, "remove %s/%s", root, gone.v[i]);
	j->res.now = now ? xstrdup(now) : NULL;
	before = ins_previous(&f->next);
	j->res.before = before ? xstrdup(before) : NULL;
}

static void tell_install(struct ins_job *j)
{
	const char *root = str_eq(j->c.place.root, "/") ? "" : j->c.place.root;
	auto_free char *entry = ins_loader_entry_path(j->c.file.next.loader, j->new->id);

	for (size_t i = 0; i < j->pieces.n; i++)
		tell_piece(j, &j->pieces.v[i]);
	if (entry)
		strv_addf(&j->res.steps, "write %s/%s", root, entry);
	tell_switch(j);
}

/* A kernel that its loader would refuse is installed all the same: the user may know better. */
static void note_verdict(struct ins_job *j)
{
	const enum ins_loader loader = j->c.file.next.loader;
	enum krn_for asked = loader == INS_BLS ? KRN_FOR_UEFI : KRN_FOR_BIOS;
	struct krn_facts facts = { .image = j->k->info };
	auto_close int fd = open(j->k->image, O_RDONLY | O_CLOEXEC);
	struct krn_verdict v;

	if (loader == INS_NONE || fd < 0 || !krn_arch_is_x86(j->k->info.arch))
		return;
	krn_facts_headers(fd, &facts);
	krn_verdict(&facts, asked, &v);
	if (v.answer == KRN_NO)
		strv_addf(&j->res.notes, "%s will not start it: %s (kiln inspect)",
			  asked == KRN_FOR_UEFI ? "EFI firmware" : "a loader under a legacy BIOS",
			  v.reason);
	krn_verdict_release(&v);
	krn_facts_release(&facts);
}

/* Doing. */

static void report_bytes(void *ctx, uint64_t bytes)
{
	const struct krn_progress *p = ctx;

	p->report(p->ctx, "copying modules", bytes, 0);
}

static int write_piece(struct ins_job *j, const struct ins_piece *p, struct err *err)
{
	const struct krn_progress *progress = j->spec->progress;

	switch (p->how) {
	case INS_MODULES:
		return ins_copy_modules(&j->c.place, p->from, p->rel,
					progress ? report_bytes : NULL, (void *)progress, err);
	case INS_TEXT:
		return ins_write_file(&j->c.place, p->rel, &p->text, err);
	default:
		return ins_copy_file(&j->c.place, p->from, p->rel, err);
	}
}

static int write_entry(struct ins_job *j, struct err *err)
{
	auto_free char *rel =
		j->new ? ins_loader_entry_path(j->c.file.next.loader, j->new->id) : NULL;
	auto_str struct str text = { 0 };

	/* that of a kernel that is there already follows the switch */
	if (!rel || ins_find(&j->c.file.now, j->new->id))
		return 0;
	ins_loader_entry(&j->c.place, j->new, &text);
	return ins_write_file(&j->c.place, rel, &text, err);
}

static int carry_out(struct ins_job *j, struct err *err)
{
	int r = ins_change_announce(&j->c, err);

	for (size_t i = 0; i < j->pieces.n && r == 0; i++)
		r = write_piece(j, &j->pieces.v[i], err);
	if (r == 0)
		r = write_entry(j, err);
	if (r == 0)
		r = ins_change_switch(&j->c, err);
	if (r < 0)
		ins_change_undo(&j->c);
	for (size_t i = 0; r == 0 && i < j->c.file.garbage.n; i++)
		strv_addf(&j->res.notes, "'%s' could not be removed; the next kiln tries again",
			  j->c.file.garbage.v[i]);
	return r;
}

static void hand_over(struct ins_job *j, struct ins_result *ret)
{
	*ret = j->res;
	j->res = (struct ins_result){ 0 };
}

int ins_install(struct krn *k, const struct ins_spec *spec, struct ins_result *ret, struct err *err)
{
	struct ins_job j = { .k = k, .spec = spec };
	int r = ins_change_begin(&j.c, spec->root, !spec->dry_run, err);

	if (r == 0)
		r = ins_plan(&j, err);
	if (r == 0) {
		note_verdict(&j);
		tell_install(&j);
		if (!spec->dry_run)
			r = carry_out(&j, err);
		else
			j.c.file.under_way = true;
	}
	if (r == 0) {
		ins_loader_notes(&j.c.place,
				 spec->dry_run ? j.c.file.next.loader : j.c.file.now.loader,
				 &j.res.notes);
		hand_over(&j, ret);
	}
	ins_job_release(&j);
	return r;
}

int ins_rollback(const struct ins_spec *spec, struct ins_result *ret, struct err *err)
{
	struct ins_job j = { .spec = spec };
	int r = ins_change_begin(&j.c, spec->root, !spec->dry_run, err);

	if (r == 0)
		r = ins_plan_back(&j, err);
	if (r == 0) {
		tell_switch(&j);
		if (!spec->dry_run)
			r = carry_out(&j, err);
	}
	if (r == 0)
		hand_over(&j, ret);
	ins_job_release(&j);
	return r;
}

int ins_list(const char *root, struct ins_state *ret, struct err *err)
{
	auto_ins_change struct ins_change c;
	int r = ins_change_begin(&c, root, false, err);

	if (r < 0)
		return r;
	*ret = c.file.now;
	c.file.now = (struct ins_state){ 0 };
	ins_sort(ret);
	return 0;
}
