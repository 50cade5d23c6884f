"""What plan and apply share: the inputs of a plan, and showing it."""

from collections.abc import Sequence

from reconciler.cli.session import Session
from reconciler.core.plan import Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import Resource
from reconciler.core.state import State
from reconciler.engine.inputs import Inputs
from reconciler.engine.planner import Options
from reconciler.render.json_view import plan_json
from reconciler.render.plan_view import PlanView, plan_lines, saved_line
from reconciler.store.planfile import SavedPlan


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
    )


def show_plan(session: Session, found: Plan, saved: SavedPlan | None = None) -> None:
    """The plan, as text or JSON; where it was `saved`, also when and until when it may be applied."""
    now = session.clock.now()
    if session.settings.json:
        made = saved.made if saved is not None else None
        document = plan_json(found, now=made.at if made else now, commit=made.commit if made else session.commit)
        if saved is not None and made is not None:
            facts = {"who": made.who, "expires": made.expires, "expired": saved.expired(now), "digest": saved.digest}
            document["saved"] = facts
        session.output.json(document)
        return
    if saved is not None:
        session.output.lines([saved_line(saved.made.at, saved.made.expires, who=saved.made.who, now=now)])
    commit = saved.made.commit if saved is not None else session.commit
    view = PlanView(now, commit, session.registry, session.settings.verbose)
    session.output.lines(plan_lines(found, view))
