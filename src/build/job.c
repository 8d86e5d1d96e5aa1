/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One cell from its inputs to the store. The build folder is kept whatever happens; the store gets all or nothing. */
#include "build/job.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "build/compare.h"
#include "build/launcher.h"
#include "build/mark.h"
#include "build/metadata.h"
#include "build/outputs.h"
#include "build/place.h"
#include "build/relabel.h"
#include "build/step.h"
#include "build/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define LOG_NAME	"kiln-build.log"
#define CCACHE_LOG_NAME "kiln-ccache.log"
#define TOOLCHAIN_NAME	"kiln-toolchain"
#define WAIT_MSEC	50

static volatile sig_atomic_t is_ended;

static void end_it(int sig)
{
	is_ended = sig;
}

void bld_job_catch_signals(void)
{
	const struct sigaction sa = { .sa_handler = end_it };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static int check_ended(struct err *err)
{
	return is_ended ? err_set(err, -EINTR, "ended by signal %d", (int)is_ended) : 0;
}

const char *bld_phase_name(enum bld_phase p)
{
	static const char *const names[] = {
		[BLD_WAITING] = "waiting for another kiln",
		[BLD_MAKING] = "make",
		[BLD_TAKING] = "modules, headers, SDK",
		[BLD_PUBLISHING] = "publishing",
		[BLD_DONE] = "done",
	};

	return names[p];
}

void bld_result_release(struct bld_result *r)
{
	bld_messages_release(&r->warnings);
	bld_messages_release(&r->errors);
	free(r->release);
	free(r->excerpt);
	free(r->repeat);
	free(r->log);
	*r = (struct bld_result){ 0 };
}

int bld_job_folder(const char *name, const struct src_tree *tree, const char *arch,
		   const char *toolchain, char **ret, struct err *err)
{
	auto_free char *key = xasprintf("%s\n%s\n%s\n%s", name, tree->path, arch, toolchain),
		       *dir = NULL;
	char hex[DIGEST_HEX + 1];
	int r = digest_text(key, hex, err);

	if (r == 0)
		r = dir_sub(DIR_CACHE, "build", &dir, err);
	if (r < 0)
		return r;
	hex[16] = '\0';
	*ret = path_join(dir, hex);
	return 0;
}

struct work {
	const struct bld_job *j;
	struct bld_result *ret;
	struct strv env, make;
	int log, lock;
	char *ccache_log; /* of this build, not of all that ccache ever did */
	uint64_t began;
	struct bld_steps steps;
	struct bld_report report;
};

static void work_release(struct work *w)
{
	strv_release(&w->env);
	strv_release(&w->make);
	close_fd(w->log);
	close_fd(w->lock);
	free(w->ccache_log);
}

static void report(struct work *w, enum bld_phase phase)
{
	w->report.phase = phase;
	if (w->j->report)
		w->j->report(w->j->ctx, &w->report);
}

/* The config is only written where it is another: its time would have kbuild look at everything. */
static int write_config(const struct bld_job *j, struct err *err)
{
	auto_free char *path = path_join(j->build, ".config");
	auto_str struct str old = { 0 };
	int r;

	if (file_read(AT_FDCWD, path, 64 << 20, &old, NULL) == 0 && str_eq(str_c(&old), j->config))
		return 0;
	r = old.n ? bld_relabel(j->build, str_c(&old), j->config, err) : 0;
	if (r != 0)
		return MIN(r, 0);
	return file_publish(path, j->config, strlen(j->config), 0644, err);
}

/* kbuild works the configuration out once more, with its own conf: that has to agree. */
static int check_config(const struct bld_job *j, struct err *err)
{
	auto_free char *path = path_join(j->build, ".config");
	auto_str struct str now = { 0 };
	const char *a, *b = j->config;
	int r = file_read(AT_FDCWD, path, 64 << 20, &now, err);

	if (r < 0)
		return r;
	for (a = str_c(&now); *a && *a == *b; a++)
		b++;
	if (!*a && !*b)
		return 0;
	while (a > str_c(&now) && a[-1] != '\n')
		a--;
	while (b > j->config && b[-1] != '\n')
		b--;
	err_set(err, -EINVAL, "kbuild changed the configuration: it has '%.*s' where '%.*s' was",
		(int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
	return err_hint(err, -EINVAL, "please report this with '%s'", path);
}

/* Where it lies is mapped away, so that it does not get into debug information and messages. */
static void add_flags(const struct bld_job *j, struct strv *ret)
{
	auto_free char *map =
		xasprintf("-ffile-prefix-map=%s=/kiln/source -ffile-prefix-map=%s=/kiln/build",
			  j->tree->path, j->build);

	strv_addf(ret, "KCFLAGS=%s", map);
	strv_addf(ret, "KAFLAGS=%s", map);
	strv_add(ret, "LOCALVERSION=");
}

static void make_words(const struct bld_job *j, struct strv *ret_make, struct strv *ret_env)
{
	bld_toolchain_env(j->toolchain, NULL, ret_env);
	if (!j->tree->ours)
		bld_ccache_strict(ret_env);
	strv_extend(ret_env, j->env);
	strv_extend(ret_make, j->toolchain->make.v);
	add_flags(j, ret_make);
}

void bld_job_make(const struct bld_job *j, struct strv *ret_argv, struct strv *ret_env)
{
	strv_extend(ret_argv, j->toolchain->wrap.v);
	strv_adds(ret_argv, "make", "-C", j->tree->path, NULL);
	strv_addf(ret_argv, "O=%s", j->build);
	make_words(j, ret_argv, ret_env);
	bld_outputs_targets(j->arch, j->config, ret_argv);
}

static struct bld_kbuild_spec spec_of(const struct work *w, char *const *make)
{
	const struct bld_job *j = w->j;

	return (struct bld_kbuild_spec){
		.tree = j->tree->path,
		.build = j->build,
		.wrap = j->toolchain->wrap.v,
		.make = make,
		.env = w->env.v,
		.jobs = j->jobs,
		.log_fd = w->log,
		.lock_fd = w->lock,
		.ended = &is_ended,
	};
}

static void report_steps(void *ctx, const struct bld_kbuild *k)
{
	struct work *w = ctx;

	w->report.done = k->steps;
	w->report.total = bld_steps_total(&w->steps, k->steps);
	w->report.warnings = k->warnings.n;
	snprintf(w->report.step, sizeof(w->report.step), "%s", k->step ? k->step : "");
	report(w, BLD_MAKING);
}

/* What make had to say is the result's now. */
static void take_messages(struct work *w, const struct bld_kbuild_spec *spec, struct bld_kbuild *k)
{
	struct bld_result *ret = w->ret;

	ret->steps = k->steps;
	ret->warnings = k->warnings;
	ret->errors = k->errors;
	k->warnings = k->errors = (struct bld_messages){ 0 };
	if (!k->status)
		return;
	ret->excerpt = str_take(&k->first_error);
	ret->repeat = bld_kbuild_repeat(spec, k->failed_object);
}

static int make(struct work *w, const struct bld_kbuild_spec *spec, struct err *err)
{
	struct bld_kbuild k = { 0 };
	int r = bld_kbuild_start(spec, &k, err);

	if (r < 0)
		return r;
	/* while make reads its makefiles, so that nobody waits for it */
	bld_steps_count(w->j->tree->path, w->j->srcarch, w->j->config, w->j->build, &w->steps);
	r = bld_kbuild_finish(&k, report_steps, w, err);
	take_messages(w, spec, &k);
	if (r == 0 && k.status) {
		r = err_set(err, -ENOEXEC, "make ended with status %d", k.status);
		r = bld_make_failed(spec->build, r, err);
	}
	bld_kbuild_release(&k);
	return r;
}

static int open_log(struct work *w, struct err *err)
{
	w->ret->log = path_join(w->j->build, LOG_NAME);
	w->ccache_log = path_join(w->j->build, CCACHE_LOG_NAME);
	if (unlink(w->ccache_log) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove '%s'", w->ccache_log);
	w->log = open(w->ret->log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0644);
	return w->log < 0 ? err_sys(err, "cannot write '%s'", w->ret->log) : 0;
}

/*
 * kbuild makes anew what another compiler would make, and looks at nothing else: objects of another assembler, linker or compiler
 * for the host would stay. 1: the folder's are of these tools.
 */
static bool is_of_toolchain(const struct bld_job *j)
{
	auto_free char *path = path_join(j->build, TOOLCHAIN_NAME);
	auto_str struct str was = { 0 };

	return file_read(AT_FDCWD, path, 1 << 20, &was, NULL) == 0 &&
	       str_eq(str_c(&was), str_c(&j->toolchain->probe));
}

static int64_t wall_ns(void)
{
	struct timespec t;

	/* as files get their times: no later than that */
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return t.tv_sec * (int64_t)NSEC_PER_SEC + t.tv_nsec;
}

static int make_folder(const struct bld_job *j, struct err *err)
{
	auto_free char *path = path_join(j->build, TOOLCHAIN_NAME);
	int r;

	if (!j->fresh && is_of_toolchain(j))
		return 0;
	r = rm_rf(j->build, err);
	if (r == 0)
		r = mkdir_p(j->build, 0755, err);
	return r < 0 ? r
		     : file_publish(path, str_c(&j->toolchain->probe), j->toolchain->probe.n, 0644,
				    err);
}

/* The user may have gone on writing while the compiler read. */
static int check_tree(const struct bld_job *j, struct err *err)
{
	int r = src_tree_unchanged(j->tree, err);

	if (r)
		return r < 0 ? r : 0;
	err_set(err, -ESTALE, "'%s' was changed while it was built", j->tree->path);
	return err_hint(err, -ESTALE, "build again: what this build made is made anew");
}

/* However make ended: an object that was compiled while its source was saved would be taken for one of the new source. */
static int doubt(const struct bld_job *j, int64_t began, int made, struct err *err)
{
	int r;

	if (j->tree->ours || src_tree_unchanged(j->tree, NULL) != 0)
		return made;
	r = bld_kbuild_doubt(j->build, began, made < 0 ? NULL : err);
	if (made < 0 || r < 0)
		return made < 0 ? made : r;
	return check_tree(j, err);
}

static int build(struct work *w, struct err *err)
{
	const struct bld_job *j = w->j;
	auto_strv struct strv all = { 0 };
	struct bld_kbuild_spec spec;
	int64_t began;
	int r = make_folder(j, err);

	if (r == 0)
		r = open_log(w, err);
	if (r == 0)
		r = bld_kbuild_mend(j->build, err);
	if (r == 0)
		r = write_config(j, err);
	if (r < 0)
		return r;
	report(w, BLD_MAKING);
	make_words(j, &w->make, &w->env);
	/* of the launchers only ccache has an environment */
	if (j->toolchain->env.n)
		strv_addf(&w->env, "CCACHE_STATSLOG=%s", w->ccache_log);
	strv_extend(&all, w->make.v);
	bld_outputs_targets(j->arch, j->config, &all);
	spec = spec_of(w, all.v);
	began = wall_ns();
	r = doubt(j, began, make(w, &spec, err), err);
	/* no such file: no ccache, or one that is too old to say */
	bld_ccache_read_log(w->ccache_log, &w->ret->cache_asked, &w->ret->cache_had, NULL);
	return r < 0 ? r : check_config(j, err);
}

static int take_outputs(struct work *w, const char *to, struct bld_known *known, struct err *err)
{
	const struct bld_job *j = w->j;
	const struct bld_outputs o = {
		.kbuild = spec_of(w, w->make.v),
		.arch = j->arch,
		.config = j->config,
		.to = to,
		.known = known,
		.debug = j->debug_info,
	};
	int r;

	report(w, BLD_TAKING);
	r = bld_outputs_take(&o, &w->ret->release, err);
	w->ret->ns = now_ns() - w->began;
	return r < 0 ? r : bld_metadata_write(j, w->ret, to, err);
}

static int no_room(const struct sto *store, struct err *err)
{
	return err_hint(
		err, -ENOSPC,
		"make room for '%s' ('kiln store gc' removes what has no name any more), and "
		"build again: what make did is kept",
		sto_path(store));
}

static int fill_and_commit(struct work *w, struct sto *store, struct err *err)
{
	struct bld_known *known;
	struct sto_stage *g;
	int r = sto_stage_begin(store, w->j->id, &g, err);

	if (r < 0)
		return r;
	known = bld_known_read(w->j->build, g);
	r = take_outputs(w, sto_stage_path(g), known, err);
	if (r == 0)
		r = check_tree(w->j, err);
	if (r == 0)
		r = check_ended(err);
	if (r == 0)
		report(w, BLD_PUBLISHING);
	if (r == 0)
		r = sto_stage_commit(g, NULL, err);
	else
		sto_stage_abort(g);
	if (r == 0)
		bld_known_write(known, store, w->j->id);
	bld_known_free(known);
	return r < 0 ? r : sto_ref_set(store, w->j->name, w->j->id, err);
}

static int publish(struct work *w, struct sto *store, struct err *err)
{
	int r = fill_and_commit(w, store, err);

	return r == -ENOSPC ? no_room(store, err) : r;
}

static bool is_there(struct sto *store, const struct bld_job *j)
{
	auto_free char *path = NULL;

	return sto_cell_path(store, j->id, &path) == 0;
}

/* Another may hold it for an hour; who waits for that can be ended. */
static int wait_for_lock(const char *lock, int *ret_fd, struct err *err)
{
	int r;

	while ((r = file_try_lock(lock, ret_fd, err)) == -EAGAIN) {
		r = check_ended(err);
		if (r < 0)
			return r;
		poll(NULL, 0, WAIT_MSEC);
	}
	return r;
}

static int lock_folder(struct work *w, struct err *err)
{
	auto_free char *lock = xasprintf("%s.lock", w->j->build), *dir = path_dir(w->j->build);
	int r = mkdir_p(dir, 0700, err);

	if (r == 0)
		r = file_try_lock(lock, &w->lock, err);
	if (r != -EAGAIN)
		return r;
	report(w, BLD_WAITING);
	return wait_for_lock(lock, &w->lock, err);
}

static int begin(struct work *w, struct err *err)
{
	const struct bld_job *j = w->j;
	auto_free char *mark = path_join(j->build, BLD_MARK);
	int r;

	*w->ret = (struct bld_result){ 0 };
	bld_job_catch_signals();
	r = lock_folder(w, err);
	/* before the folder is looked at: what a killed kiln left may still write there */
	return r < 0 ? r : bld_container_end(j->toolchain->wrap.v, access(mark, F_OK) == 0, err);
}

int bld_job_run(const struct bld_job *j, struct sto *store, struct bld_result *ret, struct err *err)
{
	cleanup(work_release) struct work w = {
		.j = j, .ret = ret, .log = -1, .lock = -1, .began = now_ns()
	};
	int r = begin(&w, err);

	if (r < 0)
		return r;
	/* another kiln may have had it done */
	if (is_there(store, j))
		return sto_ref_set(store, j->name, j->id, err);
	r = build(&w, err);
	if (r == 0)
		r = publish(&w, store, err);
	ret->ns = now_ns() - w.began;
	ret->built = r == 0;
	if (r == 0)
		report(&w, BLD_DONE);
	return r;
}

/* What came out, held against the cell; nothing is published. */
static int compare(struct work *w, struct sto *store, struct strv *ret_differ, struct err *err)
{
	auto_free char *cell = NULL;
	struct sto_stage *g;
	int r = sto_cell_path(store, w->j->id, &cell);

	if (r < 0)
		return err_set(err, r, "'%s' is not in the store: build it first", w->j->name);
	r = sto_stage_begin(store, w->j->id, &g, err);
	if (r < 0)
		return r;
	r = take_outputs(w, sto_stage_path(g), NULL, err);
	if (r == 0)
		r = check_tree(w->j, err);
	if (r == 0)
		r = bld_compare(cell, sto_stage_path(g), ".kiln", ret_differ, err);
	sto_stage_abort(g);
	return r;
}

int bld_job_verify(const struct bld_job *j, struct sto *store, struct bld_result *ret,
		   struct strv *ret_differ, struct err *err)
{
	cleanup(work_release) struct work w = {
		.j = j, .ret = ret, .log = -1, .lock = -1, .began = now_ns()
	};
	int r;

	r = begin(&w, err);
	if (r == 0)
		r = rm_rf(j->build, err);
	if (r == 0)
		r = build(&w, err);
	if (r == 0)
		r = compare(&w, store, ret_differ, err);
	ret->ns = now_ns() - w.began;
	return r < 0 ? r : rm_rf(j->build, err);
}
