# SPDX-License-Identifier: MIT
"""Measures what looking for leaks costs, beside LeakSanitizer and memcheck; `make bench-leaks`. See README.md beside this file."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from tables import number, table

# Of one GiB, by what malloc takes for each; the last is the heap of the middle of a program's life.
HEAPS = ((10_000_000, 88), (1_000_000, 1048))
SHAPES = (("table", 0), ("graph", 0), ("graph", 16), ("lost", 0))
MIB = 1 << 20


class Run:
    """What one program under one tool has taken."""

    def __init__(self, command, environment=None, timeout=None):
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False,
                              env=dict(os.environ, **(environment or {})))
        ended = time.monotonic()
        found = re.search(r"^exit ([\d.]+)", done.stdout, re.M)
        if not found:
            raise RuntimeError(f"{command[0]}: {done.stderr[-300:]}")
        self.errors = done.stderr
        self.wall = ended - began
        # From the program's own end to that of all that was started: with the look for leaks, and the report.
        self.end = ended - float(found.group(1))


def allot_row(options, program, heap, scratch):
    best = None
    for _ in range(options.rounds):
        run = Run([f"{options.build}/allot", "run", "--leaks", "-o", f"{scratch}/snap", "-r", f"{scratch}/report", "--",
                   program, *heap])
        report = json.loads(subprocess.run([f"{options.build}/allot", "leaks", f"{scratch}/snap", "--format", "json"],
                                           capture_output=True, text=True, check=True).stdout)["leaks"]
        look = report["look"]
        lost = report["definite"]["blocks"] + report["indirect"]["blocks"]
        row = (look["stop_ns"] / 1e6, look["scan_ns"] / 1e9, run.end, run.wall, lost)
        best = tuple(map(min, best, row)) if best else row
    return best


def sanitizer_row(options, program, heap):
    runs = [Run([program, *heap], {"LSAN_OPTIONS": "exitcode=0:max_leaks=1"}) for _ in range(options.rounds)]
    found = re.search(r"SUMMARY: .*leaked in (\d+) allocation", runs[0].errors)
    end = min(run.end for run in runs)
    return end * 1e3, None, end, min(run.wall for run in runs), int(found.group(1)) if found else 0


def memcheck_row(program, heap, timeout):
    run = Run(["valgrind", "--leak-check=summary", program, *heap], timeout=timeout)
    lost = re.findall(r"(?:definitely|indirectly) lost: .* in ([\d,]+) blocks", run.errors)
    return run.end * 1e3, None, run.end, run.wall, sum(int(blocks.replace(",", "")) for blocks in lost)


def build_sanitized(options, scratch):
    program = f"{scratch}/leaks-lsan"
    done = subprocess.run([*options.cc.split(), "-fsanitize=leak", "-O2", "-pthread", "-D_GNU_SOURCE", "-w",
                           f"{options.source}/tests/bench/leaks.c", "-o", program], check=False, capture_output=True)
    return program if done.returncode == 0 else None


def measure(options, scratch):
    rows, notes = [], []
    program, sanitized = f"{options.build}/tests/bench/leaks", build_sanitized(options, scratch)
    memcheck = options.memcheck and shutil.which("valgrind")
    if not sanitized:
        notes.append(f"LeakSanitizer: {options.cc} -fsanitize=leak does not work")
    if not memcheck:
        notes.append("memcheck: left out" if not options.memcheck else "memcheck: valgrind is not installed")
    for whole, size in HEAPS:
        count = whole // options.part
        for shape, threads in SHAPES:
            heap = [str(count), str(size), shape, str(threads)]
            tools = [("allot", allot_row(options, program, heap, scratch))]
            if sanitized:
                tools.append(("LeakSanitizer", sanitizer_row(options, sanitized, heap)))
            if memcheck:
                tools.append(("memcheck", memcheck_row(program, heap, options.timeout)))
            gib = count * (size + 8) / (MIB << 10)
            for name, (stop, look, end, wall, lost) in tools:
                rows.append([f"{count:,} × {size} B, {shape}, {threads + 1} thread{'s' if threads else ''}", name,
                             number(stop), number(look, 2), number(gib / look if look else None, 2), number(end, 2),
                             number(wall, 2), f"{lost:,}"])
    print(table(["heap", "", "stands still, ms", "looked through, s", "GiB/s", "from its end to the report, s", "all, s",
                 "lost"], rows))
    for note in notes:
        print(f"note: {note}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="the build directory")
    parser.add_argument("--source", required=True, help="the source directory")
    parser.add_argument("--cc", default="gcc", help="a compiler with -fsanitize=leak")
    parser.add_argument("--rounds", type=int, default=3, help="of which the shortest counts")
    parser.add_argument("--part", type=int, default=1, help="a heap that is so many times smaller")
    parser.add_argument("--memcheck", action="store_true", help="memcheck, too: minutes")
    parser.add_argument("--timeout", type=int, default=1200, help="of memcheck, in seconds")
    options = parser.parse_args()
    options.build, options.source = os.path.realpath(options.build), os.path.realpath(options.source)
    with tempfile.TemporaryDirectory(prefix="allot-bench.") as scratch:
        measure(options, scratch)


if __name__ == "__main__":
    sys.exit(main())
