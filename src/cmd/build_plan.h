/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From kiln.yaml or options to cells that can be built: trees, patches, toolchains, configurations, identities. */
#pragma once

#include "base/out.h"
#include "build/identity.h"
#include "build/job.h"
#include "build/project.h"
#include "source/series.h"

struct build_opts {
	/* a kernel without kiln.yaml */
	const char *source, *base, *name, *launcher;
	struct strv arch, config, patches, toolchains;
	bool debug_info;
	/* how */
	uint64_t jobs;
	bool list, patches_only, verify, fresh, keep_going, offline, explain;
	const char *store;
};

/* A source of the project: opened once for all its cells. */
struct build_source {
	const char *text;		 /* the project's */
	const struct bld_kernel *kernel; /* whose digest and keyring proved it */
	struct src_tree tree;
};

struct build_cell {
	const struct bld_cell *cell;
	const struct src_tree *source; /* build_plan's */
	struct src_series series;
	struct src_verdicts verdicts;
	struct src_tree tree; /* with patches; the source itself where none applies */
	struct bld_toolchain toolchain;
	char *srcarch, *label, *config;
	char *build; /* the build folder; another where it is built to be verified */
	struct str inputs;
	char id[STO_ID + 1];
	bool there; /* in the store already */
	bool bad;   /* cannot be built; why was told */
	struct bld_job job;
};

struct build_plan {
	struct out *out;
	const struct build_opts *o;
	struct bld_project project;
	struct bld_cells all;
	struct strv env;   /* of every build; part of the identity */
	char *told;	   /* why the last bad cell cannot be built */
	struct sto *store; /* NULL: there is none yet */
	struct {
		struct build_source **v;
		size_t n, cap;
	} sources;
	struct {
		struct build_cell *v;
		size_t n, cap;
	} cells; /* the chosen ones */
};

/* kiln.yaml, or the options, and which of its cells are meant (none named: all). */
int build_plan_open(struct build_plan *p, struct out *out, const struct build_opts *o, char **words,
		    size_t n, struct err *err);
void build_plan_release(struct build_plan *p);
/* Sources and what becomes of patches on them: enough for --patches-only. A cell that fails is bad, and the others go on. */
int build_plan_patches(struct build_plan *p, struct build_cell *c, struct err *err);
/* All up to the identity, and whether the store has it. 1: the configuration does not hold, which was told. */
int build_plan_cell(struct build_plan *p, struct build_cell *c, struct err *err);

/* Whether all that the builds call is there: before the first of them is started. */
int build_plan_tools(struct build_plan *p, struct err *err);

/* The .config of a cell. 1: lines asked for do not hold; they were told of. */
int build_config(struct build_plan *p, struct build_cell *c, struct err *err);
