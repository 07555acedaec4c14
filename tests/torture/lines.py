"""The lines between the program and the services, which go wrong by a schedule."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from typing import TYPE_CHECKING, Any

from grpclib.exceptions import StreamTerminatedError

from tests.support.grpc_proxy import GrpcProxy, LostError
from tests.support.proxy import Answer, Proxy, Request
from tests.torture import lag
from tests.torture.faults import GITHUB, MODAL, STALE, UNSEEN, Fault, Schedule
from tests.torture.refusals import late, refusal, rpc_refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.grpc_proxy import Ask

# What a service that was made a moment ago is not seen for, at most.
_UNSEEN_READS = 2


class _Line:
    """A way to a service that may go wrong."""

    def begin(self) -> None:
        """Let everything through, until there is a schedule."""
        self.under(Schedule(0, 0))
        self.listening = threading.Event()
        self.listening.set()

    def under(self, schedule: Schedule) -> None:
        """Go wrong by a schedule from now on."""
        self.schedule = schedule
        self.lag = lag.Lag()


class FaultyProxy(_Line, Proxy):
    """Forward HTTP calls to one service, except as the schedule says.

    Args:
        line: Which service.
        upstream: Its URL.
    """

    def __init__(self, line: str, upstream: str) -> None:
        self.line = line
        self.begin()
        super().__init__(upstream)

    def answer(self, request: Request) -> Answer | None:
        """Answer a request truly, or not; None to hang up instead."""
        if not self.listening.is_set():
            return None
        fault = self.schedule.draw(self.line, self._can(request))
        if self.schedule.on:
            names = lag.read_by(self.line, request)
            if hidden := self.lag.hidden(names):
                new_key = hidden in request.headers.get("Authorization", "")
                why = "revoked" if new_key else "unseen"
                return refusal(self.line, request, why)
        if fault is None:
            return self._truth(request)
        if fault is STALE:
            stale: Answer = self.lag.recall(lag.question_of(self.line, request))
            return stale
        return self._wrong(request, fault)

    def _can(self, request: Request) -> list[Fault]:
        question = lag.question_of(self.line, request)
        can = [STALE] if question and self.lag.recall(question) else []
        return [*can, UNSEEN] if lag.made_by(self.line, request, None) else can

    def _wrong(self, request: Request, fault: Fault) -> Answer | None:
        unseen = self.schedule.times(_UNSEEN_READS) if fault is UNSEEN else 0
        answer = self._truth(request, unseen) if fault.acted else None
        if fault.name == "refused for a while":
            self._refuse(fault.seconds)
            return None
        time.sleep(fault.seconds)
        if fault.says:
            return refusal(self.line, request, fault.says)
        if answer is None or not fault.sent:
            return None
        if fault.name == "clock skew" and self.line == GITHUB:
            return late(answer)
        return answer._replace(sent=fault.sent)

    def _truth(self, request: Request, unseen: int = 0) -> Answer | None:
        try:
            answer = self.forward(request)
        except (OSError, http.client.HTTPException):
            return None  # it was killed
        if question := lag.question_of(self.line, request):
            self.lag.keep(question, answer)
        if made := lag.made_by(self.line, request, answer):
            self.lag.make(made, unseen=unseen)
        if ended := lag.ended_by(self.line, request):
            self.lag.end(ended)
        return answer

    def _refuse(self, seconds: float) -> None:
        """Have nobody listen for a while."""
        self.listening.clear()
        self.close()

        def again() -> None:
            time.sleep(seconds)
            self.listen()
            self.listening.set()

        threading.Thread(target=again, daemon=True).start()


class FaultyGrpcProxy(_Line, GrpcProxy):
    """Forward gRPC calls to one control plane, except as the schedule says."""

    def __init__(self, upstream: str) -> None:
        self.begin()
        super().__init__(upstream)

    async def answer(self, method: str, request: Any, ask: Ask) -> Sequence[Any]:
        """Answer a call truly, or not."""
        question = lag.rpc_question_of(method, request)
        recalled = self.lag.recall(question) if question else None
        made = lag.rpc_made_by(method, request)
        can = [STALE] if recalled is not None else []
        fault = self.schedule.draw(MODAL, [*can, UNSEEN] if made else can)
        names = lag.rpc_read_by(method, request)
        if self.schedule.on and self.lag.hidden(names):
            raise rpc_refusal("unseen")
        if fault is STALE:
            return list(recalled)
        if fault and not fault.acted:
            await self._before(fault)
        try:
            replies = await ask()
        except (OSError, StreamTerminatedError):
            raise LostError from None  # it was killed
        if question:
            self.lag.keep(question, replies)
        if made:
            unseen = self.schedule.times(_UNSEEN_READS) if fault is UNSEEN else 0
            self.lag.make(made, unseen=unseen)
        if fault is not None:
            await asyncio.sleep(fault.seconds)
            if fault.says:
                raise rpc_refusal(fault.says)
            if not fault.sent:
                raise LostError
        return replies

    async def _before(self, fault: Fault) -> None:
        if fault.name == "refused for a while":
            self.listening.clear()
            self._again = asyncio.create_task(self._refuse(fault.seconds))
            raise LostError
        await asyncio.sleep(fault.seconds)
        raise rpc_refusal(fault.says) if fault.says else LostError

    async def _refuse(self, seconds: float) -> None:
        await self.hush()
        await asyncio.sleep(seconds)
        await self.listen()
        self.listening.set()
