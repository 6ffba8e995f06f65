"""The command line: thin verbs over the library. Data goes to stdout, progress and errors to stderr.

Nothing heavy is imported here or at the top of the verbs' files, so `openbook --help` is quick.
"""

from openbook.cli.app import main

__all__ = ["main"]
