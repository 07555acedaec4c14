"""What may go wrong between the program and a service, drawn from a seed.

The schedule draws per call, so a seed is reproducible as far as the calls come in the
same order; calls of one level of the stack run in parallel, and their order is theirs.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# The services by the lines that lead to them.
PREFECT: Final = "prefect"
GITHUB: Final = "github"
MODAL: Final = "modal"
AWS: Final = "aws"
EVERYWHERE: Final = frozenset({PREFECT, GITHUB, MODAL, AWS})

# What clients in the torture wait for an answer, and what one that is late takes.
PATIENCE_SECONDS: Final = 6
LATE_SECONDS: Final = 7.0
# How long nobody listens; longer than it takes a client to try again once.
REFUSED_SECONDS: Final = 0.5


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        name: What the report calls it.
        says: What the service answers instead, by its name in `refusals`.
        acted: Whether the service has acted before it goes wrong.
        sent: How much of the true answer is sent, before the connection ends.
        seconds: How long the answer takes.
        lasts: Whether it is so for the rest of the command.
        only: The services that know it.
        weight: How often it is drawn, beside others.
    """

    name: str
    says: str = ""
    acted: bool = False
    sent: float = 0
    seconds: float = 0
    lasts: bool = False
    only: frozenset[str] = EVERYWHERE
    weight: int = 4


# Those that only some calls can have.
STALE: Final = Fault("stale list", acted=True, weight=30)
UNSEEN: Final = Fault("404 after create", acted=True, sent=1, weight=30)
SPECIAL: Final = (STALE, UNSEEN)
# Everything else; one of these instead of what cannot be.
FAULTS: Final = (
    Fault("429", "limited"),
    Fault("429 with Retry-After", "limited until"),
    *(Fault(f"{status} before", str(status)) for status in (500, 502, 503, 504)),
    *(
        Fault(f"{status} after", str(status), acted=True)
        for status in (500, 502, 503, 504)
    ),
    Fault("503 with Retry-After", "503 until"),
    Fault("reset before"),
    Fault("reset after", acted=True),
    Fault("half an answer", acted=True, sent=0.5, only=EVERYWHERE - {MODAL}),
    Fault("slow", acted=True, sent=1, seconds=0.3),
    Fault("timeout before", seconds=LATE_SECONDS, weight=1),
    Fault("timeout after", acted=True, seconds=LATE_SECONDS, weight=1),
    Fault("refused for a while", seconds=REFUSED_SECONDS, weight=2),
    Fault("expired credential", "expired", weight=2),
    Fault("expired from now on", "expired", lasts=True, weight=1),
    Fault("revoked from now on", "revoked", lasts=True, weight=1),
    Fault("permission taken away", "forbidden", weight=2),
    Fault("no permission from now on", "forbidden", lasts=True, weight=1),
    Fault("clock skew", "skewed", only=frozenset({AWS})),
    Fault("clock skew", acted=True, sent=1, only=frozenset({GITHUB})),
)
KILLED: Final = (Fault("killed"), Fault("killed", acted=True))


class Blow(NamedTuple):
    """What happens once in a seed, beside the faults of calls.

    Attributes:
        name: What is hit: `engine`, `provider`, `program`, or a service.
        call: The call at which it is.
        strike: What does it, in a thread of its own.
    """

    name: str
    call: int
    strike: Callable[[], None]


class Schedule:
    """When what goes wrong, for one seed.

    Attributes:
        on: Whether anything does.
        drawn: How often each fault came.
        calls: How many calls there were.
    """

    def __init__(self, seed: int, rate: float) -> None:
        """Make a schedule that is quiet until it is `on`.

        Args:
            seed: What it is drawn from.
            rate: How likely each call is to fail.
        """
        self.on = False
        self.drawn: Counter[str] = Counter()
        self.calls = 0
        self.blow: Blow | None = None
        self._random = random.Random(seed)  # noqa: S311  # no secret
        self._rate = rate
        self._lock = threading.Lock()
        self._lasting: dict[str, Fault] = {}
        self._striking: list[threading.Thread] = []

    def draw(self, line: str, can: Collection[Fault] = ()) -> Fault | None:
        """Say what happens to the next call.

        Args:
            line: The service that is called.
            can: Which of `SPECIAL` can happen to it.
        """
        with self._lock:
            self.calls += 1
            if not self.on:
                return None
            if fault := self._struck(line) or self._lasting.get(line):
                return fault
            if self._random.random() >= self._rate:
                return None
            choices = [*can, *(fault for fault in FAULTS if line in fault.only)]
            [fault] = self._random.choices(choices, [one.weight for one in choices])
            self.drawn[fault.name] += 1
            if fault.lasts:
                self._lasting[line] = fault
            return fault

    def times(self, most: int) -> int:
        """Draw how often something repeats, from one on."""
        with self._lock:
            return self._random.randint(1, most)

    def next_command(self) -> None:
        """End what lasts for a command."""
        with self._lock:
            self._lasting.clear()

    def end(self) -> None:
        """Let nothing go wrong any more, and wait for what was hit to be back."""
        self.on = False
        for strike in self._striking:
            strike.join()

    def _struck(self, line: str) -> Fault | None:
        """Strike if it is time; what is sent at that moment is carried out or not."""
        if self.blow is None or self.calls < self.blow.call:
            return None
        name, _, strike = self.blow
        if name in EVERYWHERE and name != line:
            return None
        self.blow = None
        self.drawn[f"kill -9 of {name}"] += 1
        thread = threading.Thread(target=strike)
        thread.start()
        self._striking.append(thread)
        return self._random.choice(KILLED)
