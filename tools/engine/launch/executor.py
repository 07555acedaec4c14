"""Run one Pulumi program; the language host starts this with the program's Python.

Installed as `pulumi-language-python-exec`, in a folder without modules, since the
script's folder is on the program's `sys.path`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

# Understood by the host: the error has been shown.
EXIT_ALREADY_SHOWN = 32
EXIT_INTERRUPTED = 130

try:
    import pulumi
    import pulumi.runtime
except ImportError:
    traceback.print_exc()
    print(
        f"The program's Python, {sys.executable}, does not have the Pulumi SDK; run "
        "`pulumi install`, or name the right folder as runtime.options.virtualenv in "
        "Pulumi.yaml.",
        file=sys.stderr,
    )
    sys.exit(1)


def parse() -> argparse.Namespace:
    """Read what the host says about the program and the stack."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in (
        "monitor",
        "engine",
        "project",
        "root_directory",
        "stack",
        "pwd",
        "dry_run",
        "tracing",
        "organization",
    ):
        parser.add_argument(f"--{name}")
    parser.add_argument("--parallel", type=int, default=0)
    parser.add_argument("program")
    parser.add_argument("args", nargs="*")
    return parser.parse_args()


def configure(given: argparse.Namespace) -> None:
    """Give the SDK the stack's configuration and the way to the engine."""
    pulumi.runtime.set_all_config(
        pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env()
    )
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=given.monitor,
            engine=given.engine,
            project=given.project,
            stack=given.stack,
            parallel=given.parallel,
            dry_run=given.dry_run == "true",
            organization=given.organization,
            root_directory=given.root_directory,
        )
    )


def run_program(program: str) -> None:
    """Run the program as `python program` would."""
    path = Path(program)
    if path.is_dir() and not (path / "__main__.py").is_file():
        pulumi.log.error(f"There is no __main__.py in {path.resolve()}.")
        sys.exit(EXIT_ALREADY_SHOWN)
    runpy.run_path(program, run_name="__main__")


def user_traceback(error: BaseException, program: str) -> str:
    """Format the error from the program's first own line on."""
    main = Path(program).resolve()
    own = {str(main), str(main / "__main__.py")}
    trace = error.__traceback__
    while trace and str(Path(trace.tb_frame.f_code.co_filename).resolve()) not in own:
        trace = trace.tb_next
    frames = trace or error.__traceback__
    return "".join(traceback.format_exception(type(error), error, frames))


def leave(code: int) -> NoReturn:
    """End at once: threads of an interrupted program would be waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> int:
    """Run the program and its resources to the end; the result is the exit code."""
    given = parse()
    configure(given)
    sys.argv = [given.program, *given.args]
    if given.pwd:
        os.chdir(given.pwd)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # The SDK waits for an RPC of each resource in a thread.
    executor = ThreadPoolExecutor(max_workers=max(given.parallel, 1) * 4)
    loop.set_default_executor(executor)
    # After a failure, unawaited futures of other resources are no news to the user.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(
            pulumi.runtime.run_in_stack(lambda: run_program(given.program))
        )
    except KeyboardInterrupt:
        leave(EXIT_INTERRUPTED)
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return EXIT_ALREADY_SHOWN
    except Exception as error:  # noqa: BLE001  # any error of the user's program
        pulumi.log.error(
            "Program failed with an unhandled exception:\n"
            + user_traceback(error, given.program)
        )
        return EXIT_ALREADY_SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
