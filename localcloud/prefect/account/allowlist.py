"""The account's IP allowlist: which addresses its API answers, once it is enforced."""

from ipaddress import ip_address, ip_network

from starlette.requests import HTTPConnection

from localcloud.prefect.account.store import Row, Store, now

# Those who manage the allowlist reach it from anywhere: nobody could let them in again.
ALWAYS_OPEN = ("/settings", "/ip_allowlist", "/ip_allowlist/my_access")
MANAGE = "update:ip_allowlist"


def address_of(connection: HTTPConnection) -> str:
    """Return the address that a request comes from."""
    return connection.client.host if connection.client else "0.0.0.0"  # noqa: S104 - nowhere


def allows(store: Store, account: Row, address: str) -> bool:
    """Tell whether an enabled entry holds an address, and note the visit."""
    for row in store.all("ip_allowlist", account_id=account["id"], enabled=1):
        if ip_address(address) in ip_network(row["ip_network"]):
            store.update("ip_allowlist", row["id"], last_seen=now())
            return True
    return False


def refuses(
    store: Store, account: Row, permissions: frozenset[str], connection: HTTPConnection
) -> bool:
    """Tell whether the allowlist keeps a request out."""
    if not account["settings"].get("enforce_ip_allowlist"):
        return False
    if MANAGE in permissions and connection.scope["path"].endswith(ALWAYS_OPEN):
        return False
    return not allows(store, account, address_of(connection))
