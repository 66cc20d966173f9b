"""Which codes of a question are its scale, and which stand for no answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mot_research.starting.profile import Profile
from mot_research.study.fields import listed

SHORTEST, LONGEST = 3, 11  # points of a rating scale
# By the code's own label. A label that says both is taken for no answer.
NO_ANSWER = re.compile(
    r"don.?t know|do not know|\bdk\b|not sure|unsure|answer|refus|prefer not|missing|blank|"
    r"no opinion|can.?t say|cannot say|not stated|skipped|unknown|no response"
)
NOT_EXPERIENCED = re.compile(
    r"not applic|\bn/?a\b|never (used|had|been|visited|call|contact)|did ?n.t|did not|have ?n.t|"
    r"have not|has not|not (used|experienced|visited|relevant|happen)|do(es)? ?n.t (use|apply)|"
    r"do(es)? not (use|apply)|no experience|no contact"
)
OF_A_SCALE = re.compile(
    r"agree|satisf|good|poor|bad|excellent|fair|likely|accept|outstanding|happy|pleased|always|"
    r"\bnever\b|very|extremely|\bbest\b|\bworst\b|star|strongly|average|neutral|neither|terrible|"
    r"great|delight|disappoint|below|above|expect"
)
WORST = re.compile(
    r"dissat|unsat|disagree|poor|bad|terrible|worst|unlikely|not at all|unhappy|never|unacc|"
    r"disappoint|below|\blow"
)
BEST = re.compile(
    r"satisf|agree|excellent|good|\bbest\b|great|likely|happy|outstanding|delight|always|above"
)
# Lengths that surveys use; one code more than such a scale is no point of it.
USUAL_LENGTHS = (5, 7, 10)
COMMON = 3  # questions that show a scale, from which others are read by it
APART = 0.25  # a code whose share differs so much between questions is no point of a scale


@dataclass(frozen=True)
class Scale:
    """The lowest and highest point, the codes beside it, why, and whether the lowest is best."""

    low: float
    high: float
    not_experienced: tuple[float, ...] = ()
    blank: tuple[float, ...] = ()
    why: str = ""
    is_reversed: bool = False


def labelled_scale(profile: Profile) -> Scale | None:
    """Return the scale of a question by the labels of its codes; None where they name none."""
    if not profile.value_labels or not profile.codes:
        return None
    label = {code: text.casefold() for code, text in profile.value_labels.items()}
    blank = [code for code in profile.codes if NO_ANSWER.search(label.get(code, ""))]
    absent = [
        code
        for code in profile.codes
        if code not in blank and NOT_EXPERIENCED.search(label.get(code, ""))
    ]
    points = [
        code
        for code in profile.codes
        if code not in blank and code not in absent and not profile.declares_missing(code)
    ]
    named = [label[code] for code in points if code in label]
    only_ends = len(named) <= 2 < len(points)
    if not _is_run(points) or not (only_ends or any(map(OF_A_SCALE.search, named))):
        return None
    told = [f"{points[0]:g} to {points[-1]:g} by their labels"]
    told += [f"{code:g} is labelled {profile.value_labels[code]!r}" for code in [*absent, *blank]]
    undeclared = tuple(code for code in blank if not profile.declares_missing(code))
    first, last = label.get(points[0], ""), label.get(points[-1], "")
    turned = bool(BEST.search(first) and not WORST.search(first) and WORST.search(last))
    return Scale(points[0], points[-1], tuple(absent), undeclared, "; ".join(told), turned)


def answers_in_words(profile: Profile) -> bool:
    """Whether cells hold the words of a scale instead of its codes."""
    words = [str(word).casefold() for word in profile.cells.dropna().unique()[: LONGEST + 1]]
    of_a_scale = [word for word in words if BEST.search(word) or WORST.search(word)]
    return SHORTEST <= len(words) <= LONGEST and len(of_a_scale) > len(words) / 2


def unlabelled_scale(profile: Profile, others: Sequence[Profile]) -> Scale | None:
    """Return the scale of a question without labels, by the numbers that it and others hold.

    0 below a scale from 1 and codes after a gap are no answer; one code more
    than a usual length (6 after 1 to 5) is read as "did not have it" where
    its share differs between the questions as no point of a scale does.
    """
    codes = [code for code in profile.codes if not profile.declares_missing(code)]
    if profile.value_labels or not codes:
        return None
    run = _longest_run([code for code in codes if code >= 0])
    if len(run) < SHORTEST:
        return None
    why, blank, absent = [], [code for code in codes if code not in run], []
    if blank:
        why.append(f"apart from the others: {listed(blank)}")
    if run[0] == 0 and len(run) - 1 <= max(USUAL_LENGTHS) and run[-1] < max(USUAL_LENGTHS):
        blank, run = [0.0, *blank], run[1:]
        why.append("0 stands below a scale from 1")
    above_ten = run[0] == 0 and run[-1] == max(USUAL_LENGTHS) + 1
    above_usual = run[0] == 1 and len(run) - 1 in USUAL_LENGTHS
    if (above_ten or above_usual) and _share_varies(run[-1], others):
        absent, run = [run[-1]], run[:-1]
        why.append(f"the share of {absent[0]:g} differs between the questions as no rating's does")
    elif above_ten:
        blank, run = [*blank, run[-1]], run[:-1]
        why.append(f"{blank[-1]:g} stands above a scale from 0 to 10")
    if not _is_run(run):
        return None
    told = "; ".join([f"{run[0]:g} to {run[-1]:g} by the numbers it holds", *why])
    return Scale(run[0], run[-1], tuple(absent), tuple(blank), told)


def shared_scales(
    scales: Mapping[str, Scale], codes: Mapping[str, Sequence[float]]
) -> dict[str, Scale]:
    """Return the scale that most questions show, for each question whose codes lie on it.

    A question that few answered, or that nobody rated low, shows a part of
    its scale only. Other questions keep their own.

    Parameters
    ----------
    scales : mapping of column to Scale
        As each question shows by itself.
    codes : mapping of column to codes
        The numbers that each question holds.
    """
    ends = [(scale.low, scale.high) for scale in scales.values()]
    if not ends:
        return {}
    low, high = max(sorted(set(ends)), key=ends.count)
    most = [scale for scale in scales.values() if (scale.low, scale.high) == (low, high)]
    absent = {code for scale in most for code in scale.not_experienced}
    blank = {code for scale in most for code in scale.blank} - absent
    points = {low + step for step in range(round(high - low) + 1)}
    found = dict(scales)
    for column, held in codes.items():
        if len(most) >= COMMON and set(held) <= points | absent | blank:
            told = [f"{low:g} to {high:g} as {len(most)} questions show"]
            told += [f"{listed(sorted(absent))}: its share differs between them"] if absent else []
            told += [f"{listed(sorted(blank))}: apart from the scale"] if blank else []
            held_absent, held_blank = absent & set(held), blank & set(held)
            found[column] = Scale(
                low, high, tuple(sorted(held_absent)), tuple(sorted(held_blank)), "; ".join(told)
            )
    return found


def _is_run(points: Sequence[float]) -> bool:
    return SHORTEST <= len(points) <= LONGEST and points[-1] - points[0] == len(points) - 1


def _longest_run(codes: Sequence[float]) -> list[float]:
    """The longest part of the codes without a gap, the first of equals."""
    runs: list[list[float]] = []
    for code in codes:
        if runs and code == runs[-1][-1] + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return max(runs, key=len, default=[])


def _share_varies(code: float, others: Sequence[Profile]) -> bool:
    shares = [
        float(np.mean(one.values[~np.isnan(one.values)] == code))
        for one in others
        if code in one.codes and max(one.codes) == code
    ]
    return len(shares) > 1 and max(shares) - min(shares) > APART
