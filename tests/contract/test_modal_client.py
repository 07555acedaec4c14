"""The connection to Modal, against a real control plane or none at all."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import AccessError, ConfigurationError, NotFoundError
from components.modal import client
from tests.support.modal_plane import IGNORE_LOCAL_WARNING, TOKEN_SECRET
from tests.support.servicer import CallError, Servicer

if TYPE_CHECKING:
    from components.modal.client import ModalApi
    from tests.contract.conftest import Worlds
    from tests.support.modal_world import ModalWorld

SECRET = "modal:Secret"
pytestmark = pytest.mark.filterwarnings(IGNORE_LOCAL_WARNING)


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("MODAL_SERVER_URL", "MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def world(worlds: Worlds) -> ModalWorld:
    """Return an environment of a control plane."""
    return worlds.of(SECRET)


@pytest.fixture
def config(world: ModalWorld) -> dict[str, Any]:
    """Return the stack's settings."""
    return {
        "modalServerUrl": world.plane.grpc_url,
        "modalTokenId": "ak-local",
        "modalTokenSecret": TOKEN_SECRET,
    }


@pytest.fixture
def api(world: ModalWorld, config: dict[str, Any]) -> ModalApi:
    """Return the environment's API."""
    return client.connect(config, world.place["environment_name"])


def test_previews_do_not_import_the_sdk() -> None:
    """Nearly a second is only paid where a call is really made."""
    code = "import sys, components.modal; sys.exit('modal' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_token_is_one_sentence() -> None:
    """It names the variables to set."""
    with pytest.raises(ConfigurationError, match="set MODAL_TOKEN_ID and MODAL_TOKEN"):
        client.connect({})


def test_a_control_plane_that_is_not_there_is_told_at_once(unique: str) -> None:
    """Where the SDK tries for 57 seconds."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    env = {"MODAL_TOKEN_ID": "ak-x", "MODAL_TOKEN_SECRET": "as-canary"}
    begun = time.monotonic()
    inputs = {"name": unique, "environment_name": "main", "values": {"A": "1"}}
    told = f"Modal at {url} cannot be reached; check MODAL_SERVER_URL"
    servicer = Servicer({**env, "MODAL_SERVER_URL": url})
    with servicer, pytest.raises(CallError, match=told):
        servicer.create(SECRET, inputs)
    assert time.monotonic() - begun < 20


def test_a_token_that_is_unknown_is_told(config: dict[str, Any]) -> None:
    """The sentence says what to set, and not the secret."""
    wrong = {**config, "modalTokenSecret": "as-canary-wrong"}
    with pytest.raises(AccessError, match="set MODAL_TOKEN_ID") as refused:
        client.connect(wrong).call("EnvironmentList")
    assert "canary" not in str(refused.value)


def test_the_environment_has_the_last_word_on_credentials(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refresh and destroy would otherwise use the config of the last update."""
    monkeypatch.setenv("MODAL_TOKEN_ID", "ak-other")
    assert client.connect(config).scope[1] == "ak-other"


def test_what_is_not_there_is_told_in_modals_words(api: ModalApi) -> None:
    """The kernel tells it from all other failures."""
    where = {"environment_name": api.environment, "deployment_name": "nothing"}
    with pytest.raises(NotFoundError, match="Modal says: Secret 'nothing' not found"):
        api.call("SecretGetOrCreate", **where)


def test_lists_go_beyond_a_page(
    api: ModalApi, world: ModalWorld, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every object is listed once, whatever its page."""
    monkeypatch.setattr(client, "PAGE", 2)
    names = {f"{unique}-{i}" for i in range(5)}
    for name in names:
        world.make(SECRET, {"name": name, "values": {"A": "1"}})
    listed = [item["label"] for item in api.pages("SecretList", "items")]
    assert names <= set(listed)
    assert len(listed) == len(set(listed))


def test_many_threads_share_one_connection(api: ModalApi, unique: str) -> None:
    """A hundred secrets are written at once by the provider's workers."""

    def write(i: int) -> str:
        made = api.call(
            "SecretGetOrCreate",
            environment_name=api.environment,
            deployment_name=f"{unique}-{i}",
            object_creation_type=client.FAIL_IF_EXISTS,
            env_dict={"A": str(i)},
        )
        return str(made["secret_id"])

    with ThreadPoolExecutor(16) as workers:
        assert len(set(workers.map(write, range(100)))) == 100


def test_a_proxy_for_the_world_is_not_used_for_loopback(
    world: ModalWorld, unique: str
) -> None:
    """The SDK would send even that through it, whatever NO_PROXY says."""
    env = {
        "MODAL_SERVER_URL": world.plane.grpc_url,
        "MODAL_TOKEN_ID": "ak-local",
        "MODAL_TOKEN_SECRET": TOKEN_SECRET,
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "",
    }
    with Servicer(env) as running:
        inputs = {**world.place, "name": unique, "values": {"A": "1"}}
        assert running.create(SECRET, inputs).id
