"""Nodes on plain values: texts and numbers, without torch."""

import subprocess
import sys
from importlib import import_module

import pytest

import nodes
from graphexec.errors import NodeError

SPECS = {spec.type: spec for name in nodes.PLAIN_MODULES for spec in import_module(name).NODES.specs}


def call(type, **inputs):
    declared = {i.name: i.default for i in SPECS[type].inputs if i.has_default}
    (value,) = SPECS[type].function(None, **{**declared, **inputs})
    return value


@pytest.mark.parametrize(
    ("type", "inputs", "wanted"),
    [
        ("PrimitiveInt", {"value": 2**63 - 1}, 2**63 - 1),
        ("PrimitiveBoolean", {"value": False}, False),
        ("StringConcatenate", {"string_a": "a", "string_b": "b", "delimiter": ", "}, "a, b"),
        ("StringSubstring", {"string": "abcdef", "start": 1, "end": -1}, "bcde"),
        ("StringLength", {"string": "né☃"}, 3),
        ("CaseConverter", {"string": "aB cd", "mode": "Title Case"}, "Ab Cd"),
        ("CaseConverter", {"string": "aB cd", "mode": "Capitalize"}, "Ab cd"),
        ("StringTrim", {"string": " a ", "mode": "Left"}, "a "),
        ("StringReplace", {"string": "aXbX", "find": "X", "replace": "-"}, "a-b-"),
        ("StringContains", {"string": "Fox", "substring": "fo"}, False),
        ("StringContains", {"string": "Fox", "substring": "fo", "case_sensitive": False}, True),
        ("StringCompare", {"string_a": "Fox", "string_b": "ox", "mode": "Ends With"}, True),
        ("StringCompare", {"string_a": "Fox", "string_b": "fox", "mode": "Equal"}, False),
        ("RegexMatch", {"string": "a\nFox", "regex_pattern": "^fox", "multiline": True}, True),
        ("RegexMatch", {"string": "a\nFox", "regex_pattern": "^fox"}, False),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"[ab](\d+)", "mode": "First Match"}, "a1"),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"[ab](\d+)", "mode": "All Groups"}, "1\n22"),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"[ab]\d+", "mode": "All Matches"}, "a1\nb22"),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"[ab](\d+)", "mode": "All Matches"}, "1\n22"),
        ("RegexExtract", {"string": "a1", "regex_pattern": "(a)(x)?", "mode": "First Group", "group_index": 2}, ""),
        ("RegexExtract", {"string": "a1", "regex_pattern": "a", "mode": "First Group", "group_index": 3}, ""),
        ("RegexExtract", {"string": "a1", "regex_pattern": "z", "mode": "First Match"}, ""),
        ("RegexReplace", {"string": "a1 a2", "regex_pattern": r"A(\d)", "replace": r"\1b"}, "1b 2b"),
        ("RegexReplace", {"string": "aaa", "regex_pattern": "a", "replace": "b", "count": 2}, "bba"),
    ],
)
def test_values(type, inputs, wanted):
    value = call(type, **inputs)
    assert value == wanted and isinstance(value, builtin(SPECS[type].outputs[0].type))


def builtin(type):
    return {"STRING": str, "INT": int, "FLOAT": float, "BOOLEAN": bool}[type]


@pytest.mark.parametrize("type", ["RegexMatch", "RegexExtract", "RegexReplace"])
def test_a_pattern_that_is_none_is_named(type):
    more = {"RegexExtract": {"mode": "First Match"}, "RegexReplace": {"replace": ""}}.get(type, {})
    with pytest.raises(NodeError, match="regex_pattern"):
        call(type, string="a", regex_pattern="(", **more)


def test_a_replacement_that_does_not_fit_is_named():
    with pytest.raises(NodeError, match="replace"):
        call("RegexReplace", string="a", regex_pattern="a", replace=r"\7")


def test_a_run_of_plain_nodes_imports_nothing_numeric():
    program = """
import sys, graphexec
flow = {
    "1": {"class_type": "PrimitiveString", "inputs": {"value": "fox"}},
    "2": {"class_type": "CaseConverter", "inputs": {"string": ["1", 0], "mode": "UPPERCASE"}},
}
with graphexec.Session(cache=None) as session:
    print(session.run(flow, targets=["2:0"]).value("2", 0))
print(*[m for m in ("torch", "numpy", "PIL") if m in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "FOX\n\n"
