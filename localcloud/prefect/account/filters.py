"""Filter bodies, which all list endpoints of the account API share."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from localcloud.prefect.account.store import Row, Store


class AnyOf(BaseModel):
    """`{"any_": [...]}`: one of these values; null or an absent list is no filter."""

    model_config = ConfigDict(extra="forbid")
    any_: list[str] | None = None


class Filter(BaseModel):
    """The fields to filter by; unknown ones are an error."""

    model_config = ConfigDict(extra="forbid")
    id: AnyOf | None = None
    name: AnyOf | None = None
    handle: AnyOf | None = None
    email: AnyOf | None = None


class Page(BaseModel):
    """The part of a list that is asked for."""

    limit: int = Field(200, ge=0, le=200)
    offset: int = Field(0, ge=0)


def select(
    rows: list[Row], wanted: Filter | None, page: Page, *names: str
) -> list[Row]:
    """Return the page of the rows that a filter lets through."""
    for name in ("id", *names):
        values = getattr(wanted, name).any_ if getattr(wanted, name, None) else None
        if values:
            rows = [row for row in rows if row[name] in values]
    return rows[page.offset : page.offset + page.limit]


def in_account(store: Store, table: str, account: Row, **where: Any) -> list[Row]:
    """Return the rows of a table that belong to an account."""
    return store.all(table, account_id=account["id"], **where)
