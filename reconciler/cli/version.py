"""version: the quickest of the commands."""

import sys

from reconciler import __version__
from reconciler.core.errors import ExitCode


def version() -> int:
    """Print the version."""
    sys.stdout.write(f"ggrec {__version__}\n")
    return ExitCode.DONE
