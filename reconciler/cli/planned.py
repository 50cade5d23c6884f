"""What plan and apply share: the inputs of a plan, and showing it."""

from collections.abc import Sequence

from reconciler.cli.session import Session
from reconciler.core.plan import Plan
from reconciler.core.ports import Reader
from reconciler.core.resource import Resource
from reconciler.core.state import State
from reconciler.engine.planner import Options
from reconciler.engine.planning import Inputs
from reconciler.render.json_view import plan_json
from reconciler.render.plan_view import PlanView, plan_lines


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


def show_plan(session: Session, found: Plan) -> None:
    """The plan, as text or JSON."""
    now = session.clock.now()
    if session.settings.json:
        session.output.json(plan_json(found, now=now, commit=session.commit))
        return
    body_keys = {name: kind.body_key for name, kind in session.registry.items()}
    view = PlanView(now, session.commit, body_keys, session.settings.verbose)
    session.output.lines(plan_lines(found, view))
