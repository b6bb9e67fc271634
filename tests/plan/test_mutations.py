"""The check of the checks: whatever is dropped from the recipe of a key, a test of `test_keys.py` fails."""

import contextlib
import io
from pathlib import Path

import pytest

from graphexec.hashing import digest
from graphexec.plan import keys
from graphexec.ports import Policy
from graphexec.registry.spec import InputSpec
from tests.plan.test_keys import node, recipes, spec

TESTS = Path(__file__).with_name("test_keys.py")


def full_recipe():
    """A recipe that has every field."""
    opens = spec(inputs=(InputSpec("name", "COMBO", folder="checkpoints"),), from_pack=True, hidden=(("p", "PROMPT"),))
    return recipes(Policy(threads=1, memory=1)).early(node(opens, {"name": "m"}), {}).recipe


COMMON = full_recipe()["node"]
FIELDS = [
    *(("node", name) for name in COMMON),
    *(("numerics", name) for name in COMMON["numerics"]),
    *(("step", name) for name in ("node", "literals", "links")),
    *(("fields", name) for name in full_recipe() if name not in ("node", "literals", "links")),
]
STEP = ["node", "literals", "links", "fields"]


def without(part, name):
    """A digest like the real one, but blind for one field of the recipe."""

    def blind(kind, value):
        if kind == "node" and part == "node":
            value = {key: item for key, item in value.items() if key != name}
        elif kind == "node" and part == "numerics":
            value = value | {"numerics": {key: item for key, item in value["numerics"].items() if key != name}}
        elif kind == "step" and part == "step":
            value = [None if place == name else item for place, item in zip(STEP, value)]
        elif kind == "step" and part == "fields" and len(value) == len(STEP):
            value = [*value[:3], {key: item for key, item in value[3].items() if key != name}]
        return digest(kind, value)

    return blind


def passes():
    with contextlib.redirect_stdout(io.StringIO()):
        chosen = [
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-p",
            "no:randomly",
            "-k",
            "not literals_are_told_apart",
        ]
        return pytest.main([str(TESTS), *chosen]) is pytest.ExitCode.OK


def test_the_passes_when_nothing_is_dropped():
    assert passes()


@pytest.mark.parametrize(("part", "name"), FIELDS)
def test_a_field_that_is_dropped_is_missed(monkeypatch, part, name):
    monkeypatch.setattr(keys, "digest", without(part, name))
    assert not passes(), f"no test notices that {part} {name!r} is not in the key"
