"""flowground: one environment of a Prefect + Modal platform, as its config says."""

import os
import signal

import pulumi

from components.platform import Platform

# The engine ends a failed run by SIGINT; the SDK would answer with a traceback that
# buries the one error that matters.
signal.signal(signal.SIGINT, lambda *_: os._exit(130))

platform = Platform.from_config()
pulumi.export("flowground", platform.outputs)
pulumi.export("credentials", platform.credentials)
