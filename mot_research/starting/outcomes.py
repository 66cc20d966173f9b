"""Which columns say what customers did, will do, or think of the whole."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from mot_research.starting.guess import Guess, TwoAnswers
from mot_research.starting.profile import Profile
from mot_research.starting.scales import NO_ANSWER, Scale, labelled_scale, unlabelled_scale
from mot_research.study.fields import listed

RECOMMEND = re.compile(r"recommend|\bnps\b|netpro|promoter|\bltr\b")
OVERALL = re.compile(r"\boverall\b|^all\b|\bas a whole\b|all in all|general satisfaction")
STAYED = re.compile(r"renew|repurchas|bought again|purchased again|stayed|retained|came back")
LEFT = re.compile(r"churn|cancell?ed|\bleft\b|lapsed|terminated")
MONEY = re.compile(r"revenue|\bspend(ing)?\b|\bspent\b|turnover|\bsales\b|lifetime value|\bclv\b")
BEFORE = re.compile(r"\b(prior|previous|past|before|last year)\b")
PAIRS = (("yes", "no"), ("true", "false"), ("y", "n"))  # answers in words
YES = re.compile(r"\byes\b|\btrue\b|renewed|recommend|stayed")
IMPORTANCE = re.compile(r"\bimportan(t|ce)\b")


def guess_outcomes(columns: Sequence[Profile]) -> Iterator[Guess]:
    """Yield outcomes: what customers did, will do, or think of the whole."""
    coded = [column for column in columns if column.codes]
    for column in columns:
        told = column.told
        if BEFORE.search(told) or IMPORTANCE.search(told):
            continue
        numeric = not column.is_text and not column.codes
        if MONEY.search(told) and numeric and np.nanmin(column.values) >= 0:
            yield Guess(column.name, "outcome", "named like money; 0 or more")
            continue
        answers = two_answers(column)
        if answers is not None and (
            RECOMMEND.search(told) or STAYED.search(told) or LEFT.search(told)
        ):
            why = (
                f"named like an outcome; {listed([answers.yes])} is yes, {listed([answers.no])} no"
            )
            yield Guess(column.name, "outcome", why, answers=answers)
            continue
        scale = labelled_scale(column) or unlabelled_scale(column, coded)
        if scale is not None and (RECOMMEND.search(told) or OVERALL.search(told)):
            if scale.is_reversed:
                yield turned(column, scale)
                continue
            what = "recommending" if RECOMMEND.search(told) else "the whole"
            yield Guess(column.name, "outcome", f"asks for {what}; {scale.why}", scale)


def two_answers(column: Profile) -> TwoAnswers | None:
    """Return a question's two answers; the code to want is yes, or no where it asks who left."""
    if column.is_text:
        words = {str(word).casefold(): str(word) for word in column.cells.dropna().unique()}
        pair = next((pair for pair in PAIRS if set(words) == set(pair)), None)
        if pair is None:
            return None
        yes, no = reversed(pair) if LEFT.search(column.told) else pair
        return TwoAnswers(words[yes], words[no])
    codes = [
        code
        for code in column.codes
        if not column.declares_missing(code)
        and not NO_ANSWER.search(column.value_labels.get(code, "").casefold())
    ]
    if len(codes) != 2:
        return None
    first, second = (YES.search(column.value_labels.get(code, "").casefold()) for code in codes)
    low, high = reversed(codes) if first and not second else codes
    if LEFT.search(column.told):
        low, high = high, low
    others = (code for code in column.codes if code not in codes)
    blank = tuple(code for code in others if not column.declares_missing(code))
    return TwoAnswers(high, low, blank)


def turned(column: Profile, scale: Scale) -> Guess:
    """Return the guess for a question whose lowest code is best, which a study does not have."""
    best = column.value_labels[scale.low]
    why = (
        f"{scale.low:g} is labelled {best!r}, but in a study the highest is best: turn the codes "
        f"round in the file, {scale.low + scale.high:g} minus the code"
    )
    return Guess(column.name, "not used", why)
