"""Dicts and queues through the unmodified SDK."""

from __future__ import annotations

import queue
import threading
import time

import modal
import pytest
from modal.exception import AlreadyExistsError, InvalidError, NotFoundError


@pytest.fixture
def a_dict(client, environment):
    """An empty named dict."""
    return modal.Dict.from_name(
        "d", environment_name=environment, create_if_missing=True, client=client
    ).hydrate()


@pytest.fixture
def a_queue(client, environment):
    """An empty named queue."""
    return modal.Queue.from_name(
        "q", environment_name=environment, create_if_missing=True, client=client
    ).hydrate()


@pytest.mark.parametrize("kind", [modal.Dict, modal.Queue])
def test_objects_are_created_listed_and_deleted(client, environment, kind):
    """Both kinds live by the same rules of names."""
    where = {"environment_name": environment, "client": client}
    with pytest.raises(NotFoundError):
        kind.from_name("x", **where).hydrate()
    kind.objects.create("x", **where)
    with pytest.raises(AlreadyExistsError):
        kind.objects.create("x", **where)
    kind.objects.create("y", **where)
    assert [one.name for one in kind.objects.list(**where)] == ["y", "x"]
    made = kind.from_name("x", **where).hydrate()
    assert kind.from_id(made.object_id, client=client).info().name == "x"
    kind.objects.delete("x", **where)
    assert [one.name for one in kind.objects.list(**where)] == ["y"]


def test_dict_behaves_like_a_dict(a_dict):
    """Reads, writes, removals and iteration agree with Python's own."""
    a_dict["a"] = 1
    a_dict.update({"b": [2], ("c", 3): None})
    assert a_dict["b"] == [2]
    assert "a" in a_dict
    assert a_dict.get("zz", "default") == "default"
    assert a_dict.len() == 3
    assert dict(a_dict.items()) == {"a": 1, "b": [2], ("c", 3): None}
    assert list(a_dict.keys()) == ["a", "b", ("c", 3)]
    assert list(a_dict.values()) == [1, [2], None]
    assert a_dict.pop("a") == 1
    with pytest.raises(KeyError):
        a_dict["a"]
    a_dict.clear()
    assert a_dict.len() == 0


def test_dict_put_can_refuse_to_overwrite(a_dict):
    """`skip_if_exists` writes only the first time."""
    assert a_dict.put("k", 1, skip_if_exists=True)
    assert not a_dict.put("k", 2, skip_if_exists=True)
    assert a_dict["k"] == 1


def test_queue_is_first_in_first_out(a_queue):
    """Items come out in the order in which they went in, several at once too."""
    a_queue.put_many([1, 2, 3, 4])
    assert a_queue.len() == 4
    assert a_queue.get() == 1
    assert a_queue.get_many(2) == [2, 3]
    assert list(a_queue.iterate()) == [4]
    assert a_queue.get_many(10) == [4]
    assert a_queue.get(block=False) is None


def test_partitions_do_not_mix(a_queue):
    """A partition has its own items; the total counts all."""
    a_queue.put("x", partition="a")
    a_queue.put_many(["y", "z"], partition="b")
    a_queue.put("default")
    assert a_queue.len(partition="b") == 2
    assert a_queue.len(total=True) == 4
    assert a_queue.get(partition="b") == "y"
    a_queue.clear(partition="b")
    assert a_queue.len(total=True) == 2
    a_queue.clear(all=True)
    assert a_queue.len(total=True) == 0


def test_waiting_get_wakes_when_something_is_put(a_queue):
    """A blocked consumer gets the item as soon as it is there."""
    got = []
    consumer = threading.Thread(target=lambda: got.append(a_queue.get(timeout=30)))
    consumer.start()
    started = time.monotonic()
    a_queue.put("late")
    consumer.join(timeout=30)
    assert got == ["late"]
    assert time.monotonic() - started < 10


def test_waiting_get_gives_up_in_time(a_queue):
    """An empty queue raises when the time is up, not before."""
    started = time.monotonic()
    with pytest.raises(queue.Empty):
        a_queue.get(timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 10


def test_full_partition_raises_full(a_queue):
    """A partition holds 5,000 items."""
    a_queue.put_many([0] * 5000)
    with pytest.raises(queue.Full):
        a_queue.put(1, block=False)
    a_queue.put(1, partition="other")


def test_partition_expires(a_queue):
    """What was put with a short time to live is gone afterwards."""
    a_queue.put("x", partition="short", partition_ttl=1)
    a_queue.put("y", partition="long")
    deadline = time.monotonic() + 10
    while a_queue.len(partition="short") and time.monotonic() < deadline:
        pass
    assert a_queue.len(partition="short") == 0
    assert a_queue.len(partition="long") == 1


def test_too_large_items_are_refused(a_queue):
    """An item has at most a mebibyte."""
    with pytest.raises(InvalidError):
        a_queue.put(b"x" * (1024 * 1024 + 1))
    assert a_queue.len() == 0


def test_ephemeral_ones_work_without_a_name(client):
    """Anonymous objects exist for the length of a `with` statement."""
    with modal.Dict.ephemeral(client=client) as one:
        one["a"] = 1
        assert one["a"] == 1
    with modal.Queue.ephemeral(client=client) as one:
        one.put("x")
        assert one.get() == "x"
