"""init, validate, render, schema, sandbox, version: what needs no Grafana."""

import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.authoring.roles import KIND as ROLE
from reconciler.authoring.roles import RoleSpec
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, InstanceOption, JsonOption, NoColorOption, Settings
from reconciler.core.errors import Diagnostic, ExitCode, GgrecError, Severity, UsageError
from reconciler.core.json import as_object
from reconciler.kinds import discover
from reconciler.loader.schema import document_schema, project_schema
from reconciler.loader.writing import write_files
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Line, Span, count, line
from reconciler.render.plan_schema import plan_schema
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
    folder: Annotated[Path, typer.Argument(help="Where to begin.")] = Path(),
) -> int:
    """Write a commented ggrec.yaml and a first desired folder. Overwrites nothing."""
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
    loaded, resolved = session.read()
    found = tuple(sorted((*loaded.diagnostics, *resolved.diagnostics), key=Diagnostic.sort_key))
    errors = sum(1 for item in found if item.severity is Severity.ERROR)
    if json:
        document = {"format": "ggrec/validation/v1", "files": len(loaded.files), "objects": len(resolved.resources),
                    "findings": [diagnostic_json(item) for item in found]}  # fmt: skip
        session.output.json(document)
        return ExitCode.ERROR if errors else ExitCode.DONE
    lines: list[Line] = []
    for item in found:
        style = "error" if item.severity is Severity.ERROR else "warn"
        head, *rest = diagnostic_lines(item, style)
        lines += [(head[0], Span(f"{item.severity}: ", style), *head[1:]), *rest]
    files = count(len(loaded.files), "file")
    if errors:
        warnings = len(found) - errors
        more = f", {count(warnings, 'warning')}" if warnings else ""
        lines.append(line(Span(f"{count(errors, 'error')}{more} in {files}.", "error")))
    else:
        lines.append(line(Span("Valid: ", "good"), f"{count(len(resolved.resources), 'object')} in {files}."))
    session.output.lines(lines)
    return ExitCode.ERROR if errors else ExitCode.DONE


def render(
    address: Annotated[str, typer.Argument(help="kind.name")],
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Print one object in full, as it would be sent: JSON."""
    session = Session(Settings(instance, None, config))
    resource = session.resource(session.resources(), address)
    kind = session.registry[resource.address.kind]
    body = as_object(resource.attributes.get(kind.body_key)) if kind.body_key else resource.attributes
    shown = {"uid": resource.uid, **body} if resource.uid else dict(body)
    session.output.text(jsonlib.dumps(shown, indent=2, ensure_ascii=False))
    return ExitCode.DONE


def schema(
    project: Annotated[bool, typer.Option("--project", help="The schema of ggrec.yaml instead.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="The schema of `ggrec plan --json` instead.")] = False,
) -> int:
    """Print the JSON Schema of desired files, for editors."""
    if project and plan:
        raise UsageError.one("one-schema", "--project and --plan ask for two schemas: give one of them")
    if plan:
        sys.stdout.write(jsonlib.dumps(plan_schema(), indent=2) + "\n")
        return ExitCode.DONE
    kinds = {kind.yaml_kind: kind.written or kind.spec for kind in discover().values()}
    found = project_schema() if project else document_schema({**kinds, ROLE: RoleSpec})
    sys.stdout.write(jsonlib.dumps(found, indent=2) + "\n")
    return ExitCode.DONE


def sandbox(
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="Port on loopback.")] = 3999,
    folder: Annotated[Path | None, typer.Option("--folder", help="Keep the objects here (default: in memory).")] = None,
) -> int:
    """Run an embedded Grafana API on loopback, to try and to test against."""
    from reconciler.sandbox import serve  # an extra of the package: imported where it is wanted

    try:
        serve(port, folder=folder)
    except ImportError as error:
        raise GgrecError.one("no-sandbox", str(error), hint="pip install 'ggrec[sandbox]'") from None
    return ExitCode.DONE


def version() -> int:
    """Print the version."""
    sys.stdout.write(f"ggrec {__version__}\n")
    return ExitCode.DONE
