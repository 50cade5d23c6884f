"""httpx without the command line that it brings along: importing that takes longer than a plan of a thousand dashboards
asks Grafana.
"""

import sys
from types import ModuleType

_COMMAND_LINE = "httpx._main"


def _main() -> None:
    """httpx's own command is none of ours."""


if "httpx" not in sys.modules:
    sys.modules[_COMMAND_LINE] = ModuleType(_COMMAND_LINE)
    sys.modules[_COMMAND_LINE].main = _main  # type: ignore[attr-defined]  # what httpx takes from there
    import httpx

    del sys.modules[_COMMAND_LINE]  # whoever asks for it by name gets the real one
else:
    import httpx

__all__ = ["httpx"]
