"""How an exchange of HTTP may end without an answer, whoever carried it out. The cause (`from`) is what happened."""


class Broken(Exception):
    """The connection broke, or what came is no HTTP: the request may have arrived."""


class NoAnswerInTime(Broken):
    """It was sent, or began to be."""


class NeverSent(Broken):
    """Nothing of it has left."""


class NoConnection(NeverSent):
    """There is none. Its text says why, where the cause does not."""


class NoConnectionInTime(NeverSent):
    """None came about."""


class NoPlace(NeverSent):
    """All connections were taken for too long."""


class ProxyRefused(NeverSent):
    """The proxy made none."""


class Unsendable(NeverSent):
    """It is not as HTTP has it. Its text may quote what is wrong, a credential perhaps: it is not to be shown."""
