"""The voice on real answers: the airport's coded comments and what guests write of lounges."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.drivers.waves import study_units
from mot_research.priorities.voice import voice_of_wave

ROOT = Path(__file__).parents[1]
EXACT = 1e-12
CONFIDENCE = 0.95

# The airport, by the field guides of 2013 and 2017: codes that speak of a moment, those of praise.
WAVES = ("2013", "2017")
VOICE = "voice: {columns: [com1, com2, com3, com4, com5], codes: codes.csv, blank: [0]}"
SPEAK_OF = {
    ("2013", "food"): ({*range(1, 7), 7, 8, 12, 13, 15, 16}, {7}),
    ("2013", "passthru"): ({*range(30, 36), 37, 39, 40, 41, 42, 43, 45, 48, 49}, {42}),
    ("2013", "wifi"): ({204, 208}, {208}),
    ("2017", "food"): ({*range(101, 111), 992}, {106, 992}),
    ("2017", "passthru"): ({201, 202, 203, 205, 206, 208}, {208}),
    ("2017", "wifi"): ({11}, set()),
}

# Lounges: the aspects that guests score, and words that speak of them.
ASPECTS = {
    "comfort": ("comfort", "seat*, chair*, sofa*, comfort*, comfy, couch*"),
    "cleanliness": ("cleanliness", "clean*, dirty, tidy, filthy, spotless"),
    "drinks": ("bar_beverages", "drink*, wine, beer, bar, coffee, spirit, champagne, alcohol*"),
    "food": ("catering", "food, buffet, snack*, sandwich*, breakfast, meal, catering, cheese"),
    "washrooms": ("washrooms", "toilet*, shower*, washroom*, restroom*, bathroom*"),
    "wifi": ("wifi_connectivity", "wifi, wi fi, internet, wireless"),
    "staff": ("staff_service", "staff, service, receptionist*, attendant*, waiter*"),
}
NOT_RATED, TELLING = 0, (1, 2, 5)


@pytest.fixture(scope="module")
def cells(shared):
    """The answers of two years, as they stand in the file."""
    frame = pd.read_csv(shared / "data" / "sfo_waves_2010_2017.csv.gz", dtype=str)
    return frame[frame["year"].isin(WAVES)].reset_index(drop=True)


@pytest.fixture(scope="module")
def airport(cells, tmp_path_factory):
    folder = tmp_path_factory.mktemp("airport")
    shutil.copytree(ROOT / "tests" / "studies" / "airport", folder, dirs_exist_ok=True)
    study = (folder / "study.yml").read_text(encoding="utf-8")
    lines = [
        line
        for line in study.replace(".csv.gz", ".csv").splitlines()
        if "file: sfo" not in line or any(f'id: "{wave}"' in line for wave in WAVES)
    ]
    (folder / "study.yml").write_text("\n".join([*lines, VOICE]), encoding="utf-8")
    cells.to_csv(folder / "sfo_waves_2010_2017.csv", index=False)
    return mot.read_survey(mot.read_study(folder))


@pytest.fixture(scope="module")
def heard(airport):
    units = study_units(airport)
    return {wave: voice_of_wave(airport, units, wave, CONFIDENCE) for wave in WAVES}


@pytest.mark.parametrize(("wave", "moment"), list(SPEAK_OF))
def test_mentions_and_tone_are_those_of_a_plain_count(cells, heard, wave, moment):
    codes, praise = SPEAK_OF[wave, moment]
    own = cells[cells["year"] == wave]
    said = own[["com1", "com2", "com3", "com4", "com5"]].astype(float)
    weight = own["weight"].astype(float)
    says = said.isin(codes).any(axis=1)
    negative = said.isin(codes - praise).any(axis=1)
    found = heard[wave].moments[moment]
    assert found.n_comments == says.sum()
    assert found.mentions.value == pytest.approx(weight[says].sum() / weight.sum(), abs=EXACT)
    share = weight[negative].sum() / weight[says].sum()
    assert found.negative_share.value == pytest.approx(share, abs=EXACT)
    assert found.negative_share.n == says.sum()


def test_a_code_means_what_the_book_of_its_year_says(airport):
    """1 is "restaurants too expensive" in 2013, and general praise in 2017."""
    comments = airport.voice.comments
    food = airport.voice.mentions.query("moment == 'food'").set_index("comment")
    of_wave = comments.loc[food.index, "wave"].value_counts()
    assert of_wave["2013"] > 200
    assert food.index.isin(comments.index[comments["wave"] == "2017"]).sum() == of_wave["2017"]
    problems = airport.problems[airport.problems["rule"] == "unknown_code"].set_index("wave")
    assert problems["count"].to_dict() == {"2013": 2, "2017": 2}
    assert "Did you mean '90'" not in problems.at["2013", "what_to_do"]


def test_small_numbers_of_the_airport_are_not_shown(heard):
    for voice in heard.values():
        for each in voice.moments.values():
            if 0 < each.n_comments < 10:
                assert each.mentions.value is None
            if each.n_comments < 30:
                assert each.negative_share.value is None
            assert each.quotes == ()


@pytest.fixture(scope="module")
def reviews(shared):
    frame = pd.read_csv(shared / "data" / "skytrax_lounge_reviews.csv.gz")
    scores = frame[[f"{score}_rating" for score, _ in ASPECTS.values()]]
    scores = scores.set_axis(list(ASPECTS), axis=1).fillna(NOT_RATED).astype(int)
    return scores.assign(text=frame["content"], recommended=frame["recommended"])


@pytest.fixture(scope="module")
def lounges(reviews, tmp_path_factory):
    """A study of the reviews, by terms alone and with the telling scores as codes."""
    surveys = {}
    who = [f"g{i}" for i in reviews.index]
    telling = reviews[list(ASPECTS)].isin(TELLING)
    codes = [";".join(telling.columns[row]) or "nothing" for row in telling.to_numpy()]
    words = pd.DataFrame({"respondent": who, "wave": "all", "text": reviews["text"]})
    frame = pd.DataFrame({"code": [*ASPECTS, "nothing"], "moment": [*ASPECTS, ""]})
    for name, more in {"terms": "", "codes": ", codes: codes.csv"}.items():
        folder = tmp_path_factory.mktemp(name)
        reviews.drop(columns="text").assign(who=who).to_csv(folder / "all.csv", index=False)
        (words if name == "terms" else words.assign(codes=codes)).to_csv(
            folder / "words.csv", index=False
        )
        frame.to_csv(folder / "codes.csv", index=False)
        moments = "\n".join(
            f"  - {{id: {aspect}, name: {aspect}, rating: {aspect}, terms: {terms.split(', ')}}}"
            for aspect, (_, terms) in ASPECTS.items()
        )
        (folder / "study.yml").write_text(
            f"study: {{name: Lounges}}\nmoments:\n{moments}\n"
            "ratings: {low: 1, high: 5, blank: [0], top_box: [5], bottom_box: [1, 2]}\n"
            "outcomes: [{id: recommended, column: recommended, kind: binary, yes: [1], no: [0]}]\n"
            "respondent: who\nwaves: [{id: all, file: all.csv}]\n"
            f"voice: {{file: words.csv{more}}}\n",
            encoding="utf-8",
        )
        surveys[name] = mot.read_survey(mot.read_study(folder))
    return surveys


def test_terms_find_what_a_plain_search_finds(reviews, lounges):
    found = voice_of_wave(lounges["terms"], study_units(lounges["terms"]), "all", CONFIDENCE)
    assert found.matched_by == "terms"
    says = reviews["text"].str.contains(r"\b(?:wifi|wi\W+fi|internet|wireless)s?\b", case=False)
    score = reviews.loc[says & (reviews["wifi"] != NOT_RATED), "wifi"]
    wifi = found.moments["wifi"]
    assert wifi.mentions.value == pytest.approx(says.mean(), abs=EXACT)
    assert wifi.negative_share.value == pytest.approx(score.isin((1, 2)).mean(), abs=EXACT)
    assert wifi.negative_share.n == len(score)


def test_terms_agree_a_little_with_telling_scores_as_the_page_says(reviews, lounges):
    """A score is no code of the text: everybody scores nearly every aspect."""
    agreement = lounges["codes"].voice.agreement
    telling = reviews[list(ASPECTS)].isin(TELLING)
    assert agreement["n_coded"].to_dict() == {**telling.sum(), "": telling.to_numpy().sum()}
    assert (agreement["kappa"] > 0).all()
    assert (agreement["precision"][:-1] > telling.mean()).all()
    assert 0.10 < agreement.at["", "kappa"] < 0.20
    by_chance = telling.to_numpy().mean()
    page = (ROOT / "docs" / "methods" / "voice.md").read_text(encoding="utf-8")
    for aspect, row in agreement.iterrows():
        numbers = " | ".join(f"{row[name]:.2f}" for name in ("precision", "recall", "kappa"))
        assert f"| {aspect or 'all'} | {numbers} |" in page
    assert f"by chance precision would be {by_chance:.2f} in all" in page
    assert np.isfinite(agreement).all(axis=None)
