"""What `pull` writes: one file an object, dashboards as Grafana's JSON beside a short envelope, the folders' tree as
directories.
"""

from collections.abc import Mapping

from reconciler.core.address import NAME, Address
from reconciler.core.json import JsonObject, text_of
from reconciler.core.registry import Registry
from reconciler.core.resource import LiveObject
from reconciler.loader.writing import slug, to_json, to_yaml

Key = tuple[str, str]


class Files:
    """Names and contents of the files for live objects. Implements core.kind.LiveNames."""

    def __init__(self, registry: Registry, found: Mapping[Key, LiveObject], *, owned_names: Mapping[Key, str]) -> None:
        self.registry = registry
        self.found = found
        self.names: dict[Key, str] = dict(owned_names)
        self.secrets: list[str] = []
        self._taken = {(kind, name.lower()) for (kind, _), name in self.names.items()}
        self._places: dict[str, str] = {}
        for key, live in sorted(found.items()):
            self.names.setdefault(key, self._fresh_name(key, live))

    def name(self, kind: str, uid: str) -> str | None:
        """How an object is called in files."""
        return self.names.get((kind, uid))

    def write(self, fresh: Mapping[Key, LiveObject]) -> tuple[dict[str, str], dict[Key, Address]]:
        """The files by path below the desired folder, and each object's address."""
        files: dict[str, str] = {}
        addresses: dict[Key, Address] = {}
        for key, live in sorted(fresh.items()):
            kind = self.registry[key[0]]
            written = kind.authored(live, self)
            self.secrets += written.secrets
            spec: JsonObject = written.spec
            base = f"{self._place(key, live)}{self._file(key)}"
            if written.body is not None:
                files[f"{base}.json"] = to_json(written.body)
                spec = {**spec, "from": f"{base.rpartition('/')[2]}.json"}
            name = self.names[key]
            files[f"{base}.yaml"] = to_yaml(kind.yaml_kind, name, spec)
            addresses[key] = Address(key[0], name)
        return files, addresses

    def _fresh_name(self, key: Key, live: LiveObject) -> str:
        """The uid where it can be a name; else one from the title. No two differ by case only: some file systems
        cannot.
        """
        kind, uid = key
        chooses = self.registry[kind].uid(uid, uid) is not None
        name = uid if chooses and NAME.match(uid) else slug(live.title, f"{kind}-{uid}"[:40])
        marker = next((item.partition(":")[2] for item in live.keys if item.startswith("marker:")), "")
        name = marker if NAME.match(marker) else name
        number = 2
        first = name
        while not chooses and (kind, name.lower()) in self._taken:
            name = f"{first[:36]}-{number}"
            number += 1
        self._taken.add((kind, name.lower()))
        return name

    def _file(self, key: Key) -> str:
        """The file's name: the object's, with a mark where another differs by case only."""
        name = self.names[key]
        alike = sorted(
            other for (kind, _), other in self.names.items() if kind == key[0] and other.lower() == name.lower()
        )
        mark = f"~{alike.index(name)}" if len(alike) > 1 and name != alike[0] else ""
        return f"{'folder' if key[0] == 'folder' else name}{mark if key[0] != 'folder' else ''}"

    def _place(self, key: Key, live: LiveObject) -> str:
        """The directory: a folder's own for folders and dashboards, one a kind for all else."""
        if key[0] == "folder":
            return self._directory(key[1])
        if key[0] == "dashboard":
            return self._directory(text_of(live.attributes.get("folderUid"))) or "dashboards/"
        return f"{key[0].removesuffix('y')}ies/" if key[0].endswith("y") else f"{key[0].removesuffix('s')}s/"

    def _directory(self, uid: str) -> str:
        """The directory of a folder, below that of its parent: its title as a slug, with the uid where siblings share
        one.
        """
        if not uid or ("folder", uid) not in self.found:
            return ""
        if uid not in self._places:
            folder = self.found["folder", uid]
            parent = self._directory(text_of(folder.attributes.get("parentUid")))
            mine = parent + slug(folder.title, uid.lower()) + "/"
            if mine in self._places.values():
                number = sum(1 for place in self._places.values() if place.startswith(mine[:-1]))
                mine = f"{mine[:-1]}-{slug(uid, 'x')}-{number}/"
            self._places[uid] = mine
        return self._places[uid]
