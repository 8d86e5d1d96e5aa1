/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of a run.
 *
 * Invariants: nothing on the loop blocks (but a note, of which there are at most NOTES_MAX, to a
 * stderr that nobody reads); a stream has at most KP_WINDOW bytes under way in each direction; the
 * first reason to end is the outcome. When it is there QEMU is ended, and the loop goes on until
 * the user's streams have taken what is queued, a signal or the deadline comes. QEMU dies with kiln
 * (PR_SET_PDEATHSIG), and has no socket in the file system.
 */
#include "vm/session.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"
#include "vm/flow.h"
#include "vm/qemu.h"
#include "vm/tty.h"
#include "vm/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define GRACE_NS \
	(5 * NSEC_PER_SEC) /* for the command to act on a signal, for QEMU to end after a panic */
/* Give back credit in pieces of this size, so that small writes do not make as many frames. */
#define CREDIT_MIN (KP_WINDOW / 4)
/* What may be queued towards the guest before it gets no more credit, and the console's copy. */
#define QUEUE_MAX KP_WINDOW
#define NOTES_MAX 1000
#define READS	  8	       /* a turn, so that timers and signals have theirs */
#define LEAVE_NS  NSEC_PER_SEC /* for the readers of the output, where the user wants to leave */
#define ANSWER_NS (2 * NSEC_PER_SEC) /* for the guest to say what it does */
#define ESCAPE	  0x1d /* Ctrl-], three times within a second, ends a machine that hangs */

struct session {
	const struct vm_session_spec *spec;
	struct vm_outcome *o;
	sd_event *loop;
	pid_t qemu;
	sd_event_source *qemu_source;
	bool qemu_gone;
	int qemu_status;

	int line; /* socket to QEMU's stdin and stdout */
	sd_event_source *line_source;
	struct vm_wire wire;
	struct str out;
	size_t out_at;

	int console;
	bool console_ended;
	sd_event_source *console_source;
	char *server_words; /* what is said when a virtiofsd has ended before QEMU */

	struct vm_well well;
	bool unread; /* the guest drops its stdin; the terminal is read on for the way out */
	struct vm_sink sink[3], copy; /* [1] and [2]; the copy of the console */
	unsigned notes;
	bool over; /* the outcome is there */
	bool left; /* and nothing more is waited for */
	int last_signal;
	uint64_t sign_of_life, last_data, panic_at;
	bool probed; /* a guest whose console speaks of a panic was asked whether it lives */
	sd_event_source *life, *grace;
	unsigned escapes;
	uint64_t first_escape;
};

static void finish(struct session *s, enum vm_end end, int status)
{
	if (s->over)
		return;
	s->over = true;
	s->o->end = end;
	s->o->status = status;
}

static void finish_with(struct session *s, enum vm_end end, char *words)
{
	if (!s->over && !s->o->words)
		s->o->words = take_ptr(words);
	free(words);
	finish(s, end, 0);
}

/* Writing to the line. */

static void line_flush(struct session *s)
{
	while (s->out_at < s->out.n) {
		ssize_t n = send(s->line, s->out.s + s->out_at, s->out.n - s->out_at,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* EAGAIN: later; anything else shows when reading */
		s->out_at += (size_t)n;
	}
	/* What was sent is dropped when that is all, or now and then where it never is all. */
	if (s->out_at && (s->out_at == s->out.n || s->out_at > KP_WINDOW)) {
		memmove(s->out.s, s->out.s + s->out_at, s->out.n - s->out_at);
		s->out.n -= s->out_at;
		s->out_at = 0;
	}
	sd_event_source_set_io_events(s->line_source, EPOLLIN | (s->out.n ? EPOLLOUT : 0));
}

static void on_user_data(void *ctx, const uint8_t *data, size_t n)
{
	struct session *s = ctx;

	if (n == 0) {
		/* Of a terminal's end the guest makes one byte, which it will give back. */
		if (s->spec->tty && s->well.window)
			s->well.window--;
		vm_frame(&s->out, KP_EOF, 0, "", 0);
		line_flush(s);
		return;
	}
	for (size_t i = 0; s->spec->tty && i < n; i++) {
		s->escapes = data[i] == ESCAPE ? s->escapes + 1 : 0;
		if (now_ns() - s->first_escape >= NSEC_PER_SEC)
			s->escapes = MIN(s->escapes, 1U);
		if (s->escapes == 1)
			s->first_escape = now_ns();
		if (s->escapes == 3)
			finish(s, VM_END_INTERRUPTED, 128 + SIGKILL);
	}
	if (s->unread) {
		vm_well_allow(&s->well, (uint32_t)n);
		return;
	}
	vm_frame(&s->out, KP_DATA, 0, data, n);
	line_flush(s);
}

static void give_credit(void *ctx, struct vm_sink *k)
{
	struct session *s = ctx;
	unsigned stream = (unsigned)(k - s->sink);

	if (k->broken && !k->reported) {
		k->reported = true;
		vm_frame(&s->out, KP_EOF, stream, "", 0);
	}
	/* A guest that sends and does not read would have its credits pile up here. */
	if (s->out.n - s->out_at <= QUEUE_MAX &&
	    (k->credit >= CREDIT_MIN || (k->credit && vm_sink_empty(k)))) {
		vm_frame32(&s->out, KP_WINDOW_ADD, stream, k->credit);
		vm_wire_credit(&s->wire, stream, k->credit);
		k->credit = 0;
	}
	line_flush(s);
}

/* What the guest says. */

static void send_size(struct session *s)
{
	uint8_t size[4];
	uint16_t rows, cols;

	vm_tty_size(s->spec->fds[0], &rows, &cols);
	kp_put16(size, rows);
	kp_put16(size + 2, cols);
	vm_frame(&s->out, KP_WINCH, 0, size, sizeof(size));
	line_flush(s);
}

static void start_streams(struct session *s)
{
	const struct vm_session_spec *spec = s->spec;

	s->o->times.run = now_ns();
	s->o->boot_bytes = vm_console_heard(&s->o->console);
	if (spec->tty) {
		vm_tty_raw(spec->fds[0]);
		send_size(s); /* it may have changed since the request was made */
	}
	if (spec->fds[0] < 0)
		return;
	s->well.window = KP_WINDOW;
	s->well.data = on_user_data;
	s->well.ctx = s;
	/* What cannot be watched cannot be read: for the command it has ended. */
	if (vm_well_init(&s->well, s->loop, spec->fds[0]) < 0)
		on_user_data(s, NULL, 0);
}

/* The request goes out on the hello and not earlier, so that the guest's clock is set right. */
static void on_hello(void *ctx, const char *release)
{
	struct session *s = ctx;
	auto_str struct str req = { 0 };
	uint8_t clock[12];
	struct timespec ts;

	s->o->times.hello = now_ns();
	s->o->stage = KP_STAGE_INIT;
	clock_gettime(CLOCK_REALTIME, &ts);
	kp_put64(clock, (uint64_t)ts.tv_sec);
	kp_put32(clock + 8, (uint32_t)ts.tv_nsec);
	str_add(&req, s->spec->request->s, s->spec->request->n);
	vm_req_bytes(&req, KP_CLOCK, clock, sizeof(clock));
	vm_frame_request(&s->out, &req);
	line_flush(s);
}

static void on_stage(void *ctx, enum kp_stage stage)
{
	struct session *s = ctx;

	s->o->stage = stage;
	if (stage == KP_STAGE_RUN && !s->o->times.run)
		start_streams(s);
}

static void on_data(void *ctx, unsigned stream, const uint8_t *data, size_t n)
{
	struct session *s = ctx;

	vm_sink_write(&s->sink[stream], data, n);
}

static void on_unread(void *ctx)
{
	struct session *s = ctx;

	s->unread = true;
	if (!s->spec->tty)
		vm_well_stop(&s->well);
}

static void on_window(void *ctx, uint32_t n)
{
	struct session *s = ctx;

	/* A guest that allows more without having read what was sent would make kiln hold all of
	 * its stdin. */
	if (s->out.n - s->out_at > 2 * KP_WINDOW ||
	    n > KP_WINDOW - MIN(s->well.window, KP_WINDOW)) {
		finish_with(s, VM_END_LOST, xstrdup("the guest sent a window it does not have"));
		return;
	}
	vm_well_allow(&s->well, n);
}

static void on_note(void *ctx, const char *text)
{
	struct session *s = ctx;

	if (!s->spec->note || s->notes > NOTES_MAX)
		return;
	s->notes++;
	s->spec->note(s->spec->note_ctx,
		      s->notes > NOTES_MAX ? "the guest has more to say than is shown" : text);
}

static void on_tasks(void *ctx, const char *text)
{
	struct session *s = ctx;

	if (!s->o->asked || s->over)
		return;
	s->o->tasks = xstrdup(text);
	finish(s, VM_END_DEADLINE, 0);
}

static void on_fail(void *ctx, unsigned stage, const char *text)
{
	struct session *s = ctx;

	s->o->stage = (int)stage;
	finish_with(s, VM_END_REFUSED, xstrdup(text));
}

static void on_exit_status(void *ctx, int status)
{
	struct session *s = ctx;

	s->o->times.exit = now_ns();
	finish(s, VM_END_EXIT, status);
}

static const struct vm_wire_ops wire_ops = {
	.hello = on_hello,
	.stage = on_stage,
	.data = on_data,
	.unread = on_unread,
	.window = on_window,
	.note = on_note,
	.tasks = on_tasks,
	.fail = on_fail,
	.exit = on_exit_status,
};

/* Reads at most so many times; what has arrived is acted on even when the line is closed behind it. */
static void line_read(struct session *s, unsigned times)
{
	uint8_t buf[KP_HEADER + KP_PAYLOAD_MAX];
	ssize_t n;

	do {
		n = recv(s->line, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			s->sign_of_life = s->last_data = now_ns();
		if (n > 0 && vm_wire_feed(&s->wire, buf, (size_t)n) < 0)
			finish_with(s, VM_END_LOST, xasprintf("the guest sent %s", s->wire.wrong));
	} while (n > 0 && !s->over && --times);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		sd_event_source_set_enabled(s->line_source, SD_EVENT_OFF); /* QEMU is ending */
}

static int on_line(sd_event_source *src, int fd, uint32_t events, void *ctx)
{
	struct session *s = ctx;

	if (events & EPOLLOUT) {
		line_flush(s);
		for (int i = 1; i <= 2; i++)
			give_credit(s, &s->sink[i]);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		line_read(s, READS);
	return 0;
}

/* The console, QEMU's end, time and signals. */

/* A kernel that has panicked says nothing more over the line: if it does, something else wrote that. */
static bool has_panicked(struct session *s)
{
	if (s->o->console.panic && s->last_data > s->panic_at + NSEC_PER_SEC / 2) {
		vm_console_forget_panic(&s->o->console);
		s->panic_at = 0;
		s->probed = false;
	}
	return s->o->console.panic;
}

static void ask(struct session *s)
{
	vm_frame(&s->out, KP_ASK, 0, "", 0);
	line_flush(s);
}

/* So that it says something, if it can. False where it was asked before, or cannot be. */
static bool probe_panic(struct session *s)
{
	if (s->probed || s->o->stage != KP_STAGE_RUN)
		return false;
	s->probed = true;
	ask(s);
	return true;
}

/* Once the line is open PID 1 says it there, and what looks so on the console is somebody else's. */
static bool gave_up(const struct session *s)
{
	return s->o->stage == 0 && s->o->console.guest;
}

static int on_grace(sd_event_source *src, uint64_t usec, void *ctx)
{
	struct session *s = ctx;

	if (has_panicked(s)) {
		if (probe_panic(s)) {
			sd_event_source_set_time_relative(src, NSEC_PER_SEC / 1000);
			sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
			return 0;
		}
		finish(s, VM_END_PANIC, 0);
	} else if (s->server_words)
		finish_with(s, VM_END_LOST, take_ptr(s->server_words));
	else if (s->last_signal)
		finish(s, VM_END_INTERRUPTED, 128 + s->last_signal);
	else if (gave_up(s))
		finish(s, VM_END_LOST, 0);
	s->grace = sd_event_source_unref(s->grace);
	return 0;
}

static void start_grace(struct session *s, uint64_t ns)
{
	if (!s->grace)
		(void)sd_event_add_time_relative(s->loop, &s->grace, CLOCK_MONOTONIC, ns / 1000,
						 1000, on_grace, s);
}

/* A copy that is not taken holds the console up, and with it the guest, as a real line would. */
static void watch_console(struct session *s)
{
	bool on = !s->console_ended && s->copy.queue.n - s->copy.at < QUEUE_MAX;

	sd_event_source_set_enabled(s->console_source, on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static void on_copied(void *ctx, struct vm_sink *k)
{
	struct session *s = ctx;

	k->credit = 0;
	if (k->broken)
		s->o->console_error = k->error;
	if (!s->over)
		watch_console(s);
}

static void console_read(struct session *s, unsigned times)
{
	char buf[16384];
	ssize_t n;

	do {
		n = read(s->console, buf, sizeof(buf));
		if (n <= 0)
			break;
		vm_console_feed(&s->o->console, buf, (size_t)n);
		vm_sink_write(&s->copy, buf, (size_t)n);
	} while (--times);
	if (n == 0)
		s->console_ended = true;
	watch_console(s);
}

static int on_console(sd_event_source *src, int fd, uint32_t events, void *ctx)
{
	struct session *s = ctx;
	uint64_t heard = vm_console_heard(&s->o->console);

	console_read(s, READS);
	if (vm_console_heard(&s->o->console) != heard)
		s->sign_of_life = now_ns();
	/* panic=-1 restarts at once, which ends QEMU; a user's panic= may not. */
	if (s->o->console.panic && !s->panic_at) {
		s->panic_at = now_ns();
		start_grace(s, 2 * NSEC_PER_SEC);
	}
	/* It restarts too, if its kernel still can. */
	if (gave_up(s))
		start_grace(s, NSEC_PER_SEC / 2);
	return 0;
}

static int on_qemu_end(sd_event_source *src, const siginfo_t *si, void *ctx)
{
	struct session *s = ctx;

	s->qemu_gone = true;
	s->qemu_status = si->si_code == CLD_EXITED ? si->si_status : 128 + si->si_status;
	line_read(s, 0);
	console_read(s, 0);
	if (s->o->console.panic)
		finish(s, VM_END_PANIC, 0);
	/* Who kills it so is the host, for its memory, or the user. */
	else if (s->o->stage == 0 && s->qemu_status != 0 && s->qemu_status != 128 + SIGKILL)
		finish(s, VM_END_QEMU, s->qemu_status);
	finish(s, VM_END_LOST, 0);
	return 0;
}

static int on_server_end(sd_event_source *src, const siginfo_t *si, void *ctx)
{
	struct session *s = ctx;

	for (size_t i = 0; i < s->spec->n_shares; i++) {
		struct vm_share *h = &s->spec->shares[i];

		if (h->virtiofsd != si->si_pid)
			continue;
		h->virtiofsd = 0;
		if (!s->server_words)
			s->server_words =
				xasprintf("virtiofsd for '%s' has ended (%s %d)", h->host,
					  si->si_code == CLD_EXITED ? "exit status" : "signal",
					  si->si_status);
	}
	/* It also ends behind a QEMU that has ended, whose own end says more. */
	start_grace(s, NSEC_PER_SEC / 2);
	return 0;
}

/* A machine that comes up slowly may speak for long; one that repeats the same complaint must not. */
#define LIFE_TIMES 10

static int on_life(sd_event_source *src, uint64_t usec, void *ctx)
{
	struct session *s = ctx;
	uint64_t now = now_ns(), quiet = now - s->sign_of_life;

	if (s->over || s->o->times.run)
		return 0;
	if (quiet < s->spec->life_ns && now - s->o->times.begin < LIFE_TIMES * s->spec->life_ns) {
		sd_event_source_set_time_relative(src, (s->spec->life_ns - quiet) / 1000 + 1000);
		sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
		return 0;
	}
	finish(s, vm_console_heard(&s->o->console) || s->o->stage ? VM_END_HUNG : VM_END_NO_LIFE,
	       0);
	return 0;
}

/* The output's reader is not waited for any longer: what is queued for it is lost, and that is the outcome. */
static void leave(struct session *s, enum vm_end end, int status)
{
	s->o->end = end;
	s->o->status = status;
	s->left = true;
}

static int on_no_answer(sd_event_source *src, uint64_t usec, void *ctx)
{
	finish(ctx, VM_END_DEADLINE, 0);
	return 0;
}

/* A guest whose command runs is asked what it is at; one that hangs cannot say. */
static int on_timeout(sd_event_source *src, uint64_t usec, void *ctx)
{
	struct session *s = ctx;

	if (s->over)
		leave(s, VM_END_DEADLINE, 0);
	else if (s->o->stage == KP_STAGE_RUN &&
		 sd_event_add_time_relative(s->loop, NULL, CLOCK_MONOTONIC, ANSWER_NS / 1000, 1000,
					    on_no_answer, s) >= 0) {
		s->o->asked = true;
		ask(s);
	} else {
		finish(s, VM_END_DEADLINE, 0);
	}
	return 0;
}

static bool deadly(int sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT;
}

/*
 * Before the command runs, a signal ends the run. Afterwards it is the command's; if that has not
 * ended some seconds after one that should end it, or a second one comes, the machine is switched
 * off.
 */
static int on_signal(sd_event_source *src, const struct signalfd_siginfo *si, void *ctx)
{
	struct session *s = ctx;
	int sig = (int)si->ssi_signo;

	if (s->over) {
		if (deadly(sig))
			leave(s, VM_END_INTERRUPTED, 128 + sig);
		return 0;
	}
	if (sig == SIGWINCH) {
		if (s->spec->tty && s->o->times.run)
			send_size(s);
	} else if (deadly(sig) && (!s->o->times.run || s->last_signal)) {
		finish(s, VM_END_INTERRUPTED, 128 + sig);
	} else if (s->o->times.run) {
		vm_frame32(&s->out, KP_SIGNAL, 0, (uint32_t)sig);
		if (deadly(sig)) {
			s->last_signal = sig;
			start_grace(s, GRACE_NS);
		}
	}
	line_flush(s);
	return 0;
}

/* Beginning and end. */

/* A blocked signal arrives even where it is ignored; under nohup, or in the background of a script, it must not. */
static bool is_ignored(int sig)
{
	struct sigaction sa;

	return sigaction(sig, NULL, &sa) == 0 && !(sa.sa_flags & SA_SIGINFO) &&
	       sa.sa_handler == SIG_IGN;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH };

static int add_sources(struct session *s, struct err *err)
{
	const struct vm_session_spec *spec = s->spec;
	int r = sd_event_add_io(s->loop, &s->line_source, s->line, EPOLLIN, on_line, s);

	if (r >= 0)
		r = sd_event_add_io(s->loop, &s->console_source, s->console, EPOLLIN, on_console,
				    s);
	if (r >= 0)
		r = sd_event_add_child(s->loop, &s->qemu_source, s->qemu, WEXITED, on_qemu_end, s);
	for (size_t i = 0; r >= 0 && i < spec->n_shares; i++)
		if (spec->shares[i].virtiofsd > 0)
			r = sd_event_add_child(s->loop, NULL, spec->shares[i].virtiofsd, WEXITED,
					       on_server_end, s);
	for (size_t i = 0; r >= 0 && i < countof(signals); i++)
		if (!is_ignored(signals[i]))
			r = sd_event_add_signal(s->loop, NULL, signals[i], on_signal, s);
	if (r >= 0 && !spec->halted)
		r = sd_event_add_time_relative(s->loop, &s->life, CLOCK_MONOTONIC,
					       spec->life_ns / 1000, 1000, on_life, s);
	if (r >= 0 && spec->timeout_ns)
		r = sd_event_add_time_relative(s->loop, NULL, CLOCK_MONOTONIC,
					       spec->timeout_ns / 1000, 1000, on_timeout, s);
	for (int i = 1; r >= 0 && i <= 2; i++) {
		s->sink[i].progress = give_credit;
		s->sink[i].ctx = s;
		r = vm_sink_init(&s->sink[i], s->loop, spec->fds[i]);
	}
	s->copy.progress = on_copied;
	s->copy.ctx = s;
	if (r >= 0)
		r = vm_sink_init(&s->copy, s->loop, spec->console_fd);
	return r < 0 ? err_code(err, r, "cannot watch the machine") : 0;
}

static int start_qemu(struct session *s, struct err *err)
{
	int line[2], console[2], r;
	struct proc_fd fds[3];
	struct proc_spec p = {
		.argv = s->spec->argv,
		.fds = fds,
		.n_fds = 3,
		.setup = s->spec->small_pages ? vm_qemu_small_pages : NULL,
		.fork = s->spec->small_pages,
		.new_group = true,
	};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) < 0)
		return err_sys(err, "cannot make a socket");
	if (pipe2(console, O_CLOEXEC) < 0) {
		close_fd(line[0]);
		close_fd(line[1]);
		return err_sys(err, "cannot make a pipe");
	}
	fcntl(console[0], F_SETFL, O_NONBLOCK);
	fds[0] = (struct proc_fd){ line[1], 0 };
	fds[1] = (struct proc_fd){ line[1], 1 };
	fds[2] = (struct proc_fd){ console[1], 2 };
	r = proc_spawn(&p, &s->qemu, err);
	close_fd(line[1]);
	close_fd(console[1]);
	s->line = line[0];
	s->console = console[0];
	return r;
}

/* QEMU is gone when this returns. With disks it is asked first, so that it closes them. */
static void stop_qemu(struct session *s)
{
	int status;

	s->qemu_source = sd_event_source_disable_unref(s->qemu_source);
	if (s->qemu <= 0 || s->qemu_gone)
		return;
	if (s->spec->gentle && kill(s->qemu, SIGTERM) == 0) {
		for (int i = 0; i < 300; i++) {
			if (waitpid(s->qemu, &status, WNOHANG) == s->qemu)
				return;
			poll(NULL, 0, 10);
		}
	}
	kill(s->qemu, SIGKILL);
	proc_wait(s->qemu);
}

static void block_signals(sigset_t *ret_before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < countof(signals); i++)
		if (!is_ignored(signals[i]))
			sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, ret_before);
}

static int on_left(sd_event_source *src, uint64_t usec, void *ctx)
{
	((struct session *)ctx)->left = true;
	return 0;
}

static bool all_written(const struct session *s)
{
	return vm_sink_empty(&s->sink[1]) && vm_sink_empty(&s->sink[2]) && vm_sink_empty(&s->copy);
}

/*
 * The machine is gone. The reader of the output decides how long this takes, except where the user
 * wants to leave.
 */
static int drain_output(struct session *s)
{
	bool leaving = s->o->end == VM_END_INTERRUPTED || s->o->end == VM_END_DEADLINE;
	int r = 0;

	sd_event_source_set_enabled(s->line_source, SD_EVENT_OFF);
	sd_event_source_set_enabled(s->console_source, SD_EVENT_OFF);
	vm_well_stop(&s->well);
	s->sink[1].progress = s->sink[2].progress = NULL;
	if (leaving)
		r = sd_event_add_time_relative(s->loop, NULL, CLOCK_MONOTONIC, LEAVE_NS / 1000,
					       1000, on_left, s);
	while (r >= 0 && !s->left && !all_written(s))
		r = sd_event_run(s->loop, UINT64_MAX);
	for (int i = 1; i <= 2; i++)
		if (s->sink[i].broken && s->sink[i].error != EPIPE)
			s->o->output_error = s->sink[i].error;
	return r < 0 ? r : 0;
}

static void release(struct session *s)
{
	vm_well_release(&s->well);
	for (int i = 1; i <= 2; i++)
		vm_sink_release(&s->sink[i]);
	vm_sink_release(&s->copy);
	free(s->server_words);
	sd_event_source_disable_unref(s->line_source);
	sd_event_source_disable_unref(s->console_source);
	sd_event_source_disable_unref(s->life);
	sd_event_source_disable_unref(s->grace);
	sd_event_unref(s->loop);
	close_fd(s->line);
	close_fd(s->console);
	str_release(&s->out);
}

int vm_session(const struct vm_session_spec *spec, struct vm_outcome *ret, struct err *err)
{
	struct session *s = xnew(struct session);
	sigset_t before;
	int r;

	*ret = (struct vm_outcome){ .end = VM_END_LOST };
	s->spec = spec;
	s->o = ret;
	s->wire = (struct vm_wire){ .ops = &wire_ops, .ctx = s };
	s->line = s->console = -1;
	s->sink[1].fd = s->sink[2].fd = s->copy.fd = -1;
	ret->console.qemu_name = path_base(spec->argv[0]);
	ret->times.begin = s->sign_of_life = now_ns();

	block_signals(&before);
	r = sd_event_new(&s->loop);
	r = r < 0 ? err_code(err, r, "cannot make an event loop") : start_qemu(s, err);
	if (r == 0)
		r = add_sources(s, err);
	while (r == 0 && !s->over) {
		r = sd_event_run(s->loop, UINT64_MAX);
		r = r < 0 ? err_code(err, r, "the event loop failed") : 0;
	}
	stop_qemu(s);
	vm_tty_restore();
	if (r == 0) {
		console_read(s, 0);
		r = drain_output(s);
		r = r < 0 ? err_code(err, r, "the event loop failed") : 0;
	}
	ret->times.end = now_ns();
	release(s);
	free(s);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

void vm_outcome_release(struct vm_outcome *o)
{
	free(o->words);
	free(o->tasks);
	vm_console_release(&o->console);
	*o = (struct vm_outcome){ 0 };
}
