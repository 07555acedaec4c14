"""A stack's resources as a drawing: what was made from what, from left to right.

Layers by the longest way from a root, as Sugiyama has it; within a layer each node is
put near those it is joined to. An edge that follows from others is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .state import Resource

WIDTH: Final = 208
HEIGHT: Final = 42
GAP: Final = 12  # between nodes of a layer
BETWEEN: Final = 84  # between layers, where the edges run
MARGIN: Final = 12
SWEEPS: Final = 6


@dataclass(frozen=True)
class Node:
    """A resource and where it is drawn, in pixels."""

    resource: Resource
    x: int
    y: int


@dataclass(frozen=True)
class Drawing:
    """A graph, laid out.

    Attributes:
        nodes: The resources.
        edges: What was made from what: the keys of both, and the curve's path.
        width, height: The size in pixels.
    """

    nodes: Sequence[Node]
    edges: Sequence[tuple[str, str, str]]
    width: int
    height: int


def draw(resources: Sequence[Resource]) -> Drawing:
    """Lay the resources out."""
    by_key = {one.key: one for one in resources}
    below = _reduced({one.key: set(one.depends) & set(by_key) for one in resources})
    layers = _ordered(_layers(below, by_key), below)
    tall = max((len(layer) for layer in layers), default=0)
    height = 2 * MARGIN + tall * (HEIGHT + GAP) - GAP if tall else 2 * MARGIN
    at: dict[str, tuple[int, int]] = {}
    for number, layer in enumerate(layers):
        x = MARGIN + number * (WIDTH + BETWEEN)
        own = len(layer) * (HEIGHT + GAP) - GAP
        top = (height - own) // 2
        for place, key in enumerate(layer):
            at[key] = (x, top + place * (HEIGHT + GAP))
    edges = [
        (source, target, _curve(at[source], at[target]))
        for target, sources in below.items()
        for source in sorted(sources)
    ]
    nodes = [Node(by_key[key], *at[key]) for layer in layers for key in layer]
    width = 2 * MARGIN + len(layers) * (WIDTH + BETWEEN) - BETWEEN
    return Drawing(nodes, edges, max(width, 2 * MARGIN), height)


def _reduced(below: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Leave out each edge that a longer way replaces."""
    reach: dict[str, set[str]] = {}

    def reached(key: str) -> set[str]:
        if key not in reach:
            reach[key] = set()  # an engine's state has no cycle
            for one in below[key]:
                reach[key] |= {one} | reached(one)
        return reach[key]

    return {
        key: {
            one
            for one in direct
            if not any(one in reached(other) for other in direct - {one})
        }
        for key, direct in below.items()
    }


def _layers(
    below: Mapping[str, set[str]], by_key: Mapping[str, Resource]
) -> list[list[str]]:
    depth: dict[str, int] = {}

    def depth_of(key: str) -> int:
        if key not in depth:
            depth[key] = 1 + max((depth_of(one) for one in below[key]), default=-1)
        return depth[key]

    layers: list[list[str]] = []
    for key in sorted(below, key=lambda key: (by_key[key].token, by_key[key].name)):
        while len(layers) <= depth_of(key):
            layers.append([])
        layers[depth_of(key)].append(key)
    return layers


def _ordered(layers: list[list[str]], below: Mapping[str, set[str]]) -> list[list[str]]:
    """Order each layer by the middle of its neighbours' places, to and fro."""
    joined: dict[str, set[str]] = {key: set(ones) for key, ones in below.items()}
    for key, ones in below.items():
        for one in ones:
            joined[one].add(key)
    for sweep in range(SWEEPS):
        place = {
            key: number / len(layer)
            for layer in layers
            for number, key in enumerate(layer)
        }

        def middle(key: str, place: Mapping[str, float] = place) -> float:
            around = [place[one] for one in joined[key]]
            return sum(around) / len(around) if around else place[key]

        for layer in layers if sweep % 2 else reversed(layers):
            layer.sort(key=middle)
            place.update({key: n / len(layer) for n, key in enumerate(layer)})
    return layers


def _curve(source: tuple[int, int], target: tuple[int, int]) -> str:
    x1, y1 = source[0] + WIDTH, source[1] + HEIGHT // 2
    x2, y2 = target[0], target[1] + HEIGHT // 2
    bend = BETWEEN * 2 // 3
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
