"""Advice on sampler chains: planted mistakes are named, and what is right stays without a word."""

from pathlib import Path

import pytest

from graphexec.document.load import load_source, read
from graphexec.graph.build import build
from graphexec.registry.loading import load_registry
from graphexec.registry.table import Registry
from tests.support.specs import codes_of, spec
from tests.support.specs import document as make_document

BUILT_IN = load_registry()
REGISTRY = Registry((*map(BUILT_IN.get, BUILT_IN.names()), spec("Any", outputs=("*",))))
REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
ON, OFF = "enable", "disable"


def advanced(latent, **changes):
    inputs = {
        "add_noise": ON, "noise_seed": 1, "steps": 20, "cfg": 7.5, "sampler_name": "euler", "scheduler": "normal",
        "start_at_step": 0, "end_at_step": 10000, "return_with_leftover_noise": OFF,
        "model": ("load", 0), "positive": ("text", 0), "negative": ("text", 0), "latent_image": (latent, 0),
    }  # fmt: skip
    return ("KSamplerAdvanced", inputs | changes)


def simple(latent, **changes):
    inputs = {
        "seed": 1, "steps": 20, "cfg": 7.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
        "model": ("load", 0), "positive": ("text", 0), "negative": ("text", 0), "latent_image": (latent, 0),
    }  # fmt: skip
    return ("KSampler", inputs | changes)


def passing(type, source, **inputs):
    return (type, {"samples": (source, 0), **inputs})


def base(leftover=ON, end=10, **changes):
    return advanced("empty", end_at_step=end, return_with_leftover_noise=leftover, **changes)


def refine(source="base", start=10, **changes):
    return advanced(source, add_noise=OFF, start_at_step=start, **changes)


def advice(last, /, **nodes):
    """Return the codes of the 6xx findings about a workflow that decodes the node `last`."""
    given = {
        "load": ("CheckpointLoaderSimple", {"ckpt_name": "x.safetensors"}),
        "text": ("CLIPTextEncode", {"text": "a fox", "clip": ("load", 1)}),
        "empty": ("EmptyLatentImage", {"width": 512, "height": 512, "batch_size": 1}),
        **nodes,
        "decode": ("VAEDecode", {"samples": (last, 0), "vae": ("load", 2)}),
        "save": ("SaveImage", {"images": ("decode", 0), "filename_prefix": "x"}),
    }
    findings = build(make_document(**given), REGISTRY)[1]
    assert not [f for f in findings if f.severity == "error" and f.code != "GX202"], [str(f) for f in findings]
    return [text for text in codes_of(findings) if text.startswith("GX6")]


class TestSilence:
    def test_base_and_refiner(self):
        assert advice("refine", base=base(), refine=refine()) == []

    def test_three_stages(self):
        chain = {"base": base(end=5), "middle": refine(start=5, end_at_step=15, return_with_leftover_noise=ON)}
        assert advice("last", **chain, last=refine("middle", 15)) == []

    def test_one_stage_to_the_end_with_leftover_on(self):
        assert advice("base", base=base(end=10000)) == []
        assert advice("base", base=base(end=20)) == [], "no noise is left after the last step"

    def test_image_to_image(self):
        image = {
            "image": ("LoadImage", {"image": "x.png"}),
            "encode": ("VAEEncode", {"pixels": ("image", 0), "vae": ("load", 2)}),
        }
        assert advice("s", **image, s=simple("encode", denoise=0.5)) == []
        assert advice("s", **image, s=advanced("encode", start_at_step=12)) == []

    def test_a_clean_result_noised_anew(self):
        assert advice("again", base=simple("empty"), again=simple("base", denoise=0.4, steps=30)) == []
        assert advice("again", base=base(OFF, 10000), again=advanced("base", start_at_step=12, steps=40)) == []
        assert advice("again", base=base(OFF, 10), again=advanced("base", start_at_step=10)) == []

    def test_a_second_pass_after_scaling(self):
        up = passing("LatentUpscaleBy", "base", upscale_method="bislerp", scale_by=1.5)
        assert advice("again", base=simple("empty"), up=up, again=simple("up", denoise=0.5)) == []

    def test_a_latent_of_unknown_history(self):
        load = {"saved": ("LoadLatent", {"latent": "x.latent"})}
        assert advice("s", **load, s=advanced("saved", add_noise=OFF, start_at_step=10)) == []
        assert advice("s", **load, s=simple("saved")) == []


MISTAKES = {
    "GX601": ({"base": base(end=32), "last": refine(start=32)},
              ["base.steps", "base.end_at_step", "last.start_at_step"]),
    "GX602": ({"base": base(), "last": refine(start=12)}, ["base.end_at_step", "last.start_at_step", "last.add_noise"]),
    "GX603": ({"base": base(), "last": refine(start=8)}, ["base.end_at_step", "base.steps", "last.steps"]),
    "GX604": ({"last": base()}, ["last.end_at_step", "last.steps", "last.return_with_leftover_noise"]),
    "GX605": ({"base": base(), "last": advanced("base", start_at_step=10)}, ["last.add_noise", "base.end_at_step"]),
    "GX606": ({"base": base(), "last": refine(steps=30)}, ["last.steps", "base.steps", "last.add_noise"]),
    "GX607": ({"odd": ("EmptyLatentImage", {"width": 99, "height": 64, "batch_size": 1}), "last": simple("odd")},
              ["odd.width"]),
    "GX608": ({"last": simple("empty", denoise=0.0)}, ["last.denoise"]),
    "GX609": ({"last": advanced("empty", add_noise=OFF)}, ["last.add_noise", "last.latent_image"]),
}  # fmt: skip
"""A workflow with one mistake of each kind, and the inputs without which nobody could know of it."""


@pytest.mark.parametrize("code", MISTAKES)
def test_values_that_come_by_link_are_not_guessed(code):
    nodes, decisive = MISTAKES[code]
    assert code in [text.split()[0] for text in advice("last", **nodes)]
    for place in decisive:
        id, _, input = place.partition(".")
        type, inputs = nodes[id]
        linked = {**nodes, id: (type, {**inputs, input: ("any", 0)})}
        assert code not in [text.split()[0] for text in advice("last", any=("Any",), **linked)], place


class TestMistakes:
    def test_hand_over_past_the_last_step(self):
        assert advice("refine", base=base(end=32), refine=refine(start=32)) == ["GX601 base.end_at_step"]

    def test_hand_over_at_the_last_step_leaves_the_next_stage_idle(self):
        assert advice("refine", base=base(end=20), refine=refine(start=20)) == ["GX608 refine.start_at_step"]

    def test_gap_and_overlap(self):
        assert advice("refine", base=base(), refine=refine(start=11)) == ["GX602 refine.start_at_step"]
        assert advice("refine", base=base(), refine=refine(start=9)) == ["GX603 refine.start_at_step"]
        assert advice("refine", base=base(OFF, 10000), refine=refine(start=9)) == ["GX603 refine.start_at_step"]

    def test_leftover_noise_decoded(self):
        assert advice("base", base=base()) == ["GX604 decode.samples"]

    def test_noise_on_noise(self):
        assert advice("again", base=base(), again=advanced("base", start_at_step=10)) == ["GX605 again.latent_image"]
        assert advice("again", base=base(), again=simple("base", denoise=0.3)) == ["GX605 again.latent_image"]

    def test_other_steps_or_scheduler(self):
        assert advice("refine", base=base(), refine=refine(steps=25)) == ["GX606 refine.steps"]
        assert advice("refine", base=base(), refine=refine(scheduler="karras")) == ["GX606 refine.scheduler"]
        assert advice("refine", base=base(), refine=refine(sampler_name="heun")) == [], "another sampler is fine"

    def test_idle(self):
        assert advice("s", s=advanced("empty", start_at_step=20)) == ["GX608 s.start_at_step"]
        assert advice("s", s=advanced("empty", start_at_step=5, end_at_step=3)) == ["GX608 s.start_at_step"]
        assert advice("s", s=simple("empty", denoise=0.0)) == ["GX608 s.denoise"]

    def test_an_idle_stage_hands_on_what_it_got(self):
        idle = advanced("base", start_at_step=20)
        assert advice("idle", base=base(), idle=idle) == ["GX608 idle.start_at_step", "GX604 decode.samples"]

    def test_no_noise(self):
        assert advice("s", s=advanced("empty", add_noise=OFF)) == ["GX609 s.add_noise"]
        assert advice("refine", base=base(OFF), refine=refine()) == ["GX609 refine.start_at_step"]

    def test_sizes(self):
        odd = ("EmptyLatentImage", {"width": 513, "height": 511, "batch_size": 1})
        assert advice("s", odd=odd, s=simple("odd")) == ["GX607 odd.width", "GX607 odd.height"]

    @pytest.mark.parametrize("steps", [19, 20, 30, 60, 300, 1000])
    def test_ddim_uniform_has_more_steps_than_asked_for(self, steps):
        """The schedule takes every (1000 // steps)-th of the training steps from index 1, so 30 steps become 31."""
        real = len(range(1, 1000, 1000 // steps))
        chain = {"base": base(end=real - 1, steps=steps, scheduler="ddim_uniform")}
        assert advice("base", **chain) == ["GX604 decode.samples"]
        assert advice("base", base=base(end=real, steps=steps, scheduler="ddim_uniform")) == []


class TestFlow:
    """Latents are followed through nodes that leave noise as it is."""

    @pytest.mark.parametrize(
        ("type", "inputs"),
        [
            ("LatentUpscale", {"upscale_method": "area", "width": 1024, "height": 1024, "crop": "disabled"}),
            ("LatentUpscaleBy", {"upscale_method": "area", "scale_by": 2.0}),
            ("LatentFromBatch", {"batch_index": 0, "length": 1}),
            ("RepeatLatentBatch", {"amount": 2}),
            ("LatentFlip", {"flip_method": "x-axis: vertically"}),
            ("LatentRotate", {"rotation": "90 degrees"}),
            ("LatentCrop", {"width": 512, "height": 512, "x": 0, "y": 0}),
        ],
    )
    def test_one_latent(self, type, inputs):
        assert advice("x", base=base(), x=passing(type, "base", **inputs)) == ["GX604 decode.samples"]
        assert advice("r", base=base(), x=passing(type, "base", **inputs), r=refine("x", 12)) == [
            "GX602 r.start_at_step"
        ]

    def test_a_mask(self):
        mask = {"image": ("LoadImageMask", {"image": "x.png", "channel": "alpha"})}
        masked = ("SetLatentNoiseMask", {"samples": ("base", 0), "mask": ("image", 0)})
        assert advice("x", **mask, base=base(), x=masked) == ["GX604 decode.samples"]

    def test_two_latents_of_one_level(self):
        both = (
            "LatentComposite",
            {"samples_to": ("base", 0), "samples_from": ("other", 0), "x": 0, "y": 0, "feather": 0},
        )
        other = base(noise_seed=2)
        assert advice("x", base=base(), other=other, x=both) == ["GX604 decode.samples"]
        assert advice("r", base=base(), other=other, x=both, r=refine("x")) == []

    def test_two_latents_of_different_levels_are_not_judged(self):
        both = (
            "LatentComposite",
            {"samples_to": ("base", 0), "samples_from": ("other", 0), "x": 0, "y": 0, "feather": 0},
        )
        assert advice("r", base=base(), other=base(end=12), x=both, r=refine("x")) == []

    def test_a_picture_forgets_its_noise(self):
        nodes = {
            "first": ("VAEDecode", {"samples": ("base", 0), "vae": ("load", 2)}),
            "encode": ("VAEEncode", {"pixels": ("first", 0), "vae": ("load", 2)}),
        }
        assert advice("s", base=base(), **nodes, s=simple("encode", denoise=0.5)) == ["GX604 first.samples"]

    def test_arithmetic_on_latents_is_not_judged(self):
        added = ("LatentAdd", {"samples1": ("base", 0), "samples2": ("empty", 0)})
        assert advice("x", base=base(), x=added) == []


@pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"needs {REFERENCE}")
class TestRealFiles:
    def advice(self, path):
        document, _ = read(load_source(path))
        return [] if document is None else [c for c in codes_of(build(document, REGISTRY)[1]) if c.startswith("GX6")]

    def test_the_hand_over_at_step_32_of_20(self):
        assert self.advice(REFERENCE / "workflows/Comfy-Org-default_graph_sdxl1_0.json") == ["GX601 10.end_at_step"]

    def test_no_false_alarm_in_published_workflows(self):
        files = [*REFERENCE.glob("pairs/*.api.json"), *REFERENCE.glob("workflows/*.api.json")]
        assert len(files) > 100
        alarms = {file.name: found for file in files if (found := self.advice(file))}
        assert alarms == {}
