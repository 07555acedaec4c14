"""What the executor tells a workspace of a run: states, and lines of its log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import httpx
from prefect.client.schemas.actions import LogCreate
from prefect.exceptions import Abort, ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelled, Crashed, Pending
from prefect.types._datetime import now
from prefect.utilities.engine import propose_state
from pydantic import ValidationError

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import State

log = logging.getLogger(__name__)

EXECUTOR = "Push executor"
API_ERRORS = (PrefectHTTPStatusError, ObjectNotFound, httpx.HTTPError)


class Report:
    """One run, as its workspace is told of it."""

    def __init__(self, client: PrefectClient, run_id: UUID) -> None:
        self._client = client
        self._run_id = run_id

    async def claim(self) -> bool:
        """Make the run Pending; False when the server does not let us."""
        state = await self._propose(Pending())
        return state is not None and state.is_pending()

    async def crashed(self, message: str, output: str = "") -> None:
        """Say that the run cannot have ended in a state of its own.

        Args:
            message: Why.
            output: What its process printed last; told if the state is taken.
        """
        state = await self._propose(Crashed(message=message))
        if state is None or not state.is_crashed():
            return
        await self.say(message, logging.ERROR)
        if output:
            await self.say(f"It printed last:\n{output}", logging.ERROR)

    async def cancelled(self) -> None:
        """Say that the run was ended because somebody asked for it."""
        message = "The run was cancelled, and its process ended."
        state: State[None] = Cancelled(message=message)
        try:
            run = await self._client.read_flow_run(self._run_id)
            if run.state is not None and run.state.is_cancelled():
                return  # the run said so itself
            await self._client.set_flow_run_state(self._run_id, state, force=True)
        except API_ERRORS:
            log.warning("run %s could not be made Cancelled", self._run_id)

    async def say(self, message: str, level: int = logging.INFO) -> None:
        """Write a line into the run's own log."""
        line = LogCreate(
            name="prefect.push",
            level=level,
            message=message,
            timestamp=now("UTC"),  # type: ignore[arg-type]  # pydantic's own name for it
            flow_run_id=self._run_id,
        )
        try:
            await self._client.create_logs([line])
        except API_ERRORS:
            log.warning("run %s: its log could not be written", self._run_id)

    async def _propose(self, state: State[Any]) -> State[Any] | None:
        """Propose a state; None when the server has nothing of it."""
        try:
            return await propose_state(self._client, state, self._run_id)
        except Abort:  # another took it, or it has a final state already
            return None
        except API_ERRORS:
            log.warning("run %s could not be made %s", self._run_id, state.name)
            return None


def reason(error: Exception) -> str:
    """Say what went wrong without what was sent, which may hold secrets."""
    match error:
        case ValidationError():
            faults = error.errors(include_input=False, include_url=False)
            return "; ".join(
                f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
                for fault in faults
            )
        case httpx.HTTPStatusError():
            request = error.request
            status = error.response.status_code
            return f"{request.method} {request.url.path} was answered {status}"
        case ObjectNotFound():
            return "an object that its deployment or its pool refers to is not there"
    return str(error)
