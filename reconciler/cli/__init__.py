"""The command line: parse, assemble the rooms, call the engine, render, exit. The only room that imports all others."""

from reconciler.cli.app import main

__all__ = ["main"]
