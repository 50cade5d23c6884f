"""What a signal is while nothing is under way: the end of the command. Imports little, for it is first of all."""

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

CAUGHT = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def interruptible() -> None:
    """Outside of `run`, SIGTERM and SIGHUP are what SIGINT is: an orderly end."""
    for number in CAUGHT:
        try:
            signal.signal(number, interrupt)
        except (ValueError, OSError):  # not in the main thread, or not to be caught
            continue


def interrupt(number: int, frame: "FrameType | None") -> None:
    """The handler: as Ctrl-C."""
    raise KeyboardInterrupt
