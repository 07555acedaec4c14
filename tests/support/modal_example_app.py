"""An app that the tests deploy: one function for each thing a container is given."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import modal

VERSION = os.environ.get("EXAMPLE_VERSION", "1")

app = modal.App("example")
volume = modal.Volume.from_name("example-data", create_if_missing=True)
attempts = modal.Dict.from_name("example-attempts", create_if_missing=True)
named = modal.Secret.from_name("example-secret")
mine = modal.Secret.from_dict({"OWNED": "by-the-app"})
bucket = modal.CloudBucketMount(
    "example-bucket",
    key_prefix="dags/",
    secret=modal.Secret.from_dict(
        {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    ),
)
image = (
    modal.Image.debian_slim()
    .env({"FROM_IMAGE": "yes", "EXAMPLE": VERSION})
    .add_local_file(__file__, "/mnt/example/copied/app.py", copy=True)
    .add_local_file(__file__, "/mnt/example/added/app.py")
)


@app.function(
    image=image,
    secrets=[named, mine],
    volumes={"/mnt/example/data": volume, "/mnt/example/bucket": bucket},
)
def given(name: str) -> dict[str, object]:
    """Report what the container was given, and leave something behind."""
    print(f"given {name}")
    data, objects = Path("/mnt/example/data"), Path("/mnt/example/bucket")
    held = {path.name: path.read_text() for path in data.iterdir()}
    dags = {path.name: path.read_text() for path in objects.iterdir()}
    (data / name).write_text(f"written by {name}")
    (objects / f"{name}.py").write_text(f"# {name}")
    wanted = ("NAMED", "OWNED", "FROM_IMAGE", "EXAMPLE", "MODAL_ENVIRONMENT")
    environment = {key: os.environ.get(key) for key in wanted}
    files = [Path(f"/mnt/example/{folder}/app.py") for folder in ("copied", "added")]
    return {
        "held": held,
        "dags": dags,
        "environment": environment,
        "files": [path.read_text() == Path(__file__).read_text() for path in files],
    }


@app.function()
@modal.concurrent(max_inputs=10)
def square(number: int) -> int:
    """Return the square, failing for negative numbers."""
    if number < 0:
        msg = f"{number} is negative"
        raise ValueError(msg)
    return number * number


@app.function(is_generator=True)
def count(limit: int) -> Iterator[int]:
    """Yield numbers."""
    yield from range(limit)


@app.function(retries=modal.Retries(max_retries=3, initial_delay=1.0), timeout=60)
def flaky(key: str, failures: int) -> int:
    """Fail so many times, then return how often it was tried."""
    tried = attempts.get(key, 0) + 1
    attempts[key] = tried
    if tried <= failures:
        raise RuntimeError(key)
    return tried


@app.function(timeout=1)
def slow() -> None:
    """Take longer than is allowed."""
    time.sleep(60)


@app.function()
def endless() -> None:
    """Run until it is ended."""
    time.sleep(600)


@app.cls()
class Counter:
    """A class with a parameter and state."""

    start: int = modal.parameter(default=0)

    @modal.enter()
    def enter(self) -> None:
        """Prepare the container."""
        self.value = self.start

    @modal.method()
    def add(self, number: int) -> int:
        """Add to what the container holds."""
        self.value += number
        return self.value
