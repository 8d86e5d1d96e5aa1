/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the host's environment goes to a guest; what the user sets goes there whatever it is. */
#include "cmd/env.h"

/* Sockets and folders of the host's session, which the guest does not have. */
static const char *const host_only[] = { "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
					 "XDG_SESSION_ID",  "SSH_AUTH_SOCK",
					 "NOTIFY_SOCKET",   "LISTEN_FDS",
					 "LISTEN_PID" };

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strcspn(b, "=") == n && strncmp(a, b, n) == 0;
}

static bool has_name(const char *word, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same_name(word, names[i]))
			return true;
	return false;
}

void env_for_guest(char *const *host, const struct strv *changes, struct strv *ret)
{
	const char *const *v = (const char *const *)changes->v;

	for (; *host; host++)
		if (!has_name(*host, host_only, countof(host_only)) &&
		    !has_name(*host, v, changes->n))
			strv_add(ret, *host);
	for (size_t i = 0; i < changes->n; i++)
		if (strchr(v[i], '=') && !has_name(v[i], v + i + 1, changes->n - i - 1))
			strv_add(ret, v[i]);
}
