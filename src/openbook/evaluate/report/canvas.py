"""How the plots of a report look: figures, axes and colors. matplotlib's own settings are left alone."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OF_MODES = {"on": "#0072B2", "off": "#555555", "random": "#D55E00", "shuffled": "#009E73"}
_OF_OTHERS = ("#CC79A7", "#E69F00", "#56B4E9", "#8C564B")
"""Colors that most people can tell apart, also the color-blind (Okabe and Ito)."""
_DPI = 150
_WIDTH, _HEIGHT = 7.2, 4.2
"""Inches."""


def new_figure(*, height: float = _HEIGHT) -> "Figure":
    """An empty figure, this many inches high."""
    from matplotlib.figure import Figure

    return Figure(figsize=(_WIDTH, height), layout="constrained")


def color_of(names: list[str]) -> Callable[[str], str]:
    """The color of each of these modes, the same in all plots of a report."""
    others = [name for name in names if name not in _OF_MODES]
    colors = _OF_MODES | {name: _OF_OTHERS[place % len(_OF_OTHERS)] for place, name in enumerate(others)}
    return colors.__getitem__


def dress(axes: "Axes", *, title: str = "", x: str = "", y: str = "") -> None:
    """Labels, a quiet grid, and numbers written out."""
    from matplotlib.ticker import ScalarFormatter

    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):
        formatter = axis.get_major_formatter()
        if isinstance(formatter, ScalarFormatter):
            formatter.set_useOffset(False)


def to_png(figure: "Figure") -> bytes:
    """The file's content."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, facecolor="white")
    return file.getvalue()
