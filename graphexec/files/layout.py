"""Where the files of each model folder lie: ComfyUI's directory layout and `extra_model_paths.yaml`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from graphexec.errors import UsageError

DIRECTORIES: dict[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in (
            "checkpoints", "configs", "loras", "vae", "clip_vision", "style_models", "embeddings", "diffusers",
            "vae_approx", "gligen", "upscale_models", "hypernetworks", "photomaker", "classifiers", "model_patches",
            "audio_encoders",
        )
    },
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("unet", "diffusion_models"),
    "controlnet": ("controlnet", "t2i_adapter"),
}  # fmt: skip
"""The directories of each model folder under a models directory, in order of search."""

LEGACY = {"clip": "text_encoders", "unet": "diffusion_models"}
"""Older names of model folders, still found in nodes and configuration files."""

WEIGHTS = (".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft")
_EXTENSIONS: dict[str, tuple[str, ...]] = {"configs": (".yaml",), "classifiers": ("",), "diffusers": ()}

Roots = Mapping[str, tuple[Path, ...]]


def folder_name(folder: str) -> str:
    """Return the current name of a model folder."""
    return LEGACY.get(folder, folder)


def extensions(folder: str) -> tuple[str, ...]:
    """Return the extensions of the files of a folder; none means any, and `("",)` files without one."""
    return _EXTENSIONS.get(folder, WEIGHTS if folder in DIRECTORIES else ())


def model_roots(sources: Iterable[str | Path]) -> Roots:
    """Return the directories of each model folder.

    Each source is a models directory in ComfyUI's layout or an `extra_model_paths.yaml`; earlier ones win.
    Raises UsageError for a source that does not exist or is malformed.
    """
    roots: dict[str, list[Path]] = {}
    for source in map(Path, sources):
        if source.suffix.lower() in (".yaml", ".yml"):
            _add_file(roots, source)
        elif source.is_dir():
            _add_directory(roots, source)
        else:
            raise UsageError(f"models directory {str(source)!r} does not exist")
    return {folder: tuple(dict.fromkeys(paths)) for folder, paths in roots.items()}


def _add_directory(roots: dict[str, list[Path]], directory: Path) -> None:
    for folder, names in DIRECTORIES.items():
        roots.setdefault(folder, []).extend(directory / name for name in names)
    for entry in sorted(directory.iterdir()):  # a directory of another name is a folder of its own (packs have such)
        if entry.is_dir() and entry.name not in _KNOWN and not entry.name.startswith("."):
            roots.setdefault(entry.name, []).append(entry)


_KNOWN = frozenset(name for names in DIRECTORIES.values() for name in names)


def _add_file(roots: dict[str, list[Path]], file: Path) -> None:
    for name, section in _sections(file).items():
        if section is None:
            continue
        if not isinstance(section, dict):
            raise UsageError(f"{file}: section {name!r} must be a mapping of folder names to paths")
        section = dict(section)
        base = _expand(_text(file, name, "base_path", section.pop("base_path", "")), file.absolute().parent)
        first = section.pop("is_default", False)
        for key, value in section.items():
            paths = [_expand(line, base) for line in _text(file, name, key, value).splitlines() if line.strip()]
            known = roots.setdefault(folder_name(str(key)), [])
            known[:] = paths + known if first else known + paths


def _sections(file: Path) -> Mapping[Any, Any]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{file}: not valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UsageError(f"{file}: must be a mapping of sections, as in extra_model_paths.yaml")
    return content


def _text(file: Path, section: Any, key: Any, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError(f"{file}: {section}.{key} must be a path (or one path a line)")
    return value


def _expand(text: str, base: Path) -> Path:
    expanded = os.path.expandvars(text.strip())
    return Path(os.path.normpath(base / Path(expanded).expanduser()))


def output_roots(output: Path) -> dict[str, Path]:
    """Return the directories under `output` where nodes save models, by model folder; they are searched last."""
    saved: Sequence[tuple[str, str]] = (
        ("checkpoints", "checkpoints"),
        ("text_encoders", "clip"),
        ("vae", "vae"),
        ("diffusion_models", "diffusion_models"),
        ("loras", "loras"),
    )
    return {folder: output / name for folder, name in saved}
