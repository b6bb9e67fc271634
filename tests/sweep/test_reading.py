"""Axes as they are written: lists, quotes, ranges and tables, and what is said about wrong ones."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.command_line import CommandLineText, typed_value
from graphexec.sweep.axes import zip_axes
from graphexec.sweep.fields import BadField, records
from graphexec.sweep.options import option_axes
from graphexec.sweep.ranges import BadRange, expand
from graphexec.sweep.tables import read_table


def values(text):
    """Return the values of `--matrix x=text`, as a run would get them."""
    axes, found = option_axes([f"x={text}"], [], 1000)
    assert not found, found
    given = [row[0].value for row in axes[0].rows]
    return [typed_value(str(v)) if isinstance(v, CommandLineText) else v for v in given]


def findings(*matrix, zipped=(), most=1000):
    _, found = option_axes(matrix, zipped, most)
    return [(d.code, d.file, d.span.column, d.message) for d in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5,7.5, 9 ", [5, 7.5, 9]),
        ("euler,dpmpp_2m", ["euler", "dpmpp_2m"]),
        ('"a, b",c,"say ""hi"""', ["a, b", "c", 'say "hi"']),
        ('"30",30,true,null', ["30", 30, True, None]),
        ('""', [""]),
        ('["4", 0],["5",1], {"a": [1,2]}', [["4", 0], ["5", 1], {"a": [1, 2]}]),
        ("[cat:dog:0.5],x", ["[cat:dog:0.5]", "x"]),
        ('5" pipe,6', ['5" pipe', 6]),
        ("1..4", [1, 2, 3, 4]),
        ("8..2:-3,100", [8, 5, 2, 100]),
        ("3..1", [3, 2, 1]),
        ("0.1..0.3:0.1", [0.1, 0.2, 0.3]),
        ('"1..4"', ["1..4"]),
        ("..", [".."]),
    ],
)
def test_values_of_a_list(text, expected):
    read = values(text)
    assert read == expected and [type(v) for v in read] == [type(v) for v in expected]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), min_size=1), min_size=1))
def test_what_python_writes_in_quotes_is_read_back(rows):
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    assert [[field.text for field in record] for record in records(buffer.getvalue(), ",")] == rows


@given(st.text(alphabet='"a,[]{} \t\n1:'), st.sampled_from(",\t"))
def test_any_text_is_read_or_refused_and_fields_are_where_they_say(text, separator):
    try:
        read = list(records(text, separator))
    except BadField as bad:
        assert 0 <= bad.start < len(text)
        return
    for field in (field for record in read for field in record):
        there = text[field.start : field.end]
        assert (there[1:-1].replace('""', '"') if field.quoted else there) == field.text


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 9))
def test_a_range_is_what_counting_gives(first, last, step):
    step = step if last >= first else -step
    expected, number = [], first
    while (number - last) * step <= 0:
        expected.append(str(number))
        number += step
    assert expand(f"{first}..{last}:{step}", 1000) == expected


@given(st.decimals(0, 1, places=2), st.integers(1, 20))
def test_fractions_do_not_drift(step, count):
    step = step or Decimal("0.25")
    last = step * (count - 1)
    assert [Decimal(n) for n in expand(f"0.00..{last}:{step}", 1000)] == [step * n for n in range(count)]


@pytest.mark.parametrize(
    "text", ["1..9:0", "1..9:-1", "0.1..0.9", "1..1001", "1..9999999999999999999999", f"1..{'9' * 31}"]
)
def test_ranges_that_are_refused(text):
    with pytest.raises(BadRange):
        expand(text, 1000)


def test_everything_wrong_with_options_is_said_at_once_and_where():
    assert findings('a.b=1,"x', "c", "d=", "e=1,,2", "f=1..9:0", "g=1..900,1..900") == [
        ("GX810", "--matrix", 7, "the closing quote is missing"),
        ("GX810", "--matrix", 1, "expected NAME=VALUE,VALUE,..."),
        ("GX810", "--matrix", 3, '"d" has no values'),
        ("GX810", "--matrix", 5, "a value is missing between the commas"),
        ("GX810", "--matrix", 3, "the step of a range is not 0"),
        ("GX815", "--matrix", 3, '"g" has 1800 values; 1000 cells are the most'),
    ]


def test_zipped_axes_go_hand_in_hand():
    axes, found = option_axes(["m=1"], ["a=1,2", "b=x,y"], 10)
    assert not found and [axis.names for axis in axes] == [("m",), ("a", "b")]
    assert [[str(given.value) for given in row] for row in axes[1].rows] == [["1", "x"], ["2", "y"]]
    assert findings(zipped=["a=1,2", "b=1,2,3"]) == [("GX813", "--zip", 1, '"b" has 3 values, "a" has 2')]
    assert [d.code for d in zip_axes({"a": [1], "b": []})[1]] == ["GX813"]


def table(path, text):
    path.write_text(text, encoding="utf-8")
    axis, found = read_table(str(path), 100)
    rows = None
    if axis is not None:
        rows = [[given and (given.value, type(given.value) is str) for given in row] for row in axis.rows]
    return axis and axis.names, rows, [(d.code, d.span and (d.span.line, d.span.column), d.message) for d in found]


def test_tables(tmp_path):
    expected = ("3.cfg", "a.text"), [[("5", False), ("x, y", True)], [None, ("z", False)]], []
    assert table(tmp_path / "t.csv", '\ufeff3.cfg,a.text\r\n5,"x, y"\r\n,z\r\n') == expected
    assert table(tmp_path / "t.tsv", '3.cfg\ta.text\n5\t"x, y"\n\tz\n') == expected
    names, rows, found = table(tmp_path / "t.jsonl", '{"3.cfg": 5, "a.text": "x, y"}\n\n{"a.text": "z\u2028"}\n')
    assert (names, found) == (("3.cfg", "a.text"), [])
    assert rows == [[(5, False), ("x, y", True)], [None, ("z\u2028", True)]]


def test_everything_wrong_with_a_table_is_said_at_once_and_where(tmp_path):
    assert table(tmp_path / "t.csv", "a,,c\n1,2\n1,2,3,4\n1,2,3\n")[2] == [
        ("GX814", (1, 3), "a column has no name"),
        ("GX814", (2, 1), "this row has 2 fields, the first line names 3"),
        ("GX814", (3, 1), "this row has 4 fields, the first line names 3"),
    ]
    assert table(tmp_path / "t.csv", 'a\n"b\n')[2] == [("GX814", (2, 1), "the closing quote is missing")]
    assert table(tmp_path / "t.csv", "a\n")[2] == [("GX814", None, "the table has no rows")]
    assert [d[:2] for d in table(tmp_path / "t.jsonl", '{"a": 1}\n[1]\n{"a": 1, "a": 2}\n{"a"}\n')[2]] == [
        ("GX814", (2, 1)), ("GX103", (3, 1)), ("GX102", (4, 1)),
    ]  # fmt: skip
    assert table(tmp_path / "t.txt", "a\n1\n")[2][0][0] == "GX814"
    assert [d.code for d in read_table(str(tmp_path / "none.csv"), 1)[1]] == ["GX101"]
    (tmp_path / "long.csv").write_text("a\n1\n2\n")
    assert [d.code for d in read_table(str(tmp_path / "long.csv"), 1)[1]] == ["GX815"]
