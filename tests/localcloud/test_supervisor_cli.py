"""The commands of `python -m localcloud`, as users and scripts call them."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.localcloud import LocalCloud, local_cloud

__all__ = ["local_cloud"]


def test_status_is_for_people_and_for_programs(local_cloud):
    """The table names each service's address; the JSON says the same and more."""
    port = local_cloud.run_record()["services"]["prefect"]["ports"]["api"]
    table = local_cloud.command("status")
    assert table.returncode == 0
    assert f"127.0.0.1:{port}" in table.stdout
    assert "Prefect UI, workspace default" in table.stdout
    assert local_cloud.api_key not in table.stdout
    data = json.loads(local_cloud.command("status", "--format", "json").stdout)
    service = data["services"]["prefect"]
    assert data["up"] is True
    assert (service["phase"], service["ports"]) == ("ready", {"api": port})


def test_env_is_what_a_shell_evaluates(local_cloud):
    """The exports carry the standard variables, ready for `eval`."""
    exports = local_cloud.command("env").stdout
    script = f'{exports}\nprintf %s "$PREFECT_API_URL"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert shown.stdout.decode() == local_cloud.api_url
    assert all(line.startswith("export ") for line in exports.splitlines())


def test_a_second_up_is_refused_while_one_runs(local_cloud):
    """One state folder, one cloud: the second is told so and changes nothing."""
    before = local_cloud.run_record()
    second = local_cloud.command("up")
    assert second.returncode == 1
    assert "already runs" in second.stdout
    assert local_cloud.run_record() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--service", "nonsense"), "There is no service called nonsense"),
        (("--port", "prefect"), "SERVICE=NUMBER"),
    ],
    ids=["service", "port"],
)
def test_a_wrong_argument_is_one_sentence(tmp_path, arguments, said):
    """What is not understood is named, without a traceback and without a start."""
    done = LocalCloud(tmp_path).command("up", *arguments)
    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_where_nothing_ever_ran_all_is_quiet(tmp_path):
    """`status` and `env` say that nothing runs; `down` is content."""
    cloud = LocalCloud(tmp_path)
    assert cloud.command("status").returncode == 3
    assert cloud.command("env").returncode == 3
    assert cloud.command("down").returncode == 0
