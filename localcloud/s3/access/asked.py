"""A request that passed the gate, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from localcloud.s3.access.principals import Principal
from localcloud.s3.errors import Service
from localcloud.s3.http import Request


@dataclass(frozen=True)
class Asked:
    """A request that may be carried out.

    Attributes:
        service: The service that it is for.
        operation: The operation's name in the service's model.
        request: The request, with a plain body.
        principal: Who asks.
        bucket: The bucket that its path names, if any.
        key: The key that its path names, if any.
        refused_keys: Keys of a batch deletion that must stay.
        hides_absence: Whether an object that is not there must not be told from one
            that may not be read: so AWS answers whoever may not list.
    """

    service: Service
    operation: str
    request: Request
    principal: Principal
    bucket: str = ""
    key: str = ""
    refused_keys: frozenset[str] = field(default_factory=frozenset)
    hides_absence: bool = False
