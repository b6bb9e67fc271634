"""The whole training by one command: autoencoder, UNet with text encoder, LoRA, and the files to ship.

    python -m workflows.shapes.train DIRECTORY --processes 2

It goes on where an earlier call was interrupted. Figures: `python -m workflows.shapes.evaluate --card`.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from workflows.shapes import autoencoder_training, denoiser_training, lora_training
from workflows.shapes.export import export
from workflows.shapes.team import work_together

MODELS = Path(__file__).parents[2] / "graphexec/_models"


def main() -> None:
    """Train in the directory that the argument names, and write the shipped files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--processes", type=int, default=1, help="how many cores the longest stage may use")
    arguments = parser.parse_args()
    directory: Path = arguments.directory
    directory.mkdir(parents=True, exist_ok=True)
    autoencoder_training.train(directory)
    denoiser_training.encoded_scenes(directory, arguments.processes)
    task = partial(denoiser_training.train, directory=directory)
    work_together(arguments.processes, directory / "meeting", task)
    export(directory, MODELS / "checkpoints/shapes.safetensors")
    lora_training.train(directory, MODELS / "loras/gray-shapes.safetensors")


if __name__ == "__main__":
    main()
