"""Mentions and their tone as shares of customers; loud and quiet; numbers, voice and gut."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.waves import study_units
from mot_research.priorities.result import Metric
from mot_research.priorities.triangulation import triangles_frame, triangulate
from mot_research.priorities.voice import MomentVoice, VoiceOfWave, voice_of_wave
from mot_research.survey.voice import Voice
from tests.drivers.small_surveys import study_of, wave_frame
from tests.report import cases

EXACT = 1e-12


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    frame = wave_frame(1, n=400, reach=(1, 0.5, 0.2)).assign(weight=lambda f: 1 + (f["a"] > 3))
    more = {"weight": "weight", "voice": {"columns": ["age"], "quotes": True}}
    return study_of(tmp_path_factory.mktemp("voice"), {"A": frame}, n_resamples=1, **more)[0]


def said(survey, rows, *, quotes=True):
    """The voice of (row, moment, valence, text)."""
    table = pd.DataFrame(rows, columns=["row", "moment", "valence", "text"])
    comments = table[["row", "text"]].assign(wave="A", source="survey")
    mentions = table[["moment", "valence"]].assign(comment=table.index)
    settings = survey.study.voice.model_copy(update={"quotes": quotes})
    study = survey.study.model_copy(update={"voice": settings})
    voice = Voice(comments, mentions.astype({"valence": float}), "codes")
    survey = dataclasses.replace(survey, voice=voice, study=study)
    return voice_of_wave(survey, study_units(survey), "A", 0.95)


def test_mentions_are_a_weighted_share_of_all_respondents(survey):
    rows = [(i, "a", -1 if i < 15 else 1, f"text {i}") for i in range(40)]
    found = said(survey, rows).moments["a"]
    weight = survey["A"].weight
    assert found.mentions.value == pytest.approx(weight[:40].sum() / weight.sum(), abs=EXACT)
    assert found.mentions.ci_lower < found.mentions.value < found.mentions.ci_upper
    assert found.mentions.n == 400
    share = weight[:15].sum() / weight[:40].sum()
    assert found.negative_share.value == pytest.approx(share, abs=EXACT)
    assert found.negative_share.n == 40
    assert found.salience == pytest.approx(found.mentions.value, abs=EXACT)  # everybody had it


def test_salience_is_relative_to_reach(survey):
    found = said(survey, [(i, m, 0, "x") for i in range(30) for m in "ab"])
    wave = survey["A"]
    reach = wave.weight[wave.states["b"] == 0].sum() / wave.weight.sum()
    assert found.moments["b"].salience == pytest.approx(
        found.moments["b"].mentions.value / reach, abs=EXACT
    )
    assert found.by_salience[0] == "b"


def test_who_says_it_twice_counts_once_and_is_negative_by_half(survey):
    once = [(i, "a", -1, "x") for i in range(40)]
    twice = said(survey, [*once, (0, "a", 1, "y")]).moments["a"]
    assert twice.n_comments == 41
    weight = survey["A"].weight[:40]
    assert twice.mentions.value == said(survey, once).moments["a"].mentions.value
    assert twice.negative_share.value == pytest.approx(1 - weight[0] / 2 / weight.sum(), abs=EXACT)


def test_a_comment_of_nobody_in_the_wave_is_counted_and_stands_in_no_share(survey):
    rows = [(i, "a", -1, "x") for i in range(40)]
    found = said(survey, [*rows, *[(-1, "a", 1, "y")] * 5])
    assert (found.n_comments, found.n_unlinked) == (45, 5)
    assert found.moments["a"].mentions == said(survey, rows).moments["a"].mentions


def test_where_no_comment_has_a_respondent_the_reason_is_given(survey):
    found = said(survey, [(-1, "a", -1, "x")] * 50).moments["a"]
    assert found.n_comments == 50
    assert found.mentions.reason == "the comments of wave A name no respondent of it"
    assert found.salience is None


def test_small_numbers_are_kept_back(survey):
    found = said(survey, [(i, "a", -1, "x") for i in range(9)])
    few = found.moments["a"]
    assert few.mentions.value is few.salience is None
    assert few.mentions.reason == "suppressed: fewer than 10"
    assert few.quotes == ()
    assert found.to_frame()["n_comments"].isna()["a"]
    some = said(survey, [(i, "a", -1, "x") for i in range(29)]).moments["a"]
    assert some.mentions.value is not None  # of 400
    assert some.negative_share.reason == "too few to say (n = 29)"
    none = said(survey, [(0, "b", 1, "x")]).moments["a"]
    assert (none.mentions.value, none.negative_share.reason) == (0, "nobody mentions it")


def test_a_valence_that_nobody_knows_makes_no_share(survey):
    found = said(survey, [(i, "a", np.nan, "x") for i in range(40)]).moments["a"]
    assert found.negative_share.value is None
    assert found.quotes[0].valence is None


def test_quotes_are_typical_and_only_shown_where_allowed(survey):
    rows = [(i, "a", -1, f"Bad {i % 3}") for i in range(30)]
    rows += [(30, "a", 1, "Good"), (31, "a", -1, "bad 0"), (32, "a", -1, "")]
    quotes = said(survey, rows).moments["a"].quotes
    assert [quote.text for quote in quotes] == ["Bad 0", "Bad 1", "Good"]
    assert [quote.valence for quote in quotes] == [-1, -1, 1]
    assert said(survey, rows, quotes=False).moments["a"].quotes == ()


def voice(**comments):
    """Moments with so many comments; salience in the order given."""
    moments = {
        name: MomentVoice(n, Metric(0.1, n=400), Metric(None, reason="-"), 1 - 0.01 * place)
        for place, (name, n) in enumerate(comments.items())
    }
    return VoiceOfWave("A", moments, 1000, 0, "codes", True)


def test_loud_is_among_the_first_by_thirty_comments_and_quiet_beyond_by_fewer():
    found = voice(a=100, b=29, c=30, d=31, e=12)
    assert found.loud(3) == {"a", "c"}
    assert found.quiet(3) == {"e"}
    assert found.loud(0) == frozenset()


def test_numbers_voice_and_gut_conflict_where_they_say_different_things():
    findings = cases.findings(20)
    ids = {row.verdict: row.moment.id for row in findings.priorities.rows}
    bet = next(row for row in findings.priorities.rows if row.moment.brand_bet)
    loud = ids["not_proven"]
    others = {row.moment.id: 5 for row in findings.priorities.rows if row.moment.id != loud}
    found = triangulate(
        findings.priorities,
        voice(**({loud: 100} | others)),
        {ids["proven"]: False, ids["minor"]: True},
    )
    by_id = {each.moment: each for each in found}
    assert "shortlist_missed" in by_id[ids["proven"]].conflicts
    assert "loud_not_proven" in by_id[loud].conflicts
    assert "chosen_not_proven" in by_id[ids["minor"]].conflicts
    assert by_id[bet.moment.id].gut == "bet"
    places = [bool(each.conflicts) for each in found]
    assert places == sorted(places, reverse=True)
    assert found[0].conflicts[0] == "shortlist_missed"
    assert len(triangles_frame(found)) == 20


def test_without_voice_or_gut_nothing_is_made_up():
    findings = cases.findings(3, both=1, one=0, bets=0, likely=0)
    for each in triangulate(findings.priorities, None, {}):
        assert (each.voice, each.gut, each.conflicts) == ("not_available", "not_available", ())
