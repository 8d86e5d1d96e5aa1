/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying the command's streams over the port until it has ended.
 *
 * Back-pressure: a stream may have KP_WINDOW bytes under way that the other side has not passed on
 * yet, so one that is not read holds up neither the others nor signals. What a window allows is the
 * most that is ever queued, in either direction.
 */
#include "guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than a terminal can hold; what a pipe holds is asked, since whoever has it may enlarge it. */
#define TTY_MAX (256 * 1024)

/* A stream of output: how much may still be sent, and whether it has ended. */
struct outflow {
	int fd;
	uint32_t window;
	uint32_t left; /* of what the command itself can have written, once it has ended */
	bool eof;
};

struct relay {
	struct port *port;
	struct command *cmd;
	struct outflow out[3]; /* [1] and [2] */
	uint8_t *in;	       /* ring-less queue of stdin bytes the command has not taken */
	size_t in_at, in_n;
	bool in_eof;
	bool ended;
	bool drained;
	int status;
};

static int wake[2];

static void on_child(int sig)
{
	int saved = errno;

	(void)sig;
	if (write(wake[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

static void watch_children(void)
{
	struct sigaction sa = { .sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP };

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		fail(KP_STAGE_RUN, "pipe");
	sigaction(SIGCHLD, &sa, NULL);
	/* A child may have ended before the handler stood. */
	on_child(SIGCHLD);
}

static uint32_t held(const struct relay *r, int stream)
{
	int n = 0;

	if (r->cmd->tty && stream == 1)
		return TTY_MAX;
	return r->out[stream].fd >= 0 && ioctl(r->out[stream].fd, FIONREAD, &n) == 0 ? (uint32_t)n
										     : 0;
}

static void reap(struct relay *r)
{
	char drop[64];
	int status;
	pid_t pid;

	while (read(wake[0], drop, sizeof(drop)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == r->cmd->pid) {
			r->ended = true;
			r->status = status;
			r->out[1].left = held(r, 1);
			r->out[2].left = held(r, 2);
		}
	}
}

static void stdin_close(struct relay *r)
{
	if (r->cmd->in >= 0 && !r->cmd->tty)
		close(r->cmd->in);
	r->cmd->in = -1;
	r->in_n = 0;
}

static void stdin_write(struct relay *r)
{
	ssize_t n;

	while (r->in_n && r->cmd->in >= 0) {
		n = write(r->cmd->in, r->in + r->in_at, r->in_n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			/* Nobody reads it any more. kiln hears of it and stops reading its own
			 * stdin. */
			stdin_close(r);
			port_send(r->port, KP_EOF, 0, NULL, 0);
			return;
		}
		r->in_at += (size_t)n;
		r->in_n -= (size_t)n;
		port_send32(r->port, KP_WINDOW_ADD, 0, (uint32_t)n);
	}
	r->in_at = 0;
	if (r->in_eof && r->cmd->in >= 0)
		stdin_close(r);
}

static void stdin_add(struct relay *r, const struct kp_frame *f)
{
	if (r->cmd->in < 0)
		return;
	errno = 0;
	if (r->in_n + f->len > KP_WINDOW)
		fail(KP_STAGE_RUN, "kiln sent more than its window");
	if (r->in_at + r->in_n + f->len > KP_WINDOW) {
		memmove(r->in, r->in + r->in_at, r->in_n);
		r->in_at = 0;
	}
	memcpy(r->in + r->in_at + r->in_n, f->payload, f->len);
	r->in_n += f->len;
	stdin_write(r);
}

static void stdin_eof(struct relay *r)
{
	/* A terminal has no end of file; the line discipline makes one of VEOF. */
	static const uint8_t veof = 4;
	const struct kp_frame f = { .len = 1, .payload = &veof };

	if (r->cmd->tty) {
		stdin_add(r, &f);
		return;
	}
	r->in_eof = true;
	stdin_write(r);
}

/* Children left behind may write for ever; what the command wrote lies before that. */
static bool is_done(const struct relay *r, int stream)
{
	return r->out[stream].eof || (r->ended && !r->out[stream].left);
}

static bool wants(const struct relay *r, int stream)
{
	const struct outflow *o = &r->out[stream];

	return !is_done(r, stream) && o->window > 0 && r->port->out_n <= KP_WINDOW;
}

/* There is output to come that only kiln can make room for. */
static bool blocked(const struct relay *r)
{
	for (int i = 1; i <= 2; i++)
		if (!is_done(r, i) && !wants(r, i))
			return true;
	return false;
}

/* Sends what the command has written; false once nothing more is there now. */
static bool output_read(struct relay *r, int stream)
{
	struct outflow *o = &r->out[stream];
	static uint8_t buf[KP_PAYLOAD_MAX];
	size_t max;
	ssize_t n;

	if (!wants(r, stream))
		return false;
	max = o->window < sizeof(buf) ? o->window : sizeof(buf);
	n = read(o->fd, buf, r->ended && o->left < max ? o->left : max);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		/* EIO is how a terminal whose last user is gone ends. */
		o->eof = true;
		port_send(r->port, KP_EOF, (uint8_t)stream, NULL, 0);
		return false;
	}
	o->window -= (uint32_t)n;
	o->left -= r->ended ? (uint32_t)n : 0;
	port_send(r->port, KP_DATA, (uint8_t)stream, buf, (size_t)n);
	return true;
}

/* Nobody reads this stream at kiln's end: the command is to have its SIGPIPE, or its hangup. */
static void output_close(struct relay *r, int stream)
{
	struct outflow *o = &r->out[stream];

	if (r->cmd->tty && stream == 1)
		kill(-r->cmd->pid, SIGHUP);
	else if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	o->eof = true;
}

static void on_signal(struct relay *r, uint32_t sig)
{
	/* The command leads its session and so its own process group. A shell may have put another
	 * in front. */
	pid_t group = r->cmd->pid;

	if (sig == 0 || sig > 64)
		return;
	if (r->cmd->tty) {
		pid_t front = tcgetpgrp(r->cmd->out);

		group = front > 0 ? front : group;
	}
	kill(-group, (int)sig);
}

static void on_ask(struct relay *r)
{
	char text[2048];

	tasks_describe(text, sizeof(text));
	port_send(r->port, KP_TASKS, 0, text, strlen(text));
}

static void on_frame(struct relay *r, const struct kp_frame *f)
{
	struct winsize ws = { 0 };

	if (f->type == KP_DATA && f->stream == 0) {
		stdin_add(r, f);
	} else if (f->type == KP_EOF && f->stream == 0) {
		stdin_eof(r);
	} else if (f->type == KP_EOF) {
		output_close(r, f->stream);
	} else if (f->type == KP_WINDOW_ADD && f->stream > 0 && f->len == 4) {
		r->out[f->stream].window += kp_get32(f->payload);
	} else if (f->type == KP_SIGNAL && f->len == 4) {
		on_signal(r, kp_get32(f->payload));
	} else if (f->type == KP_WINCH && f->len == 4) {
		ws.ws_row = kp_get16(f->payload);
		ws.ws_col = kp_get16(f->payload + 2);
		if (r->cmd->tty)
			ioctl(r->cmd->out, TIOCSWINSZ, &ws);
	} else if (f->type == KP_ASK) {
		on_ask(r);
	} else {
		errno = 0;
		fail(KP_STAGE_RUN, "unexpected frame of type %u", f->type);
	}
}

static void read_port(struct relay *r)
{
	struct kp_frame f;
	enum kp_result got;

	for (;;) {
		int n = port_fill(r->port);

		while ((got = port_next(r->port, &f)) == KP_FRAME) {
			on_frame(r, &f);
			port_drop(r->port, &f);
		}
		if (got == KP_BAD || n < 0) {
			errno = 0;
			fail(KP_STAGE_RUN, "the line to kiln is broken");
		}
		if (n == 0)
			return;
	}
}

enum { P_PORT, P_CHILD, P_IN, P_OUT, P_ERR, P_COUNT };

static void wait_for_work(struct relay *r, struct pollfd *p)
{
	p[P_PORT] = (struct pollfd){ .fd = r->port->fd, .events = POLLIN };
	if (r->port->out_n)
		p[P_PORT].events |= POLLOUT;
	p[P_CHILD] = (struct pollfd){ .fd = wake[0], .events = POLLIN };
	p[P_IN] = (struct pollfd){ .fd = r->in_n ? r->cmd->in : -1, .events = POLLOUT };
	p[P_OUT] = (struct pollfd){ .fd = wants(r, 1) ? r->out[1].fd : -1, .events = POLLIN };
	p[P_ERR] = (struct pollfd){ .fd = wants(r, 2) ? r->out[2].fd : -1, .events = POLLIN };
	while (poll(p, P_COUNT, -1) < 0 && errno == EINTR)
		;
}

/*
 * One turn. After the command's end its output is drained: what it wrote is in the pipes by then.
 * Children it left behind may hold the pipes open for ever, so the end of file is not waited for.
 */
static void turn(struct relay *r)
{
	struct pollfd p[P_COUNT];
	bool more = false, ended = r->ended;

	wait_for_work(r, p);
	read_port(r);
	if (p[P_CHILD].revents)
		reap(r);
	if (r->in_n)
		stdin_write(r);
	for (int i = 1; i <= 2; i++)
		while (output_read(r, i))
			more = true;
	/* Dry only if the command had ended before this reading. */
	r->drained = ended && !more && !blocked(r);
	if (port_flush(r->port, false) < 0)
		machine_off();
	if (r->ended && !r->drained && !blocked(r))
		on_child(SIGCHLD);
}

int relay(struct port *port, struct command *c)
{
	struct relay r = {
		.port = port,
		.cmd = c,
		.out = { [1] = { .fd = c->out, .window = KP_WINDOW, .eof = c->out < 0 },
			 [2] = { .fd = c->err, .window = KP_WINDOW, .eof = c->err < 0 } },
		.in = malloc(KP_WINDOW),
	};

	if (!r.in)
		fail(KP_STAGE_RUN, "no memory");
	watch_children();
	while (!r.drained)
		turn(&r);
	free(r.in);
	return r.status;
}
