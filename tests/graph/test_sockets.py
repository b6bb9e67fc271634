"""Which socket types fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.graph.sockets import fits

TYPES = st.lists(st.sampled_from(["INT", "FLOAT", "IMAGE", "image", "*"]), min_size=1, max_size=3).map(",".join)


@pytest.mark.parametrize(
    ("output", "input", "fit"),
    [
        ("MODEL", "MODEL", True),
        ("MODEL", "CLIP", False),
        ("model", "MODEL", False),
        ("*", "MODEL", True),
        ("MODEL", "*", True),
        ("INT", "FLOAT", False),
        ("INT,FLOAT", "FLOAT", True),
        ("INT", "INT, FLOAT", True),
        ("INT,STRING", "FLOAT,BOOLEAN", False),
        ("MODELS", "MODEL", False),
        ("STRING", "COMBO", False),
        ("", "MODEL", False),
    ],
)
def test_table(output, input, fit):
    assert fits(output, input) is fit


@given(TYPES, TYPES)
def test_fit_is_symmetric_and_a_matter_of_shared_parts(a, b):
    shared = set(a.split(",")) & set(b.split(","))
    assert fits(a, b) == fits(b, a) == (bool(shared) or "*" in a or "*" in b)
