"""What is wrong with a query: where in the dashboard, where in its text, and the code under which it is explained."""

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.source import Path

WRONG = frozenset(
    {
        "aggregation-id-twice", "aggregation-of-wrong-type", "lucene-syntax", "no-aggregation", "promql-syntax",
        "quantile-without-le", "unknown-field", "unknown-label", "unknown-metric",
    }
)  # fmt: skip
"""The codes of what cannot be meant: the query fails, or gives nothing. The others may have their reasons."""


class Finding(Struct, frozen=True):
    """One finding. `path` leads to the text inside the dashboard's model, `offset` into the text (characters from 0).
    `place` is how people call where it is: `panel "Orders", query A`. `code` has a page (see explanations).
    """

    address: Address
    path: Path
    offset: int
    code: str
    message: str
    hint: str
    place: str
    title: str
    """Of the panel, or the name of the variable or annotation query."""
