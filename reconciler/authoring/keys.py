"""The keys of Grafana's dashboard model that ggrec knows: only to tell slips. Grafana takes any key, and so do we."""

from collections.abc import Iterable

from reconciler.authoring.problems import Problems
from reconciler.core.closest import closest
from reconciler.core.source import MarkedDict, mark_at

_DASHBOARD = (
    "__elements __inputs __requires annotations description editable fiscalYearStartMonth gnetId graphTooltip "
    "hideControls id iteration links liveNow "
    "originalTitle panels preload refresh revision rows schemaVersion scopedMeta sharedCrosshair snapshot style tags "
    "templating time timeRangeUpdatedDuringEditOrView timepicker timezone title uid version weekStart"
)
_PANEL = (
    "alert autoMigrateFrom cacheTimeout collapsed datasource description editable error fieldConfig gridPos "
    "hideTimeOverride id interval isNew key libraryPanel links maxDataPoints maxPerRow minSpan options panels "
    "pluginVersion queryCachingTTL renderer repeat repeatDirection repeatPanelId repeatRowId scopedVars span targets "
    "timeCompare timeFrom timeShift title transformations transparent type"
)
_LEGACY_PANEL = (
    "aliasColors bars cards colorBackground colorValue colors columns content dashLength dashes dataFormat fill "
    "fillGradient fontSize format gauge grid heatmap hiddenSeries hideZeroBuckets highlightCards legend lines "
    "linewidth mappingType mappingTypes mode nullPointMode nullText paceLength pageSize percentage pointradius points "
    "postfix postfixFontSize prefix prefixFontSize rangeMaps reverseYBuckets scroll seriesOverrides showHeader sort "
    "spaceLength sparkline stack steppedLine styles tableColumn timeRegions tooltip tooltipDecimals transform "
    "valueFontSize valueMaps valueName xAxis xBucketNumber xBucketSize xaxis yAxis yBucketBound yBucketNumber "
    "yBucketSize yaxes yaxis"
)
_OURS_DASHBOARD = "folder from inputs variables"
_OURS_PANEL = "audience color colors decimals height max min row thresholds unit use width"
DASHBOARD_KEYS = frozenset(f"{_DASHBOARD} {_OURS_DASHBOARD}".split())
PANEL_KEYS = frozenset(f"{_PANEL} {_OURS_PANEL}".split())
_PANELS_TAKEN = PANEL_KEYS | frozenset(_LEGACY_PANEL.split())
_CLOSE = 0.75


def near_miss_of_dashboard(spec: MarkedDict, problems: Problems) -> None:
    """A warning for each key that almost is a known one of a dashboard."""
    _near_misses(spec, DASHBOARD_KEYS, DASHBOARD_KEYS, "a dashboard", problems)


def near_miss_of_panel(panel: MarkedDict, problems: Problems) -> None:
    """The same for a panel (keys of panels that Grafana dropped long ago are taken, and not suggested)."""
    _near_misses(panel, PANEL_KEYS, _PANELS_TAKEN, "a panel", problems)


def _near_misses(
    mapping: MarkedDict, known: Iterable[str], taken: frozenset[str], what: str, problems: Problems
) -> None:
    for key in mapping:
        if key in taken:
            continue
        close = closest(key, known, _CLOSE)
        if close:
            text = f"'{key}' is no key of {what} that ggrec knows"
            problems.warn(mark_at(mapping, (key,), key=True), "near-miss", text, f"did you mean '{close}'?")
