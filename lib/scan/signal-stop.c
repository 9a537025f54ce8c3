/* SPDX-License-Identifier: MIT */
/* Stopping the other threads of the own process by a signal. */
#include "scan/signal-stop.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <time.h>

#include "common/clock.h"
#include "common/sys.h"
#include "scan/machine.h"
#include "scan/tasks.h"

#define PATIENCE_NS UINT64_C(1000000000)
/* For a thread that is busy: it may wait for one that is stopped. */
#define FINISH_NS UINT64_C(20000000)
#define PAUSE_NS 100000

enum { SIGNALS = 64, FIRST_REAL_TIME = 34, CANCEL = 32 };

enum state {
	ASKED,  /* the signal is on its way */
	BUSY,   /* it has come at a bad moment */
	STANDS, /* the handler waits */
	GONE,   /* it has ended */
};

/* As the kernel has it. */
struct action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

/* Not in struct allot_signal_stop, which may be gone when a late handler looks. */
static struct allot_signal_stop *current; /* atomic; the handler's partner is allotp_signal_stop_end */
static uint32_t inside;   /* threads in the handler: after that, none looks at what was current (atomic) */
static uint32_t ended;    /* how many stops have: what a handler waits for to change (atomic, and a futex) */
static uint32_t changed;  /* a thread's state has (atomic, and a futex) */
static int used_signal;   /* that the handler is installed for, or was last; 0: none (atomic) */
static struct action was; /* in the handler's place, and is to be again */

static void futex_wait(const uint32_t *word, uint32_t value, const struct timespec *timeout)
{
	ALLOTP_SYSCALL(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout);
}

static void futex_wake_all(const uint32_t *word)
{
	ALLOTP_SYSCALL(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

/* ---- in the threads that are asked ---- */

static void tell(struct allot_signal_stop_thread *thread, enum state state)
{
	/* Pairs with load_state. */
	__atomic_store_n(&thread->state, state, __ATOMIC_RELEASE);
	__atomic_fetch_add(&changed, 1, __ATOMIC_RELEASE);
	futex_wake_all(&changed);
}

static void stand(const struct allot_signal_stop *stop, struct allot_signal_stop_thread *thread, const void *context)
{
	thread->thread_pointer = allotp_machine_own_thread_pointer();
	if (stop->busy && thread->thread_pointer && stop->busy(stop->busy_context, thread->thread_pointer)) {
		tell(thread, BUSY);
		return;
	}
	thread->context = context;
	tell(thread, STANDS);
	while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) == stop->turn)
		futex_wait(&ended, stop->turn, NULL);
}

static void handle(int signal, siginfo_t *info, void *context)
{
	struct allot_signal_stop *stop;

	(void)signal;
	/* Sequentially consistent with the end, which takes current away before it waits for none to be inside. */
	__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
	stop = __atomic_load_n(&current, __ATOMIC_SEQ_CST);
	if (stop && info->si_code == SI_QUEUE && info->si_pid == stop->pid) {
		struct allot_signal_stop_thread *thread = info->si_value.sival_ptr;

		/* Others may send signals, too, with whatever in them. */
		if (thread >= stop->threads && thread < stop->threads + stop->capacity &&
		    thread->tid == allotp_sys_gettid() && __atomic_load_n(&thread->state, __ATOMIC_RELAXED) == ASKED)
			stand(stop, thread, context);
	}
	__atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
}

/* ---- which signal ---- */

int allotp_signal_stop_choose(uint64_t used, uint64_t ignored, uint64_t blocked)
{
	for (int signal = SIGNALS; signal >= FIRST_REAL_TIME; signal--) {
		if (!((used | ignored | blocked) >> (signal - 1) & 1))
			return signal;
	}
	/*
	 * Programs whose threads block all signals leave this one open, as libc does not let them block it. It has a handler of libc's
	 * once pthread_cancel was called; posix_spawn has it ignored in all that it makes.
	 */
	return (used | blocked) >> (CANCEL - 1) & 1 ? 0 : CANCEL;
}

struct survey {
	const struct allot_signal_stop *stop;
	uint64_t used, ignored, blocked;
};

static int survey(void *context, int tid)
{
	struct survey *all = context;
	struct allot_task_signals signals;
	int result = allotp_tasks_signals(all->stop->pid, tid, &signals);

	if (result)
		return result == -ESRCH || result == -ENOENT ? 0 : result;
	all->used |= signals.caught | signals.pending;
	all->ignored |= signals.ignored;
	if (tid != all->stop->self && signals.blocked & ~all->blocked && !allotp_tasks_over(all->stop->pid, tid))
		all->blocked |= signals.blocked;
	return 0;
}

static int change_action(int signal, const struct action *action, struct action *before)
{
	return (int)ALLOTP_SYSCALL(SYS_rt_sigaction, signal, action, before, sizeof(uint64_t));
}

/* Puts the handler in the place of none. -EAGAIN: the program has just put one there. */
static int install(int signal)
{
	enum { WITH_RESTORER = 0x04000000 };
	void *restorer = allotp_machine_restorer();
	const struct action action = {
		.handler = (void *)(uintptr_t)handle,
		.flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK | (restorer ? WITH_RESTORER : 0),
		.restorer = restorer,
		.mask = ~UINT64_C(0),
	};
	int result;

	__atomic_store_n(&used_signal, signal, __ATOMIC_RELEASE);
	result = change_action(signal, &action, &was);
	if (result || was.handler == (void *)(uintptr_t)SIG_DFL ||
	    (signal == CANCEL && was.handler == (void *)(uintptr_t)SIG_IGN))
		return result;
	change_action(signal, &was, NULL);
	return -EAGAIN;
}

/* Puts what was there in its place again, and takes back what nobody has answered; unless the program has put one of its own there. */
static void uninstall(int signal)
{
	const struct action ignore = { .handler = (void *)(uintptr_t)SIG_IGN };
	struct action now = { 0 };

	if (!signal || change_action(signal, NULL, &now) || now.handler != (void *)(uintptr_t)handle)
		return;
	change_action(signal, &ignore, NULL);
	change_action(signal, &was, NULL);
}

static void pause_until(const uint32_t *word, uint32_t value)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	futex_wait(word, value, &pause);
}

static int choose(struct allot_signal_stop *stop)
{
	uint64_t deadline = allotp_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;

	/* Threads block all signals for moments, in libc and here. */
	do {
		struct survey all = { .stop = stop, .blocked = stop->blocked };
		int result = allotp_tasks_each(stop->pid, stop->buffer, stop->buffer_size, survey, &all);

		if (result)
			return result;
		stop->signal = allotp_signal_stop_choose(all.used, all.ignored, all.blocked);
		if (stop->signal) {
			result = install(stop->signal);
			if (result != -EAGAIN)
				return result;
		}
		pause_until(&changed, __atomic_load_n(&changed, __ATOMIC_ACQUIRE));
	} while (allotp_clock_ns(CLOCK_MONOTONIC) < deadline);
	stop->signal = 0;
	return -EBUSY;
}

/* ---- the stop ---- */

static enum state load_state(const struct allot_signal_stop_thread *thread)
{
	/* Pairs with tell. */
	return (enum state)__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);
}

static int send(const struct allot_signal_stop *stop, struct allot_signal_stop_thread *thread)
{
	siginfo_t info = { .si_signo = stop->signal, .si_code = SI_QUEUE };
	int result;

	info.si_pid = stop->pid;
	info.si_value.sival_ptr = thread;
	__atomic_store_n(&thread->state, ASKED, __ATOMIC_RELEASE);
	result = (int)ALLOTP_SYSCALL(SYS_rt_tgsigqueueinfo, stop->pid, thread->tid, stop->signal, &info);
	if (result == -EAGAIN)
		return -ENOBUFS;
	if (result != -ESRCH)
		return result;
	__atomic_store_n(&thread->state, GONE, __ATOMIC_RELEASE);
	return 0;
}

static int ask(void *context, int tid)
{
	struct allot_signal_stop *stop = context;

	if (tid == stop->self)
		return 0;
	for (uint32_t i = 0; i < stop->count; i++) {
		if (stop->threads[i].tid == tid)
			return 0;
	}
	if (stop->count == stop->capacity)
		return -EFBIG;
	stop->found = true;
	stop->threads[stop->count] = (struct allot_signal_stop_thread){ .tid = tid };
	return send(stop, &stop->threads[stop->count++]);
}

/* Until the thread stands, or is gone. */
static int wait_for(const struct allot_signal_stop *stop, struct allot_signal_stop_thread *thread, uint64_t deadline)
{
	uint64_t busy_since = 0;

	for (bool asked = false;; asked = true) {
		uint32_t seen = __atomic_load_n(&changed, __ATOMIC_ACQUIRE);
		enum state state = load_state(thread);
		uint64_t now;
		int result = 0;

		if (state == STANDS || state == GONE)
			return 0;
		now = allotp_clock_ns(CLOCK_MONOTONIC);
		if (state == BUSY) {
			busy_since = busy_since ? busy_since : now;
			if (now - busy_since > FINISH_NS)
				return -EAGAIN;
			result = send(stop, thread);
		} else if (asked && allotp_tasks_over(stop->pid, thread->tid)) {
			/* Or waits for the others to end: such a one takes no signal any more. */
			__atomic_store_n(&thread->state, GONE, __ATOMIC_RELEASE);
		}
		if (result)
			return result;
		if (now > deadline)
			return -ETIMEDOUT;
		pause_until(&changed, seen);
	}
}

int allotp_signal_stop_begin(struct allot_signal_stop *stop)
{
	uint32_t stopped = 0;
	uint64_t deadline;
	int result;

	stop->self = allotp_sys_gettid();
	stop->count = 0;
	stop->signal = 0;
	result = allotp_machine_known ? choose(stop) : -ENOTSUP;
	if (result)
		return result;
	stop->turn = __atomic_load_n(&ended, __ATOMIC_RELAXED);
	__atomic_store_n(&current, stop, __ATOMIC_SEQ_CST);
	stop->begun = allotp_clock_ns(CLOCK_MONOTONIC);
	deadline = stop->begun + PATIENCE_NS;
	do {
		stop->found = false;
		result = allotp_tasks_each(stop->pid, stop->buffer, stop->buffer_size, ask, stop);
		/* All are asked before any is waited for. */
		for (; !result && stopped < stop->count; stopped++)
			result = wait_for(stop, &stop->threads[stopped], deadline);
	} while (!result && stop->found);
	return result;
}

int allotp_signal_stop_hold(const struct allot_signal_stop *stop, struct allot_held *held)
{
	int result = 0;

	for (uint32_t i = 0; !result && i < stop->count; i++) {
		const struct allot_signal_stop_thread *thread = &stop->threads[i];

		if (load_state(thread) == STANDS)
			result =
				allotp_machine_hold_context(thread->tid, thread->context, thread->thread_pointer, held);
	}
	return result;
}

bool allotp_signal_stop_end(struct allot_signal_stop *stop)
{
	uint64_t deadline = allotp_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;

	__atomic_store_n(&current, NULL, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
	futex_wake_all(&ended);
	uninstall(stop->signal);
	stop->signal = 0;
	while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST)) {
		if (allotp_clock_ns(CLOCK_MONOTONIC) > deadline)
			return false;
		ALLOTP_SYSCALL(SYS_sched_yield);
	}
	return true;
}

void allotp_signal_stop_forked(void)
{
	int signal = __atomic_load_n(&used_signal, __ATOMIC_ACQUIRE);

	__atomic_store_n(&current, NULL, __ATOMIC_SEQ_CST);
	__atomic_store_n(&inside, 0, __ATOMIC_RELAXED);
	uninstall(signal);
}
