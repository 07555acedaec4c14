"""`make doctor`: what would stop an `up` of a stack, before it is tried.

    finding   what a check says
    patient   the stack that is examined: its config, and the clients' settings
    engine    the Pulumi CLI, the SDK, and the program's packages
    backend   where state is: its reach, its lock, a run that was cut short
    config    the stack's config: what is invalid, and which secrets are missing
    prefect, modal, github, aws
              each service that the config uses: reach, credential, permissions
    clock     this machine's clock against the services'

A check is a function that takes the patient and yields findings. It writes nothing,
anywhere, and shows no secret. To know whether it may write, it sends what is refused
either way: an empty object, which is invalid where it is not forbidden.
"""
