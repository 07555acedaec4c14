"""Previews as one Markdown comment, never longer than GitHub takes.

What endangers data stands at the top; each resource's properties are folded under it.
What has to be cut is cut from the least dangerous end, and the comment says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tools.plans.preview import Change, Op, Preview
from tools.plans.properties import diff_lines
from tools.plans.text import code, cut, fence, html_code, masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.plans.rehearsal import Rehearsal

# GitHub refuses a longer body of a comment or an issue with 422.
GITHUB_MOST: Final = 65_536
_SIGNS: Final = {
    Op.CREATE: "+",
    Op.IMPORT: "=",
    Op.UPDATE: "~",
    Op.REPLACE: "±",
    Op.DELETE: "-",
}


class Page(NamedTuple):
    """What a comment is about, in words.

    Attributes:
        marker: The hidden text by which it is found again.
        title: Its heading.
        nothing: The one line for when nothing changes.
        verbs: What each operation is called in the table's head, in its order.
        danger: The heading of what endangers data.
    """

    marker: str
    title: str
    nothing: str
    verbs: dict[Op, str]
    danger: str


PREVIEW: Final = Page(
    marker="<!-- flowground: preview -->",
    title="What this pull request does",
    nothing="Nothing changes",
    verbs={
        Op.CREATE: "create",
        Op.IMPORT: "import",
        Op.UPDATE: "change",
        Op.REPLACE: "replace",
        Op.DELETE: "delete",
    },
    danger="⚠️ Data would be lost or made anew",
)
DRIFT: Final = Page(
    marker="<!-- flowground: drift -->",
    title="What changed outside",
    nothing="Nothing changed outside",
    verbs={Op.UPDATE: "changed", Op.DELETE: "gone"},
    danger="⚠️ What held data is gone",
)


class _Room(NamedTuple):
    """How much is shown: of which operations the properties, and how many rows."""

    diffs: frozenset[Op]
    rows: int
    error: int


_ROOMS: Final = (
    _Room(frozenset(Op), 1000, 8000),
    _Room(frozenset({Op.UPDATE, Op.REPLACE, Op.DELETE}), 1000, 4000),
    _Room(frozenset({Op.REPLACE, Op.UPDATE}), 500, 2000),
    _Room(frozenset({Op.REPLACE}), 300, 2000),
    _Room(frozenset(), 200, 1000),
    _Room(frozenset(), 20, 500),
    _Room(frozenset(), 0, 200),
)


def render(
    page: Page,
    previews: Sequence[Preview],
    rehearsals: Sequence[Rehearsal] = (),
    *,
    most: int = GITHUB_MOST,
) -> str:
    """Return the comment.

    Args:
        page: What it is about.
        previews: What each stack would do.
        rehearsals: What was tried besides.
        most: The most characters that it may have.

    Raises:
        ValueError: Not even the counts fit.
    """
    for number, room in enumerate(_ROOMS):
        cut_line = [_cut_line(most)] if number else []
        parts = [page.marker, *_parts(page, previews, rehearsals, room), *cut_line]
        text = masked("\n\n".join(parts)) + "\n"
        if len(text) <= most:
            return text
    raise ValueError(f"{len(previews)} stacks do not fit into {most} characters")


def _cut_line(most: int) -> str:
    return (
        f"✂️ Cut to GitHub's {most:,} characters: properties or rows are missing above. "
        "The job's artifacts have all of them."
    )


def _parts(
    page: Page,
    previews: Sequence[Preview],
    rehearsals: Sequence[Rehearsal],
    room: _Room,
) -> Iterator[str]:
    if not all(preview.is_clean for preview in previews):
        yield f"## {page.title}"
        yield "\n".join(_table(page, previews))
        yield from _dangers(page, previews, room)
    elif previews:
        names = ", ".join(code(preview.stack) for preview in previews)
        yield f"**{page.nothing}:** {names}."
    for preview in previews:
        yield from _stack(preview, room)
    for rehearsal in rehearsals:
        yield from _rehearsal(rehearsal, room)


def _table(page: Page, previews: Sequence[Preview]) -> Iterator[str]:
    used = [op for op in page.verbs if any(p.count(op) for p in previews)]
    yield ("| stack | " + "".join(f"{page.verbs[op]} | " for op in used) + "|")
    yield "|:--|" + "--:|" * len(used) + ":--|"
    for preview in previews:
        counts = "".join(f" {preview.count(op) or ''} |" for op in used)
        yield f"| {code(preview.stack)} |{counts} {_note(preview)} |"


def _note(preview: Preview) -> str:
    if preview.errors:
        return "❌ the preview failed"
    dangers = sum(change.endangers_data for change in preview.changes)
    if dangers:
        return f"⚠️ {dangers} with data"
    if preview.is_clean:
        return "nothing changes"
    if not preview.changes:
        return "only components and providers change, nothing outside"
    return ""


def _dangers(page: Page, previews: Sequence[Preview], room: _Room) -> Iterator[str]:
    found = [(p, c) for p in previews for c in p.changes if c.endangers_data]
    if not found:
        return
    yield f"### {page.danger}"
    for preview, change in found[: room.rows]:
        yield _folded(change, room, within=preview.stack)
    yield from _more(len(found) - room.rows)


def _stack(preview: Preview, room: _Room) -> Iterator[str]:
    others = [change for change in preview.changes if not change.endangers_data]
    if not (others or preview.errors or preview.warnings or preview.unseen):
        return
    yield f"### {code(preview.stack)}"
    if preview.unseen:
        yield f"👁️ {preview.unseen}"
    for title, messages in (("❌", preview.errors), ("⚠️", preview.warnings)):
        for message in messages[: max(1, room.rows)]:
            yield f"{title}\n{fence(cut(message, room.error).splitlines())}"
    for change in others[: room.rows]:
        yield _folded(change, room)
    yield from _more(len(others) - room.rows)


def _folded(change: Change, room: _Room, within: str = "") -> str:
    where = f"{html_code(within)} " if within else ""
    title = f"{_SIGNS[change.op]} {where}{html_code(change.kind)} "
    title += f"<b>{html_code(change.name)}</b>{_why(change)}"
    lines = diff_lines(change) if change.op in room.diffs else []
    if not lines:
        # A block of HTML, in which no Markdown is obeyed either.
        return f"<div>{title}</div>"
    return (
        f"<details><summary>{title}</summary>\n\n{fence(lines, 'diff')}\n\n</details>"
    )


def _why(change: Change) -> str:
    if change.protected and change.op in {Op.DELETE, Op.REPLACE}:
        return ": <b>protected, so the update will be refused</b>"
    if change.op is Op.REPLACE and change.replacing:
        names = ", ".join(html_code(field) for field in change.replacing[:10])
        return f": made anew, because {names} cannot be changed"
    if change.op is Op.UPDATE and change.fields:
        return ": " + ", ".join(html_code(field) for field in change.fields[:10])
    return ""


def _more(over: int) -> Iterator[str]:
    if over > 0:
        yield f"… and {over} more."


def _rehearsal(rehearsal: Rehearsal, room: _Room) -> Iterator[str]:
    sign = "❌" if rehearsal.failed else "✅"
    yield f"### {sign} Rehearsal of {code(rehearsal.stack)} on a local cloud"
    yield f"Applied to what {code(rehearsal.base)} makes there; no credential was used."
    rows = [
        f"| {stage.title} | {stage.seconds:.0f} s | {'❌' if stage.failed else '✅'} |"
        for stage in rehearsal.stages
    ]
    yield "\n".join(["| | took | |", "|:--|--:|:--|", *rows])
    for stage in rehearsal.stages:
        if stage.failed and stage.said:
            yield fence(cut(stage.said, room.error).splitlines())
    if rehearsal.preview is not None and rehearsal.preview.changes:
        changes = rehearsal.preview.changes
        listed = [_folded(change, room) for change in changes[: room.rows]]
        listed += _more(len(changes) - room.rows)
        yield "<details><summary>What changed there</summary>"
        yield from listed
        yield "</details>"
