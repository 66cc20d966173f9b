"""The simulated study: the same bytes from the same seed, and a truth that can be found again."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from mot_research.errors import StudyError
from mot_research.simulate import PLANTED, TRUTH, draws, simulate_study
from mot_research.simulate.waves import QUESTIONS, WAVES

EXAMPLE = Path(__file__).parents[1] / "data" / "example"
LAST = WAVES[-1].id

PROVEN_T = 3.0  # beyond the 2.8 or so that a false discovery rate of 5 % asks for here
PLAIN_T = 6.0  # visible to the naked eye in four waves
FAR = 4.0  # standard errors: one chance in 16,000 to lie outside by luck
CEILING = 0.18  # scores are cut at 0 and 10, which takes up to this share off an effect
MAX_FILE, MAX_ALL = 600_000, 2_000_000  # bytes: the example is cloned with the code


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return simulate_study(tmp_path_factory.mktemp("simulated") / "study").parent


@pytest.fixture(scope="module")
def survey(folder):
    waves = [pd.read_csv(folder / f"waves/{w.id.lower()}.csv").assign(wave=w.id) for w in WAVES]
    return pd.concat(waves, ignore_index=True)


@pytest.fixture(scope="module")
def last(survey):
    return survey[survey["wave"] == LAST].reset_index(drop=True)


@pytest.fixture(scope="module")
def pooled_fit(survey):
    return fit(survey)


@pytest.fixture(scope="module")
def last_fit(last):
    return fit(last)


def columns_of(frame, *, asymmetric=()):
    """Contact and quality columns, controls, plan and wave."""
    out = {"one": np.ones(len(frame))}
    for moment, column in QUESTIONS.items():
        answer = frame[column].replace(0, np.nan)
        had = answer.ne(6).to_numpy()
        rating = answer.where(answer != 6)
        if moment in asymmetric:
            out[f"low {moment}"] = rating.le(2).to_numpy(dtype=float)
            out[f"high {moment}"] = rating.eq(5).to_numpy(dtype=float)
        else:
            out[moment] = (rating - rating.mean()).fillna(0.0).to_numpy()
        if not had.all():
            out[f"had {moment}"] = had.astype(float)
    out["tenure"] = frame["tenure_years"].to_numpy()
    out["prior"] = frame["prior_revenue"].to_numpy() / 100
    for column in ("plan", "wave"):
        for value in sorted(frame[column].unique())[1:]:
            out[f"{column} {value}"] = frame[column].eq(value).to_numpy(dtype=float)
    return pd.DataFrame(out)


def fit(frame, *, outcome="ltr", asymmetric=()):
    """Weighted least squares with errors robust to branches: estimate, std_error, and R²."""
    frame = frame[frame["ltr"] != 11].reset_index(drop=True)
    design = columns_of(frame, asymmetric=asymmetric)
    x, y = design.to_numpy(), frame[outcome].to_numpy(dtype=float)
    w = frame["weight"].to_numpy()
    root = np.sqrt(w)
    beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
    rest = y - x @ beta
    scores = pd.DataFrame(x * (w * rest)[:, None]).groupby(frame["branch"].to_numpy()).sum()
    clusters = len(scores)
    bread = np.linalg.inv(x.T @ (x * w[:, None]))
    meat = scores.to_numpy().T @ scores.to_numpy() * clusters / (clusters - 1)
    errors = np.sqrt(np.diag(bread @ meat @ bread))
    r_squared = 1 - (w * rest**2).sum() / (w * (y - np.average(y, weights=w)) ** 2).sum()
    table = pd.DataFrame({"estimate": beta, "std_error": errors}, index=design.columns)
    return table.assign(t=table["estimate"] / table["std_error"]), r_squared


def linear_moments():
    """Moments whose planted effect on recommend is a straight line, the same for everybody."""
    bent = {TRUTH["basic"], TRUTH["delighter"], TRUTH["flips"]["moment"]}
    return [moment for moment in PLANTED if moment not in bent]


# the files


def test_committed_example_is_what_the_code_makes(folder):
    made = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    kept = {
        p.relative_to(EXAMPLE): p.read_bytes()
        for p in EXAMPLE.rglob("*")
        if p.is_file() and "output" not in p.relative_to(EXAMPLE).parts
    }
    assert sorted(made) == sorted(kept)
    assert [path for path in made if made[path] != kept[path]] == []


def test_example_is_small(folder):
    sizes = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    assert max(sizes) < MAX_FILE
    assert sum(sizes) < MAX_ALL


def test_says_that_it_is_simulated(folder):
    for name in ("study.yml", "README.md", "truth.json"):
        assert "simulated" in (folder / name).read_text(encoding="utf-8").lower()
    assert "simulated" in YAML(typ="safe").load(folder / "study.yml")["study"]["name"]


def test_another_seed_gives_another_survey(folder, tmp_path):
    other = simulate_study(tmp_path / "other", seed=7).parent
    for path in ("waves/2025q4.csv", "events.csv", "workshop/votes.csv", "voice/verbatims.csv"):
        assert (other / path).read_bytes() != (folder / path).read_bytes()


def test_a_new_table_changes_no_other(monkeypatch):
    before = {name: rng.random(3) for name, rng in draws.streams(1).items()}
    monkeypatch.setattr(draws, "STREAMS", (*draws.STREAMS, "a new table"))
    after = {name: rng.random(3) for name, rng in draws.streams(1).items()}
    assert all((after[name] == before[name]).all() for name in before)


def test_refuses_a_folder_that_holds_something(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(StudyError, match="not an empty folder"):
        simulate_study(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("options", [{"n_respondents": 0}, {"seed": -1}])
def test_refuses_numbers_that_make_no_study(tmp_path, options):
    with pytest.raises(StudyError, match="allowed"):
        simulate_study(tmp_path / "study", **options)
    assert not (tmp_path / "study").exists()


def test_study_file_names_what_is_there(folder, last):
    study = YAML(typ="safe").load(folder / "study.yml")
    named = [m[key] for m in study["moments"] for key in ("rating", "expected") if key in m]
    named += [study[key] for key in ("respondent", "weight", "stratum", "cluster")]
    named += study["segments"] + study["controls"] + study["scales"]["trust"]
    named += [o["column"] for o in study["outcomes"] if "file" not in o]
    assert set(named) <= set(last.columns)
    stages = {stage["id"] for stage in study["stages"]}
    assert {moment["stage"] for moment in study["moments"]} == stages
    metrics = set(pd.read_csv(folder / "operations.csv")["metric"])
    assert {name for m in study["moments"] for name in m.get("metrics", ())} == metrics
    events = set(pd.read_csv(folder / "events.csv")["event"])
    for moment in study["moments"]:
        if "trigger" in moment:
            rule = moment["trigger"]
            assert rule["answer"]["event"] in events
            assert rule["when"].get("event", rule["answer"]["event"]) in events


def test_truth_is_written_beside_the_study(folder):
    written = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert written["planted"]["hidden_driver"] == TRUTH["hidden_driver"]
    assert set(written["moments"]) == set(PLANTED)


def test_tables_meet_by_customer_and_wave(folder, survey):
    customers = set(survey["customer_id"])
    assert len(customers) == len(survey)
    assert set(pd.read_csv(folder / "customers.csv")["customer_id"]) == customers
    for path in ("events.csv", "voice/verbatims.csv", "recordings.csv"):
        assert set(pd.read_csv(folder / path)["respondent"]) <= customers
    revenue = pd.read_csv(folder / "crm/revenue.csv")
    pairs = set(zip(survey["customer_id"], survey["wave"], strict=True))
    assert set(zip(revenue["customer_id"], revenue["wave"], strict=True)) <= pairs
    assert (revenue["revenue"] == 0).mean() == pytest.approx(0.15, abs=0.03)


# the design of the sample


def test_reach_and_blanks_are_as_planted(survey):
    for moment, column in QUESTIONS.items():
        answer = survey[column]
        blank = answer.isna() | (answer == 0)
        assert blank.mean() == pytest.approx(PLANTED[moment].blank, abs=0.02)
        assert answer[~blank].ne(6).mean() == pytest.approx(PLANTED[moment].reach, abs=0.03)
        assert set(answer[~blank]) <= {1, 2, 3, 4, 5, 6}


def test_weights_have_the_planted_design_effect(survey):
    for _, weight in survey.groupby("wave")["weight"]:
        assert weight.mean() == pytest.approx(1, abs=1e-4)
        assert 1 + weight.var() / weight.mean() ** 2 == pytest.approx(1.3, abs=0.08)


def test_branches_are_real_clusters_within_regions(survey):
    assert survey["branch"].nunique() == 100
    assert survey.groupby("branch")["region"].nunique().max() == 1
    assert survey.groupby("region")["branch"].nunique().min() > 1
    groups = survey[survey["ltr"] != 11].groupby("branch")["ltr"]
    size = groups.size().mean()
    between, within = groups.mean().var(), groups.var().mean()
    icc = (between - within / size) / (between - within / size + within)
    assert 0.02 < icc < 0.10


def test_ratings_share_a_halo(survey):
    ratings = survey[list(QUESTIONS.values())]
    ratings = ratings.where(~ratings.isin([0, 6]))
    often = [column for column in ratings if ratings[column].count() > len(ratings) / 3]
    correlations = ratings[often].corr().to_numpy()
    pairs = correlations[np.triu_indices(len(often), 1)]
    assert pairs.min() > 0.2
    assert pairs.max() < 0.5


# the planted truths


def test_fit_of_the_outcomes_is_realistic(survey, last_fit):
    assert 0.42 < last_fit[1] < 0.52
    assert 0.06 < fit(survey, outcome="renewed")[1] < 0.14


def test_planted_effects_are_recovered(pooled_fit):
    table = pooled_fit[0]
    for moment in linear_moments():
        planted = PLANTED[moment].recommend
        allowed = FAR * table.loc[moment, "std_error"] + CEILING * planted
        assert table.loc[moment, "estimate"] == pytest.approx(planted, abs=allowed), moment


def test_one_wave_proves_the_strong_and_not_the_nulls(last_fit):
    t = last_fit[0]["t"]
    assert t[list(TRUTH["strong"])].min() > PROVEN_T
    assert t[list(TRUTH["nulls"])].abs().max() < PROVEN_T


def test_nulls_look_good_alone_through_the_halo(last):
    for moment in ("campaign", "welcome_pack"):
        both = last[[QUESTIONS[moment], "ltr"]].astype(float)
        both = both[both[QUESTIONS[moment]].between(1, 5) & both["ltr"].le(10)]
        assert both.corr().iloc[0, 1] > 0.15


def test_strong_drivers_move_renewal_too(survey):
    t = fit(survey, outcome="renewed")[0]["t"]
    assert t[["network_daily", "first_bill", "roaming_welcome", "price_promise"]].min() > PROVEN_T
    assert t[list(TRUTH["nulls"])].abs().max() < PROVEN_T


def test_hidden_driver_is_missed_by_the_workshop_and_the_brand_bet_is_not(folder):
    votes = pd.read_csv(folder / "workshop/votes.csv")
    majority = votes.groupby(["moment", "silo"])["shortlisted"].mean().gt(0.5)
    silos = majority.groupby("moment").mean()
    assert silos[TRUTH["hidden_driver"]] < 0.5
    assert silos[TRUTH["brand_bet_without_effect"]] >= 0.5
    ranks = votes[votes["shortlisted"] == 1].groupby("participant")["rank"]
    assert all(sorted(rank) == list(range(1, len(rank) + 1)) for _, rank in ranks)


def test_basic_only_punishes_and_delighter_only_rewards(survey):
    basic, delighter = TRUTH["basic"], TRUTH["delighter"]
    table = fit(survey, asymmetric=(basic, delighter))[0]
    assert table.loc[f"low {basic}", "t"] < -PLAIN_T
    assert abs(table.loc[f"high {basic}", "t"]) < PROVEN_T
    assert table.loc[f"high {delighter}", "t"] > PLAIN_T
    assert abs(table.loc[f"low {delighter}", "t"]) < PROVEN_T


def test_segment_flips(survey):
    moment, negative = TRUTH["flips"]["moment"], TRUTH["flips"]["negative_in"]
    t = {plan: fit(part)[0].loc[moment, "t"] for plan, part in survey.groupby("plan")}
    assert t.pop(negative) < -PROVEN_T
    assert min(t.values()) > PROVEN_T


def test_rare_rescue_is_decisive_for_those_who_had_it(survey, pooled_fit, last_fit):
    moment = TRUTH["rare_but_decisive"]
    others = pooled_fit[0].loc[list(TRUTH["strong"]), "estimate"].mean()
    assert pooled_fit[0].loc[moment, "estimate"] > 2 * others
    assert last_fit[0].loc[moment, "t"] > PROVEN_T


def test_having_it_hurts_and_how_it_went_is_silent(pooled_fit):
    moment = TRUTH["contact_hurts_quality_silent"]
    table = pooled_fit[0]
    assert table.loc[f"had {moment}", "t"] < -PLAIN_T
    assert abs(table.loc[moment, "t"]) < PROVEN_T


def test_missed_calls_cost_renewals(folder, survey):
    customers = pd.read_csv(folder / "customers.csv").dropna(subset="contract_end")
    events = pd.read_csv(folder / "events.csv")
    calls = events[events["event"] == "renewal_call"].set_index("respondent")["time"]
    trigger = pd.to_datetime(customers["contract_end"]) - pd.Timedelta(days=30)
    wait = pd.to_datetime(customers["customer_id"].map(calls)) - trigger
    answered = wait.between(pd.Timedelta(0), pd.Timedelta(days=21))
    table = customers.assign(answered=answered).merge(survey, on="customer_id")
    x = np.column_stack(
        [
            np.ones(len(table)),
            table["answered"],
            table["tenure_years"],
            table["prior_revenue"] / 100,
            table["plan"] == "family",
        ]
    ).astype(float)
    y = table["renewed"].to_numpy(dtype=float)
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    error = np.sqrt(((y - x @ beta) ** 2).mean() * np.linalg.inv(x.T @ x)[1, 1])
    assert 0.05 < beta[1] < 0.20
    assert beta[1] / error > PROVEN_T
    assert 0.2 < 1 - table["answered"].mean() < 0.5


def test_triggers_agree_with_the_ratings(folder, survey):
    events = pd.read_csv(folder / "events.csv", parse_dates=["time"])
    calls = events[events["event"] == "service_call"].sort_values(["respondent", "time"])
    third = calls.groupby("respondent")["time"].diff(2) <= pd.Timedelta(days=30)
    had = survey.loc[survey[QUESTIONS["third_call"]].between(1, 5), "customer_id"]
    assert set(had) <= set(calls.loc[third, "respondent"])
    top_ups = events[events["event"] == "top_up"].groupby("respondent").size()
    assert len(top_ups) > 0
    assert (top_ups == 100).all()


def test_last_wave_drops_with_its_cause(folder, survey):
    moment = TRUTH["dropped"]["moment"]
    ratings = survey[list(QUESTIONS.values())]
    means = ratings.where(~ratings.isin([0, 6])).groupby(survey["wave"]).mean()
    fell = means.loc[LAST] - means.drop(LAST).mean()
    assert fell[QUESTIONS[moment]] < -0.5
    common = [m for m in PLANTED if m != moment and PLANTED[m].reach > 0.3]
    assert fell[[QUESTIONS[m] for m in common]].abs().max() < 0.15
    score = survey[survey["ltr"] != 11].groupby("wave")["ltr"].mean()
    assert score[LAST] < score.drop(LAST).min()
    operations = pd.read_csv(folder / "operations.csv").query("metric == 'bill_disputes'")
    after = operations["date"] >= "2026-06-01"
    assert operations.loc[after, "value"].min() > operations.loc[~after, "value"].max()
    voice = pd.read_csv(folder / "voice/verbatims.csv", dtype=str)
    new_bill = voice[voice["codes"].str.contains("999")]
    assert len(new_bill) >= 30
    assert set(new_bill["wave"]) == {LAST}


def test_two_drivers_are_tied(pooled_fit):
    one, other = TRUTH["tied"]
    assert PLANTED[one] == PLANTED[other]
    table = pooled_fit[0].loc[[one, other]]
    gap = abs(table["estimate"].diff().iloc[1])
    assert gap < FAR * np.sqrt((table["std_error"] ** 2).sum())


def test_every_code_in_the_voice_is_in_the_frame(folder):
    codes = set(pd.read_csv(folder / "voice/codes.csv", dtype=str)["code"])
    voice = pd.read_csv(folder / "voice/verbatims.csv", dtype=str)
    assert set(voice["codes"].str.split(";").explode()) <= codes
    assert set(voice["source"]) == {"survey", "call", "social", "letter"}
    assert voice["text"].str.contains("@example.com").any()
