"""One stack's config brought to what another's says, but for what is its own.

Whatever is at no path of the environment's own and no secret is made the same: put in,
replaced, and taken out. Mappings are followed down to what differs; lists are taken
whole, as their order means something.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tools.promotion_rules import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.promotion_rules import Pattern
    from tools.yaml_text import Path, YamlText

_ENCRYPTED: Final = "secure"
_SECRET: Final = re.compile(r"\$\{(?:json_)?secrets\.([A-Za-z0-9_./ -]+)\}")


class Promotion(NamedTuple):
    """What a promotion comes to.

    Attributes:
        text: The target's file.
        own: What is an environment's own in entries that are new to the target.
        secretive: What holds secrets of the source's, and was not copied.
        missing: The secrets that the target's config refers to and has not.
    """

    text: str
    own: tuple[str, ...]
    secretive: tuple[str, ...]
    missing: tuple[str, ...]


def promoted(
    source: YamlText,
    target: YamlText,
    project: str,
    *,
    own: Sequence[Pattern],
    keep: Sequence[Pattern] = (),
) -> Promotion:
    """Bring a config to what another says.

    Args:
        source: The stack's file that is followed.
        target: The stack's file that is changed.
        project: The project's name, which its keys begin with.
        own: What is never copied.
        keep: What the target keeps where it has it, and otherwise gets.
    """
    work = _Promoting(source, target, project, own, keep)
    theirs = source.get(("config",)) or {}
    work.follow(("config",), theirs, target.get(("config",)) or {})
    made = work.text
    held = made.get(("config",)) or {}
    named = sorted(set(_references(held)))
    absent = [name for name in named if f"{project}:{name}" not in held]
    return Promotion(
        made.text, tuple(work.own_paths), tuple(work.secretive), tuple(absent)
    )


class _Promoting:
    """The target's text, on its way to what the source says."""

    def __init__(
        self,
        source: YamlText,
        target: YamlText,
        project: str,
        own: Sequence[Pattern],
        keep: Sequence[Pattern],
    ) -> None:
        self._source = source
        self.text = target
        self._prefix = f"{project}:"
        self._own = own
        self._keep = keep
        self.own_paths: list[str] = []
        self.secretive: list[str] = []

    def follow(self, path: Path, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
        """Make a mapping of the target what the source's is."""
        before: str | None = None
        for key, value in theirs.items():
            here = (*path, key)
            if not self._is_ours(here):
                continue
            if key in ours:
                self._meet(here, value, ours[key])
                before = key
            elif self._put(here, value, before):
                before = key
        for key in [key for key in ours if key not in theirs]:
            if self._is_ours((*path, key)):
                self._drop((*path, key), ours[key])

    def _is_ours(self, path: Path) -> bool:
        """Tell whether a path is of the project's own config."""
        return path[1].startswith(self._prefix)

    def _said(self, path: Path) -> Path:
        """Return a path as people write it: below the project's keys."""
        return (path[1].removeprefix(self._prefix), *path[2:])

    def _stays(self, path: Path) -> bool:
        return matches(self._said(path), (*self._own, *self._keep))

    def _meet(self, path: Path, theirs: Any, ours: Any) -> None:
        """Make one entry that both have the same."""
        if self._stays(path) or _is_secret(theirs) or _is_secret(ours):
            return
        if isinstance(theirs, dict) and isinstance(ours, dict):
            self.follow(path, theirs, ours)
        elif theirs == ours and type(theirs) is type(ours):
            return
        elif _holds_secret(theirs) or _holds_secret(ours):
            self.secretive.append(".".join(self._said(path)))
        else:
            self.text = self.text.set(path, self._without_own(path, theirs))

    def _put(self, path: Path, value: Any, before: str | None) -> bool:
        """Put in an entry that only the source has; tell whether it is there now."""
        if matches(self._said(path), self._own):
            return False
        if _is_secret(value) or (isinstance(value, list) and _holds_secret(value)):
            self.secretive.append(".".join(self._said(path)))
            return False
        given = self._without_own(path, value)
        if given == value:
            self.text = self.text.copied(self._source, path, before)
        else:
            self.text = self.text.set(path, given, before)
        return True

    def _without_own(self, path: Path, value: Any) -> Any:
        """Return a value without what is the source's own, which is noted."""
        if not isinstance(value, dict):
            return value
        kept = {}
        for key, item in value.items():
            here = (*path, key)
            if matches(self._said(here), self._own):
                self.own_paths.append(".".join(self._said(here)))
            elif _is_secret(item) or (isinstance(item, list) and _holds_secret(item)):
                self.secretive.append(".".join(self._said(here)))
            else:
                kept[key] = self._without_own(here, item)
        return kept

    def _drop(self, path: Path, ours: Any) -> None:
        """Take out an entry that only the target has, but for what stays."""
        if self._stays(path) or _is_secret(ours):
            return
        if isinstance(ours, dict) and any(self._staying(path, ours)):
            for key in ours:
                self._drop((*path, key), ours[key])
        elif _holds_secret(ours):
            self.secretive.append(".".join(self._said(path)))
        else:
            self.text = self.text.remove(path)

    def _staying(self, path: Path, value: Any) -> Iterator[Path]:
        """Yield what stays of an entry, wherever in it."""
        if self._stays(path) or _is_secret(value):
            yield path
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from self._staying((*path, key), item)
        elif _holds_secret(value):
            yield path


def _is_secret(value: Any) -> bool:
    """Tell whether a value is one that Pulumi encrypted."""
    return isinstance(value, dict) and [*value] == [_ENCRYPTED]


def _holds_secret(value: Any) -> bool:
    if _is_secret(value):
        return True
    items = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict | list) and any(map(_holds_secret, items))


def _references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _references(item)
        case list():
            for item in value:
                yield from _references(item)
        case str():
            yield from _SECRET.findall(value)
