"""Plans and rehearsals as folders, which one job of a workflow hands to another.

    plans/STACK/       preview.json  said.txt  facts.json  plan.json (Pulumi's own)
    rehearsals/STACK/  the same, and rehearsal.json

No secret is in them in plain text: the engine masks the preview and encrypts the plan.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.kernel.parsing import of_that_form
from tools.plans.findings import Finding
from tools.plans.preview import Preview, read
from tools.plans.rehearsal import Rehearsal, Stage
from tools.surroundings import HOME, STACKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from subprocess import CompletedProcess

PLANS: Final = HOME / "plans"
REHEARSALS: Final = HOME / "rehearsals"
PLAN: Final = "plan.json"


def fresh(folder: Path) -> Path:
    """Return the folder, made empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def keep_preview(
    folder: Path,
    stack: str,
    done: CompletedProcess[str],
    *,
    findings: Sequence[Finding] = (),
    state: str = "",
    unseen: str = "",
) -> None:
    """Write down what a `pulumi preview --json` said.

    Args:
        folder: Where to.
        stack: The stack's name.
        done: The command, at its end.
        findings: What the guardrails said.
        state: The digest of the state that it started from.
        unseen: What it could not see, as a sentence.
    """
    folder.joinpath("preview.json").write_text(done.stdout, encoding="utf-8")
    folder.joinpath("said.txt").write_text(done.stderr, encoding="utf-8")
    facts: dict[str, Any] = {
        "stack": stack,
        "code": done.returncode,
        "state": state,
        "unseen": unseen,
    }
    facts["findings"] = [finding._asdict() for finding in findings]
    folder.joinpath("facts.json").write_text(json.dumps(facts), encoding="utf-8")


def facts_of(folder: Path) -> dict[str, Any]:
    """Return a plan's facts; none if there is no plan."""
    file = folder / "facts.json"
    if not file.exists():
        return {}
    with _as_kept(folder):
        return dict(json.loads(file.read_text(encoding="utf-8")))


def read_preview(folder: Path) -> Preview:
    """Read a preview that was kept."""
    facts = facts_of(folder)
    with _as_kept(folder):
        return read(
            _text(facts["stack"]),
            folder.joinpath("preview.json").read_text(encoding="utf-8"),
            folder.joinpath("said.txt").read_text(encoding="utf-8"),
            code=facts["code"],
            findings=[_finding(**one) for one in facts["findings"]],
            unseen=_text(facts["unseen"]),
        )


def previews(folder: Path = PLANS) -> list[Preview]:
    """Return all previews kept, in the order in which the stacks are deployed."""
    found = [read_preview(file.parent) for file in folder.glob("*/facts.json")]
    return sorted(found, key=lambda preview: _place(preview.stack))


def keep_rehearsal(folder: Path, rehearsal: Rehearsal) -> None:
    """Write a rehearsal's report down, beside the preview that was kept there."""
    report = {
        "stack": rehearsal.stack,
        "base": rehearsal.base,
        "stages": [stage._asdict() for stage in rehearsal.stages],
    }
    folder.joinpath("rehearsal.json").write_text(json.dumps(report), encoding="utf-8")


def rehearsals(folder: Path = REHEARSALS) -> list[Rehearsal]:
    """Return all rehearsals kept, in the order in which the stacks are deployed."""
    found = []
    for file in folder.glob("*/rehearsal.json"):
        there = file.with_name("facts.json").exists()
        preview = read_preview(file.parent) if there else None
        with _as_kept(file.parent):
            report = json.loads(file.read_text(encoding="utf-8"))
            stages = tuple(_stage(**stage) for stage in report["stages"])
            stack, base = _text(report["stack"]), _text(report["base"])
            found.append(Rehearsal(stack, base, stages, preview))
    return sorted(found, key=lambda rehearsal: _place(rehearsal.stack))


def _as_kept(folder: Path) -> AbstractContextManager[None]:
    way_out = f"run `make plan` or `make rehearse` of stack {folder.name} again"
    return of_that_form(f"what was kept in {folder}", way_out)


def _stage(title: str, seconds: float, failed: bool = False, said: str = "") -> Stage:
    return Stage(_text(title), float(seconds), bool(failed), _text(said))


def _finding(stops: bool, text: str) -> Finding:
    return Finding(bool(stops), _text(text))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _place(stack: str) -> tuple[int, str]:
    return (STACKS.index(stack) if stack in STACKS else len(STACKS)), stack
