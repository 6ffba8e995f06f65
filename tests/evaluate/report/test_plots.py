"""The plots: files that can be opened and show something."""

import struct
from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n"
PLOTS = {"modes.png", "leakage.png", "growing.png", "positions.png", "recall.png"}


def size_of(png: Path) -> tuple[int, int]:
    content = png.read_bytes()
    assert content[:8] == PNG
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_every_plot_can_be_opened_and_shows_something(folder: Path) -> None:
    from matplotlib.image import imread

    for name in PLOTS:
        path = folder / name
        width, height = size_of(path)
        assert (width, 400 < height < 1000) == (1080, True)
        pixels = imread(path)
        assert pixels.shape[:2] == (height, width)
        assert 0.005 < (pixels[..., :3].min(axis=-1) < 0.9).mean() < 0.5
