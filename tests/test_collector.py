"""The garbage collector while large structures are built and nodes run: off, on again, and as it was afterwards."""

import gc
import weakref

import pytest

from graphexec.collector import collector_paused, collector_resumed


@pytest.fixture(autouse=True)
def collector_on():
    gc.enable()
    yield
    gc.unfreeze()
    gc.enable()


class Node:
    """Something that can be part of a cycle."""

    other = None


def cycle():
    node = Node()
    node.other = node
    return weakref.ref(node)


def test_pause_ends_with_the_block():
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_built_in_a_pause_is_not_young():
    with collector_paused():
        built = [Node() for _ in range(10_000)]
    young = gc.get_objects(generation=0) + gc.get_objects(generation=1)
    assert not {id(node) for node in built} & {id(other) for other in young}


def test_resumed_collects_what_is_new_only():
    with collector_paused():
        before = cycle()
        with collector_resumed():
            assert gc.isenabled()
            after = cycle()
            gc.collect()
            assert after() is None
            assert before() is not None
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert before() is None


def test_a_host_that_has_switched_it_off_keeps_it_off():
    gc.disable()
    with collector_paused(), collector_resumed():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_what_the_host_has_frozen_stays_frozen():
    gc.freeze()
    with collector_paused(), collector_resumed():
        assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_it_is_on_again_after_an_error():
    with pytest.raises(ValueError, match="no"), collector_paused(), collector_resumed():
        raise ValueError("no")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
