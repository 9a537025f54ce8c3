# SPDX-License-Identifier: MIT
"""Results as tables to read: the same text serves a terminal and a Markdown page."""


def table(head, rows):
    """A Markdown table with its columns aligned; the first to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row):
        first, *others = row
        return "| " + " | ".join([first.ljust(widths[0])] + [cell.rjust(width) for cell, width in
                                                            zip(others, widths[1:])]) + " |"
    rule = "| " + " | ".join(["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]) + " |"
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])


def number(value, digits=1, sign=False):
    return "-" if value is None else f"{value:{'+' if sign else ''},.{digits}f}"


def times(value):
    return "-" if value is None else f"{value:.2f}x"


def part(value):
    """A fraction as people say it: 1/12. Below nothing, noise was all there is to see."""
    if value is None:
        return "-"
    if value <= 0:
        return "~0"
    return f"1/{1 / value:.1f}" if value < 1 else f"{value:.1f}"


def _failure(result, tracer, text):
    series = result.series.get(tracer)
    return "failed" if series and series.failure else text


def _compare(results, tracers, measure, show, plain_digits, last=True):
    """One row a case: untraced, what each tracer makes of it, and allot's part of heaptrack's."""
    others = [name for name in tracers if name != "untraced"]
    head = ["", "untraced", *others]
    compared = last and "allot" in others and "heaptrack" in others
    if compared:
        head.append("allot : heaptrack")
    rows = []
    for result in results:
        row = [result.case.title, number(result.median("untraced", measure), plain_digits)]
        row += [_failure(result, name, show(result, name, measure)) for name in others]
        if compared:
            row.append(part(result.fraction(measure)))
        rows.append(row)
    return table(head, rows)


def _added(digits):
    return lambda result, name, measure: number(result.added(name, measure), digits, sign=True)


def _ratio(result, name, measure):
    return times(result.times(name, measure))


def _memory(results, tracers):
    others = [name for name in tracers if name != "untraced"]
    rows = []
    for result in results:
        bound = result.memory_bound("allot")
        rows.append([result.case.title, number(result.median("untraced", "peak_mib"), 1)] +
                    [_failure(result, name, number(result.added(name, "peak_mib"), 1, sign=True)) for name in others] +
                    [number(bound / 1048576 if bound else None, 1)])
    return table(["", "untraced", *others, "may add"], rows)


def _store(stores):
    rows = [[title, f"{few:,}", f"{many:,}", f"{few_bytes:,}", f"{many_bytes:,}",
             f"{(many_bytes / few_bytes - 1) * 100:+.2f} %"]
            for title, few, few_bytes, many, many_bytes in stores]
    return table(["", "events", "events", "bytes", "bytes", "more"], rows)


def _verify(verified):
    return table(["", "walks compared", "different"],
                 [[title, f"{compared:,}", f"{different:,}"] for title, compared, different in verified])


def sections(results, tracers, stores, verified):
    """Headings and tables, of what there is."""
    loops = [result for result in results if result.case.allocations]
    programs = [result for result in results if not result.case.allocations]
    if loops:
        yield "Added to a malloc and its free, in the program: ns", _compare(loops, tracers, "pair_ns", _added(1), 1)
        yield ("The same in processor time of the program's threads: ns",
               _compare(loops, tracers, "pair_cpu_ns", _added(1), 1))
        yield ("Added to an allocation, until the report is there: ns of wall time",
               _compare(loops, tracers, "wall_ns_per_allocation", _added(1), 1))
        yield ("Added to an allocation, by everything together: ns of processor time",
               _compare(loops, tracers, "cpu_ns_per_allocation", _added(1), 1))
    if programs:
        yield "Wall time until the report is there: s, and times that", _compare(programs, tracers, "wall_s", _ratio, 2)
        yield ("Processor time of everything together: s, and added to that",
               _compare(programs, tracers, "cpu_s", _added(2), 2))
    if results:
        yield "Peak memory of the traced process: MiB, and added to that", _memory(results, tracers)
    if stores:
        yield "Size of the store, by the number of events", _store(stores)
    if verified:
        yield "Walks compared with unw_backtrace", _verify(verified)
