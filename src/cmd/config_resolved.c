/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file: a line with the text's digest, the text. */
#include "cmd/config_resolved.h"

#include "base/digest.h"
#include "base/file.h"
#include "kernel/cache.h"

#include <fcntl.h>

static const char head[] = "kiln resolved 1 ";
#define HEAD (sizeof(head) - 1 + DIGEST_HEX + 1)

static void mix_text(struct krn_mix *m, const struct str *text)
{
	krn_mix_add(m, &text->n, sizeof(text->n));
	krn_mix_add(m, str_c(text), text->n);
}

bool config_resolved_key(const struct config_tree *t, const struct config_start *start,
			 const struct kc_wishes *wishes, char ret[33])
{
	struct krn_mix m = KRN_MIX_INIT;

	if (!t->tree->key[0])
		return false;
	krn_mix_add(&m, t->tree->key, sizeof(t->tree->key));
	krn_mix_add(&m, &start->fill, sizeof(start->fill));
	krn_mix_add(&m, &start->seeded, sizeof(start->seeded));
	mix_text(&m, &start->seed);
	mix_text(&m, &start->text);
	for (size_t i = 0; i < wishes->n; i++) {
		const struct kc_wish *w = &wishes->v[i];
		const char flags[] = { w->optional, w->silent, w->override };

		krn_mix_str(&m, w->name);
		krn_mix_str(&m, w->value);
		krn_mix_add(&m, flags, sizeof(flags));
	}
	krn_mix_hex(&m, ret);
	return true;
}

static int path_of(const char *key, char **ret)
{
	return krn_cached_path("resolved", key, ret, NULL);
}

bool config_resolved_find(const char *key, struct str *ret)
{
	auto_str struct str file = { 0 };
	auto_free char *path = NULL;
	char hex[DIGEST_HEX + 1];

	if (path_of(key, &path) < 0 ||
	    file_read(AT_FDCWD, path, KC_MAX_CONFIG + HEAD, &file, NULL) < 0 || file.n < HEAD ||
	    !str_starts(str_c(&file), head) ||
	    digest_bytes(file.s + HEAD, file.n - HEAD, hex, NULL) < 0 ||
	    strncmp(file.s + sizeof(head) - 1, hex, DIGEST_HEX) != 0)
		return false;
	str_add(ret, file.s + HEAD, file.n - HEAD);
	/* the last use, see krn_cache_prune() */
	utimensat(AT_FDCWD, path, NULL, 0);
	return true;
}

void config_resolved_keep(const char *key, const char *text)
{
	auto_str struct str file = { 0 };
	auto_free char *path = NULL;
	char hex[DIGEST_HEX + 1];

	if (path_of(key, &path) < 0 || digest_text(text, hex, NULL) < 0)
		return;
	str_addf(&file, "%s%s\n%s", head, hex, text);
	file_publish(path, file.s, file.n, 0600, NULL);
}
