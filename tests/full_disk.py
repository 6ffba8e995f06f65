"""Run as a program: does the same command with ever more room on the disk, then without a limit. Prints JSON.

    python tests/full_disk.py FOLDER SCRATCH LIMIT,LIMIT,… VERB ARGUMENT…

`DB` among the arguments stands for a copy of FOLDER. No file may grow beyond LIMIT bytes, as if the disk were
full then.
"""

import contextlib
import io
import json
import resource
import shutil
import sys
from pathlib import Path

from openbook.cli.app import run
from openbook.database import Database


def command(arguments: list[str]) -> tuple[int, str]:
    """Exit code and stderr."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        code = run(arguments)
    return code, told.getvalue()


def main() -> None:
    folder, scratch, limits, *words = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    results = []
    for limit in map(int, limits.split(",")):
        copy = Path(scratch) / str(limit)
        shutil.copytree(folder, copy)
        arguments = [str(copy) if word == "DB" else word for word in words]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            code, told = command(arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        still_sound = Database.open(copy).verify().ok
        again, told_again = command(arguments)
        sound = Database.open(copy).verify().ok
        result = {"limit": limit, "code": code, "told": told, "still_sound": still_sound}
        results.append(
            result | {"again": again, "told_again": told_again, "sound": sound, "folder": str(copy)}
        )
    print(json.dumps(results))  # noqa: T201


if __name__ == "__main__":
    main()
