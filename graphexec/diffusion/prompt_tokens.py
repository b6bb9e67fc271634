"""From a prompt to weighted tokens: segments of the weight syntax, embeddings by name, the tokenizer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from graphexec.diffusion.loading.embeddings import EmbeddingFiles, find_embedding, read_embedding
from graphexec.diffusion.prompt_weights import segments
from graphexec.diffusion.tokenizer import tokenize
from graphexec.diffusion.windows import Token

EMBEDDING = "embedding:"


def token_groups(prompt: str, key: str, width: int, files: EmbeddingFiles | None) -> Iterator[list[Token]]:
    """Yield the groups of tokens that windows keep together: one for every stretch of text between embeddings.

    `key` and `width` are those of the text encoder. Vectors of another width are left out: an embedding for one of
    SDXL's encoders only. Embeddings that are missing are left out, as in ComfyUI; `missing_embeddings` names them.
    """
    for segment in segments(prompt):
        for word in _words(segment.text):
            if files is None or not word.startswith(EMBEDDING):
                yield [(token, segment.weight) for token in tokenize(word)]
                continue
            path, _, rest = _embedding(word, files)
            vectors = () if path is None else read_embedding(path, f"clip_{key}")
            yield [(vector, segment.weight) for vector in vectors if vector.shape[0] == width]
            if rest:
                yield [(token, segment.weight) for token in tokenize(rest)]


def _words(text: str) -> list[str]:
    """Split a text before every embedding that stands at a word's start."""
    return [part for part in re.split(rf"[ \n](?={EMBEDDING})", text.replace("\n", " ")) if part]


def missing_embeddings(prompt: str, files: EmbeddingFiles | None) -> list[str]:
    """The names of the embeddings that a prompt asks for and that are not there."""
    if files is None:
        return []
    words = [word for segment in segments(prompt) for word in _words(segment.text) if word.startswith(EMBEDDING)]
    return [name for path, name, _ in (_embedding(word, files) for word in words) if path is None]


def _embedding(word: str, files: EmbeddingFiles) -> tuple[Path | None, str, str]:
    """The file and the name of the embedding that a word asks for, and the text behind the name."""
    name, _, rest = word.removeprefix(EMBEDDING).strip().partition(" ")
    path = find_embedding(files, name)
    bare = name.rstrip(",")
    if path is None and bare != name:
        path, name, rest = find_embedding(files, bare), bare, f"{name[len(bare) :]} {rest}"
    return path, name, rest.strip()
