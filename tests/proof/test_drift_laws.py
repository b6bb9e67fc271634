"""Laws of drift: what has not changed has not drifted, and whatever a lock says of what went in is looked at."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diagnostics.model import Severity
from graphexec.document.model import Source
from graphexec.proof.drift import drift
from graphexec.proof.facts import Facts, NamedFile
from graphexec.proof.model import ChangesRecord, FileRecord, Lock, NodeRecord
from graphexec.proof.writing import lock_text
from tests.proof.test_lock_files import NODES, TABLE, TEXTS, VALUES

FACTS = st.builds(
    Facts,
    graph=st.just("a" * 64),
    policy=TABLE,
    versions=TABLE,
    types=TABLE,
    nodes=st.dictionaries(TEXTS, NODES, max_size=3),
    files=st.lists(
        st.builds(
            NamedFile, folder=TEXTS, name=TEXTS, path=st.none(), bytes=st.integers(0, 9), digest=st.just("d" * 64)
        ),
        max_size=3,
        unique_by=lambda f: (f.folder, f.name),
    ).map(tuple),
)


def locked(facts: Facts) -> tuple[Lock, Source]:
    """Return the lock of some facts, and its text."""
    lock = Lock(
        graphexec_lock=1, workflow="flow.json", graph=facts.graph, changes=ChangesRecord(), policy=facts.policy,
        versions=facts.versions, types=facts.types, nodes=facts.nodes, outputs=[],
        files=[
            FileRecord(folder=f.folder, name=f.name, bytes=f.bytes, sha256="0" * 64, blake3=f.digest)
            for f in facts.files
        ],
    )  # fmt: skip
    return lock, Source("flow.json.lock", lock_text(lock), "yaml")


@given(FACTS)
def test_what_has_not_changed_has_not_drifted(facts: Facts) -> None:
    lock, source = locked(facts)
    assert drift(lock, facts, source) == []


@given(FACTS, FACTS)
def test_whatever_changed_is_named_with_a_place(before: Facts, after: Facts) -> None:
    lock, source = locked(before)
    findings = drift(lock, replace(after, graph="b" * 64), source)
    assert findings and all(f.file == "flow.json.lock" and f.span is not None for f in findings)


@given(VALUES, VALUES)
def test_every_changed_value_of_a_node_is_named(before: dict, after: dict) -> None:
    lock, source = locked(Facts("a" * 64, {}, {}, {}, {"1": NodeRecord(type="T", inputs=before)}, ()))
    now = Facts("b" * 64, {}, {}, {}, {"1": NodeRecord(type="T", inputs=after)}, ())
    named = {f.input for f in drift(lock, now, source)} - {None}
    assert named == {name for name in {**before, **after} if written(before, name) != written(after, name)}


def written(values: dict, name: str) -> str | None:
    """Return a value as JSON, which tells 1, 1.0, true and "1" apart; None for none."""
    return json.dumps(values[name], sort_keys=True) if name in values else None


BASE = Facts(
    "a" * 64,
    {"device": "cpu", "hardware": "x", "threads": "2"},
    {"torch": "1", "python": "3"},
    {"T": "1"},
    {"1": NodeRecord(type="T", inputs={"steps": 20}, links={"model": "2:0"}, settings={"continuation": "exact"})},
    (NamedFile("checkpoints", "a", None, 5, "d" * 64),),
)


def node(change: dict) -> dict:
    """Return the change of facts that a changed node is."""
    return {"nodes": {"1": BASE.nodes["1"].model_copy(update=change)}, "graph": "b" * 64}


@pytest.mark.parametrize(
    ("change", "said", "severity"),
    [
        ({"policy": {**BASE.policy, "device": "cuda"}}, 'policy device was "cpu"', "error"),
        ({"policy": {**BASE.policy, "hardware": "y"}}, "policy hardware was", "warning"),
        ({"policy": {**BASE.policy, "threads": "3"}}, "policy threads was", "warning"),
        ({"policy": {**BASE.policy, "memory": "9"}}, "policy memory was not there", "error"),
        ({"policy": {"hardware": "x", "threads": "2"}}, "policy device was \"cpu\", is now not there", "error"),
        ({"versions": {**BASE.versions, "torch": "2"}}, "version of torch", "error"),
        ({"versions": {"python": "3"}}, 'version of torch was "1", is now not there', "error"),
        ({"versions": {**BASE.versions, "scipy": "2"}}, "version of scipy was not there", "error"),
        ({"versions": {**BASE.versions, "python": "4"}}, "version of python", "warning"),
        ({"types": {"T": "2"}}, "node type T was", "error"),
        (node({"type": "U"}), "is now of type U", "error"),
        (node({"inputs": {"steps": 21}}), "steps was 20", "error"),
        (node({"inputs": {"steps": 20.0}}), "is now 20.0", "error"),
        (node({"links": {"model": "2:1"}}), "model was", "error"),
        (node({"links": {}}), "is now not there", "error"),
        (node({"settings": {}}), "continuation was", "error"),
        ({"nodes": {}, "graph": "b" * 64}, "node 1 (T) is gone", "error"),
        ({"graph": "b" * 64}, "the workflow means something else", "error"),
        ({"files": ()}, "checkpoints/a is no longer named by the workflow", "error"),
        ({"files": (replace(BASE.files[0], digest="e" * 64),)}, "other content", "error"),
        ({"files": (replace(BASE.files[0], digest=None),)}, "checkpoints/a is not there", "error"),
        ({"files": (*BASE.files, replace(BASE.files[0], name="b"))}, "checkpoints/b is not in the lock", "error"),
    ],
)  # fmt: skip
def test_each_field_counts(change: dict, said: str, severity: str) -> None:
    lock, source = locked(BASE)
    (finding,) = drift(lock, replace(BASE, **change), source)
    assert said in finding.message and finding.severity is Severity(severity)


@pytest.mark.parametrize(("locked_word", "now", "said"), [
    (None, "fp32", None),
    (None, "bf16", 'policy large_autoencoder_dtype was "fp32", is now "bf16"'),
    ("bf16", "bf16", None),
])  # fmt: skip
def test_a_lock_older_than_large_autoencoders_means_one_format_for_all(
    locked_word: str | None, now: str, said: str | None
) -> None:
    policy = {"autoencoder_dtype": "fp32"}
    before = policy if locked_word is None else {**policy, "large_autoencoder_dtype": locked_word}
    lock, source = locked(replace(BASE, policy=before))
    findings = drift(lock, replace(BASE, policy={**policy, "large_autoencoder_dtype": now}), source)
    assert [f.message for f in findings] == ([] if said is None else [said])
    assert all(f.severity is Severity.ERROR and f.span is not None for f in findings)
