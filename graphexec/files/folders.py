"""The lookup of files by the names that workflows use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.errors import NodeError
from graphexec.files.layout import extensions, folder_name, model_roots, output_roots
from graphexec.files.names import safe_name, unsafe

PLACES = ("input", "output", "temp")
"""Folders of pictures and latents rather than of models."""


class FileProblem(NodeError):
    """A file that a workflow names and that cannot be used. `hint` says where it was looked for, or what helps."""

    def __init__(self, kind: Literal["missing", "unsafe"], message: str, hint: str | None) -> None:
        self.kind = kind
        self.message = message
        self.hint = hint
        super().__init__(f"{message} ({hint})" if hint else message)


class Folders:
    """Model folders, the input directory and the output directory; implements `ports.Files`.

    `models` are directories in ComfyUI's layout and `extra_model_paths.yaml` files; the first that holds a name
    wins. Names are relative, with either separator. A link inside a directory that leads out of it is refused
    unless `follow_links`; the directory itself may be a link. Raises UsageError when a models directory is
    missing. `shipped` is the models directory inside the package: it is searched last, and what is said about
    missing files does not count it as a place where the user keeps models.
    """

    def __init__(
        self,
        models: Iterable[str | Path] = (),
        *,
        input: str | Path = "input",
        output: str | Path = "output",
        temp: str | Path | None = None,
        follow_links: bool = False,
        shipped: Path | None = None,
    ) -> None:
        self.follow_links = follow_links
        roots = dict(model_roots(models))
        self.has_models = bool(roots)
        for folder, path in output_roots(Path(output)).items():
            if self.has_models:
                roots[folder] = (*roots.get(folder, ()), path)
        roots["input"] = (Path(input),)
        roots["output"] = (Path(output),)
        roots["temp"] = (Path(temp),) if temp else ()
        self._roots = roots
        self._shipped = model_roots([shipped]) if shipped is not None else {}

    def roots(self, folder: str) -> tuple[Path, ...]:
        """Return the directories of a folder (`checkpoints`, `input`, ...) in order of search."""
        return self._roots.get(folder_name(folder), ())

    def model(self, folder: str, name: str) -> Path:
        """Return the file `name` of a model folder; raises FileProblem when it is missing or unsafe.

        The name of an embedding may lack its extension.
        """
        folder = folder_name(folder)
        for candidate in _candidates(folder, _checked(name)):
            found = self._find(folder, candidate)
            if found is not None:
                return found
        raise self._missing(folder, name)

    def input(self, name: str) -> Path:
        """Return an input file; `name [output]` and `name [temp]` select another directory. Raises FileProblem."""
        place, name = annotated(name)
        found = self._find(place, _checked(name))
        if found is None:
            raise self._missing(place, name)
        return found

    def models(self, folder: str) -> Sequence[str]:
        """Return the names of all files of a folder, sorted; those of `input` and the like without subfolders."""
        folder = folder_name(folder)
        return self._names(folder, self._places(folder))

    def _places(self, folder: str) -> tuple[Path, ...]:
        """The directories of a folder, the shipped one last."""
        return (*self.roots(folder), *self._shipped.get(folder, ()))

    def _names(self, folder: str, roots: Iterable[Path]) -> Sequence[str]:
        kinds = extensions(folder)
        names: set[str] = set()
        for root in roots:
            for name in _walk(root, self.follow_links, deep=folder not in PLACES):
                if not kinds or Path(name).suffix.lower() in kinds:
                    names.add(name)
        return sorted(names)

    def model_folders(self) -> list[str]:
        """Return the names of all model folders, sorted."""
        return sorted((self._roots.keys() | self._shipped.keys()) - set(PLACES))

    def nearest(self, folder: str, name: str) -> Sequence[str]:
        """Return the names of files of a folder that are most like `name`, at most three."""
        return _nearest(name, self.models(folder))

    def _find(self, folder: str, name: str) -> Path | None:
        for root in self._places(folder):
            path = root / name
            try:
                is_file = path.is_file()
            except (OSError, ValueError):  # the name is too long, or a directory may not be read
                continue
            if is_file:
                own = root in self._shipped.get(folder, ())  # an installer may have made links of the package's files
                if not self.follow_links and not own and not _inside(path, root):
                    raise FileProblem(
                        "unsafe",
                        f"{shown(name)} is a link that leads out of {root}",
                        "follow_links allows links out of your own directories",
                    )
                return path
        return None

    def _missing(self, folder: str, name: str) -> FileProblem:
        what = f"the {folder} directory" if folder in PLACES else folder
        message = f"there is no file {shown(name)} in {what}"
        where = [str(root) for root in self.roots(folder)]
        if folder == "temp" and not where:
            return FileProblem("missing", message, "graphexec keeps no temp directory")
        if not where:
            message = f"the file {shown(name)} of {folder} was not looked for"
            return FileProblem("missing", message, "no models directory was given (--models)")
        looked = f"looked in {' and '.join(where)}"
        known = self.models(folder)
        near = _nearest(name, known)
        if near:
            looked += f"; nearest: {', '.join(map(shown, near))}"
        elif not self._names(folder, self.roots(folder)):
            looked += ", which holds none" if len(where) == 1 else ", which hold none"
        return FileProblem("missing", message, looked)


def annotated(name: str) -> tuple[str, str]:
    """Split `name [output]` into the directory it selects and the name: `("output", "name")`."""
    for place in PLACES:
        if name.endswith(f" [{place}]"):
            return place, name[: -len(place) - 3]
    return "input", name


def _checked(name: str) -> str:
    reason = unsafe(name)
    if reason is not None:
        raise FileProblem("unsafe", f"{shown(name)} is not a safe file name: {reason}", None)
    return safe_name(name)


def _candidates(folder: str, name: str) -> Iterator[str]:
    yield name
    if folder == "embeddings":
        for extension in (".safetensors", ".pt", ".bin"):
            yield name + extension


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _nearest(name: str, known: Sequence[str]) -> Sequence[str]:
    """Return the names most like `name`: first those that differ only in their directory, then by their stems."""
    base = PurePosixPath(name.replace("\\", "/"))
    same = [other for other in known if PurePosixPath(other).name.lower() == base.name.lower()]
    stems: dict[str, str] = {}
    for other in known:
        stems.setdefault(PurePosixPath(other).stem, other)
    return (same or [stems[stem] for stem in nearest(base.stem, stems)])[:3]


def _walk(root: Path, follow_links: bool, deep: bool) -> Iterator[str]:
    """Yield the files under `root` as relative names with `/`; directories that hold themselves are seen once."""
    seen: set[str] = set()
    for directory, subdirectories, files in os.walk(root, followlinks=follow_links):
        real = os.path.realpath(directory)
        if real in seen:
            subdirectories.clear()
            continue
        seen.add(real)
        subdirectories[:] = [name for name in subdirectories if deep and name != ".git"]
        for name in files:
            path = Path(directory, name)
            if follow_links or not path.is_symlink() or _inside(path, root):
                yield path.relative_to(root).as_posix()
