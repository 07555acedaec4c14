"""How a kind describes its fields, and how they travel as Pulumi properties.

Pulumi's property values are poorer than JSON: `None` entries vanish, integers become
floats, sets do not exist. So the border is crossed in one place, here: a model is
written out by `to_properties` and read back by `from_properties`, which are exact
inverses of each other. A `Json` field travels as canonical JSON text, which keeps
nulls, empty containers and big integers, and which the CLI still shows as a
structured diff.
"""

from __future__ import annotations

import json
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Self,
    TypeAlias,
    Union,
    get_args,
    get_origin,
)

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    JsonValue,
    PlainSerializer,
    TypeAdapter,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import SerializationInfo, ValidationInfo
    from pydantic.fields import FieldInfo

Properties: TypeAlias = dict[str, Any]
Location: TypeAlias = tuple[int | str, ...]

# The pydantic context that says "these are Pulumi properties", as opposed to the
# Python values that a program or a service's answer holds.
BORDER: Final = "properties"


class Marker:
    """What the kernel must know of a field; put into the field's `Annotated`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


Immutable: Final = Marker("Immutable")
"""A change replaces the object: the service has no way to update this field."""

Secret: Final = Marker("Secret")
"""Encrypted in state and masked in every display, whoever supplied it."""

WriteOnly: Final = Marker("WriteOnly")
"""A secret that the service never returns: kept as written until `Stamp` moves."""

UnmanagedIfUnset: Final = Marker("UnmanagedIfUnset")
"""Left to the service (its choice, or somebody else's) where the program is silent."""

Local: Final = Marker("Local")
"""Flowground's own setting: never sent, kept in state as written (`force_destroy`)."""

Stamp: Final = Marker("Stamp")
"""When the object was last written, by the service's clock: if it moved without us,
somebody else wrote, and what is write-only may no longer be what we wrote."""


def canonical_json(value: Any) -> str:
    """Write `value` as the one JSON text that stands for it.

    Raises:
        ValueError: Not representable: NaN, an infinity or half a surrogate pair.
    """
    text = json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    text.encode()
    return text


def _decode(value: Any, info: ValidationInfo) -> Any:
    if info.context != BORDER or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON text: {error.msg}") from None


def _representable(value: Any) -> Any:
    canonical_json(value)
    return value


def _encode(value: Any, info: SerializationInfo) -> Any:
    return canonical_json(value) if info.context == BORDER else value


class _JsonMarker(Marker):
    """Tells `is_json` which fields travel as text."""


JSON_MARKER: Final = _JsonMarker("Json")

Json: TypeAlias = Annotated[
    JsonValue,
    BeforeValidator(_decode),
    AfterValidator(_representable),
    PlainSerializer(_encode),
    JSON_MARKER,
]
"""Any JSON value, exactly: nulls, empty containers and big integers survive."""

JsonObject: TypeAlias = Annotated[
    dict[str, JsonValue],
    BeforeValidator(_decode),
    AfterValidator(_representable),
    PlainSerializer(_encode),
    JSON_MARKER,
]
"""A JSON object, exactly."""

JsonList: TypeAlias = Annotated[
    list[JsonValue],
    BeforeValidator(_decode),
    AfterValidator(_representable),
    PlainSerializer(_encode),
    JSON_MARKER,
]
"""A JSON array, exactly."""

Names: TypeAlias = Annotated[frozenset[str], PlainSerializer(sorted)]
"""A set of names: order and repetition carry no meaning and make no diff."""


class Part(BaseModel):
    """A structured value inside `Args`, such as one schedule of a deployment."""

    # A program uses few of the kinds that it imports; the others' validators are never
    # built, which is a quarter of what importing them all takes.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Args(Part):
    """What a user writes for one object; frozen, and nothing unknown is let through.

    Validators belong on the field's type (`Annotated[..., AfterValidator(f)]`), where
    they also run while other fields are still unknown; what fields must obey together
    belongs into `rules`.

    Attributes:
        adopt: Take over an object of this name that already exists and differs,
            instead of refusing. Looked at only while creating.
    """

    adopt: bool = False

    @classmethod
    def marked(cls, marker: Marker) -> frozenset[str]:
        """Name the fields that carry `marker`."""
        return _marked(cls, marker)

    @classmethod
    def derived(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the defaults that hang on other fields, for those not given.

        Asked by check alone, before it validates.

        Args:
            given: The known properties, as the program writes them.
        """
        del given
        return {}

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield where and how the fields break a rule together.

        Asked by check alone: of what a program writes, at the first preview already,
        and never of what a service holds, which may be odd and must still be read.

        Args:
            known: The fields that are known so far, each valid by itself.
        """
        del known
        return ()

    def to_properties(self) -> Properties:
        """Write the model as Pulumi properties, leaving out what is None."""
        props: Properties = present(self.model_dump(mode="json", context=BORDER))
        if not self.adopt:
            # Nearly every object has it off: showing it in each plan would be noise.
            del props["adopt"]
        return props

    @classmethod
    def from_properties(cls, props: Mapping[str, Any]) -> Self:
        """Read the model back from Pulumi properties, ignoring what is not its own.

        Raises:
            pydantic.ValidationError: The properties are not this model's.
        """
        own = {k: v for k, v in props.items() if k in cls.model_fields}
        return cls.model_validate(own, context=BORDER)

    @classmethod
    def partial(cls, props: Mapping[str, Any]) -> Self:
        """Read what is there of the model: enough to say where an object lives.

        Raises:
            pydantic.ValidationError: A property that is there is not this model's.
        """
        adapters = field_adapters(cls)
        known: dict[str, Any] = {
            name: adapters[name].validate_python(value, context=BORDER)
            for name, value in props.items()
            if name in adapters
        }
        return cls.model_construct(**known)  # type: ignore[return-value]  # the plugin types it by class


def present(props: Any) -> Any:
    """Leave out what is None, at any depth, as Pulumi's properties do.

    Not pydantic's `exclude_none`, which would take a JSON null for nothing.
    """
    match props:
        case dict():
            return {k: present(v) for k, v in props.items() if v is not None}
        case list():
            return [present(item) for item in props]
        case _:
            return props


@cache
def _marked(model: type[Args], marker: Marker) -> frozenset[str]:
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if _carries(annotation_of(field), marker)
    )


def _carries(annotation: Any, marker: Marker) -> bool:
    """Tell whether a type or a branch of it, such as that beside None, is marked."""
    if get_origin(annotation) is Annotated:
        inner = annotation.__origin__
        return marker in annotation.__metadata__ or _carries(inner, marker)
    if get_origin(annotation) in {Union, UnionType}:
        return any(_carries(branch, marker) for branch in get_args(annotation))
    return False


def annotation_of(field: FieldInfo) -> Any:
    """Return a field's whole type, its constraints and markers included."""
    # Annotated takes at least one argument beside the type; pydantic ignores None.
    return Annotated[field.annotation, *field.metadata, None]


@cache
def json_fields(model: type[Part]) -> frozenset[str]:
    """Name the fields that are, or hold, JSON values."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if holds_json(annotation_of(field))
    )


def holds_json(annotation: Any) -> bool:
    """Tell whether a type is, or holds, a JSON value."""
    if get_origin(annotation) is Annotated and JSON_MARKER in annotation.__metadata__:
        return True
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return any(
            holds_json(annotation_of(field))
            for field in annotation.model_fields.values()
        )
    return any(holds_json(inner) for inner in get_args(annotation))


@cache
def field_adapters(model: type[Args]) -> dict[str, TypeAdapter[Any]]:
    """Return what validates and writes each field on its own."""
    return {
        name: TypeAdapter(annotation_of(field))
        for name, field in model.model_fields.items()
    }
