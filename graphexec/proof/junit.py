"""Verdicts as JUnit XML, in the form that CI systems read (that of Jenkins' xUnit plug-in)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from graphexec.diagnostics.sanitize import visible
from graphexec.errors import GraphexecError, InvalidWorkflow
from graphexec.proof.comparison import Comparison
from graphexec.proof.drift import has_errors
from graphexec.proof.sentences import metric_rows, name_of, sentence
from graphexec.proof.verification import Verdict

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdicts: Sequence[Verdict]) -> bytes:
    """Return the XML of verdicts: a suite for each file, in it a case for each output and one for drift."""
    root = ElementTree.Element("testsuites", name="graphexec verify")
    for verdict in verdicts:
        root.append(_suite(verdict))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{sum(verdict.seconds for verdict in verdicts):.3f}")
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _suite(verdict: Verdict) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_text(verdict.file))
    properties = ElementTree.SubElement(suite, "properties")
    if verdict.facts is not None:
        facts = {"graph": verdict.facts.graph, **verdict.facts.policy, **verdict.facts.versions}
        for name, value in facts.items():
            ElementTree.SubElement(properties, "property", name=_text(name), value=_text(value))
    if verdict.error is not None:
        _problem(_case(suite, verdict, "render"), "error", verdict.error.__class__.__name__, _lines_of(verdict.error))
    else:
        case = _case(suite, verdict, "lock")
        told = [str(finding) for finding in verdict.drift]
        if has_errors(verdict.drift):
            _problem(case, "failure", "drift", told)
        elif told:
            ElementTree.SubElement(case, "system-out").text = _text("\n".join(told))
        for comparison in verdict.comparisons:
            _output(suite, verdict, comparison)
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", "0")
    suite.set("time", f"{verdict.seconds:.3f}")
    return suite


def _output(suite: ElementTree.Element, verdict: Verdict, comparison: Comparison) -> None:
    case = _case(suite, verdict, name_of(comparison))
    if not comparison.passed:
        _problem(case, "failure", "mismatch", [sentence(comparison)])
    lines = [sentence(comparison), *(f"{name}: {value}" for name, value in metric_rows(comparison.metrics))]
    ElementTree.SubElement(case, "system-out").text = _text("\n".join(lines))


def _case(suite: ElementTree.Element, verdict: Verdict, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_text(verdict.file), name=_text(name), time="0.000")


def _problem(case: ElementTree.Element, tag: str, kind: str, lines: Sequence[str]) -> None:
    problem = ElementTree.SubElement(case, tag, type=kind, message=_text(lines[0] if lines else kind))
    problem.text = _text("\n".join(lines))


def _lines_of(error: GraphexecError) -> list[str]:
    if isinstance(error, InvalidWorkflow):
        return [str(finding) for finding in error.diagnostics]
    return str(error).splitlines() or [error.__class__.__name__]


def _text(text: str) -> str:
    """Return a text whose characters XML may hold; controls become escapes, line ends stay."""
    return _NOT_XML.sub("�", "\n".join(map(visible, text.split("\n"))))
