"""Applied controls: range, strength and chains; pictures for batches; conditionings that share one control."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from torch.testing import assert_close

from graphexec.diffusion.codecs import digest
from graphexec.diffusion.control import AppliedControl, added, controlled
from graphexec.diffusion.control_handle import fitted
from graphexec.diffusion.schedules import scaled_linear
from tests.diffusion.control.files import batch

SCHEDULE = scaled_linear()
IMAGE = torch.zeros(1, 8, 8, 3)


@dataclass
class Constant:
    """A control model that always adds the same."""

    value: float
    places: tuple[str, ...] = ("output", "middle")
    identity: str | None = "constant"
    asked: list[float] = field(default_factory=list)

    def residuals(self, inputs, image):
        self.asked.append(self.value)
        return {place: [None, torch.tensor([self.value])] for place in self.places}


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.2, 0.8), (0.0, 0.5), (0.5, 1.0), (0.8, 0.2)])
def test_a_control_counts_in_its_range_only(start, end):
    control = AppliedControl(Constant(1.0), IMAGE, 2.0, start, end)
    for timestep in (0.0, 100.0, 300.0, 499.0, 501.0, 700.0, 998.0):
        sigma, fraction = float(SCHEDULE.sigma(torch.tensor(timestep))), 1.0 - timestep / 999.0
        found = control(batch("sd1"), sigma, SCHEDULE)
        assert (found is not None) == (start <= fraction <= end)
        if found is not None:
            assert found["output"][0] is None and float(found["output"][1]) == 2.0


def test_chained_controls_add_up_where_each_counts():
    low, high = (float(SCHEDULE.sigma(torch.tensor(t))) for t in (100.0, 900.0))
    first = AppliedControl(Constant(1.0, ("output",)), IMAGE, 0.5)
    second = AppliedControl(Constant(10.0), IMAGE, 1.0, 0.0, 0.5, first)
    third = AppliedControl(Constant(100.0, ("middle",)), IMAGE, 1.0, previous=second)
    early, late = (third(batch("sd1"), sigma, SCHEDULE) for sigma in (high, low))
    assert float(early["output"][1]) == 10.5 and float(early["middle"][1]) == 110.0
    assert float(late["output"][1]) == 0.5 and float(late["middle"][1]) == 100.0
    assert early["output"][0] is None


def test_a_control_out_of_range_is_not_computed():
    model = Constant(1.0)
    AppliedControl(model, IMAGE, 1.0, 0.0, 0.5)(batch("sd1"), 0.1, SCHEDULE)
    assert model.asked == []


def test_residuals_of_different_length_meet_at_their_ends():
    one = {"input": [torch.ones(1), torch.ones(1)]}
    other = {"input": [torch.ones(1) * 2, None, torch.ones(1) * 4]}
    for found in (added(one, other), added(other, one)):
        assert [float(r) for r in found["input"]] == [2.0, 1.0, 5.0]


def test_every_condition_of_a_batch_gets_the_images_in_order():
    images = torch.arange(3.0).reshape(3, 1, 1, 1).expand(3, 16, 16, 3)
    inputs = batch("sd1", size=8, conditions=2)
    assert fitted(images, inputs, 8, 8)[:, 0, 0, 0].tolist() == [0.0, 1.0, 2.0, 0.0, 0.0, 1.0, 2.0, 0.0]
    assert fitted(images[1:2], inputs, 8, 8)[:, 0, 0, 0].tolist() == [1.0] * 8


def test_a_picture_keeps_its_middle_and_its_values():
    wide = torch.arange(12.0).reshape(1, 1, 12, 1).expand(1, 4, 12, 3)
    inputs = batch("sd1", size=1)
    assert_close(fitted(wide, inputs, 4, 4)[0, 0, 0], torch.tensor([4.0, 5.0, 6.0, 7.0]))
    assert_close(fitted(wide, inputs, 8, 8)[0, 0, 0], torch.tensor([4.0, 4, 5, 5, 6, 6, 7, 7]))


def test_entries_with_the_same_controls_before_share_one():
    plain = [torch.zeros(1, 7, 4), {"strength": 1.0}]
    positive, negative = controlled([[plain, plain], [plain]], Constant(1.0), IMAGE, 0.5, (0.1, 0.9))
    control = positive[0][1]["control"]
    assert all(entry[1]["control"] is control for entry in (*positive, *negative))
    assert (control.strength, control.start, control.end, control.previous) == (0.5, 0.1, 0.9, None)
    assert "control" not in plain[1]
    assert positive[0][1]["strength"] == 1.0
    again = controlled([positive, [plain]], Constant(2.0), IMAGE, 1.0, shared=True)
    assert again[0][0][1]["control"] is again[0][1][1]["control"]
    assert again[0][0][1]["control"].previous is control and again[1][0][1]["control"].previous is None
    assert again[0][0][1]["control_apply_to_uncond"] and not positive[0][1]["control_apply_to_uncond"]


def test_identity_tells_controls_apart():
    model = Constant(1.0)
    base = AppliedControl(model, IMAGE)
    others = [
        AppliedControl(Constant(1.0, identity="other"), IMAGE),
        AppliedControl(model, IMAGE + 1),
        AppliedControl(model, IMAGE, 0.5),
        AppliedControl(model, IMAGE, 1.0, 0.1),
        AppliedControl(model, IMAGE, 1.0, 0.0, 0.9),
        AppliedControl(model, IMAGE, previous=base),
    ]
    assert len({control.identity for control in (base, *others)}) == 7
    assert base.identity == AppliedControl(model, IMAGE.clone()).identity
    assert AppliedControl(model, IMAGE, previous=AppliedControl(Constant(1.0, identity=None), IMAGE)).identity is None
    assert digest([[torch.zeros(1), {"control": base}]]) is not None
