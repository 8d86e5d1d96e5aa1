/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log of this machine. The journal has all of this boot, the kernel's buffer what still fits. */
#include "hw/kmsg.h"

#include <sys/klog.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

/* SYSLOG_ACTION_READ_ALL and _SIZE_BUFFER of syslog(2) */
static char *from_kernel(void)
{
	int size = klogctl(10, NULL, 0), n;
	auto_free char *log = size > 0 ? xmalloc((size_t)size + 1) : NULL;

	n = log ? klogctl(3, log, size) : -1;
	if (n < 0)
		return NULL;
	log[n] = '\0';
	return take_ptr(log);
}

static void closep_journal(sd_journal **j)
{
	sd_journal_close(*j);
}

static int match(sd_journal *j)
{
	char boot[sizeof("_BOOT_ID=") + SD_ID128_STRING_MAX] = "_BOOT_ID=";
	sd_id128_t id;
	int r = sd_id128_get_boot(&id);

	if (r < 0)
		return r;
	sd_id128_to_string(id, boot + strlen(boot));
	r = sd_journal_add_match(j, boot, 0);
	return r < 0 ? r : sd_journal_add_match(j, "_TRANSPORT=kernel", 0);
}

static char *from_journal(void)
{
	cleanup(closep_journal) sd_journal *j = NULL;
	auto_str struct str b = { 0 };

	if (sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0 || match(j) < 0)
		return NULL;
	while (b.n < HW_KMSG_BYTES && sd_journal_next(j) > 0) {
		const void *data;
		size_t n;

		if (sd_journal_get_data(j, "MESSAGE", &data, &n) < 0 || n <= strlen("MESSAGE="))
			continue;
		str_add(&b, (const char *)data + strlen("MESSAGE="), n - strlen("MESSAGE="));
		str_addc(&b, '\n');
	}
	return b.n ? str_take(&b) : NULL;
}

char *hw_kmsg_here(void)
{
	char *log = from_journal();

	return log ?: from_kernel();
}
