"""The table of operations: which request is answered by which handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import unquote

from localcloud.github.call import Call, Reply

SubjectT = TypeVar("SubjectT")
Guard = Callable[[Call], SubjectT]
Handler = Callable[[Call, SubjectT], Reply]
Answer = Callable[[Call], Callable[[], Reply]]


@dataclass(frozen=True)
class Operation:
    """One method on one path of GitHub's description.

    `admit` runs the guard, which finds what the path is about and refuses who may not
    see or change it, and returns the handler ready to run. The request's validation
    comes between the two: like GitHub, an invalid request to an invisible repository
    learns only that there is nothing.
    """

    method: str
    template: str
    admit: Answer


@dataclass
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    variable: _Node | None = None
    operations: dict[str, Operation] = field(default_factory=dict)


class Router:
    """Finds an operation by the path's raw segments.

    Segments are split before they are unquoted, so that `prod%2Feu` is one segment.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._root = _Node()

    def route(
        self, method: str, template: str, guard: Guard[SubjectT]
    ) -> Callable[[Handler[SubjectT]], Handler[SubjectT]]:
        """Register a handler; it gets what the guard found."""

        def register(handler: Handler[SubjectT]) -> Handler[SubjectT]:
            def admit(call: Call) -> Callable[[], Reply]:
                subject = guard(call)
                return lambda: handler(call, subject)

            self._add(Operation(method, template, admit))
            return handler

        return register

    def _add(self, operation: Operation) -> None:
        node = self._root
        for segment in _segments(operation.template):
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment, _Node())
        if operation.method in node.operations:
            raise ValueError(f"{operation.method} {operation.template} is routed twice")
        node.operations[operation.method] = operation
        self.operations.append(operation)

    def find(
        self, method: str, raw_path: str
    ) -> tuple[Operation, dict[str, str]] | None:
        """The operation and its path parameters; HEAD is answered by GET."""
        segments = _segments(raw_path)
        node = _walk(self._root, segments)
        if node is None:
            return None
        operation = node.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            return None
        named = zip(_segments(operation.template), segments, strict=True)
        return operation, {
            name[1:-1]: unquote(text) for name, text in named if name.startswith("{")
        }


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _walk(node: _Node, segments: list[str]) -> _Node | None:
    if not segments:
        return node if node.operations else None
    first, rest = segments[0], segments[1:]
    for following in (node.literal.get(first), node.variable):
        if following and (found := _walk(following, rest)):
            return found
    return None
