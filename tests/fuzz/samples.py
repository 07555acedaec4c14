"""Good inputs of every kind, on paper: no service is asked, and none has to run."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import components.github  # registers its kinds
import components.modal  # registers its kinds
import components.prefect  # registers its kinds
import components.s3  # noqa: F401  # registers its kinds
from components.kernel.registry import kind_of, kinds
from tests.contract.samples import SAMPLES
from tests.support.github_world import GithubWorld
from tests.support.servicer import Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.kernel import Kind
    from tests.contract.sample import Properties, Sample

CANARY: Final = "canary-" + "0123456789abcdef" * 2
_ID: Final = str(uuid.UUID(int=7, version=4))
# What the services give out with what the samples need to exist first.
_MADE: Final = {
    "actor_id": _ID,
    "token_id": "ak-0123456789abcdef",
    "token_secret": f"as-{CANARY}",
}
_PLACE: Final = {"workspace_id": _ID, "environment_name": "main"}


class PaperWorld(GithubWorld):
    """What the samples' inputs ask of a world: names and ids."""

    def __init__(self) -> None:
        self.canary = CANARY
        self.place = {"workspace_id": _ID}
        project = SimpleNamespace(repo="acme/flows", organization="acme", owner="me")
        self.project: Any = project

    def make(self, token: str, inputs: Properties, *, placed: bool = True) -> Object:
        """Say that something is there."""
        del placed
        return Object(token, _ID, inputs, _MADE | inputs)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Answer with one object."""
        del method, path, body
        return [{"id": _ID, "user_id": _ID, "actor_id": _ID, "name": "one"}]


def good(sample: Sample) -> Iterator[Properties]:
    """Yield a sample's valid inputs, and each of its valid changes."""
    fields = kind_of(sample.token).args.model_fields
    place = {key: value for key, value in _PLACE.items() if key in fields}
    inputs = {**place, **sample.inputs(PaperWorld(), "a-sample")}
    yield inputs
    for change in (*sample.mutable.values(), sample.different):
        yield {**inputs, **change}


def of_kind(kind: Kind[Any, Any, Any]) -> list[Properties]:
    """Return good inputs of a kind; what is only looked up has a key and no sample."""
    found = [one for s in SAMPLES if s.token == kind.token for one in good(s)]
    required = {k for k, field in kind.args.model_fields.items() if field.is_required()}
    return found or [dict.fromkeys(required, "someone@example.com")]


def every_kind() -> dict[str, Kind[Any, Any, Any]]:
    """Return every registered kind by its token."""
    return {kind.token: kind for kind in kinds()}
