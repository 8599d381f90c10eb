"""Why something could not be looked at.

::

    CouldNotLook
    ├── Unreachable      the API server, or a target, does not answer
    ├── Unauthorized     the credentials are not accepted (401)
    ├── Forbidden        the account lacks a permission (403): verb, resource, namespace
    ├── NotServed        the API server does not serve this kind (404 on a resource path)
    ├── OutOfTime        the run's time limit came first
    └── NoVantage        nothing to stand on: no shell, no tool, no ready pod to look from

A check whose looking ends so is an ``error``, never a ``fail``: nothing was seen, so no promise was seen broken.
"""


class CouldNotLook(Exception):  # noqa: N818 - the field's own word: an outcome, not a bug
    """Something could not be looked at; the text says what, why, and what to do."""

    cause: str = ""
    """What it has in common with others, where the text names one object among many: reports tell it once."""
    remedy: str = ""
    """What to do beyond what the text says; what mends a broken promise would lead astray: nobody saw it broken."""

    def __init__(self, words: str, cause: str = "") -> None:
        """Say what kept from looking; ``cause`` as all say it that could not be looked at for the same reason."""
        super().__init__(words)
        self.cause = cause


class Unreachable(CouldNotLook):
    """The API server, or a target, does not answer."""


class Unauthorized(CouldNotLook):
    """The credentials are not accepted."""


class Forbidden(CouldNotLook):
    """The account may not do ``verb`` on ``resource`` in ``namespace`` (None: cluster-wide)."""

    remedy = "`cx-conformance rbac` prints all that a run needs: have it granted, and run again"

    def __init__(self, verb: str, resource: str, namespace: str | None = None, detail: str = "") -> None:
        """Name the permission that lacks; ``detail`` is the API server's own message."""
        self.verb = verb
        self.resource = resource
        self.namespace = namespace
        self.detail = detail
        said = f" ({detail})" if detail else ""
        where = f"in namespace {namespace}" if namespace else "cluster-wide"
        lacks = f"forbidden: the account may not {verb} {resource} {where}"
        super().__init__(f"{lacks}{said}; grant it to look")
        # The server's own words name the object too.
        self.cause = f"{lacks}; grant it to look"


class NotServed(CouldNotLook):
    """The API server does not serve this kind."""


class OutOfTime(CouldNotLook):
    """The run's time limit came first."""


class NoVantage(CouldNotLook):
    """There is nothing to look from: no shell, no tool, no ready pod."""
