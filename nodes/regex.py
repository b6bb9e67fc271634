"""Nodes that search texts by regular expressions (Python's)."""

from __future__ import annotations

import re
from typing import Any

from graphexec.registry.authoring import Boolean, Choice, Context, Int, NodeError, NodeTable, Output, String

NODES = NodeTable("utils/string")
STRING = (Output("STRING"),)
SEARCHED = (String("string", multiline=True), String("regex_pattern", multiline=True))


def flags(required: bool = True) -> tuple[Any, ...]:
    """The inputs that change how a pattern is read."""
    return (
        Boolean("case_insensitive", True, required=required),
        Boolean("multiline", False, required=required),
        Boolean("dotall", False, required=required),
    )


def compiled(pattern: str, case_insensitive: bool, multiline: bool, dotall: bool) -> re.Pattern[str]:
    """Return a pattern; raises NodeError for one that is none."""
    chosen = (case_insensitive and re.IGNORECASE) | (multiline and re.MULTILINE) | (dotall and re.DOTALL)
    try:
        return re.compile(pattern, chosen)
    except re.error as error:
        raise NodeError(f"regex_pattern is not a regular expression: {error}") from error


@NODES.node(
    "RegexMatch",
    display_name="Regex Match",
    inputs=(*SEARCHED, *flags()),
    outputs=(Output("BOOLEAN", "matches"),),
)
def regex_match(context: Context, string: str, regex_pattern: str, **settings: bool) -> tuple[bool]:
    """Tell whether a pattern occurs in a text."""
    return (compiled(regex_pattern, **settings).search(string) is not None,)


@NODES.node(
    "RegexExtract",
    display_name="Regex Extract",
    inputs=(
        *SEARCHED,
        Choice("mode", ("First Match", "All Matches", "First Group", "All Groups")),
        *flags(),
        Int("group_index", 1, min=0, max=100),
    ),
    outputs=STRING,
)
def regex_extract(
    context: Context, string: str, regex_pattern: str, mode: str, group_index: int, **settings: bool
) -> tuple[str]:
    """Take out what a pattern or one of its groups matches, one a line; nothing when it does not occur.

    All Matches of a pattern with groups gives what the first of them matches, as Python's findall does.
    """
    pattern = compiled(regex_pattern, **settings)
    group = group_index if "Group" in mode else min(pattern.groups, 1) if mode == "All Matches" else 0
    if group > pattern.groups:
        return ("",)
    found = [match[group] or "" for match in pattern.finditer(string)]
    return ("\n".join(found if mode.startswith("All") else found[:1]),)


@NODES.node(
    "RegexReplace",
    display_name="Regex Replace",
    inputs=(
        *SEARCHED,
        String("replace", multiline=True),
        *flags(required=False),
        Int("count", 0, min=0, max=100, required=False),
    ),
    outputs=STRING,
)
def regex_replace(
    context: Context,
    string: str,
    regex_pattern: str,
    replace: str,
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
    count: int = 0,
) -> tuple[str]:
    """Replace what a pattern matches, at most `count` times (0: everywhere)."""
    pattern = compiled(regex_pattern, case_insensitive, multiline, dotall)
    try:
        return (pattern.sub(replace, string, count),)
    except (re.error, IndexError) as error:
        raise NodeError(f"replace does not fit the pattern: {error}") from error
