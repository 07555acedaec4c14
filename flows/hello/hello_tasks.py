"""Two tasks that run at the same time, and a flow that waits for both."""

from prefect import flow, task


@task(retries=3, retry_delay_seconds=10)
def create_hello() -> str:
    """Return one half."""
    return "hello"


@task
def create_world() -> str:
    """Return the other half."""
    return "world"


@flow(log_prints=True)
def hello_tasks() -> None:
    """Put the halves together."""
    hello = create_hello.submit()
    world = create_world.submit()
    print(f"{hello.result()}, {world.result()}!")


if __name__ == "__main__":
    hello_tasks()
