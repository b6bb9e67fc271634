"""The figures of the shipped checkpoint, by one command: renders held-out prompts and reads the pictures.

python -m workflows.shapes.evaluate                   # 100 prompts x 3 seeds and the controls; minutes
python -m workflows.shapes.evaluate --prompts 10      # a sample
python -m workflows.shapes.evaluate --card            # writes the figures into the model's card, too
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import graphexec
from workflows.shapes.judging import Verdict, Wish, judge, rates
from workflows.shapes.reading import Pixels, read
from workflows.shapes.scenes import PLACES, RADII, SIDE, Scene, combinations, is_kept, picture, training_scenes

CHECKPOINT = "shapes.safetensors"
CARD = Path(__file__).parents[2] / "graphexec/_models/README.md"
START, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
SEED = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was judged, and its verdicts."""

    name: str
    verdicts: tuple[Verdict, ...]


def wishes(count: int, kept: bool, seed: int = SEED) -> list[Wish]:
    """So many different prompts of combinations that were kept from training, or of others.

    Size and place are said in every other prompt each.
    """
    generator = np.random.default_rng(seed)
    pool = [combination for combination in combinations() if is_kept(*combination) == kept]
    made: list[Wish] = []
    while len(made) < count:
        for index in generator.permutation(len(pool)):
            size = tuple(RADII)[generator.integers(len(RADII))] if generator.random() < 0.5 else None
            place = tuple(PLACES)[generator.integers(len(PLACES))] if generator.random() < 0.5 else None
            wish = Wish(*pool[int(index)], size, place)
            if wish not in made:
                made.append(wish)
    return made[:count]


def workflow(prompt: str, seed: int, checkpoint: str = CHECKPOINT, side: int = SIDE) -> dict[str, Any]:
    """The prompt's graph: 20 steps of dpmpp_2m with karras at cfg 5, nothing in the negative prompt."""

    def node(kind: str, **inputs: Any) -> dict[str, Any]:
        return {"class_type": kind, "inputs": inputs}

    return {
        "1": node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": node("CLIPTextEncode", clip=["1", 1], text=prompt),
        "3": node("CLIPTextEncode", clip=["1", 1], text=""),
        "4": node("EmptyLatentImage", width=side, height=side, batch_size=1),
        "5": node(
            "KSamplerAdvanced", model=["1", 0], positive=["2", 0], negative=["3", 0], latent_image=["4", 0],
            add_noise="enable", noise_seed=seed, steps=20, cfg=5.0, sampler_name="dpmpp_2m", scheduler="karras",
            start_at_step=0, end_at_step=10000, return_with_leftover_noise="disable",
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("PreviewImage", images=["6", 0]),
    }  # fmt: skip


def rendered(session: graphexec.Session, prompt: str, seed: int, checkpoint: str = CHECKPOINT) -> Pixels:
    """The picture of a prompt, `(side, side, 3)` in 0..1."""
    result = session.run(workflow(prompt, seed, checkpoint), targets=["6"])
    image: Pixels = result.value("6", 0)[0].numpy()
    return image


def reconstructed(session: graphexec.Session, scene: Scene, checkpoint: str = CHECKPOINT) -> Pixels:
    """The picture of a scene after the autoencoder: what the best denoiser could reach."""
    vae = session.run(workflow("", 0, checkpoint), targets=["1"]).value("1", 2)
    with torch.inference_mode():
        image: Pixels = vae.decode(vae.encode(torch.from_numpy(picture(scene))[None]))[0].numpy()
    return image


def table(session: graphexec.Session, prompts: int, seeds: int, checkpoint: str = CHECKPOINT) -> Iterator[Row]:
    """Every row of figures."""
    scenes = training_scenes(3 * prompts, seed=SEED)
    truth = [Wish(scene.shape, scene.colour, scene.background, scene.size, scene.place) for scene in scenes]
    yield Row("the evaluator on rendered truth", _judged([picture(scene) for scene in scenes], truth))
    some = scenes[:prompts]
    yield Row("the autoencoder alone", _judged([reconstructed(session, scene, checkpoint) for scene in some], truth))
    held = wishes(prompts, kept=True)
    pictures = {
        (wish, seed): rendered(session, wish.prompt(), seed, checkpoint) for wish in held for seed in range(seeds)
    }
    yield Row("prompts of held-out combinations", tuple(judge(read(image), key[0]) for key, image in pictures.items()))
    shifted = dict(zip(held, (*held[1:], held[0])))
    control = tuple(judge(read(image), shifted[wish]) for (wish, _), image in pictures.items())
    yield Row("control: the same pictures, shuffled captions", control)
    seen = wishes(max(1, prompts // 2), kept=False)
    more = [rendered(session, wish.prompt(), 100 + number, checkpoint) for number, wish in enumerate(seen)]
    yield Row("prompts of combinations seen in training", _judged(more, seen))


def _judged(pictures: Sequence[Pixels], asked: Sequence[Wish]) -> tuple[Verdict, ...]:
    return tuple(judge(read(image), wish) for image, wish in zip(pictures, asked))


COLUMNS = ("colour", "shape", "background", "count", "right", "size", "place", "wholly")


def markdown(rows: Sequence[Row]) -> str:
    """The table as text. `right` is colour, shape, background and count together; `wholly` is size and place, too."""
    lines = [f"| | pictures | {' | '.join(COLUMNS)} |", "|---|" + "---|" * (len(COLUMNS) + 1)]
    for row in rows:
        figures = rates(row.verdicts)
        lines.append(f"| {row.name} | {len(row.verdicts)} | {' | '.join(f'{figures[name]:.3f}' for name in COLUMNS)} |")
    return "\n".join(lines) + "\n"


def write_card(text: str) -> None:
    """Put the table between the card's two marks."""
    card = CARD.read_text()
    before, rest = card.split(START)
    CARD.write_text(before + START + text + END + rest.split(END)[1])


def main() -> None:
    """Print the table; `--card` writes it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", type=Path, help="a models directory, for a checkpoint that is not the shipped one")
    parser.add_argument("--checkpoint", default=CHECKPOINT)
    parser.add_argument("--card", action="store_true", help="write the table into graphexec/_models/README.md")
    arguments = parser.parse_args()
    with graphexec.Session(arguments.models, cache=None, device="cpu", dtype="fp32") as session:
        rows = []
        for row in table(session, arguments.prompts, arguments.seeds, arguments.checkpoint):
            rows.append(row)
            print(f"{row.name}: {rates(row.verdicts)}", flush=True)
    print(markdown(rows))
    if arguments.card:
        write_card(markdown(rows))


if __name__ == "__main__":
    main()
