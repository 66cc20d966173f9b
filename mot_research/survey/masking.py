"""Personal data in free text, masked before anything else sees the text.

Forms that have one are found: addresses, numbers, and the values of the respondent's own row.
Names that stand in no column can't be found without a model; the report says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

OWN = "[own data]"
SHORTEST_OWN = 3  # characters; shorter values are codes that stand in any sentence
MOST_WORDS = 4  # a longer value is a sentence, not a name or an address

_URL = re.compile(r"\b(?:https?://|www\.)\S*[\w/]", re.I)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}\s?@\s?[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.I)
_CARD = re.compile(r"(?<![\w+])\d(?:[ -]?\d){12,18}(?![\w])")
_PHONE = re.compile(
    r"(?<![\w.,])(?:"
    r"(?:\+|00)[1-9][\d ()/.-]{5,20}\d"  # international
    r"|\(?0\d{1,5}\)?[ /.-]{0,2}\d[\d /.-]{3,12}\d"  # national, with its 0
    r"|(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"  # North America
    r")(?![\w%])"
)
_DATE = re.compile(r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2})")
_POSTCODE = re.compile(
    r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d(?!GB|MB|KB|TB)[A-Z]{2}"  # United Kingdom
    r"|\d{4} ?[A-Z]{2}(?= [A-Z])"  # Netherlands, before a place
    r"|[A-Z]{1,2}-\d{4,5}"  # D-10115, with the country
    r"|[A-Z]{2} \d{5}(?:-\d{4})?"  # CA 94110
    r"|\d{5}(?= [A-ZÄÖÜ][a-zäöüß]{2,}))\b"  # 10115 Berlin
)
_PHONE_DIGITS = range(7, 16)


def mask(text: str, own: Iterable[str] = ()) -> str:
    """Return a text with personal data replaced by what they were: ``[e-mail]``, ``[phone]``.

    Parameters
    ----------
    text : str
    own : iterable of str
        Values of the respondent's own row: an id, a name, a street. Each is masked where it
        stands as whole words, in any case; of a value of two to four words also each word with
        a capital letter.

    Notes
    -----
    An account number must pass its check by 97 (ISO 13616), a card number Luhn's (ISO/IEC
    7812): an order number that fails stays. Ten digits that begin with 0 count as a telephone.
    """
    for value in sorted({value.strip() for value in own}, key=len, reverse=True):
        text = _mask_own(text, value)
    text = _URL.sub("[link]", text)
    text = _EMAIL.sub("[e-mail]", text)
    text = _IBAN.sub(_account, text)
    text = _CARD.sub(_if(_is_card, "[card number]"), text)
    text = _PHONE.sub(_if(_is_phone, "[phone]"), text)
    return _POSTCODE.sub("[postcode]", text)


def _mask_own(text: str, value: str) -> str:
    words = value.split()
    if len(value) < SHORTEST_OWN or len(words) > MOST_WORDS:
        return text
    if value.casefold() in text.casefold():
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", OWN, text, flags=re.I)
    for word in words if len(words) > 1 else ():
        if len(word) >= SHORTEST_OWN and word[0].isupper() and word in text:
            text = re.sub(rf"(?<![\w\[]){re.escape(word)}(?!\w)", OWN, text)
    return text


def _if(holds: Callable[[str], bool], instead: str) -> Callable[[re.Match[str]], str]:
    return lambda found: instead if holds(found[0]) else found[0]


def _account(found: re.Match[str]) -> str:
    """Mask the longest beginning that is an account number; what follows it is text."""
    text = found[0]
    for end in range(len(text), 14, -1):
        whole = end == len(text) or not text[end].isalnum()
        compact = re.sub(r"[ -]", "", text[:end]).upper()
        if whole and 15 <= len(compact) <= 34 and _is_iban(compact):
            return f"[account number]{text[end:]}"
    return text


def _is_iban(compact: str) -> bool:
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def _is_card(text: str) -> bool:
    """Luhn: every second digit from the right doubled, its digits added."""
    digits = [int(character) for character in reversed(text) if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and any(digits)


def _is_phone(text: str) -> bool:
    n_digits = sum(character.isdigit() for character in text)
    return n_digits in _PHONE_DIGITS and not _DATE.fullmatch(text.strip())
