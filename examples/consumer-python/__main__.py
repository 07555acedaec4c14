"""Reports, run by flows of its own on the platform that a flowground stack tells of."""

import pulumi

from components.outputs import PlatformOutputs

platform = PlatformOutputs.from_stack(pulumi.Config().require("platform"))
prefect = platform.prefect

pulumi.export("api_url", prefect.apply(lambda it: it.api_url))
pulumi.export("pool", prefect.apply(lambda it: it.work_pools["my-pool"].name))
pulumi.export("queues", prefect.apply(lambda it: it.work_pools["my-pool"].queues))
pulumi.export(
    "greeter", prefect.apply(lambda it: it.deployments["hello-flow-deployment"].url)
)
# A credential stays a secret wherever it is passed on: here, and in this stack's state.
pulumi.export("ci_key", platform.credentials.apply(lambda it: it.prefect["ci"]))
