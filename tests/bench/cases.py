# SPDX-License-Identifier: MIT
"""What is run: the loops, and real programs with the data that they are given."""
import fnmatch
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

DEPTHS, LIVES, THREADS = (4, 20, 64), (1000, 1000000), (1, 2, 8, 16)
# The cells of the matrix that a quick run keeps: those with a target.
QUICK_CELLS = ((20, 1000, 1), (20, 1000, 2), (20, 1000, 16), (64, 1000, 1), (20, 1000000, 1))
LOOP_ROUNDS = 5


@dataclass
class Case:
    name: str
    group: str
    title: str
    argv: list
    environment: dict = field(default_factory=dict)
    allocations: int = 0  # of a loop: in its whole life, and exactly
    pairs: int = 0  # of a loop: malloc and free, in one round of all threads
    much: bool = False  # for heaptrack's interpreter; see tracers.Heaptrack
    meanwhile: Optional[Callable[[], float]] = None  # of a server: what is done with it; see process.run()

    @property
    def program(self):
        return os.path.realpath(self.argv[0])


@dataclass
class Place:
    """Where things are, and how much of everything there is to be."""
    build: str
    source: str
    scratch: str
    quick: bool

    def share(self, count):
        return count // 5 if self.quick else count

    def file(self, name):
        return os.path.join(self.scratch, name)


def _thousands(number):
    return f"{number:,}"


def _plural(count, word):
    return f"{count} {word}" + ("s" if count != 1 else "")


def loop(place, depth, live, threads, moving=False, pairs=None, rounds=LOOP_ROUNDS):
    """A cell of the matrix. All threads together hold `live` blocks and replace `pairs` of them a round."""
    short = {1000: "1k", 1000000: "1m"}[live]
    argv = [f"{place.build}/tests/bench/loop", depth, live, threads]
    pairs, held = (pairs or place.share(200000)) // threads, live // threads
    argv += [pairs, rounds] + ["moving"] * moving
    return Case(
        name=f"loop-{depth}-{short}-{threads}t" + ("-moving" if moving else ""),
        group="loop",
        title=f"depth {depth}, {_thousands(live)} live, {_plural(threads, 'thread')}" +
        (", moving" if moving else ""),
        argv=[str(word) for word in argv],
        allocations=(held + pairs * rounds) * threads,
        pairs=pairs * threads)


def _loops(place):
    cells = QUICK_CELLS if place.quick else [(depth, live, threads) for live in LIVES for depth in DEPTHS
                                             for threads in THREADS]
    cases = [loop(place, *cell) for cell in cells]
    return cases + [loop(place, depth, 1000, 1, moving=True) for depth in ((20,) if place.quick else (20, 64))]


def _handovers(place):
    for lanes in (1, 4):
        blocks = place.share(200000) // lanes
        argv = [f"{place.build}/tests/bench/handover", 20, lanes, blocks, LOOP_ROUNDS]
        yield Case(f"handover-{lanes}", "handover",
                   f"depth 20, freed by another thread, {lanes} to {lanes}",
                   [str(word) for word in argv], allocations=blocks * lanes * LOOP_ROUNDS, pairs=blocks * lanes)


def _write_people(path, size):
    """A JSON array of objects, about `size` bytes of it."""
    dice, number, used = random.Random(1), 0, 0
    with open(path, "w", encoding="ascii") as file:
        while used < size:
            person = {
                "id": number, "name": f"{dice.getrandbits(64):x}", "city": f"city {dice.randrange(200)}",
                "value": dice.randrange(10000) / 100, "tags": [f"t{dice.randrange(999)}" for _ in range(dice.randrange(5))],
                "note": "x" * dice.randrange(60),
            }
            text = ("[" if number == 0 else ",\n") + json.dumps(person)
            used, number = used + len(text), number + 1
            file.write(text)
        file.write("]\n")


def _write_rows(path, count):
    dice = random.Random(2)
    with open(path, "w", encoding="ascii") as file:
        file.write("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, city TEXT, value REAL);\nBEGIN;\n")
        for number in range(count):
            file.write(f"INSERT INTO person VALUES({number}, '{dice.getrandbits(64):x}', 'city {dice.randrange(200)}', "
                       f"{dice.randrange(10000) / 100});\n")
        file.write("COMMIT;\nCREATE INDEX person_name ON person(name);\n"
                   "CREATE INDEX person_city ON person(city, value);\nSELECT count(*), sum(value) FROM person;\n")


def _sqlite3(place):
    rows, count = place.file("rows.sql"), place.share(200000)
    _write_rows(rows, count)
    return Case("sqlite3", "sqlite3", f"sqlite3, {_thousands(count)} rows",
                [shutil.which("sqlite3"), "-batch", ":memory:", f".read {rows}"])


def _people(place):
    path, size = place.file("people.json"), place.share(10000000)
    if not os.path.exists(path):
        _write_people(path, size)
    return path, f"{size // 1000000} MB of JSON"


def _jq(place):
    path, size = _people(place)
    query = "group_by(.city) | map({city: .[0].city, value: (map(.value) | add), first: (map(.name) | min)})"
    return Case("jq", "jq", f"jq, {size}", [shutil.which("jq"), "-c", query, path])


def _perl(place):
    return Case("perl", "perl", "perl, hashes and strings",
                [shutil.which("perl"), f"{place.source}/tests/bench/churn.pl", str(place.share(1000))])


def _python3(place):
    path, size = _people(place)
    # The interpreter itself: the python3 of the search path may be a script that starts it.
    return Case("python3", "python3", f"python3, {size}",
                [os.path.realpath(sys.executable), "-s", "-S", f"{place.source}/tests/bench/sort.py", path],
                environment={"PYTHONMALLOC": "malloc"})


def _cc1plus(place):
    compiler = subprocess.run(["g++", "-print-prog-name=cc1plus"], capture_output=True, text=True, check=True).stdout
    text = place.file("regex.ii")
    subprocess.run(["g++", "-E", "-O1", f"{place.source}/tests/bench/regex.cc", "-o", text], check=True)
    return Case("cc1plus", "cc1plus", "cc1plus -O1, <regex>",
                [compiler.strip(), "-quiet", "-O1", "-fpreprocessed", text, "-o", place.file("regex.s")],
                much=True)


def _ask(path, line):
    """Sends a line to the server and returns the first of its answer; "" if it is not there yet or no more."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(line.encode() + b"\r\n")
            return client.recv(64).decode()
    except (FileNotFoundError, ConnectionError):
        return ""


def _redis(place):
    path, requests = place.file("redis.sock"), place.share(100000)

    def benchmark():
        while _ask(path, "PING") != "+PONG\r\n":
            time.sleep(0.002)
        begin = time.monotonic()
        subprocess.run(["redis-benchmark", "-s", path, "-n", str(requests), "-r", "100000", "-P", "8", "-c", "20",
                        "-t", "set,get,lpush,lpop,sadd,hset", "-q"], check=True, stdout=subprocess.DEVNULL)
        took = time.monotonic() - begin
        _ask(path, "SHUTDOWN NOSAVE")
        return took

    return Case("redis", "redis", f"redis-server, 6 x {_thousands(requests)} requests",
                [shutil.which("redis-server"), "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no",
                 "--daemonize", "no", "--dir", place.scratch], meanwhile=benchmark)


# group: what it needs installed, what makes the case
PROGRAMS = {
    "sqlite3": (("sqlite3",), _sqlite3),
    "jq": (("jq",), _jq),
    "perl": (("perl",), _perl),
    "python3": ((), _python3),
    "redis": (("redis-server", "redis-benchmark"), _redis),
    "cc1plus": (("g++",), _cc1plus),
}
GROUPS = ("loop", "handover", *PROGRAMS, "store", "verify")


def is_wanted(wanted, *names):
    """Whether one of the names fits one of the patterns; without any, all do."""
    return not wanted or any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in wanted)


def loops(place, wanted):
    return [case for case in [*_loops(place), *_handovers(place)] if is_wanted(wanted, case.group, case.name)]


def programs(place, wanted):
    """The real programs that are wanted, and a line for each that is not there."""
    found, missing = [], []
    for group, (needs, make) in PROGRAMS.items():
        if is_wanted(wanted, group):
            absent = [program for program in needs if not shutil.which(program)]
            if absent:
                missing.append(f"{group}: {', '.join(absent)} not installed")
            else:
                found.append(make(place))
    return found, missing
