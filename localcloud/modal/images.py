"""Images: recorded as they are defined, and never built.

The local Python stands in for every image. What a definition says about the
environment (`ENV`, `WORKDIR`, files added with `copy=True`) is applied when a function
runs; what it would install is not.
"""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Iterator
from typing import NamedTuple

from modal_proto import api_pb2

from localcloud.modal import objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc
from localcloud.modal.store import Store

KIND = Kind("image", "im", frozenset())
SUCCESS = api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS)


class Applied(NamedTuple):
    """What of an image's definition takes effect without building it."""

    environment: dict[str, str]
    workdir: str
    mount_ids: list[str]


@rpc("ImageGetOrCreate")
def get_or_create(
    call: Call, request: api_pb2.ImageGetOrCreateRequest
) -> api_pb2.ImageGetOrCreateResponse:
    """Return the image of this definition, as if it were built at once."""
    app = call.object("app", request.app_id, Need.WRITE)
    definition = request.image.SerializeToString(deterministic=True)
    digest = hashlib.sha256(request.builder_version.encode() + definition).digest()
    image_id = call.store.value(
        "SELECT images.id FROM images JOIN objects USING (id) "
        "WHERE hash=? AND environment_id=?",
        digest,
        app["environment_id"],
    )
    if image_id is None:
        row = objects.create(call, KIND, app["environment_id"])
        image_id = row["id"]
        call.store.run(
            "INSERT INTO images VALUES (?, ?, ?, ?)",
            image_id,
            digest,
            definition,
            request.builder_version,
        )
    return api_pb2.ImageGetOrCreateResponse(
        image_id=image_id, result=SUCCESS, metadata=_metadata(call, image_id)
    )


@rpc("ImageJoinStreaming")
def join_streaming(
    call: Call, request: api_pb2.ImageJoinStreamingRequest
) -> Iterator[api_pb2.ImageJoinStreamingResponse]:
    """Report the end of the build, which was over before it began."""
    call.object(KIND.name, request.image_id, Need.READ)
    yield api_pb2.ImageJoinStreamingResponse(
        result=SUCCESS, eof=True, metadata=_metadata(call, request.image_id)
    )


@rpc("ImageFromId")
def from_id(
    call: Call, request: api_pb2.ImageFromIdRequest
) -> api_pb2.ImageFromIdResponse:
    """Look an image up by id."""
    row = call.object(KIND.name, request.image_id, Need.READ)
    return api_pb2.ImageFromIdResponse(
        image_id=row["id"], metadata=_metadata(call, row["id"])
    )


def applied(store: Store, image_id: str) -> Applied:
    """Collect what takes effect, from the base image up."""
    definition = store.value("SELECT definition FROM images WHERE id=?", image_id)
    if definition is None:
        return Applied({}, "", [])
    image = api_pb2.Image.FromString(definition)
    environment: dict[str, str] = {}
    workdir, mount_ids = "", []
    for base in image.base_images:
        below = applied(store, base.image_id)
        environment |= below.environment
        workdir = below.workdir or workdir
        mount_ids += below.mount_ids
    for command in image.dockerfile_commands:
        verb, _, rest = command.strip().partition(" ")
        if verb.upper() == "ENV":
            environment |= _pairs(rest)
        elif verb.upper() == "WORKDIR":
            workdir = rest.strip()
        elif verb.upper() == "COPY" and image.context_mount_id:
            mount_ids.append(image.context_mount_id)
    return Applied(environment, workdir, mount_ids)


def _pairs(text: str) -> dict[str, str]:
    """Read the arguments of `ENV`: `KEY=value`, quoted as a shell would."""
    words = shlex.split(text)
    if words and "=" not in words[0]:
        return {words[0]: " ".join(words[1:])}
    pairs = (word.partition("=") for word in words)
    return {key: value for key, _, value in pairs}


def _metadata(call: Call, image_id: str) -> api_pb2.ImageMetadata:
    version = sys.version_info
    return api_pb2.ImageMetadata(
        python_version_info=f"Python {version.major}.{version.minor}.{version.micro}",
        image_builder_version=call.store.value(
            "SELECT builder_version FROM images WHERE id=?", image_id
        ),
    )
