"""YAML and JSON that people and other tools wrote: read whole, or told what is wrong.

Beside what the formats forbid, it is told what their parsers let through or fail on:
a key that is there twice, of which the first would be lost without a word; aliases that
stand for more than memory holds, or for themselves; and values that are written as a
date or a number and are none.
"""

from __future__ import annotations

import json
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import yaml

from .errors import ConfigurationError, one_line

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

# With what aliases stand for written out; people write a thousandth of it.
_MOST_VALUES: Final = 1_000_000
_MOST_LEVELS: Final = 100
# Python itself writes no longer number.
_MOST_BITS: Final = 8_192
_TOO_DEEP: Final = f"it is nested deeper than {_MOST_LEVELS} levels"


def read_yaml(file: Path) -> Any:
    """Read a YAML file; None if it says nothing.

    Raises:
        FileNotFoundError: It is not there.
        ConfigurationError: It cannot be read, or is not YAML; the message names it.
    """
    try:
        return parse_yaml(file.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # the latter of a name that can be none
        why = getattr(error, "strerror", None) or "it is no name of a file"
        raise ConfigurationError(
            f"{file} cannot be read ({why}); correct its path, or make it readable"
        ) from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{file} {error}") from None


def parse_yaml(text: str | bytes) -> Any:
    """Read YAML; None if it says nothing.

    Raises:
        ConfigurationError: It is not; the message says where and why.
    """
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except RecursionError:
        raise ConfigurationError(f"is not YAML: {_TOO_DEEP}; make it flatter") from None
    except yaml.reader.ReaderError as error:
        raise ConfigurationError(
            f"is not YAML: what is at position {error.position} is no text; write it "
            "anew as UTF-8"
        ) from None
    except yaml.MarkedYAMLError as error:
        told: Any = error  # whatever else reading raises has a place and a problem
        line, why = told.problem_mark.line + 1, one_line(told.problem)
        raise ConfigurationError(
            f"is not YAML (line {line}): {why}; correct it"
        ) from None


def parse_json(text: str | bytes) -> Any:
    """Read JSON.

    Raises:
        ConfigurationError: It is not; the message says where.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ConfigurationError(f"is not JSON: {_TOO_DEEP}; make it flatter") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}"
        raise ConfigurationError(f"is not JSON ({where}); write it anew") from None
    except ValueError:
        why = "is not JSON: it is no text, or has a number without end"
        raise ConfigurationError(f"{why}; write it anew") from None


@contextmanager
def of_that_form(what: str, way_out: str) -> Iterator[None]:
    """Tell a document that is not as the tool that writes it would have it.

    For what no person writes, so that where it is wrong is nobody's to know.

    Args:
        what: The document, as a sentence begins with it.
        way_out: How to get another.

    Raises:
        ConfigurationError: The block could not make sense of it.
    """
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError):
        raise ConfigurationError(
            f"{what} is not as the tool that wrote it would have it; {way_out}"
        ) from None


class _Loader(yaml.SafeLoader):
    """PyYAML's own, which tells what it would lose or fail on."""

    _level = 0

    def get_single_node(self) -> yaml.Node | None:
        """Read the one document, and see how much it stands for."""
        node = super().get_single_node()
        if node is not None:
            _measured(node, {})
        return node

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Read one value, if it is not too deep."""
        self._level += 1
        if parent is not None and self._level > _MOST_LEVELS:
            raise _fault(_TOO_DEEP, parent)
        node = super().compose_node(parent, index)
        self._level -= 1
        return node

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, Any]:
        """Refuse a key that is there twice, or is a structure."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode):
                raise _fault("a key is no text", key)
            if (key.tag, key.value) in seen:
                raise _fault(f"'{key.value}' is there twice", key)
            seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Tell a value that is not of its type, or of none that JSON knows."""
        type_ = str(node.tag).rpartition(":")[2]
        try:
            made = super().construct_object(node, deep=deep)
        except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError):
            raise _fault(f"a value is no {type_}, as it is said to be", node) from None
        if isinstance(made, int) and made.bit_length() > _MOST_BITS:
            raise _fault("a number has too many digits", node)
        if isinstance(made, float) and not math.isfinite(made):
            raise _fault(f"a number is {made}, and JSON has no such", node)
        if isinstance(made, bytes | set):
            raise _fault(f"a value is a {type_}, and JSON has none", node)
        return made


def _fault(why: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, why, node.start_mark)


def _measured(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Return how many values a node stands for, its aliases written out.

    Args:
        node: The node.
        sizes: Of those that were measured; 0 of those that are being.
    """
    if id(node) in sizes:
        if not sizes[id(node)]:
            raise _fault("an alias stands for what it is in", node)
        return sizes[id(node)]
    sizes[id(node)] = 0
    size = 1
    for item in node.value if isinstance(node, yaml.CollectionNode) else ():
        for part in item if isinstance(item, tuple) else (item,):
            size += _measured(part, sizes)
    if size > _MOST_VALUES:
        raise _fault(f"its aliases stand for over {_MOST_VALUES:,} values", node)
    sizes[id(node)] = size
    return size
