"""Literal values: what each kind of input takes, and that nothing is converted on the way."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.graph.literals import check_literal
from graphexec.registry.spec import InputSpec

JSON = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(max_size=5),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)  # fmt: skip
KINDS = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}


def accepted(spec, value):
    taken, fault = check_literal(spec, value)
    return None if fault else (taken,)


@given(st.sampled_from(sorted(KINDS)), JSON)
def test_a_literal_is_taken_if_it_is_of_the_kind(kind, value):
    whole_float = kind == "FLOAT" and type(value) is int
    of_kind = type(value) is KINDS[kind] and not (isinstance(value, float) and not math.isfinite(value))
    taken = accepted(InputSpec("x", kind), value)
    assert (taken is not None) == (of_kind or whole_float)
    if taken is not None:
        assert taken[0] == value or whole_float
        assert type(taken[0]) is KINDS[kind]


@pytest.mark.parametrize(
    ("kind", "value", "code", "hint"),
    [
        ("BOOLEAN", "false", "GX301", "write false without quotes"),
        ("BOOLEAN", 0, "GX301", "write false"),
        ("INT", 8.9, "GX301", "does not round"),
        ("INT", 8.0, "GX301", "write 8"),
        ("INT", "8", "GX301", "write 8 without quotes"),
        ("INT", True, "GX301", None),
        ("FLOAT", "1e3", "GX301", "write 1e3 without quotes"),
        ("FLOAT", "inf", "GX301", None),
        ("FLOAT", 10**400, "GX301", None),
        ("STRING", 7, "GX301", 'write "7" with quotes'),
        ("STRING", None, "GX301", None),
    ],
)
def test_near_misses_are_refused_with_advice(kind, value, code, hint):
    fault = check_literal(InputSpec("x", kind), value)[1]
    assert fault.code == code
    assert fault.hint is None if hint is None else hint in fault.hint


@pytest.mark.parametrize(
    ("value", "code"), [(0, "GX302"), (1, None), (5, None), (6, "GX303"), (-(2**63), "GX302"), (2**64 - 1, "GX303")]
)
def test_bounds_are_inclusive(value, code):
    for kind, given_value in (("INT", value), ("FLOAT", value), ("FLOAT", float(value))):
        fault = check_literal(InputSpec("x", kind, min=1, max=5), given_value)[1]
        assert (fault and fault.code) == code


def test_seeds_stay_exact():
    spec = InputSpec("seed", "INT", min=0, max=2**64 - 1)
    assert check_literal(spec, 2**64 - 1) == (2**64 - 1, None)


def test_a_union_takes_each_of_its_kinds_and_converts_none():
    union = InputSpec("x", "FLOAT,INT")
    assert accepted(union, 3) == (3,) and type(accepted(union, 3)[0]) is int
    assert accepted(union, 3.5) == (3.5,)
    assert accepted(union, "3") is None
    assert accepted(InputSpec("x", "STRING, INT"), "3") == ("3",)


@pytest.mark.parametrize("choices", [(1, 2), (1.0, 2.0), (True, False), ("1", "2")])
def test_choices_keep_numbers_booleans_and_texts_apart(choices):
    spec = InputSpec("x", "COMBO", choices=choices)
    for value in (1, 1.0, True, "1"):
        assert (accepted(spec, value) is not None) == (type(value) is type(choices[0]))


def test_choices_hint():
    spec = InputSpec("x", "COMBO", choices=tuple(f"choice {n}" for n in range(30)))
    assert "did you mean" in check_literal(spec, "choise 3")[1].hint
    assert check_literal(spec, "#")[1].hint.endswith("and 22 more")


def test_several_of_a_multi_select():
    spec = InputSpec("x", "COMBO", choices=("a", "b"), options={"multi_select": True})
    assert accepted(spec, ["a", "b"]) == (["a", "b"],)
    assert check_literal(spec, ["a", "c"])[1].code == "GX304"
    assert accepted(InputSpec("x", "COMBO", choices=("a", "b")), ["a"]) is None


def test_a_choice_without_known_choices_takes_any():
    assert accepted(InputSpec("x", "COMBO"), "anything") == ("anything",)


def test_unchecked_skips_range_and_choice_but_not_kind():
    assert accepted(InputSpec("x", "INT", min=1, unchecked=True), -5) == (-5,)
    assert accepted(InputSpec("x", "COMBO", choices=("a",), unchecked=True), "b") == ("b",)
    assert accepted(InputSpec("x", "INT", unchecked=True), "5") is None


def test_file_names_are_texts():
    assert accepted(InputSpec("x", "COMBO", folder="vae"), "any.pt") == ("any.pt",)
    assert "name of a file" in check_literal(InputSpec("x", "COMBO", folder="vae"), 3)[1].message
