/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which drivers match, and which of them comes first, by the rules of the file in $KILN_TEST_ORDER, which is kiln's own.
 */
#include "../unit/unit.h"
#include "hw/aliases.h"
#include "hw/match.h"

#include <fnmatch.h>

static void test_fits(void **state)
{
	static const struct {
		const char *pattern, *alias;
		bool fits;
	} cases[] = {
		{ "pci:v00008086d*bc02*", "pci:v00008086d00001572sv0sd0bc02sc00i00", true },
		{ "pci:v00008086d*bc02", "pci:v00008086d00001572sv0sd0bc02sc00i00", false },
		{ "acpi*:INT33C2:*", "acpi:INT33C2:PNP0C02:", true },
		{ "acpi*:INT33C2:*", "acpi:XINT33C2:", false },
		{ "hid:b0003g*v0000046Dp0000C52[BD]", "hid:b0003g0001v0000046Dp0000C52D", true },
		{ "hid:b0003g*v0000046Dp0000C52[BD]", "hid:b0003g0001v0000046Dp0000C52C", false },
		{ "usb:d00[!0-4]?", "usb:d0051", true },
		{ "usb:d00[!0-4]?", "usb:d0041", false },
		{ "platform:a-b_c", "platform:a_b-c", true },
		{ "platform:a-b", "platform:a-bc", false },
		{ "a[b", "a[b", true },
		{ "", "", true },
		{ "*", "", true },
		{ "?", "", false },
		/* numbers of the alias that are not known */
		{ "pci:v00008086d00001572sv*bc02*", "pci:v00008086d*sv*sd*bc*sc*i*", true },
		{ "pci:v00008086d00001572sv*bc02*", "pci:v00008087d*sv*sd*bc*sc*i*", false },
		{ "pci:v00008086d00001572sv*bc02*", "pci:v00008086d*sv*sd*bc03sc*i*", false },
		{ "pci:v00001AF4d0000[12]0*", "pci:v00001AF4d*sv*", true },
		{ "usb:dpX", "usb:dp*", false },
	};

	for (size_t i = 0; i < countof(cases); i++)
		if (hw_alias_fits(cases[i].pattern, cases[i].alias) != cases[i].fits)
			fail_msg("'%s' against '%s'", cases[i].pattern, cases[i].alias);
}

static unsigned draw(uint32_t *seed, unsigned n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % n;
}

static void random_text(uint32_t *seed, const char *const *parts, unsigned n_parts, struct str *ret)
{
	str_clear(ret);
	for (unsigned n = draw(seed, 8); n; n--)
		str_adds(ret, parts[draw(seed, n_parts)]);
}

static void fold(struct str *s)
{
	bool in_set = false;

	for (size_t i = 0; i < s->n; i++) {
		in_set = s->s[i] == '[' || (in_set && s->s[i] != ']');
		if (s->s[i] == '-' && !in_set)
			s->s[i] = '_';
	}
}

/* The C library as oracle, where the alias knows all its numbers; '-' and '_' are one for us alone. */
static void test_as_fnmatch(void **state)
{
	static const char *const parts[] = { "0", "A",	  "b",	  ":",	   "_",	   "-",	 "*",
					     "?", "[01]", "[!A]", "[0-9]", "[^b]", "0A", "**" };
	auto_str struct str pattern = { 0 }, alias = { 0 };
	uint32_t seed = 24;
	size_t fit = 0;

	for (int i = 0; i < 200000; i++) {
		bool ours;

		random_text(&seed, parts, countof(parts), &pattern);
		random_text(&seed, parts, 6, &alias);
		ours = hw_alias_fits(str_c(&pattern), str_c(&alias));
		fold(&pattern);
		fold(&alias);
		if (ours != (fnmatch(str_c(&pattern), str_c(&alias), 0) == 0))
			fail_msg("'%s' against '%s': %d", str_c(&pattern), str_c(&alias), ours);
		fit += ours;
	}
	assert_in_range(fit, 10000, 190000);
}

static void test_bad_order(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "order:\n- {driver: a, yields-to: [b]}\n", "reason" },
		{ "order:\n- {yields-to: [b], reason: r}\n", "driver" },
		{ "order:\n- {driver: a, yields-to: b, reason: r}\n", "yields-to" },
		{ "order:\n- {driver: a, yields-to: [], reason: r}\n", "yields-to" },
		{ "order:\n- {driver: a, yields: [b], reason: r}\n", "yields" },
		{ "rules:\n- {driver: a, yields-to: [b], reason: r}\n", "rules" },
		{ "order:\n- {driver: a, when: \"pci:*\", reason: r}\n", "'a' says nothing" },
		{ "order:\n- {driver: a, revision: [\"1\"], reason: r}\n", "'1' of 'a'" },
		{ "order:\n- {driver: a, revision: [\"0A\"], reason: r}\n", "'0A' of 'a'" },
		{ "order:\n- {driver: a, revision: [\"001\"], reason: r}\n", "'001' of 'a'" },
		{ "order:\n- {driver: a, revision: [\"20-1f\"], reason: r}\n", "'20-1f' of 'a'" },
		{ "order:\n- {driver: a, revision: [\"20-\"], reason: r}\n", "'20-' of 'a'" },
		{ "order:\n- {driver: a, revision: [\"20-222\"], reason: r}\n", "'20-222' of 'a'" },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *path = path_join(*state, "order.yaml");
		struct hw_order *o = NULL;
		auto_err struct err err = { 0 };

		assert_done(file_publish(path, cases[i].text, strlen(cases[i].text), 0644, &err),
			    &err);
		if (hw_order_read_file(path, &o, &err) != -EINVAL)
			fail_msg("taken: %s", cases[i].text);
		assert_contains(err.msg, cases[i].told);
		assert_null(o);
	}
}

/* "a b (c)": modules in order, in brackets those that yield. */
static void order_of(const struct hw_index *ix, const char *alias, int revision, struct str *ret)
{
	const char *const aliases[] = { alias };
	const struct hw_device d = { .alias = aliases, .n_alias = 1, .revision = revision + 1 };
	struct hw_matches m = { 0 };
	struct hw_order *o = NULL;
	auto_err struct err err = { 0 };

	assert_done(hw_order_read_file(getenv("KILN_TEST_ORDER"), &o, &err), &err);
	hw_match_device(ix, &d, NULL, NULL, &m);
	hw_matches_sort(&m, &d, o);
	for (size_t i = 0; i < m.n; i++)
		str_addf(ret, m.v[i].yields ? "%s(%s)" : "%s%s", i ? " " : "",
			 hw_match_module(&m.v[i]));
	hw_matches_release(&m);
	hw_order_free(o);
}

#define ANY "sv*sd*bc*sc*i*"

/* Tables as drivers of Linux 6.1 have them; that a module's name is behind another's does not decide. */
static const char tables[] = "alias pci:v000010ECd00008139" ANY " 8139cp\n"
			     "alias pci:v000010ECd00008139" ANY " 8139too\n"
			     "alias pci:v00001002d00006664" ANY " amdgpu\n"
			     "alias pci:v00001002d00006664" ANY " radeon\n"
			     "alias pci:v00001AF4d00001000sv00001AF4sd00000001bc*sc*i* eni_vdpa\n"
			     "alias pci:v00001AF4d*" ANY " virtio_pci\n"
			     "alias pci:v00001103d00000004" ANY " pata_hpt366\n"
			     "alias pci:v00001103d0000000[45]" ANY " pata_hpt37x\n"
			     "alias pci:v00001103d0000000[45]" ANY " pata_hpt3x2n\n"
			     "alias pci:v00008086d00002653sv*sd*bc01sc01i* ata_piix\n"
			     "alias pci:v00008086d00002653" ANY " ahci\n"
			     "alias pci:v*d*sv*sd*bc01sc01i* pata_acpi\n"
			     "alias pci:v*d*sv*sd*bc01sc01i* ata_generic\n"
			     "alias pci:v*d*" ANY " xen_pciback\n"
			     "alias pci:v00001106d00003057" ANY " i2c_viapro\n"
			     "alias pci:v00001106d00003057" ANY " other\n"
			     "alias pci:v00001022d000015E2sv*sd*bc04sc80i00* snd_pci_acp3x\n"
			     "alias pci:v00001022d000015E2sv*sd*bc04sc80i00* snd_pci_acp6x\n"
			     "alias pci:v00001022d000015E2" ANY " snd_sof_amd_rembrandt\n"
			     "alias pci:v00001022d0000FFFF" ANY " snd_pci_acp3x\n"
			     "alias pci:v00001022d0000FFFF" ANY " snd_sof_amd_rembrandt\n"
			     "alias pci:v00005333d00008A20" ANY " savage\n"
			     "alias pci:v00005333d00008A20" ANY " savagefb\n"
			     "alias pci:v00008086d00002562sv*sd*bc03sc00i00* intelfb\n"
			     "alias pci:v00008086d00002562sv*sd*bc03sc*i* i915\n"
			     "alias pci:v00008086d0000A0C8" ANY " snd_hda_intel\n"
			     "alias pci:v00008086d0000A0C8" ANY " snd_sof_pci_intel_tgl\n";

static void test_order(void **state)
{
	static const struct {
		const char *alias;
		int revision; /* -1: not known */
		const char *order;
	} cases[] = {
		{ "pci:v000010ECd00008139sv0sd0bc02sc00i00", 0x10,
		  "8139too (8139cp) (xen_pciback)" },
		{ "pci:v000010ECd00008139sv0sd0bc02sc00i00", 0x1f,
		  "8139too (8139cp) (xen_pciback)" },
		{ "pci:v000010ECd00008139sv0sd0bc02sc00i00", 0x20,
		  "8139cp (8139too) (xen_pciback)" },
		{ "pci:v000010ECd00008139sv0sd0bc02sc00i00", -1, "8139cp 8139too (xen_pciback)" },
		{ "pci:v00001002d00006664sv0sd0bc03sc80i00", 0, "radeon (amdgpu) (xen_pciback)" },
		{ "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00", 0,
		  "virtio_pci (eni_vdpa) (xen_pciback)" },
		{ "pci:v00001103d00000004sv0sd0bc01sc80i00", 2,
		  "pata_hpt366 (pata_hpt37x) (pata_hpt3x2n) (xen_pciback)" },
		{ "pci:v00001103d00000004sv0sd0bc01sc80i00", 5,
		  "pata_hpt37x (pata_hpt3x2n) (pata_hpt366) (xen_pciback)" },
		{ "pci:v00001103d00000004sv0sd0bc01sc80i00", 6,
		  "pata_hpt3x2n (pata_hpt37x) (pata_hpt366) (xen_pciback)" },
		{ "pci:v00001103d00000005sv0sd0bc01sc80i00", 2,
		  "pata_hpt3x2n (pata_hpt37x) (xen_pciback)" },
		{ "pci:v00008086d00002653sv0sd0bc01sc01i80", 4,
		  "ahci pata_acpi (ata_piix) (ata_generic) (xen_pciback)" },
		{ "pci:v00001106d00003057sv0sd0bc06sc80i00", 0,
		  "other (i2c_viapro) (xen_pciback)" },
		/* one that is for another revision outdoes nobody */
		{ "pci:v00001022d0000FFFFsv0sd0bc04sc80i00", 0x6f,
		  "snd_sof_amd_rembrandt (snd_pci_acp3x) (xen_pciback)" },
		{ "pci:v00001022d0000FFFFsv0sd0bc04sc80i00", 0,
		  "snd_pci_acp3x (snd_sof_amd_rembrandt) (xen_pciback)" },
		{ "pci:v00001022d000015E2sv0sd0bc04sc80i00", 0x6f,
		  "snd_pci_acp6x (snd_sof_amd_rembrandt) (snd_pci_acp3x) (xen_pciback)" },
		{ "pci:v00001022d000015E2sv0sd0bc04sc00i00", 0x6f,
		  "snd_sof_amd_rembrandt (xen_pciback)" },
		{ "pci:v00005333d00008A20sv0sd0bc03sc00i00", 0, "savagefb (savage) (xen_pciback)" },
		{ "pci:v00008086d00002562sv0sd0bc03sc00i00", 0, "i915 (intelfb) (xen_pciback)" },
		{ "pci:v00008086d0000A0C8sv0sd0bc04sc01i00", 0x20,
		  "snd_sof_pci_intel_tgl (snd_hda_intel) (xen_pciback)" },
		{ "pci:v00008086d0000A0C8sv0sd0bc04sc03i80", 0x20,
		  "snd_hda_intel (snd_sof_pci_intel_tgl) (xen_pciback)" },
		{ "pci:v00001234d00005678sv0sd0bc04sc03i80", 0, "(xen_pciback)" },
	};
	auto_hw_index struct hw_index ix = { 0 };
	auto_err struct err err = { 0 };

	assert_done(hw_aliases_read(tables, strlen(tables), "modules.alias", &ix, &err), &err);
	for (size_t i = 0; i < countof(cases); i++) {
		auto_str struct str s = { 0 };

		order_of(&ix, cases[i].alias, cases[i].revision, &s);
		if (!str_eq(str_c(&s), cases[i].order))
			fail_msg("%s, revision %x: %s", cases[i].alias, (unsigned)cases[i].revision,
				 str_c(&s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_as_fnmatch),
		scratch_test(test_bad_order),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
