"""roles: who sees what, from the desired files alone."""

from enum import StrEnum
from typing import Annotated

from reconciler.authoring.role_findings import role_findings
from reconciler.cli.options import Option
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, InstanceOption, JsonOption, NoColorOption, Settings
from reconciler.core.errors import ExitCode
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Line, Span, count, line
from reconciler.render.plan_view import diagnostic_lines
from reconciler.render.roles_view import role_lines, role_markdown, roles_json


class Format(StrEnum):
    """How the matrix is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def roles(
    form: Annotated[Format, Option("--format", help="How to print the matrix.")] = Format.TEXT,
    check: Annotated[
        bool,
        Option(
            "--check",
            help="Also find dashboards that no role shows, roles without a default, links to what a role may not open; "
            "exit 1 if there are any.",
        ),
    ] = False,
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Who sees which dashboard, how much of it, and what opens first. Offline."""
    session = Session(Settings(instance, None, config, json or form is Format.JSON, no_color))
    resolved = session.resolved()
    found = role_findings(resolved.roles, resolved.resources) if check else ()
    code = ExitCode.ERROR if found else ExitCode.DONE
    if session.output.as_json:
        document = roles_json(resolved.roles)
        session.output.json({**document, "findings": [diagnostic_json(item) for item in found]} if check else document)
        return code
    if not resolved.roles:
        session.output.lines([line("No roles are declared. `kind: Role` says what one audience sees.")])
        return code
    if form is Format.MARKDOWN:
        session.output.text(role_markdown(resolved.roles))
    else:
        session.output.lines(role_lines(resolved.roles))
    lines: list[Line] = [part for item in found for part in diagnostic_lines(item, "warn")]
    if check:
        lines.append(line(Span(f"{count(len(found), 'finding')}.", "warn" if found else "good")))
    session.output.lines(lines)
    return code
