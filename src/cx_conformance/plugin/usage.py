"""Wrong usage of ``cx-conformance run`` in its own words, where pytest would print its own."""

from collections.abc import Generator

import pytest

_HELP = "`cx-conformance run --help` lists the options, `pytest --help` those of pytest"


class OwnWords:
    """A plug-in that says what is wrong with a command line without pytest's usage, configuration file and root.

    It also answers for plug-ins of pytest's own that the command leaves out, where others ask them without looking.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_cmdline_parse(self) -> Generator[None, pytest.Config | None, pytest.Config | None]:
        """Replace the words of a command line that cannot be read; say that no debugger is wanted where none is there.

        pytest-rerunfailures asks for that: https://github.com/pytest-dev/pytest-rerunfailures.
        """
        try:
            config = yield
        except pytest.UsageError as wrong:
            raise pytest.UsageError(own_words(str(wrong))) from None
        if config is not None and not hasattr(config.option, "usepdb"):
            config.option.usepdb = False
        return config


def own_words(said: str) -> str:
    """Return what argparse says is wrong, and where the options are listed; any other words as they are."""
    _, found, wrong = said.partition(": error: ")
    return f"{wrong.splitlines()[0]}; {_HELP}" if found and wrong else said
