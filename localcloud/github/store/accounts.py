"""Users, organizations and who is a member of which."""

from __future__ import annotations

from typing import Literal

from localcloud.github.store.database import Database, Record

MembershipRole = Literal["admin", "member"]


class Account(Record):
    """A user or an organization; both share one space of logins and of ids."""

    id: int
    login: str
    type: Literal["User", "Organization"]
    name: str | None
    email: str | None
    site_admin: bool
    created_at: str
    updated_at: str


def create(
    db: Database,
    login: str,
    account_type: Literal["User", "Organization"],
    *,
    name: str | None = None,
    email: str | None = None,
    site_admin: bool = False,
) -> Account:
    """Add an account; the login must be free."""
    now = db.now()
    account_id = db.insert(
        "INSERT INTO accounts "
        "(login, type, name, email, site_admin, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        login,
        account_type,
        name,
        email,
        site_admin,
        now,
        now,
    )
    created = by_id(db, account_id)
    assert created is not None  # noqa: S101  inserted in this transaction
    return created


def by_login(db: Database, login: str) -> Account | None:
    """The account of that login, whatever its case."""
    return db.row(Account, "SELECT * FROM accounts WHERE login = ?", login)


def by_id(db: Database, account_id: int) -> Account | None:
    """The account of that id."""
    return db.row(Account, "SELECT * FROM accounts WHERE id = ?", account_id)


def membership(
    db: Database, organization_id: int, user_id: int
) -> MembershipRole | None:
    """The user's role in the organization, or None for an outsider."""
    role = db.value(
        "SELECT role FROM memberships WHERE organization_id = ? AND user_id = ?",
        organization_id,
        user_id,
    )
    return "admin" if role == "admin" else "member" if role == "member" else None


def set_membership(
    db: Database, organization_id: int, user_id: int, role: MembershipRole
) -> None:
    """Make the user a member of the organization, or change the role."""
    db.run(
        "INSERT INTO memberships VALUES (?, ?, ?) "
        "ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role",
        organization_id,
        user_id,
        role,
    )


def members(
    db: Database, organization_id: int, role: MembershipRole | None = None
) -> list[Account]:
    """The organization's members, by login."""
    return db.rows(
        Account,
        "SELECT accounts.* FROM accounts JOIN memberships ON user_id = accounts.id "
        "WHERE organization_id = ? AND (?2 IS NULL OR role = ?2) ORDER BY login",
        organization_id,
        role,
    )


def organizations_of(db: Database, user_id: int) -> list[Account]:
    """The organizations that the user belongs to, by login."""
    return db.rows(
        Account,
        "SELECT accounts.* FROM accounts "
        "JOIN memberships ON organization_id = accounts.id "
        "WHERE user_id = ? ORDER BY login",
        user_id,
    )
