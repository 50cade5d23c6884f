"""What went wrong with an object store, in our words: what, where, why and what to do.

obstore gives the server's answer as text, with URLs that may be signed and with its own insides: of it only the
status, the server's code and its one sentence are shown.
"""

import re

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from reconciler.core.errors import StoreFailed

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9_.-]{1,80})</Code>")
_SENTENCE = re.compile(r"<Message>([^<]{1,200})")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist|container does not exist", re.I)
_NO_CREDENTIALS = re.compile(
    r"169\.254\.169\.254|metadata\.google\.internal|169\.254\.170\.2|credentials? (?:not|could not|were not|missing)"
    r"|missing credentials|no credentials|InstanceCredentialProvider|Error fetching token|login\.microsoftonline",
    re.I,
)
_WRONG_CREDENTIALS = re.compile(
    r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|AuthenticationFailed"
)
_TIMEOUT = re.compile(r"kind: Timeout|TimedOut")
_NO_ANSWER = re.compile(r"error sending request|connection refused|dns error|connect error|tcp connect", re.I)
_NO_HTTP = re.compile(r"BadScheme|URL scheme is not allowed", re.I)
_FOUND = {
    "no-bucket": "create it, or correct `state` in ggrec.yaml",
    "no-credentials": "set them in the environment (docs/state.md: AWS_ACCESS_KEY_ID …, "
    "GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME …), or run where the cloud gives them",
    "wrong-credentials": "they are wrong or expired: set new ones in the environment",
    "forbidden": "give them read, write, list and delete below this prefix (docs/state.md)",
    "timeout": "try again; what was stored before is untouched",
    "unreachable": "check the endpoint and the network; what was stored before is untouched",
    "plain-http": "use https, or `state: {url: …, allow_http: true}` for a server on your own network",
    "failed": "try again; what was stored before is untouched",
}
_SAYS = {
    "no-bucket": "there is no such bucket",
    "no-credentials": "no credentials were found",
    "wrong-credentials": "the credentials are not accepted",
    "forbidden": "the credentials may not do this",
    "timeout": "no answer in time",
    "unreachable": "nobody answers there",
    "plain-http": "the endpoint is http, which is not allowed",
    "failed": "the object store failed",
}


class Failure:
    """One failed request."""

    def __init__(self, what: str, where: str, error: Exception) -> None:
        self.what, self.where = what, where
        self.text = str(error)
        self.denied = isinstance(error, PermissionDeniedError)
        self.unauthenticated = isinstance(error, UnauthenticatedError)

    @property
    def no_bucket(self) -> bool:
        """Whether not the object is missing, but all of it."""
        return _NO_BUCKET.search(self.text) is not None

    @property
    def sort(self) -> str:
        """Which of the known failures it is."""
        if self.no_bucket:
            return "no-bucket"
        if _WRONG_CREDENTIALS.search(self.text):
            return "wrong-credentials"
        if _NO_CREDENTIALS.search(self.text):
            return "no-credentials"
        if self.denied:
            return "forbidden"
        if self.unauthenticated:
            return "wrong-credentials"
        if _NO_HTTP.search(self.text):
            return "plain-http"
        if _STATUS.search(self.text):
            return "failed"
        if _TIMEOUT.search(self.text):
            return "timeout"
        return "unreachable" if _NO_ANSWER.search(self.text) else "failed"

    def error(self) -> StoreFailed:
        """The error to raise."""
        sort = self.sort
        status, code, sentence = (found.search(self.text) for found in (_STATUS, _CODE, _SENTENCE))
        parts = [f"status {status[1]}" if status else "", code[1] if code else "", sentence[1] if sentence else ""]
        answer = ", ".join(part for part in parts if part) if sort not in {"no-credentials", "plain-http"} else ""
        says = _SAYS[sort] + (f" ({answer})" if answer else "")
        return StoreFailed.one(f"state-{sort}", f"cannot {self.what} {self.where}: {says}", hint=_FOUND[sort])


def not_conditional(location: str) -> StoreFailed:
    """The place cannot keep two writers apart."""
    return StoreFailed.one(
        "state-not-conditional",
        f"{location} accepts a conditional write whose condition does not hold: two applies at once would go unnoticed",
        hint="use a store with conditional writes (If-None-Match and If-Match), as AWS S3, GCS and Azure have them, "
        "or a newer version of this one; or keep the state in a folder",
    )
