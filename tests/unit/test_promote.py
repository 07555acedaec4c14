"""A promotion makes two configs say the same, but for what is each one's own."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tools import promote
from tools.promotion import promoted
from tools.promotion_rules import OWN, matches, pattern
from tools.yaml_text import YamlText

if TYPE_CHECKING:
    from pathlib import Path

STAGING = """\
config:
  p:tier: staging
  p:prefect:
    workspace: {handle: s, force_destroy: true}
    variables:
      # Who is greeted
      greeting:
        value: [hello, world]   # in order
      same: {value: 1}
    concurrency_limits:
      db: {limit: 2}
      new: {limit: 3}
    blocks:
      token:
        type_slug: secret
        secrets: {value: "${secrets.apiToken}"}
  p:modal:
    environment: {name: p-staging}
    service_user: {rotation: "7"}
    dicts: {cursors: {}}
  p:apiToken:
    secure: v1:staging
  other:key: theirs
encryptionsalt: v1:staging-salt
"""
PROD = """\
# Production. Ask before you change it.
config:
  p:tier: prod
  p:prefect:
    workspace: {handle: p}
    variables:
      same: {value: 1}   # untouched
      # Goes
      old: {value: 2}
    concurrency_limits:
      db: {limit: 50}   # as large as the licence
encryptionsalt: v1:prod-salt
"""
PROMOTED = """\
# Production. Ask before you change it.
config:
  p:tier: prod
  p:prefect:
    workspace: {handle: p}
    variables:
      # Who is greeted
      greeting:
        value: [hello, world]   # in order
      same: {value: 1}   # untouched
    concurrency_limits:
      db: {limit: 50}   # as large as the licence
      new: {limit: 3}
    blocks:
      token:
        type_slug: secret
        secrets: {value: "${secrets.apiToken}"}
  p:modal:
    service_user: {}
    dicts:
      cursors: {}
encryptionsalt: v1:prod-salt
"""
LIMITS = pattern("prefect.concurrency_limits.*.limit")


def test_a_promotion_reads_as_if_somebody_had_written_it() -> None:
    """Comments come along and stay, sizes that are kept too, and no name is copied."""
    made = promoted(YamlText(STAGING), YamlText(PROD), "p", own=OWN, keep=[LIMITS])
    assert made.text == PROMOTED
    assert made.own == ("modal.environment", "modal.service_user.rotation")
    assert made.secretive == ("apiToken",)
    assert made.missing == ("apiToken",)


def test_without_keep_sizes_are_promoted_too() -> None:
    """Only what is named is kept."""
    made = promoted(YamlText(STAGING), YamlText(PROD), "p", own=OWN)
    assert "db: {limit: 2}   # as large as the licence" in made.text


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("tier", True),
        ("githubToken", True),
        ("prefect.workspace", True),
        ("prefect.workspace.handle", False),  # which no walk comes to
        ("s3.dag_buckets.dags.bucket.name", True),
        ("prefect.variables.greeting", False),
    ],
)
def test_what_is_an_environments_own(path: str, own: bool) -> None:  # the table's
    """Names, handles, and the way in; nothing else."""
    assert matches(pattern(path), OWN) is own


def _run(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str
) -> tuple[int, str]:
    command = ["promote", "staging", "prod", "--cwd", str(folder), *arguments]
    monkeypatch.setattr(sys, "argv", command)
    code = promote.main()
    return code, (folder / "Pulumi.prod.yaml").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a project with two stacks."""
    (tmp_path / "Pulumi.yaml").write_text("name: p\n")
    (tmp_path / "Pulumi.staging.yaml").write_text(STAGING)
    (tmp_path / "Pulumi.prod.yaml").write_text(PROD)
    return tmp_path


def test_the_command_shows_a_diff_and_writes_only_when_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what is left to do, and the second time there is nothing to show."""
    keep = ("--keep", "prefect.concurrency_limits.*.limit")
    code, text = _run(monkeypatch, folder, *keep)
    shown = capsys.readouterr()
    assert (code, text) == (0, PROD)
    assert shown.out.startswith("--- a/Pulumi.prod.yaml\n+++ b/Pulumi.prod.yaml\n@@")
    assert "+      new: {limit: 3}\n" in shown.out
    assert "pulumi config set --secret apiToken --stack prod" in shown.err
    assert "v1:staging" not in shown.out + shown.err
    assert _run(monkeypatch, folder, *keep, "--write") == (0, PROMOTED)
    capsys.readouterr()
    assert _run(monkeypatch, folder, *keep, "--write") == (0, PROMOTED)
    assert capsys.readouterr().out == ""


def test_what_the_program_would_not_take_is_not_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fault is told by its path."""
    wrong = STAGING.replace("{limit: 3}", "{limit: many}")
    (folder / "Pulumi.staging.yaml").write_text(wrong)
    assert _run(monkeypatch, folder, "--write") == (1, PROD)
    assert "p:prefect.concurrency_limits.new.limit" in capsys.readouterr().err


def test_a_stack_that_is_not_there_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence."""
    (folder / "Pulumi.staging.yaml").unlink()
    assert _run(monkeypatch, folder) == (1, PROD)
    assert "there is no Pulumi.staging.yaml" in capsys.readouterr().err


NAMES = st.sampled_from(["a", "b", "own", "keep", "on"])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 9),
    st.sampled_from(["x", "${secrets.s}", "two\nlines\n", "# no", "v: w"]),
    st.lists(st.one_of(st.integers(0, 3), st.just({"a": 1})), max_size=2),
)
SECRETS = st.builds(lambda n: {"secure": f"v1:cipher-{n}"}, st.integers(0, 99))
TREES = st.recursive(
    st.one_of(LEAVES, SECRETS),
    lambda inner: st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)
CONFIGS = st.dictionaries(
    st.sampled_from(["p:a", "p:b", "p:own", "q:a"]), TREES, max_size=4
)
DEEP = tuple(tuple("*" for _ in range(n)) for n in range(5))
MINE = [(*stars, "own") for stars in DEEP]
KEPT = [(*stars, "keep") for stars in DEEP]


def _text(config: Any, *, flow: bool) -> YamlText:
    style = None if flow else False
    # Without the sharing of equal parts, which would be written as anchors.
    own = json.loads(json.dumps({"config": config}))
    said = yaml.safe_dump(own, sort_keys=False, default_flow_style=style)
    return YamlText(said)


def _open(value: Any, patterns: list[tuple[str, ...]], path: tuple[str, ...]) -> Any:
    """Return what of a config both must say in the end."""
    if not isinstance(value, dict) or [*value] == ["secure"]:
        return value
    return {
        key: _open(item, patterns, (*path, key))
        for key, item in value.items()
        if not matches((*path, key), patterns)
        and not (isinstance(item, dict) and [*item] == ["secure"])
    }


def _pruned(value: Any) -> Any:
    """Leave out mappings that have nothing: what they had was somebody's own."""
    if not isinstance(value, dict):
        return value
    items = {key: _pruned(item) for key, item in value.items()}
    return {key: item for key, item in items.items() if item != {}}


@given(CONFIGS, CONFIGS, st.booleans(), st.booleans())
def test_twice_is_once_and_both_say_the_same(
    theirs: Any,
    ours: Any,
    flow: bool,
    other_flow: bool,  # drawn
) -> None:
    """And no secret and no name moves from one to the other."""
    source, target = _text(theirs, flow=flow), _text(ours, flow=other_flow)
    once = promoted(source, target, "p", own=MINE, keep=KEPT)
    twice = promoted(source, YamlText(once.text), "p", own=MINE, keep=KEPT)
    assert twice.text == once.text
    made = YamlText(once.text).get(("config",)) or {}
    assert {k: v for k, v in made.items() if k.startswith("q:")} == {
        k: v for k, v in ours.items() if k.startswith("q:")
    }
    before = set(map(str, _ciphers(ours)))
    assert set(map(str, _ciphers(made))) <= before
    if not _ciphers(theirs) and not _ciphers(ours) and not _kept_in(ours):
        said, wanted = (
            _pruned(
                {
                    k.removeprefix("p:"): _open(v, MINE, (k.removeprefix("p:"),))
                    for k, v in one.items()
                    if k.startswith("p:") and k != "p:own"
                }
            )
            for one in (made, theirs)
        )
        assert said == wanted


def _ciphers(value: Any) -> list[str]:
    found = textwrap.dedent(str(value)).split("cipher-")[1:]
    return [one.partition("'")[0] for one in found]


def _kept_in(value: Any) -> bool:
    return "'keep'" in str(value) or "'own'" in str(value)
