"""Objects of alert notification that are known by their names and nothing else: how all of them are listed, read,
made, changed and deleted over /apis. What is different is each sort's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.call import Call, Reply, status
from reconciler.sandbox.notified import Kept, changed, denied, kept, listing, uid_of

Item = dict[str, Any]


def _nobody(call: Call, item: Item) -> Reply | None:
    return None


def _nothing(call: Call, old: str, new: str) -> None:
    return None


@dataclass(frozen=True)
class ByName:
    """One sort. `shown` is an object as it is answered; `taken` what is sent, as it is kept, or why not; `listed` what
    is listed before those that are kept, which are `ordered` by name or as they came; `used` why one cannot go;
    `renamed` follows another name.
    """

    plural: str
    kind: str
    code: str
    called: str
    shown: Callable[[Call, Item], Item]
    taken: Callable[[Call], Item | Reply]
    absent: Callable[[Call], Reply]
    listed: Callable[[Call], Kept] = lambda call: []
    ordered: bool = False
    used: Callable[[Call, Item], Reply | None] = _nobody
    renamed: Callable[[Call, str, str], None] = _nothing

    def kept(self, call: Call) -> Kept:
        """Those of the organisation, in their order."""
        return kept(call.org, self.plural)

    def list_(self, call: Call) -> Reply:
        """All of them."""
        there = sorted(self.kept(call), key=lambda item: str(item["name"])) if self.ordered else self.kept(call)
        items = [self.shown(call, item) for item in there]
        return listing(self.kind, [*self.listed(call), *items])

    def read(self, call: Call) -> Reply:
        """One, by the uid that follows from its name."""
        found = self._find(call)
        return Reply(200, self.shown(call, found)) if found else self.absent(call)

    def create(self, call: Call) -> Reply:
        """POST: the name must be free (400)."""
        if not call.user.may_edit(call.org.id):
            return denied("create")
        taken = self.taken(call)
        if isinstance(taken, Reply):
            return taken
        if any(item["name"] == taken["name"] for item in self.kept(call)):
            text = f"{self.called} with this name already exists. Use a different name or update existing one."
            return status(400, text, "BadRequest", uid=f"{self.code}.nameExists")
        self.kept(call).append(taken)
        return Reply(201, self.shown(call, taken))

    def update(self, call: Call) -> Reply:
        """PUT: a revision, if one is sent, must be the present one; another name goes into all that names it."""
        if not call.user.may_edit(call.org.id):
            return denied("update")
        found = self._find(call)
        if found is None:
            return self.absent(call)
        taken = self.taken(call)
        if isinstance(taken, Reply):
            return taken
        refusal = self._not_now(call, found, (call.fields.get("metadata") or {}).get("resourceVersion"))
        if refusal is not None:
            return refusal
        if taken["name"] != found["name"]:
            self.renamed(call, found["name"], taken["name"])
        found.update(taken)
        return Reply(200, self.shown(call, found))

    def delete(self, call: Call) -> Reply:
        """DELETE: refused while it is in use, and with a revision that is not the present one."""
        if not call.user.may_edit(call.org.id):
            return denied("delete")
        found = self._find(call)
        if found is None:
            return self.absent(call)
        refusal = self._not_now(call, found, (call.fields.get("preconditions") or {}).get("resourceVersion"))
        refusal = refusal or self.used(call, found)
        if refusal is not None:
            return refusal
        last = self.shown(call, found)
        self.kept(call).remove(found)
        return Reply(200, last)

    def _find(self, call: Call) -> Item | None:
        return next((item for item in self.kept(call) if uid_of(item["name"]) == call.parts["uid"]), None)

    def _not_now(self, call: Call, found: Item, version: str | None) -> Reply | None:
        if version and version != self.shown(call, found)["metadata"]["resourceVersion"]:
            return status(409, "Conflict", "Conflict", uid="alerting.notifications.conflict")
        return changed(found)
