"""Every error a user can meet has this one root, and says what to do next."""

import unicodedata
from pathlib import PurePath

FIRST_SIGNAL = 128  # what a signal ends exits with this and its number: 130 for Ctrl-C
SHOWN_CHARACTERS = 80


class MotError(Exception):
    """One readable message: the thing, the value, what is allowed, the next step.

    ``str(error)`` is the whole message. It is safe to print: text that came
    from a file must have passed through :func:`shown`.
    """


class StudyError(MotError):
    """The study file cannot be read, or says something that is not allowed."""


class SurveyError(MotError):
    """A file of the study (a wave, an outcome file, votes) cannot be used."""


class AnalysisError(MotError):
    """The rows, columns or options given to an analysis cannot be analysed."""


class RenderError(MotError):
    """A document could not be executed or rendered."""


def shown(value: object) -> str:
    """Text from outside, made safe for a terminal or a message.

    Control, format (bidirectional marks, zero-width) and surrogate characters
    are written as escapes; more than 80 characters are cut with an ellipsis,
    but for a `Path`, which is to be found or typed.
    """
    text = str(value)
    if len(text) > SHOWN_CHARACTERS and not isinstance(value, PurePath):
        text = text[: SHOWN_CHARACTERS - 1] + "…"
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character
        for character in text
    )
