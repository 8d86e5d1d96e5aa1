/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kconfig/made.h"

/* What was said, and nothing worked out yet. */
static struct kc_conf *read_all(const struct kc_tree *tree, const struct kc_files *files,
				const struct kc_conf *read, const struct kc_wishes *wishes)
{
	auto_str struct str text = { 0 };
	struct kc_conf *c;

	for (size_t i = 0; i < wishes->n; i++)
		str_addf(&text, "CONFIG_%s=%s\n", wishes->v[i].name, wishes->v[i].value);
	c = read ? kc_conf_copy(read) : kc_conf_new(tree, NULL, NULL);
	if (read)
		kc_conf_read_more(c, files, &text, "parts");
	else if (wishes->n)
		kc_conf_read_text(c, files, &text, "parts");
	return c;
}

void kc_make(const struct kc_tree *tree, const struct kc_files *files, const struct kc_conf *read,
	     enum kc_fill fill, const struct kc_wishes *wishes, struct kc_made *ret)
{
	struct kc_conf *c = read_all(tree, files, read, wishes);

	/* conf's all*config take what is given as a seed, its other modes as a configuration */
	*ret = (struct kc_made){ .conf = c, .checked = read };
	if (fill == KC_FILL_DEFAULT)
		ret->asked = kc_conf_copy(c);
	if (ret->checked)
		kc_conf_check_read(c, 0);
	kc_fill(c, fill, NULL);
	if (fill != KC_FILL_DEFAULT)
		ret->asked = kc_conf_copy(c);
	/* worked out in the order of the file: old choices depend on it */
	kc_conf_text(c, "CONFIG_", &ret->text);
}

void kc_made_release(struct kc_made *m)
{
	kc_conf_free(m->asked);
	kc_conf_free(m->conf);
	str_release(&m->text);
	*m = (struct kc_made){ 0 };
}
