"""Runs of built workflows: values in every form, sessions that stay, batches, streams, threads, mistakes."""

import asyncio
import threading
import time
from pathlib import Path

import numpy
import pytest
import torch
from PIL import Image

import graphexec
from graphexec.api import Session
from graphexec.build import Workflow
from graphexec.build import nodes as n
from graphexec.errors import DeadlineExceeded, InvalidWorkflow, RunFailed, UsageError, ValueReleased

CALLS = []


@graphexec.node(version="1")
def Count(x: int) -> int:
    """Remember that it ran."""
    CALLS.append(x)
    return x + 1


@graphexec.node(version="1")
def Slow(x: int) -> int:
    """Take a while."""
    time.sleep(0.05)
    return x


@graphexec.node(version="1")
def Fail(x: int) -> int:
    """Break."""
    raise ValueError("on purpose")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "input").mkdir()
    Image.new("RGB", (6, 4), (255, 0, 128)).save(tmp_path / "input/a.png")
    CALLS.clear()


def picture():
    with Workflow() as wf:
        image = n.ImageInvert(image=n.LoadImage(image="a.png").IMAGE)
        saved = n.SaveImage(images=image, filename_prefix="out")
    return wf, image, saved


def test_pictures_and_values():
    wf, image, saved = picture()
    made = wf.run(targets=[image, saved])
    assert [Path(f).name for f in made.files] == ["out_00001_.png"] and Path(made.files[0]).is_file()
    assert made.tensor(image).shape == (1, 4, 6, 3)
    assert made.numpy(image).dtype == numpy.float32
    (drawn,), (written,), (all_,) = made.images(image), made.images(saved), made.images()
    assert drawn.tobytes() == written.tobytes() == all_.tobytes()
    assert drawn.size == (6, 4) and drawn.getpixel((0, 0)) == (0, 255, 126)  # cut off, not rounded, as ComfyUI does
    assert made._repr_png_().startswith(b"\x89PNG")
    assert made.report["workflow"] and image.node.id in made.executed


def test_what_is_returned_is_a_copy():
    wf, image, _ = picture()
    made = wf.run(targets=[image])
    made.tensor(image).zero_()
    made.numpy(image)[:] = 0
    assert float(made.value(image).max()) == 1.0


def test_latents_and_other_values():
    with Workflow() as wf:
        latent = n.EmptyLatentImage(width=16, height=24)
        number = Count(1)
    made = wf.run(targets=[latent, number.node])
    assert made.tensor(latent).shape == (1, 4, 3, 2) and made.value(number) == made.value(number.node) == 2
    assert made.value("Count") == 2
    with pytest.raises(UsageError, match="is int, which is no tensor"):
        made.tensor(number)
    assert made.images() == [] and made._repr_png_() is None


def test_what_is_no_target_is_released():
    wf, image, _ = picture()
    with pytest.raises(ValueReleased, match="targets"):
        wf.run().value(image)


def test_runs_with_the_same_settings_share_a_session():
    with Workflow() as wf:
        x = Count(wf.param("x", 1))
    first = wf.run(targets=[x])
    assert wf.run(targets=[x]).session is first.session and CALLS == [1]
    assert wf.run(targets=[x], device="cpu").session is not first.session
    wf.close()
    with Session(nodes=wf.packs) as session:
        assert wf.run(session=session, targets=[x]).session is session
        with pytest.raises(UsageError, match="device cannot be given"):
            wf.run(session=session, device="cpu")


def test_each_set_of_parameters_is_a_run_and_what_is_shared_runs_once():
    with Workflow() as wf:
        total = Count(n.PrimitiveInt(value=wf.param("x", 0)))
        shared = Count(100)
    made = list(wf.run_each([{"x": 1}, {"x": 2}, {"x": 1}], targets=[total, shared]))
    assert [r.value(total) for r in made] == [2, 3, 2]
    assert sorted(CALLS) == [1, 2, 100]


def test_runs_are_lazy():
    with Workflow() as wf:
        x = Count(wf.param("x", 0))
    runs = wf.run_each(({"x": k} for k in range(10**9)), targets=[x])
    assert next(runs).value(x) == 1 and CALLS == [0]


def test_mistakes_are_raised_with_their_lines():
    with Workflow() as wf:
        n.PreviewImage(images=n.ImageBlur(image=n.LoadImage(image="a.png").IMAGE, sigma=-1.0))
    with pytest.raises(InvalidWorkflow, match=r"test_running.py:\d+:\d+: error GX302") as caught:
        wf.run()
    assert {Path(d.file).name for d in caught.value.diagnostics} == {"test_running.py"}
    with Workflow() as other:
        x = Count(1)
    with pytest.raises(UsageError, match="not of this workflow"):
        wf.run(targets=[x])
    with Workflow() as wf:
        x = Fail(1)
    with pytest.raises(RunFailed, match="on purpose"):
        wf.run(targets=[x])
    assert len(other) == 1


def test_documents_of_programs_run_anywhere_with_lines():
    with Workflow() as wf:
        n.PreviewImage(images=n.EmptyImage(width=0))
    (found,) = [d for d in Session().check(wf.document) if d.severity == "error"]
    assert found.code == "GX302" and found.excerpt.strip().startswith("n.PreviewImage")


def test_events_stream_while_the_run_goes_on():
    with Workflow() as wf:
        x = Slow(Slow(1))

    async def listen():
        stream = wf.stream(targets=[x])
        with pytest.raises(UsageError, match="not finished"):
            stream.rendering  # noqa: B018
        kinds = [event.kind async for event in stream]
        return kinds, stream.rendering.value(x), (await wf.stream(targets=[x])).reused

    kinds, value, reused = asyncio.run(listen())
    assert kinds == ["run_started", *["node_started", "node_finished"] * 2, "run_finished"]
    assert value == 1 and set(reused) == {"Slow_2"}


def test_whoever_stops_listening_stops_the_run():
    with Workflow() as wf:
        x = 0
        for _ in range(50):
            x = Slow(x)
    finished = []

    async def listen():
        async for event in wf.stream(targets=[x]):
            finished.append(event.kind)
            if event.kind == "node_finished":
                break

    async def cancelled():
        task = asyncio.ensure_future(_all(wf.stream(targets=[x])))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = threading.active_count()
    asyncio.run(listen())
    assert finished.count("node_finished") == 1
    asyncio.run(cancelled())
    assert threading.active_count() <= before + 1


async def _all(stream):
    return [event async for event in stream]


def test_errors_and_deadlines_come_out_of_the_stream():
    with Workflow() as wf:
        x, y = Fail(1), Slow(Slow(Slow(1)))

    with pytest.raises(RunFailed):
        asyncio.run(_all(wf.stream(targets=[x])))
    with pytest.raises(DeadlineExceeded):
        asyncio.run(_all(wf.stream(targets=[y], deadline=0.06)))
    with pytest.raises(UsageError, match="neither listener"):
        wf.stream(listener=print)


def test_threads_may_run_one_workflow():
    with Workflow() as wf:
        x = Count(n.PrimitiveInt(value=wf.param("x", 0)))
    found = {}

    def go(k):
        found[k] = wf.run(params={"x": k}, targets=[x]).value(x)

    threads = [threading.Thread(target=go, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {k: k + 1 for k in range(8)}


def test_a_workflow_shows_its_graph():
    wf, _, _ = picture()
    drawn = wf._repr_svg_()
    assert drawn.startswith("<svg") and "ImageInvert" in drawn


def test_masks_and_grey_pictures_become_pictures():
    with Workflow() as wf:
        mask = n.SolidMask(value=1.0, width=5, height=3)
        grey = n.LoadImage(image="a.png")
    made = wf.run(targets=[mask, grey.MASK])
    assert made.images(mask)[0].mode == "L" and made.images(mask)[0].size == (5, 3)
    assert made.tensor(grey.MASK).dtype is torch.float32
