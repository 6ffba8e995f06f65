"""A table as Markdown writes it; what its cells are from is not known here."""

from collections.abc import Sequence


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Write a table, whose first row is above the line; empty if it says nothing.

    >>> print(markdown_table([["who", "a|b"], ["Odo", "7"]]))
    | who | a\\|b |
    | --- | --- |
    | Odo | 7 |
    """
    if not any(cell.strip() for row in rows for cell in row):
        return ""
    lines = [
        f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |"
        for row in rows
    ]
    return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]])
