"""Drawings: well-formed whatever the ids and titles are, nothing under another thing, cycles included."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.graph.draw import DRAWING_FORMATS, draw
from graphexec.graph.layout import lay_out
from graphexec.graph.sketch import sketch
from tests.graph.test_order import joined, links
from tests.support.specs import Types, document, spec

LOAD = spec("Load", outputs=("MODEL", "CLIP"), display_name="Load it")
USE = spec("Use", ("model:MODEL", "clip:CLIP"))
TYPES = Types(LOAD, USE)
TWO = document(l=("Load",), u=("Use", {"model": ("l", 0), "clip": ("l", 1)}, 'My <title> & "more"'))
HOSTILE = st.text(st.characters(codec=None) | st.sampled_from('"\\<>&]];\n\x1b\u202e'), min_size=1, max_size=8)


def test_mermaid():
    assert draw(TWO, TYPES, "mermaid").splitlines() == [
        "flowchart LR",
        '    n0["Load it<br/>l: Load"]',
        '    n1["My #60;title#62; #38; #34;more#34;<br/>u: Use"]',
        '    n0 -->|"model"| n1',
        '    n0 -->|"clip"| n1',
    ]


def test_dot():
    assert draw(TWO, TYPES, "dot").splitlines()[3:-1] == [
        '    "l" [label="Load it\\nl: Load"];',
        '    "u" [label="My <title> & \\"more\\"\\nu: Use"];',
        '    "l" -> "u" [label="model"];',
        '    "l" -> "u" [label="clip"];',
    ]


def test_svg_says_all():
    text = draw(TWO, TYPES, "svg")
    root = ElementTree.fromstring(text)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Load it", 'My <title> & "more"', "u: Use", "model", "clip", "MODEL", "CLIP"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) == 2


def test_outputs_stand_in_the_order_of_the_node():
    swapped = document(l=("Load",), u=("Use", {"clip": ("l", 1), "model": ("l", 0)}))
    box, _ = sketch(swapped, TYPES).boxes
    assert box.outputs == ("MODEL", "CLIP")


def test_broken_documents_are_drawn_too():
    broken = document(a=("What", {"x": ("nobody", 0), "y": ("b", 3)}), b=("Use", {"model": ("a", "OUT"), "clip": 3}))
    for format in DRAWING_FORMATS:
        assert draw(broken, TYPES, format)
    assert len(sketch(broken, TYPES).arrows) == 2


@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_names_stay_inside_their_quotes(id, title, name):
    given_document = document(**{id: ("T" + title, {}, title), "other" + id: ("T", {name: (id, 0)})})
    ElementTree.fromstring(draw(given_document, TYPES, "svg"))
    for line in draw(given_document, TYPES, "mermaid").splitlines()[1:]:
        assert re.fullmatch(r'    n\d+\["[^"\]\[]*"\]|    n\d+ -->\|"[^"|]*"\| n\d+', line), line
    quoted = r'"(?:[^"\\]|\\.)*"'
    for line in draw(given_document, TYPES, "dot").splitlines()[3:-1]:
        assert re.fullmatch(rf"    {quoted}( -> {quoted})? \[label={quoted}\];", line), line


@pytest.mark.parametrize("format", DRAWING_FORMATS)
def test_nothing_to_draw(format):
    assert draw(document(), TYPES, format)


@given(links())
def test_layout(upstream):
    """Boxes of a column do not overlap; arrows that are no part of a cycle run to the right, bend by bend."""
    drawn = sketch(joined(upstream), Types())
    heights = {box.id: 40.0 + 5 * len(box.inputs) for box in drawn.boxes}
    layout = lay_out(drawn, heights, 10.0)
    assert sorted(i for column in layout.columns for i in column if isinstance(i, str)) == sorted(upstream)
    for column in layout.columns:
        for above, below in pairwise(column):
            assert layout.tops[below] >= layout.tops[above] + heights.get(above, 0.0) + 10.0 - 1e-9
    place = {item: index for index, column in enumerate(layout.columns) for item in column}
    for arrow, route in zip(drawn.arrows, layout.routes):
        assert route[0] == arrow.source and route[-1] == arrow.target
        if place[arrow.source] < place[arrow.target]:
            assert [place[item] for item in route] == list(range(place[arrow.source], place[arrow.target] + 1))


@given(links(acyclic=True))
def test_without_cycles_every_arrow_runs_to_the_right(upstream):
    drawn = sketch(joined(upstream), Types())
    layout = lay_out(drawn, {box.id: 40.0 for box in drawn.boxes}, 10.0)
    place = {item: index for index, column in enumerate(layout.columns) for item in column}
    assert all(place[arrow.source] < place[arrow.target] for arrow in drawn.arrows)
