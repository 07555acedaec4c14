"""What is sent again of what Prefect did not answer, and what never is."""

from __future__ import annotations

import httpx
import pytest

from components.kernel import LostAnswerError
from components.prefect import transport

PAGE = httpx.Response(502, html="<h1>Bad Gateway</h1>")
LATE = httpx.Response(408, html="<h1>Request Timeout</h1>")
SLOW = httpx.Response(504, html="<h1>Gateway Timeout</h1>")
DOWN = httpx.Response(503, html="<h1>Service Unavailable</h1>")
LOCKED = httpx.Response(503, json={"exception_message": "Service Unavailable"})
MADE = httpx.Response(201, json={"id": "it"})


class Server(httpx.BaseTransport):
    """Answers as it is told to, one request after the other."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = [*answers]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the next answer."""
        del request
        return self.answers.pop(0)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_RETRIES_SECONDS", (0, 0))


def send(server: Server, *, repeatable: bool) -> httpx.Response:
    """Send what makes an object."""
    extensions = {"repeatable": repeatable}
    request = httpx.Request("POST", "http://api/automations/", extensions=extensions)
    return transport.BriefRetries(server).handle_request(request)


@pytest.mark.parametrize("answer", [PAGE, LATE, DOWN, SLOW])
def test_what_a_gateway_gave_up_may_have_been_done(answer: httpx.Response) -> None:
    """Sent again, it would make a second object; so it is looked for first."""
    server = Server(answer, MADE)
    with pytest.raises(LostAnswerError, match=f"a gateway says {answer.status_code}"):
        send(server, repeatable=False)
    assert server.answers == [MADE]


def test_what_the_server_itself_could_not_do_is_sent_again() -> None:
    """SQLite has one writer; a request that it refused has done nothing."""
    assert send(Server(LOCKED, MADE), repeatable=False) is MADE


@pytest.mark.parametrize("answer", [PAGE, DOWN, LOCKED])
def test_what_can_be_done_twice_is_sent_again(answer: httpx.Response) -> None:
    """The server refuses or merges the second of most requests."""
    assert send(Server(answer, MADE), repeatable=True) is MADE
