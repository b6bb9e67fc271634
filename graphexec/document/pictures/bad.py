"""What is raised for a picture that cannot be read."""

from __future__ import annotations


class BadPicture(ValueError):
    """The file is damaged, or too large where it should hold a text; the message says which."""
