"""Invitations: what calendars say to people."""

from openbook.text.readers.mail_invitation import invitation

_CALENDAR = """BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:16010101T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1
ORGANIZER;CN="Fenn: Ada":mailto:ada@example.org
SUMMARY;LANGUAGE=de:The gate\\, aga
 in
DTSTART;TZID="W. Europe: Berlin":20240305T140000
DTEND;TZID=Europe/Berlin:20240305T153000
LOCATION:Harrow\\; the mill
DESCRIPTION:Hinges.\\nBring oil.
BEGIN:VALARM
DESCRIPTION:REMINDER
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_an_event_is_its_subject_time_place_and_words() -> None:
    assert invitation(_CALENDAR) == (
        "Summary: The gate, again\nStart: 2024-03-05 14:00 W. Europe: Berlin\n"
        "End: 2024-03-05 15:30 Europe/Berlin\nLocation: Harrow; the mill\n\nHinges.\nBring oil."
    )


def test_each_event_is_said_and_a_task_too() -> None:
    event = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20240305\nEND:VEVENT\n"
    task = "BEGIN:VTODO\nSUMMARY:Oil\nDUE:soon\nEND:VTODO"
    assert invitation(event + task) == "Start: 2024-03-05\n\nSummary: Oil\nEnd: soon"


def test_what_has_no_event_says_nothing() -> None:
    for calendar in ("", "BEGIN:VCALENDAR\nEND:VCALENDAR", "hello\nEND:VEVENT", "BEGIN:VEVENT\nSUMMARY:Gate"):
        assert invitation(calendar) == ""
