"""Nodes that work on texts."""

from __future__ import annotations

from graphexec.registry.authoring import Boolean, Choice, Context, Int, NodeTable, Output, String

NODES = NodeTable("utils/string")
STRING = (Output("STRING"),)
INPUT = String("string", multiline=True)


@NODES.node(
    "StringConcatenate",
    display_name="Concatenate",
    inputs=(
        String("string_a", multiline=True),
        String("string_b", multiline=True),
        String("delimiter", "", multiline=False),
    ),
    outputs=STRING,
)
def string_concatenate(context: Context, string_a: str, string_b: str, delimiter: str) -> tuple[str]:
    """Join two texts."""
    return (f"{string_a}{delimiter}{string_b}",)


@NODES.node("StringSubstring", display_name="Substring", inputs=(INPUT, Int("start"), Int("end")), outputs=STRING)
def string_substring(context: Context, string: str, start: int, end: int) -> tuple[str]:
    """Cut a part out of a text; negative places count from the end."""
    return (string[start:end],)


@NODES.node("StringLength", display_name="Length", inputs=(INPUT,), outputs=(Output("INT", "length"),))
def string_length(context: Context, string: str) -> tuple[int]:
    """Count the characters of a text."""
    return (len(string),)


@NODES.node(
    "CaseConverter",
    display_name="Case Converter",
    inputs=(INPUT, Choice("mode", ("UPPERCASE", "lowercase", "Capitalize", "Title Case"))),
    outputs=STRING,
)
def case_converter(context: Context, string: str, mode: str) -> tuple[str]:
    """Change upper and lower case."""
    converted = {
        "UPPERCASE": string.upper(),
        "lowercase": string.lower(),
        "Capitalize": string.capitalize(),
        "Title Case": string.title(),
    }
    return (converted[mode],)


@NODES.node(
    "StringTrim",
    display_name="Trim",
    inputs=(INPUT, Choice("mode", ("Both", "Left", "Right"))),
    outputs=STRING,
)
def string_trim(context: Context, string: str, mode: str) -> tuple[str]:
    """Take blanks off the ends of a text."""
    return ({"Both": string.strip(), "Left": string.lstrip(), "Right": string.rstrip()}[mode],)


@NODES.node(
    "StringReplace",
    display_name="Replace",
    inputs=(INPUT, String("find", multiline=True), String("replace", multiline=True)),
    outputs=STRING,
)
def string_replace(context: Context, string: str, find: str, replace: str) -> tuple[str]:
    """Replace every occurrence of a text."""
    return (string.replace(find, replace),)


@NODES.node(
    "StringContains",
    display_name="Contains",
    inputs=(INPUT, String("substring", multiline=True), Boolean("case_sensitive", True)),
    outputs=(Output("BOOLEAN", "contains"),),
)
def string_contains(context: Context, string: str, substring: str, case_sensitive: bool) -> tuple[bool]:
    """Tell whether a text has another in it."""
    return (substring in string if case_sensitive else substring.lower() in string.lower(),)


@NODES.node(
    "StringCompare",
    display_name="Compare",
    inputs=(
        String("string_a", multiline=True),
        String("string_b", multiline=True),
        Choice("mode", ("Starts With", "Ends With", "Equal")),
        Boolean("case_sensitive", True),
    ),
    outputs=(Output("BOOLEAN"),),
)
def string_compare(context: Context, string_a: str, string_b: str, mode: str, case_sensitive: bool) -> tuple[bool]:
    """Compare two texts."""
    a, b = (string_a, string_b) if case_sensitive else (string_a.lower(), string_b.lower())
    return ({"Starts With": a.startswith(b), "Ends With": a.endswith(b), "Equal": a == b}[mode],)
