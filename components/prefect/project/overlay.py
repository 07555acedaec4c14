"""What an environment changes of a prefect.yaml, which stays the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from components.kernel import Part

from .model import DeploymentEntry, Step

# All that fetch a git repository, under whichever of their names.
_CLONES: Final = {"git_clone", "agit_clone", "git_clone_project"}
_REFS: Final = ("branch", "tag", "commit")


class Overlay(Part):
    """What an environment changes of a deployment; what is not given stays.

    Attributes:
        work_pool: The pool that runs it.
        work_queue: The pool's queue.
        schedules: `off` lets its schedules rest; `on` leaves them as the file has them.
        paused: Whether it makes no runs at all by itself.
        branch, tag, commit: What of the git repository is pulled; one of the three.
        parameters: Parameters, over those of the file.
        job_variables: Job variables, over those of the file; mappings are merged.
        image_tag: The tag of the image in its job variables.
    """

    work_pool: str | None = None
    work_queue: str | None = None
    schedules: Literal["on", "off"] | None = None
    paused: bool | None = None
    branch: str | None = None
    tag: str | None = None
    commit: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    job_variables: dict[str, Any] = Field(default_factory=dict)
    image_tag: str | None = None

    @model_validator(mode="after")
    def _one_ref(self) -> Self:
        given = [ref for ref in _REFS if getattr(self, ref) is not None]
        if len(given) > 1:
            raise ValueError(f"has {' and '.join(given)}; keep one of them")
        return self

    @property
    def ref(self) -> dict[str, str | None]:
        """Return the inputs of a git_clone step that this sets; none for no change."""
        if self.commit:
            return {"commit_sha": self.commit, "branch": None}
        branch = self.branch or self.tag
        return {"branch": branch, "commit_sha": None} if branch else {}

    def over(self, base: Overlay) -> Overlay:
        """Return both in one, this one winning."""
        own = {
            name: value
            for name in Overlay.model_fields
            if (value := getattr(self, name)) not in (None, {})
        }
        below = {name: getattr(base, name) for name in Overlay.model_fields}
        if own.keys() & set(_REFS):
            below |= dict.fromkeys(_REFS)
        for name in ("parameters", "job_variables"):
            own[name] = merged(below[name], own.get(name, {}), deep=name[0] == "j")
        return Overlay.model_validate(below | own)


class GitSource(Part):
    """Where a project's code is, if it is not at hand.

    Attributes:
        url: The repository, as `git clone` takes it.
        ref: A branch, a tag or a commit; the default branch if not given.
        path: The project's folder in it.
    """

    url: str
    ref: str = "HEAD"
    path: str = "."


class FlowProjectSettings(Overlay):
    """A prefect.yaml and what this environment changes of it.

    Attributes:
        path: The project's folder, from the program's folder; `git` takes its place
            where the code is elsewhere.
        git: Where the code is, if it is in another repository.
        file: The name of the file in it.
        only: The names of the deployments to make; all if not given.
        watch: The files that build and push steps depend on, as glob patterns from
            the project's folder; all that are not hidden if not given.
        overrides: Further changes by the deployment's name.
    """

    path: str | None = None
    git: GitSource | None = None
    file: str = "prefect.yaml"
    only: list[str] | None = None
    watch: list[str] = Field(default=["**/*"])
    overrides: dict[str, Overlay] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.git is None):
            raise ValueError("needs one of `path` and `git`; give exactly one")
        return self

    def of(self, deployment: str) -> Overlay:
        """Return what is changed of one deployment."""
        return self.overrides.get(deployment, Overlay()).over(self)


def merged(
    base: Mapping[str, Any], over: Mapping[str, Any], *, deep: bool
) -> dict[str, Any]:
    """Put one mapping over another."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if deep and isinstance(below, Mapping) and isinstance(value, Mapping):
            value = merged(below, value, deep=True)  # noqa: PLW2901  # the merged one
        result[key] = value
    return result


def overlaid(entry: DeploymentEntry, overlay: Overlay) -> DeploymentEntry:
    """Return a deployment as the environment wants it, schedules and code aside.

    Raises:
        ValueError: There is no image whose tag could be changed.
    """
    pool = entry.work_pool
    variables = merged(pool.job_variables, overlay.job_variables, deep=True)
    if overlay.image_tag is not None:
        variables["image"] = _retagged(variables.get("image"), overlay.image_tag)
    changes: dict[str, Any] = {
        "parameters": merged(entry.parameters, overlay.parameters, deep=False),
        "work_pool": pool.model_copy(
            update={
                "name": overlay.work_pool or pool.name,
                "work_queue_name": overlay.work_queue
                # A queue belongs to its pool: another pool does not have it.
                or (pool.work_queue_name if not overlay.work_pool else None),
                "job_variables": variables,
            }
        ),
    }
    if overlay.paused is not None:
        changes["paused"] = overlay.paused
    return entry.model_copy(update=changes)


def _retagged(image: Any, tag: str) -> str:
    if not isinstance(image, str):
        raise ValueError(  # noqa: TRY004  # a fault of the config, told as such
            "has an image_tag in the stack's config, but no image in its job "
            "variables; add the image, or remove the tag"
        )
    name, colon, after = image.rpartition(":")
    # The colon of a registry's port has a slash behind it.
    untagged = name if colon and "/" not in after else image
    return f"{untagged.partition('@')[0]}:{tag}"


def pulled(steps: list[Step], overlay: Overlay) -> list[Step]:
    """Return pull steps that fetch the branch, tag or commit that is wanted.

    Raises:
        ValueError: None of them fetches a git repository.
    """
    ref = overlay.ref
    if not ref:
        return steps
    changed = [
        {
            function: {k: v for k, v in {**inputs, **ref}.items() if v is not None}
            if function.rpartition(".")[2] in _CLONES
            else inputs
            for function, inputs in step.items()
        }
        for step in steps
    ]
    if changed == steps and not any(
        function.rpartition(".")[2] in _CLONES for step in steps for function in step
    ):
        raise ValueError(
            "has a branch, tag or commit in the stack's config, but no git_clone "
            "step; add the step, or remove the ref"
        )
    return changed
