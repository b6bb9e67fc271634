"""What is remembered about accelerators, and when torch is asked."""

import pytest

from graphexec.diffusion import accelerators
from graphexec.diffusion.accelerators import NONE, Accelerators

FACTS = {
    "torch": "2.13.0+cu130",
    "system": ["Linux", "x86_64", "6.1"],
    "devices": ["nvidia0"],
    "driver": "580.1",
    "visible": {},
}
H100 = Accelerators(("NVIDIA H100",), cuda_bf16=True)


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """Return a function that asks as a new process would, and how often torch was asked meanwhile."""
    calls = []
    monkeypatch.setattr(accelerators, "user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(accelerators, "_ask", lambda: calls.append(1) or H100)

    def answer(**changes):
        calls.clear()
        monkeypatch.setattr(accelerators, "_facts", lambda: FACTS | changes)
        return accelerators.accelerators.__wrapped__(), len(calls)

    return answer


def test_torch_is_asked_once(ask):
    assert [ask(), ask()] == [(H100, 1), (H100, 0)]


@pytest.mark.parametrize("change", [{"torch": "2.14.0+cu130"}, {"devices": ["nvidia0", "nvidia1"]}, {"driver": "581"},
                                    {"visible": {"CUDA_VISIBLE_DEVICES": "1"}}])  # fmt: skip
def test_other_facts_are_asked_anew(ask, change):
    ask()
    assert ask(**change) == (H100, 1)


@pytest.mark.parametrize("facts", [
    {"torch": "2.13.0+cpu"}, {"torch": None}, {"devices": []}, {"system": ["Darwin", "x86_64", "24"]},
])  # fmt: skip
def test_where_there_is_none_torch_is_not_asked(ask, facts):
    assert ask(**facts) == (NONE, 0)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"facts": 1, "answer": {}}', "\x00" * 40, '{"answer": {}'])
def test_a_broken_memory_is_asked_anew_and_written_over(ask, tmp_path, content):
    ask()
    (memo,) = (tmp_path / "cache/graphexec").iterdir()
    memo.write_text(content)
    assert [ask(), ask()] == [(H100, 1), (H100, 0)]


def test_a_memory_that_cannot_be_kept(ask, tmp_path):
    (tmp_path / "cache").write_text("a file where the directory should be")
    assert [ask(), ask()] == [(H100, 1), (H100, 1)]


def test_facts_of_this_machine_are_told():
    assert accelerators._facts()["torch"] == accelerators.torch_version()
