"""Zstandard archives as streams of bytes.

What fsspec opens for .zst cannot be read line by line, and takes an archive that was cut off for a whole one.
"""

import io
from typing import Any, BinaryIO

_READ_SIZE = 4096
"""Bytes decompressed at once: few, because an archive may hold 30,000 times as much as its size."""
_LARGEST_WINDOW = 2**31
"""Archives made with `zstd --long=31`, as large corpora are, open too."""


def open_zstd(stream: BinaryIO) -> io.BufferedReader:
    """Decompress all frames of an archive.

    Reading raises OSError where it is damaged, EOFError where it was cut off.
    """
    return io.BufferedReader(_Frames(stream), buffer_size=2**17)


class _Frames(io.RawIOBase):
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._unused = b""
        self._frame: Any = None
        """The frame being read; None between two."""
        self._output = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        while not self._output:
            if not self._decompress():
                return 0
        count = min(len(buffer), len(self._output))
        buffer[:count] = self._output[:count]
        self._output = self._output[count:]
        return count

    def _decompress(self) -> bool:
        """Decompress the next bytes; False at the end."""
        from zstandard import ZstdDecompressor, ZstdError

        compressed = self._unused or self._stream.read(_READ_SIZE)
        if not compressed:
            if self._frame is not None:
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            return False
        if self._frame is None:
            self._frame = ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()
        try:
            self._output = memoryview(self._frame.decompress(compressed))
        except ZstdError as error:
            raise OSError(str(error)) from error
        self._unused = b""
        if self._frame.eof:
            self._unused, self._frame = self._frame.unused_data, None
        return True
