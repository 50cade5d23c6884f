"""Guards and protected objects as ggrec.yaml has them: the project's, and over those the instance's."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reconciler.core.guard import LIMITS, Guard, Limits
from reconciler.core.protect import Protection, Rule
from reconciler.core.source import MarkedDict, Path, mark_at

if TYPE_CHECKING:
    from reconciler.loader.models import GuardModel, LimitsModel, ProtectModel


def guard_of(project: "GuardModel", instance: "GuardModel") -> Guard:
    """Key by key: the instance's where it says something, else the project's, else the default."""
    given = {**_said(project, (*LIMITS, "references")), **_said(instance, (*LIMITS, "references"))}
    kinds: dict[str, Limits] = {}
    for name in sorted({*project.kinds, *instance.kinds}):
        both = [model.kinds[name] for model in (project, instance) if name in model.kinds]
        kinds[name] = Limits(**{key: value for model in both for key, value in _said(model, LIMITS).items()})
    return Guard(**given, kinds=kinds)


def _said(model: "LimitsModel", keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: getattr(model, key) for key in keys if getattr(model, key) is not None}


def protection_of(
    project: "ProtectModel", instance: "ProtectModel | None", written: MarkedDict, path: Path
) -> Protection:
    """All rules of both, with their places; `path` leads to the instance in `written`. Homes: the instance's word."""
    rules = [*_rules(project, written, ())]
    homes, at = project.homes, mark_at(written, ("protect", "homes")) if project.homes is not None else None
    if instance is not None:
        rules += _rules(instance, written, path)
        if instance.homes is not None:
            homes, at = instance.homes, mark_at(written, (*path, "protect", "homes"))
    return Protection(tuple(rules), homes is not False, at)


def _rules(model: "ProtectModel", written: MarkedDict, path: Path) -> Iterator[Rule]:
    for index, text in enumerate(model.addresses):
        yield Rule("addresses", text, mark_at(written, (*path, "protect", "addresses", index)))
    for index, text in enumerate(model.folders):
        yield Rule("folders", text, mark_at(written, (*path, "protect", "folders", index)))
    for index, text in enumerate(model.tags):
        yield Rule("tags", text, mark_at(written, (*path, "protect", "tags", index)))
