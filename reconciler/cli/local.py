"""init, validate, render, sandbox: what needs no Grafana."""

import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated

from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, InstanceOption, JsonOption, NoColorOption, Settings
from reconciler.core.errors import ExitCode, GgrecError, Severity
from reconciler.core.json import as_object
from reconciler.core.lazy import whole
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Line, Span, count, line
from reconciler.render.plan_view import diagnostic_lines

_PROJECT = """\
# What ggrec works on. `ggrec plan` compares the desired folder with the default instance.
apiVersion: ggrec/v1
kind: Project
metadata:
  name: {name}
spec:
  desired: desired/
  default: sandbox
  instances:
    # `ggrec sandbox` in another terminal gives you a Grafana to try on.
    sandbox:
      url: http://127.0.0.1:3999
      auth:
        user: admin
        password: ${{env:GRAFANA_PASSWORD:-admin}}
      state: state/sandbox
    # A real one. Secrets are always references; the token is of a service account with the role Admin.
    production:
      url: ${{env:GRAFANA_URL:-https://grafana.example.org}}
      auth:
        token: ${{env:GRAFANA_TOKEN}}
      state: state/production
      guard:  # the most deletes of one kind that a plan may hold
        max_deletes: 10
        max_delete_share: 0.5
"""


def init(
    folder: Annotated[Path, Argument(help="Where to begin.")] = Path(),
) -> int:
    """Write a commented ggrec.yaml and a first desired folder. Overwrites nothing."""
    from reconciler.kinds import discover
    from reconciler.loader.writing import write_files

    documents = discover()["dashboard"].example.split("---\n")
    files = {
        "ggrec.yaml": _PROJECT.format(name=folder.resolve().name.lower()[:40] or "project"),
        "desired/folders.yaml": "# A folder: the name is its uid in Grafana.\n" + documents[0],
        "desired/datasources.yaml": "# Where dashboards get their data from.\n" + documents[1],
        "desired/dashboards.yaml": "# A dashboard: panels in reading order; ids and places are worked out.\n"
        + documents[2],
    }
    for path in write_files(folder, files):
        sys.stdout.write(f"wrote {path}\n")
    sys.stdout.write("Next: `ggrec sandbox` in another terminal, then `ggrec plan`.\n")
    return ExitCode.DONE


def validate(
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Read everything, offline, and say everything that is wrong at once."""
    session = Session(Settings(instance, None, config, json, no_color))
    state = session.desired.state
    found = state.diagnostics
    errors = sum(1 for item in found if item.severity is Severity.ERROR)
    if json:
        document = {"format": "ggrec/validation/v1", "files": len(state.files), "objects": len(state.resources),
                    "findings": [diagnostic_json(item) for item in found]}  # fmt: skip
        session.output.json(document)
        return ExitCode.ERROR if errors else ExitCode.DONE
    lines: list[Line] = []
    for item in found:
        style = "error" if item.severity is Severity.ERROR else "warn"
        head, *rest = diagnostic_lines(item, style)
        lines += [(head[0], Span(f"{item.severity}: ", style), *head[1:]), *rest]
    files = count(len(state.files), "file")
    if errors:
        warnings = len(found) - errors
        more = f", {count(warnings, 'warning')}" if warnings else ""
        lines.append(line(Span(f"{count(errors, 'error')}{more} in {files}.", "error")))
    else:
        lines.append(line(Span("Valid: ", "good"), f"{count(len(state.resources), 'object')} in {files}."))
    session.output.lines(lines)
    return ExitCode.ERROR if errors else ExitCode.DONE


def render(
    address: Annotated[str, Argument(help="kind.name")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Print one object in full, as it would be sent: JSON."""
    session = Session(Settings(instance, None, config))
    resource = session.resource(session.resources(), address)
    kind = session.registry[resource.address.kind]
    attributes = whole(resource.attributes)
    body = as_object(attributes.get(kind.body_key)) if kind.body_key else attributes
    shown = {"uid": resource.uid, **body} if resource.uid else dict(body)
    session.output.text(jsonlib.dumps(shown, indent=2, ensure_ascii=False))
    return ExitCode.DONE


def sandbox(
    port: Annotated[int, Option("--port", "-p", min=0, max=65535, help="Port on loopback.")] = 3999,
    folder: Annotated[Path | None, Option("--folder", help="Keep the objects here (default: in memory).")] = None,
) -> int:
    """Run an embedded Grafana API on loopback, to try and to test against."""
    from reconciler import datasources
    from reconciler.sandbox import World, serve  # an extra of the package: imported where it is wanted

    try:
        serve(port, World(folder=folder, asks=datasources))
    except ImportError as error:
        raise GgrecError.one("no-sandbox", str(error), hint="pip install 'ggrec[sandbox]'") from None
    return ExitCode.DONE
