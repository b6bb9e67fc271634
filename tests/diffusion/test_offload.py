"""Sequential offload with a stand-in for the device: what is copied when, and that nothing else changes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from graphexec.diffusion.devices import Placement, place
from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import Inputs
from graphexec.diffusion.offload import CudaMover, offloaded, wanted
from tests.diffusion.layouts import write_unet

CPU = torch.device("cpu")


class Recorder:
    """Copies within the host, and notes the order of what happens."""

    def __init__(self):
        self.events, self.sent = [], []

    def pinned(self, weight):
        return weight.clone()

    def send(self, weights):
        number = len(self.sent)
        copies = {name: weight.clone() for name, weight in weights.items()}
        self.sent.append([weight.data_ptr() for weight in copies.values()])
        self.events.append(("send", number))

        def wait():
            self.events.append(("wait", number))
            return copies

        return wait


def stack(recorder):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 4)).requires_grad_(False)
    layers = [module[0], module[2], module[3]]
    before = [weight.clone() for weight in module.parameters()]
    offloaded(module, layers, CPU, recorder)
    for number, layer in enumerate(layers):
        layer.register_forward_hook(lambda *_, number=number: recorder.events.append(("computed", number)))
    return module, layers, before


def test_the_next_layer_is_on_its_way_while_one_computes():
    recorder = Recorder()
    module, _, before = stack(recorder)
    x = torch.ones(2, 4)
    expected = nn.functional.linear(nn.functional.linear(x, *before[:2]).relu(), *before[2:4])
    for _ in range(2):
        assert torch.equal(module(x), nn.functional.linear(expected, *before[4:]))
    steps = [(("wait", n), ("send", n + 1), ("computed", n % 3)) for n in range(6)]
    assert recorder.events == [("send", 0), *(event for step in steps for event in step)]


def test_weights_are_on_the_device_while_their_layer_computes_and_no_longer():
    recorder = Recorder()
    module, layers, before = stack(recorder)
    seen = []
    for layer in layers:
        layer.register_forward_pre_hook(lambda layer, _: seen.append([w.data_ptr() for w in layer.parameters()]))
    host = [weight.data_ptr() for weight in module.parameters()]
    module(torch.ones(2, 4))
    assert seen == recorder.sent[:3]
    assert [weight.data_ptr() for weight in module.parameters()] == host
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), before))


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_a_network_computes_the_same(tmp_path, monkeypatch, family):
    handle = load_unet(write_unet(tmp_path / "a.safetensors", family), WeightsPool())
    layout, generator = handle.layout, torch.Generator().manual_seed(1)
    inputs = Inputs(
        torch.randn(2, layout.channels_in, 8, 8, generator=generator),
        torch.tensor([3.0, 500.0]),
        torch.randn(2, 7, layout.context, generator=generator),
        None if layout.vector is None else torch.randn(2, layout.vector, generator=generator),
    )
    plain = handle.network()(inputs)
    recorder = Recorder()
    monkeypatch.setattr("graphexec.diffusion.offload.CudaMover", lambda device: recorder)
    monkeypatch.setattr("graphexec.diffusion.offload.wanted", lambda size, placement: True)
    for _ in range(2):
        assert torch.equal(handle.network()(inputs), plain)
    layers = sum(len(block) for block in (*layout.input, layout.middle, *layout.output))
    assert len(recorder.sent) == 2 * layers + 1, "loaded once, and the first layer is under way for a next step"


def test_it_is_for_gpus_whose_budget_the_weights_would_fill():
    gpu = Placement(torch.device("cuda"), torch.float16, torch.float16, memory=100)
    assert [wanted(size, gpu) for size in (75, 76)] == [False, True]
    assert not wanted(10**12, place("cpu", {}, 100))
    assert not wanted(10**12, Placement(torch.device("cuda"), torch.float16, torch.float16))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu():
    module = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64)).requires_grad_(False)
    x = torch.randn(3, 64)
    expected = module(x)
    device = torch.device("cuda")
    offloaded(module, list(module), device, CudaMover(device))
    for _ in range(3):
        torch.testing.assert_close(module(x.to(device)).cpu(), expected)
    assert all(weight.device.type == "cpu" and weight.is_pinned() for weight in module.parameters())
