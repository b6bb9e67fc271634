"""Texts as the editor sends them."""

import pytest

from graphexec.document.editor.texts import server_date, without_alternatives
from tests.document.editor.flows import codes_of, finding, flow, node, prompt_of, sampler, save, text


def sent(words):
    return prompt_of(flow(text(6, words, None)), allowed=("GX124",))["6"]["text"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a cat", "a cat"),
        ("a // comment\nb", "a \nb"),
        ("a /* one\ntwo */ b", "a  b"),
        ("see http://x.y/z", "see http:"),
        ("{one|two}", "one"),
        ("a {b|c} {d|e}", "a b d"),
        ("{a|{b|c}|d}", "a"),
        ("{{b|c} x|d}", "b x"),
        ("x {|y}", "x "),
        ("{only}", "only"),
        (r"\{a\|b\}", "{a|b}"),
        (r"{a\|b|c}", "a|b"),
        (r"C:\dir \(x:1.2\)", r"C:\dir \(x:1.2\)"),
        ("a } b | c", "a } b | c"),
        ("{a|b", "a"),
        ("ends in \\", "ends in \\"),
        ("", ""),
    ],
)
def test_prompts(words, expected):
    assert sent(words) == expected


def test_a_choice_is_a_warning():
    found = finding(flow(text(6, "a {b|c}", None)), "GX124")
    assert '"b"' in found.message and found.excerpt.strip() == '"a {b|c}"'
    assert codes_of(flow(text(6, "{only} // note", None))) == []


def test_deep_nesting_is_no_recursion():
    text, chosen = without_alternatives("{" * 20_000 + "a|b" + "}" * 20_000)
    assert (text, chosen) == ("a", ["a"])


def test_texts_without_the_option_are_left_alone():
    value = flow(node(1, "PrimitiveString", ["{a|b} // c"]))
    assert prompt_of(value)["1"]["value"] == "{a|b} // c"


def test_samplers_lose_an_old_prefix():
    made = sampler(1, model=None, positive=None, negative=None, latent_image=None)
    made["widgets_values"][4] = "sample_euler"
    assert prompt_of(flow(made))["1"]["sampler_name"] == "euler"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("yyyy-MM-dd", "%year%-%month%-%day%"),
        ("hhmmss", "%hour%%minute%%second%"),
        ("d.M.yyyy", None),
        ("yy", None),
        ("x", "x"),
    ],
)
def test_dates_become_the_servers_tokens(form, expected):
    assert server_date(form) == expected


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("%date:yyyy%/x", "%year%/x"),
        ("%date:yy%", "%date:yy%"),
        ("s%KSampler.steps%_%KSampler.cfg%", "s20_8"),
        ("%Canvas.width%", "512"),
        ("%Canvas.nothing% %width% %a.b.c%", "%Canvas.nothing% %width% %a.b.c%"),
        ("%Words.text%", "a_b_c"),
        ("100% sure", "100% sure"),
    ],
)
def test_file_names(prefix, expected):
    made = sampler(3, model=None, positive=None, negative=None, latent_image=None)
    made["properties"]["Node name for S&R"] = "KSampler"
    saver = save(9, None) | {"widgets_values": [prefix]}
    value = flow(
        made, node(5, "EmptyLatentImage", [512, 64, 1], title="Canvas"), text(6, 'a/b"c', None, title="Words"), saver
    )
    assert prompt_of(value)["9"]["filename_prefix"] == expected
