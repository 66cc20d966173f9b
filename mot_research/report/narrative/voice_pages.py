"""What customers say in their own words, beside the numbers and the gut: sentences and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import pandas as pd

from mot_research.findings import Findings
from mot_research.numbers import (
    COUNT,
    PERCENT,
    PERCENT_TENTHS,
    SUPPRESSED_BELOW,
    count,
    plain,
    too_few,
)
from mot_research.priorities.result import Priority
from mot_research.priorities.triangulation import Conflict, Triangle, triangulate
from mot_research.priorities.voice import MomentVoice, shown_count
from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import frame_table
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative.moment_tables import metric_text
from mot_research.report.narrative.phrases import ended, names_by_id, quoted
from mot_research.report.narrative.words import VERDICTS, listed, number, sentence

NO_VOICE = "The study has no voice of customers: name a file of comments under voice in study.yml."
NAMES_STAY = (
    "E-mail addresses, telephone, account and card numbers, links, postcodes and what stands in "
    "the respondent's own row are masked; names that stand nowhere else can't be found without a "
    "model, so read each quote before it leaves the house."
)
LONGEST_QUOTE = 120  # characters
QUOTES_IN_REPORT = 2
NAMED = 4  # moments that a sentence names
LONGEST_NAME = 60
NONE = "–"
HEARD = {"loud": "loud", "heard": "heard", "quiet": "quiet", "not_available": "too few to say"}
GUT = {
    "bet": "brand bet",
    "chosen": "on the shortlist",
    "not_chosen": "not on the shortlist",
    "not_available": NONE,
}
CONFLICTS: dict[Conflict, tuple[str, str]] = {
    "shortlist_missed": ("proven, missed by the workshop", "Proven, but missed by the workshop"),
    "proven_but_quiet": (
        "proven, hardly mentioned",
        "Proven, but hardly mentioned, so no complaint will warn you",
    ),
    "loud_not_proven": ("loud, not proven", "Loud in the comments, but not among what is proven"),
    "bet_not_proven": ("bet, not proven", "A brand bet that the numbers do not prove"),
    "chosen_not_proven": (
        "chosen, not proven",
        "Chosen by the workshop, but not among what is proven",
    ),
}
TOLD_WITH_BETS: tuple[Conflict, ...] = ("shortlist_missed", "bet_not_proven")


def moment_voice(row: Priority, findings: Findings) -> str:
    """Return what customers say of one moment: mentions, negative share, quotes; one line."""
    if findings.voice is None:
        return ""
    found = findings.voice.moments[row.moment.id]
    text = f"**Voice:** {_mentions(found)}"
    if "loud_voice" in row.flags:
        text += ", loud"
    quotes = quotations(found)[:QUOTES_IN_REPORT]
    return f"{text}. {' · '.join(quotes)}".strip()


def quotations(found: MomentVoice) -> list[str]:
    """Return the quotes of a moment as Markdown that prints what they hold."""
    return [f"“{escape_markdown(shorten(q.text, LONGEST_QUOTE))}”" for q in found.quotes]


def _mentions(found: MomentVoice) -> str:
    share, negative = found.mentions, found.negative_share
    if share.reason == too_few(0):
        return f"fewer than {SUPPRESSED_BELOW} mention it, too few to say more"
    if share.value is None:
        return escape_markdown(share.reason)
    if share.value == 0:
        return "nobody mentions it"
    said = PERCENT_TENTHS.with_interval(share.value, share.ci_lower, share.ci_upper)
    text = f"{said} of customers mention it"
    if negative.value is None:
        return f"{text}; how many negatively: {escape_markdown(negative.reason)}"
    said = PERCENT.with_interval(negative.value, negative.ci_lower, negative.ci_upper)
    return f"{text}, {said} of them negatively"


def summary(findings: Findings) -> str:
    """Return where the comments come from, and how they were matched to moments."""
    found = findings.voice
    if found is None:
        return NO_VOICE
    if not found.n_comments:
        return f"There is no comment of wave {escape_markdown(findings.wave)}."
    how = "coded by people" if found.matched_by == "codes" else "matched by words of the moments"
    n = shown_count(found.n_comments)
    many = f"fewer than {SUPPRESSED_BELOW}" if n is None else count(n)
    text = f"{sentence(many)} comments of wave {escape_markdown(findings.wave)}, {how}."
    if shown_count(found.n_unlinked):
        text += (
            f" {count(found.n_unlinked)} of them name no respondent of the wave and stand in no "
            "share."
        )
    if found.agreement is not None:
        columns = ["recall", "precision", "kappa"]
        recall, precision, kappa = map(float, found.agreement.loc["", columns].to_numpy(float))
        text += (
            f" A search for the moments' own words would find {PERCENT.one(recall)} of what "
            f"people coded, and {PERCENT.one(precision)} of what it finds is coded so "
            f"(Cohen's κ {plain(kappa, 2)})."
        )
    return f"{text} {NAMES_STAY}" if found.quotes_allowed else text


def voice_table(findings: Findings) -> str:
    """Return the voice of every moment, the most mentioned relative to reach first."""
    found = findings.voice
    if found is None:
        return NO_VOICE
    named = names_by_id(findings)
    order = [*found.by_salience, *(name for name in found.moments if name not in found.by_salience)]
    loud = found.loud(findings.priorities.top)
    rows = []
    for name in order:
        each = found.moments[name]
        n = shown_count(each.n_comments)
        rows.append(
            (
                shorten(named.get(name, name), LONGEST_NAME),
                f"fewer than {SUPPRESSED_BELOW}" if n is None else COUNT.one(n),
                metric_text(each.mentions, PERCENT_TENTHS),
                NONE if each.salience is None else PERCENT_TENTHS.one(each.salience),
                each.negative_share.reason or metric_text(each.negative_share, PERCENT),
                "loud" if name in loud else "",
            )
        )
    columns = (
        Column("Moment", 9),
        Column("Comments", 4, "right"),
        Column("Customers who mention it", 6, "right"),
        Column("of those who had it", 4, "right"),
        Column("Negative among them", 7, "right"),
        Column("", 2),
    )
    return Table(columns, tuple(rows)).to_markdown()


def quotes_list(findings: Findings) -> str:
    """Return the typical quotes of each moment, where the study allows them."""
    found = findings.voice
    if found is None:
        return ""
    if not found.quotes_allowed:
        return "The study does not allow quotes (quotes: true under voice would)."
    named = names_by_id(findings)
    lines = [
        f"- {quoted(named.get(name, name))}: {' · '.join(quotations(each))}"
        for name, each in found.moments.items()
        if each.quotes
    ]
    few = f"No moment has a text, and {SUPPRESSED_BELOW} comments, to quote from."
    return "\n".join(lines) or few


def agreement_table(findings: Findings) -> str:
    """Return how well a search for the study's terms finds what people coded."""
    if findings.voice is None or findings.voice.agreement is None:
        return ""
    found = findings.voice.agreement
    named = names_by_id(findings) | {"": "All"}
    shown = pd.DataFrame(
        {
            "Moment": [named.get(str(name), str(name)) for name in found.index],
            "Coded": found["n_coded"].to_numpy(),
            "Found": found["n_matched"].to_numpy(),
            "Precision": found["precision"].to_numpy(),
            "Recall": found["recall"].to_numpy(),
            "κ": found["kappa"].to_numpy(),
        }
    )
    few = shown[["Coded", "Found"]].lt(SUPPRESSED_BELOW).any(axis=1)
    shown.loc[few, ["Coded", "Found", "Precision", "Recall", "κ"]] = float("nan")
    return frame_table(shown)


# Numbers, voice and gut -------------------------------------------------------------------


def conflicts(findings: Findings, *, told: Collection[Conflict] = ()) -> str:
    """Return where numbers, voice and gut conflict, a sentence a line; `told` are left out."""
    triangles = _triangles(findings)
    found = {
        conflict: [each for each in triangles if conflict in each.conflicts]
        for conflict in CONFLICTS
    }
    lines = [
        f"- **{CONFLICTS[conflict][1]}:** {_names(named)}."
        for conflict, named in found.items()
        if named and conflict not in told
    ]
    missing = listed(list(_missing(findings)))
    note = f"Not compared: {missing}." if missing else ""
    if not lines:
        other = "in no other way" if any(found.values()) else "nowhere"
        return f"Numbers, voice and gut conflict {other}. {note}".strip()
    return ended("\n".join(lines)) + (f"\n\n{note}" if note else "")


def triangle_table(findings: Findings) -> str:
    """Return numbers, voice and gut side by side for every moment, conflicts first."""
    rows = tuple(
        (
            shorten(each.name, LONGEST_NAME),
            VERDICTS[each.numbers],
            NONE if findings.voice is None else HEARD[each.voice],
            GUT[each.gut],
            "; ".join(CONFLICTS[name][0] for name in each.conflicts),
        )
        for each in _triangles(findings)
    )
    columns = (
        Column("Moment", 8),
        Column("Numbers", 4),
        Column("Voice", 4),
        Column("Gut", 5),
        Column("Conflict", 9),
    )
    return Table(columns, rows).to_markdown()


def triangle_note(findings: Findings) -> str:
    """Return how to read the table."""
    top = number(findings.priorities.top)
    return (
        f"*Loud*: among the {top} most mentioned relative to reach, by 30 comments or more; "
        "*quiet*: beyond them, by fewer. A comment is written by whom something moved: it tells "
        "what is felt, not what it is worth."
    )


def _triangles(findings: Findings) -> tuple[Triangle, ...]:
    return triangulate(findings.priorities, findings.voice, findings.shortlist)


def _missing(findings: Findings) -> Iterator[str]:
    if findings.voice is None:
        yield "the voice of customers, which the study does not have"
    if not findings.shortlist and not any(m.brand_bet for m in findings.study.moments):
        yield "the gut, because there is neither a shortlist nor a brand bet"


def _names(found: Sequence[Triangle]) -> str:
    names = [quoted(each.name) for each in found]
    if len(names) > NAMED + 1:
        names = [*names[:NAMED], f"{number(len(names) - NAMED)} more"]
    return listed(names)
