"""Text from outside, written so that every renderer prints it and none obeys it."""

import re
import string
import unicodedata

_ESCAPED = {ord(mark): f"\\{mark}" for mark in string.punctuation}
# ZERO WIDTH (NON-)JOINER belong to the spelling of emoji, Persian and Indic scripts.
_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# [text]{.class …}, whose brackets are not escaped
_SPAN = re.compile(r"(?<!\\)\[((?:[^\[\]\\]|\\.)*)\]\{[^{}]*\}")


def plain_text(value: object) -> str:
    """One line of text without characters that are invisible or turn the reading direction.

    Control and format characters (bidirectional marks, zero-width spaces, byte order marks)
    are dropped, any run of white space becomes one space, and what cannot stand in XML or
    UTF-8 (surrogates, noncharacters) becomes U+FFFD.
    """
    kept = []
    for character in " ".join(str(value).split()):
        category = unicodedata.category(character)
        if (
            category == "Cs"
            or ord(character) & 0xFFFE == 0xFFFE
            or 0xFDD0 <= ord(character) <= 0xFDEF
        ):
            kept.append(_REPLACEMENT)
        elif category in ("Cc", "Cf") and not (
            character in _KEPT_FORMAT_CHARACTERS or 0xE0020 <= ord(character) <= 0xE007F
        ):
            continue
        else:
            kept.append(character)
    return " ".join("".join(kept).split())


def escape_markdown(value: object) -> str:
    """Markdown that prints `value` literally: in a paragraph, a table cell, a caption or a title.

    Every ASCII punctuation mark gets a backslash, so that no HTML, Markdown, mathematics,
    reference (``@fig-x``), shortcode or pipe is left to obey; white space is reduced as in
    :func:`plain_text`. The result has no line break.
    """
    return plain_text(value).translate(_ESCAPED)


def without_spans(markdown: str) -> str:
    """Markdown for JupyterLab, which knows no spans of pandoc: labels are bold, bars gone."""
    return _SPAN.sub(lambda span: f"**{span[1]}**" if span[1] else "", markdown)
