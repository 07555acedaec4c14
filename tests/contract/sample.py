"""What the contract suite must know of a kind to put it through its life.

One module a kind in `tests/contract/samples/`, named as the kind's own module, each
with one `SAMPLE`. A registered kind without a sample fails the suite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.servicer import Object
from tests.support.world import Properties, World

__all__ = ["Properties", "Sample", "World"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One kind's description.

    All values are Pulumi properties, as the engine sends them (JSON fields as text).

    Attributes:
        token: The kind.
        inputs: A valid set of inputs that uses every field, without the place. Called
            with the world, where it may make parents. `name` must be used in whatever
            makes the object unique: it differs from test to test.
        mutable: Changes that update in place: a label → the inputs that change.
        unset: Fields to remove from `inputs` one by one; each must go back to the
            service's default, in place, and leave no diff behind.
        immutable: Changes that replace: field → new value.
        invalid: Property path → the inputs that make it fail, all distinct fields.
        drift: Changes the object behind our back; returns the fields that drift.
        remove: Deletes the object behind our back.
        exists: Asks the service how many of these there are (0 or 1).
        different: Inputs that make another object under the same natural key.
        secret: Top-level fields that hold the canary; encrypted wherever they are kept.
        singleton: Whether a place has exactly one of these, so that tests share it.
        without: Tests of the suite that cannot hold → why, as nature or service has it.
    """

    token: str
    inputs: Callable[[World, str], Properties]
    mutable: Mapping[str, Properties]
    invalid: Mapping[str, Properties]
    drift: Callable[[World, Object], set[str]]
    remove: Callable[[World, Object], None]
    exists: Callable[[World, Object], int]
    different: Properties
    unset: tuple[str, ...] = ()
    immutable: Mapping[str, Any] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    singleton: bool = False
    without: Mapping[str, str] = field(default_factory=dict)
