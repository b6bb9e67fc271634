"""Model and input files found by the names that workflows use; no name leads out of its directory."""

from graphexec.files.folders import FileProblem, Folders
from graphexec.files.names import safe_name, safe_prefix, unsafe
from graphexec.files.shipped import shipped_models

__all__ = ["FileProblem", "Folders", "safe_name", "safe_prefix", "shipped_models", "unsafe"]
