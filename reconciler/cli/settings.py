"""The options that every command takes, once."""

from pathlib import Path
from typing import Annotated

from msgspec import Struct

from reconciler.cli.duration import seconds
from reconciler.cli.options import Option
from reconciler.core.conflicts import Policy, stop

_GRAFANA = "Which Grafana"
_OUTPUT = "Output"

InstanceOption = Annotated[
    str | None, Option("--instance", "-i", help="Instance of ggrec.yaml.", rich_help_panel=_GRAFANA)
]
UrlOption = Annotated[str | None, Option("--url", help="Grafana's address; wins over all.", rich_help_panel=_GRAFANA)]
ConfigOption = Annotated[Path | None, Option("--config", help="The ggrec.yaml to use.", rich_help_panel=_GRAFANA)]
JsonOption = Annotated[bool, Option("--json", help="Print JSON (docs/json.md).", rich_help_panel=_OUTPUT)]
NoColorOption = Annotated[bool, Option("--no-color", help="No colour (also NO_COLOR).", rich_help_panel=_OUTPUT)]
VerboseOption = Annotated[
    bool, Option("--verbose", "-v", help="Every request, and nothing folded.", rich_help_panel=_OUTPUT)
]
ParallelismOption = Annotated[
    int, Option("--parallelism", min=1, max=16, help="Dashboards written at once.", rich_help_panel=_GRAFANA)
]
TimeoutOption = Annotated[
    float | None,
    Option(
        "--timeout",
        metavar="DURATION",
        parser=seconds,
        help="Begin nothing new after this long (90s, 10m): finish, save, account, exit 6.",
        rich_help_panel=_GRAFANA,
    ),
]
TtlOption = Annotated[
    float | None,
    Option(
        "--ttl",
        metavar="DURATION",
        parser=seconds,
        help="How long the saved plan may be applied (12h, 7d); 24h where nothing is said.",
    ),
]
TargetOption = Annotated[
    list[str] | None,
    Option("--target", "-t", help="Only this address (globs allowed), with what it needs. Repeatable."),
]
AutoApproveOption = Annotated[bool, Option("--auto-approve", help="Do not ask.")]
ConfirmDeletesOption = Annotated[
    int | None, Option("--confirm-deletes", help="Accept exactly this many deletes beyond the guard.")
]
ConfirmUpdatesOption = Annotated[
    int | None, Option("--confirm-updates", help="Accept exactly this many updates beyond the guard.")
]
AdoptOption = Annotated[bool, Option("--adopt", help="Take over existing objects that differ from what is declared.")]

CheckLiveOption = Annotated[
    bool,
    Option("--check-live", help="Ask the queries of what changes, before and after: which panels lose their data."),
]
FullOption = Annotated[bool, Option("--full", help="Read every body, whatever was verified before (docs/speed.md).")]
ResendSecretsOption = Annotated[
    bool, Option("--resend-secrets", help="Send all secrets again, also where none is known to have changed.")
]


class Settings(Struct, frozen=True):
    """What was given."""

    instance: str | None = None
    url: str | None = None
    config: Path | None = None
    json: bool = False
    no_color: bool = False
    verbose: bool = False
    parallelism: int = 2
    timeout: float | None = None
    policy: Policy = stop
    reads: int = 4
