"""The figures of the shipped checkpoint, by one command: renders held-out prompts and reads the pictures.

python -m workflows.shapes.evaluate                   # 100 prompts x 3 seeds and the controls; minutes
python -m workflows.shapes.evaluate --prompts 10      # a sample
python -m workflows.shapes.evaluate --card            # writes the figures into the model's card, too
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
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


def workflow(prompt: str, seed: int, checkpoint: str = CHECKPOINT, cfg: float = 5.0) -> dict[str, Any]:
    """The prompt's graph: 20 steps of dpmpp_2m with karras, nothing in the negative prompt."""

    def node(kind: str, **inputs: Any) -> dict[str, Any]:
        return {"class_type": kind, "inputs": inputs}

    return {
        "1": node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": node("CLIPTextEncode", clip=["1", 1], text=prompt),
        "3": node("CLIPTextEncode", clip=["1", 1], text=""),
        "4": node("EmptyLatentImage", width=SIDE, height=SIDE, batch_size=1),
        "5": node(
            "KSamplerAdvanced", model=["1", 0], positive=["2", 0], negative=["3", 0], latent_image=["4", 0],
            add_noise="enable", noise_seed=seed, steps=20, cfg=cfg, sampler_name="dpmpp_2m", scheduler="karras",
            start_at_step=0, end_at_step=10000, return_with_leftover_noise="disable",
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("PreviewImage", images=["6", 0]),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """A picture to render."""

    prompt: str
    seed: int
    cfg: float = 5.0


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders with a checkpoint of the models directory, or of the shipped one, in so many processes."""

    checkpoint: str = CHECKPOINT
    models: Path | None = None
    processes: int = 1

    def session(self) -> graphexec.Session:
        """A Session in single precision on the CPU, without a cache on disk."""
        return graphexec.Session(self.models, cache=None, device="cpu", dtype="fp32")

    def render(self, requests: Sequence[Request]) -> list[Pixels]:
        """The pictures, `(side, side, 3)` in 0..1 each, in the order of the requests."""
        if self.processes == 1:
            return self._share(requests)
        shares = [requests[start :: self.processes] for start in range(self.processes)]
        with ProcessPoolExecutor(self.processes, get_context("spawn")) as pool:
            made = list(pool.map(self._share, shares))
        return [made[number % self.processes][number // self.processes] for number in range(len(requests))]

    def _share(self, requests: Sequence[Request]) -> list[Pixels]:
        with self.session() as session:
            return [self._one(session, request) for request in requests]

    def _one(self, session: graphexec.Session, request: Request) -> Pixels:
        graph = workflow(request.prompt, request.seed, self.checkpoint, request.cfg)
        image: Pixels = session.run(graph, targets=["6"]).value("6", 0)[0].numpy()
        return image

    def reconstruct(self, scenes: Sequence[Scene]) -> list[Pixels]:
        """Pictures of scenes after the autoencoder: what the best denoiser could reach."""
        with self.session() as session, torch.inference_mode():
            graph = workflow("", 0, self.checkpoint)
            vae = session.run(graph, targets=["1"]).value("1", 2)
            return [vae.decode(vae.encode(torch.from_numpy(picture(scene))[None]))[0].numpy() for scene in scenes]


def table(renderer: Renderer, prompts: int, seeds: int) -> Iterator[Row]:
    """Every row of figures."""
    scenes = training_scenes(3 * prompts, seed=SEED)
    truth = [Wish(scene.shape, scene.colour, scene.background, scene.size, scene.place) for scene in scenes]
    yield Row("the evaluator on rendered truth", _judged([picture(scene) for scene in scenes], truth))
    yield Row("the autoencoder alone", _judged(renderer.reconstruct(scenes[:prompts]), truth))
    held = wishes(prompts, kept=True)
    asked = [wish for wish in held for _ in range(seeds)]
    pictures = renderer.render([Request(wish.prompt(), seed) for wish in held for seed in range(seeds)])
    yield Row("prompts of held-out combinations", _judged(pictures, asked))
    shifted = [*asked[seeds:], *asked[:seeds]]
    yield Row("control: the same pictures, shuffled captions", _judged(pictures, shifted))
    half = held[: max(1, prompts // 2)]
    weak = renderer.render([Request(wish.prompt(), 0, cfg=1.0) for wish in half])
    yield Row("held-out combinations without guidance, cfg 1", _judged(weak, half))
    seen = wishes(max(1, prompts // 2), kept=False)
    more = renderer.render([Request(wish.prompt(), 100 + number) for number, wish in enumerate(seen)])
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
    parser.add_argument("--processes", type=int, default=1, help="how many cores to use")
    parser.add_argument("--card", action="store_true", help="write the table into graphexec/_models/README.md")
    arguments = parser.parse_args()
    renderer = Renderer(arguments.checkpoint, arguments.models, arguments.processes)
    rows = []
    for row in table(renderer, arguments.prompts, arguments.seeds):
        rows.append(row)
        print(f"{row.name}: {rates(row.verdicts)}", flush=True)
    print(markdown(rows))
    if arguments.card:
        write_card(markdown(rows))


if __name__ == "__main__":
    main()
