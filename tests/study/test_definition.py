import datetime
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from mot_research.errors import StudyError
from mot_research.study.definition import Study
from mot_research.study.positions import read_yaml


def refusal(read, text):
    with pytest.raises(StudyError) as caught:
        read(text)
    return str(caught.value)


def test_five_lines_are_a_study_with_defaults(read, five_lines):
    study = read(five_lines)
    first = study.moment("q12_first_bill")
    assert (first.name, first.rating) == ("First bill arrives", "q12_first_bill")
    assert (first.stage, first.category, first.mark) == (None, None, "moment_of_truth")
    assert [stage.name for stage in study.stages] == [
        "Awareness", "Buy-in", "Acquisition", "Care", "Use", "Share",
    ]  # fmt: skip
    assert all(stage.definition for stage in study.stages)
    scale = study.ratings_for(first)
    assert (scale.target, scale.top_box, scale.bottom_box) == (4.0, (5.0,), (1.0, 2.0))
    outcome = study.outcome("recommend")
    assert (outcome.role, outcome.goal, outcome.name) == ("relationship", "bond", "recommend")
    assert study.latest_wave.id == "2026Q1"
    assert study.rules.pool == {"relationship": 1, "revenue": 4}
    assert (study.rules.n_resamples, study.rules.seed) == (2000, 20260101)


def test_every_further_key_only_adds(read, five_lines, everything):
    """Each part of the long study can be put behind the five lines by itself."""
    long = read_yaml(everything, name="study.yml").value
    short = read_yaml(five_lines, name="study.yml").value
    for part, value in long.items():
        if part not in ("study", "moments", "ratings", "outcomes", "waves"):
            study = Study.model_validate({**short, part: value})
            assert study.moments == Study.model_validate(short).moments


def test_everything_is_read(read, everything):
    study = read(everything)
    assert (study.name, study.population, study.currency) == ("Harbour Mobile", 240000, "EUR")
    bill, calls, renewal = study.moments
    assert bill.trigger.when.nth == 1
    assert bill.trigger.answer.within == datetime.timedelta(days=14)
    assert (calls.trigger.when.at_least, calls.trigger.when.in_) == (3, datetime.timedelta(30))
    assert calls.trigger.settle_first == "complaint_open"
    assert (renewal.trigger.when.before, renewal.trigger.when.days) == ("contract_end", 30)
    assert renewal.trigger.answer.within == datetime.timedelta(hours=36)
    assert study.outcome("renewed").goal == "retention"
    assert study.wave("2017").where == {"year": (2017,)}
    assert study.wave("2026Q1").from_ == datetime.date(2026, 1, 10)
    assert study.voice.quotes is True
    assert study.scales == {"trust": ("q41", "q42", "q43")}


def test_a_study_written_and_read_again_is_the_same(read, everything, five_lines):
    for text in (everything, five_lines):
        study = read(text)
        written = study.model_dump(mode="json", exclude_unset=True)
        assert Study.model_validate(written).at(study.path) == study


def test_a_study_is_frozen(read, everything):
    study = read(everything)
    for part, name in (
        (study, "moments"),
        (study.moments[0], "name"),
        (study.rules, "top"),
        (study.moments[0].trigger.when, "nth"),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, None)


def test_placing_a_study_elsewhere_leaves_the_first_as_it_was(read, five_lines, tmp_path):
    study = read(five_lines)
    other = study.at(tmp_path / "other" / "study.yml")
    assert (study.folder, other.folder) == (tmp_path, tmp_path / "other")


def test_the_schema_is_valid_and_accepts_what_is_read(everything, five_lines):
    schema = Study.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for text in (everything, five_lines, "study: Harbour Mobile"):
        assert list(validator.iter_errors(read_yaml(text, name="study.yml").value)) == []
    for wrong in ("ruls: {}", "moments: 3", "rules: {top: 0}", "look: {accent: blue}"):
        value = read_yaml(f"study: A\n{wrong}", name="study.yml").value
        assert list(validator.iter_errors(value))


def test_the_schema_describes_the_parts():
    schema = Study.model_json_schema()
    undescribed = [
        name
        for name, part in schema["properties"].items()
        if "description" not in part and "$ref" not in part and "anyOf" not in part
    ]
    assert undescribed == []
    assert schema["required"] == ["study"]
    wave = schema["$defs"]["WaveFile"]["properties"]
    assert {"from", "to"} <= wave.keys()
    assert not {"from_", "about"} & (wave.keys() | schema["properties"].keys())


@pytest.mark.parametrize(
    ("written", "text"),
    [("2017", "2017"), ("007", "007"), ("2026.10", "2026.10"), ("2026-01-10", "2026-01-10")],
)
def test_ids_that_look_like_numbers_keep_their_characters(read, written, text):
    study = read(f"study: A\nwaves: [{{id: {written}, file: a.csv}}]")
    assert study.latest_wave.id == text


@pytest.mark.parametrize(
    "wrong", ["..", ".", "a/b", "a\\b", "a b", "'é!'", "-x", "''", "nul", "x."]
)
def test_an_id_that_is_no_file_name_is_refused(read, wrong):
    message = refusal(read, f"study: A\nwaves: [{{id: {wrong}, file: a.csv}}]")
    assert "line 2, waves[0].id:" in message


def test_ids_must_differ_in_more_than_case(read):
    message = refusal(
        read, "study: A\nwaves:\n  - {id: q1, file: a.csv}\n  - {id: Q1, file: b.csv}"
    )
    assert "line 4, waves[1].id: 'Q1' is already the id of waves[0]" in message


@pytest.mark.parametrize(
    "wrong", ["/etc/passwd", "../x.csv", "a/../../x.csv", "C:/x.csv", "~/x.csv", "a\\b.csv", "."]
)
def test_a_path_outside_the_folder_is_refused(read, wrong):
    message = refusal(read, f"study: A\nwaves: [{{id: w, file: '{wrong}'}}]")
    assert "waves[0].file:" in message


def test_a_link_out_of_the_folder_is_refused(read, five_lines, tmp_path_factory):
    study = read(five_lines)
    outside = tmp_path_factory.mktemp("outside") / "data.csv"
    outside.write_text("a\n1\n")
    (study.folder / "2026q1.csv").symlink_to(outside)
    with pytest.raises(StudyError, match="link that leads out of the study's folder"):
        study.resolve("2026q1.csv")


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("kind: binary", "needs yes and no"),
        ("kind: score", "needs low and high"),
        ("kind: ordered, low: 1", "needs low and high"),
        ("kind: amount, low: 0, high: 9", "low and high can't be used with kind amount"),
        ("kind: share, yes: [1]", "yes can't be used with kind share"),
        ("kind: score, low: 5, high: 1", r"low \(5\) must be below high \(1\)"),
        ("kind: score, low: 0, high: 10, blank: [3]", "3 lies on the scale 0 to 10"),
        ("kind: score, low: 0, high: 10, blank: ['3']", "3 lies on the scale 0 to 10"),
        ("kind: binary, yes: [1], no: [1, 2]", "1 is in both yes and no"),
        ("kind: amount, after: 12 months", "no length of time"),
        ("kind: amount, through: 2026-02-30", "not a day of the calendar"),
        ("kind: amount, sheet: One", "sheet and encoding belong to an outcome's own file"),
        ("kind: amount, file: x.csv", "add respondent"),
    ],
)
def test_keys_must_fit_the_kind_of_outcome(read, outcome, message):
    with pytest.raises(StudyError, match=message):
        read(f"study: A\noutcomes: [{{id: y, column: y, {outcome}}}]")


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        ("low: 5, high: 1", r"low \(5\) must be below high \(1\)"),
        ("low: 1, high: 5, not_experienced: [3]", "not_experienced: 3 lies on the scale"),
        ("low: 1, high: 5, blank: [6], not_experienced: [6]", "6 is in both"),
        ("low: 1, high: 5, top_box: [9]", "top_box: 9 lies outside the scale 1 to 5"),
        ("low: 1, high: 5, target: 0", "target: 0 lies outside the scale"),
        ("low: 1, high: 5, top_box: [2]", "2 is in both top_box and bottom_box"),
        ("low: 1, high: inf", "should be a finite number"),
        ("low: 1, high: true", "not true or false"),
        ("low: 1, high: 5, blank: [[1]]", "blank.0.: should be a number or a text"),
    ],
)
def test_a_scale_must_be_consistent(read, ratings, message):
    with pytest.raises(StudyError, match=message):
        read(f"study: A\nratings: {{{ratings}}}")


@pytest.mark.parametrize(
    ("low", "high", "target", "bottom_box"),
    [
        (1, 5, 4.0, (1.0, 2.0)),
        (0, 10, 7.5, (0.0, 1.0, 2.0)),
        (1, 10, 7.75, (1.0, 2.0, 3.0)),
        (1, 7, 5.5, (1.0, 2.0)),
        (-2, 2, 1.0, (-2.0, -1.0)),
        (0.5, 4.5, 3.5, (0.5,)),
    ],
)
def test_target_and_boxes_default_on_the_scale(read, low, high, target, bottom_box):
    ratings = read(f"study: A\nratings: {{low: {low}, high: {high}}}").ratings
    assert (ratings.target, ratings.bottom_box, ratings.top_box) == (target, bottom_box, (high,))


def test_a_moment_overrides_a_part_of_the_scale(read):
    study = read(
        "study: A\n"
        "ratings: {low: 1, high: 5, target: 4.5, not_experienced: [99]}\n"
        "moments:\n"
        "  - {id: a, name: A, rating: qa}\n"
        "  - {id: b, name: B, rating: qb, ratings: {target: 3}}\n"
        "  - {id: c, name: C, rating: qc, ratings: {low: 0, high: 10}}\n"
    )
    a, b, c = (study.ratings_for(moment) for moment in study.moments)
    assert (a.target, b.target) == (4.5, 3.0)
    # on another scale the study's target means nothing; its codes still do
    assert (c.target, c.top_box, c.not_experienced) == (7.5, (10.0,), (99,))


def test_an_inherited_code_on_the_moments_own_scale_is_refused(read):
    message = refusal(
        read,
        "study: A\nratings: {low: 1, high: 5, not_experienced: [6]}\n"
        "moments:\n  - {id: a, name: A, rating: q, ratings: {low: 0, high: 10}}\n",
    )
    assert "line 4, moments[0].ratings: not_experienced: 6 lies on the scale 0 to 10" in message


def test_a_rating_needs_a_scale_and_what_stands_beside_needs_a_rating(read):
    assert "add the scale" in refusal(read, "study: A\nmoments: {q1: One}")
    message = refusal(read, "study: A\nmoments: [{id: a, name: A, expected: q}]")
    assert "moments[0].expected: expected stands beside a rating" in message


@pytest.mark.parametrize(
    "extra",
    [
        "outcomes: [{id: y, column: q1, kind: amount}]",
        "controls: [q1]",
        "moments: [{id: a, name: A, rating: q1}, {id: b, name: B, rating: q1}]",
    ],
)
def test_one_column_can_not_be_two_things(read, extra):
    moments = "" if extra.startswith("moments") else "moments: {q1: One}\n"
    message = refusal(read, f"study: A\nratings: {{low: 1, high: 5}}\n{moments}{extra}")
    assert "column 'q1' is both the rating of moment" in message


def test_an_unknown_id_names_the_nearest(read, everything):
    study = read(everything)
    with pytest.raises(StudyError, match=r"is not an outcome\. Did you mean 'recommend'\?"):
        study.outcome("recomend")
    with pytest.raises(StudyError, match=r"'2026Q9' is not a wave.*Waves: 2026Q1, 2026Q2, 2017"):
        study.wave("2026Q9")


def test_a_wave_may_have_no_weight_where_the_study_has_one(read, everything):
    study = read(everything)
    first, second, _ = study.waves
    assert study.design_column(first, "weight") == "weight"
    assert study.design_column(second, "weight") is None
    assert study.design_column(second, "cluster") == "branch"


def test_a_wave_is_mature_when_the_outcomes_data_cover_it(read, everything):
    study = read(everything)
    revenue = study.outcome("revenue_12m")
    assert not study.is_mature(revenue, study.wave("2026Q1"))  # 2027-02-02 > 2026-10-31
    assert study.is_mature(revenue, study.wave("2017"))  # no dates
    late = read(everything.replace("through: 2026-10-31", "through: 2027-02-02"))
    assert late.is_mature(late.outcome("revenue_12m"), late.wave("2026Q1"))


def test_rules_left_out_keep_their_defaults(read):
    rules = read("study: A\nrules: {pool: {revenue: 2}, role_weights: {revenue: 1}}").rules
    assert rules.pool == {"relationship": 1, "revenue": 2}
    assert rules.role_weights == {"relationship": 0.5, "revenue": 1.0}
    assert rules.top == 10


def test_a_study_built_in_python_lies_in_the_current_folder():
    study = Study.model_validate({"study": "A"})
    assert (study.path, study.folder) == (None, Path())
    with pytest.raises(StudyError, match="lists no waves"):
        _ = study.latest_wave
