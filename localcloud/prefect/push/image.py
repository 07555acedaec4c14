"""What a run finds in the place of its pool's image: a Python, a home, an environment.

No image is pulled. A run has a folder of its own, with a virtual environment that finds
the local cloud's Prefect, as the images that pools use by default hold Prefect. In
those images Python lives in `/usr/local`, and flows install into it; the machine's own
`/usr/local` is no run's to change. So the run's virtual environment stands for it, also
in a variable whose value is that path (as in `UV_PROJECT_ENVIRONMENT`).
"""

from __future__ import annotations

import ensurepip
import os
import shutil
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

IMAGE_PREFIX = "/usr/local"
# The machine's own: how to find programs, packages and trusted certificates.
INHERITED = frozenset(
    {
        "CURL_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "LANG",
        "LC_ALL",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TZ",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    }
)
INHERITED_PREFIXES = ("PIP_", "UV_")
PIP = """#!/bin/sh
exec '{python}' -m pip "$@"
"""


@dataclass(frozen=True)
class Image:
    """The folder that one run lives in."""

    root: Path

    @property
    def prefix(self) -> Path:
        """What stands for `/usr/local`."""
        return self.root / "usr" / "local"

    @property
    def python(self) -> Path:
        """The interpreter that the run is started with."""
        return self.prefix / "bin" / "python"

    @property
    def work(self) -> Path:
        """The folder that the run starts in."""
        return self.root / "opt" / "prefect"

    @property
    def home(self) -> Path:
        """The home folder, where nothing of the user's own is found."""
        return self.root / "root"

    @property
    def output(self) -> Path:
        """The file of what the run prints."""
        return self.root / "output.log"

    def make(self) -> None:
        """Write the folder; this blocks."""
        for folder in (self.work, self.home):
            folder.mkdir(parents=True)
        venv.create(self.prefix, symlinks=True, with_pip=False)
        paths = sysconfig.get_paths(vars={"base": str(self.prefix)})
        # A way to what is installed here, and to the pip that comes with Python.
        bundled = Path(ensurepip.__file__).parent / "_bundled"
        found = [Path(sysconfig.get_paths()["purelib"]), *bundled.glob("pip-*.whl")]
        way = Path(paths["purelib"]) / "_image.pth"
        way.write_text("".join(f"{path}\n" for path in found))
        pip = self.prefix / "bin" / "pip"
        pip.write_text(PIP.format(python=self.python))
        pip.chmod(0o755)

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return a run's whole environment.

        Args:
            given: What Prefect and the pool's template say; it comes first.
        """
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in INHERITED or name.startswith(INHERITED_PREFIXES)
        }
        # Packages that were fetched once need not be fetched for every run.
        cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        image = {
            "PATH": f"{self.prefix / 'bin'}{os.pathsep}{_programs()}",
            "HOME": str(self.home),
            "XDG_CACHE_HOME": cache,
            "PREFECT_HOME": str(self.home / ".prefect"),
        }
        said = {
            name: str(self.prefix) if value == IMAGE_PREFIX else value
            for name, value in given.items()
        }
        return inherited | image | said

    def remove(self) -> None:
        """Delete the folder; this blocks."""
        shutil.rmtree(self.root, ignore_errors=True)


def _programs() -> str:
    """Return the machine's search path without the local cloud's own programs."""
    ours = sysconfig.get_paths()["scripts"]
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(each for each in path if each != ours)
