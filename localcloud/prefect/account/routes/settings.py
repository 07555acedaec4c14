"""The account's settings, domains and IP allowlist.

GET|PATCH /settings takes the bare settings; GET|PATCH /domains; GET|PUT /ip_allowlist
replaces all entries; GET /ip_allowlist/my_access tells whether the caller's own address
is let in. Enforcement itself is in `access.py`.
"""

from ipaddress import ip_network

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, IPvAnyNetwork
from starlette.requests import Request

from localcloud.prefect.account import allowlist
from localcloud.prefect.account.access import AccountDep, StoreDep, permitted
from localcloud.prefect.account.store import Row, Store

router = APIRouter(prefix="/accounts/{account_id}")


class SettingsUpdate(BaseModel):
    """What may change of the settings; what is not sent stays."""

    model_config = ConfigDict(extra="forbid")
    allow_public_workspaces: bool | None = None
    ai_log_summaries: bool | None = None
    managed_execution: bool | None = None
    enforce_ip_allowlist: bool | None = None
    enforce_webhook_authentication: bool | None = None
    self_healing_enabled: bool | None = None


class DomainsUpdate(BaseModel):
    """All domain names of the account."""

    model_config = ConfigDict(extra="forbid")
    domain_names: list[str]


class Entry(BaseModel):
    """A network that is let in, while it is enabled."""

    ip_network: IPvAnyNetwork
    enabled: bool
    description: str | None = None
    last_seen: str | None = None


class Allowlist(BaseModel):
    """All entries."""

    model_config = ConfigDict(extra="forbid")
    entries: list[Entry]


@router.get("/settings", dependencies=[Depends(permitted("read:account"))])
async def read_settings(account: AccountDep) -> Row:
    """Return the settings."""
    return dict(account["settings"])


@router.patch(
    "/settings", status_code=204, dependencies=[Depends(permitted("update:account"))]
)
async def update_settings(
    body: SettingsUpdate, account: AccountDep, store: StoreDep
) -> None:
    """Change settings."""
    changed = {**account["settings"], **body.model_dump(exclude_none=True)}
    store.update("accounts", account["id"], settings=changed)


@router.get("/domains", dependencies=[Depends(permitted("read:account"))])
async def read_domains(account: AccountDep) -> list[Row]:
    """Return the account's domains."""
    return [
        {"name": name, "account_id": account["id"]} for name in account["domain_names"]
    ]


@router.patch(
    "/domains", status_code=204, dependencies=[Depends(permitted("update:account"))]
)
async def update_domains(
    body: DomainsUpdate, account: AccountDep, store: StoreDep
) -> None:
    """Replace the account's domains."""
    store.update("accounts", account["id"], domain_names=body.domain_names)


def _entries(store: Store, account: Row) -> Row:
    names = ("ip_network", "description", "last_seen")
    rows = store.all("ip_allowlist", account_id=account["id"])
    return {
        "entries": [
            {name: row[name] for name in names} | {"enabled": bool(row["enabled"])}
            for row in rows
        ]
    }


@router.get("/ip_allowlist", dependencies=[Depends(permitted("read:ip_allowlist"))])
async def read_allowlist(account: AccountDep, store: StoreDep) -> Row:
    """Return all entries."""
    return _entries(store, account)


@router.put(
    "/ip_allowlist",
    status_code=204,
    dependencies=[Depends(permitted("update:ip_allowlist"))],
)
async def update_allowlist(
    body: Allowlist, account: AccountDep, store: StoreDep
) -> None:
    """Replace all entries; what is known of a network's last visit stays."""
    with store.atomic():
        old = store.all("ip_allowlist", account_id=account["id"])
        seen = {row["ip_network"]: row["last_seen"] for row in old}
        for row in old:
            store.delete("ip_allowlist", row["id"])
        for entry in body.entries:
            network = str(ip_network(str(entry.ip_network), strict=False))
            store.insert(
                "ip_allowlist",
                account_id=account["id"],
                ip_network=network,
                enabled=entry.enabled,
                description=entry.description,
                last_seen=seen.get(network),
            )


@router.get("/ip_allowlist/my_access")
async def read_my_access(request: Request, account: AccountDep, store: StoreDep) -> Row:
    """Tell whether the caller's address is in the allowlist."""
    address = allowlist.address_of(request)
    allowed = allowlist.allows(store, account, address)
    word = "is" if allowed else "is not"
    return {"allowed": allowed, "detail": f"{address} {word} in the IP allowlist."}
