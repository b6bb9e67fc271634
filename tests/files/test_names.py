"""Names of files: what leaves its directory, on any system, is refused; what does not is kept."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.errors import NodeError
from graphexec.files import safe_name, safe_prefix, unsafe

UNSAFE = {
    "": "empty",
    "../x": "'..'",
    "a/../../x": "'..'",
    "a\\..\\x": "'..'",
    "..": "'..'",
    "/etc/passwd": "absolute",
    "\\\\server\\share": "absolute",
    "\\x": "absolute",
    "C:\\x": "drive",
    "C:x": "drive",
    "x.png:stream": "drive or a stream",
    "con": "device",
    "NUL.png": "device",
    "sub/Com1.safetensors": "device",
    "lpt¹": "device",
    "aux .txt": "device",
    "CONIN$": "device",
    "x.": "ends in a dot",
    "x ": "ends in a dot or a blank",
    "dir./x": "ends in a dot",
    ".../x": "ends in a dot",
    "a\x00.png": "control character",
    "a\nb": "control character",
    "a\x7f": "control character",
    "a\x9b": "control character",
    "a\ud800": "control character",
}


@pytest.mark.parametrize("name", UNSAFE)
def test_refused(name):
    assert UNSAFE[name] in unsafe(name)
    with pytest.raises(NodeError, match="not a safe file name"):
        safe_name(name)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("sd/x.safetensors", "sd/x.safetensors"),
        ("sd\\x.safetensors", "sd/x.safetensors"),
        ("./a//b", "a/b"),
        (".hidden", ".hidden"),
        ("a..b", "a..b"),
        ("雪 狐.png", "雪 狐.png"),
        ("console.txt", "console.txt"),
        ("com10", "com10"),
        ("~x", "~x"),
    ],
)
def test_kept(name, kept):
    assert unsafe(name) is None and safe_name(name) == kept


@pytest.mark.parametrize("name", [".", "./", ".//."])
def test_the_directory_itself_is_no_file(name):
    with pytest.raises(NodeError, match="names no file"):
        safe_name(name)


@given(st.text(st.sampled_from("ab./\\: %\x00"), max_size=12))
def test_a_safe_name_stays_inside_and_is_stable(name):
    try:
        safe = safe_name(name)
    except NodeError:
        return
    inside = os.path.normpath(f"/root/{safe}")
    assert inside.startswith("/root/") and inside == f"/root/{safe}"
    assert safe_name(safe) == safe


def test_prefix_patterns_may_hold_colons():
    assert safe_prefix("%date:hh:mm%\\fox_%width%") == "%date:hh:mm%/fox_%width%"


@pytest.mark.parametrize("prefix", ["%date:hh%/../x", "x:%width%", "/%year%", "a%", "%\x00%/..", "100% of ../x%"])
def test_prefixes_outside_of_patterns_are_held_to_the_rules(prefix):
    if prefix == "a%":
        assert safe_prefix(prefix) == prefix
    else:
        with pytest.raises(NodeError):
            safe_prefix(prefix)
