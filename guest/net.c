/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network: lo, and one card with a fixed address. QEMU's user network always has the same
 * addresses, so there is nothing to ask a DHCP server for.
 */
#include "guest/guest.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_up(int sock, const char *name)
{
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	ifr.ifr_flags = IFF_UP;
	return ioctl(sock, SIOCSIFFLAGS, &ifr);
}

static struct sockaddr address(in_addr_t a)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = a };
	struct sockaddr s;

	memcpy(&s, &in, sizeof(s));
	return s;
}

static int configure(int sock, const char *name, const struct request *r)
{
	struct ifreq ifr = { 0 };
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };
	int prefix = atoi(r->net_prefix);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	ifr.ifr_addr = address(inet_addr(r->net_addr));
	if (ioctl(sock, SIOCSIFADDR, &ifr) < 0)
		return -1;
	ifr.ifr_netmask = address(htonl(prefix ? ~0u << (32 - prefix) : 0));
	if (ioctl(sock, SIOCSIFNETMASK, &ifr) < 0 || set_up(sock, name) < 0)
		return -1;
	route.rt_dst = route.rt_genmask = address(INADDR_ANY);
	route.rt_gateway = address(inet_addr(r->net_gateway));
	return ioctl(sock, SIOCADDRT, &route);
}

static bool find_card(char ret_name[IFNAMSIZ])
{
	DIR *d = opendir("/sys/class/net");
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		char path[300];

		snprintf(path, sizeof(path), "/sys/class/net/%s/device", e->d_name);
		found = e->d_name[0] != '.' && access(path, F_OK) == 0;
		if (found)
			snprintf(ret_name, IFNAMSIZ, "%.15s", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

/*
 * Mounted over, never written: it may lie in a share that is the host's own. Where it is a link
 * below /run, which is empty here, its target is made first.
 */
static void name_server(const char *server)
{
	static const char path[] = "/etc/resolv.conf", ours[] = "/run/kiln-resolv.conf";
	char target[512] = "", full[600];
	FILE *f = fopen(ours, "we");
	int fd;

	if (f)
		fprintf(f, "nameserver %s\n", server);
	if (!f || fclose(f) == EOF) {
		note("cannot write '%s': %s", ours, strerror(errno));
		return;
	}
	if (readlink(path, target, sizeof(target) - 1) > 0 && access(path, F_OK) < 0) {
		char *slash;

		snprintf(full, sizeof(full), "%s%s", target[0] == '/' ? "" : "/etc/", target);
		slash = strrchr(full, '/');
		*slash = 0;
		make_dirs(full, 0755);
		*slash = '/';
	}
	/* A file to mount on; one that is there is left as it is. An initramfs alone has no /etc. */
	make_dirs("/etc", 0755);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
	if (mount(ours, path, NULL, MS_BIND, NULL) < 0)
		note("no name server in '%s': %s", path, strerror(errno));
}

void net_up(const struct request *r)
{
	/* Left open: all it costs is a descriptor of PID 1, and closing it takes code that nothing else needs. */
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char card[IFNAMSIZ];

	if (sock < 0) {
		if (r->net_addr)
			note("no network: the kernel has no IPv4 (CONFIG_INET)");
		return;
	}
	set_up(sock, "lo");
	if (r->net_addr) {
		if (!find_card(card))
			note("no network: no card was found (CONFIG_VIRTIO_NET)");
		else if (configure(sock, card, r) < 0)
			note("no network: '%s': %s", card, strerror(errno));
		else
			name_server(r->net_dns);
	}
}
