"""Lines of a log without what the rules of a kept library take for a secret: detect-secrets, as Bridgecrew keeps it."""

from importlib.util import find_spec
from typing import Any, Final

from cx_conformance.objects.raw_object import presentable_text
from cx_conformance.objects.secrecy import MASK

LACKS: Final = "logs are left out: nothing here knows secrets in them; pip install 'cx-conformance[logs]'"
_NOT_RULES: Final = frozenset({"IPPublicDetector"})


def rules_are_here() -> bool:
    """Whether the library is installed."""
    return find_spec("detect_secrets") is not None


def without_secrets(log: str) -> str:
    """Return a log with every secret masked that the rules, or our own, find in it."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import transient_settings

    names = {kind.__name__ for kind in get_mapping_from_secret_type_to_class().values()} - _NOT_RULES
    lines: list[str] = []
    with transient_settings({"plugins_used": [{"name": name} for name in sorted(names)], "filters_used": []}):
        for line in log.splitlines():
            found: list[Any] = list(scan_line(line[:2000]))
            shown = line[:2000]
            for one in sorted((one.secret_value or "" for one in found), key=len, reverse=True):
                shown = shown.replace(one, MASK) if len(one) > 3 else shown
            lines.append(shown)
    return presentable_text("\n".join(lines))
