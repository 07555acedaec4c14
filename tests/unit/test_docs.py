"""What the documentation points at is there."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tools.docs_site import navigation, without_links_out

ROOT = Path(__file__).resolve().parents[2]


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the checkout that git knows and the patterns match."""
    done = subprocess.run(
        ["git", "ls-files", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    there = (ROOT / name for name in done.stdout.splitlines())
    return sorted(file for file in there if file.exists())


PAGES = tracked("*.md")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
# A target of the flows' own repository.
FOREIGN = {"prefect-deploy"}
# Of the repository of flows that the tutorial makes.
THEIRS = {".github/workflows/prefect_cd.yaml"}
FOLDERS = (
    r"(?:\.github|backend|bench|components|docs|examples|flows|localcloud|policy"
    r"|requirements|tests|tools)"
)
VARIABLE = re.compile(r"\b(?:FLOWGROUND|LOCALCLOUD)_[A-Z_]+\b")
# Of their own tests, and of a page that says how the rest is made.
UNTOLD = {"LOCALCLOUD_PYTHON", "LOCALCLOUD_TEMPLATES"}
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


def test_variables_are_what_the_code_reads_and_the_pages_say() -> None:
    """Every variable of ours that a page names is read; each one read is on a page."""
    said = {name for page in PAGES for name in VARIABLE.findall(page.read_text())}
    code = tracked("*.py", "*.yaml", "Makefile")
    read = {name for file in code for name in VARIABLE.findall(file.read_text())}
    assert "FLOWGROUND_JOURNAL" in said
    assert said - read == set()
    ours = tracked("components/*.py", "localcloud/*.py", "tools/*.py", "bench/*.py")
    quoted = re.compile(rf'"({VARIABLE.pattern})"')
    needed = {name for file in ours for name in quoted.findall(file.read_text())}
    assert needed - said - UNTOLD == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_modules_that_pages_name_are_there(page: Path) -> None:
    """A path of the checkout leads to something, and `python -m` to what can be run."""
    text = page.read_text()
    named = re.findall(rf"`({FOLDERS}/[^`\s:]*)`", text)
    named += re.findall(rf"(?:^|\s)({FOLDERS}/[\w./*-]+\.\w+)", text, re.MULTILINE)
    modules = re.findall(rf"python -m ({FOLDERS}(?:\.\w+)*)", text)
    found = {one: [*ROOT.glob(one)] for path in named for one in _each(path)}
    assert {one for one, files in found.items() if not files} - THEIRS == set()
    assert [module for module in modules if not _runs(module)] == []


def _runs(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_options_that_pages_give_are_taken() -> None:
    """Every option of a tool of ours, by make or by itself, is one that it knows."""
    ours = re.compile(rf"ARGS=|python -m {FOLDERS}\b|^\| `--")
    said = {
        option
        for page in PAGES
        for line in page.read_text().splitlines()
        if ours.search(line)
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line)
    }
    code = "\n".join(file.read_text() for file in tracked("*.py"))
    known = set(re.findall(r'"(--[a-z][a-z-]+)"', code))
    assert "--unmanaged" in said
    assert said - known - {"--refresh"} == set()  # which is pulumi's own


def _each(path: str) -> list[str]:
    """Write a path with alternatives, `a/{b,c}.py`, as several."""
    before, found, rest = path.partition("{")
    if not found:
        return [path]
    several, _, after = rest.partition("}")
    return [f"{before}{one}{after}" for one in several.split(",")]


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
