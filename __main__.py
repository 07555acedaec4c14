"""flowground: one environment of a Prefect + Modal platform, as its config says."""

import gc
import os
import signal

import pulumi

from components.kernel import registered
from components.platform import Platform

# A program lives for one run. The SDK keeps thousands of outputs waiting meanwhile, and
# the collector would walk them again and again: 40 % of the time for 300 deployments.
gc.disable()

# The SDK notes each resource's progress for its own debugging, and has the program wait
# for the engine to take every note: 15 % of the time for 1,000 deployments.
vars(pulumi.log)["debug"] = lambda *_, **__: None

# The engine ends a failed run by SIGINT; the SDK would answer with a traceback that
# buries the one error that matters.
signal.signal(signal.SIGINT, lambda *_: os._exit(130))

platform = Platform.from_config()
pulumi.export("flowground", platform.outputs)
pulumi.export("credentials", platform.credentials)
pulumi.run(registered)
