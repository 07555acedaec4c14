"""Check what a program writes: every failure at once, and all defaults filled in."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import ValidationError

from .errors import one_line
from .model import BORDER, field_adapters, present

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pydantic_core import ErrorDetails

    from .model import Args, Location, Properties


class Failure(NamedTuple):
    """One invalid field: where (a property path) and why."""

    path: str
    reason: str

    @classmethod
    def at(cls, location: Location, reason: str) -> Failure:
        """Say what is wrong, in one line, at a place in the properties."""
        return cls(property_path(location), one_line(reason))


def check_properties(
    model: type[Args], props: Mapping[str, Any], unknown: Collection[str] = ()
) -> tuple[Properties, list[Failure]]:
    """Validate inputs, fill every default and bring all into canonical form.

    Args:
        model: The kind's arguments.
        props: The known properties.
        unknown: Properties that will only be known once something else exists; they
            are neither validated nor returned.

    Returns:
        The canonical properties, and every failure at once. With a failure the
        properties are the ones given.
    """
    filled = {**model.derived(props), **props}
    checked, known, failures = (
        _check_known(model, filled, unknown) if unknown else _check_all(model, filled)
    )
    if not failures:
        broken = model.rules(known)
        failures = [Failure.at(location, why) for location, why in broken]
    return (dict(props) if failures else checked), failures


def _check_all(
    model: type[Args], props: Mapping[str, Any]
) -> tuple[Properties, dict[str, Any], list[Failure]]:
    try:
        args = model.model_validate(props, context=BORDER)
    except ValidationError as error:
        return {}, {}, failures_of(error, props)
    return args.to_properties(), dict(args), []


def _check_known(
    model: type[Args], props: Mapping[str, Any], unknown: Collection[str]
) -> tuple[Properties, dict[str, Any], list[Failure]]:
    checked: Properties = {}
    known: dict[str, Any] = {}
    failures: list[Failure] = []
    for name, adapter in field_adapters(model).items():
        if name in unknown:
            continue
        field = model.model_fields[name]
        if name in props:
            try:
                value = adapter.validate_python(props[name], context=BORDER)
            except ValidationError as error:
                failures += failures_of(error, props, (name,))
                continue
        elif field.is_required():
            failures.append(Failure.at((name,), _REWORDED["missing"]))
            continue
        else:
            value = field.get_default(call_default_factory=True)
        known[name] = value
        written = adapter.dump_python(value, mode="json", context=BORDER)
        if written is not None and (name, written) != ("adopt", False):
            checked[name] = present(written)
    failures += [
        Failure.at((name,), _REWORDED["extra_forbidden"])
        for name in sorted({*props, *unknown} - set(model.model_fields))
    ]
    return checked, known, failures


_REWORDED: Final[dict[str, str]] = {
    "missing": "is required; set it",
    "extra_forbidden": "is not a field of this kind; remove it or correct its name",
    "model_type": "should be a mapping of fields; write it as one",
    "recursion_loop": "is nested too deeply; make it flatter",
}


def _message(error: ErrorDetails) -> str:
    if error["type"] == "union_tag_invalid":
        said = error["ctx"]
        tag = str(said["tag"])[:_MOST_CHARACTERS]
        return f"has {said['discriminator']} '{tag}'; use {said['expected_tags']}"
    message = _REWORDED.get(error["type"], error["msg"])
    return message.removeprefix("Value error, ")


def failures_of(
    error: ValidationError, props: Mapping[str, Any], within: Location = ()
) -> list[Failure]:
    """Say each fault of a validation in a sentence, at its place in the properties."""
    return [
        Failure.at(_location(e, props, within), _message(e)) for e in error.errors()
    ]


def listed(failures: Iterable[Failure], within: str = "") -> Iterator[str]:
    """Write failures as lines, as many as somebody will read.

    Args:
        failures: What is wrong.
        within: What their paths begin with.
    """
    every = list(failures)
    for path, reason in every[:_MOST_FAILURES]:
        yield f"  {within}{path}: {reason}"
    if len(every) > _MOST_FAILURES:
        yield f"  … and {len(every) - _MOST_FAILURES} more; correct these first"


def _location(
    error: ErrorDetails, props: Mapping[str, Any], within: Location
) -> Location:
    """Keep the steps of a pydantic location that lead through the properties.

    Others tell which branch of a union failed, or that a key did and not its value.
    """
    value: Any = props
    kept: list[int | str] = []
    for step in (*within, *error["loc"]):
        match _opened(value):
            case {**entries} if step in entries:
                value = entries[step]
            case [*items] if isinstance(step, int):
                value = items[step]
            case _:
                continue
        kept.append(step)
    if error["type"] == "missing":
        kept.append(error["loc"][-1])
    return tuple(kept)


def _opened(value: Any) -> Any:
    """Look into JSON text, which is how JSON fields travel."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


# What needs no quotes in a property path.
_PLAIN: Final = re.compile(r"""[^.\[\]"]+""")
# A path that is longer names its place no better.
_MOST_STEPS: Final = 20
_MOST_FAILURES: Final = 50
_MOST_CHARACTERS: Final = 60


def property_path(location: Location) -> str:
    """Write a location as a Pulumi property path: `schedules[0].env["a.b"]`."""
    path = ""
    for step in location[:_MOST_STEPS]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif quoted := _quoted(step):
            path += f"[{quoted}]"
        else:
            path += f".{step}" if path else step
    return path if len(location) <= _MOST_STEPS else f"{path}…"


def _quoted(key: str) -> str | None:
    """Write a key as a JSON text, shortened if need be; None if it needs no quotes."""
    if len(key) > _MOST_CHARACTERS:
        key = f"{key[:_MOST_CHARACTERS]}…"
    elif _PLAIN.fullmatch(key) and key.isprintable() and key == key.strip():
        return None
    return json.dumps(key, ensure_ascii=not key.isprintable())
