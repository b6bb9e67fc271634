"""Formatting: canonical, idempotent, and no comment is ever lost."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphexec.document.formatting import WouldLose, formatted
from graphexec.document.load import read
from graphexec.document.model import Source
from graphexec.document.yaml_comments import Sight
from tests.document.test_writers import FLOW

EMPTY = Source("", "", "yaml")


def document_of(text):
    document, found = read(Source("flow", text, "yaml"))
    assert document is not None and found == [], (found, text)
    return document


def meaning(document):
    nodes = {id: replace(node, path=(), input_paths={}, type_path=None) for id, node in document.nodes.items()}
    targets = [(target.node, target.output) for target in document.targets]
    parameters = {name: replace(p, path=()) for name, p in document.parameters.items()}
    return nodes, targets, parameters, document.name, document.description


def fmt(text):
    return formatted(document_of(text), text)


def comments(text):
    return sorted(comment.text for comment in Sight(text).comments if comment.text)


UGLY = """\
# yaml-language-server: $schema=workflow.schema.json

# Two stages.
graphexec:   1    # the form
parameters: {steps: {type: INT, default: 20}}   # the only one
nodes:


  # The model
  'base':
    type: "CheckpointLoaderSimple"   # any SD1
    inputs:
        # file name
        ckpt_name:   tiny.safetensors
        # vae: none
  text: {type: CLIPTextEncode,    # what to draw
         # in words
         inputs: {text: "a # b", clip: base.CLIP}}
    # after text

  long:
    type: CLIPTextEncode
    inputs:
      text: |   # a prompt
        # not a comment
        two
      clip:
        # between
        base.CLIP
# near the end
targets: [text]    # one

# the end
"""

PRETTY = """\
# yaml-language-server: $schema=workflow.schema.json

# Two stages.
graphexec: 1  # the form
parameters:  # the only one
  steps:
    type: INT
    default: 20
nodes:

  # The model
  base:
    type: CheckpointLoaderSimple  # any SD1
    inputs:
      # file name
      ckpt_name: tiny.safetensors
      # vae: none
  text:  # what to draw
    type: CLIPTextEncode
    # in words
    inputs:
      text: "a # b"
      clip: base.CLIP
  # after text

  long:
    type: CLIPTextEncode
    inputs:
      text: |  # a prompt
        # not a comment
        two
      # between
      clip: base.CLIP
# near the end
targets:  # one
  - text

# the end
"""


def test_everything_at_once():
    assert fmt(UGLY) == PRETTY
    assert fmt(PRETTY) == PRETTY
    assert meaning(document_of(PRETTY)) == meaning(document_of(UGLY))


def test_canonical_text_stays():
    assert fmt(FLOW) == FLOW


def test_anchors_are_refused():
    with pytest.raises(WouldLose, match="anchors"):
        fmt("graphexec: 1\nnodes:\n  a: &a {type: X}\n  b: *a\n")


def test_line_ends():
    assert fmt("graphexec: 1 # x\r\nnodes:\r\n  a: {type: X}\r\n") == "graphexec: 1  # x\nnodes:\n  a:\n    type: X\n"


def test_no_comment_where_a_hash_is_text():
    text = "graphexec: 1\nnodes:\n  a#b:\n    type: X\n    inputs:\n      u: 'x # y'\n      v: a#b\n      w: 1  #c\n"
    assert comments(text) == ["#c"]


@st.composite
def commented(draw):
    """Draw a workflow in some style with comments and blank lines anywhere they may stand."""
    lines = []
    numbers = iter(range(1000))
    for line in draw(st.sampled_from([FLOW, PRETTY, UGLY])).split("\n")[:-1]:
        inside = not line.strip() or line.startswith(("        ", "  Two", "    one"))
        if not inside and "|" not in line and draw(st.integers(0, 3)) == 0:
            for _ in range(draw(st.integers(1, 3))):
                pad = " " * draw(st.integers(0, 8))
                lines.append(draw(st.sampled_from([f"{pad}# own {next(numbers)}", "", pad])))
        lines.append(line)
        if not inside and "#" not in line and "|" not in line and draw(st.integers(0, 3)) == 0:
            lines[-1] += f"  # behind {next(numbers)}"
    lines += draw(st.lists(st.sampled_from(["# tail", "", "    # deep tail"]), max_size=3))
    return "\n".join(lines) + "\n"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(commented())
def test_comments_are_kept_and_formatting_twice_is_formatting_once(text):
    document, found = read(Source("flow", text, "yaml"))
    if document is None or found:  # the comment ended a block of text
        return
    once = formatted(document, text)
    assert comments(once) == comments(text)
    assert meaning(document_of(once)) == meaning(document)
    assert fmt(once) == once
