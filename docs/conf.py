"""Sphinx: the pages of this directory as a site. `python -m sphinx -W -b html docs DIRECTORY`."""

project = "graphexec"
author = "The graphexec authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "graphexec"
myst_heading_anchors = 4
source_suffix = {".md": "markdown"}
nitpicky = True
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository: tests/project/test_docs.py follows them
