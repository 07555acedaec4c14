"""Read a prefect.yaml; what is wrong with it is told all at once, each by its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from components.kernel import ConfigurationError, Location, property_path
from components.kernel.check import Failure, failures_of, listed
from components.kernel.parsing import read_yaml

from .model import ProjectFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


def load(file: Path) -> ProjectFile:
    """Read and validate a prefect.yaml.

    Raises:
        ConfigurationError: It is missing, no YAML, or not valid.
    """
    try:
        read = read_yaml(file)
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror}); correct the project's path"
        ) from None
    if not isinstance(read, dict):
        raise ConfigurationError(
            f"{file} is not a mapping; give it a list `deployments`"
        )
    # Anchors may be put into `x-…` too.
    return parse({k: v for k, v in read.items() if not str(k).startswith("x-")}, file)


def parse(read: Mapping[str, Any], place: object) -> ProjectFile:
    """Validate what a prefect.yaml says.

    Args:
        read: Its content.
        place: Where that is written, for the error.

    Raises:
        ConfigurationError: It is not valid.
    """
    # As Prefect, which writes dates as text.
    given = to_jsonable_python(read)
    try:
        return ProjectFile.model_validate(given)
    except ValidationError as error:
        raise faulty(place, failures_of(error, given)) from None


def faulty(place: object, faults: Iterable[Failure]) -> ConfigurationError:
    """Return the one error that tells all faults of a file."""
    return ConfigurationError("\n".join([f"{place} is not valid:", *listed(faults)]))


def below(path: Location, faults: Iterable[Failure]) -> Iterator[Failure]:
    """Place faults of a value where the value stands in the file."""
    within = property_path(path)
    for fault in faults:
        joint = "." if fault.path and not fault.path.startswith("[") else ""
        yield Failure(f"{within}{joint}{fault.path}", fault.reason)
