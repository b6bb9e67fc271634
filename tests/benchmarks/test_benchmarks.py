"""The benchmarks name what they claim, and work: at toy sizes, without rivals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.autoencoder import Autoencoder
from graphexec.diffusion.models.autoencoder_layout import autoencoder_layout
from graphexec.diffusion.models.unet import UNet
from tests.benchmarks.__main__ import main
from tests.benchmarks.catalogue import BENCHMARKS, claim, load
from tests.benchmarks.options import Options
from tests.benchmarks.race import Entry, race
from tests.benchmarks.rivals import Rival, missing, present
from tests.benchmarks.tables import Table, inserted, spread
from tests.benchmarks.work import decoder_work, unet_work
from tests.diffusion.layouts import meta, tiny
from workflows.tiny_checkpoint import Size, shapes

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_names_its_claim(name: str) -> None:
    assert len(claim(name)) > 20
    assert len((load(name).__doc__ or "").splitlines()) > 2, "how it is measured is said too"


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = tmp_path / "found.json"
    arguments = ["--tiny", "--no-rivals", "--repeat", "1", "--scratch", str(tmp_path / "scratch"), "--json", str(found)]
    assert main([name, *arguments]) == 0
    tables = json.loads(found.read_text())[name]
    assert tables and all(row for table in tables for row in table["rows"])
    assert "(" not in tables[0]["rows"][0][1], "one lap has no range"


def test_every_benchmark_has_a_place_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in BENCHMARKS:
        assert inserted(page, name, "heading", []) != page


def test_names_that_are_not_there_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["samplr"]) == 2
    assert "no benchmark samplr" in capsys.readouterr().err


def test_a_rival_that_is_not_installed_is_said_to_be_missing(tmp_path: Path) -> None:
    rival = Rival("Nobody", "nobody_has_this", ("nobody", "helper"))
    assert not present(rival, Options(tmp_path))
    assert missing([rival], Options(tmp_path)) == ("Nobody is missing: `pip install nobody helper`",)


def test_results_replace_what_stood_between_the_marks() -> None:
    page = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n"
    table = Table("Title", ("what", "time"), (("x", "1 s"),), ("a note",))
    made = inserted(page, "a", "Measured.", [table])
    assert made.startswith("before\n<!-- a -->\nMeasured.") and made.endswith("<!-- /a -->\nafter\n")
    assert "| x | 1 s |" in made and "- a note" in made and "old" not in made
    assert inserted(made, "a", "Measured.", [table]) == made
    with pytest.raises(ValueError, match="no place for b"):
        inserted(page, "b", "", [])


def test_spread_is_median_and_range() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 s (1.00–3.00)"
    assert spread([0.25], "ms", 1000) == "250 ms"


def test_contestants_go_by_turns_and_their_memory_is_seen(tmp_path: Path) -> None:
    entries = [Entry(name, "tests.benchmarks.toys:holding", {"name": name}) for name in ("a", "b")]
    fails = Entry("fails", "tests.benchmarks.toys:failing")
    outcomes = race([*entries, fails], Options(tmp_path), laps=2)
    assert [outcomes[name].values("number") for name in "ab"] == [[0, 1], [0, 1]]
    assert all(len(outcomes[name].seconds) == 2 and outcomes[name].anonymous > 50_000_000 for name in "ab")
    assert outcomes["fails"].failure == "ValueError: on purpose"


@pytest.mark.parametrize("name", ["sd1", "sd2"])
def test_the_work_of_a_unet_is_what_pytorch_counts(name: str) -> None:
    layout = tiny(name)
    x, context = torch.empty(1, 4, 16, 16, device="meta"), torch.empty(1, 77, layout.context, device="meta")
    with FlopCounterMode(display=False) as counter:
        meta(UNet, layout)(Inputs(x, torch.empty(1, device="meta"), context))
    assert counter.get_total_flops() == pytest.approx(unet_work(layout, 16, 77), rel=0.001)


def test_the_work_of_a_decoder_is_what_pytorch_counts() -> None:
    prefix = "first_stage_model."
    found = {name.removeprefix(prefix): shape for name, shape in shapes(Size()) if name.startswith(prefix)}
    layout = autoencoder_layout(found)
    with FlopCounterMode(display=False) as counter:
        meta(Autoencoder, layout).decode(torch.empty(1, 4, 16, 16, device="meta"))
    assert counter.get_total_flops() == pytest.approx(decoder_work(layout, 16), rel=0.001)
