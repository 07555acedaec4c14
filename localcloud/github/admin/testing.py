"""What only tests need: secrets in plain text, other keys, and a later hour."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, PositiveInt, model_validator

from localcloud.github.admin.setup import repository_named
from localcloud.github.errors import NotFoundError
from localcloud.github.store import accounts, entries, environments, sealing
from localcloud.github.store.database import Database
from localcloud.github.store.entries import Holder, Kind


class _Collection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.ACTIONS_SECRET
    organization: str | None = None
    repository: str | None = None
    environment: str | None = None

    @model_validator(mode="after")
    def _one_owner(self) -> _Collection:
        if (self.organization is None) == (self.repository is None):
            raise ValueError("name either an organization or a repository")
        return self


class _Clock(BaseModel):
    model_config = ConfigDict(extra="forbid")

    advance_seconds: PositiveInt


def secrets(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """What the secrets of a collection say, by name; null if sealed to an old key."""
    holder = _holder(db, _Collection.model_validate(given))
    key = sealing.key_for(db, holder)
    opened = {entry.name: key.open(entry.value) for entry in entries.all_of(db, holder)}
    return {
        name: None if plain is None else plain.decode(errors="replace")
        for name, plain in opened.items()
    }


def new_key(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Give a collection another sealing key, as GitHub does from time to time."""
    holder = _holder(db, _Collection.model_validate(given))
    sealing.rotate(db, holder)
    return {"key_id": sealing.key_for(db, holder).key_id}


def clock(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Move the server's time forward."""
    db.advance_clock(_Clock.model_validate(given).advance_seconds)
    return {"now": db.now()}


def _holder(db: Database, asked: _Collection) -> Holder:
    if asked.organization is not None:
        account = accounts.by_login(db, asked.organization)
        if account is None:
            raise NotFoundError(f"There is no organization {asked.organization}.")
        return Holder(asked.kind, "organization", account.id)
    repository = repository_named(db, str(asked.repository))
    if asked.environment is None:
        return Holder(asked.kind, "repository", repository.id)
    environment = environments.by_name(db, repository, asked.environment)
    if environment is None:
        raise NotFoundError(
            f"{repository.full_name} has no environment {asked.environment}."
        )
    return Holder(asked.kind, "environment", environment.id)
