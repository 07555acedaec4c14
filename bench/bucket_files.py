"""`s3:BucketFiles` against `aws s3 sync --delete`: 2,000 files on the local S3.

    .venv/bin/python -m bench.bucket_files [--files 2000] [--rounds 4] [--aws PATH]

Each time is a whole process, its start included: the shortest of all rounds, with its
CPU time, and the median. The two run one after the other, phase by phase, and take
turns in going first. What they call is counted in a round that is not timed,
through a proxy. Without `--aws` the CLI of `bench/awscli.txt` is installed for the
length of the run. Exits with 1 if the CLI is the faster in anything, or if a same-size
edit with an old date is not sent.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.measure import (
    ROOT,
    Took,
    compare,
    count,
    make_files,
    run,
    same_size_edit_with_an_old_date,
    seconds,
)
from bench.results import Table
from tests.support.proxy import Proxy
from tests.support.s3_plane import LocalS3

OURS, CLI = "flowground", "aws s3 sync"


class OnS3:
    """Both on one server, each with a bucket and a folder of its own.

    Args:
        s3: The server.
        aws: The CLI.
        work: An empty folder.
        url: Where the server is reached.
    """

    def __init__(self, s3: LocalS3, aws: str, work: Path, url: str) -> None:
        self._aws = aws
        self._work = work
        self._env = {**s3.plain_env, "AWS_ENDPOINT_URL": url}
        self.client: Any = s3.client("s3", tls=False)
        for who in (OURS, CLI):
            self.client.create_bucket(Bucket=self.bucket(who))

    def bucket(self, who: str) -> str:
        """Return one's bucket."""
        return f"{self._work.name}-{'ours' if who == OURS else 'theirs'}"

    def folder(self, who: str) -> Path:
        """Return one's folder."""
        return self._work / self.bucket(who)

    def sync(self, who: str) -> Took:
        """Have one of them make its bucket what its folder is."""
        if who == OURS:
            return run("up", self._task, self._env)
        ends = [str(self.folder(who)), f"s3://{self.bucket(who)}"]
        options = ["--delete", "--only-show-errors"]
        return seconds([self._aws, "s3", "sync", *options, *ends], self._env)

    def refresh(self) -> Took:
        """Have ours look for drift."""
        return run("refresh", self._task, self._env)

    @property
    def _task(self) -> dict[str, Any]:
        place = {"bucket": self.bucket(OURS)}
        return {
            "token": "s3:BucketFiles",
            "resources": {"files": {**place, "mirrored": str(self.folder(OURS))}},
            "state": str(self._work / "state.json"),
        }


def sends_an_edit_with_an_old_date(both: OnS3, who: str) -> bool:
    """Tell whether one of them notices a same-size edit whose date is old."""
    folder = both.folder(who)
    make_files(folder, 10)
    both.sync(who)
    edited = same_size_edit_with_an_old_date(folder)
    both.sync(who)
    key = edited.relative_to(folder).as_posix()
    there = both.client.get_object(Bucket=both.bucket(who), Key=key)
    return bool(there["Body"].read() == edited.read_bytes())


def _install(folder: Path) -> str:
    """Install the pinned CLI into an environment of its own."""
    python = folder / "bin" / "python"
    subprocess.run(["uv", "venv", "-q", "-p", sys.executable, str(folder)], check=True)
    hashed = ["--require-hashes", "-r", str(ROOT / "bench" / "awscli.txt")]
    options = ["-q", "--compile-bytecode", "-p", str(python)]
    subprocess.run(["uv", "pip", "install", *options, *hashed], check=True)
    return str(folder / "bin" / "aws")


def main() -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--aws", help="an AWS CLI that is there already")
    parser.add_argument(
        "--write", action="store_true", help="to docs/benchmarks.md too"
    )
    options = parser.parse_args()
    table = Table(f"{options.files} files to S3", (OURS, CLI))
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        LocalS3.start(Path(folder)) as s3,
        Proxy(s3.url) as proxy,
    ):
        aws = options.aws or _install(Path(folder) / "aws")
        numbers = itertools.count()

        def rivals(url: str = s3.url) -> OnS3:
            work = Path(folder) / f"bench-{next(numbers)}"
            work.mkdir()
            return OnS3(s3, aws, work, url)

        def calls() -> list[str]:
            made, proxy.calls[:] = [c.method for c in proxy.calls], []
            return made

        compare(table, rivals, options.files, options.rounds)
        count(table, rivals(proxy.url), options.files, calls)
        sent = {w: sends_an_edit_with_an_old_date(rivals(), w) for w in table.columns}
    told = [f"{who} {'sends' if sent[who] else 'misses'} it" for who in table.columns]
    edit = f"A same-size edit with an old date: {', '.join(told)}."
    table.report("bucket-files", edit, to_docs=options.write)
    return int(bool(table.missed()) or not sent[OURS])


if __name__ == "__main__":
    sys.exit(main())
