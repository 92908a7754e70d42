"""Days and times as people say them, short enough for a phone's screen.

Kiswahili counts hours from dawn, so "saa 8:00" is heard as two in the
afternoon: times are written 8:00am in both languages.
"""

from datetime import date, datetime

from core.clock import local
from core.wording import language

_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "sw": ("Jumatatu", "Jumanne", "Jumatano", "Alhamisi", "Ijumaa", "Jumamosi", "Jumapili"),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "sw": ("Jan", "Feb", "Machi", "Apr", "Mei", "Juni", "Julai", "Ago", "Sept", "Okt", "Nov", "Des"),
}


def weekday(number: int) -> str:
    """0 → Mon."""
    return _DAYS[language()][number]


def day(value: date) -> str:
    """Tue 24."""
    return f"{_DAYS[language()][value.weekday()]} {value.day}"


def day_month(value: date) -> str:
    """Tue 24 Nov."""
    return f"{_DAYS[language()][value.weekday()]} {value.day} {_MONTHS[language()][value.month - 1]}"


def dated(value: date) -> str:
    """Tue 24 Nov 2026: where it may be of another year."""
    return f"{day_month(value)} {value.year}"


def month_day(value: date) -> str:
    """24 Nov: where the weekday does not matter."""
    return f"{value.day} {_MONTHS[language()][value.month - 1]}"


def clock(moment: datetime) -> str:
    """8:00am, in Nairobi."""
    return hours(local(moment).hour, local(moment).minute)


def hours(hour: int, minute: int) -> str:
    """(14, 30) → 2:30pm; full hours keep their zeros: 8:00am is read as a time, 8am as a name."""
    return f"{(hour - 1) % 12 + 1}:{minute:02d}{'am' if hour < 12 else 'pm'}"


def when(moment: datetime) -> str:
    """Tue 24 Nov 8:00am."""
    return f"{day_month(local(moment).date())} {clock(moment)}"
