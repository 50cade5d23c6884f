"""What one address needs, given what is desired, remembered and live. Pure.

Mostly that is nothing, which is seen without a look inside: only for the others the table (rows) is brought in, with
all that compares and merges.
"""

from reconciler.core.json import digest
from reconciler.core.state import Status
from reconciler.engine.situation import Bodies, Decision, Situation, held_for_a_day


def decide(situation: Situation, bodies: Bodies) -> Decision:
    """What follows for the address."""
    if _untouched(situation):
        return Decision()
    from reconciler.engine.rows import row_of

    return row_of(situation, bodies)


def _untouched(situation: Situation) -> bool:
    """Whether nothing is different: the digest of what is declared, the revision and the digest of what is live, and
    everything else that the state remembers. Then nobody has to look inside (what `rows` would come to as well).
    """
    resource, entry, live = situation.resource, situation.entry, situation.live
    return (
        resource is not None
        and entry is not None
        and live is not None
        and entry.applied is not None
        and entry.applied == situation.declared
        and entry.revision == live.revision
        and entry.status is Status.OK
        and entry.depends_on == resource.depends_on
        and entry.protected == resource.lifecycle.prevent_destroy
        and resource.uid in (None, entry.uid)
        and situation.intent is None
        and situation.moved_from is None
        and not situation.secrets.all
        and not held_for_a_day(situation)
        and (situation.unchanged or digest(live.attributes) == entry.observed)
        and not situation.kind.outstanding(resource, live)
    )
