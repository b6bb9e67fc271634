"""The tables of the built-in nodes against the catalogue of ComfyUI's core nodes."""

import subprocess
import sys
from importlib import import_module

import pytest

import nodes
from graphexec.diffusion.names import SAMPLER_NAMES, SCHEDULER_NAMES
from graphexec.registry import catalogue

SPECS = {spec.type: spec for name in nodes.TABLE_MODULES for spec in import_module(name).NODES.specs}
CORE = [type for type in SPECS if SPECS[type] not in import_module("nodes.companions").NODES.specs]
EDITOR_ONLY = {"tooltip", "multiselect"}


def facts(declared):
    """What of an input decides how a file is read, checked and converted."""
    choices = () if declared.folder == "input" else declared.choices
    options = {key: value for key, value in declared.options.items() if key not in EDITOR_ONLY}
    return {
        "name": declared.name,
        "type": declared.type,
        "required": declared.required,
        "default": declared.default,
        "has_default": declared.has_default,
        "min": declared.min,
        "max": declared.max,
        "choices": choices,
        "options": options,
    }


@pytest.mark.parametrize("type", CORE)
def test_equals_the_core_node(type):
    ours, core = SPECS[type], catalogue.known(type)
    assert core is not None
    theirs = [facts(declared) for declared in core.inputs]
    if any(declared.folder == "input" for declared in ours.inputs):
        for declared in theirs:  # what lay in the input folder when the catalogue was made
            declared["choices"] = () if declared["choices"] == ("example.png",) else declared["choices"]
    assert [facts(declared) for declared in ours.inputs] == theirs
    assert ours.outputs == core.outputs
    assert ours.hidden == core.hidden
    assert (ours.output_node, ours.category) == (core.output_node, core.category)
    assert ours.display_name == core.display_name


def test_no_type_twice():
    assert len(SPECS) == sum(len(import_module(name).NODES.specs) for name in nodes.TABLE_MODULES)


@pytest.mark.parametrize("type", SPECS)
def test_bodies_take_what_tables_declare(type):
    import inspect

    parameters = inspect.signature(SPECS[type].function).parameters
    spread = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = {n for n, p in parameters.items() if n != "context" and p.kind is not p.VAR_KEYWORD}
    declared = {i.name: i for i in SPECS[type].inputs}
    assert named <= declared.keys()
    assert spread or named == declared.keys()
    for name in named:
        assert declared[name].required or parameters[name].default is not inspect.Parameter.empty


@pytest.mark.parametrize("type", SPECS)
def test_has_a_description(type):
    assert SPECS[type].description.endswith(".")


def test_importing_the_tables_imports_nothing_numeric():
    program = (
        "import sys, nodes\nfrom importlib import import_module\n"
        "for name in nodes.TABLE_MODULES: import_module(name)\nimport nodes.hooks\n"
        "print(*[m for m in ('torch', 'numpy', 'PIL', 'safetensors', 'scipy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "\n"


def test_sampler_names_are_those_of_the_sampler_table():
    from graphexec.diffusion.samplers.table import SAMPLERS

    assert set(SAMPLERS) == set(SAMPLER_NAMES) and len(SAMPLER_NAMES) == len(SAMPLERS) == 44


def test_scheduler_names_are_those_of_the_scheduler_table():
    from graphexec.diffusion.schedulers import SCHEDULERS

    assert tuple(SCHEDULERS) == SCHEDULER_NAMES
