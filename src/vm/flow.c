/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sinks and wells. See flow.h for why descriptors are opened anew. */
#include "vm/flow.h"

#include "base/clock.h"
#include "vm/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* In the background of a shell: to look whether that is over. */
#define RETRY_NS (500 * NSEC_PER_MSEC)

/*
 * A descriptor for the same pipe or terminal with an open file description of its own; -1 if there
 * is no such thing.
 */
static int reopen_nonblocking(int fd, int how)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, how | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void forget_written(struct vm_sink *s)
{
	if (s->at == s->queue.n) {
		str_clear(&s->queue);
		s->at = 0;
	} else if (s->at > KP_WINDOW) {
		memmove(s->queue.s, s->queue.s + s->at, s->queue.n - s->at);
		s->queue.n -= s->at;
		s->at = 0;
	}
}

static void break_sink(struct vm_sink *s, int error)
{
	s->broken = true;
	s->error = error;
	s->credit += (uint32_t)(s->queue.n - s->at);
	s->at = s->queue.n;
}

static ssize_t write_some(struct vm_sink *s)
{
	const char *data = s->queue.s + s->at;
	size_t n = s->queue.n - s->at;
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	if (s->is_socket)
		return send(s->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* A description that could not be opened anew may block; what a ready pipe takes for sure
	 * is PIPE_BUF. */
	if (s->polled && !s->own_fd) {
		if (poll(&p, 1, 0) < 1) {
			errno = EAGAIN;
			return -1;
		}
		n = MIN(n, (size_t)4096);
	}
	return write(s->fd, data, n);
}

static void pump(struct vm_sink *s)
{
	while (s->at < s->queue.n && !s->broken) {
		ssize_t n = write_some(s);

		if (n >= 0) {
			s->at += (size_t)n;
			s->credit += (uint32_t)n;
		} else if (errno == EAGAIN) {
			break;
		} else if (errno != EINTR) {
			break_sink(s, errno);
		}
	}
	forget_written(s);
	if (s->source)
		sd_event_source_set_enabled(s->source, s->queue.n ? SD_EVENT_ON : SD_EVENT_OFF);
	if (s->progress)
		s->progress(s->ctx, s);
}

static int on_writable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	pump(userdata);
	return 0;
}

int vm_sink_init(struct vm_sink *s, sd_event *loop, int fd)
{
	struct stat st;
	int r, again;

	s->fd = fd;
	if (fd < 0 || fstat(fd, &st) < 0) {
		s->fd = -1;
		return 0;
	}
	s->is_socket = S_ISSOCK(st.st_mode);
	s->polled = !S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		again = reopen_nonblocking(fd, O_WRONLY);
		s->own_fd = again >= 0;
		s->fd = again >= 0 ? again : fd;
	}
	r = sd_event_add_io(loop, &s->source, s->fd, EPOLLOUT, on_writable, s);
	if (r == -EPERM) {
		/* What epoll refuses never blocks: files, /dev/null. */
		s->polled = false;
		return 0;
	}
	return r < 0 ? r : sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
}

void vm_sink_write(struct vm_sink *s, const void *data, size_t n)
{
	if (s->fd < 0 || s->broken) {
		s->credit += (uint32_t)n;
		if (s->progress)
			s->progress(s->ctx, s);
		return;
	}
	str_add(&s->queue, data, n);
	pump(s);
}

bool vm_sink_empty(const struct vm_sink *s)
{
	return s->at == s->queue.n;
}

void vm_sink_release(struct vm_sink *s)
{
	sd_event_source_disable_unref(s->source);
	if (s->own_fd)
		close_fd(s->fd);
	str_release(&s->queue);
	*s = (struct vm_sink){ .fd = -1 };
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	vm_well_allow(userdata, 0);
	return 0;
}

/* What is typed meanwhile is for the shell, which may bring kiln to the front at any time. */
static void wait_for_terminal(struct vm_well *w)
{
	sd_event_source_set_enabled(w->source, SD_EVENT_OFF);
	w->retry = sd_event_source_unref(w->retry);
	(void)sd_event_add_time_relative(sd_event_source_get_event(w->source), &w->retry,
					 CLOCK_MONOTONIC, RETRY_NS / 1000, 0, on_retry, w);
}

static void read_some(struct vm_well *w)
{
	static uint8_t buf[KP_PAYLOAD_MAX];
	size_t max = MIN((size_t)w->window, sizeof(buf));
	ssize_t n;

	if (w->is_tty && !vm_tty_is_ours(w->fd)) {
		wait_for_terminal(w);
		return;
	}
	n = w->is_socket ? recv(w->fd, buf, max, MSG_DONTWAIT) : read(w->fd, buf, max);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* EIO: the terminal is gone, or kiln is in the background of a dead session. */
		w->eof = true;
		vm_well_stop(w);
		w->data(w->ctx, buf, 0);
		return;
	}
	w->window -= (uint32_t)n;
	if (w->window == 0)
		sd_event_source_set_enabled(w->source, SD_EVENT_OFF);
	w->data(w->ctx, buf, (size_t)n);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	read_some(userdata);
	return 0;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	read_some(userdata);
	return 0;
}

int vm_well_init(struct vm_well *w, sd_event *loop, int fd)
{
	struct stat st;
	int r, again;

	w->fd = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	w->is_socket = S_ISSOCK(st.st_mode);
	w->is_tty = isatty(fd);
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		again = reopen_nonblocking(fd, O_RDONLY);
		w->own_fd = again >= 0;
		w->fd = again >= 0 ? again : fd;
	}
	r = sd_event_add_io(loop, &w->source, w->fd, EPOLLIN, on_readable, w);
	if (r == -EPERM)
		r = sd_event_add_defer(loop, &w->source, on_turn, w);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(w->source, w->window ? SD_EVENT_ON : SD_EVENT_OFF);
}

void vm_well_allow(struct vm_well *w, uint32_t n)
{
	w->window += n;
	if (w->source && !w->eof && w->window)
		sd_event_source_set_enabled(w->source, SD_EVENT_ON);
}

void vm_well_stop(struct vm_well *w)
{
	w->eof = true;
	if (w->source)
		sd_event_source_set_enabled(w->source, SD_EVENT_OFF);
}

void vm_well_release(struct vm_well *w)
{
	w->source = sd_event_source_disable_unref(w->source);
	w->retry = sd_event_source_disable_unref(w->retry);
	if (w->own_fd)
		close_fd(w->fd);
	w->own_fd = false;
}
