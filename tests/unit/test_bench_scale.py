"""The counting and the arithmetic behind docs/benchmarks.md."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bench import sections, tofu
from bench.bars import bars, faster, linear, reads_allowed
from bench.counting import by_kind, kind_of
from bench.deployments import Shape
from bench.floor import Post, naming
from bench.processes import measured
from bench.startup import by_package, clients_of
from components.prefect.settings import PrefectSettings
from tests.support.proxy import Call

ID = "6f1f4a1e-0d3e-4f1c-9a7e-2f8f7f6a5b4c"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/deployments/", "deployments"),
        (f"/api/deployments/{ID}", "deployments"),
        (f"/api/deployments/{ID}/schedules", "schedules"),
        ("/api/work_pools/pool-1/queues/filter", "queues"),
        ("/api/flows/name/flow-1", "flows"),
    ],
)
def test_a_call_counts_for_the_innermost_collection(path: str, kind: str) -> None:
    """What is nested in another collection is a kind of its own."""
    assert kind_of(path) == kind


def test_filters_are_reads_and_sessions_are_nothing() -> None:
    """A POST that only looks is a read, and opening a session is no call of a kind."""
    calls = [
        Call("POST", "/api/flows/filter", 200),
        Call("GET", f"/api/flows/{ID}", 200),
        Call("POST", "/api/flows/", 201),
        Call("DELETE", f"/api/variables/{ID}", 204),
        Call("GET", "/api/csrf-token", 422),
    ]
    assert by_kind(calls) == {"flows": (2, 1), "variables": (0, 1)}


@pytest.mark.parametrize(
    ("objects", "reads"), [(0, 2), (1, 3), (200, 3), (201, 4), (1000, 7)]
)
def test_a_refresh_may_read_a_page_at_a_time(objects: int, reads: int) -> None:
    """A page has 200 objects, and two reads more are granted."""
    assert reads_allowed(objects) == reads


def _round(**more: object) -> dict[str, object]:
    took = {"seconds": 6.0}
    phases = dict.fromkeys(("cold up", "no-op up", "refresh", "destroy"), took)
    return {"ours": phases, **more}


def test_the_floor_counts_above_the_engine() -> None:
    """What the engine takes for itself is granted on top of the floor's multiple."""
    engine = {phase: {"seconds": 2.0} for phase in ("cold up", "destroy")}
    floor = {"create": 2.0, "delete": 1.0}
    cold, destroy = bars(Shape(100), _round(floor=floor, engine=engine))
    assert (cold.met, destroy.met) == (True, False)
    assert cold.limit.startswith("7.0 s")
    assert "2.0 times the floor" in cold.measured


def test_a_small_round_is_held_to_its_calls_alone() -> None:
    """Ten deployments take what it takes to start, and no bar is set for that."""
    engine = {phase: {"seconds": 2.0} for phase in ("cold up", "destroy")}
    floor = {"create": 2.0, "delete": 1.0}
    assert not list(bars(Shape(10), _round(floor=floor, engine=engine, tofu="")))


def test_a_slow_line_has_a_bar_of_its_own() -> None:
    """With a latency, both are compared behind it."""
    slow = {key: {"seconds": 2.0} for key in ("cold up", "refresh", "destroy")}
    theirs = {phase: {"seconds": 3.9} for phase in slow} | {"refresh": {"seconds": 4.0}}
    late = _round(slow=slow, slow_tofu=theirs, latency=0.1)
    told = {bar.what: bar.met for bar in bars(Shape(100), late)}
    assert told == {
        "cold up against OpenTofu, at 100 ms a call": False,
        "destroy against OpenTofu, at 100 ms a call": False,
        "refresh against OpenTofu, at 100 ms a call": True,
    }


def test_one_write_too_many_is_told() -> None:
    """Writes are held against the objects, and a refresh must make none."""
    shape = Shape(10)
    calls = {
        "cold up": {"deployments": (0, 2 * shape.resources + 1)},
        "no-op up": {},
        "refresh": {"deployments": (4, 0)},
    }
    met = [bar.met for bar in bars(shape, {"calls": calls})]
    assert met == [False, True, True, False]


def test_a_peer_that_is_not_there_is_neither_met_nor_missed() -> None:
    """A skipped peer leaves its reason where the figure would be."""
    told = list(bars(Shape(1000), _round(tofu="skipped: why")))
    assert {(bar.met, bar.measured) for bar in told} == {(None, "skipped: why")}
    assert [bar.limit for bar in told][-1] == "5 times faster"


def test_exactly_so_many_times_faster_is_enough() -> None:
    """A bar is met at its limit."""
    assert faster("x", 5, 1.0, 5.0).met
    assert not faster("x", 5, 1.0, 4.9).met


def test_growth_needs_both_sizes() -> None:
    """A thousand are only held against a hundred of which there is a figure."""
    hundred, thousand = (
        {"ours": {"cold up": {"seconds": seconds}}} for seconds in (10.0, 121.0)
    )
    assert linear({100: hundred}) is None
    growth = linear({100: hundred, 1000: thousand})
    assert growth is not None
    assert growth.met is False


def test_the_floor_posts_a_flow_before_its_deployments_and_nothing_twice() -> None:
    """Ids of then become names, and what was sent again after a 503 is sent once."""
    flow = Post("/flows/", {"name": "flow-1"})
    deployment = Post("/deployments/", {"name": "d", "flow_id": ID})
    posts = naming([deployment, flow, deployment], {ID: "flow-1"})
    assert posts == [flow, Post("/deployments/", {"name": "d", "flow_id": "flow-1"})]


def test_the_config_is_one_that_the_program_takes(tmp_path: Path) -> None:
    """What is measured is a valid config, and a project with all its deployments."""
    shape = Shape(3)
    shape.write_project(tmp_path)
    settings = PrefectSettings.model_validate(shape.settings(tmp_path))
    project = yaml.safe_load((tmp_path / "prefect.yaml").read_text())
    made = (settings.work_pools, settings.variables, settings.flows)
    deployments = len(project["deployments"])
    assert sum(map(len, made)) + deployments == shape.resources


def test_a_change_is_of_one_deployment() -> None:
    """The change that is measured changes one deployment, and no more."""
    before, after = Shape(5), replace(Shape(5), changed=True)
    changed = [i for i in range(5) if before.deployment(i) != after.deployment(i)]
    assert changed == [0]


def test_terraform_is_given_as_many_objects() -> None:
    """The peer's configuration has every object, its schedules by themselves."""
    shape = Shape(4)
    resources = tofu.configuration(shape, "http://127.0.0.1:9/api")["resource"]
    assert sum(len(kind) for kind in resources.values()) == shape.objects


def test_a_section_leaves_the_others_alone(tmp_path: Path) -> None:
    """Writing a section again replaces it, in place, and nothing else."""
    page = tmp_path / "page.md"
    sections.write("one", "first", page)
    sections.write("two", "second", page)
    before = page.read_text()
    sections.write("one", "other", page)
    assert page.read_text() == before.replace("first", "other")


def test_a_command_is_measured_with_what_it_starts(tmp_path: Path) -> None:
    """A child's CPU and memory count as its parent's, and so does what it prints."""
    child = "x = bytearray(80 << 20); sum(range(6_000_000)); print('done')"
    program = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    )
    cost = measured([sys.executable, "-c", program], cwd=tmp_path, env=os.environ)
    assert cost.output == "done\n"
    assert cost.peak_mebibytes > 80
    assert cost.cpu_seconds > 0.05
    assert cost.first_output_seconds is not None
    assert cost.first_output_seconds <= cost.seconds


def test_a_command_that_fails_or_hangs_is_told_and_ended(tmp_path: Path) -> None:
    """A failure says what was printed; a deadline ends whatever was started."""
    failing = [sys.executable, "-c", "print('why'); raise SystemExit(3)"]
    with pytest.raises(RuntimeError, match=r"(?s)→ 3\nwhy"):
        measured(failing, cwd=tmp_path, env=os.environ)
    with pytest.raises(RuntimeError, match="-9"):
        measured(["sleep", "60"], cwd=tmp_path, env=os.environ, deadline_seconds=0.3)


def test_imports_are_added_up_by_package() -> None:
    """Time counts for the package a module is in, and a service's client is named."""
    told = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:        10 |         10 |     prefect.client\n"
        "import time:         5 |         15 |   prefect\n"
        "import time:         7 |         22 | components.platform\n"
    )
    assert by_package(told) == {"prefect": 15, "components": 7}
    assert clients_of(told) == ["prefect"]
