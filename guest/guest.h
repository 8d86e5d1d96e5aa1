/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PID 1 of the guest: what its files know of each other. */
#pragma once

#include "guest/request.h"
#include "guest/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Where things lie in the initramfs (src/vm/initrd.c writes it). */
#define GUEST_MODULES "/kiln/modules" /* files named 000.ko, 001.ko, ... in loading order */
#define GUEST_ROOT    "/kiln/root"    /* where the new root is put together */
#define GUEST_COW     "/kiln/cow"     /* tmpfs with the overlays' upper folders */

/* port.c: the line to kiln. Frames are queued and written when the port takes them. */
struct port {
	int fd;
	uint8_t in[KP_HEADER + KP_PAYLOAD_MAX];
	size_t in_n;
	uint8_t *out;
	size_t out_n, out_cap;
};
/* Finds and opens the port named KP_PORT, waiting up to timeout_ms for its driver. */
int port_open(struct port *p, int timeout_ms);
void port_send(struct port *p, uint8_t type, uint8_t stream, const void *payload, size_t n);
void port_send32(struct port *p, uint8_t type, uint8_t stream, uint32_t value);
void port_stage(struct port *p, enum kp_stage stage);
/* Writes as much as the port takes; with wait, all of it. -1 if the port is gone. */
int port_flush(struct port *p, bool wait);
/* Reads what is there without waiting: -1 if the port is gone, else bytes read. */
int port_fill(struct port *p);
/* The next whole frame, then port_drop() when done with it. */
enum kp_result port_next(struct port *p, struct kp_frame *ret);
void port_drop(struct port *p, const struct kp_frame *f);

/* log.c: messages for people, on the console and, once the port is open, as notes to kiln. */
extern struct port *log_port;
void note(const char *fmt, ...) PRINTF(1, 2);
/* Says what failed (with errno) at this stage, to kiln and on the console, and stops the machine.
 */
_Noreturn void fail(enum kp_stage stage, const char *fmt, ...) PRINTF(2, 3);
_Noreturn void machine_off(void);
_Noreturn void out_of_memory(void);

/* modules.c: loads all of GUEST_MODULES; a module that is refused is reported and passed over. */
void modules_load(void);

/* mounts.c */
void mounts_early(void);		      /* /proc, /sys, /dev of the initramfs */
void mounts_root(const struct request *r);    /* the shares, the overlay, the move into it */
void mounts_system(const struct request *r);  /* /proc, /sys, /dev, ... of the new root */
void mounts_modules(const struct request *r); /* /lib/modules/RELEASE, device nodes */
void modprobe_off(void);		      /* the kernel loads no modules by itself ... */
void modprobe_on(void);			      /* ... until this */
int make_dirs(const char *path, mode_t mode); /* mkdir -p */

/* net.c: brings up lo and, if the request says so, the network card with a fixed address. */
void net_up(const struct request *r);

/* user.c: who the command runs as, from the guest's own /etc/passwd and /etc/group. */
struct user {
	uid_t uid;
	gid_t gid;
	char name[64], home[256], shell[256];
	gid_t groups[64];
	int n_groups;
};
/* who: a name or number, NULL for root. -1 if the name is not there. */
int user_find(const char *who, struct user *ret);

/* command.c: starts the command. Descriptors are -1 where there is no stream. */
struct command {
	pid_t pid;
	int in, out, err; /* our ends of the streams; with a terminal in == out == its master */
	bool tty;
};
void command_start(const struct request *r, struct command *ret);

/* tasks.c: "NAME[PID] STATE FUNCTION, ..." of every process but PID 1 and the kernel's idle threads. */
void tasks_describe(char *text, size_t size);

/* timer.c: when the last tick was, and whether one came since; if not yet, it is waited for. */
long long timer_last_tick(void);
bool timer_has_ticked(long long since);

/* relay.c: carries the streams until the command has ended; returns its wait status. */
int relay(struct port *p, struct command *c);
