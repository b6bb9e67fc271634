"""The limits that every file is held to before and while it is read: all of them, and nothing else."""

from __future__ import annotations

MAX_BYTES = 128 * 2**20
"""Size of a file. A workflow of 100,000 nodes takes about 30 MB."""

MAX_DEPTH = 128
"""Nesting of lists and mappings, aliases followed. Real files stay below 30, so recursion over a value that was
read is safe in the C and Python code behind."""

MAX_ALIASED_VALUES = 100_000
"""Values that the aliases of a YAML file may stand for, all together."""

MAX_PLAIN_VALUES = 10_000_000
"""Values in a workflow that a Python caller passes as a dict, shared ones counted as often as they are met."""

MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**64 - 1
"""Integers between the two stay exact; seeds reach up to 2^64-1."""
