"""Runs commands in a folder, each in a process of its own, and keeps what they answer."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from before.fingerprints import cleaned, files_of

_HERE = Path(__file__).parent
# One thread: sums in several are added up in an order that depends on how many there are and who is first, so
# their last bits differ from run to run. The CPU alone, for the same reason; and no hub, which may have news.
_SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "HF_HUB_OFFLINE": "1",
    "PYTHONWARNINGS": "ignore",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


class Recorder:
    """What was answered in one folder. Must be closed.

    Args:
        folder: where commands run, so that all paths they are given are relative.
        source: folder of the package `openbook`.
        other_places: folders whose names mean the same as this one's.
    """

    def __init__(self, folder: Path, source: Path, other_places: Sequence[Path] = ()) -> None:
        self.folder = folder
        self.places = [str(place.resolve()) for place in (folder, *other_places)]
        self.environment = {**os.environ, **_SURROUNDINGS, "PYTHONPATH": str(source)}
        self.found: dict[str, Any] = {}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._forks = self._start([str(_HERE / "forks.py")], pipes)

    def close(self) -> None:
        """No more commands will follow."""
        self._forks.communicate()

    def openbook(self, name: str, *arguments: str) -> None:
        """Run a verb; its JSON, or its lines, are kept under this name."""
        self._keep(name, "openbook", arguments)

    def inside(self, name: str, script: str, *arguments: str) -> None:
        """Run a script that stands beside this file in the same way."""
        self._keep(name, str(_HERE / f"{script}.py"), arguments)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a verb that is to be interrupted."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return self._start(["-m", "openbook", *arguments], quiet)

    def files(self, name: str, folder: str) -> None:
        """Keep what a folder holds now."""
        self._put(f"{name}: files", files_of(self.folder / folder, self.places))

    def _start(self, command: list[str], pipes: dict[str, int]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *command], cwd=self.folder, env=self.environment, text=True, **pipes
        )

    def _keep(self, name: str, program: str, arguments: Sequence[str]) -> None:
        began = time.monotonic()
        text = self._run(program, arguments)
        print(f"{time.monotonic() - began:5.1f} s  {name}", file=sys.stderr, flush=True)
        try:
            answer = json.loads(text)
        except ValueError:
            answer = text.splitlines()
        self._put(name, cleaned(answer, self.places))

    def _put(self, name: str, value: Any) -> None:
        if name in self.found:
            raise ValueError(f"two steps are called {name!r}")
        self.found[name] = value

    def _run(self, program: str, arguments: Sequence[str]) -> str:
        assert self._forks.stdin is not None and self._forks.stdout is not None
        self._forks.stdin.write(json.dumps({"program": program, "arguments": list(arguments)}) + "\n")
        self._forks.stdin.flush()
        answer = json.loads(self._forks.stdout.readline())
        if answer["code"]:
            said = f"{answer['out'][-1000:]}{answer['err'][-3000:]}"
            raise SystemExit(f"{program} {' '.join(arguments)}: exit code {answer['code']}\n{said}")
        out: str = answer["out"]
        return out
