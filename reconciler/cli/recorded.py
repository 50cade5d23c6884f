"""history RUN --plan: the plan of a run as it was shown before it began, in the forms that a plan has."""

from reconciler.cli.forms import Forms
from reconciler.cli.session import Session
from reconciler.core.state import Run
from reconciler.render.json_view import plan_json
from reconciler.render.plan_view import PlanView, plan_lines
from reconciler.render.run_view import planned_lines
from reconciler.store.recorded import read_record


def show_record(session: Session, run: Run, forms: Forms) -> None:
    """As text or JSON, and in the other forms that were asked for. Ages are those of then. Raises GgrecError where the
    run's record has no plan.
    """
    found = read_record(session.store, run, session.registry)
    made = found.made
    commit = made.commit if made is not None else run.commit
    if session.settings.json:
        document = plan_json(found.description, now=made.at if made is not None else run.started, commit=commit)
        if made is not None:
            saved = {"who": made.who, "expires": made.expires, "expired": run.started >= made.expires}
            document["saved"] = {**saved, "digest": run.plan_digest}
        facts = ("id", "who", "started", "commit", "pipeline", "command", "status")
        document["run"] = {name: getattr(run, name) for name in facts}
        session.output.json(document)
    else:
        by = (made.at, made.who) if made is not None else None
        view = PlanView(run.started, commit, session.registry, session.settings.verbose)
        lines = planned_lines(run, by, now=session.clock.now())
        session.output.lines([*lines, *plan_lines(found.description, view)])
    forms.write(session, found.description, commit)
