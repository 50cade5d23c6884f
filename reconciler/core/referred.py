"""What a kind tells of who refers to whom: the part of its contract that impact and losses go by. Pure."""

from collections.abc import Iterable, Mapping

from reconciler.core.diff import Edit
from reconciler.core.exchange import Exchange, Server
from reconciler.core.json import JsonObject
from reconciler.core.references import Group, Reference, Referrer
from reconciler.core.resource import Resource


class Referred:
    """A kind whose objects refer to nothing, and to which nothing refers."""

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """What an object with these attributes (desired or live) refers to. Only of kinds in `refers_to`."""
        return ()

    def elsewhere(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """Objects that are of no kind of ours and may refer to objects of this one (a playlist, to dashboards)."""
        yield from ()
        return ()

    def seen(self, edits: tuple[Edit, ...]) -> bool:
        """Whether these edits change what is seen where others show an object of this kind."""
        return False

    def shown_by(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """What shows objects of this kind, by uid or by a group (`groups`), where one list tells it; else nothing."""
        yield from ()
        return ()

    def groups(self, resource: Resource | None, edits: tuple[Edit, ...]) -> tuple[set[Group], set[Group]]:
        """By what else than its uid others may show an object (dashboards: by tag), before and after these edits."""
        return set(), set()

    def parts_lost(self, edits: tuple[Edit, ...]) -> Mapping[str, str]:
        """The parts that others refer to by themselves (panels) and that these edits take away: by the text of
        `Reference.part`, in words.
        """
        return {}

    def parts_changed(self, resource: Resource, edits: tuple[Edit, ...]) -> Mapping[str, str]:
        """Such parts that stay and of which these edits, which lead to `resource`, change more than the place."""
        return {}

    def on_parts(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """What refers to such parts, of no kind of ours, and nothing else."""
        yield from ()
        return ()

    def names(self, attributes: JsonObject) -> tuple[str, ...]:
        """The texts besides the uid by which others may refer to an object with these attributes."""
        return ()
