"""The adapter to Pulumi's dynamic providers, and the only module that knows them.

Behaviour of the engine and the SDK's servicer that this rests on (3.259):

- `check` and `diff` run for every resource in every preview; the other methods never
  do. So nothing here needs a network or a credential before the first real call.
- Unknown values arrive as `Unknown` objects, at any depth, and must leave untouched.
- Secrets arrive in plaintext. Outputs are re-marked by name only, so what a kind marks
  as secret is wrapped again in every answer.
- Diff: told nothing of `changes`, the engine compares old and new inputs itself,
  property by property; all we add is which changes replace.
- Anything that is not an `Exception` (a `SystemExit`, say) would leave the engine
  waiting for ever, so every method answers whatever happens.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime.rpc import wrap_rpc_secret

from .errors import FlowgroundError, told
from .lifecycle import Lifecycle
from .model import Secret, WriteOnly
from .registry import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi.dynamic import ConfigureRequest

    from .kind import Kind
    from .model import Properties


class Provider(ResourceProvider):
    """One kind as a Pulumi dynamic provider; holds no data of any stack."""

    serialize_as_secret_always = False

    def __init__(self, kind: Kind[Any, Any, Any]) -> None:
        super().__init__()
        self.lifecycle = Lifecycle(kind)

    def __reduce__(self) -> tuple[Callable[[str], Provider], tuple[str]]:
        return load, (self.lifecycle.kind.token,)

    def configure(self, req: ConfigureRequest) -> None:
        """Take the service's settings, as the explicit provider resource has them."""
        self.lifecycle.config = req.config

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Validate at preview; everything unknown passes through."""
        with one_sentence():
            unknown = {k: v for k, v in news.items() if pulumi.contains_unknowns(v)}
            known = {k: v for k, v in news.items() if k not in unknown and _ours(k)}
            inputs, failures = self.lifecycle.check(
                known,
                unknown=unknown.keys(),
                olds={k: v for k, v in olds.items() if _ours(k)},
            )
            return CheckResult(
                inputs | unknown, [CheckFailure(f.path, f.reason) for f in failures]
            )

    def diff(self, id_: str, olds: Properties, news: Properties) -> DiffResult:
        """Say which changes replace; the engine finds the changes themselves."""
        with one_sentence():
            replaces = self.lifecycle.replaces(id_, olds, news)
            first = self.lifecycle.kind.delete_before_replace
            return DiffResult(replaces=replaces, delete_before_replace=first)

    def create(self, props: Properties) -> CreateResult:
        """Make the object, or adopt what a crashed run left."""
        with one_sentence():
            id_, outputs = self.lifecycle.create(props)
            return CreateResult(id_, self._sealed(outputs))

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Read the live object as outputs and as inputs, so that drift shows."""
        with one_sentence():
            live = self.lifecycle.read(id_, props)
            if live is None:
                return ReadResult(None, {})
            return ReadResult(
                live.id, self._sealed(live.outputs), self._sealed(live.inputs)
            )

    def update(self, id_: str, olds: Properties, news: Properties) -> UpdateResult:
        """Send what changed."""
        with one_sentence():
            return UpdateResult(self._sealed(self.lifecycle.update(id_, olds, news)))

    def delete(self, id_: str, props: Properties) -> None:
        """Delete the object; one already gone is fine."""
        with one_sentence():
            self.lifecycle.delete(id_, props)

    def _sealed(self, props: Properties) -> Properties:
        state = self.lifecycle.kind.state
        sealed = state.marked(Secret) | state.marked(WriteOnly)
        return {k: wrap_rpc_secret(v) if k in sealed else v for k, v in props.items()}


def _ours(key: str) -> bool:
    """Tell a kind's property from the engine's own."""
    return not key.startswith("__")


class ProviderError(Exception):
    """What the engine is told: one sentence."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """Tell whatever goes wrong inside the block as the engine should show it."""
    try:
        yield
    except FlowgroundError as error:
        raise ProviderError(told(error)) from None
    except BaseException as error:  # noqa: BLE001  # see above: it would hang
        frame = traceback.extract_tb(error.__traceback__)[-1]
        # The message could hold anything, a secret too, so only its type is told.
        raise ProviderError(
            f"this is a bug in flowground ({type(error).__name__} at "
            f"{Path(frame.filename).name}:{frame.lineno}); please report it"
        ) from None
