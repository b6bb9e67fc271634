"""The remote tier against a real S3 server: two machines that share one bucket, and one that dies or hangs."""

import os
import socket
import threading
import time

import pytest

from graphexec.ports import PlainHooks
from graphexec.store import remote as module
from graphexec.store.disk import DiskStore
from graphexec.store.index import SMALL
from graphexec.store.memory import MemoryStore
from graphexec.store.model import Entry, Making
from graphexec.store.remote import Remote
from graphexec.store.tiers import Tiers
from graphexec.store.worth import ALL

BIG = "x" * (SMALL * 3)


class Machine:
    """A store as a Session of some machine has it: its own disk, the shared remote."""

    def __init__(self, directory, url, writable=True):
        self.told = []
        disk = DiskStore(directory, PlainHooks(), 1 << 30, ALL)
        disk.tell(self.told.append)
        self.tiers = Tiers(MemoryStore(1 << 20), disk, Remote(url, writable, disk.say))

    def run(self, **values):
        """Store values as a run does."""
        with self.tiers.held(frozenset()):
            for key, value in values.items():
                self.tiers.put(key, Entry(([value],)), 1, Making("Type", {"key": key}))

    def value(self, key):
        found = self.tiers.get(key)
        return None if found is None else found.outputs[0][0]


@pytest.fixture(scope="module")
def s3():
    """A server of S3 in this process, with one bucket."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    before = dict(os.environ)
    server.start()
    _, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1"}
    import fsspec

    system = fsspec.filesystem("s3")
    system.mkdir("bucket")
    yield "s3://bucket"
    server.stop()
    system.clear_instance_cache()
    for name in set(os.environ) - set(before):
        del os.environ[name]


@pytest.fixture(params=["s3", "directory"])
def url(request, tmp_path):
    if request.param == "directory":
        pytest.importorskip("fsspec")
        return f"file://{tmp_path}/shared"
    return f"{request.getfixturevalue('s3')}/{tmp_path.name}"


def test_what_one_machine_made_another_takes(tmp_path, url):
    one, two = Machine(tmp_path / "one", url), Machine(tmp_path / "two", url, writable=False)
    one.run(alpha=1, beta=BIG, gamma=BIG)
    assert two.tiers.known(["alpha", "beta", "nothing"]) == {"alpha", "beta"} and two.tiers.known(["later"]) == set()
    assert tuple(map(two.value, ["alpha", "beta", "gamma", "nothing"])) == (1, BIG, BIG, None)
    assert two.tiers.disk.known(["alpha", "beta", "gamma"]) == {"alpha", "beta", "gamma"}, "it did not stay on the disk"
    step = two.tiers.disk.index().step("beta")
    assert (step.type, step.recipe) == ("Type", {"key": "beta"})
    assert one.told == two.told == []


def test_read_only_writes_nothing(tmp_path, url):
    Machine(tmp_path / "one", url, writable=False).run(alpha=1)
    assert Machine(tmp_path / "two", url).value("alpha") is None


def test_damage_in_the_remote_is_a_miss(tmp_path, url):
    import fsspec

    Machine(tmp_path / "one", url).run(alpha=BIG, beta="small")
    system, root = fsspec.core.url_to_fs(url)
    for path in system.find(f"{root}/objects"):
        content = system.cat_file(path)
        if len(content) > SMALL:
            system.pipe_file(path, content[:-1] + b"y")
    torn = f"{root}/steps/be/ta"
    system.pipe_file(torn, system.cat_file(torn)[:-1])
    two = Machine(tmp_path / "two", url)
    assert two.value("alpha") is None and two.value("beta") is None and two.told == []
    two.run(alpha=BIG)
    assert Machine(tmp_path / "three", url).value("alpha") == BIG, "it was not written again"


def test_a_dead_remote_costs_one_warning(tmp_path):
    pytest.importorskip("s3fs")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    check_useless(tmp_path, port, "cannot be used")


def test_a_remote_that_does_not_answer_costs_one_warning_and_little_time(tmp_path, monkeypatch):
    pytest.importorskip("s3fs")
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        check_useless(tmp_path, silent.getsockname()[1], "too slow")


def check_useless(tmp_path, port, word):
    import fsspec

    before = dict(os.environ)
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    try:
        machine = Machine(tmp_path / "one", "s3://bucket/x")
        start = time.monotonic()
        assert machine.tiers.known(["alpha"]) == set()
        assert machine.value("beta") is None
        machine.run(alpha=1)
        assert machine.value("alpha") == 1
        assert time.monotonic() - start < 30
        (warning,) = machine.told
        assert "s3://bucket/x" in warning and word in warning
    finally:
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        os.environ.clear()
        os.environ.update(before)


def test_a_plan_of_very_many_keys_does_not_ask_for_all(tmp_path, url):
    Machine(tmp_path / "one", url).run(alpha=1)
    two = Machine(tmp_path / "two", url)
    assert two.tiers.known(["alpha", *map(str, range(1000, 1000 + module.MOST))]) == set()
    assert two.tiers.known(["alpha"]) == {"alpha"}
    assert threading.active_count() < 50
