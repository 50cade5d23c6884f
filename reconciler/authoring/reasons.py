"""Why a value cannot be written where it comes from: each reason with its place, and what to do. Pure."""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.authoring.locating import Here
from reconciler.authoring.places import MISSING, Places, Spot
from reconciler.authoring.provenance import Provenance
from reconciler.core.errors import Diagnostic
from reconciler.core.json import Json, shown
from reconciler.core.resource import Resource
from reconciler.core.source import Mark


class Reasons(Struct):
    """Those of one object, in `found`."""

    provenance: Provenance
    resource: Resource
    places: Places
    found: list[Diagnostic] = field(default_factory=list)

    def authored(self, base: Spot | None) -> bool:
        """Whether an author wrote the object at all; noted where not."""
        if base is None or self.resource.origin:
            text = f"no file declares it: it is {self.resource.origin}"
            hint = "change what it comes from (the role, the base of a view), or put it back: `ggrec apply`"
            self.found.append(self._said("not-authored", text, hint, self.resource.source))
            return False
        return True

    def ours(self, here: Here, have: Any, want: Any) -> bool:
        """Whether a written place stands for this one value alone; the reason is noted where not."""
        spot = here.base
        if here.others:
            others = ", ".join(str(self.places.mark(other)) for other in here.others)
            text = f"{self._is(here, have)} behind an anchor, which others share ({others}); {_has(want)}"
            hint = "they would change too: write the value out here, or change it for all, and accept again"
            self.found.append(self._said("shared", text, hint, here.mark or self.places.mark(spot)))
            return False
        loop = self.places.loop(spot)
        if loop is not None:
            text = f"{self._is(here, have)} made by the for_each at {loop}; {_has(want)}"
            hint = "every round of the loop would change: change the loop, or take this one out of it, and accept again"
            self.found.append(self._said("from-loop", text, hint, self.places.mark(spot)))
            return False
        written = self.places.value(spot)
        if isinstance(written, str) and "${values." in written and have is not MISSING:
            origins = ", ".join(self.provenance.values_in(written))
            text = f"{self._is(here, have)} made with {origins}; {_has(want)}"
            hint = "change that value in ggrec.yaml, or write the text out here, and accept again"
            self.found.append(self._said("from-value", text, hint, self.places.mark(spot)))
            return False
        return True

    def ours_at(self, spot: Spot, here: Here, want: Json) -> bool:
        """Whether a list that is written at a place is this object's alone."""
        return self.ours(replace(here, base=spot, rest=()), MISSING, want)

    def not_here(self, here: Here, have: Any, want: Any) -> None:
        """Note that a value is not written in the object, and where it is."""
        origin = ", ".join(self.provenance.origin(self.resource, here.path, here.mark, here.node))
        text = f"{self._is(here, have)} from {origin or 'what is written above it'}; {_has(want)}"
        near = self.places.mark(here.base)
        hint = f"change it there for all that use it, or say it in the object itself (at {near}), and accept again"
        self.found.append(self._said("from-elsewhere", text, hint, here.mark or near))

    def bound(self, here: Here, there: Any, have: Json, want: Json) -> None:
        """Note that a value in a JSON file is filled in from an input or a value."""
        text = f"{self._is(here, have)} made of {shown(there)}, an input of the file or a value; {_has(want)}"
        hint = "change `inputs` of the Dashboard or the value, or write it out in the file, and accept again"
        self.found.append(self._said("from-value", text, hint, self.places.mark(here.base)))

    def worked_out(self, here: Here, there: Any, have: Json, want: Json) -> None:
        """Note that a value is made of something shorter which cannot say the other one."""
        text = f"{self._is(here, have)} made of {shown(there)}; {_has(want)}"
        hint = "write there what it comes from, or write it out in Grafana's form, and accept again"
        self.found.append(self._said("worked-out", text, hint, self.places.mark(here.base)))

    def _is(self, here: Here, have: Any) -> str:
        return f"{here.label} is new, and what it is in is" if have is MISSING else f"{here.label} is {shown(have)},"

    def _said(self, code: str, text: str, hint: str, where: Mark | None) -> Diagnostic:
        return Diagnostic(code, text, hint, where, str(self.resource.address))


def _has(want: Any) -> str:
    return "Grafana does not have it" if want is MISSING else f"Grafana has {shown(want)}"
