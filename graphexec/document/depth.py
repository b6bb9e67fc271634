"""How deep a JSON text nests: a scan without recursion, made before a parser sees the text."""

from __future__ import annotations

from itertools import accumulate

_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_REST = bytes(set(range(256)) - set(b'[]{}"'))


def nesting(text: str) -> int:
    """Return how deep brackets nest in a JSON text, those inside strings not counted.

    Works on whole texts at the speed of bytes.translate (a tenth of the parser's time). For a text that is not
    valid JSON the result is an estimate; the parser reports such a text without recursion.
    """
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    brackets = text.encode("utf-8", "surrogatepass").translate(None, _REST)
    brackets = brackets.replace(b'""', b"")
    if b'"' in brackets:
        brackets = b"".join(brackets.split(b'"')[::2])
    return max(accumulate(map(_STEPS.__getitem__, brackets), initial=0))
