"""Writing a report: file by file, each complete or as it was before."""

import json
from pathlib import Path

from openbook.durable import naming_errors, replace_file
from openbook.errors import MissingExtraError, OutputError
from openbook.evaluate.report.markdown import page
from openbook.evaluate.report.results import Evaluation

PLOTS = ("modes", "leakage", "growing", "positions", "recall")
"""Of the files' names, which end in .png."""


def prepare_report(folder: Path) -> None:
    """Make the folder, and see that a report can be written there: before hours of evaluation, not after.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the folder cannot be written to.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        problem = "a report's plots are drawn by matplotlib; pip install 'openbook[eval]'"
        raise MissingExtraError(f"{folder}: {problem}") from error
    with naming_errors(folder, OutputError):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / "results.json.new"
        probe.touch()
        probe.unlink()


def write_report(folder: Path, evaluation: Evaluation) -> list[Path]:
    """Write results.json, report.md and the plots of what was measured.

    Files of an earlier report are replaced, and its plots of what was not measured this time deleted; other
    files are left alone.

    Args:
        folder: made where it is missing.
        evaluation: what was measured.

    Returns:
        The files written.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: a file cannot be written.
    """
    prepare_report(folder)
    from openbook.evaluate.report.plots import draw

    plots = draw(evaluation)
    results = json.dumps(evaluation.to_json(), ensure_ascii=False, indent=2)
    contents = {
        "results.json": f"{results}\n".encode(),
        **{f"{name}.png": png for name, png in plots.items()},
        "report.md": page(evaluation, plots).encode(),
    }
    for name, content in contents.items():
        with naming_errors(folder / name, OutputError):
            replace_file(folder / name, content)
    for name in PLOTS:
        path = folder / f"{name}.png"
        if name not in plots:
            with naming_errors(path, OutputError):
                path.unlink(missing_ok=True)
    return [folder / name for name in contents]
