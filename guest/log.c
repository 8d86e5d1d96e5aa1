/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of PID 1: on the console, whatever the kernel's log level, and to kiln once it listens.
 */
#include "guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/reboot.h>
#include <unistd.h>

struct port *log_port;

static void console(const char *kind, const char *text)
{
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "kiln: %s: %s\n", kind, text);
	close(fd);
}

void note(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (log_port)
		port_send(log_port, KP_NOTE, 0, text, strlen(text));
	else
		console("note", text);
}

void machine_off(void)
{
	/* kiln kills QEMU when it has read the last frame; this is for a kiln that is gone. */
	for (unsigned left = log_port ? 10 : 0; left;)
		left = sleep(left);
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

void out_of_memory(void)
{
	log_port = NULL; /* through which nothing more fits */
	errno = 0;
	fail(KP_STAGE_RUN, "PID 1 is out of memory");
}

void fail(enum kp_stage stage, const char *fmt, ...)
{
	int saved = errno;
	uint8_t payload[5 + 512];
	char *text = (char *)payload + 5;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(text, 512, fmt, ap);
	va_end(ap);
	n = strlen(text);
	if (saved)
		snprintf(text + n, 512 - n, ": %s", strerror(saved));
	console(KP_GAVE_UP, text);
	if (log_port) {
		payload[0] = (uint8_t)stage;
		kp_put32(payload + 1, (uint32_t)saved);
		port_send(log_port, KP_FAIL, 0, payload, 5 + strlen(text));
		port_flush(log_port, true);
	}
	machine_off();
}
