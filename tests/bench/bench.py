# SPDX-License-Identifier: MIT
"""Measures what allot costs, beside untraced runs and heaptrack; `make bench`. See README.md beside this file."""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cases
import process
import results
import tables
import targets
import tracers

# A tracer that takes this long for a case, in seconds, gets one round of it only, and is ended after TIMEOUT.
LONG, TIMEOUT = 15, 300
VERIFY_EVERY = 100


class Bench:
    def __init__(self, options, place):
        self.options = options
        self.place = place
        self.environment = tracers.clean_environment(f"{place.build}/tests/bench/.libs/witness.so")
        self.notes = []
        self.broken = False  # allot, or a program alone, did not do what it should

    def once(self, case, tracer, series, number):
        """One run; what it leaves behind is looked at the first time, and removed."""
        folder = tempfile.mkdtemp(dir=self.place.scratch)
        environment = dict(self.environment, **case.environment)
        command, environment = tracer.command(case, environment, folder)
        run = process.run(command, environment, folder, TIMEOUT, case.meanwhile)
        failure = run.failure
        try:
            if not failure and case.pairs and not results.stopwatch(run):
                failure = "it did not say how long it took"
            if not failure and (number == 0 or tracer.name == "heaptrack"):
                series.facts = tracer.facts(case, run, folder)
        except (ValueError, OSError, subprocess.CalledProcessError) as error:
            failure = str(error)
        shutil.rmtree(folder)
        if failure:
            series.failure = failure
            self.notes.append(f"{case.name} under {tracer.name}: {failure}")
            self.broken |= tracer.name != "heaptrack"
            if tracer.name != "heaptrack":
                print(run.output[-2000:], file=sys.stderr)
        else:
            series.runs[number] = run

    def compare(self, case, tracers_there):
        """The tracers take turns, so that what disturbs the machine disturbs all of them."""
        result = results.Result(case)
        for number in range(self.options.rounds):
            for tracer in tracers_there:
                series = result.series.setdefault(tracer.name, results.Series())
                long = any(run.wall > LONG for run in series.runs.values())
                if not series.failure and not long:
                    self.progress(f"{case.name}, round {number + 1} of {self.options.rounds}: {tracer.name}")
                    self.once(case, tracer, series, number)
        return result

    def store(self):
        """The size of the store after few and after many events of the same program."""
        few, many = 500000, 5000000 if self.options.quick else 50000000
        rows = []
        there, _missing = tracers.tracers(self.place.build, ["allot", "preload"])
        for tracer in there[1:]:
            row = [tracer.name]
            for pairs in (few, many):
                case = cases.loop(self.place, 20, 1000, 1, pairs=pairs, rounds=1)
                series = results.Series()
                self.progress(f"store, {2 * pairs} events: {tracer.name}")
                self.once(case, tracer, series, 0)
                row += [series.facts.get("events"), series.facts.get("store_bytes")]
            if None not in row:
                rows.append(row)
        return rows

    def verify(self, programs):
        """The programs once more, with some of their walks compared with libunwind's."""
        rows = []
        for case in programs:
            tracer = tracers.AllotRun(f"{self.place.build}/allot", ALLOT_VERIFY=str(VERIFY_EVERY))
            series = results.Series()
            self.progress(f"verify: {case.name}")
            self.once(case, tracer, series, 0)
            if series.facts:
                rows.append([case.title, series.facts["verified"], series.facts["differing"]])
        if rows and not any(row[1] for row in rows):
            self.notes.append("verify: this allot compares no walks")
            return []
        return rows

    def progress(self, text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif self.options.verbose:
            print(text, file=sys.stderr, flush=True)

    def end_progress(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read())[1])
    return {
        "cpu": model[1] if model else platform.machine(), "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}", "libc": " ".join(platform.libc_ver()),
        "memory_gib": round(memory / (1 << 20)),
    }


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, IndexError, subprocess.CalledProcessError):
        return None


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="the build directory")
    parser.add_argument("--source", required=True, help="the source directory")
    parser.add_argument("--json", required=True, help="where the results go")
    parser.add_argument("--rounds", type=int, help="turns that the tracers take with each case; 3, or 1 with --quick")
    parser.add_argument("--tracers", default="", help="those that are wanted, of allot preload sample heaptrack; all")
    parser.add_argument("--quick", action="store_true", help="a fifth of the work, and the most telling cases only")
    parser.add_argument("--full", action="store_true", help="with heaptrack's interpreter, where it takes 18 GB too")
    parser.add_argument("--verbose", action="store_true", help="say what is being run, where that is no terminal too")
    parser.add_argument("cases", nargs="*", help=f"groups ({' '.join(cases.GROUPS)}), or patterns of names; all")
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = 1 if options.quick else 3
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    return options


def write_report(bench, found, there, stores, verified):
    about, seen = machine(), list(targets.targets(found, stores, verified))
    heading = f"{about['cpu']}, {about['cores']} cores, {about['kernel']}, glibc {about['libc'].split()[-1]}; " \
              f"{'medians of ' if bench.options.rounds > 1 else ''}{bench.options.rounds} round" \
              f"{'s' if bench.options.rounds > 1 else ''}"
    print(heading)
    for title, text in tables.sections(found, [tracer.name for tracer in there], stores, verified):
        print(f"\n{title}\n\n{text}")
    print("\nTargets\n\n" + tables.table(["", "at most", "seen", ""], [target.row() for target in seen]))
    for note in bench.notes:
        print(f"note: {note}")
    with open(bench.options.json, "w", encoding="utf-8") as file:
        json.dump({
            "allot_bench": 1, "machine": about, "rounds": bench.options.rounds, "quick": bench.options.quick,
            "versions": {"allot": first_line([f"{bench.place.build}/allot", "--version"]),
                         "heaptrack": first_line(["heaptrack", "--version"])},
            "cases": [result.to_json() for result in found],
            "stores": [dict(zip(("tracer", "few_events", "few_bytes", "many_events", "many_bytes"), row)) for row in stores],
            "verified": [dict(zip(("title", "compared", "different"), row)) for row in verified],
            "targets": [target.to_json() for target in seen], "notes": bench.notes,
        }, file, indent=1)
        file.write("\n")


def run(options, scratch):
    begin = time.monotonic()
    place = cases.Place(os.path.realpath(options.build), os.path.realpath(options.source), scratch, options.quick)
    bench = Bench(options, place)
    there, missing = tracers.tracers(place.build, options.tracers.split(), options.full)
    verifying = cases.is_wanted(options.cases, "verify")
    programs, absent = cases.programs(place, [] if verifying else options.cases)
    bench.notes += missing + absent
    compared = cases.loops(place, options.cases)
    compared += [case for case in programs if cases.is_wanted(options.cases, case.group)]
    bench.notes += [f"{case.name}: heaptrack --raw, its interpreter left out" for case in compared for tracer in there
                    if tracer.name == "heaptrack" and tracer.is_raw(case)]
    found = [bench.compare(case, there) for case in compared]
    stores = bench.store() if cases.is_wanted(options.cases, "store") else []
    verified = bench.verify(programs) if verifying else []
    bench.end_progress()
    write_report(bench, found, there, stores, verified)
    print(f"{time.monotonic() - begin:.0f} s; {options.json}")
    return 1 if bench.broken else 0


def main():
    options = read_options()
    process.adopt_orphans()
    # As an interrupt: what was started is ended, and what was written removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    scratch = tempfile.mkdtemp(prefix="allot-bench.")
    try:
        return run(options, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
