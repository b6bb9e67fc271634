"""The names under which LoRA files know the tensors of a model, in the layouts of kohya, diffusers, PEFT, LyCORIS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from graphexec.diffusion.clip_handle import ClipHandle, TextEncoder
from graphexec.diffusion.loading.diffusers_names import diffusers_name, unet_prefixes
from graphexec.diffusion.model_handle import ModelHandle


def model_aliases(model: ModelHandle) -> dict[str, str]:
    """The layers of a UNet by every name that files use for them."""
    prefixes = unet_prefixes(model.layout)
    return dict(
        alias
        for layer in _layers(model.part.sources)
        for alias in _unet_aliases(layer, (diffusers_name(f"{layer}.", prefixes) or "").rstrip("."))
    )


def clip_aliases(clip: ClipHandle) -> dict[str, str]:
    """The layers of text encoders, with the role in front, by every name that files use for them."""
    roles = [encoder.role for encoder in clip.encoders]
    return dict(
        alias
        for encoder in clip.encoders
        for layer in _layers(encoder.part.sources)
        for alias in _text_aliases(encoder, layer, roles)
    )


def _layers(names: Iterable[str]) -> dict[str, None]:
    """Names of tensors without their last word, each once."""
    return dict.fromkeys(name.rsplit(".", 1)[0] for name in names)


def _unet_aliases(layer: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield f"lora_unet_{_flat(layer)}", layer
    yield f"diffusion_model.{layer}", layer
    if theirs:
        # attn.processor.to_q is how diffusers named the layers until its version 0.20
        for name in (theirs, theirs.replace(".to_", ".processor.to_")):
            yield f"unet.{name.removesuffix('.0') if '.processor.' in name else name}", layer
        yield f"lora_unet_{_flat(theirs)}", layer
        yield f"lycoris_{_flat(theirs)}", layer
        yield theirs, layer


def _text_aliases(encoder: TextEncoder, layer: str, roles: Sequence[str]) -> Iterator[tuple[str, str]]:
    target, first = f"{encoder.role}.{layer}", encoder.role == roles[0]
    names = ("te", "te1") if first else ("te2",)
    for name in names:
        yield f"lora_{name}_{_flat(layer)}", target
        yield f"lycoris_{name}_{_flat(layer)}", target
    yield f"text_encoder{'' if first else '_2'}.{layer}", target
    yield f"text_encoders.clip_{encoder.role}.transformer.{layer}", target
    if encoder.role == "g":
        yield f"lora_te2_{_flat(layer)}", target


def _flat(name: str) -> str:
    return name.replace(".", "_")
