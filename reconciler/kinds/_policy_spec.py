"""What a NotificationPolicy document says, as a pydantic model: imported only where documents are checked."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reconciler.kinds._matchers import duration, read_matcher

_DURATION = r"(?:[0-9]+y)?(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?"


def _matcher(text: str) -> str:
    found = read_matcher(text)
    if found is None:
        raise ValueError(f"'{text}' is no matcher: write `label = value`, with =, !=, =~ or !~")
    return str(found)


def _duration(text: str) -> str:
    if not text or not re.fullmatch(_DURATION, text):
        raise ValueError(f"'{text}' is no duration: write `30s`, `5m`, `4h`, `1d` or `1h30m`, the larger unit first")
    return duration(text)


def _some_time(text: str) -> str:
    if _duration(text) == "0s":
        raise ValueError("must be longer than nothing")
    return duration(text)


def _labels(labels: list[str]) -> list[str]:
    for label in labels:
        if not label or labels.count(label) > 1:
            raise ValueError(f"the label '{label}' is named twice" if label else "a label must have a name")
    if "..." in labels and len(labels) > 1:
        raise ValueError("`...` means all labels: it stands alone")
    return labels


class Grouping(BaseModel):
    """How messages are put together, and when they are sent."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    group_by: Annotated[list[str], AfterValidator(_labels)] | None = Field(
        default=None, description="Labels: alerts in which they are the same come in one message. `...`: all labels."
    )
    group_wait: Annotated[str, AfterValidator(_duration)] | None = Field(
        default=None, description="How long the first message of a group waits for more: `30s`."
    )
    group_interval: Annotated[str, AfterValidator(_some_time)] | None = Field(
        default=None, description="How long until what is new in a group is sent: `5m`."
    )
    repeat_interval: Annotated[str, AfterValidator(_some_time)] | None = Field(
        default=None, description="After how long it is said again: `4h`."
    )


class RouteSpec(Grouping):
    """A policy for the alerts with certain labels. What is not written is as in the policy around it."""

    matchers: list[Annotated[str, AfterValidator(_matcher)]] = Field(
        default_factory=list, description="`severity = critical`, with `=`, `!=`, `=~` or `!~`; all must hold."
    )
    receiver: str | None = Field(default=None, description="metadata.name of a ContactPoint.")
    continue_: bool = Field(default=False, alias="continue", description="Whether the policies after it are asked too.")
    mute_timings: list[str] = Field(
        default_factory=list, description="metadata.name of MuteTimings in which nothing is sent."
    )
    active_timings: list[str] = Field(
        default_factory=list, description="metadata.name of MuteTimings in which alone something is sent."
    )
    routes: "list[RouteSpec]" = Field(
        default_factory=list, description="Policies inside it; the first that fits counts."
    )


class NotificationPolicySpec(Grouping):
    """What a NotificationPolicy document says: the whole tree of an organisation."""

    receiver: str = Field(description="metadata.name of a ContactPoint: who gets what no policy below takes.")
    routes: list[RouteSpec] = Field(
        default_factory=list,
        description="The policies, in the order in which they are asked; the first that fits counts.",
    )
