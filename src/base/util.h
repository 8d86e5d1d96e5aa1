/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small things every folder uses: sizes, cleanup attributes, handing over ownership. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define countof(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                       \
	({                              \
		__typeof__(a) _a = (a); \
		__typeof__(b) _b = (b); \
		_a < _b ? _a : _b;      \
	})
#define MAX(a, b)                       \
	({                              \
		__typeof__(a) _a = (a); \
		__typeof__(b) _b = (b); \
		_a > _b ? _a : _b;      \
	})
#define ALIGN_UP(x, a) (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define PURE		  __attribute__((pure))

/* cleanup(x): run fn_p(&var) when the variable leaves its scope. */
#define cleanup(fn) __attribute__((cleanup(fn)))
#define auto_free   cleanup(freep)
#define auto_close  cleanup(closep)

/* take_ptr(p) and take_fd(fd) hand ownership over: the variable forgets what it held. */
#define take_ptr(p)                         \
	({                                  \
		__typeof__(p) _taken = (p); \
		(p) = NULL;                 \
		_taken;                     \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
}

/* Closes fd if it is open; always returns -1, for `fd = close_fd(fd)`. errno is kept. */
int close_fd(int fd);

static inline void closep(const int *fd)
{
	close_fd(*fd);
}

static inline int take_fd(int *fd)
{
	int f = *fd;

	*fd = -1;
	return f;
}

/* For names that are to be one's own; not for secrets. */
uint32_t random_u32(void);
