"""What of a Terraform state becomes settings, and what is told instead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from components.kernel import ConfigurationError
from tools.from_terraform.__main__ import settings_of
from tools.from_terraform.automations import actions, trigger
from tools.from_terraform.convert import Converted, convert
from tools.from_terraform.state import Instance, read

if TYPE_CHECKING:
    from pathlib import Path

WORKSPACE = str(uuid4())


def _one(type_: str, label: str = "x", **attributes: Any) -> Instance:
    base = {"id": str(uuid4()), "workspace_id": WORKSPACE, "created": None}
    return Instance(type_, f"prefect_{type_}.{label}", {**base, **attributes})


def _left_out(made: Converted) -> dict[str, str]:
    return {one.what: one.why for one in made.described.left_out}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "terraform state pull"),
        ("{", "is no Terraform state of version 4"),
        ('{"version": 3}', "is no Terraform state of version 4"),
        ('{"version": 4, "resources": []}', "manages no object of Prefect's"),
    ],
)
def test_what_is_no_state_is_told(tmp_path: Path, text: str | None, said: str) -> None:
    """In a sentence that says how to get one."""
    file = tmp_path / "terraform.tfstate"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read(file)


def test_objects_are_known_by_terraforms_addresses(tmp_path: Path) -> None:
    """In modules, and by keys; what is only looked up is not managed."""
    one = {"attributes": {"id": "1"}, "index_key": "a"}
    common = {"type": "prefect_flow", "name": "f", "instances": [one]}
    resources = [
        {**common, "mode": "managed", "module": "module.m"},
        {**common, "mode": "managed", "instances": [{**one, "index_key": 0}]},
        {**common, "mode": "data"},
        {**common, "mode": "managed", "type": "aws_s3_bucket"},
    ]
    file = tmp_path / "terraform.tfstate"
    file.write_text(json.dumps({"version": 4, "resources": resources}))
    found = [instance.address for instance in read(file)]
    assert found == ['module.m.prefect_flow.f["a"]', "prefect_flow.f[0]"]


def test_a_state_of_several_workspaces_needs_a_choice() -> None:
    """And what is in the others is told."""
    other = str(uuid4())
    both = [
        _one("variable", "a", name="a", value="1", tags=None),
        _one("variable", "b", name="b", value="1", tags=[], workspace_id=other),
    ]
    with pytest.raises(ConfigurationError, match="choose one by --workspace-id"):
        convert(both)
    made = convert(both, workspace_id=WORKSPACE)
    assert made.described.settings == {"variables": {"a": {"value": "1"}}}
    assert _left_out(made) == {"prefect_variable.b": "it is in another workspace"}


def test_what_has_no_place_in_the_settings_is_told_with_the_reason() -> None:
    """Nothing is dropped in silence."""
    queue = {"name": "default", "work_pool_name": "p", "concurrency_limit": None}
    queue |= {"description": "The work pool's default queue.", "priority": 1}
    made = convert(
        [
            _one("team", name="t"),
            _one("wonder"),
            _one("flow", name="idle", tags=[]),
            _one("deployment_schedule", deployment_id="elsewhere"),
            _one("work_queue", **queue, is_paused=False),
            _one("variable", name="no name", value="1", tags=[]),
            _one("automation", name="a", trigger={}, description="", enabled=True),
        ]
    )
    why = _left_out(made)
    assert made.described.settings == {}
    assert "declare Team" in why["prefect_team.x"]
    assert why["prefect_wonder.x"] == "flowground has nothing of that kind"
    assert "neither deployments nor tags" in why["prefect_flow.x"]
    assert "no deployment of it" in why["prefect_deployment_schedule.x"]
    assert why["prefect_work_queue.x"] == "its pool brings it"
    assert "cannot express it" in why["prefect_variable.x"]
    assert "cannot express it" in why["prefect_automation.x"]


def test_texts_of_blocks_are_secrets_unless_somebody_says_otherwise() -> None:
    """References and numbers are none; values are kept for the stack's config."""
    dumps = str(uuid4())
    reference = {"$ref": {"block_document_id": dumps}}
    data = {"bucket_name": "b", "n": 1, "info": {"k": "s"}, "credentials": reference}
    updated = "2026-11-21T12:00:00Z"
    block = {"type_slug": "s3-bucket", "data": json.dumps(data), "updated": updated}
    credentials = {**block, "type_slug": "secret", "data": '{"value": "s3cr3t"}'}
    state = [
        _one("block", "a", name="a", **block),
        _one("block", "c", name="c", **credentials),
    ]
    state[1].attributes["id"] = dumps
    made = convert(state)
    entry = made.described.settings["blocks"]["a"]
    assert entry["data"]["n"] == 1
    assert entry["data"]["credentials"] == {
        "$ref": {"block_document_id": "${blocks.c}"}
    }
    assert set(entry["secrets"]) == {"bucket_name", "info"}
    assert made.values == {
        "s3-bucket-a-bucket_name": "b",
        "s3-bucket-a-info": '{"k": "s"}',
        "secret-c-value": "s3cr3t",
    }
    opened = convert(state, in_the_open=["s3-bucket.bucket_*"])
    assert opened.described.settings["blocks"]["a"]["data"]["bucket_name"] == "b"


def test_triggers_and_actions_lose_what_the_provider_fills_in() -> None:
    """Null fields, and the empty JSON of actions that take none."""
    event = {"posture": "Reactive", "match": '{"a": "b"}', "after": None}
    both = {
        "require": {"type": "number", "value": 1},
        "within": 5,
        "triggers": [{"event": event, "metric": None}],
    }
    assert trigger({"event": None, "compound": both}) == {
        "type": "compound",
        "require": 1,
        "within": 5,
        "triggers": [{"type": "event", "posture": "Reactive", "match": {"a": "b"}}],
    }
    action = {"type": "do-nothing", "parameters": "{}", "job_variables": "{}"}
    assert actions([{**action, "source": None}]) == [{"type": "do-nothing"}]
    with pytest.raises(ValueError, match="no known sort"):
        trigger({"event": None})


def test_the_workspace_is_the_stacks_where_the_state_has_it() -> None:
    """Else it is somebody's, by the handle that is given, or a server."""
    variable = _one("variable", name="a", value="1", tags=[])
    owned = _one("workspace", handle="h", name="H", description="")
    owned.attributes["id"] = WORKSPACE
    with_own = settings_of(convert([variable, owned]), None, {})
    assert with_own["workspace"] == {"layout": "own", "handle": "h", "name": "H"}
    used = settings_of(convert([variable]), "h", {})
    assert used["workspace"] == {"layout": "shared", "handle": "h", "prefix": ""}
    with pytest.raises(ConfigurationError, match="give it by --workspace"):
        settings_of(convert([variable]), None, {})
    variable.attributes["workspace_id"] = None
    server = settings_of(convert([variable]), None, {})
    assert server["workspace"] == {"layout": "server"}
