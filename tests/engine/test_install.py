"""Which engine `tools/engine/install.py` chooses, with nothing real on PATH."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.pulumi_project import ROOT
from tools.engine import layout, release, routes

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALL = ROOT / "tools" / "engine" / "install.py"
VERSION = release.pinned()

# Writes what it is asked to do into `calls`, and a `pulumi` of the asked version.
GO = """\
#!/bin/sh
echo "$1" >> {calls}
case $1 in
list) echo one; echo two; echo "go: downloading one v1.0.0" >&2 ;;
build)
    [ -z "$GO_FAILS" ] || {{ echo "one.go:1: syntax error" >&2; exit 1; }}
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho {version}\\n' > "$2"
    chmod +x "$2"
    ;;
esac
"""


def script(path: Path, text: str) -> Path:
    """Write an executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


class Machine:
    """A machine with its own PATH, and no network."""

    def __init__(self, root: Path) -> None:
        self.path = root / "path"
        self.engine = root / "engine"
        self.calls = root / "calls"
        self.path.mkdir()
        for tool in ("sh", "dirname", "chmod"):
            self.path.joinpath(tool).symlink_to(str(shutil.which(tool)))
        self.env = {
            "PATH": str(self.path),
            # Nothing listens on the discard port: the refusal comes at once.
            "https_proxy": "http://127.0.0.1:9",
            "HOME": str(root),
        }

    def add_pulumi(self, version: str, *, host: bool = True) -> None:
        """Put a `pulumi` on PATH."""
        script(self.path / "pulumi", f"#!/bin/sh\necho {version}\n")
        if host:
            script(self.path / "pulumi-language-python", "#!/bin/sh\n")

    def add_go(self) -> None:
        """Put a `go` on PATH."""
        script(self.path / "go", GO.format(calls=self.calls, version=VERSION))

    def command(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [sys.executable, str(INSTALL), "--dir", str(self.engine), *arguments]

    def install(
        self, *arguments: str, code: int = 0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command, which must end with the exit code."""
        done = subprocess.run(
            self.command(*arguments),
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    def built(self) -> int:
        """Tell how often Go was asked to build."""
        return self.calls.read_text().split().count("build")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine with nothing on it."""
    return Machine(tmp_path)


@pytest.mark.parametrize("version", [VERSION, f"v{VERSION}", "3.999.0", "v3.999.1-dev"])
def test_pulumi_on_path_is_taken_if_new_enough(machine: Machine, version: str) -> None:
    """A CLI of the pinned version or a newer one of its major is used as it is."""
    machine.add_pulumi(version)
    assert machine.install().stdout.strip() == str(machine.path)
    assert machine.install("--print").stdout.strip() == str(machine.path)


@pytest.mark.parametrize("version", ["3.1.0", "4.0.0", "2.999.0", "rubbish"])
def test_other_versions_on_path_are_passed_over(machine: Machine, version: str) -> None:
    """A CLI that is too old, or of the next major, makes way for the next route."""
    machine.add_pulumi(version)
    machine.add_go()
    assert machine.install().stdout.strip() == str(machine.engine / "bin")
    assert machine.built() == 1


def test_pulumi_without_python_is_passed_over(machine: Machine) -> None:
    """A CLI without its Python language host cannot run the program."""
    machine.add_pulumi(VERSION, host=False)
    assert "cannot run Python programs" in machine.install(code=1).stderr


def test_linked_pulumi_has_its_host_beside_the_target(machine: Machine) -> None:
    """A link on PATH to a full distribution elsewhere is good enough."""
    machine.add_pulumi(VERSION)
    elsewhere = machine.engine.with_name("cellar")
    machine.path.rename(elsewhere)
    machine.path.mkdir()
    (machine.path / "pulumi").symlink_to(elsewhere / "pulumi")
    machine.env["PATH"] = os.pathsep.join([str(machine.path), str(elsewhere)])
    assert machine.install("--print").stdout.strip() == str(machine.path)


def test_build_is_done_once(machine: Machine) -> None:
    """What has been built is found again, on PATH too, and nothing is done."""
    machine.add_go()
    first = machine.install()
    assert "Building Pulumi" in first.stderr
    machine.env["PATH"] = os.pathsep.join([first.stdout.strip(), machine.env["PATH"]])
    again = machine.install()
    assert again.stdout == first.stdout
    assert again.stderr == ""
    assert machine.install("--print").stdout == first.stdout
    assert machine.built() == 1


def test_changed_pins_are_built_again(machine: Machine) -> None:
    """A build from other pins than those of the checkout does not count."""
    machine.add_go()
    machine.install()
    record = {"version": VERSION, "key": "another go.sum"}
    (machine.engine / "build.json").write_text(json.dumps(record))
    machine.install()
    assert machine.built() == 2


def test_build_has_all_that_runs_python(machine: Machine) -> None:
    """Beside a built engine lie the scripts that the engine looks for, brought up."""
    machine.add_go()
    machine.install()
    names = {path.name for path in (machine.engine / "bin").iterdir()}
    assert names == {
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    }
    stale = machine.engine / "lib" / "host" / "stale.py"
    stale.write_text("")
    host = machine.engine / "bin" / "pulumi-language-python"
    host.write_text("older")
    machine.install()
    assert not stale.exists()
    assert "language_host.py" in host.read_text()
    assert os.access(host, os.X_OK)


def test_failed_build_is_told_and_changes_nothing(machine: Machine) -> None:
    """A failing build shows the compiler's words and keeps the engine of before."""
    machine.add_go()
    machine.install()
    (machine.engine / "build.json").unlink()
    before = (machine.engine / "bin" / "pulumi").read_bytes()
    failed = machine.install(code=1, GO_FAILS="yes")
    assert "one.go:1: syntax error" in failed.stderr
    assert (machine.engine / "bin" / "pulumi").read_bytes() == before
    assert not list(machine.engine.glob("build-*"))


def test_two_at_once_build_once(machine: Machine) -> None:
    """Of two processes that need the engine one builds and the other waits for it."""
    machine.add_go()
    pair = [
        subprocess.Popen(
            machine.command(), env=machine.env, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = {process.communicate(timeout=60)[0].strip() for process in pair}
    assert answers == {str(machine.engine / "bin")}
    assert machine.built() == 1


def test_nothing_to_be_had_names_every_way(machine: Machine) -> None:
    """Without any engine the error tells what each route met."""
    said = machine.install(code=1).stderr
    assert f"There is no Pulumi {VERSION} to use." in said
    assert "no pulumi on PATH" in said
    assert "https://get.pulumi.com" in said
    assert "install Go" in said


def test_print_only_looks(machine: Machine) -> None:
    """`--print` neither fetches nor builds."""
    machine.add_go()
    said = machine.install("--print", code=1).stderr
    assert "There is no Pulumi" in said
    assert not machine.calls.exists()


def test_route_can_be_forced(machine: Machine) -> None:
    """FLOWGROUND_ENGINE takes its one route, whatever the others offer."""
    machine.add_pulumi(VERSION)
    machine.add_go()
    built = machine.install(FLOWGROUND_ENGINE="build").stdout.strip()
    assert built == str(machine.engine / "bin")
    path = machine.install(FLOWGROUND_ENGINE="path").stdout.strip()
    assert path == str(machine.path)
    said = machine.install(FLOWGROUND_ENGINE="installer", code=1).stderr
    assert "cannot be reached" in said
    assert (
        "path, installer, build"
        in machine.install(FLOWGROUND_ENGINE="x", code=1).stderr
    )


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files without a word."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a folder in place of get.pulumi.com."""
    folder = tmp_path / "served"
    folder.mkdir()

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}/install.sh"
        monkeypatch.setattr(routes, "INSTALLER", address)
        yield folder
        server.shutdown()


INSTALLER = textwrap.dedent("""\
    [ "$1 $2" = "--no-edit-path --install-root" ] || exit 2
    mkdir -p "$3/bin"
    printf '#!/bin/sh\\necho %s\\n' "$5" > "$3/bin/pulumi"
    chmod +x "$3/bin/pulumi"
    echo ran >> ran
    """)


def test_official_installer_is_run_once(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installer gets the pinned version and our folder, and its result is kept."""
    monkeypatch.chdir(tmp_path)
    (served / "install.sh").write_text(INSTALLER)
    engine = tmp_path / "engine"
    folder = routes.installer(engine)
    assert release.version_of(folder / "pulumi") == VERSION
    assert "installer" in routes.present(engine)
    assert routes.installer(engine) == folder
    assert (tmp_path / "ran").read_text() == "ran\n"


@pytest.mark.parametrize("text", ["exit 1", "exit 0"], ids=["fails", "does nothing"])
def test_useless_installer_is_told(served: Path, tmp_path: Path, text: str) -> None:
    """An installer that fails, or leaves no engine, is one sentence and no folder."""
    (served / "install.sh").write_text(text)
    with pytest.raises(release.EngineError, match="Pulumi's installer"):
        routes.installer(tmp_path / "engine")
    assert not list((tmp_path / "engine").iterdir())


def test_one_version_everywhere() -> None:
    """The engine, the program's SDK and the host's own SDK are of one version."""
    for name in ("requirements.txt", "tools/engine/launch/requirements.txt"):
        assert f"\npulumi=={VERSION} " in (ROOT / name).read_text(), name
    module = (ROOT / "tools" / "engine" / "go" / "go.mod").read_text()
    assert re.findall(r"pulumi/sdk/v3 v(\S+)", module) == [VERSION]


def test_launchers_survive_odd_paths(tmp_path: Path) -> None:
    """The scripts find their library wherever the folder lies."""
    engine = tmp_path / "a folder with 'quotes'"
    layout.write(engine)
    host = engine / "bin" / "pulumi-language-python"
    env = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    shown = subprocess.run(
        [host, "--version"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == VERSION
