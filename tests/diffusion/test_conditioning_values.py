"""Operations on CONDITIONING values."""

import pytest

torch = pytest.importorskip("torch")
from graphexec.diffusion import conditioning_values as values  # noqa: E402
from graphexec.errors import NodeError  # noqa: E402


def cond(tokens=77, width=8, pooled=True, seed=0, **options):
    source = torch.Generator().manual_seed(seed)
    context = torch.randn(1, tokens, width, generator=source)
    extra = {"pooled_output": torch.randn(1, width, generator=source)} if pooled else {}
    return [[context, {**extra, **options}]]


def test_concatenation_appends_the_first_entry_to_each():
    both = [*cond(), *cond(seed=1)]
    joined = values.concatenated(both, [*cond(20, seed=2), *cond(seed=3)])
    assert [entry[0].shape[1] for entry in joined] == [97, 97]
    assert torch.equal(joined[1][0][:, 77:], cond(20, seed=2)[0][0])
    assert torch.equal(joined[1][1]["pooled_output"], both[1][1]["pooled_output"])


@pytest.mark.parametrize("tokens", [20, 77, 154])
def test_an_average_treats_missing_tokens_as_zeros(tokens):
    first, second = cond(), cond(tokens, seed=1)
    mixed = values.averaged(first, second, 0.25)[0]
    filled = torch.zeros(1, 77, 8)
    filled[:, : min(tokens, 77)] = second[0][0][:, :77]
    torch.testing.assert_close(mixed[0], 0.25 * first[0][0] + 0.75 * filled)
    pooled = [c[0][1]["pooled_output"] for c in (first, second)]
    torch.testing.assert_close(mixed[1]["pooled_output"], 0.25 * pooled[0] + 0.75 * pooled[1])


def test_an_average_takes_the_pooled_output_that_is_there():
    bare, full = cond(pooled=False), cond(seed=1)
    assert torch.equal(values.averaged(bare, full, 0.5)[0][1]["pooled_output"], full[0][1]["pooled_output"])
    assert torch.equal(values.averaged(full, bare, 0.5)[0][1]["pooled_output"], full[0][1]["pooled_output"])
    assert "pooled_output" not in values.averaged(bare, bare, 0.5)[0][1]


def test_zeroing_keeps_the_other_options():
    zero = values.zeroed(cond(strength=0.5))[0]
    assert not zero[0].any() and not zero[1]["pooled_output"].any() and zero[1]["strength"] == 0.5


def test_masks_get_a_batch():
    entry = values.masked(cond(), torch.ones(4, 5), 0.7, True)[0][1]
    assert entry["mask"].shape == (1, 4, 5)
    assert entry["mask_strength"] == 0.7 and entry["set_area_to_bounds"] is True


def test_inputs_are_left_alone():
    first, second = cond(), cond(seed=1)
    before = first[0][0].clone(), dict(first[0][1])
    values.with_options(first, {"strength": 2})
    values.averaged(first, second, 0.5)
    values.zeroed(first)
    values.masked(first, torch.ones(2, 2), 1.0, False)
    assert torch.equal(first[0][0], before[0]) and first[0][1] == before[1]


@pytest.mark.parametrize("operation", [values.concatenated, lambda a, b: values.averaged(a, b, 0.5)])
def test_an_empty_second_conditioning_is_named(operation):
    with pytest.raises(NodeError, match="conditioning_from"):
        operation(cond(), [])
