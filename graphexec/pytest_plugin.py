"""The pytest plugin: tests marked with a workflow render it and compare with its lock.

Nothing of graphexec is imported before a test asks for it, so that test suites without workflows pay nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from graphexec.api import Session
    from graphexec.execute.result import Result
    from graphexec.proof.checking import Wanted

_CHANGES = ("params", "set", "seed", "targets")
_ARGUMENTS = frozenset((*_CHANGES, "lock", "level", "tolerance"))
_SIGNATURE = (
    "workflow(file, *, params=None, set=None, seed=None, targets=None, lock=None, level=None, tolerance=None): "
    "render a workflow file and compare with its lock (graphexec)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--graphexec-update`."""
    parser.getgroup("graphexec").addoption(
        "--graphexec-update", action="store_true", help="Accept what workflow tests render: write their locks anew."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _SIGNATURE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two tests that would write different things to one lock: in every worker alike, before any runs."""
    seen: dict[Path, tuple[object, str]] = {}
    for item in items:
        marker = item.get_closest_marker("workflow")
        if marker is None:
            continue
        file, lock = _places(item, marker)
        said = repr((file, [marker.kwargs.get(name) for name in _CHANGES]))
        before, other = seen.setdefault(lock, (said, item.nodeid))
        if before != said:
            raise pytest.UsageError(
                f"{item.nodeid} and {other} render different things but have one lock, {lock.name}: "
                "give one of them lock='another name' in its workflow marker"
            )


@pytest.fixture(scope="session")
def graphexec_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """The Session that workflow tests run in, one a worker: settings as of the program, and no cache on disk.

    Settings come from graphexec.toml in pytest's root directory, the user's file and GRAPHEXEC_ variables. Override
    this fixture for others.
    """
    from graphexec.cli.sessions import Sessions
    from graphexec.config import resolve
    from graphexec.diagnostics.summary import has_errors
    from graphexec.store.location import OFF

    settings, findings = resolve(request.config.rootpath)
    if has_errors(findings):
        raise pytest.UsageError("\n".join(map(str, findings)))
    with Sessions() as sessions:
        yield sessions.of(replace(settings, cache=OFF))


@pytest.fixture
def workflow_result(request: pytest.FixtureRequest, graphexec_session: Session, tmp_path: Path) -> Result:
    """The result of the workflow of this test's marker, after it was found to agree with its lock.

    Files are written below the test's `tmp_path`.
    """
    from graphexec.proof.checking import Disagreement, check

    marker = request.node.get_closest_marker("workflow")
    if marker is None:
        pytest.fail('workflow_result needs a marker: @pytest.mark.workflow("flow.yaml")', pytrace=False)
    update = bool(request.config.getoption("--graphexec-update"))
    try:
        return check(_wanted(request.node, marker), graphexec_session, tmp_path / "graphexec", update=update)
    except Disagreement as error:
        said = str(error)
    pytest.fail(said, pytrace=False)  # outside of the handler, or pytest would show the chain of causes


@pytest.fixture(autouse=True)
def _graphexec_workflow(request: pytest.FixtureRequest) -> None:
    """Render for tests that have the marker and do not ask for the result."""
    if request.node.get_closest_marker("workflow") is not None:
        request.getfixturevalue("workflow_result")


def _wanted(item: pytest.Item, marker: pytest.Mark) -> Wanted:
    from graphexec.proof.checking import Wanted

    file, lock = _places(item, marker)
    changes: Any = {name: marker.kwargs[name] for name in _CHANGES if marker.kwargs.get(name) is not None}
    return Wanted(str(file), lock, changes, marker.kwargs.get("level"), marker.kwargs.get("tolerance") or {})


def _places(item: pytest.Item, marker: pytest.Mark) -> tuple[Path, Path]:
    """Return the workflow's file and its lock. Raises UsageError for arguments that the marker does not have."""
    unknown = sorted(marker.kwargs.keys() - _ARGUMENTS)
    if len(marker.args) != 1 or not isinstance(marker.args[0], (str, Path)) or unknown:
        what = f"there is no argument {unknown[0]!r}" if unknown else "it takes one file"
        raise pytest.UsageError(f"{item.nodeid}: {what}: {_SIGNATURE}")
    beside = item.path.parent / marker.args[0]
    file = beside if beside.exists() else item.config.rootpath / marker.args[0]
    name = marker.kwargs.get("lock")
    if name is None:
        changed = any(marker.kwargs.get(argument) is not None for argument in _CHANGES)
        test = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{item.path.stem}-{item.name}")
        name = f"{file.name}.{test}.lock" if changed else f"{file.name}.lock"
    return file, file.with_name(name)
