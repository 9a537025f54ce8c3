# SPDX-License-Identifier: MIT
"""What the runs of a case add up to."""
import re
import statistics

MIB = 1 << 20


class Series:
    """The runs of one case under one tracer."""

    def __init__(self):
        self.runs = {}  # round: process.Run
        self.facts = {}
        self.failure = ""

    def measure(self, name, case):
        """What each round measured, by round."""
        values = {number: _MEASURES[name](run, case) for number, run in self.runs.items()}
        return {number: value for number, value in values.items() if value is not None}


class Result:
    """The runs of one case under all tracers, which took turns."""

    def __init__(self, case):
        self.case = case
        self.series = {}  # tracer's name: Series

    def values(self, tracer, measure):
        series = self.series.get(tracer)
        return series.measure(measure, self.case) if series and not series.failure else {}

    def median(self, tracer, measure):
        """None if there is no such run."""
        values = self.values(tracer, measure).values()
        return statistics.median(values) if values else None

    def added(self, tracer, measure):
        """The median of what the tracer added to the untraced run of the same round."""
        plain, traced = self.values("untraced", measure), self.values(tracer, measure)
        pairs = [traced[number] - plain[number] for number in traced if number in plain]
        return statistics.median(pairs) if pairs else None

    def times(self, tracer, measure):
        """The median of the ratio to the untraced run of the same round."""
        plain, traced = self.values("untraced", measure), self.values(tracer, measure)
        pairs = [traced[number] / plain[number] for number in traced if plain.get(number)]
        return statistics.median(pairs) if pairs else None

    def fraction(self, measure, tracer="allot", of="heaptrack"):
        """What one tracer added as a part of what the other did; None where noise left nothing to divide by."""
        ours, theirs = self.added(tracer, measure), self.added(of, measure)
        return ours / theirs if ours is not None and theirs is not None and theirs > 0 else None

    def fact(self, tracer, name):
        series = self.series.get(tracer)
        return series.facts.get(name) if series and not series.failure else None

    def memory_bound(self, tracer):
        """What the traced process may take more, by what it held: bytes."""
        blocks, nodes = self.fact(tracer, "peak_blocks"), self.fact(tracer, "nodes")
        return None if blocks is None else 8 * MIB + 40 * blocks + 24 * nodes

    def to_json(self):
        return {
            "name": self.case.name, "group": self.case.group, "title": self.case.title,
            "allocations": self.case.allocations or None,
            "tracers": {name: self._series_to_json(name, series) for name, series in self.series.items()},
        }

    def _series_to_json(self, name, series):
        out = {"facts": series.facts, "failure": series.failure or None}
        for measure in _MEASURES:
            values = series.measure(measure, self.case)
            if values:
                out[measure] = {"median": self.median(name, measure), "runs": list(values.values())}
                if name != "untraced":
                    out[measure].update(added=self.added(name, measure), times=self.times(name, measure))
        return out


def stopwatch(run):
    """What a loop measured itself: the shortest and the average round, the least processor time, in seconds; the cores."""
    match = re.search(r"^bench min (\S+) mean (\S+) cpu (\S+) cores (\d+)$", run.output, re.MULTILINE)
    return tuple(map(float, match.groups())) if match else None


def _per_pair(which):
    """Nanoseconds of a core for one malloc and one free: so it can be compared between numbers of threads."""
    def measure(run, case):
        times = stopwatch(run) if case.pairs else None
        return times[which] * times[3] / case.pairs * 1e9 if times else None
    return measure


def _cpu_per_pair(run, case):
    times = stopwatch(run) if case.pairs else None
    return times[2] / case.pairs * 1e9 if times else None


def _client(run, _case):
    return run.client or None


def _peak(run, case):
    kib = run.peak_kib(case.program)
    return kib / 1024 if kib else None


def _cpu_per_allocation(run, case):
    return run.cpu / case.allocations * 1e9 if case.allocations else None


def _wall_per_allocation(run, case):
    return run.wall / case.allocations * 1e9 if case.allocations else None


_MEASURES = {
    "pair_ns": _per_pair(0),
    "pair_mean_ns": _per_pair(1),
    "pair_cpu_ns": _cpu_per_pair,
    "wall_s": lambda run, _case: run.wall,
    "cpu_s": lambda run, _case: run.cpu,
    "wall_ns_per_allocation": _wall_per_allocation,
    "cpu_ns_per_allocation": _cpu_per_allocation,
    "client_s": _client,
    "peak_mib": _peak,
}
