"""JUnit and HTML: well formed, complete, and safe whatever a workflow's author wrote."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diagnostics import codes
from graphexec.errors import InvalidWorkflow, UsageError
from graphexec.imaging import png
from graphexec.proof.comparison import Comparison, Metrics
from graphexec.proof.facts import Facts
from graphexec.proof.html.page import html_report
from graphexec.proof.junit import junit
from graphexec.proof.model import Lock
from graphexec.proof.verification import Verdict

HOSTILE = st.text(st.characters(codec=None) | st.sampled_from("<>&\"'`\x00\x1b\n\u202e\ud800\ufffe"), max_size=30)
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\"' onload='x"
PICTURE = png.encode(np.full((4, 6, 3), 0.5, np.float32))
OTHER = png.encode(np.full((4, 6, 3), 0.6, np.float32))


def verdict(text: str) -> Verdict:
    lock = Lock(
        graphexec_lock=1, workflow=text, graph="a" * 64, policy={text: text}, versions={}, types={text: text},
        nodes={}, files=[], outputs=[],
    )  # fmt: skip
    facts = Facts("b" * 64, {text: text + "!"}, {"torch": text}, {}, {}, ())
    picture = Comparison(
        text, 0, text, "image/png", "tensors", None, Metrics(1.0, None, 1.0, 24, 40.0, 0.9, 3), (text,), PICTURE, OTHER
    )
    latent = Comparison(text, 1, text, "application/x-safetensors", "bytes", "tensors", reasons=(text,))
    same = Comparison("9", 2, "SaveImage", "image/png", "bytes", "bytes", expected=PICTURE, actual=PICTURE)
    drift = codes.report(codes.WORKFLOW_DRIFT, text)
    return Verdict(text, (picture, latent, same), (drift,), None, 1.5, lock, facts)


def failed(text: str) -> Verdict:
    return Verdict(text, error=InvalidWorkflow([codes.report(codes.NO_LOCK, text)]))


def tags(page: str) -> list[ElementTree.Element]:
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    return list(tree.iter())


def elements(page: str) -> list[str]:
    return [str(element.tag) for element in tags(page)]


@given(HOSTILE)
def test_no_text_changes_the_structure_of_the_page(text: str) -> None:
    page = html_report([verdict(text), failed(text)])
    assert elements(page) == elements(html_report([verdict("x"), failed("x")]))


def test_the_page_is_html_without_parse_errors() -> None:
    html5lib.HTMLParser(strict=True).parse(html_report([verdict(EVIL), failed(EVIL)]))


def test_the_page_loads_nothing_and_runs_only_its_own_script() -> None:
    page = html_report([verdict(EVIL), failed(EVIL)])
    found = tags(page)
    for element in found:
        for name, value in element.attrib.items():
            assert not name.startswith("on") and name != "style"
            if name in ("src", "href"):
                assert value.startswith(("data:image/png;base64,", "#file-"))
    (policy,) = [e.get("content") for e in found if e.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        (element,) = [e for e in found if e.tag == tag]
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy and "\x1b" not in page


def test_the_page_shows_both_pictures_the_difference_and_the_metrics() -> None:
    page = html_report([verdict("x")])
    for content in (PICTURE, OTHER):
        assert base64.b64encode(content).decode() in page
    assert page.count('type="range"') == 1 and "brightest is 26 of 255" in page
    assert "40.00 dB" in page and "0.90000" in page and "3 of 64 bits differ" in page
    assert 'class="differs"' in page and "0 of 1 agree" in page


def test_equal_verdicts_give_equal_pages() -> None:
    assert html_report([verdict("x")]) == html_report([verdict("x")])


@pytest.mark.parametrize("content", [b"", b"no picture", PICTURE[:-30]])
def test_a_damaged_picture_does_not_break_the_page(content: bytes) -> None:
    broken = Comparison(
        "9", 0, "SaveImage", "image/png", "tensors", None, reasons=("x",), expected=PICTURE, actual=content
    )
    assert "<article" in html_report([Verdict("f", (broken,))])


@given(HOSTILE)
def test_the_xml_parses_whatever_the_texts_are(text: str) -> None:
    root = ElementTree.fromstring(junit([verdict(text), failed(text)]))
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["5", "3", "1"]


SUITE = {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package",
         "file", "log", "url"}  # fmt: skip
ALLOWED = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, ["testsuite"]),
    "testsuite": (SUITE, ["properties", "testcase", "system-out", "system-err"]),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": ({"name", "time", "classname", "group"}, ["skipped", "error", "failure", "system-out", "system-err"]),
    "failure": ({"type", "message"}, []),
    "error": ({"type", "message"}, []),
    "system-out": (set(), []),
}
"""Attributes and children of each element in the schema of Jenkins' xUnit plug-in (junit-10.xsd)."""


def test_the_xml_has_the_elements_and_attributes_of_the_common_schema() -> None:
    root = ElementTree.fromstring(junit([verdict(EVIL), failed(EVIL), Verdict("x", error=UsageError("no"))]))
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = ALLOWED[element.tag]
        assert set(element.attrib) <= attributes
        order = [children.index(child.tag) for child in element]
        assert order == sorted(order)
        if element.tag in ("testcase", "testsuite"):
            assert element.get("name") is not None
    for suite in root:
        counted = [len(suite.findall(f"testcase{path}")) for path in ("", "/failure", "/error")]
        assert counted == [int(suite.get(name)) for name in ("tests", "failures", "errors")]


def test_control_characters_become_escapes() -> None:
    data = junit([verdict("a\x1b[31m\x00b\ufffe")]).decode()
    assert "a\\x1b[31m\\x00b\ufffd" in data and not re.search("[\x00-\x08\x1b]", data)


def test_assets_are_part_of_the_package() -> None:
    import graphexec.proof.html as package

    assert {"report.css", "report.js"} <= {p.name for p in Path(package.__file__).parent.iterdir()}
