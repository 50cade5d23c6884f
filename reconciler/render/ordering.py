"""In which order a reviewer should look at the objects of a plan, and what a plan comes to in a sentence."""

from reconciler.core.description import DescribedChange, Description
from reconciler.core.plan import Action
from reconciler.core.semantic import CLASSES

ORDER = {name: place for place, name in enumerate(CLASSES)}


def by_weight(found: Description) -> list[DescribedChange]:
    """What takes away first, then what opens doors, and so on; of one class the largest first."""
    return sorted(found.changes, key=lambda item: (_rank(item), -len(item.rows), str(item.change.address)))


def _rank(item: DescribedChange) -> int:
    if item.change.action in {Action.DELETE, Action.REPLACE}:
        return -1
    return min((ORDER[row.change_class] for row in item.rows), default=len(ORDER))


def counts_text(found: Description) -> str:
    """`1 to create, 2 to update, 41 unchanged; 1 changed outside`."""
    plan = found.plan
    parts = [
        f"{plan.count(action)} to {action}" for action in Action if action is not Action.NO_OP and plan.count(action)
    ]
    parts = parts or ["no changes"]
    return f"{', '.join(parts)}, {plan.unchanged:,} unchanged" + (
        f"; {len(plan.drift)} changed outside" if plan.drift else ""
    )
