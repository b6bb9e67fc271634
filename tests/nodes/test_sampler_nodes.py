"""Option nodes of samplers against the rows of the sampler table."""

import pytest

torch = pytest.importorskip("torch")
from graphexec.diffusion.sampling import sampler  # noqa: E402
from graphexec.errors import NodeError  # noqa: E402
from nodes import samplers  # noqa: E402

SPECS = {spec.type: spec for spec in samplers.NODES.specs}
SWITCHES = {"use_pece": False, "simple_order_2": False}


def sa_solver(**changes):
    spec = SPECS["SamplerSASolver"]
    defaults = {declared.name: declared.default for declared in spec.inputs if declared.has_default}
    return spec.function(None, model=None, **{**defaults, **SWITCHES, **changes})[0]


@pytest.mark.parametrize(("pece", "name"), [(False, "sa_solver"), (True, "sa_solver_pece")])
def test_the_defaults_of_sa_solver_are_those_of_the_sampler(pece, name):
    chosen = sa_solver(use_pece=pece)
    assert {**chosen.spec.options, **chosen.options} == dict(sampler(name).spec.options)


def test_settings_of_sa_solver_arrive():
    options = sa_solver(eta=0.5, sde_start_percent=0.1, sde_end_percent=0.6, corrector_order=0).options
    assert (options["eta"], options["start_percent"], options["end_percent"]) == (0.5, 0.1, 0.6)
    assert options["corrector_order"] == 0


def test_what_is_not_supported_is_refused():
    with pytest.raises(NodeError, match="simple_order_2"):
        sa_solver(simple_order_2=True)
