"""version: the one command that must say something however little works. Imports nothing else."""

import sys

from reconciler import __version__


def version() -> int:
    """Print the version."""
    sys.stdout.write(f"ggrec {__version__}\n")
    return 0
