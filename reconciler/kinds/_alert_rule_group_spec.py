"""What an AlertRuleGroup document says, as a pydantic model: imported only where documents are checked."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from reconciler.kinds._rules import DASHBOARD, PANEL, milliseconds, written

_STRICT = ConfigDict(extra="forbid", strict=True, defer_build=True)
Number = int | float


def _duration(value: str) -> str:
    return written(milliseconds(value))


def _interval(value: str) -> str:
    length = milliseconds(value)
    if not length or length % 10_000:
        raise ValueError(f"an interval is a multiple of 10s, and '{value}' is none: Grafana looks every 10 seconds")
    return written(length)


Duration = Annotated[str, AfterValidator(_duration)]
Interval = Annotated[str, AfterValidator(_interval)]


class Threshold(BaseModel):
    """When a value counts: exactly one limit."""

    model_config = _STRICT

    of: str | None = Field(default=None, description="The refId of the query; omitted: the one before.")
    above: Number | None = Field(default=None, description="Above this value.")
    below: Number | None = Field(default=None, description="Below this value.")
    within: list[Number] | None = Field(default=None, min_length=2, max_length=2, description="Between two values.")
    outside: list[Number] | None = Field(default=None, min_length=2, max_length=2, description="Outside two values.")

    @model_validator(mode="after")
    def _one(self) -> "Threshold":
        if sum(value is not None for value in (self.above, self.below, self.within, self.outside)) != 1:
            raise ValueError("write exactly one of above, below, within, outside")
        return self


class NotificationSettings(BaseModel):
    """Who is notified, past the notification policies."""

    model_config = _STRICT

    receiver: str = Field(
        min_length=1, description="The contact point: a declared one's metadata.name, or its name in Grafana."
    )
    group_by: list[str] = Field(default_factory=list, description="Labels by which alerts are grouped.")
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    mute_time_intervals: list[str] = Field(default_factory=list, description="Mute timings, named so too.")
    active_time_intervals: list[str] = Field(
        default_factory=list, description="Mute timings in which alone it notifies."
    )


class Record(BaseModel):
    """A recording rule: what it writes."""

    model_config = _STRICT

    metric: str = Field(min_length=1, description="The name of the metric.")
    from_: str = Field(alias="from", min_length=1, description="The refId whose result is written.")
    datasource: str | None = Field(default=None, description="metadata.name of the Datasource that is written to.")


class AlertRule(BaseModel):
    """One rule of the group."""

    model_config = _STRICT

    title: str = Field(min_length=1, max_length=190, description="What it is called.")
    uid: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,40}$",
        description="Omitted: from metadata.name and the title. Write it before you change a title: another uid is "
        "another rule, without its past.",
    )
    targets: list[dict[str, Any]] | None = Field(
        default=None,
        description="Queries as panels write them (`expr`, `datasource` by name, `from: 10m`), and expressions in "
        "short: `{reduce: A, by: last}`, `{math: $A / $B}`, `{threshold: {of: A, above: 0.05}}`.",
    )
    data: list[dict[str, Any]] | None = Field(
        default=None, description="Grafana's own list of queries instead; `datasource: <name>` may stand for a uid."
    )
    reduce: Literal["last", "mean", "min", "max", "sum", "count", "median"] | None = Field(
        default=None, description="Makes one number of each series of the last target."
    )
    threshold: Threshold | None = Field(default=None, description="The condition, as in {above: 0.05}.")
    condition: str | None = Field(default=None, description="The refId that decides; omitted: the last one.")
    for_: Duration = Field(default="0s", alias="for", description="How long it must hold before it fires.")
    keep_firing_for: Duration = Field(default="0s", description="How long it fires on after it has ended.")
    no_data_state: Literal["NoData", "Alerting", "OK", "KeepLast"] = Field(
        default="NoData", description="What it is where its queries answer nothing; omitted: NoData."
    )
    exec_err_state: Literal["Error", "Alerting", "OK", "KeepLast"] = Field(
        default="Error", description="What it is where its queries fail; omitted: Error."
    )
    labels: dict[str, str] = Field(default_factory=dict, description="By which notification policies choose.")
    annotations: dict[str, str] = Field(default_factory=dict, description="Texts: summary, description, runbook_url.")
    dashboard: str | None = Field(default=None, description="metadata.name of a Dashboard on which it is shown.")
    panel: int | str | None = Field(default=None, description="The panel of it, by title or id.")
    is_paused: bool = Field(default=False, description="Not evaluated while it is true.")
    notification_settings: NotificationSettings | None = Field(
        default=None, description="Who is notified, past the notification policies."
    )
    record: Record | None = Field(default=None, description="Makes it a recording rule: it writes, and never fires.")
    missing_series_evals_to_resolve: int | None = Field(
        default=None, ge=1, description="After how many evaluations a series that is gone counts as resolved."
    )

    @model_validator(mode="after")
    def _clear(self) -> "AlertRule":
        if not (self.targets or self.data) or (self.targets is not None and self.data is not None):
            raise ValueError("a rule asks something: write `targets`, or Grafana's own `data`, one of them")
        if self.data is not None and (self.reduce is not None or self.threshold is not None):
            raise ValueError("`reduce` and `threshold` go with `targets`: in `data` write Grafana's own expressions")
        if (self.dashboard is None) != (self.panel is None):
            raise ValueError("a rule is shown on a panel: write both `dashboard` and `panel`")
        raw = [key for key in (DASHBOARD, PANEL) if key in self.annotations]
        if raw and (self.dashboard is not None or len(raw) == 1):
            raise ValueError(f"{' and '.join(raw)}: write `dashboard` and `panel` instead (or both annotations)")
        if self.record is not None and self.condition is not None:
            raise ValueError("a recording rule has no condition: `record.from` says which result is written")
        return self


class AlertRuleGroupSpec(BaseModel):
    """What an AlertRuleGroup document says."""

    model_config = _STRICT

    title: str | None = Field(
        default=None, min_length=1, max_length=190, description="The group's name. Omitted: metadata.name."
    )
    folder: str = Field(description="metadata.name of a Folder.")
    interval: Interval = Field(default="1m", description="How often its rules are evaluated; a multiple of 10s.")
    rules: list[AlertRule] = Field(min_length=1, description="Evaluated in this order.")
