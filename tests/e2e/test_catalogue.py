"""The catalogue in a real browser: of real stacks, and of one with every service."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tools.catalogue.__main__ as catalogue
from tests.support.catalogue_sample import MARK, sample
from tests.support.chromium import Chromium
from tests.support.platform_project import PlatformProject
from tools.catalogue.render import render

SHOWN = "[...document.querySelectorAll('.view')].filter(v => !v.hidden).map(v => v.id)"
ROWS = "[...document.querySelectorAll('#{view} .things > li')]"
NAMES = (
    f"{ROWS}.filter(li => !li.hidden).map(li => li.querySelector('.name').textContent)"
)
# The contrast of every text with what is behind it, by WCAG's formula, where it is low.
CONTRAST = """
(() => {
  const luminance = (rgb) => rgb.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const numbers = (css) => css.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const rgb = numbers(getComputedStyle(one).backgroundColor);
      if (rgb.length === 3 || rgb[3] === 1) return rgb.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, style, .quiet, .said, .skip, svg")) continue;
    const [a, b] = [luminance(numbers(style.color).slice(0, 3)),
                    luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${element.className} ` +
                              walk.currentNode.data.trim().slice(0, 30));
  }
  return low;
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium.start(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a page of three stacks with every service."""
    path = tmp_path_factory.mktemp("page") / "catalogue.html"
    path.write_text(render([sample(stack) for stack in ("dev", "staging", "prod")]))
    return path.as_uri()


@pytest.fixture
def page(browser: Chromium, file: str) -> Chromium:
    """Return the page as it is opened."""
    browser.size(1280, 900)
    browser.open(file)
    return browser


@pytest.fixture(scope="module")
def real(platform: PlatformProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a catalogue of real stacks, one of which is not up."""
    for stack in ("dev", "prod"):
        platform.up(stack)
    path = tmp_path_factory.mktemp("real") / "catalogue.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "ROOT", platform.root)
        patch.setattr(catalogue, "environment", lambda: platform.env)
        assert catalogue.run(["dev", "staging", "prod", "--output", str(path)]) == 0
    return path


def test_real_stacks_are_shown(
    real: Path, platform: PlatformProject, browser: Chromium
) -> None:
    """What `up` made is there, usable, compared and drawn; the absent stack is not."""
    browser.open(f"{real.as_uri()}#env-prod")
    assert browser.errors == []
    told = platform.platform("prod")["prefect"]
    assert set(told["deployments"]) < set(browser.value(NAMES.format(view="env-prod")))
    text = browser.value("document.querySelector('#env-prod').textContent")
    assert told["api_url"] in text
    assert "prefect deployment run hello-flow/hello-flow-deployment" in text
    links = browser.value("[...document.links].map(a => a.href)")
    assert {one["url"] for one in told["deployments"].values()} < set(links)
    nodes = browser.value("document.querySelectorAll('#env-prod .node').length")
    state = json.loads(platform.on("prod", "stack", "export"))
    made = [
        one
        for one in state["deployment"]["resources"]
        if one["custom"] and "dynamic/" in one["type"]
    ]
    assert nodes == len(made) > 10
    differing = browser.value("document.querySelector('#differences').textContent")
    assert "schedules[every-minute].active" in differing
    assert "workspace_id" not in differing
    assert browser.value("document.querySelector('#env-staging')") is None


def test_no_secret_of_a_real_stack_is_shown(
    real: Path, platform: PlatformProject
) -> None:
    """Neither a minted key, nor one of the config, in plain text or encrypted."""
    text = real.read_text()
    for stack in ("dev", "prod"):
        shown = platform.on(stack, "stack", "output", "--json", "--show-secrets")
        held = json.loads(shown)["credentials"]
        token = platform.on(stack, "config", "get", "githubToken").strip()
        assert held["prefect"]["ci"] not in text
        assert token not in text
        for encrypted in ciphertexts(json.loads(platform.on(stack, "stack", "export"))):
            assert encrypted not in text
    assert MARK not in text


def ciphertexts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["ciphertext"]] if "ciphertext" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from ciphertexts(item)


def test_nothing_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a stack there is no page, and a sentence that says what to do."""
    monkeypatch.setattr(catalogue, "environment", lambda: {"PATH": str(tmp_path)})
    pulumi = tmp_path / "pulumi"
    pulumi.write_text("#!/bin/sh\necho '{}'\n")
    pulumi.chmod(0o700)
    output = tmp_path / "catalogue.html"
    assert catalogue.run(["dev", "--output", str(output)]) == 1
    shown = capsys.readouterr().err
    assert "stack dev has no output 'flowground'" in shown
    assert "no stack is up; `make up STACK=dev` makes one" in shown
    assert not output.exists()


def test_the_page_asks_for_nothing(page: Chromium, file: str) -> None:
    """It works without a network, and complains of nothing."""
    assert page.requests == [file]
    assert page.errors == []


def test_one_view_is_shown_at_a_time(page: Chromium) -> None:
    """The links at the top lead through the views; the address says where one is."""
    assert page.value(SHOWN) == ["overview"]
    page.value("document.querySelector('nav a[href=\"#env-prod\"]').click()")
    assert page.value(SHOWN) == ["env-prod"]
    assert page.value("location.hash") == "#env-prod"
    current = "document.querySelector('[aria-current]').textContent"
    assert page.value(current) == "prod"
    page.value("history.back()")
    page.until(f"JSON.stringify({SHOWN}) === '[\"overview\"]'")


def test_a_link_to_a_thing_opens_it(browser: Chromium, file: str) -> None:
    """From the list of what it is made from, a row is found in its view, unfolded."""
    browser.open(f"{file}#env-dev")
    rows = ROWS.format(view="env-dev")
    find = f"{rows}.find(li => li.querySelector('.name').textContent === "
    made_from = f"{find}'modal-push').querySelector('dl a')"
    target = browser.value(f"{made_from}.hash")
    browser.open(file)
    browser.value(f"location.hash = '{target}'")
    browser.until(f"document.querySelector('{target} details').open")
    assert browser.value(SHOWN) == ["env-dev"]


def test_things_are_found_by_the_keyboard(page: Chromium) -> None:
    """A slash, words, and only what has them all is left, counted in each view."""
    page.value("document.querySelector('nav a[href=\"#env-dev\"]').click()")
    page.press("/")
    assert page.value("document.activeElement.id") == "search"
    page.write("queue trial")
    assert page.value(NAMES.format(view="env-dev")) == ["trial"]
    hits = "[...document.querySelectorAll('.hits')].map(h => h.firstChild.data)"
    assert page.value(hits) == ["1", "0", "0", "1"]
    assert page.value("document.querySelector('[role=status]').textContent") == (
        "2 found for queue trial"
    )
    dim = "document.querySelectorAll('#env-dev .node:not(.dim)').length"
    assert page.value(dim) == 1
    page.press("Escape")
    assert len(page.value(NAMES.format(view="env-dev"))) == 20


def test_a_search_can_be_passed_on(browser: Chromium, file: str) -> None:
    """The address holds it."""
    browser.open(f"{file}#env-prod?night%20etl")
    assert browser.value("document.getElementById('search').value") == "night etl"
    assert browser.value(NAMES.format(view="env-prod")) == ["nightly"]


def test_what_is_the_same_is_shown_if_asked_for(page: Chromium) -> None:
    """The differences stand alone until one wants to see the rest."""
    page.value("document.querySelector('nav a[href=\"#differences\"]').click()")
    rows = "[...document.querySelectorAll('#differences tbody')].filter(b => !b.hidden)"
    assert page.value(f"{rows}.length") == 10
    page.value("document.getElementById('same').click()")
    assert page.value(f"{rows}.length") == 19


def test_a_snippet_is_copied(page: Chromium) -> None:
    """By keyboard too; the clipboard has its text, and the page says so."""
    page("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    page("Emulation.setFocusEmulationEnabled", enabled=True)
    page.value("document.querySelector('nav a[href=\"#env-dev\"]').click()")
    page.value("document.querySelector('#env-dev .snippet .copy').focus()")
    page.press("Enter")
    page.until("document.querySelector('[role=status]').textContent === 'Copied'")
    copied = page.value("navigator.clipboard.readText()")
    assert copied == 'eval "$(make -s outputs STACK=dev FORMAT=env)"'


def test_without_scripts_all_of_it_can_be_read(browser: Chromium, file: str) -> None:
    """All views stand below one another, and no dead control is shown."""
    browser("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(file)
        assert len(browser.value(SHOWN)) == 5
        visible = "document.querySelector('.copy').checkVisibility()"
        assert browser.value(visible) is False
        assert (
            browser.value("document.querySelector('form').checkVisibility()") is False
        )
    finally:
        browser("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_told_from_its_ground(
    browser: Chromium, file: str, scheme: str
) -> None:
    """WCAG AA in both colour schemes, in all views, with everything unfolded."""
    browser.scheme(scheme)
    try:
        for view in ("overview", "env-prod", "differences"):
            browser.open(f"{file}#{view}")
            browser.value(
                "document.querySelectorAll('details').forEach(d => d.open = true)"
            )
            assert browser.value(CONTRAST) == []
    finally:
        browser.scheme("light")


def test_assistive_technology_is_told_what_is_there(page: Chromium) -> None:
    """Landmarks, one main heading, no level skipped, and a name for each control."""
    for view in ("overview", "env-dev", "differences"):
        page.value(f"document.querySelector('nav a[href=\"#{view}\"]').click()")
        tree = page("Accessibility.getFullAXTree")["nodes"]
        nodes = [
            (node["role"]["value"], node.get("name", {}).get("value", ""), node)
            for node in tree
            if not node["ignored"]
        ]
        roles = {role for role, _, _ in nodes}
        assert {"banner", "main", "navigation", "search", "contentinfo"} <= roles
        acting = {
            "link",
            "button",
            "searchbox",
            "checkbox",
            "region",
            "DisclosureTriangle",
        }
        acting |= {"region", "table"}
        unnamed = [role for role, name, _ in nodes if role in acting and not name]
        assert unnamed == []
        levels = [
            p["value"]["value"]
            for role, _, node in nodes
            for p in node.get("properties", ())
            if role == "heading" and p["name"] == "level"
        ]
        assert levels[0] == 1
        assert levels.count(1) == 1
        steps = itertools.pairwise(levels)
        assert all(deeper - level <= 1 for level, deeper in steps)
    assert page.value("document.documentElement.lang") == "en"


def test_the_keyboard_reaches_everything_visibly(page: Chromium) -> None:
    """The first stop leads past the top; each stop shows that it has the focus."""
    stops = []
    for _ in range(12):
        page.press("Tab")
        stops.append(
            page.value("document.activeElement.textContent.trim().slice(0, 20)")
        )
        style = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.value(style) == "solid"
    assert stops[0] == "Skip to the content"
    assert len(set(stops)) > 8


def test_a_telephone_shows_all_of_it(page: Chromium) -> None:
    """Nothing is wider than a narrow window, but what scrolls by itself."""
    page.size(320, 700)
    for view in ("overview", "env-prod", "differences"):
        page.value(f"document.querySelector('nav a[href=\"#{view}\"]').click()")
        root = "document.documentElement"
        assert page.value(f"{root}.scrollWidth - {root}.clientWidth") == 0
