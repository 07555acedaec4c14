"""The traps of work pools: templates that appear later, and writes that go by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from components.prefect.job_template import default_template
from tests.support.servicer import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.support.localcloud import LocalCloud

POOL = "prefect:WorkPool"
TYPES = (
    "azure-container-instance",
    "azure-container-instance:push",
    "cloud-run",
    "cloud-run-v2",
    "cloud-run-v2:push",
    "cloud-run:push",
    "coiled:push",
    "docker",
    "ecs",
    "ecs:push",
    "kubernetes",
    "modal:push",
    "prefect:managed",
    "process",
    "vertex-ai",
)
RUN_WORKER = """
import asyncio, sys
from prefect.workers.process import ProcessWorker
for pool in sys.argv[1:]:
    asyncio.run(ProcessWorker(work_pool_name=pool).start(run_once=True))
"""


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    return worlds.of(POOL)


def test_every_default_template_is_stored_as_it_is(
    world: PrefectWorld, unique: str
) -> None:
    """The server takes each of them, and gives it back without a difference."""
    for type_ in TYPES:
        made = world.make(POOL, {"name": f"{unique} {type_}", "type": type_})
        live = world.servicer.read(made)
        assert live is not None
        assert live.inputs == made.inputs
        stored = world.call("GET", f"/work_pools/{unique} {type_}")
        assert stored["base_job_template"] == default_template(type_)


def test_the_first_worker_changes_nothing(
    world: PrefectWorld, unique: str, local_cloud: LocalCloud, tmp_path: Path
) -> None:
    """What we send for `process` is just what a real worker stores where none is."""
    ours = world.make(POOL, {"name": f"{unique}-ours", "type": "process"})
    theirs = f"{unique}-theirs"
    world.call("POST", "/work_pools/", {"name": theirs, "type": "process"})
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    workspace = f"{local_cloud.account_url}/workspaces/{world.place['workspace_id']}"
    ran = subprocess.run(
        [sys.executable, "-c", RUN_WORKER, ours.inputs["name"], theirs],
        env={
            **clean,
            **local_cloud.env,
            "PREFECT_HOME": str(tmp_path),
            "PREFECT_API_URL": workspace,
            "DO_NOT_TRACK": "1",
        },
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    filled = world.call("GET", f"/work_pools/{theirs}")["base_job_template"]
    assert filled == default_template("process")
    live = world.servicer.read(ours)
    assert live is not None
    assert live.inputs == ours.inputs


def test_what_the_worker_of_an_unknown_type_stores_is_no_drift(
    world: PrefectWorld, unique: str
) -> None:
    """Where the program is silent and no default is known, the worker decides."""
    made = world.make(POOL, {"name": unique, "type": "somebody-elses"})
    template = {"job_configuration": {"a": "{{ b }}"}, "variables": {"properties": {}}}
    template["variables"]["properties"] = {"b": {}}
    world.call("PATCH", f"/work_pools/{unique}", {"base_job_template": template})
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.servicer.update(live, {**live.inputs, "description": "changed"})
    stored = world.call("GET", f"/work_pools/{unique}")
    assert stored["base_job_template"] == template
    assert stored["description"] == "changed"


@pytest.mark.parametrize(
    "template",
    [
        {"job_configuration": {"a": "{{ b }}"}, "variables": {"properties": {}}},
        {"job_configuration": {"a": {"{{ b }}": 1}}, "variables": {"title": "t"}},
        {"job_configuration": {"a": ["{{b.c}}"]}, "variables": {"title": "t"}},
        {"job_configuration": {"a": "{{ $HOME }}"}, "variables": {"title": "t"}},
        {"job_configuration": {"a": 1}, "variables": {}},
        {"job_configuration": {}, "variables": {"properties": {"b": {}}}},
    ],
)
def test_what_we_refuse_the_server_refuses(
    world: PrefectWorld, unique: str, template: dict[str, object]
) -> None:
    """The preview is not stricter than Prefect, and not laxer."""
    inputs = {"name": unique, "type": "docker", "base_job_template": template}
    as_text = {**inputs, "base_job_template": json.dumps(template)}
    assert world.servicer.check(POOL, {**world.place, **as_text}).failures
    with pytest.raises(AssertionError, match="422"):
        world.call("POST", "/work_pools/", inputs)


@pytest.mark.parametrize(
    "template",
    [
        {"job_configuration": {"{{ b }}": 1}, "variables": {"title": "t"}},
        {"job_configuration": {"a": "{ b }, {{\n b }}"}, "variables": {"title": "t"}},
        {"job_configuration": {"a": "{{ b c }}"}, "variables": {"title": "t"}},
    ],
)
def test_what_the_server_takes_we_take(
    world: PrefectWorld, unique: str, template: dict[str, object]
) -> None:
    """What only looks like a variable is left to Prefect, as it leaves it."""
    given = {"name": unique, "type": "docker", "base_job_template": template}
    made = world.make(POOL, {**given, "base_job_template": json.dumps(template)})
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_a_pool_that_took_over_the_name_is_left_alone(
    world: PrefectWorld, unique: str
) -> None:
    """Writes go by name: another pool of that name is neither changed nor deleted."""
    made = world.make(POOL, {"name": unique, "type": "process"})
    world.call("DELETE", f"/work_pools/{unique}")
    body = {"name": unique, "type": "docker"}
    theirs = world.call("POST", "/work_pools/", body)
    with pytest.raises(CallError, match="another one has its name"):
        world.servicer.update(made, {**made.inputs, "is_paused": True})
    world.servicer.delete(made)
    left = world.call("GET", f"/work_pools/{unique}")
    assert left["id"] == theirs["id"]
    assert left["is_paused"] is False
