"""The page: what its template shows, and the template filled in."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jinja2
from markupsafe import Markup

from .compare import compare
from .graph import HEIGHT, WIDTH, Drawing, draw
from .snippets import Snippet, snippets
from .things import Thing, things
from .values import SECRET
from .words import SERVICES, words

if TYPE_CHECKING:
    from components.outputs import Outputs

    from .state import Resource

PAGE: Final = Path(__file__).with_name("page")
# What of a value is shown at once; the rest folds out.
SHORT: Final = 96


@dataclass(frozen=True)
class Stack:
    """What is known of one stack.

    Attributes:
        told: What it tells other teams.
        program: Its full name: `organization/flowground/dev`.
        resources: What it has, by its state.
        changed: When its state last changed (RFC 3339); "" if it does not say.
    """

    told: Outputs
    program: str
    resources: Sequence[Resource]
    changed: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of what there is: by the contract, by state, or by both."""

    anchor: str
    token: str
    name: str
    thing: Thing | None
    resource: Resource | None

    @property
    def service(self) -> str:
        """The service that it is in: `prefect`."""
        return self.token.partition(":")[0]

    @property
    def kind(self) -> str:
        """Its kind in words: `Work pool`."""
        return words(self.token)


@dataclass(frozen=True)
class View:
    """One environment's part of the page."""

    anchor: str
    stack: Stack
    services: Mapping[str, Sequence[Entry]]
    snippets: Sequence[Snippet]
    drawing: Drawing
    anchors: Mapping[str, str]

    @property
    def entries(self) -> list[Entry]:
        """All entries, of all services."""
        return [entry for entries in self.services.values() for entry in entries]


def render(stacks: Sequence[Stack], title: str = "Platform catalogue") -> str:
    """Return the page: HTML that needs nothing else, and no network."""
    views = [_view(stack) for stack in stacks]
    rows = compare({one.told.stack: one.resources for one in stacks})
    style, script = (
        (PAGE / name).read_text("utf-8") for name in ("page.css", "page.js")
    )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "short": _short,
        "day": _day,
        "clip": _clip,
        "service": lambda one: SERVICES.get(one.service, one.service),
    }
    environment.globals |= {
        "SECRET": SECRET,
        "SHORT": SHORT,
        "NODE": {"width": WIDTH, "height": HEIGHT},
    }
    # With its text's own hash each is let through, and nothing else is: no request.
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {_hash(style)}; script-src {_hash(script)}"
    )
    return environment.get_template("page.html.j2").render(
        title=title,
        views=views,
        rows=rows,
        kinds=_kinds(views),
        differing=sum(row.differs for row in rows),
        policy=policy,
        style=Markup(style),  # noqa: S704  # a file of this checkout
        script=Markup(script),  # noqa: S704  # as above
    )


def _view(stack: Stack) -> View:
    anchor = f"env-{re.sub(r'[^A-Za-z0-9-]+', '-', stack.told.stack)}"
    entries = _entries(anchor, stack)
    order = [*SERVICES, *sorted({one.service for one in entries} - set(SERVICES))]
    grouped = {
        SERVICES.get(service, service): [e for e in entries if e.service == service]
        for service in order
    }
    return View(
        anchor=anchor,
        stack=stack,
        services={name: found for name, found in grouped.items() if found},
        snippets=list(snippets(stack.told, stack.program)),
        drawing=draw(stack.resources),
        anchors={one.resource.key: one.anchor for one in entries if one.resource},
    )


def _entries(anchor: str, stack: Stack) -> list[Entry]:
    """Join what the contract tells with what state has, by id and else by name."""
    left = list(things(stack.told, stack.resources))
    anchors = (f"{anchor}-{number}" for number in itertools.count(1))
    entries = []
    for resource in stack.resources:
        thing = next((one for one in left if _same(one, resource)), None)
        if thing is not None:
            left.remove(thing)
        name = resource.known_as
        entries.append(Entry(next(anchors), resource.token, name, thing, resource))
    entries += [
        Entry(next(anchors), thing.token, thing.name, thing, None) for thing in left
    ]
    return sorted(entries, key=lambda one: (one.kind, one.name))


def _same(thing: Thing, resource: Resource) -> bool:
    if thing.token != resource.token:
        return False
    return thing.id == resource.id if thing.id else thing.name == resource.known_as


def _kinds(views: Sequence[View]) -> dict[str, dict[str, list[int]]]:
    """Return how many of each kind each environment has, by service and kind."""
    counts = [Counter(entry.token for entry in view.entries) for view in views]
    known = list(SERVICES)
    found: dict[str, dict[str, list[int]]] = {}
    for token in sorted({token for count in counts for token in count}):
        service = token.partition(":")[0]
        row = [count[token] for count in counts]
        found.setdefault(service, {})[words(token)] = row
    order = [*known, *(one for one in found if one not in known)]
    return {SERVICES.get(one, one): found[one] for one in order if one in found}


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _short(text: str) -> str:
    """Return the beginning of a long text."""
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def _clip(text: str, length: int = 23) -> str:
    """Return a name as short as a node of the graph is wide."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _day(time: str) -> str:
    """Return an RFC 3339 time to the minute, as people read it."""
    return time[:16].replace("T", " ") + " UTC" if time else "never"
