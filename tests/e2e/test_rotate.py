"""`python -m tools.rotate` on the real program: all who have a key get the new one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.modal_cli import session
from tests.support.modal_s3 import free_port
from tests.support.platform_project import PlatformProject
from tests.support.pulumi_project import ROOT
from tools.yaml_text import YamlText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.localcloud import LocalCloud

CONFIG = """\
config:
  {name}:tier: dev
  {name}:s3:
    dag_buckets:
      dags:
        bucket: {{force_destroy: true}}
        key: {{}}   # read by a key, for now
  {name}:modal:
    environment: {{name: {own}, force_destroy: true}}
    service_user: {{}}
  {name}:prefect:
    workspace:
      handle: {own}
      force_destroy: true
    service_accounts:
      # Who deploys
      ci:
        workspace_role: Developer   # and no more
    blocks:
      modal-token:
        type_slug: secret
        secrets: {{value: "${{modal.token_secret}}"}}
      dags:
        type_slug: aws-credentials
        data: {{aws_access_key_id: "${{access_key_ids.dags}}"}}
        secrets: {{aws_secret_access_key: "${{access_key_secrets.dags}}"}}
  {name}:github:
    repository: flowground/flows
    environment: {{name: {own}}}
"""


class Stack:
    """A stack whose keys are with those who use them."""

    def __init__(self, project: PlatformProject) -> None:
        self.project = project
        self.own = f"dev-{project.suffix}"
        self.file = project.root / "Pulumi.dev.yaml"
        # Which `make up` is held to.
        (project.root / "policy").symlink_to(ROOT / "policy")
        (project.root / ".venv").symlink_to(sys.prefix)
        self.file.write_text(CONFIG.format(name=project.name, own=self.own))
        project.up("dev")

    def rotate(self, what: str, code: int | None = 0, **changed: str) -> str:
        """Run the command, and return what it said."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tools.rotate", "dev", what),
                *("--cwd", str(self.project.root), "--suppress-outputs"),
                "--skip-preview",
            ],
            cwd=ROOT,
            env={**self.project.env, **changed},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert done.returncode == code if code is not None else done.returncode, said
        return said

    def held(self) -> dict[str, Any]:
        """Return the stack's own keys."""
        shown = ("stack", "output", "credentials", "--json", "--show-secrets")
        return dict(json.loads(self.project.on("dev", *shown)))

    def block(self, kind: str, name: str) -> dict[str, Any]:
        """Return what a block holds, as a flow would read it."""
        with self.project.api("dev") as api:
            path = f"/block_types/slug/{kind}/block_documents/name/{name}"
            found = api.get(path, params={"include_secrets": True})
        return dict(found.raise_for_status().json()["data"])

    def on_github(self) -> dict[str, str]:
        """Return the secrets of the repository's environment, decrypted."""
        env = self.project.cloud.env
        place = {"repository": "flowground/flows", "environment": self.own}
        answer = httpx.get(
            f"{env['GITHUB_API_URL']}/_local/secrets",
            params=place,
            headers={"Authorization": f"Bearer {env['GITHUB_TOKEN']}"},
            trust_env=False,
        )
        return dict(answer.raise_for_status().json())


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, full_cloud: LocalCloud
) -> Iterator[Stack]:
    """Bring the stack up."""
    with PlatformProject(tmp_path_factory.mktemp("rotate"), full_cloud) as project:
        yield Stack(project)


def _prefect_takes(stack: Stack, key: str) -> bool:
    with stack.project.cloud.client(key, stack.project.cloud.cloud_api_url) as http:
        return http.get("/me/workspaces").status_code == 200


def _modal_takes(stack: Stack, token: dict[str, str]) -> bool:
    """Tell whether the `modal` command works with a token."""
    named = {f"MODAL_{key.upper()}": value for key, value in token.items()}
    try:
        (shown,) = session({**stack.project.env, **named}, ("token", "info"))
    except AssertionError:
        return False
    return token["token_id"] in shown


def test_a_prefect_key_goes_on_from_where_it_was_cut_short(stack: Stack) -> None:
    """A dead GitHub stops the update midway; then it ends, with one new key made."""
    before, file = stack.held()["prefect"]["ci"], stack.file.read_text()
    dead = f"http://127.0.0.1:{free_port()}"
    said = stack.rotate("prefect-key", None, GITHUB_API_URL=dead)
    assert "run the same command again" in said
    assert stack.on_github()["PREFECT_API_KEY"] == before
    half = stack.file.read_text()
    said = stack.rotate("prefect-key")
    assert "an earlier rotation goes on" in said
    assert "the new key is accepted" in said
    assert stack.file.read_text() == half
    after = stack.held()["prefect"]["ci"]
    assert after != before
    assert stack.on_github()["PREFECT_API_KEY"] == after
    assert _prefect_takes(stack, after)
    assert _prefect_takes(stack, before)
    assert before not in said
    assert after not in said
    with stack.project.cloud.client() as http:
        name = f"{stack.project.name}-dev-ci"
        bots = http.post("/bots/filter", json={"limit": 200}).json()
        (bot,) = [one for one in bots if one["name"] == name]
        keys = http.get(f"/bots/{bot['id']}/read_bot_api_keys").json()
    assert len(keys["rotating_keys"]) == 1
    added = [line for line in half.splitlines() if line not in file.splitlines()]
    assert [line.strip().partition(":")[0] for line in added] == ["account", "rotation"]
    assert all(line in half.splitlines() for line in file.splitlines())


def test_a_modal_token_and_an_aws_key_are_new_where_they_are_used(
    stack: Stack,
) -> None:
    """The one before works on, and is ended as the command says it can be."""
    before = stack.held()
    said = stack.rotate("modal-token")
    after = stack.held()["modal"]
    assert after["token_id"] != before["modal"]["token_id"]
    github = stack.on_github()
    assert github["MODAL_TOKEN_ID"] == after["token_id"]
    assert github["MODAL_TOKEN_SECRET"] == after["token_secret"]
    assert stack.block("secret", "modal-token")["value"] == after["token_secret"]
    assert _modal_takes(stack, after)
    assert _modal_takes(stack, before["modal"])
    assert "works until the next rotation; to end it now, set `overlap: false`" in said
    user = ("config", f"{stack.project.name}:modal", "service_user")
    text = YamlText(stack.file.read_text())
    stack.file.write_text(text.set((*user, "overlap"), False).text)

    said = stack.rotate("aws-key")
    assert "aws-key dags: the new key is accepted" in said
    assert "the one before works until the next rotation" in said
    key = stack.held()["s3"]["dags"]
    assert key["access_key_id"] != before["s3"]["dags"]["access_key_id"]
    held = stack.block("aws-credentials", "dags")
    assert held["aws_access_key_id"] == key["access_key_id"]
    assert held["aws_secret_access_key"] == key["secret_access_key"]
    assert not _modal_takes(stack, before["modal"])
    assert _modal_takes(stack, after)
    assert "# read by a key, for now" in stack.file.read_text()
    stack.project.on("dev", "preview", "--expect-no-changes", "--diff")


def test_what_the_stack_does_not_make_is_refused(stack: Stack) -> None:
    """Before anything is changed."""
    text = stack.file.read_text()
    said = stack.rotate("prefect-key", 1, PULUMI_CONFIG_PASSPHRASE="wrong")
    assert "incorrect passphrase" in said
    assert stack.file.read_text() == text
    stack.file.write_text(text.replace("service_user:", "volumes: {}\n    x:"))
    config = stack.rotate("modal-token", 1)
    stack.file.write_text(text)
    assert "its config has no modal.service_user" in config
