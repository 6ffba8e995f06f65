"""Invitations in mails (iCalendar): to what, when and where.

BEGIN:VEVENT                                       Summary: The gate
SUMMARY:The gate                                   Start: 2024-03-05 14:00 Europe/Berlin
DTSTART;TZID=Europe/Berlin:20240305T140000         Location: Harrow, the mill
LOCATION:Harrow\\, the mill
END:VEVENT
"""

import re

_EVENTS = ("VEVENT", "VTODO")
_NAMES = {"SUMMARY": "Summary", "DTSTART": "Start", "DTEND": "End", "DUE": "End", "LOCATION": "Location"}
_TIMES = ("DTSTART", "DTEND", "DUE")
_DESCRIPTION = "DESCRIPTION"
_FOLDED = re.compile(r"\n[ \t]")
_LINE = re.compile(r'([A-Za-z-]+)((?:;[^":;]*(?:"[^"]*"[^":;]*)*)*):(.*)')
_ZONE = re.compile(r';TZID=("[^"]+"|[^";:]+)', re.IGNORECASE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ESCAPED = re.compile(r"\\(.)")


def invitation(calendar: str) -> str:
    """What the events of a calendar are; empty: it has none.

    Args:
        calendar: a file of iCalendar, with LF at the ends of lines.
    """
    events: list[str] = []
    open_: list[str] = []
    said: dict[str, str] = {}
    for line in _FOLDED.sub("", calendar).split("\n"):
        if (match := _LINE.fullmatch(line.strip())) is None:
            continue
        name, about, value = match[1].upper(), match[2], match[3]
        if name == "BEGIN":
            open_.append(value.upper())
        elif name == "END" and open_:
            if open_.pop() in _EVENTS:
                events.append(_event(said))
                said = {}
        elif open_ and open_[-1] in _EVENTS:  # time zones and alarms have beginnings and words of their own
            said.setdefault(name, _time(value, about) if name in _TIMES else _words(value))
    return "\n\n".join(event for event in events if event)


def _event(said: dict[str, str]) -> str:
    lines = [f"{label}: {said[name]}" for name, label in _NAMES.items() if said.get(name)]
    return "\n\n".join(text for text in ("\n".join(lines), said.get(_DESCRIPTION, "")) if text)


def _words(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value).strip()


def _time(value: str, about: str) -> str:
    """A time for people; what is none as it is written.

    >>> _time("20240305T140000Z", ""), _time("20240305", ";VALUE=DATE")
    ('2024-03-05 14:00 UTC', '2024-03-05')
    """
    if (match := _TIME.fullmatch(value.strip())) is None:
        return value.strip()
    year, month, day, hour, minute, is_utc = match.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    zone = _ZONE.search(about)
    name = "UTC" if is_utc else "" if zone is None else zone[1].strip('"')
    return f"{year}-{month}-{day} {hour}:{minute} {name}".rstrip()
