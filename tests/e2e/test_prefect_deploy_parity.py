"""What flowground makes of a prefect.yaml, beside what `prefect deploy --all` makes.

Each project in `projects/` is deployed by the real command into one workspace and by
flowground into another; then the two are compared, field by field. What may differ is
here and, with its reason, in docs/prefect-deploy-parity.md: nowhere else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.platform_project import PREFECT
from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.localcloud import LocalCloud, Workspace

PROJECTS = sorted(p.name for p in (Path(__file__).parent / "projects").iterdir())
TOKEN = "parity-canary-4711"
ENVIRONMENT = {
    "PARITY_NAME": "from-env",
    "PARITY_QUEUE": "urgent",
    "PARITY_FOLDER": "sub/folder",
    "PARITY_REPOSITORY": "https://github.com/example/flows.git",
}
VARIABLES: dict[str, Any] = {
    "parity_pool": "parity",
    "parity_tag": "blue",
    "parity_number": 3,
    "parity_off": False,
    "parity_cron": "7 7 * * *",
    "parity_structure": {"a": [1, None, {"b": "c"}], "d": True},
}
BLOCKS: dict[str, tuple[str, Any]] = {
    "parity-token": ("secret", TOKEN),
    "parity-json": ("secret", {"servers": [{"host": "one"}, {"host": "two"}]}),
}
PROGRAM = """
    from pathlib import Path

    from components.prefect import FlowProject
    from components.prefect.project import FlowProjectSettings

    for folder in sorted(Path("projects").iterdir()):
        FlowProject(folder.name, FlowProjectSettings(path=str(folder.resolve())))
"""

# Which object it is, and when it was made or written.
IDENTITY = {"id", "created", "updated", "created_by", "updated_by", "flow_id"}
# Where a run is and was: not the deployment's own.
RUN_STATE = {"last_polled", "status"}
# Follow from other fields, which are compared.
DERIVED = {"work_queue_id", "global_concurrency_limit", "labels"}


class Deployed:
    """What a workspace holds, by names, without what may differ."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        flows = {flow["id"]: flow for flow in self._all("flows")}
        self.flows = {flow["name"]: sorted(flow["tags"]) for flow in flows.values()}
        found = self._all("deployments")
        names = {d["id"]: f"{flows[d['flow_id']]['name']}/{d['name']}" for d in found}
        self.deployments = {names[d["id"]]: self._deployment(d) for d in found}
        self.schedules = {names[d["id"]]: self._schedules(d) for d in found}
        self.automations = {
            one["name"]: self._automation(one, names)
            for one in self._all("automations")
        }

    def _all(self, kind: str) -> list[dict[str, Any]]:
        answer = self._api.post(f"/{kind}/filter", json={"limit": 200})
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found

    def _deployment(self, wire: dict[str, Any]) -> dict[str, Any]:
        left_out = IDENTITY | RUN_STATE | DERIVED | {"schedules"}
        limit = wire["global_concurrency_limit"]
        return {
            **{key: value for key, value in wire.items() if key not in left_out},
            "tags": sorted(wire["tags"]),
            # What `prefect deploy` makes of a flow without a docstring.
            "description": None
            if wire["description"] == "None"
            else wire["description"],
            "limit": limit and limit["limit"],
            "labels": {
                k: v for k, v in wire["labels"].items() if k != "prefect.flow.id"
            },
        }

    def _schedules(self, wire: dict[str, Any]) -> list[dict[str, Any]]:
        left_out = IDENTITY | {"deployment_id"}
        return sorted(
            (
                {
                    **{key: value for key, value in one.items() if key not in left_out},
                    "schedule": _in_utc(one["schedule"]),
                }
                for one in wire["schedules"]
            ),
            key=lambda one: json.dumps(one["schedule"], sort_keys=True),
        )

    def _automation(
        self, wire: dict[str, Any], names: dict[str, str]
    ) -> dict[str, Any]:
        kept = {key: value for key, value in wire.items() if key not in IDENTITY}
        text = json.dumps({**kept, "trigger": _anonymous(wire["trigger"])})
        for id_, name in names.items():
            text = text.replace(id_, name)
        return dict(json.loads(text))


def _in_utc(timing: dict[str, Any]) -> dict[str, Any]:
    """Write an anchor as the moment that it is."""
    if anchor := timing.get("anchor_date"):
        moment = datetime.fromisoformat(anchor).astimezone(UTC)
        return {**timing, "anchor_date": moment.isoformat()}
    return timing


def _anonymous(trigger: Any) -> Any:
    """Leave out the ids that the server gives triggers at each write."""
    match trigger:
        case dict():
            order = {"expect", "after", "for_each"}
            return {
                key: sorted(value) if key in order else _anonymous(value)
                for key, value in trigger.items()
                if key != "id"
            }
        case list():
            return [_anonymous(one) for one in trigger]
        case _:
            return trigger


def _differing(
    ours: dict[str, dict[str, Any]], theirs: dict[str, dict[str, Any]]
) -> dict[str, tuple[Any, Any]]:
    """Say of which objects which fields differ, and how."""
    return {
        f"{name}: {field}": (ours[name].get(field), other)
        for name, one in theirs.items()
        for field, other in one.items()
        if ours[name].get(field) != other
    }


def _furnish(api: httpx.Client) -> None:
    """Make what the projects name and neither of the two makes."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = api.post(path, json=body).raise_for_status().json()
        return made

    post("/work_pools/", {"name": "parity", "type": "process"})
    post("/work_pools/parity/queues", {"name": "urgent"})
    for name, value in VARIABLES.items():
        post("/variables/", {"name": name, "value": value})
    for name, (slug, value) in BLOCKS.items():
        kind = api.get(f"/block_types/slug/{slug}").raise_for_status().json()
        of_kind = {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}}
        schema = api.post("/block_schemas/filter", json=of_kind).json()[0]
        post(
            "/block_documents/",
            {
                "name": name,
                "data": {"value": value},
                "block_type_id": kind["id"],
                "block_schema_id": schema["id"],
            },
        )


class Sides:
    """The same projects, deployed in both ways."""

    def __init__(
        self, folder: Path, cloud: LocalCloud, theirs: Workspace, ours: Workspace
    ) -> None:
        self._cloud = cloud
        self._places = (theirs, ours)
        self.project = Project(folder)
        self.project.env |= ours.env | ENVIRONMENT
        (self.project.root / "components").symlink_to(ROOT / "components")
        self.projects = self.project.root / "projects"
        shutil.copytree(Path(__file__).parent / "projects", self.projects)
        self.project.program(PROGRAM)
        for place in self._places:
            with cloud.client(base_url=place.api_url) as api:
                _furnish(api)
        for name in PROJECTS:
            self._prefect_deploy(self.projects / name)
        self.project("up", "--yes", "--skip-preview")
        self.theirs, self.ours = (self._held(place) for place in self._places)

    def _held(self, place: Workspace) -> Deployed:
        with self._cloud.client(base_url=place.api_url) as api:
            return Deployed(api)

    def _prefect_deploy(self, folder: Path) -> None:
        done = subprocess.run(
            [str(PREFECT), "--no-prompt", "deploy", "--all"],
            cwd=folder,
            env={
                **os.environ,
                **self._places[0].env,
                **ENVIRONMENT,
                "PREFECT_HOME": str(self.project.root.parent / "prefect"),
                "PYTHONPATH": str(folder / "src"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Skipping" not in done.stdout, done.stdout


@pytest.fixture(scope="module")
def sides(
    tmp_path_factory: pytest.TempPathFactory, local_cloud: LocalCloud
) -> Iterator[Sides]:
    """Deploy all projects, in both ways."""
    with local_cloud.workspace() as theirs, local_cloud.workspace() as ours:
        folder = tmp_path_factory.mktemp("parity")
        yield Sides(folder, local_cloud, theirs, ours)


def test_the_flows_are_the_same(sides: Sides) -> None:
    """Names and tags."""
    assert sides.ours.flows == sides.theirs.flows
    assert len(sides.ours.flows) >= len(PROJECTS)


def test_the_deployments_are_the_same(sides: Sides) -> None:
    """Every field that the server holds."""
    assert sides.ours.deployments.keys() == sides.theirs.deployments.keys()
    assert not _differing(sides.ours.deployments, sides.theirs.deployments)


def test_the_schedules_are_the_same(sides: Sides) -> None:
    """Every field, but for slugs and anchors where the file gives none."""
    for name, theirs in sides.theirs.schedules.items():
        ours = sides.ours.schedules[name]
        assert len(ours) == len(theirs), name
        for one, other in zip(ours, theirs, strict=True):
            if other["slug"] is None:
                one["slug"] = None
                if "anchor_date" in other["schedule"]:
                    other["schedule"]["anchor_date"] = one["schedule"]["anchor_date"]
            assert one == other, name


def test_the_automations_are_the_same(sides: Sides) -> None:
    """Triggers, actions and all else of what a deployment's triggers became."""
    assert sides.ours.automations.keys() == sides.theirs.automations.keys()
    assert not _differing(sides.ours.automations, sides.theirs.automations)


def test_a_second_run_changes_nothing(sides: Sides) -> None:
    """Unlike a second `prefect deploy`: nothing is written, and nothing moves."""
    expect = ("--expect-no-changes", "--diff")
    sides.project("preview", *expect)
    sides.project("refresh", "--preview-only", *expect)
    sides.project("up", "--yes", "--skip-preview", *expect)


def test_no_secret_is_in_plain_sight(sides: Sides) -> None:
    """What a block holds is ciphertext in the state, and masked in every display."""
    seen = sides.project("stack", "export").stdout
    seen += sides.project("preview", "--diff", "--json").stdout
    state = sides.project.root.parent / "state"
    seen += "".join(p.read_text() for p in state.rglob("*") if p.is_file())
    assert "parity_structure" not in seen  # filled, and so no mere name
    assert TOKEN not in seen
