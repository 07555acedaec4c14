"""The conditions of policy statements.

After docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.
A statement applies when all of its conditions hold. A key that the request does not
have fails an operator, except a negated one, `…IfExists`, and `Null`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Context = Mapping[str, Sequence[str]]
Test = Callable[[str, str], bool]


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def like(value: str, pattern: str) -> bool:
    """Match a value against a pattern of `*` and `?`."""
    return _pattern(pattern).fullmatch(value) is not None


def _date(text: str) -> dt.datetime:
    if text.isdigit():
        return dt.datetime.fromtimestamp(int(text), dt.UTC)
    return dt.datetime.fromisoformat(text)


def _in_network(value: str, network: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)


_TESTS: dict[str, Test] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda value, want: value.lower() == want.lower(),
    "StringLike": like,
    "NumericEquals": lambda value, want: float(value) == float(want),
    "NumericLessThan": lambda value, want: float(value) < float(want),
    "NumericLessThanEquals": lambda value, want: float(value) <= float(want),
    "NumericGreaterThan": lambda value, want: float(value) > float(want),
    "NumericGreaterThanEquals": lambda value, want: float(value) >= float(want),
    "DateEquals": lambda value, want: _date(value) == _date(want),
    "DateLessThan": lambda value, want: _date(value) < _date(want),
    "DateLessThanEquals": lambda value, want: _date(value) <= _date(want),
    "DateGreaterThan": lambda value, want: _date(value) > _date(want),
    "DateGreaterThanEquals": lambda value, want: _date(value) >= _date(want),
    "Bool": lambda value, want: value.lower() == want.lower(),
    "BinaryEquals": str.__eq__,
    "IpAddress": _in_network,
    "ArnEquals": like,
    "ArnLike": like,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
NAMES = frozenset({"Null", *_TESTS, *_NEGATED})
"""AWS's condition operators, without what may stand before or behind them."""


def is_known(operator: str) -> bool:
    """Tell whether AWS has a condition operator of this name."""
    return operator.rpartition(":")[2].removesuffix("IfExists") in NAMES


def texts(value: Any) -> list[str]:
    """Return one or several values of a policy as texts: JSON has `true` and 5."""
    several = value if isinstance(value, list) else [value]
    return [
        str(each).lower() if isinstance(each, bool) else str(each) for each in several
    ]


def filled(text: str, context: Context) -> str:
    """Put the request's values in the place of variables such as `${aws:username}`."""

    def value(found: re.Match[str]) -> str:
        name, _, default = found[1].partition(",")
        given = context.get(name.strip().lower())
        return given[0] if given else default.strip().strip("'")

    return re.sub(r"\$\{([^}]*)\}", value, text)


def hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Tell whether all conditions of a statement hold; context keys are lower-case."""
    return all(
        _holds(
            operator, key, [filled(text, context) for text in texts(wanted)], context
        )
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    quantifier, _, name = operator.rpartition(":")
    given = context.get(key.lower())
    if name == "Null":
        return (given is None) == (wanted[0] == "true")
    base = name.removesuffix("IfExists")
    negated = base in _NEGATED
    if given is None:
        return negated or base != name or quantifier == "ForAllValues"
    test = _TESTS[_NEGATED.get(base, base)]
    # A negated operator holds for a value that equals none of those listed.
    results = [
        any(_try(test, value, want) for want in wanted) != negated for value in given
    ]
    return any(results) if quantifier == "ForAnyValue" else all(results)


def _try(test: Test, value: str, want: str) -> bool:
    try:
        return test(value, want)
    except ValueError:  # no number, date or address: it matches nothing
        return False
