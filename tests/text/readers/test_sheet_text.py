"""From the rows of a sheet to its text."""

from collections.abc import Sequence

import pytest

from openbook.text.readers.sheet_text import Cell, Range, Sheet, sheet_text

_JANUARY, _FEBRUARY = ["2025-01-01"], ["2025-02-01"]


def text_of(*rows: Sequence[Cell], merged: Sequence[Range] = (), column: int = 0) -> str:
    """What stands below the heading of a sheet with these rows."""
    sheet = Sheet(name="S", merged=merged)
    for number, row in enumerate(rows):
        sheet.add(number, row, column=column)
    text = sheet_text(sheet)
    assert text.startswith("# S\n\n") or not text
    return text.removeprefix("# S\n\n")


def test_a_row_says_the_names_of_its_columns() -> None:
    rows = (["Name", "Phone", "City"], ["Anna", "030 1", "Berlin"], ["Ben", "", "Bonn"])
    assert text_of(*rows) == "Name: Anna; Phone: 030 1; City: Berlin\nName: Ben; City: Bonn"
    assert text_of(*rows, column=3) == text_of(*rows)


def test_the_name_of_the_sheet_is_its_heading() -> None:
    sheet = Sheet(name=" My\nguests ")
    assert sheet_text(sheet) == ""
    sheet.add(0, ["", " \n", ""])
    assert sheet_text(sheet) == ""
    sheet.add(4, ["x"])
    assert sheet_text(sheet) == "# My guests\n\nx"


@pytest.mark.parametrize(
    "rows",
    [
        (["Anna", 3.0], ["Ben", 4.0]),  # not all texts
        (["Name", "Phone", "phone"], ["Anna", "1", "2"]),  # not all different
        (["Name:", "Anna"], ["Born:", "1985"]),  # a form
        (["Anna", "Ben"],),  # nothing below
        (["Invoice", "12"], ["a", 1.0, 2.0, 3.0, 4.0], ["b", 1.0, 2.0, 3.0, 4.0]),  # names too few
        (["tea", 2000.0, 1950.0], ["rice", 1990.0, 2010.0]),  # values that might be years
        (["trip", _JANUARY, _FEBRUARY], ["visit", _FEBRUARY, _FEBRUARY]),  # dates above dates
        (["rent", 2024.0], ["food", 300.0]),  # one year
        (["", 2025.0, 2024.0], ["rent", 900.0, 950.0]),  # they fall
    ],
    ids=range(9),
)
def test_rows_without_names_stand_with_tabs(rows: Sequence[Sequence[Cell]]) -> None:
    assert ": " not in text_of(*rows).replace("Name:", "").replace("Born:", "")
    assert len(text_of(*rows).splitlines()) == len(rows)
    assert "\t" in text_of(*rows)


def test_years_and_dates_that_rise_are_names() -> None:
    assert text_of(["", 2024.0, 2025.0], ["rent", 900.0, 950.0]) == "rent; 2024: 900; 2025: 950"
    assert text_of(["Item", 2024.0, 2025.0], ["rent", 900.0, 950.0]) == "Item: rent; 2024: 900; 2025: 950"
    expected = "Item: rent; 2025-01-01: 900; 2025-02-01: 950"
    assert text_of(["Item", _JANUARY, _FEBRUARY], ["rent", 900.0, 950.0]) == expected


def test_a_column_without_a_name_is_its_cell_alone() -> None:
    assert text_of(["Name", "", "City"], ["Anna", "x", "Bonn"]) == "Name: Anna; x; City: Bonn"


@pytest.mark.parametrize("empty", [0, 1])
def test_titles_stand_above_the_names(empty: int) -> None:
    rows = (["Prices of May"], *[[""]] * empty, ["Item", "Price"], ["Tea", 3.5])
    assert text_of(*rows) == "Prices of May\n" + "\n" * empty + "Item: Tea; Price: 3.5"
    rows = (["Shop"], ["No.", 7.0], ["Item", "Price", "Count"], ["Tea", 3.5, 2.0])
    assert text_of(*rows) == "Shop\nNo.\t7\nItem: Tea; Price: 3.5; Count: 2"


def test_a_list_of_one_column_is_its_cells() -> None:
    assert text_of(*[[word] for word in "abcbb"]) == "a\nb\nc\nb\nb"
    assert text_of(["Who", "What"], ["Odo", "tea"], [""], ["x"], ["y"]) == "Who: Odo; What: tea\n\nx\ny"


def test_names_hold_below_an_empty_row() -> None:
    rows = (["Who", "City"], ["Anna", "Bonn"], [""], ["Ben", "Ulm"], ["Cleo", "Köln"])
    assert text_of(*rows) == "Who: Anna; City: Bonn\n\nWho: Ben; City: Ulm\nWho: Cleo; City: Köln"
    rows = (["Who", "City", "Age"], ["Anna", "Bonn", 3.0], [""], ["Ben", "Ulm"], ["Cleo", "", 4.0])
    assert text_of(*rows).endswith("\n\nWho: Ben; City: Ulm\nWho: Cleo; Age: 4")
    rows = (["Item", "Price"], ["Tea", 3.0], [""], ["sum", 3.0])
    assert text_of(*rows) == "Item: Tea; Price: 3\n\nItem: sum; Price: 3"


def test_a_table_below_another_has_names_of_its_own() -> None:
    first = (["Who", "City"], ["Anna", "Bonn"], [""])
    assert text_of(*first, ["Item", "Price"], ["Tea", 3.0]).endswith("\n\nItem: Tea; Price: 3")
    assert text_of(*first, ["Who", "City"], ["Ben", "Ulm"]).endswith("\n\nWho: Ben; City: Ulm")
    assert text_of(*first, ["a", "b", "c"], ["x", "y", "z"]).endswith("\n\na: x; b: y; c: z")
    assert text_of(*first, ["Rooms"], [""], ["Room", "Floor"], ["hall", "first"]).endswith(
        "\n\nRooms\n\nRoom: hall; Floor: first"
    )
    assert text_of(*first, ["", "", "", "x", 1.0]).endswith("\n\nx\t1")


def test_a_cell_merged_over_rows_belongs_to_each() -> None:
    rows = (["Day", "Hour", "What"], ["Monday", 8.0, "math"], ["", 9.0, "art"], ["", 10.0, "PE"], ["", 11.0])
    text = text_of(*rows, merged=[((1, 0), (3, 0))])
    assert text.splitlines()[1:] == [
        "Day: Monday; Hour: 9; What: art",
        "Day: Monday; Hour: 10; What: PE",
        "Hour: 11",
    ]
    overlapping = [((1, 0), (3, 0)), ((2, 0), (1_000_000, 0)), ((7, 7), (9, 9))]
    assert text_of(*rows, merged=overlapping) == text


def test_a_cell_merged_over_rows_adds_none() -> None:
    rows = (["a", "b"], ["x", 1.0], [""], [""], ["y", 2.0])
    assert text_of(*rows, merged=[((1, 0), (3, 0))]) == "a: x; b: 1\n\na: y; b: 2"


def test_names_in_two_rows_are_joined() -> None:
    rows = (
        ["Prices", "", "", "", ""],
        ["Item", "2024", "", "2025", ""],
        ["", "planned", "paid", "planned", "paid"],
        ["rent", 1.0, 2.0, 3.0, 4.0],
    )
    merged = [((0, 0), (0, 4)), ((1, 0), (2, 0)), ((1, 1), (1, 2)), ((1, 3), (1, 4))]
    expected = "Prices\nItem: rent; 2024 planned: 1; 2024 paid: 2; 2025 planned: 3; 2025 paid: 4"
    assert text_of(*rows, merged=merged) == expected


def test_cells_are_written_as_they_are_seen() -> None:
    row: list[Cell] = [
        "a\n b",
        12.0,
        0.1 + 0.2,
        491711234567.0,
        1e22,
        True,
        False,
        ["PT36H"],
        float("nan"),
        -2.5,
    ]
    assert text_of(row).split("\t") == [
        "a b", "12", "0.3", "491711234567", "1e+22", "TRUE", "FALSE", "PT36H", "nan", "-2.5",
    ]  # fmt: skip
