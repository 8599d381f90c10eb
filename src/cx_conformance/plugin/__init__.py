"""All that knows pytest: hooks, items, and the reporting of a session.

``-p cx_conformance.plugin`` loads it; the hooks stand in a module of their own, so that one of the room's other modules
can be imported without them.
"""

import pytest

from cx_conformance.run.suite_files import WITHOUT_ASSERTIONS

if not __debug__:
    raise pytest.UsageError(WITHOUT_ASSERTIONS)

pytest_plugins = ["cx_conformance.plugin.hooks"]
