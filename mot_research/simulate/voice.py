"""What customers say in their own words, and the recordings of their journeys."""

import numpy as np
import pandas as pd

from mot_research.simulate.company import MOMENTS, STAGES
from mot_research.simulate.draws import choice, normal, whole
from mot_research.simulate.truth import PLANTED
from mot_research.simulate.waves import QUESTIONS, WAVES

NEW_BILL_IS_TOLD = 4.0  # how much likelier the bill is a topic after the change of its layout
COMMENTING = 0.25  # the share of respondents who write something
SOURCES = (("survey", 0.70), ("call", 0.14), ("social", 0.11), ("letter", 0.05))
NEW_BILL_CODE = 999
RECORDED = 240  # customers who kept a diary of one day
STEPS_TOLD = 6
HANDED_OVER = 0.3  # share of the steps at a shared moment with an internal interaction

#: What is said of a moment when it went wrong, and when it went well.
SAID = {
    "coverage_check": (
        "The map said full coverage, my kitchen says no.",
        "The coverage map was honest about my village.",
    ),
    "campaign": (
        "The adverts promise more than you deliver.",
        "I love the lighthouse film, it makes me smile.",
    ),
    "plan_advice": (
        "The adviser sold me a plan that is far too big.",
        "Three questions and I had the right plan.",
    ),
    "price_promise": (
        "There was a fee that nobody had mentioned.",
        "I pay exactly what was on the paper.",
    ),
    "number_porting": (
        "I could not be reached for two days when my number moved.",
        "Moving my number went without a hitch.",
    ),
    "activation": (
        "It took four attempts until the card worked.",
        "The phone worked two minutes after I opened the box.",
    ),
    "first_bill": ("I do not understand my bill.", "The bill is clear, one page, well done."),
    "hotline_person": (
        "Twenty minutes of music before I reached anybody.",
        "I had a person on the line at once and she could decide.",
    ),
    "outage_call": (
        "Nobody could tell me how long the outage would last.",
        "During the outage I was told until when, and it was true.",
    ),
    "third_call": (
        "I called three times and had to explain it three times.",
        "At the third call somebody finally took care of it.",
    ),
    "lost_phone": (
        "My phone was stolen and it took you an hour to block it.",
        "Phone lost, card blocked in a minute, spare phone the same day.",
    ),
    "complaint_closed": (
        "I got a form letter in answer to my complaint.",
        "You called, apologised and paid it back.",
    ),
    "move_home": (
        "A week without a line after we moved.",
        "The line worked on the day we moved in.",
    ),
    "network_daily": (
        "Calls drop every day on the way to work.",
        "The network simply works, wherever I am.",
    ),
    "app_selfcare": (
        "The app logs me out and loses what I typed.",
        "Everything can be settled in the app.",
    ),
    "data_limit": (
        "The data were gone and no one had warned me.",
        "The warning at 80 % came in time.",
    ),
    "roaming_welcome": (
        "Abroad I had no idea what a call would cost.",
        "Over the border, one message, and I knew the price.",
    ),
    "anniversary": (
        "Ten years with you and not a word.",
        "A present for my hundredth top-up, what a surprise!",
    ),
    "upgrade_offer": (
        "Stop calling me about bigger plans.",
        "The bigger plan you offered fits us better.",
    ),
    "feedback_answered": (
        "I wrote a review and never heard from you.",
        "You answered my comment within a day.",
    ),
}
NEUTRAL = "{name}: as one expects, no more."
NEW_BILL = "Since the new layout in June I do not understand my bill any more."
PERSONAL = (  # invented, to show that it is masked
    "Write to me at customer{n}@example.com.",
    "Call me on 0150 555 {n}.",
    "Pay it back to DE89 3704 0044 0532 0130 00.",
    "I paid with card 4111 1111 1111 1111.",
    "My customer number is {who}.",
)
NAMES = {moment.id: moment.name for moment in MOMENTS}


def codes_table() -> pd.DataFrame:
    """The code frame: a negative, a neutral and a positive code per moment."""
    rows = [
        {
            "wave": "",
            "code": _code(moment, valence),
            "label": f"{NAMES[moment]}: {word}",
            "moment": moment,
            "valence": valence,
        }
        for moment in PLANTED
        for valence, word in ((-1, "went wrong"), (0, "neither"), (1, "went well"))
    ]
    rows.append(
        {
            "wave": WAVES[-1].id,
            "code": NEW_BILL_CODE,
            "label": "The new bill layout is not clear",
            "moment": "first_bill",
            "valence": -1,
        }
    )
    return pd.DataFrame(rows)


def draw_verbatims(rng: np.random.Generator, waves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Comments on one or two moments, the worse the rating the likelier."""
    shares = [share for _, share in SOURCES]
    tables = []
    for wave, frame in waves.items():
        lots = rng.random((len(frame), 6))
        source = choice(rng, shares, len(frame))
        ratings = _ratings(frame)
        topic = np.ones(len(PLANTED))
        if wave == WAVES[-1].id:
            topic[list(PLANTED).index("first_bill")] = NEW_BILL_IS_TOLD
        rows = []
        for i in np.flatnonzero(lots[:, 0] < COMMENTING):
            who = str(frame["customer_id"].iloc[i])
            had = np.flatnonzero(ratings[i] > 0)
            told = topic[had] * np.abs(ratings[i, had] - 3.2)
            picks = {int(had[_pick(told, lots[i, 1])])}
            if lots[i, 2] < 0.3:
                picks.add(int(had[_pick(told, lots[i, 3])]))
            texts, codes = _comment(sorted(picks), ratings[i], wave, lots[i, 4])
            if lots[i, 5] < 0.03:
                pattern = PERSONAL[int(lots[i, 5] / 0.03 * len(PERSONAL))]
                texts.append(pattern.format(n=1000 + i % 9000, who=who))
            rows.append(
                {
                    "respondent": who,
                    "wave": wave,
                    "text": " ".join(texts),
                    "codes": ";".join(str(code) for code in codes),
                    "source": SOURCES[source[i]][0],
                }
            )
        tables.append(pd.DataFrame(rows, columns=["respondent", "wave", "text", "codes", "source"]))
    return pd.concat(tables, ignore_index=True)


def draw_recordings(rng: np.random.Generator, waves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Journeys of respondents of the last wave, told and timed, a row a step.

    About in the order of the stages; where departments share a moment, the customer may be handed
    over or made to wait, an internal interaction.
    """
    frame = waves[WAVES[-1].id].head(RECORDED)
    drawn = {moment.id: moment for moment in MOMENTS}
    moments = list(PLANTED)
    order = [stage for stage, _, _ in STAGES]
    stages = [order.index(drawn[name].stage) for name in moments]
    ratings = _ratings(frame)
    rows = []
    for i, (who, day) in enumerate(zip(frame["customer_id"], frame["interview"], strict=True)):
        had = [j for j in range(len(moments)) if ratings[i, j] > 0]
        told = sorted(np.array(had)[np.argsort(rng.random(len(had)), kind="stable")][:STEPS_TOLD])
        when = [stages[j] + 1.5 * lot for j, lot in zip(told, rng.random(len(told)), strict=True)]
        told = [told[place] for place in np.argsort(when, kind="stable")]
        minutes = np.sort(whole(rng, 9 * 60, 18 * 60, len(told)))
        moods, handed = normal(rng, len(told)), rng.random(len(told))
        for j, minute, mood, lot in zip(told, minutes, moods, handed, strict=True):
            moment = drawn[moments[j]]
            step = {
                "respondent": who,
                "time": str(np.datetime64(day, "m") + minute),
                "moment": moment.id,
                "mark": moment.mark,
                "emotion": int(np.clip(np.floor(ratings[i, j] - 3 + 0.5 * mood + 0.5), -2, 2)),
            }
            rows.append(step)
            if moment.partners and lot < HANDED_OVER:
                rows.append(step | {"mark": "internal_interaction", "emotion": None})
    table = pd.DataFrame(rows, columns=["respondent", "time", "moment", "mark", "emotion"])
    return table.astype({"emotion": "Int64"})


def _ratings(frame: pd.DataFrame) -> np.ndarray:
    """Ratings 1–5, and 0 where there is none, shape (respondents, moments)."""
    ratings = frame[list(QUESTIONS.values())].fillna(0).to_numpy(dtype=int)
    return np.where(ratings == 6, 0, ratings)


def _pick(weights: np.ndarray, lot: float) -> int:
    edges = np.cumsum(weights)
    return int(np.searchsorted(edges, lot * edges[-1], side="right"))


def _comment(
    picks: list[int], ratings: np.ndarray, wave: str, lot: float
) -> tuple[list[str], list[int]]:
    """Sentences about the moments, and their codes."""
    moments = list(PLANTED)
    texts: list[str] = []
    codes: list[int] = []
    for j in picks:
        moment = moments[j]
        valence = int(np.sign(ratings[j] - 3))
        if moment == "first_bill" and valence < 0 and wave == WAVES[-1].id and lot < 0.8:
            texts.append(NEW_BILL)
            codes.append(NEW_BILL_CODE)
        else:
            neutral = NEUTRAL.format(name=NAMES[moment])
            texts.append({-1: SAID[moment][0], 0: neutral, 1: SAID[moment][1]}[valence])
            codes.append(_code(moment, valence))
    return texts, codes


def _code(moment: str, valence: int) -> int:
    """101, 102, 103 for the first moment (wrong, neither, well), 111 … for the second."""
    return 100 + 10 * list(PLANTED).index(moment) + valence + 2
