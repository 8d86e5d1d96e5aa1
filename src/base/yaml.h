/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML files of knowledge (data/), read by libcyaml, opened on first use (base/dl.h). A schema, which the caller has as a
 * const table of <cyaml/cyaml.h>'s macros, says what may stand in a file; what it does not name is an error.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <cyaml/cyaml.h>

/*
 * Reads a file of at most 4 MiB. schema: of the whole file, a mapping behind a pointer (CYAML_VALUE_MAPPING with
 * CYAML_FLAG_POINTER); *ret is such a pointer and is freed with yaml_free(). What is no YAML, an unknown key, a missing
 * one, one that stands twice, a value of another type, an alias, a second document, a file that holds nothing: -EINVAL
 * with file, line and the keys that lead there. ret_text: an empty one, which gets what was read, for lines to be looked for.
 */
int yaml_read(const char *path, const struct cyaml_schema_value *schema, void **ret,
	      struct str *ret_text, struct err *err);
/* The same for a text; name is for messages. */
int yaml_parse(const char *text, size_t n, const char *name,
	       const struct cyaml_schema_value *schema, void **ret, struct err *err);
/* data may be NULL. */
void yaml_free(const struct cyaml_schema_value *schema, void *data);
