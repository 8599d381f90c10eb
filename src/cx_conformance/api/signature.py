"""As whom the suite asks: every request carries this, so that an administrator can tell it in an audit log."""

from typing import Final

from cx_conformance import __version__

USER_AGENT: Final = f"cx-conformance/{__version__}"
