/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What data/firmware/also.yaml says; for hw/firmware.c. */
#pragma once

#include "hw/firmware.h"

struct hw_fw_also {
	char **driver; /* names of modules, or paths of their objects below the tree; '*' is anything */
	unsigned n_driver;
	char **module; /* that they stand on */
	unsigned n_module;
	char *reason;
};

struct hw_fw_also_list {
	struct hw_fw_also *v;
	unsigned n;
};

const struct hw_fw_also_list *hw_fw_data_also(const struct hw_fw_data *d);
