# SPDX-License-Identifier: MIT
"""Runs a command to the end of all that it starts, and says what it took."""
import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Witness:
    """What one process said of itself as it exited; see witness.c."""
    peak_kib: int
    cpu: float
    program: str


@dataclass
class Run:
    wall: float  # seconds from the start of the command to the end of its last descendant
    cpu: float  # processor time, user and system, of it and all its descendants
    failure: str  # "" if it did what it should
    output: str  # its standard output and standard error
    witnesses: list = field(default_factory=list)
    client: float = 0.0  # what `meanwhile` returned

    def peak_kib(self, program):
        """The peak memory of the program, or None if it did not say."""
        peaks = [witness.peak_kib for witness in self.witnesses if witness.program == program]
        return max(peaks, default=None)


class TimedOut(Exception):
    """A command took longer than it may."""


def adopt_orphans():
    """Makes this process the parent of descendants whose own parent ended first, so that it can wait for them."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _time_out(_signal, _frame):
    raise TimedOut


def _children():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def _end(group):
    """Ends the command's process group, and what left the group as it comes to be a child of ours, until there is none."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.wait4(-1, 0)
        except ChildProcessError:
            return


def _reap(first):
    """Waits for all children; the status of the first, and the processor time of all."""
    cpu, status = 0.0, 0
    while True:
        try:
            pid, code, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return status, cpu
        cpu += usage.ru_utime + usage.ru_stime
        if pid == first:
            status = os.waitstatus_to_exitcode(code)


def _read_witnesses(path):
    witnesses = []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                peak, user, system, _pid, program = line.rstrip("\n").split(" ", 4)
                witnesses.append(Witness(int(peak), float(user) + float(system), program))
        os.unlink(path)
    except FileNotFoundError:
        pass
    return witnesses


def run(command, environment, folder, timeout, meanwhile=None):
    """
    Runs the command in the folder, which takes its output. `meanwhile`, if given, is called once it has started, must bring
    it to an end, and returns a number; what it starts itself it must wait for.
    """
    witness, output = os.path.join(folder, "witness"), os.path.join(folder, "output")
    environment = dict(environment, BENCH_WITNESS=witness)
    failure, client, status, cpu = "", 0.0, 0, 0.0
    with open(output, "wb") as file:
        signal.signal(signal.SIGALRM, _time_out)
        begin = time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        signal.alarm(timeout)
        try:
            if meanwhile:
                client = meanwhile()
            status, cpu = _reap(process.pid)
        except TimedOut:
            failure = f"took more than {timeout} s"
        except (OSError, subprocess.CalledProcessError) as error:
            failure = str(error)
        finally:
            # Interrupted, too: nothing is left running.
            signal.alarm(0)
            if failure or sys.exc_info()[0]:
                _end(process.pid)
        process.returncode = status  # it is reaped already
        wall = time.monotonic() - begin
    with open(output, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if status and not failure:
        failure = f"ended by signal {-status}" if status < 0 else f"exit status {status}"
    return Run(wall, cpu, failure, text, _read_witnesses(witness), client)
