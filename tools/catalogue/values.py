"""Property values as text by path, without secrets.

What is a secret to the engine stands in state as an object with the engine's own mark;
no part of such an object leaves this module. What looks like a credential and is none
to the engine is hidden too: a page is passed around more freely than a state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

# pulumi/sdk/go/common/resource/sig: marks a property value that is not plain JSON.
MARK: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "[secret]"  # noqa: S105  # what stands in a secret's place
HIDDEN: Final = "[hidden: it looks like a credential]"
# The id of a key pair or token is half of a credential, and so in the contract.
_CREDENTIAL: Final = re.compile(
    r"(secret|password|passwd|token|credentials?"
    r"|(api|private|access|secret|account)[_-]?key"
    r"|(token|access[_-]?key)[_-]?id)$",
    re.IGNORECASE,
)
_IN_URL: Final = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a property value by path, none of which is a secret.

    JSON in text is taken apart too: it is how kinds keep nested values.
    """
    if isinstance(value, str) and value[:1] in {"{", "[", '"'}:
        value = _parsed(value)
    match value:
        case Mapping() if MARK in value:
            yield path, SECRET
        case Mapping() if value:
            for key, item in value.items():
                yield from flat(item, f"{path}.{key}" if path else str(key))
        case list() if any(isinstance(item, (Mapping, list)) for item in value):
            for number, item in enumerate(value):
                yield from flat(item, f"{path}[{_label(item, number)}]")
        case _ if _CREDENTIAL.search(path) and value not in ("", [], {}, SECRET):
            yield path, HIDDEN
        case _:
            text = (
                value
                if isinstance(value, str)
                else json.dumps(value, ensure_ascii=False)
            )
            yield path, _IN_URL.sub(r"\1:[hidden]@", text)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _label(item: Any, number: int) -> str:
    """Return what an item of a list is best told by: its name, if it has one."""
    if isinstance(item, Mapping):
        for key in ("slug", "name"):
            if isinstance(item.get(key), str) and item[key]:
                return str(item[key])
    return str(number)
