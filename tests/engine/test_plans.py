"""Plans of a real engine: told in Markdown, applied as told, rehearsed, watched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.github import LocalGithub
from tests.support.github_actions import job_token
from tests.support.tiny_checkout import CANARY, PASSPHRASE, TinyCheckout
from tools.plans.comment import PREVIEW, render
from tools.plans.kept import rehearsals

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "<!-- flowground: preview -->\n\n"
DATA = {"force_destroy": False}


@pytest.fixture
def checkout(tmp_path: Path) -> TinyCheckout:
    """Return a checkout whose stack dev has four things, one of them with a secret."""
    made = TinyCheckout(tmp_path)
    made.keep_secret("dev", "token")
    made.configure("dev", {"a": {"secret": True}, "b": DATA, "c": {}, "d": {}})
    return made


def test_a_plan_is_told_and_applied(checkout: TinyCheckout) -> None:
    """All that changes is in one comment, data first; then it happens, and no more.

    Neither Pulumi's plan, nor the preview, nor the comment has a secret in plain text.
    """
    told = checkout.tool("plan", "dev")
    assert "| `dev` | 4 | " in told
    checkout.tool("apply", "dev")
    told = checkout.tool("plan", "dev")
    assert told == f"{MARKER}**Nothing changes:** `dev`.\n"

    checkout.pulumi("config", "set", "--secret", "token", f"{CANARY}-2")
    checkout.configure(
        "dev",
        {
            "a": {"secret": True, "limit": 2, "tags": ["x"]},
            "b": {**DATA, "name": "b2", "slot": "elsewhere"},
            "c": {},
            "e": {},
        },
    )
    told = checkout.tool("plan", "dev")
    assert "| stack | create | change | replace | delete | |" in told
    assert "| `dev` | 1 | 1 | 1 | 1 | ⚠️ 1 with data |" in told
    top, rest = told.split("### `dev`")
    assert "Data would be lost" in top
    assert "<b><code>b</code></b>: made anew, because <code>name</code>" in top
    assert '- name: "b"\n+ name: "b2"' in top
    assert "- limit: 1\n+ limit: 2" in rest
    assert [rest.index(f"<summary>{sign} ") for sign in "-~+"] == sorted(
        rest.index(f"<summary>{sign} ") for sign in "-~+"
    )
    assert '~ token: "[secret]"' in rest
    told += checkout.tool("plan_comment")
    kept = checkout.kept()
    assert (checkout.root / ".flowground/plans/dev/plan.json").exists()
    for secret in (CANARY, "minted-canary", PASSPHRASE):
        assert secret not in told
        assert secret not in kept
    checkout.tool("apply", "dev")
    assert {file.stem for file in checkout.world.iterdir()} == {*"ace", "elsewhere"}


def test_a_plan_that_is_not_what_was_reviewed(checkout: TinyCheckout) -> None:
    """Nothing happens where the program deviates from its plan, or the state moved."""
    assert "make plan STACK=dev" in checkout.tool("apply", "dev", code=1)
    things = {"a": {"limit": 5}, "c": {}}
    checkout.tool("plan", "dev")
    checkout.configure("dev", things)
    assert "violates plan" in checkout.tool("apply", "dev", code=1)
    assert [*checkout.world.iterdir()] == []
    checkout.tool("plan", "dev")
    checkout.pulumi("up", "--yes", "--skip-preview", "--target", "**::c")
    assert "has moved" in checkout.tool("apply", "dev", code=1)
    assert {file.stem for file in checkout.world.iterdir()} == {"c"}


def test_what_fails_is_told_and_obeyed_by_no_renderer(checkout: TinyCheckout) -> None:
    """A failed preview exits with 1; its message stands in a fence that holds."""
    checkout.configure("dev", {"a": {"limit": 13}, "b": {}})
    told = checkout.tool("plan", "dev", code=1)
    assert "❌ the preview failed" in told
    fenced = told.split("````\n")[1]
    assert "13 is <b>refused</b>\n| ``` @all" in fenced
    assert "make plan" in checkout.tool("apply", "dev", code=1)


def test_guardrails_are_told(checkout: TinyCheckout) -> None:
    """Both what only advises and what stops says which resource, and what to do."""
    checkout.configure("dev", {"a": {"limit": 41}, "b": {"limit": 42}})
    told = checkout.tool("plan", "dev", code=1)
    assert "⚠️\n```\nfew: a: 41 is too much; lower the limit\n```" in told
    assert "❌\n```\nmost: b: 42 is too much; lower the limit\n```" in told
    assert "preview failed\n```" not in told


def test_a_fork_without_credentials_gets_a_preview(checkout: TinyCheckout) -> None:
    """Neither passphrase, backend nor service is needed, and what is unseen is said."""
    checkout.configure("dev", {"a": {"secret": True, "deep": "x"}})
    checkout.keep_secret("dev", "things.a.deep", "canary-deep")
    blind = {"PULUMI_CONFIG_PASSPHRASE": "unknown", "PULUMI_BACKEND_URL": "s3://none"}
    told = checkout.tool("plan", "dev", "--without-credentials", **blind)
    assert "No credentials were at hand" in told
    assert "| `dev` | 1 | " in told
    assert "canary" not in told + checkout.kept()
    assert "make plan" in checkout.tool("apply", "dev", code=1)


def test_a_rehearsal_finds_what_a_preview_cannot(checkout: TinyCheckout) -> None:
    """A replacement in the wrong order, and an update that never settles, show."""
    checkout.commit()
    script = (
        "import sys, pathlib\n"
        "from tools.plans.kept import REHEARSALS, fresh\n"
        "from tools.rehearse import rehearse\n"
        "from tools.throwaway import throwaway\n"
        "with throwaway('dev', {}) as trial:\n"
        "    trial.env['TINY_WORLD'] = sys.argv[1]\n"
        "    folder = fresh(REHEARSALS / 'dev')\n"
        "    sys.exit(not rehearse(trial, 'HEAD', folder))\n"
    )
    (checkout.root / "tools/try_it.py").write_text(script)

    def rehearsed(name: str, code: int) -> str:
        world = checkout.world / name
        world.mkdir()
        checkout.tool("try_it", str(world), code=code)
        return render(PREVIEW, [], rehearsals(checkout.root / ".flowground/rehearsals"))

    things = {"a": {"secret": True}, "b": DATA, "c": {}, "d": {}}
    checkout.configure("dev", {**things, "b": {**DATA, "name": "b2"}})
    told = rehearsed("order", 1)
    assert "❌ Rehearsal of `dev`" in told
    assert "| plan the change | " in told
    assert "slot b is taken; free it first" in told
    assert told.count("| ❌ |") == 1

    checkout.configure("dev", {**things, "e": {"counts": True}})
    told = rehearsed("unsettled", 1)
    assert told.count("| ✅ |") == 3
    assert "<b><code>e</code></b>" in told
    assert "no changes were expected" in told
    assert CANARY not in checkout.kept()
    # Whoever rehearses decrypts nothing: the stack's own file is as it was.
    committed = json.loads((checkout.root / "Pulumi.dev.yaml").read_text())
    assert "secure" in committed["config"]["tiny:token"]


def test_drift_becomes_an_issue(checkout: TinyCheckout, tmp_path: Path) -> None:
    """Drift exits with 7 and opens an issue; when it is gone the issue is closed."""
    checkout.tool("plan", "dev")
    checkout.tool("apply", "dev")
    with LocalGithub.start(tmp_path) as github:
        project = github.project()
        env = {
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": project.repo,
            "GITHUB_TOKEN": job_token(project),
        }
        assert "issue: none" in checkout.tool("drift_issue", "dev", **env)
        was = (checkout.world / "c.json").read_text()
        (checkout.world / "c.json").write_text(json.dumps({"limit": 99}))
        (checkout.world / "b.json").unlink()
        said = checkout.tool("drift_issue", "dev", code=7, **env)
        assert "2 resources; issue: opened" in said
        with project.http() as http:
            (issue,) = http.get(f"/repos/{project.repo}/issues").json()
        assert "- limit: 1\n+ limit: 99" in issue["body"]
        assert "What held data is gone" in issue["body"]
        (checkout.world / "c.json").write_text(was)
        (checkout.world / "b.json").write_text(was)
        assert "issue: closed" in checkout.tool("drift_issue", "dev", **env)
        broken = {**env, "PULUMI_CONFIG_PASSPHRASE": "wrong"}
        said = checkout.tool("drift_issue", "dev", code=1, **broken)
        assert "could not be looked at" in said
        assert github.violations() == []
