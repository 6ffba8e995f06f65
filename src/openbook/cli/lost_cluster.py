"""What a verb does where the Ray cluster that it works on is lost."""

import os
import sys

from openbook.cli.console import print_error
from openbook.errors import ClusterError

_SHOW_CURSOR = "\x1b[?25h"


def end_at_once(error: ClusterError) -> None:
    """Say what a lost cluster means, and end the process, which waits inside Ray and hears of nothing else.

    What is on disk stays as it is if the process is killed: complete or absent, so the same command resumes.
    """
    if sys.stderr.isatty():
        sys.stderr.write(_SHOW_CURSOR + "\n")  # a bar may stand there, and have hidden it
    print_error(str(error))
    sys.stderr.flush()
    os._exit(2)
