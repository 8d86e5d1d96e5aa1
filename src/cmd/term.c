/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ncurses, with its functions alone: macros would want its variables. Input is waited for here and not there, since a
 * signal must end the wait.
 */
#include "cmd/term.h"

#include "base/dl.h"
#include "base/str.h"

#define NCURSES_NOMACROS
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <wchar.h>

#define ESC_MS	    25 /* until a lone escape is one */
#define MAX_COLUMNS 1024

DL_FUNC(newterm);
DL_FUNC(delscreen);
DL_FUNC(endwin);
DL_FUNC(newwin);
DL_FUNC(delwin);
DL_FUNC(wresize);
DL_FUNC(resize_term);
DL_FUNC(cbreak);
DL_FUNC(noecho);
DL_FUNC(nonl);
DL_FUNC(keypad);
DL_FUNC(nodelay);
DL_FUNC(set_escdelay);
DL_FUNC(curs_set);
DL_FUNC(has_colors);
DL_FUNC(start_color);
DL_FUNC(use_default_colors);
DL_FUNC(init_pair);
DL_FUNC(wget_wch);
DL_FUNC(werase);
DL_FUNC(wmove);
DL_FUNC(wattrset);
DL_FUNC(waddnwstr);
DL_FUNC(wnoutrefresh);
DL_FUNC(doupdate);
DL_FUNC(clearok);
DL_FUNC(getmaxy);
DL_FUNC(getmaxx);
DL_FUNC(tigetstr);
/* not by <term.h>: it makes macros of words like columns */
static int (*dl_setupterm)(const char *name, int fd, int *ret);
static void *(*dl_set_curterm)(void *description);
static int (*dl_del_curterm)(void *description);

static const struct dl_sym syms[] = {
	/* clang-format off */
	DL_SYM(newterm), DL_SYM(delscreen), DL_SYM(endwin), DL_SYM(newwin), DL_SYM(delwin),
	DL_SYM(wresize), DL_SYM(resize_term), DL_SYM(cbreak), DL_SYM(noecho), DL_SYM(nonl),
	DL_SYM(keypad), DL_SYM(nodelay), DL_SYM(set_escdelay), DL_SYM(curs_set),
	DL_SYM(has_colors), DL_SYM(start_color), DL_SYM(use_default_colors), DL_SYM(init_pair),
	DL_SYM(wget_wch), DL_SYM(werase), DL_SYM(wmove), DL_SYM(wattrset), DL_SYM(waddnwstr),
	DL_SYM(wnoutrefresh), DL_SYM(doupdate), DL_SYM(clearok), DL_SYM(getmaxy),
	DL_SYM(getmaxx), DL_SYM(tigetstr),
	DL_SYM(setupterm), DL_SYM(set_curterm), DL_SYM(del_curterm),
	/* clang-format on */
};

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

struct term {
	SCREEN *screen;
	WINDOW *win;
	bool color;
	int row, column; /* of the cursor; row -1: hidden */
	int signals;	 /* a signalfd */
	int stopped;	 /* the signal that wants an end */
	sigset_t mask;	 /* as it was */
	struct sigaction actions[countof(caught)];
};

static int no_screen(struct err *err)
{
	const char *name = getenv("TERM");

	if (!name || !*name)
		err_set(err, -ENOTTY, "the environment does not say which terminal this is");
	else
		err_set(err, -ENOTTY, "the terminal '%s' is unknown, or cannot move its cursor",
			name);
	return err_hint(err, -ENOTTY, "set TERM to what it is: xterm-256color, linux, screen, ...");
}

/* From here on signals are read from a file; ncurses would exit in a handler of its own. */
static int hold_signals(struct term *t, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	for (size_t i = 0; i < countof(caught); i++) {
		sigaction(caught[i], NULL, &t->actions[i]);
		/* one that is ignored stays so: nohup */
		if (t->actions[i].sa_handler != SIG_IGN)
			sigaddset(&set, caught[i]);
	}
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0)
		return err_sys(err, "cannot wait for signals");
	sigprocmask(SIG_BLOCK, &set, &t->mask);
	return 0;
}

static void release_signals(struct term *t)
{
	for (size_t i = 0; i < countof(caught); i++)
		sigaction(caught[i], &t->actions[i], NULL);
	if (t->signals < 0)
		return;
	t->signals = close_fd(t->signals);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

static void set_colors(struct term *t)
{
	t->color = t->color && dl_has_colors() && dl_start_color() == OK &&
		   dl_use_default_colors() == OK;
	if (!t->color)
		return;
	dl_init_pair(1, COLOR_GREEN, -1);
	dl_init_pair(2, COLOR_RED, -1);
}

/* Asked first: newterm() would take a terminal that cannot, and leaks where there is no description. */
static bool can_move_cursor(void)
{
	const char *cup;
	int found;

	if (dl_setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return false;
	cup = dl_tigetstr("cup");
	dl_del_curterm(dl_set_curterm(NULL));
	return cup && cup != (const char *)-1;
}

/* Ctrl-S would hold all output, and look like a hang. What was is set again by endwin(). */
static void ignore_stop_key(void)
{
	struct termios mode;

	if (tcgetattr(STDIN_FILENO, &mode) < 0)
		return;
	mode.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

static int take_screen(struct term *t, struct err *err)
{
	if (!can_move_cursor())
		return no_screen(err);
	t->screen = dl_newterm(NULL, stdout, stdin);
	if (!t->screen)
		return no_screen(err);
	t->win = dl_newwin(0, 0, 0, 0);
	if (!t->win)
		return no_screen(err);
	dl_cbreak();
	dl_noecho();
	dl_nonl();
	dl_keypad(t->win, true);
	dl_nodelay(t->win, true);
	dl_set_escdelay(ESC_MS);
	set_colors(t);
	ignore_stop_key();
	return 0;
}

int term_open(struct term **ret, bool color, struct err *err)
{
	static void *lib;
	struct term *t;
	int r;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, -ENOTTY, "standard input and output are no terminal");
	r = dl_open(&lib, "libncursesw.so.6", syms, countof(syms), err);
	if (r < 0)
		return r;
	t = xnew(struct term);
	t->color = color;
	t->row = -1;
	r = hold_signals(t, err);
	if (r == 0)
		r = take_screen(t, err);
	if (r < 0)
		term_close(t);
	else
		*ret = t;
	return r;
}

void term_close(struct term *t)
{
	int stopped;

	if (!t)
		return;
	if (t->win) {
		/* where the terminal has no other screen to go back to, this one is left empty */
		term_clear(t);
		term_cursor(t, 0, 0);
		term_show(t);
		dl_delwin(t->win);
	}
	if (t->screen) {
		dl_endwin();
		dl_delscreen(t->screen);
	}
	release_signals(t);
	stopped = t->stopped;
	free(t);
	if (stopped)
		raise(stopped);
}

void term_size(const struct term *t, int *ret_rows, int *ret_columns)
{
	*ret_rows = dl_getmaxy(t->win);
	*ret_columns = dl_getmaxx(t->win);
}

static int resize(struct term *t)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
		return TERM_NONE;
	dl_resize_term(size.ws_row, size.ws_col);
	dl_wresize(t->win, size.ws_row, size.ws_col);
	dl_clearok(t->win, true);
	return TERM_RESIZE;
}

static int take_signal(struct term *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != sizeof(info))
		return TERM_NONE;
	if (info.ssi_signo == SIGWINCH)
		return resize(t);
	t->stopped = (int)info.ssi_signo;
	return TERM_STOP;
}

static int special(wint_t code)
{
	static const struct {
		wint_t code;
		int key;
	} keys[] = {
		/* clang-format off */
		{ KEY_UP, TERM_UP }, { KEY_DOWN, TERM_DOWN }, { KEY_PPAGE, TERM_PAGE_UP },
		{ KEY_NPAGE, TERM_PAGE_DOWN }, { KEY_HOME, TERM_HOME }, { KEY_END, TERM_END },
		{ KEY_ENTER, TERM_ENTER }, { KEY_BACKSPACE, TERM_BACKSPACE }, { KEY_DC, TERM_DELETE },
		{ KEY_F(1), TERM_F1 }, { KEY_F(2), TERM_F2 }, { KEY_F(3), TERM_F3 },
		{ KEY_F(10), TERM_F10 },
		/* clang-format on */
	};

	for (size_t i = 0; i < countof(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return TERM_OTHER;
}

static int plain(wint_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		return TERM_ENTER;
	case '\t':
		return TERM_TAB;
	case 27:
		return TERM_ESC;
	case 8:
	case 127:
		return TERM_BACKSPACE;
	default:
		return (int)c;
	}
}

/* What ncurses has of a key already. */
static int pending_key(struct term *t)
{
	wint_t c;
	int r = dl_wget_wch(t->win, &c);

	if (r == ERR)
		return TERM_NONE;
	return r == KEY_CODE_YES ? special(c) : plain(c);
}

int term_key(struct term *t, int wait_ms)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { t->signals, POLLIN, 0 } };

	for (;;) {
		int key = take_signal(t), n;

		if (key == TERM_NONE)
			key = pending_key(t);
		if (key != TERM_NONE)
			return key;
		n = poll(fds, countof(fds), wait_ms);
		if (n == 0)
			return TERM_NONE;
		if (n > 0 && fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
			t->stopped = SIGHUP;
			return TERM_STOP;
		}
	}
}

void term_clear(struct term *t)
{
	dl_wattrset(t->win, A_NORMAL);
	dl_werase(t->win);
}

/* The next character of UTF-8; what is none is a '?', what a terminal acts on a blank. */
static const char *next_char(const char *s, wchar_t *ret)
{
	static const wchar_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	int more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
	wchar_t c = more ? *p & (0x3f >> more) : *p;

	*ret = '?';
	if (*p >= 0x80 && !more)
		return s + 1;
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return s + 1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c >= least[more])
		*ret = c < 0x20 || (c >= 0x7f && c < 0xa0) ? ' ' : c;
	return s + 1 + more;
}

/* As this locale can show it, and how many columns that takes. */
static int shown(wchar_t *c)
{
	int n;

	if (*c >= 0x80 && MB_CUR_MAX == 1)
		*c = '?';
	n = *c < 0x80 ? 1 : wcwidth(*c);
	if (n < 0) {
		*c = '?';
		n = 1;
	}
	return n;
}

size_t term_fit(const char *text, int width, int *ret_columns)
{
	const char *p = text;
	int columns = 0;

	while (*p) {
		wchar_t c;
		const char *next = next_char(p, &c);
		int n = shown(&c);

		if (columns + n > width)
			break;
		columns += n;
		p = next;
	}
	if (ret_columns)
		*ret_columns = columns;
	return (size_t)(p - text);
}

static int attributes(const struct term *t, unsigned style)
{
	chtype a = A_NORMAL;

	if (style & TERM_BOLD)
		a |= A_BOLD;
	if (style & TERM_DIM)
		a |= A_DIM;
	if (style & TERM_REVERSE)
		a |= A_REVERSE;
	if (style & TERM_GOOD && t->color)
		a |= NCURSES_BITS(1, 0);
	if (style & TERM_BAD)
		a |= t->color ? NCURSES_BITS(2, 0) : A_BOLD;
	return (int)a;
}

void term_put(struct term *t, int row, int column, int width, const char *text, unsigned style)
{
	const char *end = text + term_fit(text, MIN(width, MAX_COLUMNS), NULL);
	wchar_t line[2 * MAX_COLUMNS];
	int n = 0, columns = 0;

	if (width <= 0)
		return;
	while (text < end && n < MAX_COLUMNS) {
		text = next_char(text, &line[n]);
		columns += shown(&line[n]);
		n++;
	}
	while (columns < MIN(width, MAX_COLUMNS)) {
		line[n++] = ' ';
		columns++;
	}
	dl_wattrset(t->win, attributes(t, style));
	dl_wmove(t->win, row, column);
	dl_waddnwstr(t->win, line, n);
}

void term_cursor(struct term *t, int row, int column)
{
	t->row = row;
	t->column = column;
}

void term_show(struct term *t)
{
	dl_curs_set(t->row >= 0);
	if (t->row >= 0)
		dl_wmove(t->win, t->row, t->column);
	dl_wnoutrefresh(t->win);
	dl_doupdate();
}
