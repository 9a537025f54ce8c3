# SPDX-License-Identifier: MIT
"""The benchmark of objects: python3's gc.collect on the same graph, of objects with two slots, and of lists of two."""
import gc
import time

NODES = 1000000
ROUNDS = 3


class Node:
    __slots__ = ("next", "other")


def of_slots():
    nodes = [Node() for _ in range(NODES)]
    state = 1
    for i, node in enumerate(nodes):
        state = (state * 2862933555777941757 + 3037000493) & 0x7FFFFFFFFFFFFFFF
        node.next = nodes[(i + 1) % NODES]
        node.other = nodes[state // 65536 % NODES]
    return nodes[0]


def of_lists():
    nodes = [[None, None] for _ in range(NODES)]
    state = 1
    for i, node in enumerate(nodes):
        state = (state * 2862933555777941757 + 3037000493) & 0x7FFFFFFFFFFFFFFF
        node[0] = nodes[(i + 1) % NODES]
        node[1] = nodes[state // 65536 % NODES]
    return nodes[0]


def collect():
    began = time.process_time()
    gc.collect()
    return (time.process_time() - began) * 1e9 / NODES


def measure(name, build):
    live, dead = [], []
    for _ in range(ROUNDS):
        first = build()
        gc.collect()
        live += [collect() for _ in range(ROUNDS)]
        del first
        dead.append(collect())
    print(f"{name:<10}{'-':>11}{'-':>11}{'-':>11}  {min(live):9.1f}  {min(dead):9.1f}", flush=True)


gc.disable()
measure("py slots", of_slots)
measure("py lists", of_lists)
