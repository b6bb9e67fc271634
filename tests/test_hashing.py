"""The digest of plain values: injective, blind to the order of keys, deep without recursion."""

import enum
import json
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.hashing import digest, digest_bytes, digest_file

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=8)
plain = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3))


def identity(value):
    """A form in which two plain values are equal only if they are the same."""
    if isinstance(value, dict):
        return ("map", tuple(sorted((k, identity(v)) for k, v in value.items())))
    if isinstance(value, (list, tuple)):
        return ("list", tuple(identity(v) for v in value))
    return (type(value).__name__, repr(value))


@given(plain, plain)
def test_injective(a, b):
    assert (digest("x", a) == digest("x", b)) == (repr(identity(a)) == repr(identity(b)))


def test_near_equal_values_differ():
    scalars = [1, 1.0, True, "1", b"1", None, "", 0, 0.0, False, -0.0]
    containers = [[1], {"1": 1}, [], {}, [[]], [[], []], ["a", "b"], ["ab"]]
    assert len({digest("x", v) for v in scalars + containers}) == len(scalars + containers)


def test_kind_is_part_of_it():
    assert digest("a", 1) != digest("b", 1)


def test_golden():
    """Stored keys would all be lost, and locks be wrong, if the encoding changed unnoticed."""
    value = {"b": [1, 2.5, None, True, "text", b"bytes"], "a": {}}
    assert digest("golden", value) == "b08935580fe9c7d8ecff0adbb84b5fa4942907fd836755ae6744d58974597290"


def test_key_order_and_list_kind_do_not_matter():
    assert digest("x", {"a": 1, "b": 2}) == digest("x", MappingProxyType({"b": 2, "a": 1}))
    assert digest("x", (1, 2)) == digest("x", [1, 2])


def test_subclasses_are_their_base():
    class Text(str):
        pass

    class Level(enum.IntEnum):
        ONE = 1

    assert digest("x", [Text("a"), Level.ONE]) == digest("x", ["a", 1])


def test_depth_is_no_limit():
    value = []
    for _ in range(100_000):
        value = [value]
    assert len(digest("x", value)) == 64


@pytest.mark.parametrize("value", [object(), {1: 2}, {"a": {3}}, 1j])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError):
        digest("x", value)


def test_files_and_bytes_agree(tmp_path):
    for content in (b"", b"x", bytes(range(256)) * 5000):
        (tmp_path / "f").write_bytes(content)
        assert digest_file(tmp_path / "f") == digest_bytes(content)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))
def test_json_round_trip_keeps_the_digest(value):
    assert digest("x", json.loads(json.dumps(value))) == digest("x", value)
