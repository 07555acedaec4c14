"""Prefect's placeholders: `{{ $NAME }}`, `{{ prefect.variables.x }}`, `{{ id.x }}`.

Source: prefect.utilities.templating (3.8). A string that is one placeholder becomes
the value itself, whatever its type; inside a longer string its text is put in. Two
things differ, because a wrong name must not quietly become an empty string: what is
missing is a fault, and a mapping is not written into a text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias

import pulumi

from components.kernel import Location
from components.kernel.check import Failure

PLACEHOLDER: Final = re.compile(r"{{\s*([\w.\-\[\]$]+)\s*}}")
VARIABLE: Final = "prefect.variables."
BLOCK: Final = "prefect.blocks."
_RUN_TIME: Final = "ctx."


class Keep:
    """Says that a placeholder stays as it is, for the run to fill."""


KEEP: Final = Keep()
Meaning: TypeAlias = Callable[[str], Any]
"""Says what a name stands for, or KEEP; raises LookupError where it is nothing."""

StepMeaning: TypeAlias = Callable[[str, str | None], Any]
"""Says what a step gave by that name, or else what is given; None is an error."""


def fill(value: Any, means: Meaning, path: Location, faults: list[Failure]) -> Any:
    """Replace every placeholder in a value, at any depth.

    Args:
        value: Plain YAML.
        means: What a placeholder's name stands for: a value, or an output.
        path: Where the value stands in the file.
        faults: Gets what is wrong.
    """
    match value:
        case Mapping():
            return {k: fill(v, means, (*path, k), faults) for k, v in value.items()}
        case list():
            return [fill(v, means, (*path, i), faults) for i, v in enumerate(value)]
        case str():
            try:
                return _text(value, means)
            except LookupError as error:
                faults.append(Failure.at(path, str(error.args[0])))
                return value
        case _:
            return value


def _text(text: str, means: Meaning) -> Any:
    parts: list[Any] = []
    end = 0
    for found in PLACEHOLDER.finditer(text):
        meant = means(found[1])
        if isinstance(meant, Keep):
            continue
        parts += [text[end : found.start()], meant]
        end = found.end()
    if not parts:
        return text
    parts.append(text[end:])
    said = [part for part in parts if not (isinstance(part, str) and part == "")]
    match said:
        case []:
            return ""
        case [alone] if PLACEHOLDER.fullmatch(text):
            return alone
    return _joined([_written(part) for part in said])


def _joined(parts: list[Any]) -> Any:
    if any(isinstance(part, pulumi.Output) for part in parts):
        return pulumi.Output.concat(*parts)
    return "".join(parts)


def _written(part: Any) -> Any:
    """Write a value as it stands inside a text."""
    if isinstance(part, pulumi.Output):
        return part.apply(_written)
    if isinstance(part, Mapping | list):
        raise LookupError(  # noqa: TRY004  # a fault of the file, told as such
            f"puts a {'mapping' if isinstance(part, Mapping) else 'list'} into a text; "
            f"let the placeholder stand alone, or name one field of it"
        )
    return str(part)


def names(value: Any) -> Iterable[str]:
    """Yield the names of all placeholders in a value."""
    match value:
        case Mapping():
            for item in value.values():
                yield from names(item)
        case list():
            for item in value:
                yield from names(item)
        case str():
            yield from PLACEHOLDER.findall(value)


def holds_output(value: Any) -> bool:
    """Tell whether a value is only known once something else is."""
    match value:
        case pulumi.Output():
            return True
        case Mapping():
            return any(holds_output(item) for item in value.values())
        case list():
            return any(holds_output(item) for item in value)
        case _:
            return False


class Meanings:
    """What the placeholders of one deployment mean, for each of its parts.

    Args:
        variable: Reads a Prefect variable.
        block: Reads a block, or a field in it.
        step: Reads an output of the build and push steps, or what is given in its
            place if there is none of that name; None where no step is run.
    """

    def __init__(
        self, variable: Meaning, block: Meaning, step: StepMeaning | None = None
    ) -> None:
        self._variable = variable
        self._block = block
        self._step = step

    def now(self, name: str) -> Any:
        """Mean what is asked for in a deployment: all is known when it is made."""
        if name.startswith("$"):
            return _environment(name)
        if name.startswith(VARIABLE):
            return self._variable(name.removeprefix(VARIABLE))
        if name.startswith(BLOCK):
            return self._block(name.removeprefix(BLOCK))
        if name.startswith(_RUN_TIME):
            return KEEP
        if self._step is None:
            raise LookupError(
                f"refers to '{name}', which no build or push step gives; give a step "
                f"that id, or correct the name"
            )
        return self._step(name, None)

    def by_event(self, name: str) -> Any:
        """Mean what is asked for in a trigger's parameters: events fill the rest."""
        return self.now(name) if name.startswith(("$", VARIABLE, BLOCK)) else KEEP

    def at_run(self, name: str, own: Collection[str] = ()) -> Any:
        """Mean what is asked for in pull steps: what the run cannot know is filled.

        Args:
            name: The placeholder's.
            own: The ids of the pull steps themselves.
        """
        if name.startswith("$"):
            return os.environ.get(name[1:], KEEP)
        if self._step is None or name.startswith((VARIABLE, BLOCK)):
            return KEEP
        if name.partition(".")[0] in own:
            return KEEP
        # Perhaps a pull step's output after all, by its bare name: then it stays.
        return self._step(name, f"{{{{ {name} }}}}")

    @staticmethod
    def at_preview(name: str) -> Any:
        """Mean what is asked for in a name, which must be known before anything is."""
        if name.startswith("$"):
            return _environment(name)
        raise LookupError(
            f"refers to '{name}', but must be known before anything is made; only "
            f"environment variables can be put in here"
        )


def _environment(name: str) -> str:
    value = os.environ.get(name[1:])
    if value is None:
        raise LookupError(f"refers to {name}, which is not set here; set {name[1:]}")
    return value
