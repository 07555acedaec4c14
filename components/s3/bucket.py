"""A bucket of S3, and all that is set for it.

API: CreateBucket, HeadBucket, DeleteBucket, and a pair of calls for each setting (see
`bucket_parts`). Immutable: the name and the region. Quirks:

- No call lists buckets with their settings: each bucket is read by itself, its settings
  side by side.
- A name is unique in the world; where it is ours already, S3 in us-east-1 answers
  CreateBucket with success, elsewhere with 409.
- A bucket with objects, old versions or markers of deletions is not deleted, unless
  `force_destroy` is set.
- Whether versions were never kept or are no longer kept is one thing here: off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import pulumi

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    Config,
    DataLossError,
    NotFoundError,
    UnmanagedIfUnset,
    Wire,
    differing,
    kind,
)

from .base import S3Kind, S3Resource
from .bucket_contents import empty, holds_anything
from .bucket_lifecycle import LifecycleRule
from .bucket_model import BucketArgs, BucketState, PublicAccess
from .bucket_notification import Notification
from .bucket_parts import fields_of, read_parts, write_parts
from .client import S3Api, connect
from .policy import bucket_arn

# Where a bucket is of which nothing else is said.
_FIRST_REGION: Final = "us-east-1"
# CreateBucket refuses to be told these.
_WITHOUT_CONSTRAINT: Final = {None, _FIRST_REGION, "aws-global"}
# What AWS says of a bucket that was made a moment ago; to a HEAD only the status.
_NOT_YET: Final = ("NoSuchBucket", "404")


# What a bucket has that nobody has set anything for…
_NEW: Final = BucketArgs(name="new")
_OPEN: Final = PublicAccess(
    block_acls=False, ignore_acls=False, block_policy=False, restrict_access=False
)
# … at AWS and, where they differ, in its likes.
_MADE: Final[dict[str, tuple[Any, ...]]] = {
    "public_access": (PublicAccess(), _OPEN),
    "ownership": ("BucketOwnerEnforced", "ObjectWriter"),
    "notifications": (None, {}),
    "region": (),
}


@kind("s3:Bucket", key=("name",))
class BucketKind(S3Kind[BucketArgs, BucketState]):
    """The life cycle of a bucket."""

    def connect(self, config: Config, args: BucketArgs) -> S3Api:
        """Return the API of the one bucket."""
        region = getattr(args, "home_region", None) or args.region
        return connect(config, f"bucket/{args.name}", region)

    def list(self, api: S3Api) -> Iterable[Wire]:
        """Yield the bucket, if it is there."""
        name = api.place.partition("/")[2]
        try:
            yield _read(api, name)
        except NotFoundError:
            return

    def parse(self, api: S3Api, wire: Wire) -> BucketState:
        """Project the bucket on its canonical state."""
        name, arn = wire["id"], bucket_arn(api.partition, wire["id"])
        return BucketState(
            id=name,
            name=name,
            arn=arn,
            region=wire["region"],
            home_region=wire["region"],
            **fields_of(wire["parts"], arn),
        )

    def find(
        self, api: S3Api, args: BucketArgs, listed: BucketState | None
    ) -> BucketState | None:
        """Ask again: to create a bucket that is ours may be no error.

        What a create that was cut short left is for `create` to go on with.
        """
        del listed
        found = next((self.parse(api, wire) for wire in self.list(api)), None)
        looked_up = isinstance(args, BucketState)
        if found is None or looked_up or not self._begun(api, found, args):
            return found
        return None

    def create(self, api: S3Api, args: BucketArgs) -> BucketState:
        """Make the bucket, then set whatever it has not got yet."""
        region = args.region or api.client().meta.region_name
        try:
            api.call(
                "s3",
                "create_bucket",
                Bucket=args.name,
                ObjectOwnership=args.ownership,
                CreateBucketConfiguration=None
                if region in _WITHOUT_CONSTRAINT
                else {"LocationConstraint": region},
            )
        except AlreadyExistsError:
            # Of a lost answer, of a run that was cut short, or somebody else's.
            begun = self.parse(api, _read(api, args.name))
            if not self._begun(api, begun, args):
                raise
        new = api.awaiting(*_NOT_YET)
        return self.update(new, self.parse(api, _read(new, args.name)), args)

    def update(self, api: S3Api, old: BucketState, new: BucketArgs) -> BucketState:
        """Write the settings that changed, one after the other."""
        write_parts(api, new, differing(old, new))
        return BucketState(
            **{
                **dict(new),
                "id": old.id,
                "arn": old.arn,
                "region": old.home_region,
                "home_region": old.home_region,
            }
        )

    def delete(self, api: S3Api, state: BucketState) -> None:
        """Delete the bucket, if nothing is lost with it.

        Raises:
            DataLossError: It holds something, and `force_destroy` is not set.
        """
        if state.force_destroy:
            empty(api, state.name)
        elif holds_anything(api, state.name):
            raise DataLossError(
                "it holds objects, or old versions of them; set force_destroy=True "
                "and run `pulumi up` first if all of them may be lost"
            )
        api.call("s3", "delete_bucket", Bucket=state.name)

    def _begun(self, api: S3Api, found: BucketState, args: BucketArgs) -> bool:
        """Tell whether a bucket may be what a create of it left that was cut short.

        Which is an empty one, in which everything is either as it was asked for, or as
        AWS makes it.
        """
        silent = {f for f in args.marked(UnmanagedIfUnset) if getattr(args, f) is None}
        differs = set(self.same(api, found, args)) - silent
        return (
            bool(differs)
            and all(_as_made(found, field) for field in differs)
            and not holds_anything(api, found.name)
        )


def _as_made(found: BucketState, field: str) -> bool:
    value = getattr(found, field)
    return value in (_MADE[field] if field in _MADE else (getattr(_NEW, field),))


def _read(api: S3Api, name: str) -> Wire:
    try:
        head = api.call("s3", "head_bucket", Bucket=name)
    except AccessError as error:
        raise AccessError(
            f"{error}, or choose another name if the bucket is another account's",
            status=error.status,
        ) from None
    headers = head["ResponseMetadata"]["HTTPHeaders"]
    return {
        "id": name,
        "region": headers.get("x-amz-bucket-region") or _FIRST_REGION,
        "parts": read_parts(api, name),
    }


class Bucket(S3Resource, kind=BucketKind):
    """A bucket of S3, private to its account unless told otherwise.

    Args:
        resource_name: Its name in the program and in state.
        name: Its name, which no two buckets in the world share; the resource's name if
            not given. A change replaces it.
        region: Where it is; the region of the credential if not given. A change
            replaces it.
        versioning: Keep the old versions of objects that are replaced or deleted.
        encryption: With whose keys objects are encrypted: `s3` (S3's own), `kms`, or
            `kms-twice` (in two layers). `kms` if a `kms_key` is given.
        kms_key: The key's ARN, id or alias; AWS's own for S3 if not given.
        bucket_key: Have S3 derive the objects' keys, which makes for fewer and cheaper
            calls to KMS.
        public_access: What of public access is barred; all of it, if not given.
        ownership: Whose objects are: `BucketOwnerEnforced` (the bucket's; there are no
            ACLs), `BucketOwnerPreferred` or `ObjectWriter`.
        tls_only: Refuse plain HTTP, by a statement in the bucket's policy.
        policy: What else the policy says, as a document.
        lifecycle: What it does with objects that grow old: rules, by name.
        tags: Its tags; AWS's own are left alone.
        event_bridge: Tell EventBridge what happens to objects.
        notifications: Whom else to tell, by name. Somebody else's are left alone if
            not given; if given, there are no others.
        force_destroy: Let a destroy delete it with all objects and their versions.
        adopt: Take over a bucket of this account that has this name and differs.
        opts: Pulumi's resource options.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/creating-buckets-s3.html.
    """

    region: pulumi.Output[str | None]
    home_region: pulumi.Output[str]
    arn: pulumi.Output[str]
    versioning: pulumi.Output[bool]
    encryption: pulumi.Output[str]
    kms_key: pulumi.Output[str | None]
    bucket_key: pulumi.Output[bool]
    public_access: pulumi.Output[dict[str, bool]]
    ownership: pulumi.Output[str]
    tls_only: pulumi.Output[bool]
    policy: pulumi.Output[dict[str, Any] | None]
    lifecycle: pulumi.Output[dict[str, dict[str, Any]]]
    tags: pulumi.Output[dict[str, str]]
    event_bridge: pulumi.Output[bool]
    notifications: pulumi.Output[dict[str, dict[str, Any]] | None]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        versioning: pulumi.Input[bool] = False,
        encryption: pulumi.Input[Literal["s3", "kms", "kms-twice"]] | None = None,
        kms_key: pulumi.Input[str] | None = None,
        bucket_key: pulumi.Input[bool] = False,
        public_access: PublicAccess | Mapping[str, pulumi.Input[bool]] | None = None,
        ownership: pulumi.Input[str] = "BucketOwnerEnforced",
        tls_only: pulumi.Input[bool] = False,
        policy: pulumi.Input[Mapping[str, Any]] | None = None,
        lifecycle: Mapping[str, LifecycleRule | Mapping[str, Any]] | None = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        event_bridge: pulumi.Input[bool] = False,
        notifications: Mapping[str, Notification | Mapping[str, Any]] | None = None,
        force_destroy: pulumi.Input[bool] = False,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "region": region,
                "versioning": versioning,
                "encryption": encryption,
                "kms_key": kms_key,
                "bucket_key": bucket_key,
                "public_access": public_access,
                "ownership": ownership,
                "tls_only": tls_only,
                "policy": policy,
                "lifecycle": lifecycle,
                "tags": tags,
                "event_bridge": event_bridge,
                "notifications": notifications,
                "force_destroy": force_destroy,
                "adopt": adopt,
            },
            opts,
        )
