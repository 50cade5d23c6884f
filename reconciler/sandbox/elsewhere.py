"""What refers to dashboards beside what ggrec manages: playlists, as far as their lists tell."""

from reconciler.sandbox.call import Call, Reply, message
from reconciler.sandbox.world import short_uid


def playlists(call: Call) -> Reply:
    """GET /api/playlists: without their items."""
    return Reply(200, [{key: p[key] for key in ("id", "uid", "name", "interval")} for p in call.org.playlists.values()])


def playlist(call: Call) -> Reply:
    """GET /api/playlists/{uid}."""
    found = call.org.playlists.get(call.parts["uid"])
    return Reply(200, {k: v for k, v in found.items() if k != "id"}) if found else message(404, "Playlist not found")


def kube_playlists(call: Call) -> Reply:
    """GET /apis/playlist.grafana.app/v0alpha1/…/playlists: with their items, all on one page."""
    items = [
        {
            "metadata": {"name": found["uid"], "namespace": call.org.namespace()},
            "spec": {"title": found["name"], "interval": found["interval"], "items": found["items"] or []},
        }
        for found in call.org.playlists.values()
    ]
    kind = {"kind": "PlaylistList", "apiVersion": "playlist.grafana.app/v0alpha1", "metadata": {}}
    return Reply(200, {**kind, "items": items})


def create_playlist(call: Call) -> Reply:
    """POST /api/playlists."""
    fields = call.fields
    uid = short_uid()
    shown = {"uid": uid, "name": fields.get("name"), "interval": fields.get("interval"), "items": fields.get("items")}
    call.org.playlists[uid] = {"id": call.world.next("playlist"), **shown}
    return Reply(200, shown)
