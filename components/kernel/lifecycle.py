"""The life cycle that every kind shares: plain Python, no Pulumi.

Properties come in, properties go out; which engine or adapter they travel through is
not known here. What this module guarantees, whatever the kind:

- create is idempotent: a name that is taken is adopted if the object is what we would
  have made (a retried or crashed create) or what an earlier run had begun (see
  `journal`), refused with the differences otherwise;
- two resources never own one object, and renaming a resource in the program moves
  the object instead of destroying it (see `Claims`);
- update sends nothing where nothing changed; delete tolerates what is gone.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .check import check_properties
from .errors import (
    AlreadyExistsError,
    FlowgroundError,
    LostAnswerError,
    NameTakenError,
    NotFoundError,
    RefusedError,
    ServiceError,
    redact,
)
from .journal import Journal, mark_of
from .kind import differing
from .model import (
    Immutable,
    Local,
    Part,
    Properties,
    Secret,
    Stamp,
    UnmanagedIfUnset,
    WriteOnly,
    json_fields,
)
from .snapshot import Snapshots, Unreadable, id_of, key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping

    from .check import Failure
    from .kind import Api, Config, Kind
    from .model import Args

# Kept in state beside the outputs, for the kernel alone; the engine hides properties
# with two leading underscores from every display.
CLAIM: Final = "__claim"
LOOKUP: Final = "__lookup"
# What was looked up keeps the id that the program gave it, which is its key: the
# engine has no other way. The service's own id is told beside it.
FOUND_ID: Final = "__id"


class Live(NamedTuple):
    """What a read found: the outputs, and the same seen as inputs."""

    id: str
    outputs: Properties
    inputs: Properties


class Claims:
    """Which resource of the stack owns which object, as far as this process saw.

    State is keyed by resource name, the service by id. Renaming a resource in the
    program makes the engine create the "new" one (which adopts the object) and then
    delete the "old" one, which is the same object. Each resource therefore carries a
    token of its own, and a delete is let through only from the last to claim.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: dict[Hashable, str] = {}

    def keep(self, object_: Hashable, claim: str | None) -> None:
        """Note that a resource which stays in the stack owns the object."""
        if claim is not None:
            with self._lock:
                self._owner[object_] = claim

    def take(self, object_: Hashable) -> str | None:
        """Claim an object for a new resource; None if another has it."""
        with self._lock:
            if object_ in self._owner:
                return None
            claim = self._owner[object_] = uuid.uuid4().hex
            return claim

    def release(self, object_: Hashable, claim: str | None) -> bool:
        """Give an object up; False if another resource has claimed it since."""
        with self._lock:
            owner = self._owner.get(object_)
            if owner is not None and owner != claim:
                return False
            self._owner.pop(object_, None)
            return True


class Lifecycle:
    """The life cycle of one kind; shared by the threads of a provider process."""

    def __init__(self, kind: Kind[Any, Any, Any], config: Config | None = None) -> None:
        self.kind = kind
        self.config: Config = config or {}
        self.snapshots = Snapshots(kind)
        self.claims = Claims()

    @cached_property
    def journal(self) -> Journal:
        """What earlier runs have begun to make."""
        return Journal.of_environment()

    def check(
        self,
        props: Properties,
        *,
        unknown: Collection[str] = (),
        olds: Mapping[str, Any] | None = None,
    ) -> tuple[Properties, list[Failure]]:
        """Validate, fill defaults and bring into canonical form.

        `adopt` is looked at only while creating: later it stays as it was, so that
        adding or removing it is no change.
        """
        if olds:
            props = {k: v for k, v in props.items() if k != "adopt"}
            if "adopt" in olds:
                props["adopt"] = olds["adopt"]
        return check_properties(self.kind.args, props, unknown)

    def replaces(
        self, id_: str, olds: Mapping[str, Any], news: Properties
    ) -> list[str]:
        """Name the immutable properties that change, and so replace the object.

        What is unknown yet equals no known value, and so counts as changed.
        """
        changing = [
            field
            for field in sorted(self.kind.args.marked(Immutable))
            if olds.get(field) != news.get(field)
        ]
        if not changing:
            self.claims.keep(id_, olds.get(CLAIM))
        return changing

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Make the object, or adopt it; return its id and outputs."""
        args = self.kind.args.from_properties(inputs)
        with self._telling("create", args):
            api = self._connect(args)
            state, claim = self._create_or_adopt(api, args)
            id_ = id_of(state)
            self.snapshots.wrote(api, state, id_)
            return id_, self._outputs(state, inputs) | {CLAIM: claim}

    def _create_or_adopt(self, api: Api, args: Args) -> tuple[Args, str]:
        mark = mark_of(self.kind.token, api.scope, key_of(self.kind, args))
        begun = self.journal.has(mark)
        found = self._find(api, args)
        if found is None:
            self.journal.begin(mark)
            try:
                state: Args = self.kind.create(api, args)
            except (AlreadyExistsError, LostAnswerError):
                self.snapshots.wrote(api, args)
                found = self._find(api, args)
                if found is None:
                    raise
            else:
                self.journal.made(mark)
                return state, self._claim(state)
        claim = self._claim(found)  # first: adopting may change the object
        try:
            state = self._adopt(api, found, args, ours=begun or args.adopt)
        except BaseException as error:
            self.claims.release(id_of(found), claim)
            if isinstance(error, NameTakenError) and not begun:
                self.journal.withdraw(mark)
            raise
        self.journal.made(mark)
        return state, claim

    def _claim(self, state: Args) -> str:
        claim = self.claims.take(id_of(state))
        if claim is None:
            raise NameTakenError(
                "another resource of this stack already manages it; "
                "give this one a name of its own, or remove one of the two"
            )
        return claim

    def _adopt(self, api: Api, found: Args, args: Args, *, ours: bool) -> Args:
        write_only = self.kind.args.marked(WriteOnly)
        found = _leave_unmanaged(self.kind.recall(found, args), args)
        differs = sorted(self.kind.same(api, found, args))
        if differs and not ours and not self.kind.unfinished(found, args):
            raise NameTakenError(
                f"one of that name is already there and differs in "
                f"{', '.join(differs)}; set adopt=True to take it over and change it, "
                f"or choose another name"
            )
        fixed = [f for f in differs if f in self.kind.args.marked(Immutable)]
        if fixed:
            raise NameTakenError(
                f"one of that name is already there and cannot be adopted, because "
                f"its {', '.join(fixed)} cannot be changed; "
                f"delete it, or describe it as it is"
            )
        unseen = frozenset() if self.kind.sees_write_only else write_only
        if differs or self._minted or any(getattr(args, field) for field in unseen):
            adopted: Args = self.kind.update(api, found, args)
            return adopted
        return found

    def read(self, id_: str, props: Mapping[str, Any]) -> Live | None:
        """Read the live object, in one batch with all others of its kind.

        Returns:
            None if it is gone.

        Raises:
            NotFoundError: It was looked up by its key, and there is none.
        """
        # Of the state: what others made of the object may be nothing to ask for.
        args = self.kind.state.partial(props)
        with self._telling("read", args):
            if props.get(LOOKUP):
                return self._look_up(args)
            try:
                state = self.snapshots.by_id(self._connect(args), id_)
            except NotFoundError:
                return None  # what it lived in is gone, and it with it
            if isinstance(state, Unreadable):
                raise RefusedError(
                    f"it was changed into something this version cannot express "
                    f"({state.reason}); change it back, or upgrade flowground"
                )
            return None if state is None else self._live(state, props)

    def _look_up(self, args: Args) -> Live:
        found = self._find(self._connect(args), args)
        if found is None:
            raise NotFoundError(
                "there is none of that name; correct the name, or create it first"
            )
        outputs = found.to_properties() | {LOOKUP: True, FOUND_ID: id_of(found)}
        return Live(id_of(found), outputs, {**outputs})

    def _live(self, state: Args, props: Mapping[str, Any]) -> Live:
        known = dict(props)
        shown = state.to_properties()
        if any(
            props.get(stamp) not in (None, shown.get(stamp))
            for stamp in self.kind.state.marked(Stamp)
        ):
            for field in self.kind.args.marked(WriteOnly):
                known.pop(field, None)
        state = self.kind.recall(state, self.kind.state.partial(props))
        outputs = self._outputs(state, known)
        inputs = {k: v for k, v in outputs.items() if k in self.kind.args.model_fields}
        return Live(id_of(state), outputs, inputs)

    def update(self, id_: str, olds: Mapping[str, Any], news: Properties) -> Properties:
        """Send what changed, if anything; return full outputs."""
        args = self.kind.args.from_properties(news)
        with self._telling("update", args):
            old = _leave_unmanaged(self._state(id_, olds), args)
            if differing(old, args):
                api = self._connect(args)
                state = self.kind.update(api, old, args)
                for written in (old, state):  # the key may have changed
                    self.snapshots.wrote(api, written, id_)
            else:
                state = old
            kept = {k: v for k, v in olds.items() if k in self._minted | {CLAIM}}
            return self._outputs(state, {**kept, **news})

    def delete(self, id_: str, props: Mapping[str, Any]) -> None:
        """Delete the object, unless it is gone or another resource has it now."""
        if not self.claims.release(id_, props.get(CLAIM)):
            return
        state = self._state(id_, props)
        with self._telling("delete", state):
            api = self._connect(state)
            try:
                self.kind.delete(api, self._listed(api, state, id_))
            except NotFoundError:
                return
            finally:
                self.snapshots.wrote(api, state, id_)

    def _listed(self, api: Api, state: Args, id_: str) -> Args:
        """Return an object as its kind wants it deleted.

        One that is not listed is deleted as the state has it: the service knows best
        whether it is gone.
        """
        if not self.kind.deletes_as_listed:
            return state
        live = self.snapshots.by_id(api, id_)
        return live if isinstance(live, self.kind.state) else state

    @property
    def _minted(self) -> frozenset[str]:
        """Name what a service tells once: it cannot be had again, only made anew."""
        return self.kind.state.marked(WriteOnly).difference(self.kind.args.model_fields)

    def _find(self, api: Api, args: Args) -> Args | None:
        found: Args | None = self.kind.find(api, args, self.snapshots.by_key(api, args))
        return found

    def _outputs(self, state: Args, known: Mapping[str, Any]) -> Properties:
        """Write a state as outputs, completed by what the service does not tell.

        Args:
            state: What the service told.
            known: The properties that are known otherwise: inputs, or old outputs.
        """
        outputs = state.to_properties()
        del outputs["id"]  # the engine has it beside them
        for field in self.kind.args.marked(UnmanagedIfUnset) - set(known):
            outputs.pop(field, None)
        for field in self.kind.args.marked(Local) & set(known):
            outputs[field] = known[field]
        for field in self.kind.state.marked(WriteOnly) | {"adopt", CLAIM}:
            if field not in outputs and field in known:
                outputs[field] = known[field]
        return outputs

    def _state(self, id_: str, props: Mapping[str, Any]) -> Args:
        return self.kind.state.from_properties({**props, "id": id_})

    def _connect(self, args: Args) -> Api:
        api: Api = self.kind.connect(self.config, args)
        return api

    @contextmanager
    def _telling(self, verb: str, args: Args) -> Iterator[None]:
        """Turn a failure into one sentence about one object, free of secrets."""
        subject = self.kind.describe(args)
        try:
            yield
        except FlowgroundError as error:
            echoes = isinstance(error, ServiceError)
            told = redact(str(error), _told_values(args, echoes=echoes))
            error.args = (f"cannot {verb} {subject}: {told}",)
            raise


def _leave_unmanaged(old: Args, new: Args) -> Args:
    """Take what the program is silent about out of the comparison."""
    silent = [f for f in new.marked(UnmanagedIfUnset) if getattr(new, f) is None]
    return old.model_copy(update=dict.fromkeys(silent))


def _told_values(args: Args, *, echoes: bool) -> Iterator[str]:
    """Yield what an error's text may hold and nobody should read.

    Args:
        args: The object's.
        echoes: Whether the text is a service's, which may echo anything it was sent.
            Then JSON fields count: a program may put a secret into any of them, and
            the provider is not told which of its inputs are.
    """
    sealed = args.marked(Secret) | args.marked(WriteOnly)
    yield from texts_of(args.model_dump(include=set(sealed)))
    if echoes:
        yield from texts_of(args)


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text within a value, JSON fields included."""
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from texts_of(item)
        case list() | tuple() | frozenset():
            for item in value:
                yield from texts_of(item)
        case Part():
            for field in json_fields(type(value)):
                yield from texts_of(getattr(value, field, None))
