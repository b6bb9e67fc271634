"""`parameters` of stable-diffusion-webui (AUTOMATIC1111, Forge) as an API prompt."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.pictures.a1111_names import sampler_and_scheduler
from graphexec.document.pictures.a1111_text import Parameters, parse_parameters

_LORA = re.compile(r"<(?:lora|lyco):([^:<>]+)(?::(-?[0-9.]+))?(?::(-?[0-9.]+))?>")
_LATENT_UPSCALERS = {
    "Latent": "bilinear",
    "Latent (antialiased)": "bilinear",
    "Latent (bicubic)": "bicubic",
    "Latent (bicubic antialiased)": "bicubic",
    "Latent (nearest)": "nearest-exact",
    "Latent (nearest-exact)": "nearest-exact",
}
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_WITHOUT_EFFECT = frozenset(
    {"version", "model hash", "vae hash", "hashes", "lora hashes", "ti hashes", "user", "created date"}
)

Link = list[Any]


def prompt_of_parameters(text: str) -> tuple[str, list[Diagnostic]]:
    """Return the API prompt of a `parameters` text as JSON, and what of it has no counterpart. Never raises.

    The picture will not be the same: the web UI draws noise on the GPU by default and weighs words differently.
    """
    parameters = parse_parameters(text)
    writer = _Writer(parameters)
    writer.write()
    return json.dumps(writer.nodes, indent=2, ensure_ascii=False), writer.findings()


@dataclass
class _Writer:
    """Writes nodes one after another; what a setting says is taken out of `parameters`, so that the rest is unused."""

    parameters: Parameters
    nodes: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, type: str, **inputs: Any) -> str:
        id = str(len(self.nodes) + 1)
        self.nodes[id] = {"inputs": inputs, "class_type": type}
        return id

    def write(self) -> None:
        """Write the whole graph: models, prompts, one or two sampling passes, a picture."""
        loader = self.add("CheckpointLoaderSimple", ckpt_name=self.file("Model", "model"))
        model, clip, vae = [loader, 0], [loader, 1], [loader, 2]
        positive, negative = self.parameters.positive, self.parameters.negative
        for name, strength, clip_strength in _LORA.findall(positive):
            weight = _float(strength, 1.0)
            values = {"strength_model": weight, "strength_clip": _float(clip_strength, weight)}
            lora = self.add("LoraLoader", model=model, clip=clip, lora_name=f"{name}.safetensors", **values)
            model, clip = [lora, 0], [lora, 1]
        skip = self.integer("Clip skip", 1)
        if skip > 1:
            clip = [self.add("CLIPSetLastLayer", clip=clip, stop_at_clip_layer=-skip), 0]
        if self.parameters.settings.get("VAE", "None") not in ("None", "Automatic"):
            vae = [self.add("VAELoader", vae_name=self.parameters.take("VAE", "")), 0]
        texts = [_LORA.sub("", text).strip() for text in (positive, negative)]
        encoded: list[Link] = [[self.add("CLIPTextEncode", text=text, clip=clip), 0] for text in texts]
        width, height = self.size()
        latent = [self.add("EmptyLatentImage", width=width, height=height, batch_size=1), 0]
        sampled = self.sample(model, encoded, latent, self.integer("Steps", 20), 1.0)
        sampled = self.second_pass(model, vae, encoded, sampled, (width, height))
        image = [self.add("VAEDecode", samples=sampled, vae=vae), 0]
        self.add("SaveImage", images=image, filename_prefix="ComfyUI")

    def sample(self, model: Link, encoded: list[Link], latent: Link, steps: int, denoise: float) -> Link:
        settings = self.parameters.settings
        sampler, scheduler = sampler_and_scheduler(settings.get("Sampler", "Euler"), settings.get("Schedule type"))
        id = self.add(
            "KSampler",
            seed=self.seed(),
            steps=steps,
            cfg=_float(settings.get("CFG scale", ""), 7.0),
            sampler_name=sampler,
            scheduler=scheduler,
            denoise=denoise,
            model=model,
            positive=encoded[0],
            negative=encoded[1],
            latent_image=latent,
        )
        return [id, 0]

    def second_pass(self, model: Link, vae: Link, encoded: list[Link], sampled: Link, size: tuple[int, int]) -> Link:
        """Enlarge and sample again ("Hires. fix"), if the settings say so."""
        settings = self.parameters
        target = self.enlarged(size)
        denoise = _float(settings.take("Denoising strength", ""), 0.0)
        if target is None:
            if denoise:
                self.notes.append("the picture was made from another one (img2img), which is not in the file")
            return sampled
        upscaler = settings.take("Hires upscaler", "Latent")
        steps = self.integer("Hires steps", 0) or self.integer("Steps", 20)
        width, height = target
        if upscaler in _LATENT_UPSCALERS:
            method = _LATENT_UPSCALERS[upscaler]
            values = {"upscale_method": method, "width": width, "height": height, "crop": "disabled"}
            larger: Link = [self.add("LatentUpscale", samples=sampled, **values), 0]
        else:
            image: Link = [self.add("VAEDecode", samples=sampled, vae=vae), 0]
            if upscaler not in ("None", "Lanczos", "Nearest"):
                loader = self.add("UpscaleModelLoader", model_name=f"{upscaler}.pth")
                image = [self.add("ImageUpscaleWithModel", upscale_model=[loader, 0], image=image), 0]
            method = "nearest-exact" if upscaler == "Nearest" else "lanczos"
            values = {"upscale_method": method, "width": width, "height": height, "crop": "disabled"}
            image = [self.add("ImageScale", image=image, **values), 0]
            larger = [self.add("VAEEncode", pixels=image, vae=vae), 0]
        return self.sample(model, encoded, larger, steps, denoise or 0.7)

    def enlarged(self, size: tuple[int, int]) -> tuple[int, int] | None:
        """Return the size of the second pass, in whole latent cells."""
        factor = _float(self.parameters.take("Hires upscale", ""), 0.0)
        exact = _SIZE.fullmatch(self.parameters.take("Hires resize", ""))
        if exact and exact[1] != "0" and exact[2] != "0":
            return int(exact[1]), int(exact[2])
        if factor:
            return int(size[0] * factor) // 8 * 8, int(size[1] * factor) // 8 * 8
        return None

    def size(self) -> tuple[int, int]:
        match = _SIZE.fullmatch(self.parameters.take("Size", ""))
        return (int(match[1]), int(match[2])) if match else (512, 512)

    def seed(self) -> int:
        text = self.parameters.settings.get("Seed", "0")
        return int(text) if text.isdecimal() and len(text) < 20 else 0

    def integer(self, name: str, default: int) -> int:
        text = self.parameters.settings.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 10 else default

    def file(self, name: str, default: str) -> str:
        text = self.parameters.take(name, default)
        return text if text.endswith((".safetensors", ".ckpt")) else f"{text}.safetensors"

    def findings(self) -> list[Diagnostic]:
        """Return warnings about what was not taken over."""
        used = {"Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Clip skip", "VAE", "Hires steps"}
        ignored = [n for n in self.parameters.settings if n not in used and n.lower() not in _WITHOUT_EFFECT]
        if ignored:
            self.notes.append(f"settings without a counterpart are left out: {', '.join(ignored[:12])}")
        return [codes.report(codes.FOREIGN_SETTINGS, note) for note in self.notes]


def _float(text: str, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return value if abs(value) < 1e6 else default
