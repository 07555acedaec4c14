"""The smallest DAG: modalflow runs its task in Modal."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), tags=["tutorial"])
def hello() -> None:
    """Greet from wherever the task runs."""

    @task
    def greet() -> str:
        return "Hello from Modal!"

    greet()


hello()
