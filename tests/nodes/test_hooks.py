"""The hooks around nodes: inference mode, random state, values, release."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from graphexec.ports import Policy
from nodes.hooks import HOOKS

torch = pytest.importorskip("torch")


def context(node_type="KSampler", **fields):
    return SimpleNamespace(node_type=node_type, node_id="1", resources={}, policy=Policy(), warn=print, **fields)


def test_nodes_run_in_inference_mode():
    assert not torch.is_inference_mode_enabled()
    with HOOKS.around_node(context()):
        assert torch.is_inference_mode_enabled()
    assert not torch.is_inference_mode_enabled()


def test_seeding_inside_a_node_changes_nothing_outside():
    torch.manual_seed(1)
    wanted = torch.randn(3)
    torch.manual_seed(1)
    with HOOKS.around_node(context()):
        torch.manual_seed(99)
        torch.randn(5)
    assert torch.equal(torch.randn(3), wanted)


def test_the_random_state_is_restored_when_a_node_fails():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    with pytest.raises(ValueError), HOOKS.around_node(context()):
        torch.manual_seed(5)
        raise ValueError
    assert torch.equal(torch.get_rng_state(), before) and not torch.is_inference_mode_enabled()


def test_in_a_worker_thread_nothing_of_the_process_is_touched(monkeypatch):
    for name in ("get_rng_state", "set_rng_state", "set_num_threads"):
        monkeypatch.setattr(torch, name, lambda *given: pytest.fail("that belongs to the process"))
    with HOOKS.around_threaded(context()):
        assert torch.is_inference_mode_enabled()
    assert not torch.is_inference_mode_enabled()


def test_out_of_memory_lets_weights_go_and_says_what_helps():
    from graphexec.errors import NodeError

    released = []
    ctx = context()
    ctx.resources["weights"] = SimpleNamespace(clear=lambda: released.append(True))
    with pytest.raises(NodeError, match="out of memory"), HOOKS.around_node(ctx):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")
    assert released and not ctx.resources


def test_values_have_sizes_digests_and_copies():
    latent = {"samples": torch.zeros(1, 4, 8, 8), "batch_index": [0]}
    assert HOOKS.size(latent) >= 1024
    copy = HOOKS.isolate(latent)
    copy["samples"] += 1
    assert not latent["samples"].any()
    assert HOOKS.digest(latent) != HOOKS.digest(copy)
    assert HOOKS.digest(latent) == HOOKS.digest({"batch_index": [0], "samples": torch.zeros(1, 4, 8, 8)})
    assert HOOKS.digest({"samples": object()}) is None


PROGRAM = """
import sys
from types import SimpleNamespace
from graphexec.ports import Policy
from nodes.hooks import HOOKS
import graphexec.registry.builtin as builtin
builtin.load_builtin()
value = {"a": [1, 2.0, None, "x"], "b": {"c": b"raw"}}
with HOOKS.around_node(SimpleNamespace(node_type="SomePackNode", node_id="1", resources={})):
    HOOKS.size(value), HOOKS.isolate(value)
HOOKS.close({})
print(HOOKS.digest(value), "torch" in sys.modules, "numpy" in sys.modules)
with HOOKS.around_node(SimpleNamespace(node_type="EmptyLatentImage", node_id="1", resources={}, policy=Policy(),
                                         warn=print)):
    import torch
    print(torch.is_inference_mode_enabled())
"""


def test_plain_values_need_no_torch_and_have_the_same_digest_without():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    digest, torch_loaded, numpy_loaded, inference = run.stdout.split()
    assert (torch_loaded, numpy_loaded, inference) == ("False", "False", "True")
    assert digest == HOOKS.digest({"a": [1, 2.0, None, "x"], "b": {"c": b"raw"}})


def test_wrapping_a_node_is_cheap():
    started = time.perf_counter()
    for _ in range(200):
        with HOOKS.around_node(context()):
            pass
    assert (time.perf_counter() - started) / 200 < 1e-3
