"""An identity of IAM, a user or a role, and the one inline policy that it has of us.

No call lists identities with their policies: each is read by itself.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, ClassVar, Final, TypeVar

from pydantic import Field

from components.kernel import Config, Immutable, Wire, canonical_json

from .base import S3Kind
from .client import S3Api, connect
from .grant import POLICY, TAG, GrantArgs, GrantState, to_policy

GONE: Final = "NoSuchEntity"

IdentityName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]


class IdentityArgs(GrantArgs):
    """What a user writes for an identity: its name, and what it may do."""

    name: Annotated[IdentityName, Immutable]


class IdentityState(GrantState, IdentityArgs):
    """An identity as IAM has it.

    Attributes:
        id: Its name.
        arn: What policies call it.
    """

    id: str
    name: str
    arn: str


A = TypeVar("A", bound=IdentityArgs)
S = TypeVar("S", bound=IdentityState)


class IdentityKind(S3Kind[A, S]):
    """The life cycle of an identity, as far as users and roles share it.

    Attributes:
        noun: What IAM calls it: `User` or `Role`.
    """

    noun: ClassVar[str]

    def connect(self, config: Config, args: A) -> S3Api:
        """Return the API of the one identity."""
        return connect(config, f"{self.noun.lower()}/{args.name}")

    def list(self, api: S3Api) -> Iterable[Wire]:
        """Yield the identity, if it is there."""
        found = self.look(api, api.place.partition("/")[2])
        return [] if found is None else [found]

    def find(self, api: S3Api, args: A, listed: S | None) -> S | None:
        """Leave it to `create` to go on with what one that was cut short left."""
        del listed
        found = self.look(api, args.name)
        looked_up = isinstance(args, self.state)
        if found is None or (self._begun(found) and not looked_up):
            return None
        return self.parse(api, found)

    @abstractmethod
    def besides(self, api: S3Api, identity: Wire) -> Wire:
        """Read what belongs to an identity, beside its policy."""

    @abstractmethod
    def usable(self, wire: Wire) -> bool:
        """Tell whether an identity is more than what a create that was cut short left.

        Args:
            wire: The identity, as `look` returns it.
        """

    def look(self, api: S3Api, name: str) -> Wire | None:
        """Read the identity of a name; None if there is none."""
        found = api.look("iam", self._call("get"), GONE, **self._named(name))
        if found is None:
            return None
        inline = {**self._named(name), "PolicyName": POLICY}
        policy = api.look("iam", self._call("get", "policy"), GONE, **inline)
        identity = found[self.noun]
        return {
            "id": name,
            "identity": identity,
            "policy": None if policy is None else policy["PolicyDocument"],
            **self.besides(api, identity),
        }

    def begun(self, api: S3Api, name: str) -> Wire | None:
        """Read what a create of ours that was cut short left; None if nothing did."""
        there = self.look(api, name)
        return None if there is None or not self._begun(there) else there

    def allow(self, api: S3Api, args: A) -> None:
        """Let the identity do what it may, and nothing else."""
        api.call(
            "iam",
            self._call("put", "policy"),
            **self._named(args.name),
            PolicyName=POLICY,
            PolicyDocument=canonical_json(to_policy(api.partition, args)),
        )

    def remove(self, api: S3Api, name: str) -> None:
        """Delete the identity with its policy."""
        inline = {**self._named(name), "PolicyName": POLICY}
        api.look("iam", self._call("delete", "policy"), GONE, **inline)
        api.call("iam", self._call("delete"), **self._named(name))

    def _begun(self, wire: Wire) -> bool:
        return TAG in wire["identity"].get("Tags", ()) and not self.usable(wire)

    def _named(self, name: str) -> Wire:
        return {f"{self.noun}Name": name}

    def _call(self, verb: str, of: str = "") -> str:
        return "_".join(filter(None, (verb, self.noun.lower(), of)))
