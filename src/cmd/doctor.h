/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln doctor` on a given host, for its test. */
#pragma once

#include "cmd/cmd.h"
#include "host/doctor.h"

extern const struct cmd cmd_doctor;

/*
 * Prints the findings for the n purposes named. Returns an exit status or a negative errno with err
 * set.
 */
int cmd_doctor_on(struct out *out, const struct host *h, char **purposes, size_t n,
		  struct err *err);
