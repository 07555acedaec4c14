"""What every supported version of the `modal` client must be able to do.

Run as a program by the interpreter that has the version; prints what it did. Only
what all versions have is used.
"""

import io
import json
import sys
import warnings

import modal

warnings.simplefilter("ignore")


def secrets(done: list) -> None:
    """Create, refuse, list and delete."""
    modal.Secret.objects.create("s", {"A": "1"})
    try:
        modal.Secret.objects.create("s", {"A": "1"})
    except modal.exception.AlreadyExistsError:
        done.append("secret refused")
    assert [one.name for one in modal.Secret.objects.list()] == ["s"]
    modal.Secret.from_name("s", required_keys=["A"]).hydrate()
    modal.Secret.objects.delete("s")
    done.append("secrets")


def volumes(done: list) -> None:
    """Upload, list, read, copy, rename and remove, in both versions."""
    for version in (1, 2):
        name = f"v{version}"
        volume = modal.Volume.from_name(name, create_if_missing=True, version=version)
        data = b"x" * (9 * 1024 * 1024) + bytes(100)
        with volume.batch_upload() as batch:
            batch.put_file(io.BytesIO(b"small"), "/d/small")
            batch.put_file(io.BytesIO(data), "/d/large")
        assert {one.path for one in volume.listdir("/d")} == {"d/small", "d/large"}
        assert b"".join(volume.read_file("d/large")) == data
        volume.copy_files(["d/small"], "copy")
        volume.remove_file("d", recursive=True)
        assert [one.path for one in volume.listdir("/")] == ["copy"]
        modal.Volume.rename(name, f"{name}-new")
        done.append(f"volume {version}")


def dicts_and_queues(done: list) -> None:
    """Write, read and iterate."""
    a_dict = modal.Dict.from_name("d", create_if_missing=True)
    a_dict["k"] = 1
    assert dict(a_dict.items()) == {"k": 1}
    a_queue = modal.Queue.from_name("q", create_if_missing=True)
    a_queue.put_many([1, 2])
    assert a_queue.get_many(2) == [1, 2]
    done.append("dicts and queues")


def apps(done: list) -> None:
    """Deploy an app and call it."""
    app = modal.App("every")

    @app.function(serialized=True, name="double")
    def double(number: int) -> int:
        return 2 * number

    app.deploy(name="every")
    found = modal.Function.from_name("every", "double")
    assert found.remote(21) == 42
    assert list(found.map([1, 2, 3])) == [2, 4, 6]
    assert found.spawn(4).get(timeout=60) == 8
    done.append("apps")


def main() -> None:
    """Do everything."""
    done = [f"modal {modal.__version__}"]
    secrets(done)
    volumes(done)
    dicts_and_queues(done)
    apps(done)
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
