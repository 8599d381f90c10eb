"""The embedded cluster's own process: ``python -m cx_conformance.sandbox.process``, started by ``EmbeddedCluster``.

It reads what to hold from standard input, serves until that closes (its client is done, or dead), and leaves nothing
behind.
"""

import os
import sys

from cx_conformance.sandbox import channel


def main() -> int:
    """Serve one embedded cluster; return the exit status."""
    order = channel.receive(sys.stdin.buffer)
    if order is None:
        return 0
    # Whatever prints by mistake goes to standard error: standard output belongs to the channel.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    # Imported only now, so that the client need not wait for it before it has handed over its objects.
    from cx_conformance.sandbox.serving import serve

    return serve(order, sys.stdin.buffer, answers)


if __name__ == "__main__":
    sys.exit(main())
