"""Whatever a program writes for a kind, its check tells all that is wrong, or nothing.

This is what `Check` of the provider rests on, which every preview calls for every
resource; so it is also why nothing is made of a program that has a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from components.kernel.inputs import InputError, to_inputs
from components.kernel.kind import differing
from components.kernel.lifecycle import Lifecycle
from components.kernel.model import Secret, WriteOnly, canonical_json
from tests.fuzz.nasty import bent, texts, unpacked
from tests.fuzz.samples import every_kind, of_kind
from tests.fuzz.sentences import must_be_clear
from tests.unit.kernel.values import across_the_border, as_floats, exactly

if TYPE_CHECKING:
    from components.kernel import Args, Kind
    from components.kernel.check import Failure
    from tests.contract.sample import Properties

# A shorter text occurs in a sentence by chance.
_TELLING = 8


class Written(NamedTuple):
    """What a program might write.

    Attributes:
        kind: Of which kind.
        props: The properties, as they arrive at the provider.
    """

    kind: Kind[Any, Any, Any]
    props: Properties


def written(kind: Kind[Any, Any, Any]) -> st.SearchStrategy[Written]:
    """Draw bent inputs of a kind."""
    seeds = st.sampled_from(of_kind(kind))
    # The engine sends a mapping, whatever is in it.
    props = seeds.flatmap(bent).filter(lambda value: isinstance(value, dict))
    return st.builds(Written, st.just(kind), props.map(as_floats))


def of_any_kind() -> st.SearchStrategy[Written]:
    """Draw bent inputs of any kind that there is."""
    return st.sampled_from([*every_kind().values()]).flatmap(written)


def is_told_or_canonical(case: Written) -> None:
    """See that bad inputs are told clearly, and good ones come out canonical."""
    lifecycle = Lifecycle(case.kind)
    inputs, failures = lifecycle.check(case.props)
    if failures:
        assert inputs == case.props or inputs != inputs  # noqa: PLR0124  # NaN
        are_clear(failures, case)
        return
    arrived = across_the_border(inputs)
    again, failures = lifecycle.check(arrived)
    assert failures == []
    assert exactly(again) == exactly(inputs)
    assert lifecycle.replaces("id", inputs, again) == []
    canonical_json(inputs)  # as state is written
    read = case.kind.args.from_properties
    assert differing(read(inputs), read(again)) == []


def is_sent_or_told(case: Written) -> None:
    """See that what a program holds becomes properties, or is told by its field.

    What is sealed would be an output, which only a running program can wait for.
    """
    sealed = case.kind.args.marked(Secret) | case.kind.args.marked(WriteOnly)
    given = {k: v for k, v in unpacked(case.props).items() if k not in sealed}
    try:
        to_inputs(case.kind.args, given)
    except InputError as error:
        told = str(error)
    else:
        return
    must_be_clear(told)
    assert told.startswith(tuple(given))


def are_clear(failures: list[Failure], case: Written) -> None:
    """See that each failure names its field in a sentence, and no secret."""
    hidden = set(_hidden(case.kind.args, case.props))
    for path, reason in failures:
        must_be_clear(path)
        must_be_clear(reason)
        leaked = {text for text in hidden if text in reason or text in path}
        assert not leaked, f"{path}: the text of a secret is told"


def _hidden(args: type[Args], props: Properties) -> list[str]:
    """Return the texts of sealed fields that stand nowhere else."""
    sealed = args.marked(Secret) | args.marked(WriteOnly)
    open_ = {key: value for key, value in props.items() if key not in sealed}
    shown = "\0".join([*texts(open_), *open_])
    kept = (text for name in sealed for text in texts(props.get(name)))
    return [text for text in kept if len(text) >= _TELLING and text not in shown]
