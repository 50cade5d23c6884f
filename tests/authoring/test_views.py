"""Properties of derived dashboards: nothing is lost, nothing doubled, nothing overlaps."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.authoring.resolve import resolve
from reconciler.core.json import as_list, as_object
from reconciler.kinds import discover
from reconciler.loader.envelope import open_envelope
from reconciler.loader.yaml import parse_yaml

PANEL = st.tuples(st.integers(1, 24), st.integers(1, 12), st.booleans(), st.booleans())
"""Width, height, whether the view takes it, whether a row begins before it."""
ROLE = """\
---
apiVersion: ggrec/v1
kind: Role
metadata: {name: boss}
spec:
  title: Boss
  team: {name: Bosses}
  dashboards: [{dashboard: base, filter: true}]
"""


def text(panels: list[tuple[int, int, bool, bool]]) -> str:
    lines = ["apiVersion: ggrec/v1", "kind: Dashboard", "metadata: {name: base}", "spec:", "  title: Base", "  panels:"]
    for index, (width, height, taken, row) in enumerate(panels):
        if row:
            lines.append(f"    - row: Row {index}")
        audience = ", audience: [boss]" if taken else ""
        lines.append(f"    - {{title: P{index}, type: text, width: {width}, height: {height}{audience}}}")
    return "\n".join(lines) + "\n" + ROLE


@given(st.lists(PANEL, min_size=1, max_size=14).filter(lambda panels: any(taken for _, _, taken, _ in panels)))
def test_a_view_is_the_chosen_panels_laid_out_without_overlap(panels: list[tuple[int, int, bool, bool]]) -> None:
    values, _ = parse_yaml(text(panels).encode(), "a.yaml")
    documents = [document for value in values if (document := open_envelope(value, "a.yaml")[0])]
    result = resolve(documents, discover(), values={})
    assert not result.failed, [str(item) for item in result.diagnostics]
    models = {str(r.address): as_object(r.attributes.get("dashboard")) for r in result.resources}
    base = {as_object(p).get("title"): as_object(p) for p in as_list(models["dashboard.base"]["panels"])}
    view = [as_object(panel) for panel in as_list(models["dashboard.boss-base"]["panels"])]
    chosen = [panel for panel in view if panel.get("type") != "row"]
    assert [panel["title"] for panel in chosen] == [f"P{i}" for i, (_, _, taken, _) in enumerate(panels) if taken]
    taken: set[tuple[int, int]] = set()
    for panel in view:
        assert panel["id"] == base[panel["title"]]["id"]
        place = as_object(panel["gridPos"])
        x, y, w, h = (int(str(place[key])) for key in "xywh")
        cells = {(column, line) for column in range(x, x + w) for line in range(y, y + h)}
        assert x >= 0 and x + w <= 24 and not cells & taken
        taken |= cells
        if panel.get("type") != "row":
            before = as_object(base[panel["title"]]["gridPos"])
            assert h == before["h"] and 1 <= w <= 2 * int(str(before["w"])) + 1
    role = next(role for role in result.roles if role.name == "boss")
    assert (role.entries[0].panels, role.entries[0].of) == (len(chosen), len(panels))
