"""The account's IP allowlist: the networks that its API answers, once it is enforced.

API: GET and PUT /ip_allowlist (all entries at once), GET /ip_allowlist/my_access, GET
and PATCH /settings for `enforce_ip_allowlist`. Immutable: nothing. Quirks: an account
has one list, which is none while it is empty and not enforced. A list that would keep
out the very address that writes it is taken back before it is enforced.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Any

import pulumi
from pydantic import AfterValidator

from components.kernel import Args, ManagedResource, Part, RefusedError, Wire, kind

from .base import AccountKind
from .client import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from components.kernel import Location

    from .client import PrefectApi

_SWITCH = "enforce_ip_allowlist"


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(
            f"{error}; write an address such as 203.0.113.7, "
            f"or a network such as 203.0.113.0/24"
        ) from None


class IpAllowlistEntry(Part):
    """A network that is let in.

    Attributes:
        ip_network: An address, or a network in CIDR notation.
        enabled: Whether it counts.
        description: Whose it is.
    """

    ip_network: Annotated[str, AfterValidator(_network)]
    enabled: bool = True
    description: str = ""


def _canonical(entries: tuple[IpAllowlistEntry, ...]) -> tuple[IpAllowlistEntry, ...]:
    networks = [entry.ip_network for entry in entries]
    for network in networks:
        if networks.count(network) > 1:
            raise ValueError(f"two are for {network}; keep one of them")
    return tuple(sorted(entries, key=lambda entry: entry.ip_network))


class IpAllowlistArgs(Args):
    """What a user writes for the IP allowlist; see `IpAllowlist`."""

    entries: Annotated[tuple[IpAllowlistEntry, ...], AfterValidator(_canonical)]
    enforced: bool = True

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield that an enforced list must let somebody in."""
        entries = known.get("entries")
        if entries is None or not known.get("enforced"):
            return
        if not any(entry.enabled for entry in entries):
            yield ("entries",), "lets nobody in; enable an entry, or do not enforce it"


class IpAllowlistState(IpAllowlistArgs):
    """The IP allowlist as the account API has it; the id is the account's."""

    id: str


def to_wire(args: IpAllowlistArgs) -> Wire:
    """Write all entries, as PUT takes them."""
    return {"entries": [entry.model_dump() for entry in args.entries]}


@kind("prefect:IpAllowlist", key=())
class IpAllowlistKind(AccountKind[IpAllowlistArgs, IpAllowlistState]):
    """The life cycle of an account's IP allowlist."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield the list, unless it is empty and not enforced."""
        entries = api.get("/ip_allowlist")["entries"]
        enforced = api.get("/settings").get(_SWITCH, False)
        if entries or enforced:
            yield {"id": api.account_id, "entries": entries, "enforced": enforced}

    def parse(self, api: PrefectApi, wire: Wire) -> IpAllowlistState:
        """Project the list on its canonical state."""
        del api
        entries = tuple(
            IpAllowlistEntry(
                ip_network=entry["ip_network"],
                enabled=entry["enabled"],
                description=entry["description"] or "",
            )
            for entry in wire["entries"]
        )
        return IpAllowlistState(
            id=wire["id"], entries=entries, enforced=wire["enforced"]
        )

    def find(
        self, api: PrefectApi, args: IpAllowlistArgs, listed: IpAllowlistState | None
    ) -> IpAllowlistState | None:
        """Ask again: to write the list is to overwrite one that was made meanwhile."""
        del args
        if listed is not None:
            return listed
        return next((self.parse(api, wire) for wire in self.list(api)), None)

    def create(self, api: PrefectApi, args: IpAllowlistArgs) -> IpAllowlistState:
        """Write the list, and enforce it."""
        none = IpAllowlistState(id=api.account_id, entries=(), enforced=False)
        return self.update(api, none, args)

    def update(
        self, api: PrefectApi, old: IpAllowlistState, new: IpAllowlistArgs
    ) -> IpAllowlistState:
        """Write all entries, and see that we are let in before enforcing them.

        Raises:
            RefusedError: They would keep out the address that this runs from.
        """
        if old.enforced and not new.enforced:
            api.patch("/settings", {_SWITCH: False})
        if to_wire(old) != to_wire(new):
            api.put("/ip_allowlist", to_wire(new))
        if new.enforced:
            access = api.get("/ip_allowlist/my_access")
            if not access["allowed"]:
                api.put("/ip_allowlist", to_wire(old))
                raise RefusedError(
                    f"it would keep out the address that this runs from "
                    f"({access['detail'].rstrip('.')}); add that address to entries, "
                    f"or set enforced=False"
                )
        if new.enforced and not old.enforced:
            api.patch("/settings", {_SWITCH: True})
        return IpAllowlistState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: IpAllowlistState) -> None:
        """Let every address in again, then empty the list."""
        del state
        api.patch("/settings", {_SWITCH: False})
        api.put("/ip_allowlist", {"entries": []})

    @classmethod
    def title(cls) -> str:
        """Name the kind."""
        return "IP allowlist"

    def describe(self, args: Args) -> str:
        """Name it without a name, as there is one of it."""
        del args
        return "the account's IP allowlist"


class IpAllowlist(ManagedResource, kind=IpAllowlistKind):
    """The networks from which the account can be reached: these and no others.

    Args:
        resource_name: Its name in the program and in state.
        entries: The networks; see `IpAllowlistEntry`. Their order means nothing.
        enforced: Whether all other addresses are kept out. A list that would keep out
            the address that runs the update is refused.
        adopt: Take over a list that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/secure-access-by-ip-address.
    """

    settings = SETTINGS
    entries: pulumi.Output[list[dict[str, Any]]]
    enforced: pulumi.Output[bool]

    def __init__(
        self,
        resource_name: str,
        *,
        entries: pulumi.Input[Sequence[IpAllowlistEntry | Mapping[str, Any]]],
        enforced: pulumi.Input[bool] = True,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {"entries": entries, "enforced": enforced, "adopt": adopt},
            opts,
        )
