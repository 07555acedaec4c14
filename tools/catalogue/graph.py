"""A stack's resources as a drawing: what was made from what, from left to right.

Layers by the longest way from a root, as Sugiyama has it; within a layer each node is
put near those it is joined to, and an edge that passes a layer has a place of its own
there. An edge that follows from others is left out.
"""

from __future__ import annotations

import itertools
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
LANE: Final = 8  # the height of an edge's place in a layer that it passes
SWEEPS: Final = 6
_LANE: Final = "\0lane "  # no key of a resource begins so


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
    layers, ways = _passed(_layers(below, by_key), below)
    layers = _ordered(layers, ways)
    heights = [sum(map(_height, layer)) + GAP * (len(layer) - 1) for layer in layers]
    height = 2 * MARGIN + max(heights, default=0)
    at: dict[str, tuple[int, int]] = {}
    for number, (layer, own) in enumerate(zip(layers, heights, strict=True)):
        y = (height - own) // 2
        for key in layer:
            at[key] = (MARGIN + number * (WIDTH + BETWEEN), y)
            y += _height(key) + GAP
    edges = [(way[0], way[-1], _path(way, at)) for way in ways]
    nodes = [
        Node(by_key[key], *at[key])
        for layer in layers
        for key in layer
        if key in by_key
    ]
    width = 2 * MARGIN + max(len(layers) * (WIDTH + BETWEEN) - BETWEEN, 0)
    return Drawing(nodes, edges, width, height)


def _height(key: str) -> int:
    return LANE if key.startswith(_LANE) else HEIGHT


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


def _passed(
    layers: list[list[str]], below: Mapping[str, set[str]]
) -> tuple[list[list[str]], list[list[str]]]:
    """Give each edge a place in the layers that it passes.

    Returns:
        The layers with those places, and for each edge the keys that it leads along.
    """
    depth = {key: number for number, layer in enumerate(layers) for key in layer}
    layers = [list(layer) for layer in layers]
    ways = []
    for target, sources in below.items():
        for source in sorted(sources):
            way = [source]
            for number in range(depth[source] + 1, depth[target]):
                lane = f"{_LANE}{number} {source} {target}"
                layers[number].append(lane)
                way.append(lane)
            ways.append([*way, target])
    return layers, ways


def _ordered(layers: list[list[str]], ways: Sequence[Sequence[str]]) -> list[list[str]]:
    """Order each layer by the middle of its neighbours' places, to and fro."""
    joined: dict[str, list[str]] = {key: [] for layer in layers for key in layer}
    for way in ways:
        for one, other in itertools.pairwise(way):
            joined[one].append(other)
            joined[other].append(one)
    place = {key: n / len(layer) for layer in layers for n, key in enumerate(layer)}

    def middle(key: str) -> float:
        around = [place[one] for one in joined[key]] or [place[key]]
        return sum(around) / len(around)

    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 else reversed(layers):
            layer.sort(key=middle)
            place.update({key: n / len(layer) for n, key in enumerate(layer)})
    return layers


def _path(way: Sequence[str], at: Mapping[str, tuple[int, int]]) -> str:
    """Return an SVG path: curves between the layers, straight along the lanes."""
    bend = BETWEEN * 2 // 3
    path = ""
    for one, other in itertools.pairwise(way):
        x1, y1 = at[one][0] + WIDTH, at[one][1] + _height(one) // 2
        x2, y2 = at[other][0], at[other][1] + _height(other) // 2
        path += f"{'L' if path else 'M'}{x1} {y1}"
        path += f"C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return path
