"""GitHub: by the client of the kinds, whose errors say what a 404 means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from components.github.client import connect
from components.github.place import Place
from components.kernel import AccessError, FlowgroundError, NotFoundError

from .clock import clock
from .finding import fine, stop, warn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from components.github.client import GithubApi

    from .finding import Finding
    from .patient import Patient

ABOUT: Final = "github"
# Fewer are soon gone: a stack's refresh takes a request for each thing it delivers.
_FEW_REQUESTS: Final = 100


def github(patient: Patient) -> Iterator[Finding]:
    """See that GitHub answers, and lets the credential deliver to the repository."""
    settings = patient.part("github")
    if settings is None:
        return
    repository = str(settings.get("repository", "")).lower()
    place = Place(repository=repository)
    try:
        api = connect(patient, place)
        found = api.look(place.path)
        if found is None:
            api.get(place.path)
            return
    except NotFoundError:
        said = (
            f"there is no {repository} that the credential may see; correct the name, "
            f"or give the credential access"
        )
        yield stop(ABOUT, "repository", said)
        return
    except AccessError as error:
        yield stop(ABOUT, "credential", str(error))
        return
    except FlowgroundError as error:
        yield stop(ABOUT, "reach", str(error))
        return
    yield fine(ABOUT, "reach", api.scope[0])
    yield from clock(ABOUT, found.at)
    if found.body.get("archived"):
        said = f"{repository} is archived, and takes no changes; unarchive it on GitHub"
        yield stop(ABOUT, "repository", said)
    else:
        yield fine(ABOUT, "repository", f"{found.body['full_name']} is there")
        yield from _role(found.body)
    yield from _permissions(api, settings)
    yield from _limit(api)


def _role(repository: Mapping[str, Any]) -> Iterator[Finding]:
    # An App has no role, and is told none.
    if (role := repository.get("permissions")) and not role.get("admin"):
        said = (
            "the token's owner is no admin, and nobody else makes environments; have "
            "an admin's token, or an App with the permission `administration`"
        )
        yield warn(ABOUT, "permission", said)


def _permissions(api: GithubApi, settings: dict[str, object]) -> Iterator[Finding]:
    """See what is delivered to, without delivering."""
    looked = {
        "environments": "?per_page=1",
        "actions/secrets/public-key": "",
        "actions/variables": "?per_page=1",
    }
    shared = settings.get("shared")
    if isinstance(shared, dict) and shared.get("dependabot"):
        looked["dependabot/secrets/public-key"] = ""
    for path, query in looked.items():
        what = path.removesuffix("/public-key").replace("/", " ")
        try:
            api.get(f"{api.place.path}/{path}{query}")
        except FlowgroundError as error:
            yield stop(ABOUT, "permission", f"may not see {what}: {error}")
        else:
            yield fine(ABOUT, "permission", f"may see {what}")


def _limit(api: GithubApi) -> Iterator[Finding]:
    found = api.look("/rate_limit")
    if found is None:  # an Enterprise server without limits
        return
    left = found.body["resources"]["core"]["remaining"]
    if left < _FEW_REQUESTS:
        yield warn(
            ABOUT, "limit", f"{left} requests are left this hour; wait for the next"
        )
    else:
        yield fine(ABOUT, "limit", f"{left} requests are left this hour")
