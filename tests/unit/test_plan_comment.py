"""The comment on a plan: nothing in it is obeyed, and it always fits."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tools.plans.comment import DRIFT, GITHUB_MOST, PREVIEW, render
from tools.plans.preview import Change, Op, Preview, read
from tools.plans.properties import MOST_LINES, diff_lines
from tools.plans.rehearsal import Rehearsal, Stage
from tools.plans.text import code, masked

# What GitHub lets through and this comment is made of; there are no links or images.
TAGS = {
    *("h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "b", "strong"),
    *("details", "summary", "div", "code", "pre"),
}
NASTY = st.sampled_from(
    [
        "</summary></details><img src=x onerror=alert(1)>",
        "```\n</details>",
        "````diff",
        "a|b`c``d|",
        "[click](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "<!-- flowground: preview -->",
        "@everyone #1 **bold** _x_ ~~y~~",
        "line\nline\r\n\n# heading",
        "\u202etxt.exe\u2028\x1b[31m\x00",
        "\\`\\|",
        "https://evil.example",
        "    indented",
        "&lt;b&gt;",
    ]
)
TEXT = NASTY | st.text(max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=5,
)
PROPERTIES = st.dictionaries(TEXT, VALUES, max_size=4)
CHANGES = st.builds(
    Change,
    op=st.sampled_from(Op),
    kind=TEXT,
    name=TEXT,
    old=PROPERTIES,
    new=PROPERTIES,
    fields=st.lists(TEXT, max_size=3).map(tuple),
    replacing=st.lists(TEXT, max_size=3).map(tuple),
    protected=st.booleans(),
)
PREVIEWS = st.builds(
    Preview,
    stack=TEXT,
    changes=st.lists(CHANGES, max_size=4).map(tuple),
    inner=st.integers(0, 2),
    errors=st.lists(TEXT, max_size=2).map(tuple),
    warnings=st.lists(TEXT, max_size=2).map(tuple),
    unseen=st.just(""),
)
REHEARSALS = st.builds(
    Rehearsal,
    stack=TEXT,
    base=TEXT,
    stages=st.lists(
        st.builds(Stage, st.just("plan"), st.just(1.0), st.booleans(), TEXT), max_size=2
    ).map(tuple),
    preview=PREVIEWS,
)


class Page(HTMLParser):
    """Collects a page's elements, and what is not closed in its place."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.tags.add(tag)
        self.attributes |= {f"{name}={value}" for name, value in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag):
        """Close an element, which must be the one that is open."""
        assert self.open.pop() == tag

    def handle_comment(self, data):
        """Note a comment."""
        self.comments.append(data)


def change(op=Op.UPDATE, **given):
    """Return a change of a thing, with a few of its parts as the test needs them."""
    made = Change(op, "x:Thing", "a", {"l": 1}, {"l": 2}, ("l",), (), False)
    return made._replace(**given)


def preview(*changes, **given):
    """Return a stack's preview."""
    return Preview("dev", changes, 0, (), ())._replace(**given)


@given(st.lists(PREVIEWS, max_size=2), st.lists(REHEARSALS, max_size=1))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_nothing_in_it_is_obeyed(previews, rehearsals):
    """Whatever names, values and errors say, the page has our elements alone."""
    text = render(PREVIEW, previews, rehearsals)
    page = Page()
    page.feed(MarkdownIt("commonmark").enable("table").render(text))
    assert page.tags <= TAGS
    allowed = {"class=language-diff"}
    assert {one for one in page.attributes if not one.startswith("style=")} <= allowed
    assert page.open == []
    assert page.comments == [PREVIEW.marker[4:-3]]
    hidden = {c for c in text if ord(c) < 32 or c in "\u202e\u2028\x7f"} - {"\n"}
    assert hidden == set()


@pytest.mark.parametrize(
    "text",
    ["a|b", "a`b", "`a`", "``", "a``b`c", "<b>x</b>", "[x](y)", "**x**", "|", "a\\|b"],
)
def test_a_name_is_shown_as_it_is(text):
    """In a table's cell a name is that one cell's text, character by character."""
    table = f"| h |\n|:--|\n| {code(text)} |\n"
    html = MarkdownIt("commonmark").enable("table").render(table)
    (cell,) = re.findall("<td[^>]*>(.*)</td>", html)
    shown = re.sub("</?code>", "", cell)
    assert unescape(shown).strip() == text


@pytest.mark.parametrize("resources", [1, 40, 400, 4000])
def test_it_always_fits(resources):
    """However much changes, GitHub takes it; counts stay, and what is cut is said."""
    new = {f"property-{number}": "ä" * 100 for number in range(20)}
    many = [
        change(op, name=f"r{number}", old={"force_destroy": True}, new=new)
        for number in range(resources)
        for op in (Op.CREATE, Op.REPLACE)
    ]
    text = render(PREVIEW, [preview(*many)])
    assert len(text) <= GITHUB_MOST
    assert f"| {resources} | {resources} | ⚠️ {resources} with data |" in text
    assert ("✂️ Cut to GitHub's 65,536 characters" in text) is (resources > 1)


def test_the_least_dangerous_is_cut_first():
    """What replaces data keeps its properties when creations lose theirs."""
    new = {f"property-{number}": "x" * 100 for number in range(20)}
    created = [change(Op.CREATE, name=f"r{n}", new=new) for n in range(100)]
    replaced = change(Op.REPLACE, old={"force_destroy": True, "l": 1})
    text = render(PREVIEW, [preview(replaced, *created)])
    assert "- l: 1\n+ l: 2" in text
    assert "property-1" not in text
    assert "<code>r99</code>" in text


def test_stacks_that_cannot_fit_are_an_error():
    """Rather than a comment that GitHub refuses."""
    with pytest.raises(ValueError, match="do not fit"):
        render(PREVIEW, [preview(change())] * 20, most=300)


def test_clean_stacks_take_one_line():
    """Where nothing changes, there is one line and nothing to unfold."""
    text = render(PREVIEW, [preview(), preview(stack="prod")])
    assert text.splitlines()[1:] == ["", "**Nothing changes:** `dev`, `prod`."]


def test_protected_and_inner_changes_are_named():
    """What Pulumi will refuse, and what is nothing outside, each say so."""
    text = render(PREVIEW, [preview(change(Op.DELETE, protected=True))])
    assert "protected, so the update will be refused" in text
    text = render(PREVIEW, [preview(inner=2)])
    assert "only components and providers change, nothing outside" in text


def test_drift_has_words_of_its_own():
    """In an issue on drift nothing is going to be deleted: it is gone."""
    text = render(DRIFT, [preview(change(), change(Op.DELETE, name="b"))])
    assert "| stack | changed | gone | |" in text


def test_credentials_of_the_environment_are_masked():
    """What a service quotes of a credential is blotted out; plain words stay."""
    env = {"PREFECT_API_KEY": "pnu_0123456789", "HOME": "/srv/somewhere"}
    text = masked("refused: Bearer pnu_0123456789 in /srv/somewhere", env)
    assert text == "refused: Bearer [secret] in /srv/somewhere"


def test_a_long_diff_is_cut_and_says_so():
    """Nobody reads the thousandth line; that it is there is told."""
    new = {"items": [*range(1000)]}
    lines = diff_lines(change(Op.CREATE, new=new))
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == f"  … {1000 + 2 - MOST_LINES} more lines"


def test_what_is_no_json_is_an_error_of_its_own():
    """A command that failed before any JSON has its last words in the comment."""
    told = read("dev", "", "\x1b[31merror: no stack named 'dev'\x1b[0m", code=255)
    assert told.errors == ("error: no stack named 'dev'",)
    assert not told.is_clean
    assert read("dev", "", "", code=3).errors == ("pulumi ended with 3",)
