"""API keys: `pnu_…` of users, `pnb_…` of service accounts, `pnr_…` of runs.

A key is 36 random characters, shown once; what is kept is its SHA-256, which for a
random key needs no salt or stretching.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from localcloud.credentials import token
from localcloud.prefect.account.store import Row, Store

MAX_OVERLAP = timedelta(hours=48)  # Prefect Cloud's limit for a rotated key


def digest(key: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def moment(time: datetime | None) -> str | None:
    """Return a time as it is stored: UTC."""
    if time is None:
        return None
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).isoformat()


def is_live(key: Row, at: datetime | None = None) -> bool:
    """Tell whether a key has not expired."""
    at = at or datetime.now(UTC)
    expiration = key["expiration"]
    return expiration is None or datetime.fromisoformat(expiration) > at


def issue(
    store: Store,
    name: str,
    expiration: datetime | None,
    *,
    user_id: str | None = None,
    bot_id: str | None = None,
    secret: str | None = None,
) -> Row:
    """Make a key for a user or a service account; its `key` is not stored."""
    secret = secret or token("pnu_" if user_id else "pnb_")()
    row = store.insert(
        "api_keys",
        name=name,
        hash=digest(secret),
        masked_key=f"{secret[:4]}…{secret[-4:]}",
        expiration=moment(expiration),
        user_id=user_id,
        bot_id=bot_id,
    )
    return {**public(row), "key": secret}


def issue_for_run(store: Store, workspace_id: str) -> Row:
    """Make a key that lets what a push work pool runs into its workspace.

    It has no end of its own: who made it deletes it from `run_keys` when the run is
    over.
    """
    secret = token("pnr_")()
    row = store.insert("run_keys", hash=digest(secret), workspace_id=workspace_id)
    return {"id": row["id"], "key": secret}


def public(row: Row) -> Row:
    """Return what the API tells of a key after its making."""
    return {k: row[k] for k in ("id", "created", "name", "expiration", "masked_key")}


def active(store: Store, bot_id: str) -> Row:
    """Return the present key of a service account."""
    return store.query(
        "SELECT * FROM api_keys WHERE bot_id = ? AND active ORDER BY created DESC",
        bot_id,
    )[0]


def rotate(
    store: Store, bot: Row, expiration: datetime | None, overlap: timedelta | None
) -> Row:
    """Replace a service account's key; the old one ends after the overlap, or now."""
    with store.atomic():
        old = active(store, bot["id"])
        if overlap is None:
            store.delete("api_keys", old["id"])
        else:
            end = datetime.now(UTC) + overlap
            if is_live(old, end):  # never lengthen the life of a key
                store.update("api_keys", old["id"], expiration=moment(end), active=0)
            else:
                store.update("api_keys", old["id"], active=0)
        return issue(store, bot["name"], expiration, bot_id=bot["id"])
