"""What `pulumi preview --json` says, as far as a reviewer wants to know it.

`pulumi refresh --preview-only --json` writes the same form, and is read the same way.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.plans.findings import Finding


class Op(StrEnum):
    """What happens to a resource, the most dangerous first."""

    DELETE = "delete"
    REPLACE = "replace"
    UPDATE = "update"
    CREATE = "create"
    IMPORT = "import"


# A replacement's single steps, which the engine may list beside `replace` itself.
_OPS: Final = {op.value: op for op in Op} | {
    "create-replacement": Op.REPLACE,
    "delete-replaced": Op.REPLACE,
    "import-replacement": Op.REPLACE,
}
_DYNAMIC: Final = "pulumi-python:dynamic/"
_PROVIDER: Final = "pulumi:providers:"
_ROOT: Final = re.compile(r'^(?:\["((?:[^"\\]|\\.)*)"\]|([^.\[]+))')
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

Properties = dict[str, Any]


class Change(NamedTuple):
    """What happens to one remote object.

    Attributes:
        op: What happens.
        kind: Its type, `prefect:WorkPool`.
        name: Its name in the program.
        old: Its inputs before, secrets masked by the engine.
        new: Its inputs after.
        fields: The properties that change, by name.
        replacing: Those of them that make it a replacement.
        protected: Whether Pulumi refuses its deletion.
    """

    op: Op
    kind: str
    name: str
    old: Properties
    new: Properties
    fields: tuple[str, ...]
    replacing: tuple[str, ...]
    protected: bool

    @property
    def holds_data(self) -> bool:
        """Whether deleting it would lose what the program cannot make again.

        Every kind that guards data has the property `force_destroy`.
        """
        return self.protected or "force_destroy" in self.old

    @property
    def endangers_data(self) -> bool:
        """Whether the change deletes or replaces what holds data."""
        return self.holds_data and self.op in {Op.DELETE, Op.REPLACE}


class Preview(NamedTuple):
    """What one stack would do.

    Attributes:
        stack: Its name.
        changes: What happens to remote objects.
        inner: How many changes concern the program's own structure (components,
            providers) and nothing remote.
        errors: What went wrong; the changes are then not all that there are.
        warnings: What was worth a warning.
        unseen: What this preview could not see, as a sentence; "" if nothing.
    """

    stack: str
    changes: tuple[Change, ...]
    inner: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    unseen: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether nothing changes, for certain."""
        return not (self.changes or self.errors or self.inner)

    def count(self, op: Op) -> int:
        """How many objects meet that operation."""
        return sum(change.op is op for change in self.changes)


def read(
    stack: str,
    stdout: str,
    stderr: str = "",
    *,
    code: int = 0,
    findings: Sequence[Finding] = (),
    unseen: str = "",
) -> Preview:
    """Read what the command wrote.

    Args:
        stack: The stack's name.
        stdout: The JSON, or nothing where the command failed before any.
        stderr: What it said besides.
        code: Its exit code; 7 is the engine's for changes that were not expected.
        findings: What the guardrails said.
        unseen: What it could not see.
    """
    try:
        digest = json.loads(stdout)
    except ValueError:
        digest = {}
    steps = digest.get("steps") or []
    said = digest.get("diagnostics") or []
    errors = tuple(one.text for one in findings if one.stops)
    # Its last words, which say nothing where something else was said.
    errors += tuple(x for x in _messages(said, "error") if x != "preview failed")
    if code not in {0, 7} and not errors:
        errors = (_ANSI.sub("", stderr).strip() or f"pulumi ended with {code}",)
    changes: dict[str, Change] = {}
    inner = 0
    for step in steps:
        op = _OPS.get(step["op"])
        if not _is_remote(step):
            inner += op is not None
        elif op and (step["urn"] not in changes or op.value == step["op"]):
            changes[step["urn"]] = _change(op, step)
    return Preview(
        stack=stack,
        changes=tuple(sorted(changes.values(), key=_order)),
        inner=inner,
        errors=errors,
        warnings=(
            *(one.text for one in findings if not one.stops),
            *_messages(said, "warning"),
        ),
        unseen=unseen,
    )


def _messages(diagnostics: list[Properties], severity: str) -> tuple[str, ...]:
    found = []
    for one in diagnostics:
        if one.get("severity") == severity:
            text = _ANSI.sub("", one.get("message") or "").strip()
            found.append(text.removeprefix(f"{severity}: "))
    return tuple(dict.fromkeys(found))


def _states(step: Properties) -> tuple[Properties, Properties]:
    return step.get("oldState") or {}, step.get("newState") or {}


def _is_remote(step: Properties) -> bool:
    old, new = _states(step)
    state = new or old
    return bool(state.get("custom")) and not state["type"].startswith(_PROVIDER)


def _change(op: Op, step: Properties) -> Change:
    old, new = _states(step)
    before, after = _ours(old.get("inputs")), _ours(new.get("inputs"))
    fields = {_root(path) for path in step.get("detailedDiff") or {}}
    if not fields and old and new:
        fields = {k for k in before | after if before.get(k) != after.get(k)}
    replacing = {_root(path) for path in step.get("replaceReasons") or []}
    urn: str = step["urn"]
    return Change(
        op=op,
        kind=(new or old)["type"].removeprefix(_DYNAMIC),
        name=urn.split("::", 3)[-1],
        old=before,
        new=after,
        fields=tuple(sorted(field for field in fields if not field.startswith("__"))),
        replacing=tuple(sorted(replacing)),
        protected=bool(old.get("protect")),
    )


def _ours(inputs: Properties | None) -> Properties:
    """Leave out what is the engine's own, such as the provider's pickle."""
    return {k: v for k, v in (inputs or {}).items() if not k.startswith("__")}


def _root(path: str) -> str:
    """Return the property that a path such as `tags[0].name` begins with."""
    found = _ROOT.match(path)
    return (found[1] or found[2]) if found else path


def _order(change: Change) -> tuple[int, str, str]:
    return [*Op].index(change.op), change.kind, change.name
