"""The engine built from Go modules, pinned by `go/go.mod` and `go/go.sum`.

`-trimpath`, no cgo and no VCS stamp make the result depend on the pinned modules and
the Go release only. The version is set the way Pulumi's own release build sets it;
without it `pulumi version` is empty and the Automation API refuses the CLI.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections import deque
from pathlib import Path

from tools.engine.progress import Counter, say
from tools.engine.release import MODULE, EngineError, build_key, pinned

_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def is_built(engine: Path) -> bool:
    """Tell whether the folder holds what a build would make now."""
    try:
        record = json.loads(_record(engine).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return record.get("key") == build_key() and (engine / "bin" / "pulumi").is_file()


def build(engine: Path) -> None:
    """Build `pulumi` into the folder's `bin`, all or nothing.

    Raises:
        EngineError: there is no Go, or the build failed.
    """
    go = shutil.which("go")
    if not go:
        msg = (
            "There is no Go to build Pulumi with; install Go 1.25 or newer, or the "
            "official Pulumi CLI."
        )
        raise EngineError(msg)
    # The user's own flags could add `-mod=mod`, which would let go.sum change.
    env = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    env["CGO_ENABLED"] = "0"
    say(
        f"Building Pulumi {pinned()} from Go modules: about 4 minutes on 2 cores, once."
    )
    modules = Counter("modules downloaded")
    total = len(_run([go, "list", "-deps", _PACKAGE], env, modules).splitlines())
    packages = Counter(f"of {total} packages compiled")
    flags = f"-s -w -X {_VERSION_VARIABLE}={pinned()}"
    engine.joinpath("bin").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=engine, prefix="build-") as folder:
        made = Path(folder, "pulumi")
        command = [go, "build", "-trimpath", "-ldflags", flags, "-o", str(made)]
        # -v names each package when it is compiled; those in Go's cache are not named.
        _run([*command, "-v", _PACKAGE], env, packages)
        made.replace(engine / "bin" / "pulumi")
    record = {"version": pinned(), "key": build_key()}
    _record(engine).write_text(json.dumps(record), encoding="utf-8")
    packages.finish()


def _record(engine: Path) -> Path:
    return engine / "build.json"


def _run(command: list[str], env: dict[str, str], counter: Counter) -> str:
    """Return what Go prints, counting the lines by which it tells its progress."""
    last: deque[str] = deque(maxlen=20)
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            command,
            cwd=MODULE,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        for line in process.stderr or ():
            last.append(line)
            counter.step()
        if process.wait():
            msg = f"go {command[1]} failed in {MODULE}:\n" + "".join(last).rstrip()
            raise EngineError(msg)
        output.seek(0)
        return output.read()
