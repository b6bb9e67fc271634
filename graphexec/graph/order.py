"""The order of execution: depth first towards the targets.

A node runs right after the last thing it needs, so the branch of one target is finished before the next is begun
and few values are alive at a time (breadth-first order would hold one value of every branch). Targets are taken
in their order, a node's inputs in theirs, and what no target needs comes last, in file order: the order depends
on nothing but the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence


def depth_first(upstream: Mapping[str, Sequence[str]], first: Iterable[str]) -> tuple[list[str], bool]:
    """Return all nodes, each after those it needs, and whether there is a cycle (then no such order exists).

    `upstream` has the needed nodes of every node. Iterative: depth is limited by memory alone.
    """
    order: list[str] = []
    done: set[str] = set()
    open_: set[str] = set()
    cyclic = False
    for root in (*first, *upstream):
        if root in done:
            continue
        open_.add(root)
        stack: list[tuple[str, Iterator[str]]] = [(root, iter(upstream[root]))]
        while stack:
            node, needs = stack[-1]
            for need in needs:
                if need in done:
                    continue
                if need in open_:
                    cyclic = True
                    continue
                open_.add(need)
                stack.append((need, iter(upstream[need])))
                break
            else:
                stack.pop()
                open_.discard(node)
                done.add(node)
                order.append(node)
    return order, cyclic


def needed_by(roots: Iterable[str], upstream: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the roots and everything upstream of them; cycles do no harm."""
    needed = set(roots)
    waiting = list(needed)
    while waiting:
        for need in upstream.get(waiting.pop(), ()):
            if need not in needed:
                needed.add(need)
                waiting.append(need)
    return needed
