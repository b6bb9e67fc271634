"""Short ways to read a text in tests."""

from graphexec.diagnostics.model import Diagnostic
from graphexec.document.load import read
from graphexec.document.locate import locate
from graphexec.document.model import Document, Source


def read_text(text: str, format: str = "json") -> tuple[Document | None, list[Diagnostic]]:
    """Return Document and located findings of a text."""
    source = Source("flow", text, format)
    document, found = read(source)
    return document, locate(found, source)


def codes_of(found: list[Diagnostic]) -> list[str]:
    """Return the codes of findings in order."""
    return [d.code for d in found]


def pointed(text: str, found: Diagnostic) -> str:
    """Return the text that a finding's span covers (first line only), checked against its excerpt."""
    line = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[found.span.line - 1]
    assert line == found.excerpt
    end = found.span.end_column - 1 if found.span.end_line == found.span.line else len(line)
    return line[found.span.column - 1 : end]
