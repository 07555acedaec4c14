"""A stack's Modal by real `pulumi` and `modal` commands, on a control plane alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.modal_cli import session
from tests.support.modal_plane import RunningPlane, start
from tests.support.modal_s3 import free_port
from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "canary-of-the-config"
CHANGES = 7
DRIFT = ("refresh", "--preview-only", "--expect-no-changes", "--diff")
PROGRAM = """
    import json

    import pulumi

    from components.modal.platform import ModalPlatform
    from components.modal.settings import ModalSettings

    config = pulumi.Config()
    given = json.loads(pulumi.runtime.get_config(config.full_key("modal")))
    made = ModalPlatform(
        "modal",
        ModalSettings.model_validate(given),
        groups={"secrets": config.get_secret},
        protect=config.get_bool("protect") or False,
    )
    facts = made.groups["modal"]
    for name in ("environment", "workspace", "token_id", "token_secret"):
        pulumi.export(name, facts(name))
    """
SETTINGS: dict[str, Any] = {
    "secrets": {"db": {"values": {"PASSWORD": "${secrets.password}", "HOST": "db"}}},
    "volumes": {
        "code": {"version": 2, "files": {"folder": "dags", "path": "dags"}},
        "data": {"force_destroy": True},
    },
    "dicts": {"state": {}},
    "queues": {"jobs": {}},
    "service_user": {"rotation": "1", "expires_in_seconds": 3 * 24 * 3600},
}


class ModalProject(Project):
    """A program that has a `ModalPlatform` and nothing else, with its control plane."""

    def __init__(self, folder: Path) -> None:
        """Start the control plane, on ports that it keeps when it is started again."""
        super().__init__(folder / "project")
        self._ports = [f"--port={free_port()}", f"--http-port={free_port()}"]
        self._state = folder / "modal"
        self.plane = self._start()
        addresses = self.plane.env()
        self.env |= {k: v for k, v in addresses.items() if k.startswith("MODAL_")}
        del self.env["PULUMI_STACK"]
        self.write("dags/etl.py", "run = 1")
        (self.root / "components").symlink_to(ROOT / "components")
        self.program(PROGRAM)

    def _start(self) -> RunningPlane:
        return start(self._state, *self._ports)

    def restart(self) -> None:
        """Have the control plane die as by a power cut, and start it again."""
        self.plane.kill()
        self.plane = self._start()

    def configure(self, stack: str, settings: dict[str, Any], **more: Any) -> None:
        """Write a stack's config, but for its secrets."""
        path = self.root / f"Pulumi.{stack}.yaml"
        known = yaml.safe_load(path.read_text()) if path.exists() else {}
        config = known.setdefault("config", {})
        config |= {f"probe:{key}": value for key, value in more.items()}
        config["probe:modal"] = settings
        path.write_text(yaml.safe_dump(known))

    def make(self, stack: str, settings: dict[str, Any], **more: Any) -> None:
        """Make a stack with a secret of its own; nothing of it is up yet."""
        if stack != "dev":
            self("stack", "init", stack)
        self.configure(stack, settings, **more)
        secret = ("config", "set", "--secret", "password", f"{CANARY}-{stack}")
        self(*secret, "--stack", stack)

    def on(self, stack: str, *arguments: str, code: int | None = 0) -> str:
        """Run `pulumi` on a stack and return all that it printed."""
        done = self(*arguments, "--stack", stack, code=code)
        return done.stdout + done.stderr

    def up(self, stack: str, *options: str, code: int | None = 0) -> str:
        """Bring a stack up."""
        return self.on(stack, "up", "--yes", "--skip-preview", *options, code=code)

    def assert_untouched(self, stack: str) -> None:
        """Have the control plane all that the stack made, as it made it."""
        self.on(stack, *DRIFT)

    def told(self, stack: str) -> dict[str, str]:
        """Return the stack's outputs, secrets in plaintext."""
        shown = self.on(stack, "stack", "output", "--json", "--show-secrets")
        return dict(json.loads(shown))

    def modal(self, *commands: tuple[str, ...], **token: str) -> list[str]:
        """Run commands of the real `modal` CLI, as the owner or by a token."""
        return session(self.plane.env(**token), *commands)

    def names(self, what: str, environment: str) -> set[str]:
        """Return what the `modal` CLI lists of an environment."""
        (listed,) = self.modal((what, "list", "--env", environment, "--json"))
        return {row["name"] for row in json.loads(listed)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModalProject]:
    """Return the program with stack dev up."""
    made = ModalProject(tmp_path_factory.mktemp("modal-platform"))
    try:
        made.make("dev", SETTINGS)
        made.up("dev")
        yield made
    finally:
        made.plane.stop()


def _by(told: dict[str, str]) -> dict[str, str]:
    names = {"MODAL_TOKEN_ID": "token_id", "MODAL_TOKEN_SECRET": "token_secret"}
    return {variable: told[name] for variable, name in names.items()}


def test_the_platform_is_what_the_modal_command_finds(project: ModalProject) -> None:
    """By the stack's own token, which is let into the stack's environment alone."""
    told = project.told("dev")
    env = ("--env", told["environment"])
    shown = project.modal(
        ("token", "info"),
        ("secret", "list", *env, "--json"),
        ("volume", "list", *env, "--json"),
        ("volume", "ls", "code", "dags", *env, "--json"),
        ("dict", "list", *env, "--json"),
        ("queue", "list", *env, "--json"),
        ("app", "list", *env, "--json"),
        ("environment", "list", "--json"),
        **_by(told),
    )
    assert told["token_id"] in shown[0]
    found = [
        {row.get("name") or row.get("filename") for row in json.loads(listed)}
        for listed in shown[1:]
    ]
    assert found == [
        {"db"},
        {"code", "data"},
        {"dags/etl.py"},
        {"state"},
        {"jobs"},
        set(),
        {"probe-dev"},
    ]


def test_nothing_is_left_to_do_and_nothing_to_be_seen(project: ModalProject) -> None:
    """A second run finds nothing, warns of the token's end, and tells no secret."""
    seen = ""
    for look in ((*DRIFT, "--run-program"), ("preview", *DRIFT[2:])):
        said = project.on("dev", *look)
        assert "Modal token 'modal' ends on" in said
        seen += said
    told = project.told("dev")
    seen += project.on("dev", "stack", "export")
    folder = project.root.parent / "state"
    for path in folder.rglob("*"):
        seen += path.read_text(errors="replace") if path.is_file() else ""
    for secret in (f"{CANARY}-dev", told["token_secret"]):
        assert len(secret) > 10
        assert secret not in seen


def test_drift_is_seen_and_mended_across_a_power_cut(project: ModalProject) -> None:
    """What people did by the `modal` command is undone; then nothing is left to do."""
    env = ("--env", "probe-dev")
    project.modal(
        ("secret", "create", "db", "PASSWORD=theirs", "--force", *env),
        ("dict", "delete", "state", "--yes", *env),
        ("volume", "rm", "code", "dags/etl.py", *env),
        ("volume", "rename", "data", "moved", "--yes", *env),
        ("environment", "update", "probe-dev", "--set-web-suffix", "theirs"),
        (
            *("workspace", "service-users", "set-role"),
            *("probe-dev-g1", "probe-dev", "viewer"),
        ),
    )
    said = project.on("dev", *DRIFT, code=CHANGES)
    assert "- pulumi-python:dynamic/modal:Dict" in said
    assert '"data" => "moved"' in said
    assert '"contributor" => "viewer"' in said
    assert "etl.py" in said
    assert "theirs" not in said  # neither the value, nor a suffix left to Modal
    project.up("dev", "--refresh")
    project.restart()
    project.assert_untouched("dev")
    assert project.names("volume", "probe-dev") == {"code", "data"}


def test_a_rotation_hands_out_the_next_token_and_leaves_the_last(
    project: ModalProject,
) -> None:
    """Both are accepted until the rotation after; the plan names what changes."""
    before = project.told("dev")
    user = SETTINGS["service_user"] | {"rotation": "2"}
    project.configure("dev", SETTINGS | {"service_user": user})
    project.up("dev")
    after = project.told("dev")
    assert before["token_id"] != after["token_id"]
    for told in (before, after):
        (shown,) = project.modal(("token", "info"), **_by(told))
        assert told["token_id"] in shown
    project.on("dev", "preview", "--expect-no-changes", "--diff")


def test_two_stacks_of_a_workspace_never_touch_each_other(
    project: ModalProject,
) -> None:
    """The same words, two environments; one that is told the other's is refused."""
    project.make("prod", SETTINGS, protect=True)
    named = SETTINGS | {"environment": {"name": "probe-dev"}}
    project.configure("prod", named, protect=True)
    refused = project.up("prod", code=None)
    assert "cannot create environment 'probe-dev'" in refused
    assert "already there and differs in contents" in refused
    project.configure("prod", SETTINGS, protect=True)
    project.up("prod")
    assert project.told("prod")["environment"] == "probe-prod"
    project.assert_untouched("dev")
    state = json.loads(project.on("prod", "stack", "export"))
    protected = {
        one["type"].rpartition(":")[2]
        for one in state["deployment"]["resources"]
        if one.get("protect")
    }
    assert protected == {"Environment", "Volume", "Dict", "Queue"}
    project.on("dev", "destroy", "--yes", "--skip-preview")
    project.assert_untouched("prod")
    (listed,) = project.modal(("environment", "list", "--json"))
    names = {row["name"] for row in json.loads(listed)}
    assert names == {"main", "probe-prod"}
