"""Where `pulumi` runs: engine, backend, passphrase and endpoints.

Each is the user's own where the user has set it, by the standard environment variable;
what is not set is the embedded default: an engine and a file backend in the checkout,
and the local cloud.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".flowground"
LOCALCLOUD_PYTHON = ROOT / ".venv-localcloud/bin/python"
STACKS = ("dev", "staging", "prod")

# It guards nothing: the secrets that the committed stacks carry are placeholders, and
# a state in the checkout is as safe as the checkout. Your own stacks have your own.
REHEARSAL_PASSPHRASE = "rehearsal"  # noqa: S105


def engine() -> Path:
    """Return the folder of the `pulumi` to use, making it if need be.

    Raises:
        SystemExit: There is none, and none can be had; it has said why.
    """
    found = subprocess.run(
        [sys.executable, "tools/engine/install.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if found.returncode:
        sys.exit(found.returncode)
    return Path(found.stdout.strip())


def localcloud(*arguments: str) -> list[str]:
    """Return the command that runs the local cloud's own command line."""
    return [str(LOCALCLOUD_PYTHON), "-m", "localcloud", *arguments]


def uses_localcloud() -> bool:
    """Tell whether the services' own variables are the local cloud's, or left to it."""
    key = os.environ.get("PREFECT_API_KEY")
    if key is None:
        return True
    # So they are in a shell that works with it: `eval "$(… localcloud env)"`.
    return localcloud_runs() and key == localcloud_environment().get("PREFECT_API_KEY")


def engine_environment() -> dict[str, str]:
    """Return this process's environment with the engine first on its PATH."""
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([str(engine()), env.get("PATH", "")])
    env.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    # Else a connection's ordinary end is told to the user.
    env.setdefault("GRPC_VERBOSITY", "ERROR")
    return env


def environment() -> dict[str, str]:
    """Return the environment to run `pulumi` and the services' clients in.

    The local cloud is started if it is what will be used and is not running.
    """
    env = engine_environment()
    env.setdefault("FLOWGROUND_FLOWS", str(ROOT / "flows"))
    if "PULUMI_BACKEND_URL" not in env:
        env["PULUMI_BACKEND_URL"] = backend_url()
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in env:
        env.setdefault("PULUMI_CONFIG_PASSPHRASE", REHEARSAL_PASSPHRASE)
    if uses_localcloud():
        if not localcloud_runs():
            # What is printed may be what a shell evaluates: this is not part of it.
            started = subprocess.run(
                localcloud("up", "--detach"), cwd=ROOT, stdout=sys.stderr, check=False
            )
            if started.returncode:
                sys.exit(started.returncode)
        env |= localcloud_environment()
    return env


def backend_file() -> Path:
    """Return the file that names the backend which `make backend` made, if it did."""
    return HOME / "backend-url"


def backend_url() -> str:
    """Return the backend to use where the user names none."""
    if backend_file().exists():
        return backend_file().read_text().strip()
    state = HOME / "state"
    state.mkdir(parents=True, exist_ok=True)
    return state.as_uri()


def localcloud_runs() -> bool:
    """Tell whether the local cloud is up; a runner of one's own may not have it."""
    if not LOCALCLOUD_PYTHON.exists():
        return False
    shown = subprocess.run(
        localcloud("status"), cwd=ROOT, stdout=subprocess.DEVNULL, check=False
    )
    return shown.returncode == 0


def localcloud_environment() -> dict[str, str]:
    """Return the variables that lead the services' clients to the local cloud."""
    shown = subprocess.run(
        localcloud("env", "--format", "json"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(shown.stdout))
