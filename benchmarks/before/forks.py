"""Python programs, each in a process of its own that has torch and the like loaded already.

Loading them takes longer than most verbs do. So a process loads them once and forks for each program: none
sees what another one has done. It loads nothing of openbook.

Reads from standard input, a line each, {"program", "arguments"}: a module's name or a script's path; writes
a line for each, {"code", "out", "err"}. Run by recorder.py.
"""

import gc
import json
import os
import runpy
import sys
import tempfile
import traceback
import warnings
from importlib import import_module
from typing import Any

import tantivy

_Index = tantivy.Index
LIBRARIES = (
    "accelerate",
    "faiss",
    "matplotlib.figure",
    "pyarrow",
    "rich.progress",
    "sentence_transformers",
    "tensorboardX",
    "torch",
    "transformers",
    "transformers.trainer",
    "transformers.models.llama.modeling_llama",
)


class OneThreadIndex:
    """tantivy's index, written by one thread.

    Two share out the chunks by chance, and what the index remembers of removed ones, which counts in all
    scores, depends on with which others they were.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._index = _Index(*arguments, **options)

    def writer(self, heap_size: int, num_threads: int = 0) -> Any:
        """As tantivy's, but for the number of threads."""
        return self._index.writer(heap_size=heap_size, num_threads=1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


def run(program: str, arguments: list[str]) -> int:
    """Run a program as `python -m` or `python` would; returns its exit code."""
    sys.argv = [program, *arguments]
    try:
        if program.endswith(".py"):
            runpy.run_path(program, run_name="__main__")
        else:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def run_in_fork(program: str, arguments: list[str]) -> dict[str, Any]:
    """The same in a process of its own; returns what it says."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            for file, number in ((out, 1), (err, 2)):
                os.dup2(file.fileno(), number)
            code = run(program, arguments)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
        return {"code": code, "out": said[0], "err": said[1]}


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in LIBRARIES:
            import_module(name)
    tantivy.Index = OneThreadIndex
    gc.freeze()  # else the first collection in each fork would touch, and so copy, all that was loaded
    for line in sys.stdin:
        print(json.dumps(run_in_fork(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
