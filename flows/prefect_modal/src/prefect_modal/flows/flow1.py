"""A greeting in three steps: what tutorial 000 deploys with a cron schedule."""

from prefect import flow, task


@task
def do_print(param: str) -> None:
    """Print what it is given."""
    print("Doing the task")
    print(param)


@flow(log_prints=True)
def run_my_flow(param: str) -> None:
    """Run a task as part of a flow of its own."""
    print("flow 2")
    do_print(param)


@flow(log_prints=True)
def main(name: str = "world", goodbye: bool = False) -> None:
    """Greet somebody.

    Args:
        name: Whom to greet.
        goodbye: Whether to take leave of them too.
    """
    print(f"Hello {name} from Prefect! 🤗")
    run_my_flow(name)
    if goodbye:
        print(f"Goodbye {name}!")
