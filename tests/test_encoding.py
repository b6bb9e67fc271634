"""Plain values as JSON: what goes in comes out, to the bit and with its kinds."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.encoding import Unstorable, from_json, to_json
from graphexec.ports import Blocked, PlainHooks

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8)
KEYS = st.text(max_size=4) | st.sampled_from(["$", ""]) | st.integers() | st.tuples(st.booleans())
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=12,
)


def bits(value):
    """A value with its kinds spelt out and floats as bits, so that equal means the same."""
    match value:
        case float():
            return "nan" if math.isnan(value) else struct.pack("<d", value)
        case list() | tuple():
            return type(value), [bits(item) for item in value]
        case dict():
            return [(bits(key), bits(item)) for key, item in value.items()]
    return type(value), value


@given(VALUES)
def test_plain_values_come_back(value):
    assert bits(from_json(to_json(value))) == bits(value)


@given(VALUES)
def test_hooks_without_numeric_packages_encode_the_same(value):
    hooks = PlainHooks()
    assert bits(hooks.decode(hooks.encode(value))) == bits(value)


@pytest.mark.parametrize("text", ["plain", "é\n\0", "half \ud800 of a pair", ""])
def test_texts(text):
    hooks = PlainHooks()
    encoded = hooks.encode(text)
    assert hooks.decode(encoded) == text
    assert encoded.media_type == ("application/json" if "\ud800" in text else "text/plain")


def test_blocked_values():
    hooks = PlainHooks()
    for value in (Blocked(), Blocked("why"), [1, Blocked("why"), {"a": Blocked()}]):
        assert hooks.decode(hooks.encode(value)) == value


class Text(str):
    """What packs use for sockets of any type."""


@pytest.mark.parametrize("value", [object(), [object()], {"a": {1, 2}}, Text("x"), lambda: 1, 1j])
def test_other_values_are_refused_by_name(value):
    with pytest.raises(Unstorable, match=r"a value of type [\w.]+$"):
        to_json(value)


def test_values_that_hold_themselves_or_are_very_deep_are_refused():
    circle = []
    circle.append(circle)
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (circle, deep):
        with pytest.raises(Unstorable, match="nested"):
            to_json(value)
