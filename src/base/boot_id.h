/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found out about this host holds until it is started again. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Adds the host's boot id (random(4), a UUID in text). */
int boot_id(struct str *ret, struct err *err);
