# SPDX-License-Identifier: MIT
"""The ways to run a program: alone, and under each tracer."""
import glob
import os
import re
import shutil
import subprocess

SAMPLE = "512KiB"


class Untraced:
    name = "untraced"

    def command(self, case, environment, _folder):
        return case.argv, environment

    def facts(self, _case, _run, _folder):
        """What to know of a run besides its measures; raises ValueError if it is not what it should be."""
        return {}


class AllotRun(Untraced):
    """Under `allot run`, which drains in a process of its own, and prints the report."""
    name = "allot"

    def __init__(self, allot, options=(), **environment):
        self.allot = allot
        self.options = options
        self.environment = environment

    def command(self, case, environment, folder):
        command = [self.allot, "run", *self.options, "-o", f"{folder}/snap", "--report", f"{folder}/report", "--"]
        return command + case.argv, dict(environment, **self.environment)

    def facts(self, case, _run, folder):
        return check(case, read_info(self.allot, f"{folder}/snap"))


class Sample(AllotRun):
    """Under `allot run --sample`: not every allocation is to be there."""
    name = "sample"

    def __init__(self, allot):
        super().__init__(allot, ["--sample", SAMPLE])

    def facts(self, _case, _run, folder):
        return read_info(self.allot, f"{folder}/snap")


class Preload(Untraced):
    """Preloaded by hand: no other process, the program drains its own rings. The report is not part of it."""
    name = "preload"

    def __init__(self, allot, library):
        self.allot = allot
        self.library = library

    def command(self, case, environment, folder):
        os.mkdir(f"{folder}/stores")
        preload = f"{self.library} {environment['LD_PRELOAD']}"
        return case.argv, dict(environment, LD_PRELOAD=preload, ALLOT_DIR=f"{folder}/stores")

    def facts(self, case, _run, folder):
        stores = glob.glob(f"{folder}/stores/*.store")
        if len(stores) != 1:
            raise ValueError(f"{len(stores)} stores")
        return dict(check(case, read_info(self.allot, stores[0])), file_bytes=os.stat(stores[0]).st_blocks * 512)


class Heaptrack(Untraced):
    """
    Under heaptrack, until its interpreter has written its file; heaptrack_print is not part of it. The memory that the
    interpreter takes grows with the pairs of stack and size, beyond all measure with some of them: for cases known to have
    very many it is left out, unless it is asked for, which is in heaptrack's favour.
    """
    name = "heaptrack"

    def __init__(self, full):
        self.full = full

    def is_raw(self, case):
        return case.much and not self.full

    def command(self, case, environment, folder):
        # It should rather fail than the machine.
        most = available_kib() * 85 // 100
        limited = f'ulimit -v {most if self.full else min(most, 6 << 20)}; exec "$@"'
        options = ["--raw"] if self.is_raw(case) else []
        return ["sh", "-c", limited, "sh", "heaptrack", *options, "-o", f"{folder}/heaptrack", *case.argv], environment

    def facts(self, case, run, _folder):
        peaks = [witness.peak_kib for witness in run.witnesses if witness.program.endswith("/heaptrack_interpret")]
        if not peaks and not self.is_raw(case):
            raise ValueError("its interpreter did not reach its end" +
                             (": no memory" if "bad_alloc" in run.output else ""))
        return {"interpreter_kib": max(peaks, default=None)}


def available_kib():
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(re.search(r"MemAvailable:\s+(\d+)", file.read())[1])


def clean_environment(witness):
    """Nothing that changes the programs, their allocator or the tracers; only the witness."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("ALLOT", "LD_", "MALLOC_", "PYTHON", "PERL", "MAKE"))
                   and name not in ("GLIBC_TUNABLES", "DEBUGINFOD_URLS", "MFLAGS")}
    return dict(environment, LC_ALL="C.UTF-8", LD_PRELOAD=witness)


def tracers(build, wanted, full=False):
    """The tracers that are there, of those wanted, in the order in which they take turns; and what is missing."""
    allot, library = f"{build}/allot", f"{build}/.libs/liballot.so"
    found, missing = [Untraced(), AllotRun(allot), Preload(allot, library)], []
    usage = subprocess.run([allot, "run", "--help"], capture_output=True, text=True, check=True).stdout
    if "--sample" in usage:
        found.append(Sample(allot))
    else:
        missing.append("sample: this allot run has no --sample")
    if shutil.which("heaptrack"):
        found.append(Heaptrack(full))
    else:
        missing.append("heaptrack: not installed")
    if wanted:
        found = [tracer for tracer in found if tracer.name in wanted + ["untraced"]]
        missing = [line for line in missing if line.split(":")[0] in wanted]
    return found, missing


def check(case, facts):
    """A tracer that misses allocations has no speed to speak of."""
    if facts["ever_blocks"] < case.allocations:
        raise ValueError(f"{facts['ever_blocks']} of {case.allocations} allocations recorded")
    return facts


def read_info(allot, path):
    """The numbers of `allot info` that the benchmark looks at."""
    text = subprocess.run([allot, "info", path], capture_output=True, text=True, check=True).stdout

    def number(pattern):
        match = re.search(pattern, text, re.MULTILINE)
        if not match:
            raise ValueError(f"allot info says nothing of {pattern}")
        return int(match[1])

    error = r"(?: ± [\d.]+)?"  # of estimates, where blocks are sampled
    facts = {
        "events": number(r"^ *events +(\d+)$"),
        "ever_blocks": number(rf"^ *ever .* in (\d+){error} blocks?$"),
        "peak_blocks": number(rf"^ *peak +\d.* in (\d+){error} blocks?$"),
        "nodes": number(r"^ *stack nodes +(\d+)$"),
        "store_bytes": number(r"^ *store memory .*\((\d+) bytes\)$"),
        "lost": number(r"^ *lost +(\d+)$"),
        "verified": number(r"^ *verified +(\d+)$"),
        "differing": number(r"^ *differing +(\d+)$"),
    }
    if facts["lost"] or not re.search(r"^ *recording +complete$", text, re.MULTILINE):
        raise ValueError(f"the recording is not complete: {facts['lost']} events lost")
    return facts
