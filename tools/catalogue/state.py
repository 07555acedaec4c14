"""A stack's resources, from `pulumi stack export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.kernel.parsing import of_that_form

from .values import SECRET, flat
from .words import words

_DYNAMIC: Final = "pulumi-python:dynamic/"
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
        depends: The keys of the resources that it was made from.
        fields: What it was made with: text by path; ids of those that it was made from
            are replaced by their names.
        sources: For each path whose value is another resource's: whose and which. It is
            the same in every stack, as the value is not.
        protected: Whether the engine refuses to delete it.
    """

    key: str
    token: str
    name: str
    known_as: str
    id: str
    depends: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False

    @property
    def service(self) -> str:
        """The service that it is in: `prefect`."""
        return self.token.partition(":")[0]

    @property
    def kind(self) -> str:
        """Its kind in words: `Work pool`."""
        return words(self.token)


@of_that_form("the stack's export", "make it by `pulumi stack export`")
def resources(export: Mapping[str, Any]) -> list[Resource]:
    """Return the resources of a stack's export, but the engine's own."""
    every = (export.get("deployment") or {}).get("resources") or []
    ours = {one["urn"]: one for one in every if _is_ours(one)}
    return [_resource(one, ours) for one in ours.values()]


def _is_ours(one: Mapping[str, Any]) -> bool:
    """Tell a resource from the stack, its providers, components and what must go."""
    own = one["type"].startswith("pulumi:")
    return bool(one.get("custom")) and not own and not one.get("delete")


def _resource(
    one: Mapping[str, Any], ours: Mapping[str, Mapping[str, Any]]
) -> Resource:
    urn = str(one["urn"])
    concealed = set(one.get("additionalSecretOutputs") or ())
    made_from = one.get("propertyDependencies") or {}
    plain: dict[str, str] = {}
    fields: dict[str, str] = {}
    sources: dict[str, str] = {}
    for name, value in (one.get("inputs") or {}).items():
        if name.startswith("__"):
            continue
        on = [ours[urn] for urn in made_from.get(name) or () if urn in ours]
        for path, text in flat(SECRET if name in concealed else value, name):
            plain[path] = text
            fields[path] = _named(text, on)
            if source := _source(text, on):
                sources[path] = source
    return Resource(
        key=_key(urn),
        token=_token(one),
        name=_name(urn),
        known_as=_known_as(plain, _name(urn)),
        id=str(one.get("id", "")),
        depends=tuple(
            sorted({_key(on) for on in one.get("dependencies") or () if on in ours})
        ),
        fields=fields,
        sources=sources,
        protected=bool(one.get("protect")),
    )


def _key(urn: str) -> str:
    """Return a URN without the stack's and the project's names."""
    return urn.split("::", 2)[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _token(one: Mapping[str, Any]) -> str:
    return str(one["type"]).removeprefix(_DYNAMIC)


def _label(one: Mapping[str, Any]) -> str:
    return f"<{_token(one)} {_name(one['urn'])}>"


def _known_as(fields: Mapping[str, str], otherwise: str) -> str:
    name = next((fields[key] for key in ("name", "tag", "handle") if key in fields), "")
    slug = fields.get("type_slug", "")
    return (f"{slug}/{name}" if slug else name) or otherwise


def _named(text: str, on: Sequence[Mapping[str, Any]]) -> str:
    for one in on:
        if len(id_ := str(one.get("id", ""))) >= _MIN_ID:
            text = text.replace(id_, _label(one))
    return text


def _source(text: str, on: Sequence[Mapping[str, Any]]) -> str:
    """Return where a value comes from; "" if it is no value of another resource."""
    for one in on:
        told = {"id": one.get("id"), **(one.get("inputs") or {})}
        told |= one.get("outputs") or {}
        for name, value in told.items():
            if value == text and not name.startswith("__"):
                return f"{_label(one)}.{name}"
    return ""
