"""Which family of models a file belongs to, told by the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from graphexec.diffusion.loading.diffusers_files import UNET_MARK, unet_sources
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import Part, prefixed
from graphexec.diffusion.loading.weights import WeightsFile
from graphexec.diffusion.model import LatentFormat
from graphexec.diffusion.models.layout import Transformer, UNetLayout, unet_layout
from graphexec.diffusion.parameterization import Eps, Parameterization, V
from graphexec.diffusion.schedules import Schedule, log_uniform, scaled_linear

FamilyName: TypeAlias = Literal["sd1", "sd2", "sdxl", "sdxl-refiner"]

LATENTS: Mapping[FamilyName, LatentFormat] = MappingProxyType(
    {
        "sd1": LatentFormat(scale=0.18215),
        "sd2": LatentFormat(scale=0.18215),
        "sdxl": LatentFormat(scale=0.13025),
        "sdxl-refiner": LatentFormat(scale=0.13025),
    }
)
UNET_PREFIXES = ("model.diffusion_model.", "")
SIZE_NUMBER = 256
"""Width of the embedding of each number (height, crop, ...) in SDXL's vector conditioning."""

STRANGERS: Mapping[str, str] = MappingProxyType(
    {
        "double_blocks.0.img_attn.norm.key_norm.scale": "Flux",
        "joint_blocks.0.context_block.attn.qkv.weight": "Stable Diffusion 3",
        "time_stack.emb.0.weight": "Stable Video Diffusion",
        "input_blocks.1.1.time_stack.0.norm1.weight": "Stable Video Diffusion",
        "clf.1.weight": "Stable Cascade",
        "edm_mean": "Playground 2.5",
        "blocks.0.self_attn.norm_q.weight": "Wan",
    }
)
V_MARK = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
V_SPREAD = 0.09


@dataclass(frozen=True, slots=True)
class Family:
    """What a UNet was trained to do. `zero_snr`: its schedule ends in pure noise; `edm`: the range of its levels."""

    name: FamilyName
    prediction: Literal["eps", "v"] = "eps"
    zero_snr: bool = False
    edm: tuple[float, float] | None = None

    @property
    def latent_format(self) -> LatentFormat:
        """How the autoencoder's latents map to model space."""
        return LATENTS[self.name]

    def schedule(self) -> Schedule:
        """The noise levels it was trained on."""
        if self.edm:
            return log_uniform(*self.edm, clock="edm")
        return scaled_linear(zero_terminal_snr=self.zero_snr)

    def parameterization(self) -> Parameterization:
        """What it predicts."""
        return V() if self.prediction == "v" else Eps()


def find_unet(file: WeightsFile) -> tuple[Part, UNetLayout] | None:
    """The UNet in a file, or None when there is none. Raises BadModelFile for models of other kinds."""
    tensors = file.header.tensors
    for prefix in UNET_PREFIXES:
        stranger = next((who for mark, who in STRANGERS.items() if prefix + mark in tensors or mark in tensors), None)
        if stranger:
            raise BadModelFile(file.path, f"looks like {stranger}, which is not supported; SD1, SD2 and SDXL files are")
        if f"{prefix}input_blocks.0.0.weight" in tensors and f"{prefix}out.2.weight" in tensors:
            return _with_layout(prefixed(file, "unet", prefix))
    if UNET_MARK in tensors and "conv_out.weight" in tensors:
        return _with_layout(Part(file, "unet", unet_sources(tensors)))
    return None


def _with_layout(unet: Part) -> tuple[Part, UNetLayout]:
    try:
        return unet, unet_layout(unet.shapes)
    except (KeyError, ValueError, IndexError) as error:
        raise BadModelFile(unet.file.path, f"its UNet is of no known layout: {error}") from error


def find_family(unet: Part, layout: UNetLayout) -> Family:
    """Tell the family of a UNet. Reads one small tensor of SD2 files and nothing of others."""
    tensors = unet.file.header.tensors
    first = next(
        (number for number, block in enumerate(layout.input) if any(isinstance(i, Transformer) for i in block)), 0
    )
    if layout.vector is None:
        linear = any(isinstance(i, Transformer) and i.linear for block in (*layout.input, layout.middle) for i in block)
        if not linear:
            return Family("sd1")
        return Family("sd2", "v" if layout.channels_in == 4 and _predicts_v(unet) else "eps")
    if first == 1:
        raise BadModelFile(unet.file.path, "looks like unCLIP, which is not supported; SD1, SD2 and SDXL files are")
    if layout.vector - layout.context == 5 * SIZE_NUMBER:
        return Family("sdxl-refiner")
    if "edm_vpred.sigma_max" in tensors and "edm_vpred.sigma_min" in tensors:
        ends = unet.file.read(["edm_vpred.sigma_min", "edm_vpred.sigma_max"])
        return Family("sdxl", "v", edm=(float(ends["edm_vpred.sigma_min"]), float(ends["edm_vpred.sigma_max"])))
    return Family("sdxl", "v" if "v_pred" in tensors else "eps", zero_snr="v_pred" in tensors and "ztsnr" in tensors)


def _predicts_v(unet: Part) -> bool:
    """Nothing in an SD2 file says what it predicts, but this bias came out wider in the models trained for v."""
    if V_MARK not in unet.sources:
        return False
    source = unet.sources[V_MARK].name
    return float(unet.file.read([source])[source].float().std(unbiased=False)) > V_SPREAD
