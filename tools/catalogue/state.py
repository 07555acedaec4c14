"""A stack's resources, from `pulumi stack export`, without its secrets.

What is a secret to the engine stands in state as an object with the engine's own mark;
no part of such an object leaves this module. What looks like a credential and is none
to the engine is hidden too: a page is passed around more freely than a state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# pulumi/sdk/go/common/resource/sig: marks a property value that is not plain JSON.
MARK: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "[secret]"  # noqa: S105  # what stands in a secret's place
HIDDEN: Final = "[hidden: it looks like a credential]"
# The engine's own: the stack itself, its providers, components.
_DYNAMIC: Final = "pulumi-python:dynamic/"
_CREDENTIAL: Final = re.compile(
    r"(secret|password|passwd|token|credentials?"
    r"|(api|private|access|secret|account)[_-]?key)$",
    re.IGNORECASE,
)
_IN_URL: Final = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
# A shorter id, such as `1`, occurs in values by chance.
_MIN_ID: Final = 8


@dataclass(frozen=True)
class Resource:
    """One resource of a stack.

    Attributes:
        key: What is the same in every stack of the program: type and name.
        token: Its kind: `prefect:WorkPool`.
        name: Its name in the program.
        known_as: What its service calls it; its name in the program if nothing else.
        id: Its id.
        parents: The names of the components that it is within, outermost first.
        depends: The keys of the resources that it was made from.
        fields: What it was made with: text by path; ids of other resources are
            replaced by their names, so that two stacks can be compared.
        protected: Whether the engine refuses to delete it.
        modified: When the engine last changed it (RFC 3339); "" if it does not say.
    """

    key: str
    token: str
    name: str
    known_as: str
    id: str
    parents: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    modified: str = ""

    @property
    def service(self) -> str:
        """The service that it is in: `prefect`."""
        return self.token.partition(":")[0]

    @property
    def kind(self) -> str:
        """Its kind in words: `Work pool`."""
        return words(self.token.rpartition(":")[2])


def words(name: str) -> str:
    """Return a CamelCase name as words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).capitalize()


def resources(export: Mapping[str, Any]) -> list[Resource]:
    """Return the resources of a stack's export, but the engine's own."""
    every = (export.get("deployment") or {}).get("resources") or []
    state = {one["urn"]: one for one in every if not one.get("delete")}
    ours = {urn: one for urn, one in state.items() if _is_ours(one)}
    names = {
        str(one["id"]): f"<{_token(one)} {_name(urn)}>"
        for urn, one in ours.items()
        if len(str(one.get("id", ""))) >= _MIN_ID
    }
    return [_resource(urn, one, state, ours, names) for urn, one in ours.items()]


def _is_ours(one: Mapping[str, Any]) -> bool:
    return bool(one.get("custom")) and not one["type"].startswith("pulumi:")


def _resource(
    urn: str,
    one: Mapping[str, Any],
    state: Mapping[str, Mapping[str, Any]],
    ours: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
) -> Resource:
    # A resource is not told by itself: an id that is its name is a name.
    others = {id_: name for id_, name in names.items() if id_ != one.get("id")}
    concealed = set(one.get("additionalSecretOutputs") or ())
    inputs = {
        name: SECRET if name in concealed else value
        for name, value in (one.get("inputs") or {}).items()
        if not name.startswith("__")
    }
    fields = {path: _named(text, others) for path, text in flat(inputs)}
    return Resource(
        key=_key(urn),
        token=_token(one),
        name=_name(urn),
        known_as=_known_as(fields, _name(urn)),
        id=str(one.get("id", "")),
        parents=tuple(_parents(one, state)),
        depends=tuple(
            sorted({_key(on) for on in one.get("dependencies") or () if on in ours})
        ),
        fields=fields,
        protected=bool(one.get("protect")),
        modified=str(one.get("modified", "")),
    )


def _key(urn: str) -> str:
    """Return a URN without the stack's and the project's names."""
    return urn.split("::", 2)[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _token(one: Mapping[str, Any]) -> str:
    return str(one["type"]).removeprefix(_DYNAMIC)


def _parents(
    one: Mapping[str, Any], state: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    found: list[str] = []
    while (up := state.get(one.get("parent", ""))) is not None:
        one = up
        if not one["type"].startswith("pulumi:"):
            found.insert(0, _name(one["urn"]))
    return found


def _known_as(fields: Mapping[str, str], otherwise: str) -> str:
    name = next((fields[key] for key in ("name", "tag", "handle") if key in fields), "")
    slug = fields.get("type_slug", "")
    return (f"{slug}/{name}" if slug else name) or otherwise


def _named(text: str, names: Mapping[str, str]) -> str:
    for id_, name in names.items():
        text = text.replace(id_, name)
    return text


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a property value by path, none of which is a secret.

    JSON in text is taken apart too: it is how kinds keep nested values.
    """
    if isinstance(value, str) and value[:1] in {"{", "["}:
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
