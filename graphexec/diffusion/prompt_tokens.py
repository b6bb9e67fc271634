"""From a prompt to weighted tokens: segments of the weight syntax, embeddings by name, the tokenizer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from torch import Tensor

from graphexec.diffusion.loading.embeddings import EmbeddingFiles, find_embedding, missing_embedding, read_embedding
from graphexec.diffusion.prompt_weights import segments
from graphexec.diffusion.tokenizer import tokenize
from graphexec.diffusion.windows import Token

EMBEDDING = "embedding:"


def token_groups(prompt: str, key: str, width: int, files: EmbeddingFiles | None) -> Iterator[list[Token]]:
    """Yield the groups of tokens that windows keep together: one for every stretch of text between embeddings.

    `key` and `width` are those of the text encoder. Vectors of another width are left out: an embedding for one of
    SDXL's encoders only. Raises NodeError for embeddings that are missing.
    """
    for segment in segments(prompt):
        for word in _words(segment.text):
            if files is None or not word.startswith(EMBEDDING):
                yield [(token, segment.weight) for token in tokenize(word)]
                continue
            vectors, rest = _embedding(word.removeprefix(EMBEDDING), key, files)
            yield [(vector, segment.weight) for vector in vectors if vector.shape[0] == width]
            if rest:
                yield [(token, segment.weight) for token in tokenize(rest)]


def _words(text: str) -> list[str]:
    """Split a text before every embedding that stands at a word's start."""
    return [part for part in re.split(rf"[ \n](?={EMBEDDING})", text.replace("\n", " ")) if part]


def _embedding(word: str, key: str, files: EmbeddingFiles) -> tuple[Iterable[Tensor], str]:
    """The vectors that a word starting with an embedding's name stands for, and the text behind the name."""
    name, _, rest = word.strip().partition(" ")
    path = find_embedding(files, name)
    bare = name.rstrip(",")
    if path is None and bare != name:
        path, rest = find_embedding(files, bare), f"{name[len(bare) :]} {rest}"
    if path is None:
        raise missing_embedding(files, bare)
    return read_embedding(path, f"clip_{key}"), rest.strip()
