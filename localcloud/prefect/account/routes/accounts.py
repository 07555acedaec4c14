"""The account itself: GET|PATCH /accounts/{id}."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from localcloud.prefect.account.access import AccountDep, StoreDep, permitted
from localcloud.prefect.account.store import Row

router = APIRouter(prefix="/accounts/{account_id}")

# The plan that the local account is on: everything is there.
PLAN = {
    "plan_type": "ENTERPRISE",
    "plan_tier": None,
    "self_serve": False,
    "sso_state": "none",
    "scim_state": "none",
    "image_location": None,
    "features": [
        "rbac",
        "object_acls",
        "service_accounts",
        "teams",
        "webhooks",
        "slas",
    ],
    "run_retention_days": 365,
    "audit_log_retention_days": 365,
    "automations_limit": 1000,
}


class AccountUpdate(BaseModel):
    """What may change of an account; what is not sent stays."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1)] | None = None
    handle: (
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] | None
    ) = None
    location: str | None = None
    link: str | None = None
    auth_expiration_seconds: Annotated[int, Field(gt=0)] | None = None


@router.get("", dependencies=[Depends(permitted("read:account"))])
async def read_account(account: AccountDep) -> Row:
    """Return the account."""
    return {**account, **PLAN}


@router.patch("", status_code=204, dependencies=[Depends(permitted("update:account"))])
async def update_account(
    body: AccountUpdate, account: AccountDep, store: StoreDep
) -> None:
    """Change the account."""
    changes = body.model_dump(exclude_unset=True)
    kept = {
        k: v for k, v in changes.items() if v is not None or k not in {"name", "handle"}
    }
    store.update("accounts", account["id"], **kept)
