"""The plots of a report. What was not measured has none."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from openbook.evaluate.measures import Difference
from openbook.evaluate.report.results import Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BITS = "bits per byte (less is better)"
_LEGEND_COLUMNS = 5
_GAIN = "gain: off - on, bits per byte"
_OF_MODES = {"on": "#0072B2", "off": "#555555", "random": "#D55E00", "shuffled": "#009E73"}
_OF_OTHERS = ("#CC79A7", "#E69F00", "#56B4E9", "#8C564B")
"""Colors that most people can tell apart, also the color-blind (Okabe and Ito)."""
_DPI = 150
_WIDTH, _HEIGHT = 7.2, 4.2
"""Inches."""


def drawing_advice() -> str:
    """Say what plots need that is not installed; empty: nothing."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return "plots are drawn by matplotlib, which is not installed: pip install 'openbook[plots]'"
    return ""


def draw(evaluation: Evaluation) -> dict[str, bytes]:
    """PNG files by name: modes, leakage, growing, positions, recall, as far as they were measured."""
    kinds: dict[str, Callable[[Evaluation], Figure | None]] = {
        "modes": _modes,
        "leakage": _leakage,
        "growing": _growing,
        "positions": _positions,
        "recall": _recall,
    }
    figures = {name: kind(evaluation) for name, kind in kinds.items()}
    return {name: to_png(figure) for name, figure in figures.items() if figure is not None}


def _modes(evaluation: Evaluation) -> "Figure | None":
    """Bits per byte of each mode, with the interval of its difference from on."""
    report = evaluation.perplexity
    names, color = list(report.modes), color_of(list(report.modes))
    figure = new_figure(height=1.6 + 0.5 * len(names))
    axes = figure.subplots()
    for place, (name, result) in enumerate(report.modes.items()):
        bits, difference = result.bits_per_byte, report.differences.get(name)
        error = None if difference is None else _error_bar(difference)
        axes.errorbar(bits, place, xerr=error, fmt="o", color=color(name), capsize=4, markersize=7)
        axes.annotate(
            f"{bits:.4f}", (bits, place), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9
        )
    if "on" in report.modes:
        axes.axvline(report.modes["on"].bits_per_byte, color=color("on"), linewidth=1, linestyle=":")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.7)
    axes.margins(x=0.12)
    title = "The same tokens in each mode"
    if report.differences:
        title += "; bars: 95 % of the difference from on"
    style_axes(axes, title=title, x=_BITS)
    return figure


def _error_bar(difference: Difference) -> list[list[float]]:
    """Lengths of an error bar, to the left and to the right; none where there is no interval."""
    middle = difference.bits_per_byte
    if difference.low is None or difference.high is None:
        return [[0.0], [0.0]]
    return [[max(0.0, middle - difference.low)], [max(0.0, difference.high - middle)]]


def _leakage(evaluation: Evaluation) -> "Figure | None":
    """The gain in each step of overlap, over how many chunks there are."""
    steps = evaluation.perplexity.by_overlap
    if not steps:
        return None
    figure = new_figure(height=5.2)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    for place, step in enumerate(steps):
        if step.gain is not None:
            gain = step.gain.bits_per_byte
            above.errorbar(
                place, gain, yerr=_error_bar(step.gain), fmt="o", color="#0072B2", capsize=4, markersize=6
            )
    above.axhline(0, color="#555555", linewidth=1)
    style_axes(above, title="Gain from retrieval against overlap with the neighbors", y=_GAIN)
    bars = below.bar(range(len(steps)), [step.chunks for step in steps], color="#BBBBBB")
    below.bar_label(bars, [f"{step.chunks:,}" for step in steps], fontsize=8, padding=2)
    below.margins(y=0.2)
    labels = [f"{100 * step.above:.0f} to {100 * step.up_to:.0f}" for step in steps]
    below.set_xticks(range(len(steps)), labels)
    style_axes(below, x="longest run shared with a neighbor, in % of the chunk", y="chunks")
    below.yaxis.set_major_formatter("{x:,.0f}")
    return figure


def _growing(evaluation: Evaluation) -> "Figure | None":
    """Bits per byte against the size of the book; retrieval off is a line."""
    rows = [row for row in evaluation.growing if row.share]
    if not rows:
        return None
    figure = new_figure()
    axes = figure.subplots()
    bits = [row.bits_per_byte for row in rows]
    # The interval is of off - this share; off stands still, so the bar points the other way.
    bars = [_error_bar(row.gain) for row in rows]
    error = [[above for _, [above] in bars], [below for [below], _ in bars]]
    chunks = [row.chunks for row in rows]
    axes.errorbar(chunks, bits, yerr=error, fmt="o-", color="#0072B2", capsize=4, label="retrieval on")
    off = rows[-1].bits_per_byte + rows[-1].gain.bits_per_byte
    axes.axhline(off, color="#555555", linestyle="--", label="off (0 %)")
    axes.set_xscale("log")
    axes.set_xticks(chunks, [f"{row.share:g} %\n{row.chunks:,}" for row in rows])
    axes.set_xticks([], minor=True)
    axes.margins(x=0.08)
    axes.legend(frameon=False)
    title = "The same model, a growing book; bars: 95 % of the difference from off"
    style_axes(axes, title=title, x="share of the documents, and chunks to retrieve from", y=_BITS)
    return figure


def _positions(evaluation: Evaluation) -> "Figure | None":
    """Bits per byte by place in the chunk, and how much worse than on the others are."""
    by_mode = evaluation.perplexity.by_position
    color = color_of(list(by_mode))
    figure = new_figure(height=5.6 if "on" in by_mode else 3.6)
    plots = figure.subplots(2 if "on" in by_mode else 1, 1, sharex=True, squeeze=False)[:, 0]
    for name, bits in by_mode.items():
        places = range(1, len(bits) + 1)
        plots[0].plot(places, bits, color=color(name), label=name, linewidth=1.4)
        if "on" in by_mode and name != "on":
            gain = [other - on for other, on in zip(bits, by_mode["on"], strict=True)]
            plots[1].plot(places, gain, color=color(name), linewidth=1.4)
    figure.legend(loc="outside lower center", frameon=False, ncols=min(len(by_mode), _LEGEND_COLUMNS))
    style_axes(plots[0], title="Where in a chunk retrieval helps", y="bits per byte")
    if "on" in by_mode:
        plots[1].axhline(0, color="#0072B2", linewidth=1)
        style_axes(plots[1], y="minus on, bits per byte")
    plots[-1].set_xlabel("place of the token in its chunk")
    return figure


def _recall(evaluation: Evaluation) -> "Figure | None":
    """Bits per byte against recall, each point with the lists visited."""
    rows = evaluation.recall
    if not rows:
        return None
    figure = new_figure()
    axes = figure.subplots()
    recall, bits = [row.recall_at_10 for row in rows], [row.bits_per_byte for row in rows]
    axes.plot(recall, bits, "o-", color="#0072B2")
    for row in rows:
        axes.annotate(
            "exact" if row.lists is None else f"{row.lists:,}",
            (row.recall_at_10, row.bits_per_byte),
            xytext=(5, 6),
            textcoords="offset points",
            fontsize=9,
        )
    axes.margins(x=0.1, y=0.15)
    title = "What the index misses costs; numbers: inverted lists visited"
    style_axes(axes, title=title, x="recall@10 against exact search", y=_BITS)
    return figure


def new_figure(*, height: float = _HEIGHT) -> "Figure":
    """An empty figure, this many inches high."""
    from matplotlib.figure import Figure

    return Figure(figsize=(_WIDTH, height), layout="constrained")


def color_of(names: list[str]) -> Callable[[str], str]:
    """The color of each of these modes, the same in all plots of a report."""
    others = [name for name in names if name not in _OF_MODES]
    colors = _OF_MODES | {name: _OF_OTHERS[place % len(_OF_OTHERS)] for place, name in enumerate(others)}
    return colors.__getitem__


def style_axes(axes: "Axes", *, title: str = "", x: str = "", y: str = "") -> None:
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
