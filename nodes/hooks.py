"""What the numeric world does for the engine around nodes and with their values (`ports.Hooks`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from graphexec.ports import Encoded, PlainHooks, Policy, Remembered, counted, read_blocked, write_blocked
from graphexec.registry.authoring import Context, NodeError
from nodes import PLAIN_MODULES, TABLE_MODULES

_PLAIN = PlainHooks()
_UNTOUCHED = nullcontext()

LEVELS = frozenset({"steps", "start_at_step", "end_at_step", "return_with_leftover_noise", "denoise", "scheduler"})
"""Inputs of samplers that change the noise levels and nothing else."""


class NumericHooks:
    """Implements `ports.Hooks`. Imports torch only around nodes that use it and for values that need it."""

    def around_node(self, context: Context) -> AbstractContextManager[None]:
        """Run a node in inference mode and with the policy's threads; torch's random state is restored behind it.

        A pack that seeds torch's global generator so changes neither the host's nor another node's random numbers.
        When a device is out of memory, its weights are let go and the user is told.
        """
        if "torch" not in sys.modules and context.node_type not in _numeric_types():
            return _UNTOUCHED
        return self._around_numeric(context)

    @contextmanager
    def _around_numeric(self, context: Context) -> Iterator[None]:
        import torch

        from graphexec.diffusion.notices import heard_by

        cpu_state = torch.get_rng_state()
        threads, wanted = torch.get_num_threads(), context.policy.threads
        cuda_states = torch.cuda.get_rng_state_all() if _cuda_in_use() else []
        try:
            if wanted and wanted != threads:
                torch.set_num_threads(wanted)
            with torch.inference_mode(), heard_by(context.warn):
                yield
        except torch.cuda.OutOfMemoryError as error:
            self.close(context.resources)
            hint = "a smaller image or batch, tiled VAE nodes, or --dtype fp16 needs less"
            raise NodeError(f"the device is out of memory: {hint}") from error
        finally:
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            torch.set_rng_state(cpu_state)
            if cuda_states:
                torch.cuda.set_rng_state_all(cuda_states)

    def around_threaded(self, context: Context) -> AbstractContextManager[None]:
        """Run a node in inference mode. Number of threads and random state are the process's: they stay as they are."""
        if "torch" not in sys.modules:
            return _UNTOUCHED
        import torch

        return torch.inference_mode()

    def hint(self, literals: Mapping[str, Any], changed: Sequence[str]) -> str | None:
        """Tell of a sampler whose levels alone have changed whether it starts from steps of an earlier run."""
        from graphexec.diffusion.names import LOOKS_AHEAD, SAMPLER_NAMES

        sampler = literals.get("sampler_name")
        if sampler not in SAMPLER_NAMES or not LEVELS.issuperset(changed):
            return None
        why = LOOKS_AHEAD.get(sampler)
        if why is None:
            return "it starts from the steps that it shares with an earlier run, if those are still in the cache"
        return f"{sampler} cannot start from steps of an earlier run: {why}"

    def size(self, value: Any) -> int:
        """Return the bytes that a value holds, roughly."""
        from graphexec.diffusion import codecs

        return codecs.size(value)

    def digest(self, value: Any) -> str | None:
        """Return the digest of a value's content, or None when it has none that could be told."""
        from graphexec.diffusion import codecs

        return codecs.digest(value)

    def isolate(self, value: Any) -> Any:
        """Return a copy that may be written into."""
        from graphexec.diffusion import codecs

        return codecs.clone(value)

    def encode(self, value: Any) -> Encoded:
        """Return a value as bytes: what holds tensors as safetensors, other values as text or JSON."""
        from graphexec.diffusion import tensor_files

        if not tensor_files.has_tensor(value):
            return _PLAIN.encode(value)
        return Encoded(tensor_files.MEDIA_TYPE, tensor_files.encode(value, write_blocked))

    def decode(self, encoded: Encoded) -> Any:
        """Return the value that was encoded; imports torch only for tensors."""
        from graphexec.diffusion import tensor_files

        if encoded.media_type != tensor_files.MEDIA_TYPE:
            return _PLAIN.decode(encoded)
        return tensor_files.decode(encoded.content, read_blocked)

    def policy(self, device: str, dtype: str, noise: str, threads: int | None = None) -> Policy:
        """Resolve the user's words to what this machine has. Raises UsageError."""
        from nodes.policy import resolve

        return resolve(device, dtype, noise, threads)

    def formats(self, policy: Policy, folder: str, path: Path, remembered: Remembered = counted) -> Mapping[str, str]:
        """Return the number formats that a model file's parts compute in, as keys have them."""
        from nodes.policy import formats, revised

        return revised(policy, formats(policy, folder, path, remembered))

    def close(self, resources: dict[str, Any]) -> None:
        """Let loaded weights and cached device memory go."""
        for resource in resources.values():
            if hasattr(resource, "clear"):
                resource.clear()
        resources.clear()
        if _cuda_in_use():
            import torch

            torch.cuda.empty_cache()


def _cuda_in_use() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())


@cache
def _numeric_types() -> frozenset[str]:
    """Return the built-in node types whose bodies import torch."""
    modules = [import_module(name) for name in TABLE_MODULES if name not in PLAIN_MODULES]
    return frozenset(spec.type for module in modules for spec in module.NODES.specs)


HOOKS = NumericHooks()
