# SPDX-License-Identifier: MIT
"""What allot is to reach, and whether a run of the benchmark saw it do so."""
from dataclasses import dataclass
from typing import Optional

import tables


@dataclass
class Target:
    title: str
    limit: float
    seen: Optional[float]  # None: not measured
    show: object  # how the two numbers are written

    @property
    def verdict(self):
        if self.seen is None:
            return "not measured"
        return "reached" if self.seen <= self.limit else "NOT REACHED"

    def row(self):
        return [self.title, self.show(self.limit), self.show(self.seen), self.verdict]

    def to_json(self):
        return {"target": self.title, "limit": self.limit, "seen": self.seen, "verdict": self.verdict}


# title, case, the part of what heaptrack adds that allot may add
_PAIRS = (
    ("added to malloc+free, depth 20, 1 thread", "loop-20-1k-1t", 1 / 10),
    ("the same with 1,000,000 live blocks", "loop-20-1m-1t", 1 / 10),
    ("the same, 2 threads", "loop-20-1k-2t", 1 / 12),
    ("the same, 16 threads", "loop-20-1k-16t", 1 / 20),
    ("depth 64, 1 thread", "loop-64-1k-1t", 1 / 10),
)

# case, times the untraced wall time
_WALLS = (("sqlite3", 1.3), ("jq", 1.3), ("perl", 1.3), ("cc1plus", 1.4))


def _worst(title, values):
    """The largest value, and its case in the title."""
    known = [(value, name) for name, value in values if value is not None]
    return (max(known)[0], f"{title}, worst ({max(known)[1]})") if known else (None, f"{title}, worst")


def _cpu(results, kind):
    """Without the cases where heaptrack's interpreter, which takes most of its processor time, was left out."""
    measure = "cpu_s" if kind == "programs" else "cpu_ns_per_allocation"
    added = {result.case.name: (result.added("allot", measure), result.added("heaptrack", measure)) for result in results
             if bool(result.case.allocations) == (kind == "loops") and result.fact("heaptrack", "interpreter_kib")}
    added = {name: pair for name, pair in added.items() if None not in pair and pair[1] > 0}
    seen, title = _worst(f"processor time added, part of heaptrack's, {kind}",
                         [(name, ours / theirs) for name, (ours, theirs) in added.items()])
    yield Target(title, 1 / 5, seen, tables.part)
    together = [sum(values) for values in zip(*added.values())]
    yield Target(f"the same, {kind} together", 1 / 5, together[0] / together[1] if together else None, tables.part)


def _memory(results, tracer):
    values = []
    for result in results:
        added, bound = result.added(tracer, "peak_mib"), result.memory_bound(tracer)
        if added is not None and bound:
            values.append((result.case.name, added * 1048576 / bound))
    seen, title = _worst(f"memory added ({tracer}), part of 8 MiB + 40/block + 24/node", values)
    return Target(title, 1, seen, lambda value: tables.number(value, 2))


def targets(results, stores, verified):
    """All of them, in order; `stores` and `verified` are None where there was no such run."""
    by_name = {result.case.name: result for result in results}

    def of(name, what):
        return what(by_name[name]) if name in by_name else None

    for title, name, limit in _PAIRS:
        yield Target(f"{title}, part of heaptrack's", limit, of(name, lambda result: result.fraction("pair_ns")), tables.part)
    for name, limit in _WALLS:
        yield Target(f"{name}, wall time, report included", limit, of(name, lambda result: result.times("allot", "wall_s")),
                     tables.times)
    yield from _cpu(results, "loops")
    yield from _cpu(results, "programs")
    for tracer in ("allot", "preload"):
        yield _memory(results, tracer)
    growth = max((abs(many / few - 1) for _title, _few, few, _many, many in stores), default=None)
    yield Target("store size by the number of events, difference", 0.01, growth,
                 lambda value: "-" if value is None else f"{value * 100:.2f} %")
    yield Target("added to malloc+free by --sample 512KiB, ns", 3,
                 of("loop-20-1k-1t", lambda result: result.added("sample", "pair_ns")), tables.number)
    compared = sum(walks for _title, walks, _different in verified)
    yield Target("walks that differ from unw_backtrace", 0,
                 sum(different for _title, _walks, different in verified) if compared else None,
                 lambda value: tables.number(value, 0))
