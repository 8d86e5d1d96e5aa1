/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-serial port. It is found by its name in sysfs rather than through /dev/virtio-ports,
 * whose links are made by udev. The queue of frames to send is bounded by the streams' windows.
 */
#include "guest/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define PORTS "/sys/class/virtio-ports"

static bool named_kiln(const char *port)
{
	char path[300], name[sizeof(KP_PORT) + 1] = "";
	int fd;
	ssize_t n;

	text_join(path, sizeof(path), PORTS "/", port, "/name", NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, name, sizeof(name));
	close(fd);
	return n == sizeof(KP_PORT) && memcmp(name, KP_PORT "\n", sizeof(KP_PORT)) == 0;
}

static int open_port(const char *port)
{
	char path[300];

	text_join(path, sizeof(path), "/dev/", port, NULL);
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

/* The first port of the first device, unless the user has added some of his own. */
static int try_open(void)
{
	struct dirent *e;
	int fd = -1;
	DIR *d;

	if (named_kiln("vport0p1"))
		return open_port("vport0p1");
	d = opendir(PORTS);
	if (!d)
		return -1;
	while (fd < 0 && (e = readdir(d)))
		if (e->d_name[0] != '.' && named_kiln(e->d_name))
			fd = open_port(e->d_name);
	closedir(d);
	return fd;
}

int port_open(struct port *p, int timeout_ms)
{
	/* Ports are announced by the host after the driver is ready: a matter of milliseconds. */
	for (int ms = 0;; ms++) {
		p->fd = try_open();
		if (p->fd >= 0)
			return 0;
		if (ms >= timeout_ms)
			return -1;
		usleep(1000);
	}
}

void port_send(struct port *p, uint8_t type, uint8_t stream, const void *payload, size_t n)
{
	size_t need = p->out_n + KP_HEADER + n;

	if (need > p->out_cap) {
		uint8_t *bigger = realloc(p->out, need * 2);

		/* A frame left out would be output lost under a status of 0. */
		if (!bigger)
			out_of_memory();
		p->out = bigger;
		p->out_cap = need * 2;
	}
	kp_put_header(p->out + p->out_n, type, stream, (uint32_t)n);
	if (n)
		memcpy(p->out + p->out_n + KP_HEADER, payload, n);
	p->out_n = need;
}

void port_send32(struct port *p, uint8_t type, uint8_t stream, uint32_t value)
{
	uint8_t b[4];

	kp_put32(b, value);
	port_send(p, type, stream, b, sizeof(b));
}

void port_stage(struct port *p, enum kp_stage stage)
{
	uint8_t b = (uint8_t)stage;

	port_send(p, KP_STAGE, 0, &b, 1);
	port_flush(p, false);
}

int port_flush(struct port *p, bool wait)
{
	size_t done = 0;
	int r = 0;

	while (done < p->out_n) {
		ssize_t n = write(p->fd, p->out + done, p->out_n - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN && wait) {
			struct pollfd pfd = { .fd = p->fd, .events = POLLOUT };

			poll(&pfd, 1, 1000);
		} else {
			r = n < 0 && errno == EAGAIN ? 0 : -1;
			break;
		}
	}
	if (done)
		memmove(p->out, p->out + done, p->out_n - done);
	p->out_n -= done;
	return r;
}

int port_fill(struct port *p)
{
	ssize_t n = read(p->fd, p->in + p->in_n, sizeof(p->in) - p->in_n);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	p->in_n += (size_t)n;
	return (int)n;
}

enum kp_result port_next(struct port *p, struct kp_frame *ret)
{
	return kp_next(p->in, p->in_n, ret);
}

void port_drop(struct port *p, const struct kp_frame *f)
{
	size_t used = KP_HEADER + f->len;

	memmove(p->in, p->in + used, p->in_n - used);
	p->in_n -= used;
}
