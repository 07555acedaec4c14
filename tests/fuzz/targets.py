"""Everything that is fuzzed, as functions of bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import yaml
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from tests.fuzz import kinds, programs, projects
from tests.fuzz.documents import DOCUMENTS
from tests.fuzz.nasty import bent

_HUNT: Final = settings(
    database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


class Target(NamedTuple):
    """One thing to fuzz.

    Attributes:
        holds: Fails for bytes that are neither taken nor told.
        good: Good examples; none where bytes are choices of what to bend.
        scraps: What is worth putting in.
    """

    holds: Callable[[bytes], object]
    good: Sequence[bytes] = ()
    scraps: Sequence[bytes] = ()


@_HUNT
@given(kinds.of_any_kind())
def a_kind(case: kinds.Written) -> None:
    """Check what a program writes for any kind."""
    kinds.is_told_or_canonical(case)


@_HUNT
@given(
    st.sampled_from(["dev", "staging", "prod"]).map(programs.config_of).flatmap(bent)
)
def a_config(config: Any) -> None:
    """Run the program on any config."""
    if isinstance(config, dict):
        programs.is_told_or_sound(config)


@_HUNT
@given(st.data(), st.sampled_from(sorted(projects.SEEDS)))
def a_project(data: st.DataObject, name: str) -> None:
    """Declare any flow project."""
    content = data.draw(bent(projects.content(name)))
    try:
        text = yaml.safe_dump(content, allow_unicode=True).encode()
    except (yaml.YAMLError, UnicodeEncodeError, RecursionError):
        reject()
    projects.is_told_or_declared(name, text)


TARGETS: Final = {
    "kinds": Target(a_kind.hypothesis.fuzz_one_input),  # type: ignore[attr-defined]  # hypothesis's
    "config": Target(a_config.hypothesis.fuzz_one_input),  # type: ignore[attr-defined]  # hypothesis's
    "projects": Target(a_project.hypothesis.fuzz_one_input),  # type: ignore[attr-defined]  # hypothesis's
    **{
        name.replace(" ", "-"): Target(one.holds, [one.good], one.scraps)
        for name, one in DOCUMENTS.items()
    },
}
