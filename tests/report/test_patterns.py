"""Patterns in filename prefixes."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.report.patterns import Facts, expand

NOW = datetime(2026, 3, 7, 4, 5, 9)
PROMPT = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 42, "cfg": 7.0, "denoise": 0.55, "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sub/a:b?.safetensors"}},
    "5": {"class_type": "KSampler", "inputs": {"seed": 7}, "_meta": {"title": "Second pass"}},
    "base": {"class_type": "X", "inputs": {"flag": True}},
}
WORKFLOW = {"nodes": [{"id": 5, "properties": {"Node name for S&R": "Refine"}}, {"id": 9}, "junk"]}
FACTS = Facts(PROMPT, WORKFLOW, NOW, 640, 480)


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("plain", "plain"),
        ("%width%x%height%", "640x480"),
        ("%year%-%month%-%day% %hour%.%minute%.%second%", "2026-03-07 04.05.09"),
        ("%date:yyyy-MM-dd%", "2026-03-07"),
        ("%date:yy.M.d h-m-s%", "26.3.7 4-5-9"),
        ("%date:hh:mm:ss%", "04_05_09"),
        ("%date:yyyy/MM%/x", "2026/03/x"),
        ("%KSampler.seed%", "42"),
        ("%KSampler.cfg%", "7"),
        ("%KSampler.denoise%", "0.55"),
        ("%CheckpointLoaderSimple.ckpt_name%", "sub_a_b_.safetensors"),
        ("%Second pass.seed%", "7"),
        ("%Refine.seed%", "7"),
        ("%base.flag%", "true"),
        ("%KSampler.model%", "%KSampler.model%"),
        ("%Nobody.seed%", "%Nobody.seed%"),
        ("%date%", "%date%"),
        ("%a.b.c%", "%a.b.c%"),
        ("100%", "100%"),
        ("%batch_num%", "%batch_num%"),
    ],
)
def test_patterns(template, wanted):
    assert expand(template, FACTS) == wanted


@given(st.text())
def test_a_widget_cannot_make_a_folder_or_a_control_character(value):
    facts = Facts({"1": {"class_type": "A", "inputs": {"b": value}}}, None, NOW)
    name = expand("%A.b%", facts)
    assert not set(name) & set('/\\:*?"<>|\n\r\t\x00\x1b')


@given(st.text(), st.dictionaries(st.text(), st.integers()))
def test_never_raises(template, workflow):
    assert isinstance(expand(template, Facts(PROMPT, workflow, NOW)), str)
