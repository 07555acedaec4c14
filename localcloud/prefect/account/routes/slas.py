"""Service level agreements: POST …/slas/apply-resource-slas/{resource_id}.

The list is the whole truth for the resource: names that are there are updated, new ones
made, absent ones deleted, and the answer says which. Exactly one of `duration`,
`stale_after`, `within` (with `expected_event` for freshness) says what sort it is.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from localcloud.prefect.account.access import MembershipDep, StoreDep, scoped
from localcloud.prefect.account.store import Row

router = APIRouter(prefix="/accounts/{account_id}/workspaces/{workspace_id}/slas")


# Clients send seconds; the Python client can send ISO 8601, too.
Seconds = Annotated[
    timedelta, Field(gt=timedelta(0)), PlainSerializer(timedelta.total_seconds)
]


class Sla(BaseModel):
    """One agreement."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=255)]
    severity: Literal["minor", "low", "moderate", "high", "critical"] = "moderate"
    enabled: bool = True
    owner_resource: str | None = None
    duration: Annotated[int, Field(gt=0)] | None = None
    stale_after: Seconds | None = None
    within: Seconds | None = None
    expected_event: str | None = None
    resource_match: dict[str, Any] | None = None

    @property
    def type(self) -> str:
        """The sort of agreement."""
        if self.duration is not None:
            return "TimeToCompletionSLA"
        if self.stale_after is not None:
            return "FrequencySLA"
        return "LatenessSLA" if self.expected_event is None else "FreshnessSLA"

    @model_validator(mode="after")
    def _is_of_one_sort(self) -> "Sla":
        sorts = (self.duration, self.stale_after, self.within)
        if sum(sort is not None for sort in sorts) != 1:
            raise ValueError(
                "exactly one of duration, stale_after and within is needed"
            )
        if self.expected_event is not None and self.within is None:
            raise ValueError("expected_event goes with within")
        return self


def _public(row: Row) -> Row:
    times = {name: row[name] for name in ("id", "created", "updated")}
    return {**times, **row["body"], "name": row["name"]}


@router.post(
    "/apply-resource-slas/{resource_id}",
    dependencies=[Depends(scoped("write_deployments"))],
)
async def apply_slas(
    resource_id: str, body: list[Sla], membership: MembershipDep, store: StoreDep
) -> Row:
    """Make the resource's agreements what the list says."""
    where = {"workspace_id": membership.workspace["id"], "resource_id": resource_id}
    answer: dict[str, list[Row]] = {"created": [], "updated": [], "deleted": []}
    with store.atomic():
        held = {row["name"]: row for row in store.all("slas", **where)}
        for sla in body:
            owned = sla.model_copy(update={"owner_resource": resource_id})
            content = owned.model_dump(exclude_none=True) | {"type": sla.type}
            if (old := held.pop(sla.name, None)) is None:
                row = store.insert("slas", **where, name=sla.name, body=content)
                answer["created"].append(_public(row))
            else:
                store.update("slas", old["id"], body=content)
                (row,) = store.all("slas", id=old["id"])
                answer["updated"].append(_public(row))
        for row in held.values():
            store.delete("slas", row["id"])
            answer["deleted"].append(_public(row))
    return answer
