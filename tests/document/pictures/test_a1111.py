"""`parameters` of stable-diffusion-webui as workflows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.api import Session
from graphexec.diffusion.names import SAMPLER_NAMES, SCHEDULER_NAMES
from graphexec.document.load import load_source
from graphexec.document.pictures.a1111 import prompt_of_parameters
from graphexec.document.pictures.a1111_names import _AUTOMATIC, _SAMPLERS, _SCHEDULES, sampler_and_scheduler
from graphexec.document.pictures.a1111_text import parse_parameters
from tests.document.pictures.test_source import picture

TEXT = """a (cat:1.2) on a mat <lora:fur:0.6>
second line
Negative prompt: blurry,
dark
Steps: 25, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 12345, Size: 640x512, Model hash: abc, Model: dream_v8, \
Clip skip: 2, Lora hashes: "fur: 0, x: 1", Version: v1.6.0"""


def nodes(text):
    prompt = json.loads(prompt_of_parameters(text)[0])
    by_type = {}
    for node in prompt.values():
        by_type.setdefault(node["class_type"], []).append(node["inputs"])
    return by_type


def test_the_parts_of_the_text():
    parameters = parse_parameters(TEXT)
    assert parameters.positive == "a (cat:1.2) on a mat <lora:fur:0.6>\nsecond line"
    assert parameters.negative == "blurry,\ndark"
    assert parameters.settings["Sampler"] == "DPM++ 2M Karras"
    assert parameters.settings["Lora hashes"] == "fur: 0, x: 1"


def test_a_picture_from_text():
    made = nodes(TEXT)
    assert made["CheckpointLoaderSimple"] == [{"ckpt_name": "dream_v8.safetensors"}]
    assert [encoder["text"] for encoder in made["CLIPTextEncode"]] == [
        "a (cat:1.2) on a mat \nsecond line",
        "blurry,\ndark",
    ]
    (lora,) = made["LoraLoader"]
    assert (lora["lora_name"], lora["strength_model"], lora["strength_clip"]) == ("fur.safetensors", 0.6, 0.6)
    assert made["CLIPSetLastLayer"][0]["stop_at_clip_layer"] == -2
    assert made["EmptyLatentImage"] == [{"width": 640, "height": 512, "batch_size": 1}]
    (sampler,) = made["KSampler"]
    settings = {name: value for name, value in sampler.items() if not isinstance(value, list)}
    assert settings == {"seed": 12345, "steps": 25, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras",
                        "denoise": 1.0}  # fmt: skip
    assert prompt_of_parameters(TEXT)[1] == []


def test_the_graph_is_valid(tmp_path):
    source = load_source(picture(tmp_path, parameters=TEXT))
    assert source.name.endswith("#parameters")
    graph, found = Session(cache=None).build(json.loads(source.text), files_required=False)
    assert {d.code for d in found} <= {"GX401"}
    assert len(graph.targets) == 1


HIRES = ", Denoising strength: 0.4, Hires upscale: 1.5, Hires steps: 10, Hires upscaler: "


def test_two_passes_over_the_latent():
    made = nodes(TEXT + HIRES + "Latent (nearest-exact)")
    assert (made["LatentUpscale"][0]["width"], made["LatentUpscale"][0]["height"]) == (960, 768)
    assert made["LatentUpscale"][0]["upscale_method"] == "nearest-exact"
    first, second = made["KSampler"]
    assert (first["steps"], first["denoise"], second["steps"], second["denoise"]) == (25, 1.0, 10, 0.4)


def test_two_passes_by_an_upscale_model():
    made = nodes(TEXT + HIRES + "4x-UltraSharp")
    assert made["UpscaleModelLoader"] == [{"model_name": "4x-UltraSharp.pth"}]
    assert (made["ImageScale"][0]["width"], made["ImageScale"][0]["height"]) == (960, 768)
    assert len(made["KSampler"]) == 2


def test_a_vae_of_its_own():
    assert nodes(TEXT + ", VAE: ft-mse.safetensors")["VAELoader"] == [{"vae_name": "ft-mse.safetensors"}]


@pytest.mark.parametrize(
    ("more", "words"),
    [(", Face restoration: GFPGAN, ENSD: 31337", "Face restoration, ENSD"), (", Denoising strength: 0.5", "img2img")],
)
def test_what_is_not_taken_over_is_said(more, words):
    (found,) = prompt_of_parameters(TEXT + more)[1]
    assert found.code == "GX127" and words in found.message


@pytest.mark.parametrize(
    ("sampler", "schedule", "expected"),
    [
        ("Euler a", None, ("euler_ancestral", "normal")),
        ("DPM++ 2M Karras", None, ("dpmpp_2m", "karras")),
        ("DPM++ 2M SDE Exponential", None, ("dpmpp_2m_sde", "exponential")),
        ("DPM++ 2M", "Automatic", ("dpmpp_2m", "karras")),
        ("Euler", "Automatic", ("euler", "normal")),
        ("Euler", "SGM Uniform", ("euler", "sgm_uniform")),
        ("PLMS", "Turbo", ("PLMS", "Turbo")),
    ],
)
def test_names(sampler, schedule, expected):
    assert sampler_and_scheduler(sampler, schedule) == expected


def test_all_names_exist():
    assert set(_SAMPLERS.values()) <= set(SAMPLER_NAMES)
    assert {*_SCHEDULES.values(), *_AUTOMATIC.values()} <= set(SCHEDULER_NAMES)


@given(st.text(alphabet=st.sampled_from('aS:,"\\\n<>lora1.x- '), max_size=120), st.booleans())
def test_any_text_gives_a_prompt(text, tail):
    text = text + "\nSteps: 5, Size: 0x0, Hires upscale: 1e9, Seed: 999999999999999999999" if tail else text
    prompt = json.loads(prompt_of_parameters(text)[0])
    assert [node["class_type"] for node in prompt.values()][-1] == "SaveImage"
