"""The reference is made from the code, and is up to date."""

from __future__ import annotations

import pytest

from components.kernel.registry import kinds
from tools import reference

# What no program says: what is read here is wanted to be so.
FOUND_OUT = {"api_key_works", "token_works", "key_works", "provider_there"}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.pages()


def test_the_reference_is_up_to_date(pages: dict[str, str]) -> None:
    """`python -m tools.reference` has nothing to write."""
    there = {f.name: f.read_text() for f in reference.FOLDER.glob("*.md")}
    stale = [n for n in pages.keys() | there.keys() if pages.get(n) != there.get(n)]
    assert stale == []


def test_each_kind_has_a_page_with_each_field(pages: dict[str, str]) -> None:
    """What a user may write stands there, or under the name that a resource has it."""
    ours = [k for k in kinds() if k.token.partition(":")[0] in reference.SERVICES]
    made = 0
    for kind in ours:
        page = pages[kind.token.replace(":", "-") + ".md"]
        if "## Arguments\n\nNone." in page:  # it is only ever looked up
            continue
        made += 1
        for field in kind.args.model_fields:
            # Whether a key works is found out; what always is there is not adopted.
            if field in FOUND_OUT | {"adopt"}:
                continue
            known = {field, field.removesuffix("_name"), field.removesuffix("_id")}
            assert any(f"| `{n}` |" in page for n in known), (kind.token, field)
    assert made >= 13


def test_marks_and_defaults_are_told(pages: dict[str, str]) -> None:
    """A reader learns what replaces, what is secret, and what is filled in."""
    pool = pages["prefect-WorkPool.md"]
    assert "| `type` | text | required | " in pool
    assert "*(a change replaces the object)*" in pool
    assert "| `is_paused` | true or false | `false` | " in pool
    assert "secret, never read back" in pages["prefect-Block.md"]


def test_the_settings_are_documented_whole(pages: dict[str, str]) -> None:
    """Every key has a meaning; a page for whoever writes a stack's config."""
    rows = [
        line for line in pages["settings.md"].splitlines() if line.startswith("| `")
    ]
    assert len(rows) > 40
    assert [row for row in rows if row.endswith("|  |")] == []
