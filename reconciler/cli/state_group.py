"""The commands of `ggrec state`, all of them: each module registers its own."""

from reconciler.cli import state_care
from reconciler.cli.rebuilding import state_rebuild
from reconciler.cli.state import state_app

state_app.command("rebuild")(state_rebuild)

__all__ = ["state_app", "state_care"]
