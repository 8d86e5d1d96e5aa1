/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping the end of the guest's console and noticing what matters in it. */
#include "vm/console.h"

#include "guest/proto.h"

#define KEEP	 (64 * 1024)
#define LINE_MAX 4096

/* Behind the "[    1.234567] " the kernel puts before its lines, or "[    1.234567][    T1] ". */
static const char *without_time(const char *line)
{
	const char *p = line;

	while (*p == '[' && strchr(p, ']'))
		p = strchr(p, ']') + 1;
	return p > line && *p == ' ' ? p + 1 : line;
}

static void notice(struct vm_console *c, const char *line)
{
	static const char *const oopses[] = { "BUG: ", "Oops: ", "general protection fault",
					      "kernel BUG at ", "Unable to handle kernel " };
	const char *text = without_time(line);

	if (!c->panic && str_starts(text, "Kernel panic - not syncing"))
		c->panic = xstrdup(text);
	for (size_t i = 0; !c->oops && i < countof(oopses); i++)
		if (str_starts(text, oopses[i]))
			c->oops = xstrdup(text);
	if (!c->guest && str_skip(&text, "kiln: " KP_GAVE_UP ": "))
		c->guest = xstrdup(text);
}

static void trim(struct str *s)
{
	if (s->n > 2 * KEEP) {
		memmove(s->s, s->s + s->n - KEEP, KEEP + 1);
		s->n = KEEP;
	}
}

static void end_line(struct vm_console *c)
{
	auto_str struct str text = { 0 };
	size_t n = strlen(c->qemu_name);
	bool qemu;

	while (c->line.n && c->line.s[c->line.n - 1] == '\r')
		c->line.n--;
	/* Firmware speaks in escape sequences, and a guest is not trusted with a terminal. */
	str_add_printable(&text, str_c(&c->line), c->line.n);
	qemu = text.n > n && memcmp(text.s, c->qemu_name, n) == 0 && text.s[n] == ':';
	if (!qemu) {
		notice(c, str_c(&text));
		c->bytes += text.n + 1;
	}
	str_addc(&text, '\n');
	str_add(qemu ? &c->qemu : &c->tail, text.s, text.n);
	trim(qemu ? &c->qemu : &c->tail);
	str_clear(&c->line);
}

void vm_console_feed(struct vm_console *c, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n' || c->line.n == LINE_MAX)
			end_line(c);
		if (data[i] != '\n' && data[i] != 0)
			str_addc(&c->line, data[i]);
	}
}

uint64_t vm_console_heard(const struct vm_console *c)
{
	const char *line = str_c(&c->line);
	size_t n = MIN(c->line.n, strlen(c->qemu_name));

	/* A line may stay without an end, as a prompt does. */
	return c->bytes + (memcmp(line, c->qemu_name, n) == 0 ? 0 : c->line.n);
}

char *vm_console_last(const struct vm_console *c, size_t n)
{
	auto_str struct str all = { 0 };
	struct str out = { 0 };
	const char *p, *begin;

	str_add(&all, str_c(&c->tail), c->tail.n);
	str_add_printable(&all, str_c(&c->line), c->line.n);
	while (all.n && all.s[all.n - 1] == '\n')
		all.s[--all.n] = 0;
	begin = str_c(&all);
	for (p = begin + all.n; p > begin; p--)
		if (p[-1] == '\n' && n-- == 1)
			break;
	while (*p) {
		size_t len = strcspn(p, "\n");

		str_addf(&out, "%s  %.*s", out.n ? "\n" : "", (int)len, p);
		p += len + (p[len] == '\n');
	}
	return str_take(&out);
}

void vm_console_forget_panic(struct vm_console *c)
{
	free(c->panic);
	c->panic = NULL;
}

void vm_console_release(struct vm_console *c)
{
	str_release(&c->tail);
	str_release(&c->line);
	str_release(&c->qemu);
	free(c->panic);
	free(c->oops);
	free(c->guest);
}
