"""What the documentation points at is there."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tools.docs_site import navigation, without_links_out

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / name).exists()
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
# A target of the flows' own repository.
FOREIGN = {"prefect-deploy"}
TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text())


def code(page: Path) -> str:
    """Return a page's blocks of code, and what stands between backticks."""
    text = page.read_text()
    blocks = [block[0] for block in FENCE.finditer(text)]
    indented = re.findall(r"^ {4}.*$", text, re.MULTILINE)
    return "\n".join([*blocks, *indented, *re.findall(r"`[^`\n]+`", text)])


@cache
def anchors(page: Path) -> set[str]:
    """Return what links into a page may name: its headings, as mkdocs writes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        text = re.sub(r"[^\w\s-]", "", text.replace("`", "")).strip().lower()
        slug = re.sub(r"[-\s]+", "-", text)
        number = 1
        while slug in found:
            slug = f"{slug.rstrip('0123456789').rstrip('_')}_{number}"
            number += 1
        found.add(slug)
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every file that a page links to is there, and so is the heading in it."""
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        known = anchors(file) if anchor and file.suffix == ".md" else {anchor}
        if not file.exists() or anchor not in known:
            broken.append(target)
    assert not broken


def test_what_pages_say_to_make_can_be_made() -> None:
    """Every `make` command that a page shows is a target of the Makefile."""
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    said = {
        (page.name, target)
        for page in PAGES
        for target in re.findall(
            r"(?:^|[`(]|^ {4}.*?)make (?:-s )?([a-z][a-z-]*)", code(page), re.MULTILINE
        )
    }
    assert {target for _, target in said} >= {"demo", "up", "preview"}
    assert {one for one in said if one[1] not in targets | FOREIGN} == set()


def test_every_page_has_one_place_in_the_navigation() -> None:
    """Nothing is listed twice, and what no section names is a how-to."""
    pages = ["index.md", "concepts.md", "new.md", "localcloud.md", "adr/0001-x.md"]
    pages += ["reference/README.md", "reference/s3-Bucket.md", "tutorial/1-x.md"]
    sections = navigation(pages)
    listed = [
        page
        for section in sections
        for value in section.values()
        for page in ([value] if isinstance(value, str) else value)
    ]
    assert sorted(listed) == sorted(pages)
    assert {"How to": ["new.md"]} in sections


def test_links_out_of_the_site_keep_their_text() -> None:
    """A file of the checkout is named; pages and the web are linked."""
    text = "[a](../tools/x.py) [b](other.md#c) [d](https://example.com) [e](../x.md)"
    assert without_links_out(text, "page.md") == (
        "a [b](other.md#c) [d](https://example.com) e"
    )
    assert "[e](../x.md)" in without_links_out(text, "adr/page.md")
