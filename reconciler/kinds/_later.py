"""Specs that are imported when somebody asks for them: a plan of documents that are expanded already needs none."""

import importlib
from typing import Any


class _Later:
    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        return getattr(importlib.import_module(f"{__package__}.{self.module}"), self.name)


def later(module: str, name: str) -> Any:
    """A class attribute that is a class of another module of this package."""
    return _Later(module, name)
