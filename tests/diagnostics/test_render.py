"""The formats for programs: what stands in them, and that hostile text cannot break out of it."""

import json
import re
from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Place, Related, Severity, Span
from graphexec.diagnostics.render import FORMATS, render
from graphexec.diagnostics.render_text import render_text
from graphexec.diagnostics.summary import count, has_errors, ordered, strict, summary

PLAIN = codes.report(
    codes.WRONG_KIND,
    "steps takes an integer",
    Place(("3", "inputs", "steps")),
    hint="write 8",
    node="3",
    input="steps",
)
FOUND = replace(PLAIN, file="a flow.json", span=Span(4, 7, 4, 10), excerpt="      8.9,")
WARNING = replace(codes.report(codes.ODD_SIZE, "width is 515"), file="a flow.json", span=Span(2, 1, 3, 2), excerpt="{")
NOTE = codes.report(codes.UNREACHABLE_NODE, "node 9 is unused")
HOSTILE = replace(
    FOUND, message="a%0A::error::\r\n::set-output name=x::y \x1b[31m\u202e", file="b,c:d%.json", hint=None
)


def test_summary_counts():
    assert summary([FOUND, WARNING, NOTE, FOUND]) == "2 errors, 1 warning, 1 note"
    assert summary([]) == "no problems"
    assert count([WARNING]) == {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 0}


def test_strict_turns_warnings_into_errors_and_leaves_notes():
    assert [d.severity for d in strict([FOUND, WARNING, NOTE])] == [Severity.ERROR, Severity.ERROR, Severity.NOTE]
    assert has_errors(strict([WARNING])) and not has_errors(strict([NOTE]))


def test_order_is_by_file_and_position_and_stable():
    same = replace(FOUND, message="second")
    assert ordered([FOUND, same, WARNING, NOTE]) == [NOTE, WARNING, FOUND, same]


def test_text_of_a_related_place():
    related = Related("first here", Place(), Span(120, 1, 120, 3), "k: 1")
    assert render_text([replace(FOUND, related=(related,))]) == (
        "a flow.json:4:7: error GX301: steps takes an integer\n"
        "   4 |       8.9,\n"
        "     |       ^^^\n"
        "     = note: first here\n"
        " 120 | k: 1\n"
        "     | ^^\n"
        "     = hint: write 8"
    )


def test_paint_gets_every_piece_and_only_safe_text():
    pieces = []
    render_text([HOSTILE, WARNING], paint=lambda role, text: pieces.append((role, text)) or text)
    assert {"place", "error", "warning", "caret", "gutter"} <= {role for role, _ in pieces}
    assert "\x1b" not in "".join(text for _, text in pieces)


def test_text_is_safe_without_rendering():
    assert "\x1b" not in str(HOSTILE) and "\n" not in str(HOSTILE)


def test_json_fields():
    value = json.loads(render([FOUND, NOTE], "json"))
    assert {k: value[k] for k in ("version", "errors", "warnings", "notes")} == {
        "version": 1, "errors": 1, "warnings": 0, "notes": 1,
    }  # fmt: skip
    first, second = value["diagnostics"]
    assert first == {
        "code": "GX301", "severity": "error", "summary": "wrong kind of value", "message": "steps takes an integer",
        "hint": "write 8", "file": "a flow.json", "line": 4, "column": 7, "end_line": 4, "end_column": 10,
        "path": ["3", "inputs", "steps"], "node": "3", "input": "steps", "related": [],
    }  # fmt: skip
    assert second["line"] is None and second["file"] is None


def test_machine_formats_are_ascii_or_safe():
    assert render([HOSTILE], "json").isascii() and render([HOSTILE], "sarif").isascii()
    assert "\x1b" not in render([HOSTILE], "text") + render([HOSTILE], "github")


def test_github_commands_cannot_be_forged():
    lines = render([HOSTILE, FOUND, WARNING], "github").splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("::error title=GX301 wrong kind of value,file=b%2Cc%3Ad%25.json,line=4,")
    assert lines[0].endswith("::a%250A::error::\\r\\n::set-output name=x::y \\x1b[31m\\u202e")
    assert ",line=4,endLine=4,col=7,endColumn=10::steps takes an integer%0Awrite 8" in lines[1]
    assert lines[2].startswith("::warning ") and "col=" not in lines[2], "columns mean nothing over several lines"


def test_sarif_has_what_the_standard_requires():
    log = json.loads(render([FOUND, WARNING, NOTE, FOUND], "sarif"))
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["GX212", "GX301", "GX607"]
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", run["tool"]["driver"]["version"])
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note") and result["message"]["text"]
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location == {
        "artifactLocation": {"uri": "a%20flow.json"},
        "region": {"startLine": 4, "startColumn": 7, "endLine": 4, "endColumn": 10},
    }
    assert "locations" not in run["results"][2]


def test_sarif_names_absolute_files_by_uri():
    log = json.loads(render([replace(FOUND, file="/tmp/ä b.json")], "sarif"))
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "file:///tmp/%C3%A4%20b.json"


def test_every_format_takes_no_findings():
    assert [bool(render([], name)) for name in FORMATS] == [False, True, True, False]
