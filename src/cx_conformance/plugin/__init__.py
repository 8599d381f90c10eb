"""All that knows pytest: hooks, items, and the reporting of a session.

``-p cx_conformance.plugin`` loads it; the hooks stand in a module of their own, so that one of the room's other modules
can be imported without them.
"""

pytest_plugins = ["cx_conformance.plugin.hooks"]
