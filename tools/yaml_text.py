"""Edits of YAML that leave every other character where it is.

A stack's file is read and written by people and by `pulumi config set`: comments,
order, quotes and spacing are theirs. So an edit replaces the text of one value, or puts
in or takes out one entry, by the marks that the parser leaves on what it read; and what
came out is read again and held against what was meant.
"""

from __future__ import annotations

import copy
import difflib
import textwrap
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from components.discover.stack_file import Dumper
from components.kernel import ConfigurationError
from components.kernel.parsing import parse_yaml

Path: TypeAlias = tuple[str, ...]
_BLOCK_SCALARS: Final = frozenset({"|", ">"})


class _Indented(Dumper):
    """Writes lists a step to the right of their key, as `pulumi` does."""

    def increase_indent(self, *given: Any, **named: Any) -> None:
        """Ask for a step, whatever PyYAML would do."""
        flow = given[0] if given else named.get("flow", False)
        super().increase_indent(flow, indentless=False)


class _Entry(NamedTuple):
    """One entry of a mapping, as the parser read it."""

    key: yaml.ScalarNode
    value: yaml.Node


class YamlText:
    """A YAML mapping as text.

    Attributes:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        """Read a text.

        Raises:
            ConfigurationError: It is no YAML mapping, or has anchors, by which one
                edit would be several.
        """
        self.text = text
        try:
            self.data: Any = parse_yaml(text) or {}
        except ConfigurationError as error:
            raise ConfigurationError(f"it {error}") from None
        self._root = yaml.compose(text, yaml.SafeLoader)
        tokens = yaml.scan(text, yaml.SafeLoader)
        if any(isinstance(t, yaml.AnchorToken | yaml.AliasToken) for t in tokens):
            raise ConfigurationError(
                "it has YAML anchors; write out what they stand for"
            )
        if not isinstance(self.data, dict):
            raise ConfigurationError("it is no YAML mapping; correct it")
        if (key := next(_keys_that_are_no_text(self.data), None)) is not None:
            raise ConfigurationError(f"its key {key} is no text; put it into quotes")

    def get(self, path: Path) -> Any:
        """Return a value; None where there is none."""
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def set(self, path: Path, value: Any, after: str | None = None) -> YamlText:
        """Return the text with one value replaced or put in.

        Args:
            path: Where; the mappings on the way are made if need be.
            value: What.
            after: The entry that a new one comes after; at the beginning if None.
        """
        found, depth = self._deepest(path)
        rest = path[depth:]
        if self._root is None:
            return self._checked(_block(_nested(path, value), 0) + "\n", path, value)
        if not rest:
            text = self._replaced(path, value)
        elif isinstance(found, yaml.MappingNode) and found.value:
            text = self._inserted(found, rest[0], _nested(rest[1:], value), after)
        elif self.get(path[:depth]) in (None, {}):
            return self.set(path[:depth], _nested(rest, value))
        else:
            raise ConfigurationError(
                f"{'.'.join(path[:depth])}: is no mapping; correct it"
            )
        return self._checked(text, path, value)

    def remove(self, path: Path) -> YamlText:
        """Return the text without one entry, and the comment right above it."""
        parent, depth = self._deepest(path[:-1])
        if depth != len(path) - 1 or not isinstance(parent, yaml.MappingNode):
            raise ConfigurationError(f"{'.'.join(path)}: is not there to be removed")
        entries = _entries(parent)
        at = [entry.key.value for entry in entries].index(path[-1])
        if len(entries) == 1:
            return self.set(path[:-1], {}) if path[:-1] else YamlText("{}\n")
        entry = entries[at]
        if parent.flow_style:
            start, end = (
                (_start(entry.key), _start(entries[at + 1].key))
                if at + 1 < len(entries)
                else (self._end(entries[at - 1].value), self._end(entry.value))
            )
        else:
            start = self._with_comment(_start(entry.key))
            end = self._line_end(self._end(entry.value)) + 1
        text = self.text[:start] + self.text[end:]
        expected = copy.deepcopy(self.data)
        within = expected
        for key in path[:-1]:
            within = within[key]
        del within[path[-1]]
        return _same(text, expected, path)

    def copied(self, source: YamlText, path: Path, after: str | None) -> YamlText:
        """Return the text with an entry put in as another text has it, comments too."""
        theirs, found = source._deepest(path), self._deepest(path[:-1])
        parent, depth = found
        entry = source._entry(path)
        if (
            theirs[1] != len(path)
            or depth != len(path) - 1
            or not isinstance(parent, yaml.MappingNode)
            or not parent.value
            or parent.flow_style
            or source._in_flow(path[:-1])
        ):
            return self.set(path, source.get(path), after)
        start = source._with_comment(_start(entry.key))
        lines = source.text[start : source._line_end(source._end(entry.value))]
        block = textwrap.dedent(lines).rstrip("\n")
        text = self._with_lines(parent, block, after)
        return self._checked(text, path, source.get(path))

    def _checked(self, text: str, path: Path, value: Any) -> YamlText:
        expected = copy.deepcopy(self.data)
        within = expected
        for key in path[:-1]:
            if not isinstance(within.get(key), dict):
                within[key] = {}
            within = within[key]
        within[path[-1]] = value
        return _same(text, expected, path)

    def _deepest(self, path: Path) -> tuple[yaml.Node | None, int]:
        node, depth = self._root, 0
        for key in path:
            entry = _named(node, key)
            if entry is None:
                break
            node, depth = entry.value, depth + 1
        return node, depth

    def _entry(self, path: Path) -> _Entry:
        entry = _named(self._deepest(path[:-1])[0], path[-1])
        if entry is None:
            raise ConfigurationError(f"{'.'.join(path)}: is not there")
        return entry

    def _in_flow(self, path: Path) -> bool:
        nodes = [self._deepest(path[:n])[0] for n in range(len(path) + 1)]
        return any(isinstance(n, yaml.CollectionNode) and n.flow_style for n in nodes)

    def _replaced(self, path: Path, value: Any) -> str:
        entry = self._entry(path)
        start, end = _start(entry.value), self._end(entry.value)
        if self._in_flow(path[:-1]):
            return self.text[:start] + _inline(value) + self.text[end:]
        style = getattr(entry.value, "style", "|")  # of a scalar
        kept = start < end and style not in _BLOCK_SCALARS
        column = entry.key.start_mark.column
        lines = _block({"k": value}, column).removeprefix(" " * column + "k:")
        if kept and "\n" not in lines:
            return self.text[:start] + lines.lstrip(" ") + self.text[end:]
        colon = self.text.index(":", entry.key.end_mark.index) + 1
        tail_end = self._line_end(end)
        tail = self.text[end:tail_end].rstrip()
        if "\n" in lines and not lines.startswith("\n"):  # text in lines of its own
            head, _, below = lines.partition("\n")
            return f"{self.text[:colon]}{head}{tail}\n{below}{self.text[tail_end:]}"
        if "\n" in lines:
            return self.text[:colon] + tail + lines + self.text[tail_end:]
        return self.text[:colon] + lines + tail + self.text[tail_end:]

    def _inserted(
        self, mapping: yaml.MappingNode, key: str, value: Any, after: str | None
    ) -> str:
        if not mapping.flow_style:
            return self._with_lines(mapping, _block({key: value}, 0), after)
        entries = _entries(mapping)
        said = _inline({key: value})[1:-1]
        before = [entry for entry in entries if entry.key.value == after]
        if before:
            at = self._end(before[0].value)
            return f"{self.text[:at]}, {said}{self.text[at:]}"
        at = _start(entries[0].key)
        return f"{self.text[:at]}{said}, {self.text[at:]}"

    def _with_lines(
        self, mapping: yaml.MappingNode, block: str, after: str | None
    ) -> str:
        """Put lines into a mapping, in its own column."""
        entries = _entries(mapping)
        lines = textwrap.indent(block, " " * entries[0].key.start_mark.column)
        before = [entry for entry in entries if entry.key.value == after]
        if before:
            at = self._line_end(self._end(before[0].value))
            return f"{self.text[:at]}\n{lines}{self.text[at:]}"
        at = self._with_comment(_start(entries[0].key))
        return f"{self.text[:at]}{lines}\n{self.text[at:]}"

    def _end(self, node: yaml.Node) -> int:
        """Return where a node's own text ends; its mark may be behind a comment."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            last = node.value[-1]
            return self._end(last[1] if isinstance(node, yaml.MappingNode) else last)
        end = int(node.end_mark.index)
        if isinstance(node, yaml.ScalarNode) and node.style in _BLOCK_SCALARS:
            start = _start(node)
            if "+" not in self.text[start : self._line_end(start)]:
                return start + len(self.text[start:end].rstrip())
            return end - self.text.endswith("\n", start, end)
        return end

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _with_comment(self, at: int) -> int:
        """Return the beginning of a line, and of the comment right above it."""
        start = self.text.rfind("\n", 0, at) + 1
        column = at - start
        while start:
            above = self.text.rfind("\n", 0, start - 1) + 1
            line = self.text[above : start - 1]
            if not line.startswith(" " * column + "#"):
                break
            start = above
        return start


def _keys_that_are_no_text(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    yield repr(key)
                yield from _keys_that_are_no_text(item)
        case list():
            for item in value:
                yield from _keys_that_are_no_text(item)


def diff(old: str, new: str, name: str, context: int = 3) -> str:
    """Return a unified diff of a file."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
        n=context,
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _entries(mapping: yaml.MappingNode) -> list[_Entry]:
    return [_Entry(key, value) for key, value in mapping.value]


def _named(node: yaml.Node | None, key: str) -> _Entry | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    found = (entry for entry in _entries(node) if entry.key.value == key)
    return next(found, None)


def _start(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def _nested(path: Path, value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _block(value: Any, column: int) -> str:
    said: str = yaml.dump(
        value,
        Dumper=_Indented,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=2**31,
    )
    return textwrap.indent(said.rstrip("\n"), " " * column)


def _inline(value: Any) -> str:
    said: str = yaml.dump(
        value,
        Dumper=_Indented,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True,
        width=2**31,
    )
    return said.removesuffix("\n").removesuffix("\n...")


def _same(text: str, expected: Any, path: Path) -> YamlText:
    """Read what came out, which must be what was meant."""
    try:
        made = YamlText(text)
    except ConfigurationError:
        made = None
    if made is None or made.data != expected:
        raise ConfigurationError(
            f"{'.'.join(path)}: cannot be changed without touching the rest of the "
            f"file; change it by hand"
        )
    return made
