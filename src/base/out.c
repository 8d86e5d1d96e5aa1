/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speaking to the user. A message is put together first and written by one call, so that lines of
 * several processes at one terminal do not mix. The progress line is taken away before anything
 * else is written and never stays behind.
 */
#include "base/out.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <sys/ioctl.h>

/* no word about work shorter than this where there is no terminal */
#define QUIET_NSEC  (2 * NSEC_PER_SEC)
#define REDRAW_NSEC (100 * NSEC_PER_MSEC)

static const char bold[] = "\033[1m", red[] = "\033[1;31m", yellow[] = "\033[1;33m";
static const char plain[] = "\033[0m";

static bool wants_color(const FILE *f, enum color_mode mode, bool tty)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (mode != COLOR_AUTO)
		return mode == COLOR_ALWAYS;
	return f && tty && !(no_color && *no_color) && !str_eq(term, "dumb");
}

static size_t columns_of(FILE *f)
{
	struct winsize ws;

	if (ioctl(fileno(f), TIOCGWINSZ, &ws) < 0)
		return 0;
	return ws.ws_col;
}

void out_init(struct out *o, enum color_mode color, bool json, int verbose)
{
	bool tty_result = isatty(STDOUT_FILENO), tty_message = isatty(STDERR_FILENO);

	*o = (struct out){
		.result = stdout,
		.message = stderr,
		.json = json,
		.verbose = verbose,
		.color_result = wants_color(stdout, color, tty_result),
		.color_message = wants_color(stderr, color, tty_message),
		.tty_message = tty_message && !str_eq(getenv("TERM"), "dumb"),
		.columns_result = tty_result ? columns_of(stdout) : 0,
		.columns = tty_message ? columns_of(stderr) : 0,
	};
}

static void clear_progress(struct out *o)
{
	if (o->progress_shown && o->tty_message)
		fputs("\r\033[K", o->message);
	o->progress_shown = false;
}

static void check(struct out *o, bool ok)
{
	if (!ok && !o->write_error)
		o->write_error = errno ? -errno : -EIO;
}

void out_print(struct out *o, const char *fmt, ...)
{
	va_list ap;

	clear_progress(o);
	va_start(ap, fmt);
	check(o, vfprintf(o->result, fmt, ap) >= 0);
	va_end(ap);
}

int out_finish(struct out *o)
{
	clear_progress(o);
	check(o, !fflush(o->result));
	/* a failure of someone who wrote to the stream directly */
	if (ferror(o->result) && !o->write_error)
		o->write_error = -EIO;
	return o->write_error;
}

/* Further lines of a text begin with "kiln: " too: what stands there alone could be anybody's. */
static void put_line(struct out *o, const char *color, const char *label, const char *text)
{
	auto_str struct str line = { 0 };

	clear_progress(o);
	str_adds(&line, "kiln: ");
	if (*label && o->color_message)
		str_addf(&line, "%s%s%s", color, label, plain);
	else
		str_adds(&line, label);
	for (const char *p = text; *p; p++) {
		if (*p != '\n')
			str_addc(&line, *p);
		else if (p[1])
			str_adds(&line, "\nkiln: ");
	}
	str_addc(&line, '\n');
	/* nobody is left to be told when this fails */
	fwrite(line.s, 1, line.n, o->message);
	fflush(o->message);
}

static void vmessage(struct out *o, const char *color, const char *label, const char *fmt,
		     va_list ap)
{
	auto_free char *text = xvasprintf(fmt, ap);

	/* results already printed come first where both go to one place */
	fflush(o->result);
	put_line(o, color, label, text);
}

void out_note(struct out *o, const char *fmt, ...)
{
	va_list ap;

	if (o->verbose < 0)
		return;
	va_start(ap, fmt);
	vmessage(o, "", "", fmt, ap);
	va_end(ap);
}

void out_detail(struct out *o, const char *fmt, ...)
{
	va_list ap;

	if (o->verbose < 1)
		return;
	va_start(ap, fmt);
	vmessage(o, "", "", fmt, ap);
	va_end(ap);
}

void out_warn(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmessage(o, yellow, "warning: ", fmt, ap);
	va_end(ap);
}

/* Every line of a hint begins with "hint: ", so that a log can be searched for it. */
static void put_hint(struct out *o, const char *hint)
{
	while (*hint) {
		size_t n = strcspn(hint, "\n");

		fprintf(o->message, "%shint:%s %.*s\n", o->color_message ? bold : "",
			o->color_message ? plain : "", (int)n, hint);
		hint += n + (hint[n] == '\n');
	}
	fflush(o->message);
}

json_t *out_json_text(const char *s)
{
	auto_free char *copy = NULL;
	json_t *v;

	if (!s)
		return json_null();
	v = json_string(s);
	if (v)
		return v;
	copy = xstrdup(s);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return json_string(copy);
}

json_t *out_json_texts(const struct strv *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(a, out_json_text(v->v[i]));
	return a;
}

void out_error(struct out *o, const struct err *err)
{
	const char *msg = err->msg ? err->msg : "failed without saying why";

	fflush(o->result);
	put_line(o, red, "error: ", msg);
	if (err->hint)
		put_hint(o, err->hint);
	if (o->json)
		out_json(o, json_pack("{s:o, s:o}", "error", out_json_text(msg), "hint",
				      out_json_text(err->hint)));
}

static int put_json(const char *data, size_t n, void *o)
{
	return fwrite(data, 1, n, ((struct out *)o)->result) == n ? 0 : -1;
}

void out_json(struct out *o, json_t *v)
{
	clear_progress(o);
	errno = 0;
	check(o, !json_dump_callback(v, put_json, o, JSON_INDENT(2) | JSON_ENCODE_ANY));
	check(o, fputc('\n', o->result) != EOF);
	json_decref(v);
}

static void draw(struct out *o, uint64_t done, uint64_t total)
{
	auto_str struct str line = { 0 };

	str_adds(&line, o->progress_what);
	if (total)
		str_addf(&line, " %3u%%", (unsigned)(MIN(done, total) * 100.0 / (double)total));
	/* a line that wraps could not be taken back */
	if (o->columns && line.n >= o->columns)
		line.s[o->columns - 1] = '\0';
	fprintf(o->message, "\r%s\033[K", line.s);
	fflush(o->message);
	o->progress_shown = true;
}

void out_progress(struct out *o, const char *what, uint64_t done, uint64_t total)
{
	uint64_t now = now_ns();

	if (o->verbose < 0)
		return;
	if (strncmp(o->progress_what, what, sizeof(o->progress_what) - 1)) {
		out_progress_end(o);
		snprintf(o->progress_what, sizeof(o->progress_what), "%s", what);
		o->progress_since_ns = now;
	}
	if (o->tty_message) {
		if (now - o->progress_drawn_ns >= REDRAW_NSEC) {
			o->progress_drawn_ns = now;
			draw(o, done, total);
		}
	} else if (!o->progress_drawn_ns && now - o->progress_since_ns >= QUIET_NSEC) {
		o->progress_drawn_ns = now;
		put_line(o, "", "", what);
	}
}

void out_on_progress(void *out, const char *what, uint64_t done, uint64_t total)
{
	out_progress(out, what, done, total);
}

void out_progress_end(struct out *o)
{
	clear_progress(o);
	fflush(o->message);
	o->progress_what[0] = '\0';
	o->progress_drawn_ns = 0;
}
