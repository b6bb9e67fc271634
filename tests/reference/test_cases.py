"""Every reference case gives ComfyUI's values: the committed subset always, the full set where it is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import graphexec
from tests.reference.harness import Case, load_cases, mismatches

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "reference"
SUBSET = load_cases(HERE / "cases")
REST = [c for c in load_cases(SHARED / "cases") if (c.group, c.name) not in {(s.group, s.name) for s in SUBSET}]


@pytest.fixture(scope="module")
def session(
    reference_models: Path, reference_input: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[object]:
    """One Session for all cases, as a user with many files would have it."""
    output = tmp_path_factory.mktemp("output")
    with graphexec.Session(
        models=str(reference_models),
        input=str(reference_input),
        output=str(output),
        cache=None,
        device="cpu",
        dtype="fp32",
    ) as session:
        yield session


def check(session: graphexec.Session, case: Case) -> None:
    result = session.run(case.workflow, targets=case.targets)
    values = {name: result.value(node, slot) for name, (node, slot) in case.capture.items()}
    assert mismatches(case, values) == []


@pytest.mark.parametrize("case", SUBSET, ids=lambda c: f"{c.group}/{c.name}")
def test_committed_case(session: graphexec.Session, case: Case) -> None:
    check(session, case)


@pytest.mark.slow
@pytest.mark.skipif(not REST, reason="the full reference data (../shared/reference) is not here")
@pytest.mark.parametrize("case", REST, ids=lambda c: f"{c.group}/{c.name}")
def test_full_case(session: graphexec.Session, case: Case) -> None:
    check(session, case)
