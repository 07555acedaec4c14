"""Users and their own keys: GET|PATCH /users/{id}, POST|GET|DELETE …/api_keys.

A user sees and changes itself only (403), as a service account does nobody.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from localcloud.prefect.account import keys
from localcloud.prefect.account.access import ActorDep, Forbidden, NotFound, StoreDep
from localcloud.prefect.account.store import Row

router = APIRouter(prefix="/users/{user_id}")


class UserUpdate(BaseModel):
    """What may change of a user; what is not sent stays."""

    model_config = ConfigDict(extra="forbid")
    handle: (
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] | None
    ) = None
    first_name: str | None = None
    last_name: str | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None


class KeyCreate(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=255)]
    expiration: datetime | None = None


async def user_of(user_id: UUID, actor: ActorDep) -> Row:
    """Return the user in the path, who must be the caller."""
    if actor.kind != "user" or actor.id != str(user_id):
        raise Forbidden("the key of that very user")
    return actor.row


UserDep = Annotated[Row, Depends(user_of)]


async def key_of(key_id: UUID, user: UserDep, store: StoreDep) -> Row:
    """Return the key in the path."""
    if (key := store.find("api_keys", id=str(key_id), user_id=user["id"])) is None:
        raise NotFound("API key")
    return key


KeyDep = Annotated[Row, Depends(key_of)]


@router.get("")
async def read_user(user: UserDep) -> Row:
    """Return the user."""
    return {**user, "settings": {}}


@router.patch("", status_code=204)
async def update_user(body: UserUpdate, user: UserDep, store: StoreDep) -> None:
    """Change the user."""
    store.update("users", user["id"], **body.model_dump(exclude_none=True))


@router.post("/api_keys", status_code=201)
async def create_key(body: KeyCreate, user: UserDep, store: StoreDep) -> Row:
    """Make a key; this answer alone holds it."""
    return keys.issue(store, body.name, body.expiration, user_id=user["id"])


@router.get("/api_keys")
async def read_keys(user: UserDep, store: StoreDep) -> list[Row]:
    """List the user's keys, masked."""
    return [keys.public(key) for key in store.all("api_keys", user_id=user["id"])]


@router.get("/api_keys/{key_id}")
async def read_key(key: KeyDep) -> Row:
    """Return one key, masked."""
    return keys.public(key)


@router.delete("/api_keys/{key_id}", status_code=204)
async def delete_key(key: KeyDep, store: StoreDep) -> None:
    """End a key."""
    store.delete("api_keys", key["id"])
