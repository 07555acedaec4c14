"""Functions of a deployed app, called by the unmodified SDK, run in local processes."""

from __future__ import annotations

import uuid
from pathlib import Path

import boto3
import modal
import pytest
from modal.exception import FunctionTimeoutError, InputCancellation, NotFoundError
from modal_proto import api_pb2

from tests.support.checkout import ROOT
from tests.support.modal_raw import call
from tests.support.modal_s3 import running_s3

APP_FILE = ROOT / "tests/support/modal_example_app.py"


def deploy(plane, environment, **env):
    """Deploy the example app with the CLI."""
    done = plane.cli(
        "deploy", "--env", environment, str(APP_FILE), env=plane.env(**env)
    )
    assert "App deployed" in done.stdout


@pytest.fixture(scope="module")
def s3(plane):
    """The S3 that the control plane was told of, with the example's bucket."""
    with running_s3(plane.s3_port) as endpoint:
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket="example-bucket")
        client.put_object(Bucket="example-bucket", Key="dags/first.py", Body=b"# 1")
        client.put_object(Bucket="example-bucket", Key="other/no.py", Body=b"# no")
        yield client


@pytest.fixture(scope="module")
def deployed(plane, client):
    """The environment that the example app is deployed in."""
    name = f"exec-{uuid.uuid4().hex[:8]}"
    modal.Environment.objects.create(name, client=client)
    modal.Secret.objects.create(
        "example-secret", {"NAMED": "first"}, environment_name=name, client=client
    )
    deploy(plane, name)
    return name


@pytest.fixture
def function(client, deployed):
    """A way to look the app's functions up."""

    def lookup(name):
        return modal.Function.from_name(
            "example", name, environment_name=deployed, client=client
        )

    return lookup


def volume_of(client, deployed):
    return modal.Volume.from_name(
        "example-data", environment_name=deployed, client=client
    )


def test_container_has_secrets_volume_bucket_and_image_environment(
    client, deployed, function, s3
):
    """One call sees all it was given; what it leaves is there when it returns."""
    volume = volume_of(client, deployed)
    with volume.batch_upload() as batch:
        batch.put_file(APP_FILE, "/before")
    report = function("given").remote("one")
    assert report["environment"] == {
        "NAMED": "first",
        "OWNED": "by-the-app",
        "FROM_IMAGE": "yes",
        "EXAMPLE": "1",
        "MODAL_ENVIRONMENT": deployed,
    }
    assert report["files"] == [True, True]
    assert report["held"] == {"before": APP_FILE.read_text()}
    assert report["dags"] == {"first.py": "# 1"}
    assert b"".join(volume.read_file("one")) == b"written by one"
    written = s3.get_object(Bucket="example-bucket", Key="dags/one.py")
    assert written["Body"].read() == b"# one"
    s3.put_object(Bucket="example-bucket", Key="dags/late.py", Body=b"# late")
    second = function("given").remote("two")
    assert second["dags"] == {"first.py": "# 1", "one.py": "# one", "late.py": "# late"}
    assert second["held"]["one"] == "written by one"


def test_mount_points_do_not_appear_on_the_machine(function, s3):
    """What a container mounts is its own: the machine's tree stays as it was."""
    assert s3
    function("given").remote("three")
    assert not Path("/mnt/example").exists()


def test_results_errors_and_many_inputs(function):
    """Results come in order, exceptions as themselves, concurrently or one by one."""
    square = function("square")
    assert square.remote(3) == 9
    stats = square.get_current_stats()
    assert (stats.backlog, stats.num_total_runners) == (0, 1)
    assert list(square.map(range(20))) == [n * n for n in range(20)]
    with pytest.raises(ValueError, match="-1 is negative"):
        square.remote(-1)
    mixed = list(square.map([2, -2], return_exceptions=True))
    assert mixed[0] == 4
    assert isinstance(mixed[1], ValueError)
    large = square.spawn(7)
    again = modal.FunctionCall.from_id(large.object_id, client=square.client)
    assert again.get(timeout=60) == 49


def test_generator_streams_its_items(function):
    """Items arrive in order, and the stream ends."""
    assert list(function("count").remote_gen(5)) == [0, 1, 2, 3, 4]


def test_class_has_parameters_and_state(client, deployed):
    """Instances with different parameters are different containers."""
    counter = modal.Cls.from_name(
        "example", "Counter", environment_name=deployed, client=client
    )
    one = counter(start=10)
    assert one.add.remote(1) == 11
    assert one.add.remote(1) == 12


def test_retries_follow_the_functions_policy(function):
    """A function that fails less often than it may be retried succeeds."""
    assert function("flaky").remote(uuid.uuid4().hex, 1) == 2


def test_timeout_ends_the_container(function):
    """An input that runs too long ends as a timeout."""
    with pytest.raises(FunctionTimeoutError):
        function("slow").remote()


def test_cancelled_call_ends_its_container(function):
    """Cancelling with termination ends what runs."""
    running = function("endless").spawn()
    running.cancel(terminate_containers=True)
    with pytest.raises((InputCancellation, modal.exception.Error)):
        running.get(timeout=60)


def test_calls_survive_a_kill_of_the_control_plane(tmp_path, begin):
    """What was spawned before `kill -9` is run by the next control plane."""
    plane = begin(tmp_path / "state", "--max-containers=0")
    with plane.client() as client:
        modal.Secret.objects.create("example-secret", {"NAMED": "1"}, client=client)
        deploy(plane, "main")
        square = modal.Function.from_name("example", "square", client=client)
        call_id = square.spawn(12).object_id
        plane.kill()
    again = begin(tmp_path / "state")
    with again.client() as client:
        found = modal.FunctionCall.from_id(call_id, client=client)
        assert found.get(timeout=60) == 144
    assert again.stop() == 0


def test_new_version_runs_after_a_deployment_and_the_old_after_a_rollback(
    plane, client, deployed, function, s3
):
    """Ids stay; what runs is what was published last; overwritten secrets are new."""
    assert s3
    before = function("given").hydrate().object_id
    modal.Secret._create_deployed(
        "example-secret",
        {"NAMED": "second"},
        environment_name=deployed,
        client=client,
        overwrite=True,
    )
    deploy(plane, deployed, EXAMPLE_VERSION="2")
    assert function("given").hydrate().object_id == before
    environment = function("given").remote("v2")["environment"]
    assert (environment["EXAMPLE"], environment["NAMED"]) == ("2", "second")
    request = api_pb2.AppLookupRequest(app_name="example", environment_name=deployed)
    app_id = call(plane, "AppLookup", request).app_id
    call(plane, "AppRollback", api_pb2.AppRollbackRequest(app_id=app_id, version=-1))
    assert function("given").remote("v3")["environment"]["EXAMPLE"] == "1"
    history = call(
        plane,
        "AppDeploymentHistory",
        api_pb2.AppDeploymentHistoryRequest(app_id=app_id),
    )
    versions = [
        (one.version, one.rollback_version) for one in history.app_deployment_histories
    ]
    assert versions == [(3, 1), (2, 0), (1, 0)]
    logs = call(
        plane, "AppFetchLogs", api_pb2.AppFetchLogsRequest(app_id=app_id, limit=100)
    )
    printed = "".join(item.data for batch in logs.batches for item in batch.items)
    assert "given v3" in printed


def test_stopped_app_gives_up_its_name(plane, client, deployed):
    """After a stop nothing is found under the name, and the list shows it stopped."""
    request = api_pb2.AppLookupRequest(app_name="example", environment_name=deployed)
    app_id = call(plane, "AppLookup", request).app_id
    call(plane, "AppStop", api_pb2.AppStopRequest(app_id=app_id))
    with pytest.raises(NotFoundError):
        modal.Function.from_name(
            "example", "square", environment_name=deployed, client=client
        ).hydrate()
    request = api_pb2.AppListRequest(environment_name=deployed)
    (listed,) = call(plane, "AppList", request).apps
    assert (listed.app_id, listed.state) == (app_id, api_pb2.APP_STATE_STOPPED)
