"""What plan, apply and rollback share: making a plan, showing and saving it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.cli.duration import later
from reconciler.cli.forms import Forms
from reconciler.cli.session import Session, new_lineage
from reconciler.cli.signals import Signals, run
from reconciler.cli.storing import user_name
from reconciler.core.description import Description, describe_plan
from reconciler.core.errors import ExitCode
from reconciler.core.json import digest
from reconciler.core.plan import Action, Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import Resource
from reconciler.core.state import State
from reconciler.engine.inputs import Inputs
from reconciler.engine.planner import Options
from reconciler.engine.planning import compute_plan, own_state
from reconciler.render.plan_view import PlanView, plan_lines, saved_line

if TYPE_CHECKING:
    from reconciler.store.planfile import SavedPlan

NO_FORMS = Forms()
_DAY = 86400.0


def inputs_of(
    session: Session, resources: Sequence[Resource], options: Options, state: State, reader: Reader
) -> Inputs:
    """Everything a plan of this session is made from."""
    return Inputs(
        resources=tuple(resources),
        state=state,
        reader=reader,
        store=session.store,
        registry=session.registry,
        secrets=session.secrets,
        audience=session.output,
        options=options,
        budget=session.budget,
        hints=session.hints,
        margin=session.instance.margin,
    )


def plan_now(session: Session, options: Options, *, live: bool = False) -> Plan:
    """A plan of what is declared by a reader, which cannot write; `live`: with what changed panels would show. Raises
    GgrecError.
    """
    made: list[Plan] = []

    async def work(signals: Signals) -> int:
        async with session.reader_beside(session.known) as (reader, (resources, stored)):
            state = own_state(stored, reader, lineage=new_lineage())
            found = await compute_plan(inputs_of(session, resources, options, state, reader))
            if live:
                from reconciler.cli.live_check import with_data  # imports what only this option needs

                found = await with_data(found, session, reader, resources)
            made.append(found)
        return ExitCode.DONE

    run(work)
    return made[0]


def show_plan(
    session: Session,
    plan: Plan,
    saved: "SavedPlan | None" = None,
    *,
    forms: Forms = NO_FORMS,
    declared: bool = False,
) -> Description:
    """The plan, as text or JSON, and in the other forms that were asked for; where it was `saved`, also when and until
    when it may be applied. Where it is of what is `declared` now, lines are those of the values. The result is what was
    shown.
    """
    now = session.clock.now()
    found = describe_plan(plan, session.registry)
    if declared and (forms.github or forms.sarif is not None):
        from reconciler.cli.places import with_places

        found = with_places(session, found)
    commit = saved.made.commit if saved is not None else session.commit
    if session.settings.json:
        from reconciler.render.json_view import plan_json

        made = saved.made if saved is not None else None
        document = plan_json(found, now=made.at if made else now, commit=commit)
        if saved is not None and made is not None:
            facts = {"who": made.who, "expires": made.expires, "expired": saved.expired(now), "digest": saved.digest}
            document["saved"] = facts
        session.output.json(document)
        forms.write(session, found, commit)
        return found
    fence = _fence(plan, commit) if forms.github else ""
    if fence:  # what is inside a plan must not command the pipeline
        session.output.text(f"::stop-commands::{fence}")
    if saved is not None:
        session.output.lines([saved_line(saved.made.at, saved.made.expires, who=saved.made.who, now=now)])
    view = PlanView(now, commit, session.registry, session.settings.verbose)
    session.output.lines(plan_lines(found, view))
    if forms.github:
        from reconciler.render.findings_view import plan_github

        session.output.text("\n".join([f"::{fence}::", *plan_github(found)]))
    forms.write(session, found, commit)
    return found


def with_touches(session: Session, plan: Plan) -> Plan:
    """The plan of what is declared now, with what else each change touches."""
    changed = [(change.address, change.uid) for change in plan.visible if change.action is not Action.CREATE]
    created = {change.address for change in plan.changes if change.action is Action.CREATE}
    if not changed and not created:
        return plan
    from reconciler.authoring.impact import impact  # a plan of nothing goes without

    state = session.desired.state
    found = impact(changed, state.resources, state.roles, session.registry, created)
    changes = (
        replace(item, touches=(*found[item.address], *item.touches)) if item.address in found else item
        for item in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def save_plan(session: Session, file: Path, found: Plan, ttl: float | None) -> str:
    """Save the plan; what to say of it."""
    now = session.clock.now()
    expires = later(now, _DAY if ttl is None else ttl)
    from reconciler.store.planfile import Made, write_plan

    write_plan(file, found, Made(now, expires, user_name(), session.commit))
    return f"Saved to {file}: `ggrec apply {file}` does exactly this, once, until {expires}."


def guarded(session: Session, asked: Options) -> Options:
    """What was asked, within the limits of the instance, and with what is acknowledged today."""
    return replace(
        asked,
        guard=session.instance.guard,
        protection=session.instance.protection,
        acknowledged=session.acknowledged,
        today=session.clock.now()[:10],
    )


def _fence(plan: Plan, commit: str) -> str:
    """A word that nobody can foresee who wrote a part of the plan."""
    from reconciler.store.planfile import plan_digest

    return digest(plan_digest(plan) + commit)
