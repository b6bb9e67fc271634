"""The authoring API of built-in nodes: a table of inputs and outputs above a function.

    NODES = NodeTable("latent")

    @NODES.node("LatentFlip", outputs=(Output("LATENT"),), inputs=(
        Socket("samples", "LATENT"),
        Choice("flip_method", ("x-axis: vertically", "y-axis: horizontally")),
    ))
    def latent_flip(context: Context, samples: Latent, flip_method: str) -> tuple[Latent]:
        '''Mirror a latent.'''
        from graphexec.diffusion import latents  # torch only inside bodies

        return (latents.flip(samples, flip_method),)

The order of inputs is ComfyUI's, because editor files store widget values by position. `version` enters the
cache key: raise it whenever results change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from graphexec.errors import NodeError
from graphexec.ports import Artifact, Blocked, Context, Outcome
from graphexec.registry.named_files import named_files as files_of
from graphexec.registry.spec import InputSpec, NodeSpec, OutputSpec

__all__ = ["Artifact", "Blocked", "Boolean", "Choice", "Conditioning", "Context", "File", "Float", "Image", "Int",
           "Latent", "Mask", "NodeError", "NodeTable", "Outcome", "Output", "Socket", "String",
           "files_of"]  # fmt: skip

FileSet: TypeAlias = tuple[tuple[str, str], ...]
"""Files that belong together: (folder, name without extension)."""
Image: TypeAlias = Any
"""float32 tensor `(B, H, W, C)` in 0..1."""
Mask: TypeAlias = Any
"""float32 tensor `(B, H, W)` in 0..1, 1 = selected."""
Latent: TypeAlias = Mapping[str, Any]
"""`{"samples": (B, C, H/8, W/8), "noise_mask"?, "batch_index"?}`, float32."""
Conditioning: TypeAlias = Sequence[Any]
"""A list of `[tensor (1, T, D), options]`."""


def Int(name: str, default: int | None = None, *, min: int | None = None, max: int | None = None,
        step: int | None = None, required: bool = True, **options: Any) -> InputSpec:  # fmt: skip
    """An INT with optional bounds (inclusive). `step` is a hint to editors and is not enforced."""
    return _widget(name, "INT", default, required, options | _present(step=step), min=min, max=max)


def Float(name: str, default: float | None = None, *, min: float | None = None, max: float | None = None,
          step: float | None = None, required: bool = True, **options: Any) -> InputSpec:  # fmt: skip
    """A FLOAT with optional bounds (inclusive); an integer literal is taken as that float."""
    return _widget(name, "FLOAT", default, required, options | _present(step=step), min=min, max=max)


def String(name: str, default: str | None = None, *, required: bool = True, **options: Any) -> InputSpec:
    """A text."""
    return _widget(name, "STRING", default, required, options)


def Boolean(name: str, default: bool | None = None, *, required: bool = True, **options: Any) -> InputSpec:
    """True or false."""
    return _widget(name, "BOOLEAN", default, required, options)


def Choice(name: str, choices: Sequence[Any], default: Any = None, *, required: bool = True,
           **options: Any) -> InputSpec:  # fmt: skip
    """One of a fixed list of values."""
    return _widget(name, "COMBO", default, required, options, choices=tuple(choices))


def File(name: str, folder: str, *, extra: Sequence[str] = (), sets: Mapping[str, FileSet] | None = None,
         required: bool = True, **options: Any) -> InputSpec:  # fmt: skip
    """The name of a file in a model folder (`checkpoints`, ...) or in `input`; `extra` names need no file.

    `sets` are names that stand for several files, each given as (folder, name without extension).
    """
    one = _widget(name, "COMBO", None, required, options, choices=tuple(extra), folder=folder)
    return replace(one, sets=MappingProxyType(dict(sets))) if sets else one


def Socket(name: str, type: str, *, required: bool = True, lazy: bool = False, **options: Any) -> InputSpec:
    """An input that only another node can feed."""
    return InputSpec(name=name, type=type, required=required, lazy=lazy, options=MappingProxyType(options))


def Output(type: str, name: str | None = None, *, is_list: bool = False) -> OutputSpec:
    """An output socket, named after its type unless `name` is given."""
    return OutputSpec(name=name or type, type=type, is_list=is_list)


class NodeTable:
    """The node types of one module, in the order they are defined. `category` is their editor menu."""

    def __init__(self, category: str) -> None:
        self.category = category
        self.specs: list[NodeSpec] = []

    def node(
        self,
        type: str,
        *,
        inputs: Sequence[InputSpec] = (),
        outputs: Sequence[OutputSpec] = (),
        version: str = "1",
        hidden: Sequence[tuple[str, str]] = (),
        output_node: bool = False,
        handle: bool = False,
        display_name: str = "",
        category: str | None = None,
        **fields: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Add the decorated function as node type `type`; `fields` are further fields of NodeSpec."""

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            self.specs.append(
                NodeSpec(
                    type=type, inputs=tuple(inputs), outputs=tuple(outputs), function=function, provider="built-in",
                    version=version, hidden=tuple(hidden), output_node=output_node, handle=handle,
                    display_name=display_name or type, category=category or self.category,
                    description=(function.__doc__ or "").strip(), **fields,
                )
            )  # fmt: skip
            return function

        return add


def _widget(name: str, type: str, default: Any, required: bool, options: Mapping[str, Any], *,
            min: float | None = None, max: float | None = None, choices: tuple[Any, ...] = (),
            folder: str | None = None) -> InputSpec:  # fmt: skip
    return InputSpec(
        name=name, type=type, required=required, default=default, has_default=default is not None, min=min, max=max,
        choices=choices, folder=folder, options=MappingProxyType(dict(options)),
    )  # fmt: skip


def _present(**values: Any) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v is not None}
