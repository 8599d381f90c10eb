"""Where the files stand that a run needs: blueprint, checks, conftest, pytest's configuration."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parents[1]

WITHOUT_ASSERTIONS: Final = (
    "Python runs without assertions (-O or PYTHONOPTIMIZE), so that no check could fail; run it without"
)
"""Why nothing is done where Python leaves out what checks fail by, and docstrings, which are their documentation:
https://docs.python.org/3/using/cmdline.html#cmdoption-O."""


class IncompleteSuite(Exception):  # noqa: N818 - what the installation is
    """A file of the suite itself lacks or cannot be read; the text says which."""


def suite_root() -> Path:
    """Return the folder that holds ``checks/`` and ``blueprint.yaml``: inside the installed package, or the checkout.

    The wheel is the checkout, one folder down; an editable install has no copy and uses the checkout itself.
    """
    installed = _PACKAGE / "suite"
    return installed if installed.is_dir() else _PACKAGE.parent.parent
