"""All commands: where each is, and what `ggrec --help` says of it. Imports none of them: a command's module is imported
when it is called.
"""

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DAILY, OWNED, TOOLS = "Every day", "What is owned", "Tools"
HELP = "Keep a Grafana equal to a folder of YAML, safely."
EPILOG = (
    "Exit codes: 0 done · 1 error · 2 differences · 3 refused by a guard · 4 conflict · 5 state locked · "
    "6 some objects failed or could not be read · 7 `drift`: only the files changed · 8 `drift`: both · "
    "64 usage · 130 interrupted."
)


class Command:
    """A command of `ggrec`: its name, `module:function` below `reconciler.cli` ("": it does nothing by itself), its
    panel in the help, the first sentences of its own help, and the places of the commands below it by their names.
    """

    __slots__ = ("help", "name", "panel", "parts", "place")

    def __init__(self, name: str, place: str, panel: str, help: str, parts: "dict[str, str] | None" = None) -> None:
        self.name = name
        self.place = place
        self.panel = panel
        self.help = help
        self.parts = parts or {}


def load(place: str) -> "Any":
    """The function at a place."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(f"reconciler.cli.{module}"), name)


COMMANDS = (
    Command(
        "init", "local:init", DAILY, "Write a commented ggrec.yaml and a first desired folder. Overwrites nothing."
    ),
    Command("validate", "local:validate", DAILY, "Read everything, offline, and say everything that is wrong at once."),
    Command(
        "check",
        "checking:check",
        DAILY,
        "Check every query of every dashboard: syntax, metrics, labels, units. Offline, but with --live.",
    ),
    Command(
        "plan",
        "planning:plan",
        DAILY,
        "Show what would change, why, and what somebody changed by hand. Sends GET only.",
    ),
    Command("apply", "planning:apply", DAILY, "Show the plan, ask, and do it."),
    Command(
        "drift",
        "drifting:drift",
        DAILY,
        "Show what somebody changed outside ggrec since the last apply: who, when, save by save. Sends GET only.",
        {
            "ack": "acknowledging:ack",
            "unack": "acknowledging:unack",
            "acks": "acknowledging:acks",
            "accept": "accepting:accept",
        },
    ),
    Command(
        "diff",
        "comparing:diff",
        DAILY,
        "Compare any two sides, object by object: desired, live, a version, a run, a file, another instance.",
    ),
    Command("show", "planning:show", DAILY, "Show a saved plan again. Asks no Grafana."),
    Command("destroy", "planning:destroy", DAILY, "Delete what this state owns, and nothing else."),
    Command(
        "pull",
        "owning:pull",
        OWNED,
        "Write desired files for what exists, and own it. Writes nothing to Grafana; overwrites no file.",
    ),
    Command(
        "import",
        "owning:import_",
        OWNED,
        "Take an existing object into the state for YAML that is already written. Writes nothing to Grafana.",
    ),
    Command(
        "import-dashboards",
        "importing:import_dashboards",
        OWNED,
        "Import dashboards that Grafana exported: write desired files for them, and apply them.",
    ),
    Command(
        "history",
        "history:history",
        OWNED,
        "Show the runs; one run; or the past of one object: its versions, those by runs and those by hand.",
    ),
    Command(
        "show-version",
        "versions:show_version",
        OWNED,
        "Show a version that Grafana keeps: whose it is, and how it differs from what is declared. Sends GET only.",
    ),
    Command(
        "rollback",
        "rolling_back:rollback",
        OWNED,
        "Put an object back to a version that Grafana keeps, or undo a whole run: a plan as any other, asked for.",
    ),
    Command(
        "promote",
        "promoting:promote",
        OWNED,
        "Send a dashboard, or a version of it, from one instance to another: a plan as any other, asked for.",
    ),
    Command(
        "state",
        "",
        OWNED,
        "What is owned, and the care of where it is written down.",
        {
            "list": "state:state_list",
            "show": "state:state_show",
            "body": "state:state_body",
            "rm": "state:state_rm",
            "mv": "state:state_mv",
            "release": "state:state_release",
            "pull": "state_care:state_pull",
            "push": "state_care:state_push",
            "verify": "state_care:state_verify",
            "repair": "state_care:state_repair",
            "copy": "state_care:state_copy",
            "rebuild": "rebuilding:state_rebuild",
            "gc": "collecting:state_gc",
        },
    ),
    Command(
        "unlock",
        "state_care:unlock",
        OWNED,
        "Take away the lock of a holder that certainly no longer runs. Gone already: says so, exit 0.",
    ),
    Command("metrics", "", TOOLS, "The catalogue of business metrics.", {"doc": "checking:metrics_doc"}),
    Command(
        "fmt",
        "formatting:fmt",
        TOOLS,
        "Write YAML files in one style; comments and meaning stay. Files with errors are left alone. Offline.",
    ),
    Command(
        "explain",
        "explaining:explain",
        TOOLS,
        "Where each value of an object comes from: file and line, template, role, value of the instance. Offline.",
    ),
    Command(
        "preview",
        "previewing:preview",
        TOOLS,
        "Draw declared dashboards as static pages. Offline; no request leaves the pages.",
    ),
    Command("roles", "roles:roles", TOOLS, "Who sees which dashboard, how much of it, and what opens first. Offline."),
    Command("render", "local:render", TOOLS, "Print one object in full, as it would be sent: JSON."),
    Command("schema", "schema:schema", TOOLS, "Print the JSON Schema of desired files, for editors."),
    Command("sandbox", "local:sandbox", TOOLS, "Run an embedded Grafana API on loopback, to try and to test against."),
    Command("version", "version:version", TOOLS, "Print the version."),
)
BY_NAME = {command.name: command for command in COMMANDS}
