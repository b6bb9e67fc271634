"""What is told about the processor without torch."""

import os
import sys

import pytest

from graphexec.diffusion.processor import Processor, cores, default_threads, parse, processor

XEON = """processor\t: 0
vendor_id\t: GenuineIntel
flags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile

processor\t: 1
vendor_id\t: GenuineIntel
flags\t\t: fpu
""".splitlines(keepends=True)


def test_reads_the_first_processor_only():
    found = parse(XEON)
    assert (found.vendor, found.fast_bf16) == ("GenuineIntel", True)
    assert found.kind.endswith("GenuineIntel amx_bf16 avx2 avx512_bf16 avx512f")


@pytest.mark.parametrize(("feature", "fast"), [("avx512f", False), ("avx512_bf16", True), ("amx_bf16", True)])
def test_fast_bf16(feature, fast):
    assert Processor("x86_64", "", frozenset({feature})).fast_bf16 == fast


def test_files_of_other_systems():
    assert parse(["Features\t: asimd bf16\n"]).features == {"asimd", "bf16"}
    assert parse([]).kind == parse(["nonsense"]).kind == processor().architecture


def test_agrees_with_torch():
    torch = pytest.importorskip("torch")
    if not hasattr(torch.cpu, "_is_avx512_bf16_supported") or not processor().features:
        pytest.skip("torch does not say, or cpuinfo does not")
    says = torch.cpu._is_avx512_bf16_supported(), torch.cpu._is_amx_tile_supported()
    assert says == ("avx512_bf16" in processor().features, "amx_tile" in processor().features)


def test_threads_by_environment_then_host_then_cores(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    found = []
    for said in ("3", "4,2", "0", "many", None):
        monkeypatch.setenv("OMP_NUM_THREADS", said) if said else monkeypatch.delenv("OMP_NUM_THREADS")
        found.append(default_threads())
    assert found == [3, 4, 7, 7, 7]
    monkeypatch.delitem(sys.modules, "torch")
    assert default_threads() == cores() <= os.cpu_count()


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
def test_threads_of_one_core_count_once(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    monkeypatch.setattr("graphexec.diffusion.processor.SIBLINGS", str(tmp_path / "{}"))
    assert cores() == 3, "nothing known about siblings"
    for number, siblings in enumerate(("0,2", "1,3", "0,2")):
        (tmp_path / str(number)).write_text(siblings)
    assert cores() == 2
