"""CLIP's byte-pair tokenizer (Radford et al. 2021, arXiv 2103.00020) on the `tokenizers` library."""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.resources import files

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Lowercase, Replace, Sequence
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreSequence

START, END = 49406, 49407
"""The tokens around every text."""

_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_MERGES = 49152 - 256 - 2


def tokenize(text: str) -> list[int]:
    """The tokens of a text, without start and end."""
    return list(_tokenizer().encode(text).ids)


@lru_cache(maxsize=1)
def _tokenizer() -> Tokenizer:
    """Build the tokenizer from the vocabulary; a vocabulary of bytes, bytes that end a word, merges and two marks."""
    packed = files("graphexec.diffusion").joinpath("data/bpe_simple_vocab_16e6.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode().split("\n")[1 : _MERGES + 1]
    merges = [(left, right) for left, right in (line.split(" ") for line in lines)]
    letters = _byte_letters()
    words = [*letters, *(letter + "</w>" for letter in letters), *(left + right for left, right in merges)]
    vocabulary = {word: number for number, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    tokenizer = Tokenizer(BPE(vocabulary, merges, unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = Sequence([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    split = Split(Regex(_WORDS), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = PreSequence([split, ByteLevel(add_prefix_space=False)])
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in ("<|startoftext|>", "<|endoftext|>")])
    return tokenizer


def _byte_letters() -> list[str]:
    """A printable letter for every byte, in the vocabulary's order: printable bytes first, then the others."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(others))]
