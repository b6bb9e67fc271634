"""YAML 1.2 core-schema scalars."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.scalars import OUT_OF_RANGE, is_plain_text, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("FALSE", False),
        ("0", 0), ("-0", 0), ("+7", 7), ("007", 7), ("0o17", 15), ("0x1F", 31), ("18446744073709551615", 2**64 - 1),
        ("1e-3", 0.001), ("1E5", 1e5), ("12e03", 12000.0), (".5", 0.5), ("5.", 5.0), ("-1.5e+2", -150.0), ("+.5", 0.5),
        (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf),
    ],
)  # fmt: skip
def test_what_is_a_value(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    ["on", "off", "yes", "No", "y", "tRUE", "nULL", "12:30", "190:20:30", "2001-12-14", "1_000", "0b11", "017o",
     "-0x1", "-0o7", "1e", "e5", ".", "-", "+", "..5", "1.2.3", "0x", "0o8", "inf", "nan", "NaN", "Infinity", "1 2",
     "١٢", "-~", "<<", "="],
)  # fmt: skip
def test_what_is_text(text):
    assert resolve(text) == text
    assert is_plain_text(text)


def test_not_a_number():
    assert all(math.isnan(resolve(text)) for text in (".nan", ".NaN", ".NAN"))


def test_integers_of_any_length_do_not_raise():
    assert resolve("9" * 5000) == OUT_OF_RANGE
    assert resolve("-" + "9" * 5000) == -OUT_OF_RANGE
    assert resolve("9" * 500) == int("9" * 500)
    assert resolve("0x" + "f" * 5000) > 2**64


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_python_writes_them_stay_themselves(number):
    assert resolve(repr(number)) == number
    assert type(resolve(repr(number))) is type(number)


@given(st.text(alphabet="0123456789+-.eExXoOaAfFnNtrulsi~:_ ", max_size=8))
def test_a_text_has_one_meaning(text):
    value = resolve(text)
    assert is_plain_text(text) == isinstance(value, str)
    if isinstance(value, str):
        assert value == text
