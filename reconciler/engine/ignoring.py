"""What in an object is left alone once it exists: what its lifecycle ignores, and what people leave behind by looking.
Pure.
"""

from functools import lru_cache

from msgspec import Struct

from reconciler.core.diff import diff
from reconciler.core.json import JsonObject
from reconciler.core.kind import Kind
from reconciler.core.resource import Lifecycle
from reconciler.core.selectors import Selector, as_in, parse_selector

_parsed = lru_cache(maxsize=1024)(parse_selector)


class Ignoring(Struct, frozen=True):
    """For one object: `authored` is what is declared, normalised."""

    kind: Kind
    lifecycle: Lifecycle
    authored: JsonObject

    def as_in(self, value: JsonObject, other: JsonObject) -> JsonObject:
        """`value` (normalised attributes) with what is ignored as it is in `other`."""
        if self.lifecycle.ui_state:
            value = self.kind.as_left(value, other, self.authored)
        selectors = tuple(rooted(_parsed(text), value, self.kind.body_key) for text in self.lifecycle.ignore_changes)
        return as_in(value, other, selectors, self.kind.identities)

    def hidden(self, before: JsonObject, after: JsonObject) -> tuple[str, ...]:
        """Where the author changed something that is ignored, in words."""
        kept = self.as_in(after, before)
        return tuple(self.kind.place(edit.path) for edit in diff(kept, after, identities=self.kind.identities))


def rooted(selector: Selector, value: JsonObject, body: str | None) -> Selector:
    """A selector from the object's root: people leave out the attribute that holds Grafana's own model."""
    return selector if body is None or selector.steps[0] in value else selector.below(body)
