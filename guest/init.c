/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PID 1 of kiln's guests: loads the modules the machine needs, reports to kiln, mounts what it is
 * told, runs one command, carries its streams and hands back its status. It holds no policy:
 * everything it does was in the request.
 */
#include "guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT_TIMEOUT_MS 10000

static void say_hello(struct port *p)
{
	uint8_t hello[8 + sizeof(((struct utsname *)0)->release)];
	struct utsname u;

	uname(&u);
	kp_put32(hello, KP_MAGIC);
	kp_put32(hello + 4, KP_VERSION);
	memcpy(hello + 8, u.release, strlen(u.release));
	port_send(p, KP_HELLO, 0, hello, 8 + strlen(u.release));
	if (port_flush(p, true) < 0)
		fail(KP_STAGE_INIT, "cannot write to the port");
}

/* Takes frames until the request is complete. */
static void read_request(struct port *p, struct request *r)
{
	const char *wrong;
	struct kp_frame f;

	for (bool complete = false; !complete;) {
		enum kp_result got = port_next(p, &f);
		struct pollfd pfd = { .fd = p->fd, .events = POLLIN };

		errno = 0;
		if (got == KP_BAD)
			fail(KP_STAGE_INIT,
			     "this machine expects kiln at the other end of its port");
		if (got == KP_MORE) {
			poll(&pfd, 1, -1);
			/* No host at the port makes poll return at once. */
			if (!(pfd.revents & POLLIN))
				usleep(1000);
			else if (port_fill(p) < 0)
				fail(KP_STAGE_INIT, "the line to kiln is broken");
			continue;
		}
		complete = f.type == KP_START;
		if (!complete && (f.type != KP_REQUEST || request_add(r, f.payload, f.len) < 0))
			fail(KP_STAGE_INIT, "unexpected frame of type %u before the start", f.type);
		port_drop(p, &f);
	}
	wrong = request_decode(r);
	errno = 0;
	if (wrong)
		fail(KP_STAGE_INIT, "the request has %s", wrong);
}

static void set_up(const struct request *r)
{
	struct timespec ts = { .tv_sec = (time_t)r->clock_sec, .tv_nsec = (long)r->clock_nsec };

	if (r->clock_sec)
		clock_settime(CLOCK_REALTIME, &ts);
	if (r->hostname)
		sethostname(r->hostname, strlen(r->hostname));
	net_up(r);
}

/* A kernel without a console gives none, and a pipe or the port must not become one of the three. */
static void hold_standard_fds(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd < 2)
		fd = dup(fd);
	if (fd > 2)
		close(fd);
}

static void report_exit(struct port *p, int status)
{
	bool signaled = WIFSIGNALED(status);
	uint8_t payload[5] = { signaled ? KP_SIGNALED : KP_EXITED };

	kp_put32(payload + 1, (uint32_t)(signaled ? WTERMSIG(status) : WEXITSTATUS(status)));
	port_send(p, KP_EXIT, 0, payload, sizeof(payload));
	port_flush(p, true);
}

int main(int argc, char **argv)
{
	static struct port port;
	static struct request request;
	struct command command;
	long long tick;
	int status;

	if (getpid() != 1) {
		fprintf(stderr, "this is kiln's PID 1 for guests; kiln run starts it\n");
		return 2;
	}
	/* What `kiln bench` measures a boot by: a PID 1 that stops at once. */
	if (argc > 1 && strcmp(argv[1], "stop") == 0)
		machine_off();
	tick = timer_last_tick();
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	mounts_early();
	hold_standard_fds();
	errno = 0;
	/* Before the modules, whose loading waits for RCU. */
	if (!timer_has_ticked(tick))
		fail(KP_STAGE_INIT, KP_NO_TICK);
	modules_load();
	modprobe_off();
	if (port_open(&port, PORT_TIMEOUT_MS) < 0)
		fail(KP_STAGE_INIT,
		     "the port '%s' did not appear (CONFIG_VIRTIO_CONSOLE, CONFIG_VIRTIO_PCI)",
		     KP_PORT);
	log_port = &port;
	say_hello(&port);
	read_request(&port, &request);

	port_stage(&port, KP_STAGE_ROOT);
	mounts_root(&request);
	port_stage(&port, KP_STAGE_SETUP);
	mounts_system(&request);
	mounts_modules(&request);
	set_up(&request);
	modprobe_on();
	command_start(&request, &command);
	port_stage(&port, KP_STAGE_RUN);
	status = relay(&port, &command);

	port_stage(&port, KP_STAGE_END);
	sync();
	report_exit(&port, status);
	machine_off();
}
