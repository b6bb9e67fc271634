"""Lock files: what is written is read, and what is wrong with one is said at its place, all at once."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.model import Source
from graphexec.errors import InvalidWorkflow
from graphexec.proof.model import ChangesRecord, FileRecord, Lock, NodeRecord, OutputRecord, Tolerance
from graphexec.proof.reading import parse, read_lock
from graphexec.proof.writing import lock_text

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\u0085\u2028\u2029"), max_size=12)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
VALUES = st.dictionaries(TEXTS, JSON, max_size=3)
NODES = st.builds(
    NodeRecord, type=TEXTS, inputs=VALUES, links=st.dictionaries(TEXTS, TEXTS, max_size=2), settings=VALUES
)
FILES = st.builds(FileRecord, folder=TEXTS, name=TEXTS, bytes=st.integers(0, 2**50), sha256=DIGESTS, blake3=DIGESTS)
TOLERANCES = st.builds(
    Tolerance,
    level=st.sampled_from(["bytes", "tensors", "perceptual"]),
    max_error=st.floats(0, 1e300),
    max_ulps=st.integers(0, 2**40),
    max_differing=st.floats(0, 1),
)
OUTPUTS = st.builds(
    OutputRecord,
    node=TEXTS,
    index=st.integers(0, 9),
    type=TEXTS,
    media_type=TEXTS,
    bytes=st.integers(0, 2**40),
    blake3=DIGESTS,
    values=st.none() | DIGESTS,
    fingerprint=st.none() | st.text("0123456789abcdef", min_size=16, max_size=16),
    tolerance=TOLERANCES,
)
TABLE = st.dictionaries(TEXTS, TEXTS, max_size=3)
LOCKS = st.builds(
    Lock,
    graphexec_lock=st.just(1),
    workflow=TEXTS,
    graph=DIGESTS,
    changes=st.builds(ChangesRecord, set=VALUES, params=VALUES, seed=st.none() | st.integers(0, 2**64 - 1),
                      targets=st.none() | st.lists(TEXTS, max_size=2)),
    policy=TABLE, versions=TABLE, types=TABLE,
    nodes=st.dictionaries(TEXTS, NODES, max_size=3),
    files=st.lists(FILES, max_size=2),
    outputs=st.lists(OUTPUTS, max_size=3, unique_by=lambda o: (o.node, o.index)),
)  # fmt: skip


def read(text: str) -> Lock:
    return parse(Source("flow.json.lock", text, "yaml"))


@given(LOCKS)
def test_reading_what_was_written_gives_the_same_lock(lock: Lock) -> None:
    text = lock_text(lock)
    again = read(text)
    assert again == lock and lock_text(again) == text
    types = [type(value) for node in lock.nodes.values() for value in node.inputs.values()]
    assert types == [type(value) for node in again.nodes.values() for value in node.inputs.values()]


GOOD = Lock(
    graphexec_lock=1, workflow="flow.json", graph="a" * 64, policy={"device": "cpu"}, versions={"torch": "2.0"},
    types={"SaveImage": "1"}, nodes={"3": NodeRecord(type="SaveImage", inputs={"filename_prefix": "x"})}, files=[],
    outputs=[OutputRecord(node="3", index=0, type="SaveImage", media_type="image/png", bytes=1, blake3="b" * 64,
                          expected="a-0.png")],
)  # fmt: skip


def findings(text: str) -> list[str]:
    with pytest.raises(InvalidWorkflow) as raised:
        read(text)
    return [str(diagnostic) for diagnostic in raised.value.diagnostics]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("expected: a-0.png", 'expected: "../../etc/passwd"', "outputs.0.expected: String should match pattern"),
        ("expected: a-0.png", "expected: .hidden", "outputs.0.expected: String should match pattern"),
        ("expected: a-0.png", 'expected: "a/b"', "outputs.0.expected"),
        ("expected: a-0.png", f"expected: {'x' * 300}", "outputs.0.expected"),
        ("max_error: 0.0", "max_error: -1", "outputs.0.tolerance.max_error: Input should be greater than or equal to"),
        ("max_error: 0.0", "max_error: .nan", "outputs.0.tolerance.max_error"),
        ("max_error: 0.0", 'max_error: "0"', 'should be a valid number, not "0"'),
        ("max_error: 0.0", "max_eror: 0.0", 'there is no field "outputs.0.tolerance.max_eror" (did you mean'),
        ("level: tensors", "level: exact", "outputs.0.tolerance.level: Input should be 'bytes', 'tensors' or"),
        ("graphexec_lock: 1", "graphexec_lock: 2", "the version of the lock is 1"),
        ("bytes: 1", "bytes: true", "outputs.0.bytes"),
        ("workflow: flow.json", "workflow: [a]", "workflow: Input should be a valid string, not a list"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_said_at_its_place(old: str, new: str, said: str) -> None:
    text = lock_text(GOOD)
    line = text[: text.index(old)].count("\n") + 1
    (finding,) = findings(text.replace(old, new, 1))
    assert finding.startswith(f"flow.json.lock:{line}:") and "error GX901" in finding and said in finding


def test_all_mistakes_are_said_at_once() -> None:
    text = (
        lock_text(GOOD)
        .replace("level: tensors", "level: x")
        .replace("bytes: 1", "bytes: -1")
        .replace("graph:", "grap:")
    )
    assert len(findings(text)) == 4  # the unknown field and the missing one are two


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "graphexec_lock: 1", "a: *b", "x: [" * 500, "\x00", "graphexec: 1\nnodes: {}", "{"]
)
def test_what_is_no_lock_gives_findings_and_nothing_else(text: str) -> None:
    assert 0 < len(findings(text)) <= 20


@given(st.text(max_size=80))
def test_no_text_is_worse_than_a_finding(text: str) -> None:
    assert findings(text)


def test_an_output_stands_once() -> None:
    text = lock_text(GOOD)
    output = text[text.index("  - node:") :]
    said = findings(text + output)
    assert len(said) == 2 and 'output 0 of node "3" stands twice' in said[0] and "two outputs" in said[1]


def test_a_missing_lock_says_how_to_make_one(tmp_path) -> None:
    with pytest.raises(InvalidWorkflow, match=r"GX902.*graphexec lock .*flow.json makes one"):
        read_lock(tmp_path / "flow.json.lock")


def test_numbers_without_end_cannot_be_tolerances() -> None:
    with pytest.raises(ValueError):
        Tolerance(max_error=math.inf)
