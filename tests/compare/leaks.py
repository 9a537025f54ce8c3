# SPDX-License-Identifier: MIT
"""Compares verdicts on leaks whose answer is known: allot's, memcheck's and LeakSanitizer's; `make compare-leaks`."""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

CLASSES = ("definite", "indirect", "possible", "reachable")
# What the programs allocate themselves; the rest is libc's and libstdc++'s.
OWN = re.compile(r"(^|::)(make_|in_containers)|^empty$")
TIMEOUT = 120


class Verdict(collections.Counter):
    """(class, "bytes" or "blocks") to how many; classes without blocks are not there."""

    def add(self, kind, size, blocks):
        self[kind, "bytes"] += size
        self[kind, "blocks"] += blocks

    def text(self, classes=CLASSES):
        return " ".join(f"{kind}={self[kind, 'bytes']}/{self[kind, 'blocks']}" for kind in classes
                        if self[kind, "blocks"]) or "nothing"

    def of_two_classes(self):
        """LeakSanitizer knows no other: what any pointer leads into is not lost."""
        two = Verdict()
        for kind in CLASSES[:2]:
            two.add("lost", self[kind, "bytes"], self[kind, "blocks"])
        return two


def parse(text):
    verdict = Verdict()
    for part in text.split():
        kind, size, blocks = re.fullmatch(r"(\w+)=(\d+)/(\d+)", part).groups()
        verdict.add(kind, int(size), int(blocks))
    return verdict


def run(command, **options):
    """Returns the status, and the number of the process: what its children say is not asked for."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                          **options) as process:
        try:
            return process.wait(TIMEOUT), process.pid
        except subprocess.TimeoutExpired:
            process.kill()
            raise


class Allot:
    name = "allot"

    def __init__(self, build, scratch):
        self.allot, self.build, self.scratch = f"{build}/allot", build, scratch

    def judge(self, program, place):
        snapshot = f"{self.scratch}/snap"
        run([self.allot, "run", "--leaks", "-o", snapshot, "--", f"{self.build}/tests/targets/{program}", place])
        report = json.loads(subprocess.run([self.allot, "leaks", snapshot, "--format", "json"], check=True,
                                           capture_output=True, text=True).stdout)
        verdict = Verdict()
        for group in report["groups"]:
            if any(OWN.search(frame["function"] or "") for frame in group["frames"]):
                verdict.add(group["class"], group["live"]["bytes"], group["live"]["blocks"])
        return verdict


class Memcheck:
    name = "memcheck"
    RECORD = re.compile(r"([\d,]+) (?:\(([\d,]+) direct, [\d,]+ indirect\) )?bytes in ([\d,]+) blocks are "
                        r"(definitely|indirectly|possibly|still)")
    KINDS = dict(zip(("definitely", "indirectly", "possibly", "still"), CLASSES))

    def __init__(self, build, scratch):
        self.build, self.log = build, f"{scratch}/memcheck"

    @staticmethod
    def is_there():
        return shutil.which("valgrind")

    def judge(self, program, place):
        _, pid = run(["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--run-libc-freeres=no", "--run-cxx-freeres=no",
             f"--log-file={self.log}.%p", f"{self.build}/tests/targets/{program}", place])
        verdict, record = Verdict(), None
        with open(f"{self.log}.{pid}", encoding="utf-8", errors="replace") as log:
            for line in log:
                found = self.RECORD.search(line)
                if found:
                    record = found
                frame = re.search(r"(?:at|by) 0x[0-9A-F]+: (.*?) \(", line.replace("(anonymous namespace)", "anonymous"))
                if record and frame and OWN.search(frame.group(1)):
                    size, direct, blocks, kind = record.groups()
                    verdict.add(self.KINDS[kind], int((direct or size).replace(",", "")), int(blocks.replace(",", "")))
                    record = None
        return verdict


class LeakSanitizer:
    name = "LeakSanitizer"
    RECORD = re.compile(r"(?:Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\)")
    SOURCES = {"leak": ("leak.c", "leak-ends.c", "leak-memory.c", "leak-shapes.c", "leak-stacks.c"),
               "leak-cxx": ("leak-cxx.cc",)}

    def __init__(self, build, scratch, source, compilers):
        self.scratch, self.build = scratch, build
        self.environment = dict(os.environ, LSAN_OPTIONS=f"log_path={scratch}/lsan:exitcode=0:fast_unwind_on_malloc=0")
        self.works = True
        for program, sources in self.SOURCES.items():
            cxx = program == "leak-cxx"
            command = [*compilers[cxx].split(), "-fsanitize=leak", "-g", "-O1", "-w", "-D_GNU_SOURCE", "-pthread",
                       *(["-std=gnu++17", "-D_GLIBCXX_USE_CXX11_ABI=0"] if cxx else ["-std=gnu11"]),
                       *(f"{source}/tests/targets/{name}" for name in sources), "-o", f"{scratch}/{program}"]
            self.works &= run(command)[0] == 0

    def judge(self, program, place):
        _, pid = run([f"{self.scratch}/{program.replace('-O1', '')}", place], env=self.environment, cwd=self.build)
        verdict, record = Verdict(), None
        if not os.path.exists(f"{self.scratch}/lsan.{pid}"):
            return verdict
        with open(f"{self.scratch}/lsan.{pid}", encoding="utf-8", errors="replace") as log:
            for line in log:
                record = self.RECORD.search(line) or record
                frame = re.match(r"\s+#\d+ 0x[0-9a-f]+ in (.*)", line.replace("(anonymous namespace)", "anonymous"))
                if record and frame and OWN.search(re.split(r"[( ]", frame.group(1))[0]):
                    verdict.add("lost", int(record.group(1)), int(record.group(2)))
                    record = None
        return verdict


def read_cases(path):
    """The cases, and what is known of differences: (tool, place) to who is right and why."""
    cases, reasons = [], {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#! "):
                tool, place, reason = line[3:].split(maxsplit=2)
                reasons[tool, place] = reason.strip()
            elif not line.startswith("#"):
                program, place, *expected = line.split()
                cases.append((program, place, parse(" ".join(expected))))
    return cases, reasons


def compare(tools, cases, reasons):
    """Returns how many of allot's verdicts are wrong or unexplained differences there are."""
    wrong, alike, rows = 0, collections.Counter(), []
    for number, (program, place, expected) in enumerate(cases):
        if sys.stderr.isatty():
            print(f"\r\033[K{number + 1}/{len(cases)} {place}", end="", file=sys.stderr, flush=True)
        for tool in tools:
            right = expected.of_two_classes() if tool.name == "LeakSanitizer" else expected
            classes = ("lost",) if tool.name == "LeakSanitizer" else CLASSES
            got = tool.judge("leak-O1" if program == "leak" else program, place)
            if got.text(classes) == right.text(classes):
                alike[tool.name] += 1
                continue
            reason = reasons.get((tool.name, place), "?")
            wrong += reason == "?"
            rows.append((tool.name, place, right.text(classes), got.text(classes), reason))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    for tool in tools:
        print(f"{tool.name}: {alike[tool.name]} of {len(cases)} as they are known to be")
    if rows:
        print("\n| | place | what is so | what it says | why |\n| --- | --- | --- | --- | --- |")
        for row in sorted(rows, key=lambda row: row[0]):
            print("| " + " | ".join(row) + " |")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="the build directory")
    parser.add_argument("--source", required=True, help="the source directory")
    parser.add_argument("--cc", default="gcc", help="a compiler with -fsanitize=leak")
    parser.add_argument("--cxx", default="g++", help="the same for C++")
    parser.add_argument("places", nargs="*", help="some places only")
    options = parser.parse_args()
    build, source = os.path.realpath(options.build), os.path.realpath(options.source)
    cases, reasons = read_cases(f"{source}/tests/compare/leaks.cases")
    cases = [case for case in cases if not options.places or case[1] in options.places]
    os.chdir(build)
    with tempfile.TemporaryDirectory(prefix="allot-compare.") as scratch:
        tools = [Allot(build, scratch)]
        if Memcheck.is_there():
            tools.append(Memcheck(build, scratch))
        else:
            print("memcheck: valgrind is not installed")
        sanitizer = LeakSanitizer(build, scratch, source, (options.cc, options.cxx))
        if sanitizer.works:
            tools.append(sanitizer)
        else:
            print(f"LeakSanitizer: {options.cc} -fsanitize=leak does not work")
        return 1 if compare(tools, cases, reasons) else 0


if __name__ == "__main__":
    sys.exit(main())
