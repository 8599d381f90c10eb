"""A look that was refused, kept as a fact: raised afresh for each one who asks, and saved with the snapshot."""

from msgspec import Struct

from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NotServed, OutOfTime, Unauthorized, Unreachable

_BY_NAME: dict[str, type[CouldNotLook]] = {
    kind.__name__: kind for kind in (CouldNotLook, NotServed, OutOfTime, Unauthorized, Unreachable)
}


class Refusal(Struct, frozen=True, kw_only=True):
    """Why something was not seen; the permission's words are filled for Forbidden only."""

    reason: str
    words: str
    verb: str = ""
    resource: str = ""
    namespace: str | None = None

    def error(self) -> CouldNotLook:
        """Return the exception; a new one each time, for a raised one carries its traceback."""
        if self.reason == "Forbidden":
            return Forbidden(self.verb, self.resource, self.namespace, self.words)
        return _BY_NAME.get(self.reason, CouldNotLook)(self.words)


def kept(error: CouldNotLook) -> Refusal:
    """Keep ``error`` as a fact."""
    if isinstance(error, Forbidden):
        return Refusal(
            reason="Forbidden",
            words=error.detail,
            verb=error.verb,
            resource=error.resource,
            namespace=error.namespace,
        )
    reason = next((name for name, kind in _BY_NAME.items() if kind is not CouldNotLook and isinstance(error, kind)), "")
    return Refusal(reason=reason or "CouldNotLook", words=str(error))
