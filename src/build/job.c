/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One cell from its inputs to the store. The build folder is kept whatever happens; the store gets all or nothing. */
#include "build/job.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "build/carry.h"
#include "build/compare.h"
#include "build/identity.h"
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
	int64_t make_began; /* wall clock, ns; 0: not yet */
	struct sto_stage *stage;
	bool publishes;		 /* nothing is known where a build is to prove something */
	struct bld_known *known; /* NULL: nothing is */
	pid_t flusher;		 /* writes to the disk; 0: not yet */
	pid_t asked;		 /* whether the tree has changed; 0: not yet */
	bool read_tree;		 /* since that was asked */
	struct bld_carry *carry; /* while make runs for another release alone */
	struct bld_ahead ahead;
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
	bld_ahead_release(&w->ahead);
	bld_known_free(w->known);
	bld_carry_end(w->carry);
	proc_wait(w->flusher);
	proc_wait(w->asked);
	sto_stage_abort(w->stage);
}

static void report(struct work *w, enum bld_phase phase)
{
	w->report.phase = phase;
	if (w->j->report)
		w->j->report(w->j->ctx, &w->report);
}

/* The build folder's. */
static int read_config(const struct bld_job *j, struct str *ret, struct err *err)
{
	auto_free char *path = path_join(j->build, ".config");

	return file_read(AT_FDCWD, path, 64 << 20, ret, err);
}

static void carry(struct work *w)
{
	const struct bld_job *j = w->j;
	auto_free char *release = bld_release(j->config, j->tree->version);

	w->carry = bld_carry_begin(j->build, j->tree->path, release);
}

/* The config is only written where it is another: its time would have kbuild look at everything. */
static int write_config(struct work *w, struct err *err)
{
	const struct bld_job *j = w->j;
	auto_free char *path = path_join(j->build, ".config");
	auto_str struct str old = { 0 };
	int r;

	if (read_config(j, &old, NULL) == 0 && str_eq(str_c(&old), j->config))
		return 0;
	r = old.n ? bld_relabel(j->build, str_c(&old), j->config, err) : 0;
	if (r > 0)
		carry(w);
	if (r != 0)
		return MIN(r, 0);
	bld_carry_forget(j->build);
	return file_publish(path, j->config, strlen(j->config), 0644, err);
}

/* kbuild works the configuration out once more, with its own conf: that has to agree. */
static int check_config(const struct bld_job *j, struct err *err)
{
	auto_free char *path = path_join(j->build, ".config");
	auto_str struct str now = { 0 };
	const char *a, *b = j->config;
	int r = read_config(j, &now, err);

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
	const struct bld_kbuild_spec spec = { .tree = j->tree->path,
					      .build = j->build,
					      .wrap = j->toolchain->wrap.v };

	bld_kbuild_words(&spec, ret_argv);
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

/*
 * What publishing waits for is mostly what make wrote. Once vmlinux is linked it has most of it written and goes on by itself
 * for seconds, compressing.
 */
static void flush_aside(struct work *w)
{
	auto_close int fd = open(w->j->build, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	proc_wait(w->flusher);
	w->flusher = proc_fork();
	if (w->flusher == 0) {
		if (fd >= 0)
			syncfs(fd);
		_exit(0);
	}
}

static void report_steps(void *ctx, const struct bld_kbuild *k)
{
	struct work *w = ctx;

	if (w->publishes && !w->flusher && k->step && str_ends(k->step, "System.map")) {
		flush_aside(w);
		sto_stage_prepare(w->stage);
	}
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

static int64_t wall_ns(void)
{
	struct timespec t;

	/* as files get their times: no later than that */
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return timespec_ns(&t);
}

static struct bld_outputs outputs_of(struct work *w)
{
	const struct bld_job *j = w->j;

	return (struct bld_outputs){
		.kbuild = spec_of(w, w->make.v),
		.arch = j->arch,
		.config = j->config,
		.to = sto_stage_path(w->stage),
		.known = w->known,
		.ahead = &w->ahead,
		.read_tree = &w->read_tree,
		.debug = j->debug_info,
	};
}

/* While make reads its makefiles, one by one and alone: nobody waits for it. */
static void use_the_time(struct work *w)
{
	const struct bld_job *j = w->j;
	auto_free char *release = bld_release(j->config, j->tree->version);
	struct bld_outputs o;

	bld_steps_count(j->tree->path, j->srcarch, j->config, j->build, &w->steps);
	if (w->publishes)
		w->known = bld_known_read(j->build, w->stage);
	o = outputs_of(w);
	bld_outputs_ahead(&o, release, &w->ahead);
}

static int make(struct work *w, const struct bld_kbuild_spec *spec, struct err *err)
{
	struct bld_kbuild k = { 0 };
	int r;

	w->make_began = wall_ns();
	r = bld_kbuild_start(spec, &k, err);
	if (r < 0)
		return r;
	use_the_time(w);
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

/* Of a killed kiln, which had the lock that is ours now: what it was about to put in place. */
static void sweep(const char *build)
{
	/* where kiln itself writes: see relabel.c for the two below */
	static const char *const dirs[] = { "", "include/config", "include/generated" };

	for (size_t d = 0; d < countof(dirs); d++) {
		auto_free char *dir = path_join(build, dirs[d]);
		auto_strv struct strv names = { 0 };

		file_names(AT_FDCWD, dir, &names, NULL);
		for (size_t i = 0; i < names.n; i++) {
			auto_free char *path = path_join(dir, names.v[i]);

			if (publish_is_left(names.v[i]))
				unlink(path);
		}
	}
}

bool bld_job_was_built(const struct bld_job *j)
{
	auto_free char *known = path_join(j->build, BLD_KNOWN);
	auto_str struct str was = { 0 };

	return !j->fresh && access(known, F_OK) == 0 && is_of_toolchain(j) &&
	       read_config(j, &was, NULL) == 0 && bld_same_but_name(str_c(&was), j->config);
}

static int make_folder(const struct bld_job *j, struct err *err)
{
	auto_free char *path = path_join(j->build, TOOLCHAIN_NAME);
	int r;

	sweep(j->build);
	if (!j->fresh && is_of_toolchain(j))
		return 0;
	r = rm_rf(j->build, err);
	if (r == 0)
		r = mkdir_p(j->build, 0755, err);
	return r < 0 ? r
		     : file_publish(path, str_c(&j->toolchain->probe), j->toolchain->probe.n, 0644,
				    err);
}

/*
 * However it ended: the user may have gone on writing while make read, or what is published of the tree was taken. What came of
 * that is nobody's kernel, and an object that was compiled while its source was saved would be taken for one of the new source.
 */
static int doubt(struct work *w, int made, struct err *err)
{
	const struct bld_job *j = w->j;
	struct err *own = made < 0 ? NULL : err; /* that make failed is what there is to say */
	int r;

	if (!w->make_began)
		return 0;
	r = src_tree_is_unchanged(w->asked, j->tree, own);
	w->asked = 0;
	if (r != 0)
		return MIN(r, 0);
	r = bld_kbuild_doubt(j->build, w->make_began, own);
	if (r < 0)
		return r;
	err_set(own, -ESTALE, "'%s' was changed while it was built", j->tree->path);
	return err_hint(own, -ESTALE, "build again: what this build made is made anew");
}

static int build(struct work *w, struct err *err)
{
	const struct bld_job *j = w->j;
	auto_strv struct strv all = { 0 };
	struct bld_kbuild_spec spec;
	int r = make_folder(j, err);

	if (r == 0)
		r = open_log(w, err);
	if (r == 0)
		r = bld_kbuild_mend(j->build, err);
	/* from here on things are written that make goes by */
	if (r == 0)
		r = bld_mark_set(j->build, err);
	if (r >= 0)
		r = write_config(w, err);
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
	spec.marked = true;
	r = make(w, &spec, err);
	bld_carry_end(take_ptr(w->carry));
	/* no such file: no ccache, or one that is too old to say */
	bld_ccache_read_log(w->ccache_log, &w->ret->cache_asked, &w->ret->cache_had, NULL);
	return r;
}

static int no_room(const struct sto *store, int r, struct err *err)
{
	if (r != -ENOSPC)
		return r;
	return err_hint(
		err, -ENOSPC,
		"make room for '%s' ('kiln store gc' removes what has no name any more), and "
		"build again: what make did is kept",
		sto_path(store));
}

static int take_outputs(struct work *w, struct sto *store, struct err *err)
{
	const struct bld_outputs o = outputs_of(w);
	int r;

	report(w, BLD_TAKING);
	r = check_config(w->j, err);
	if (r == 0)
		r = bld_outputs_take(&o, &w->ret->release, err);
	w->ret->ns = now_ns() - w->began;
	if (r == 0)
		r = bld_metadata_write(w->j, w->ret, o.to, err);
	return no_room(store, r, err);
}

/* While other things are done. An answer that is there is one of before. */
static void ask_for_changes(struct work *w)
{
	proc_wait(w->asked);
	w->read_tree = false;
	w->asked = src_tree_ask_unchanged(w->j->tree);
}

/* All up to the folder that is to be published; where it succeeds, doubt() is left to be called. */
static int build_and_take(struct work *w, struct sto *store, struct err *err)
{
	int made = build(w, err), r = made, changed;

	if (made == 0) {
		if (w->publishes)
			flush_aside(w);
		ask_for_changes(w);
		r = take_outputs(w, store, err);
	}
	if (r == 0) {
		if (w->read_tree)
			ask_for_changes(w);
		return 0;
	}
	changed = doubt(w, made, err);
	return made == 0 && changed < 0 ? changed : r;
}

static int no_doubt(void *ctx, struct err *err)
{
	struct work *w = ctx;

	bld_known_note(w->known);
	return doubt(w, 0, err);
}

static int commit(struct work *w, struct sto *store, struct err *err)
{
	int r = check_ended(err);

	if (r < 0)
		return r;
	report(w, BLD_PUBLISHING);
	sto_stage_last(w->stage, no_doubt, w);
	r = sto_stage_commit(take_ptr(w->stage), NULL, err);
	if (r < 0)
		return no_room(store, r, err);
	bld_known_write(w->known);
	if (sto_has_synced(store))
		bld_mark_synced(w->j->build, sto_path(store));
	return sto_ref_set(store, w->j->name, w->j->id, err);
}

static int build_and_publish(struct work *w, struct sto *store, struct err *err)
{
	int r = sto_stage_begin(store, w->j->id, &w->stage, err);

	if (r < 0)
		return r;
	w->publishes = true;
	r = build_and_take(w, store, err);
	return r < 0 ? r : commit(w, store, err);
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
	r = build_and_publish(&w, store, err);
	ret->ns = now_ns() - w.began;
	ret->built = r == 0;
	if (r == 0)
		report(&w, BLD_DONE);
	return r;
}

/* What comes out, held against the cell; nothing is published. */
static int build_and_compare(struct work *w, struct sto *store, struct strv *ret_differ,
			     struct err *err)
{
	auto_free char *cell = NULL;
	int r = sto_cell_path(store, w->j->id, &cell);

	if (r < 0)
		return err_set(err, r, "'%s' is not in the store: build it first", w->j->name);
	r = sto_stage_begin(store, w->j->id, &w->stage, err);
	if (r == 0)
		r = build_and_take(w, store, err);
	if (r == 0)
		r = doubt(w, 0, err);
	return r < 0 ? r : bld_compare(cell, sto_stage_path(w->stage), ".kiln", ret_differ, err);
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
		r = build_and_compare(&w, store, ret_differ, err);
	ret->ns = now_ns() - w.began;
	return r < 0 ? r : rm_rf(j->build, err);
}
