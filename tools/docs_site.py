"""How mkdocs builds the site: a hook of mkdocs.yml.

The README is the first page; a page that nobody has listed is still found, because the
navigation is made of the files that there are.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT: Final = Path(__file__).resolve().parents[1]
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")

# By section, in order; a pattern takes what no other section names.
SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Tutorial": ("tutorial/*.md",),
    "How to": (
        *("prefect.md", "push-pools.md", "modal.md", "airflow-on-modal.md", "s3.md"),
        *("account.md", "github-delivery.md", "workflows.md", "guardrails.md"),
        *("operations.md", "state.md", "adopt.md", "from-*.md", "outputs.md"),
        "*.md",
    ),
    "The local cloud": ("localcloud.md", "localcloud-*.md", "engine.md"),
    "Measured": (
        *("benchmarks.md", "reliability.md", "bad-input.md", "mutants.md"),
        "*-parity.md",
    ),
    "Reference": ("reference/README.md", "reference/settings.md", "outputs/*.md"),
    "Kinds of Prefect": ("reference/prefect-*.md",),
    "Kinds of Modal": ("reference/modal-*.md",),
    "Kinds of GitHub": ("reference/github-*.md",),
    "Kinds of S3": ("reference/s3-*.md",),
    "How it is built": ("design.md", "adr/*.md"),
}
_FIRST: Final = ("index.md", "concepts.md")


def navigation(pages: Iterable[str]) -> list[Any]:
    """Return mkdocs' `nav` for the pages that there are."""
    left = sorted(set(pages) - set(_FIRST))
    named = {
        page
        for patterns in SECTIONS.values()
        for pattern in patterns
        if pattern != "*.md"
        for page in _matching(pattern, left)
    }
    sections: list[Any] = [{"Start here": "index.md"}, {"Concepts": "concepts.md"}]
    for title, patterns in SECTIONS.items():
        listed: dict[str, None] = {}
        for pattern in patterns:
            found = _matching(pattern, left)
            if pattern == "*.md":
                found = [page for page in found if page not in named]
            listed |= dict.fromkeys(found)
        if listed:
            sections.append({title: list(listed)})
    return sections


def _matching(pattern: str, pages: Iterable[str]) -> list[str]:
    # One `*` is one part of a path, which fnmatch would not have.
    shape = re.compile(re.escape(pattern).replace(r"\*", "[^/]*"))
    return [page for page in pages if shape.fullmatch(page)]


def without_links_out(markdown: str, page: str) -> str:
    """Leave the text of links to files that are in the checkout and not in the site.

    Args:
        markdown: The page's text.
        page: Its path below docs/.
    """

    def inside(link: re.Match[str]) -> str:
        target = link[2]
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        return link[1] if path.startswith("..") else link[0]

    return _LINK.sub(inside, markdown)


def first_page() -> str:
    """Return the README as a page beside those of docs/."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return _LINK.sub(_from_docs, readme)


def _from_docs(link: re.Match[str]) -> str:
    target = link[2]
    if "://" in target:
        return link[0]
    below = target.removeprefix("docs/")
    moved = below if below != target else f"../{target}"
    return f"[{link[1]}]({moved}{link[3] or ''})"


# ── what mkdocs calls ───────────────────────────────────────────────────────────────


def on_config(config: Any) -> Any:
    """Make the navigation."""
    docs = Path(config["docs_dir"])
    pages = [path.relative_to(docs).as_posix() for path in docs.rglob("*.md")]
    config["nav"] = navigation(pages)
    return config


def on_files(files: Any, config: Any) -> Any:
    """Make the README the first page."""
    from mkdocs.structure.files import (  # type: ignore[import-not-found]  # noqa: PLC0415  # in an environment of its own
        File,
    )

    files.append(File.generated(config, "index.md", content=first_page()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Keep links in the site."""
    return without_links_out(markdown, page.file.src_uri)
