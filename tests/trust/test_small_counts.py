"""Whoever adds up every count that a study's outputs show learns no count below ten."""

import json
import re
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest

from mot_research.study.reading import read_study
from mot_research.survey.part import parts_of
from mot_research.survey.reading import read_survey
from mot_research.workbook import run
from tests.survey.attacker import possible_counts
from tests.test_cli import mot

pytestmark = pytest.mark.slow
# How many have each value in each wave. In the second come a few on trial and far north.
PLANS = ({"contract": 350, "prepaid": 250, "business": 151},
         {"contract": 360, "prepaid": 240, "business": 137, "trial": 6})  # fmt: skip
REGIONS = ({"north": 301, "south": 275, "far south": 175},
           {"north": 293, "far north": 7, "south": 271, "far south": 172})  # fmt: skip
COUNTRY = {"north": "Upland", "far north": "Upland", "south": "Lowland", "far south": "Lowland"}
SEGMENTS = ("plan", "region", "country")
MOMENTS = ("bill", "outage", "shop")
FEW_RATED = 4  # customers of prepaid in each wave who had been in the shop
HIDDEN = {137, 288, 293, 594, 172, 347}  # of the last wave and of both: they would tell 6 and 7
WAVES = ("2026Q1", "2026Q2")
SIMULATED = {
    "study": {"name": "Harbour Mobile", "simulated": True},
    "moments": [{"id": name, "name": name, "rating": name} for name in MOMENTS],
    "ratings": {"low": 1, "high": 5, "not_experienced": [6]},
    "outcomes": [
        {"id": "recommend", "column": "ltr", "kind": "score", "low": 0, "high": 10},
        {"id": "spend", "role": "revenue", "column": "spend", "kind": "amount"},
    ],
    "segments": [*SEGMENTS],
    "waves": [{"id": name, "file": f"{name}.csv"} for name in WAVES],
    "rules": {"n_resamples": 20, "min_n": 30},
}


def wave(number):
    """One row a customer."""
    rng = np.random.default_rng(number)
    plans, regions = PLANS[number], REGIONS[number]
    frame = pd.DataFrame({"plan": np.repeat([*plans], [*plans.values()])})
    frame["region"] = rng.permutation(np.repeat([*regions], [*regions.values()]))
    frame["country"] = frame["region"].map(COUNTRY)
    n = len(frame)
    mood = rng.normal(size=n)
    for name in MOMENTS:
        frame[name] = np.clip(np.round(3.2 + mood + rng.normal(size=n)), 1, 5).astype(int)
    prepaid = frame.index[frame["plan"] == "prepaid"]
    frame.loc[prepaid[FEW_RATED:], "shop"] = 6
    frame["ltr"] = np.clip(np.round(6 + 1.5 * mood + rng.normal(size=n)), 0, 10).astype(int)
    frame["spend"] = np.round(20 + 4 * mood + rng.normal(size=n), 2)
    return frame.sample(frac=1, random_state=number)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The study's folder with the outputs of both waves, of their parts, and the documents."""
    folder = tmp_path_factory.mktemp("counts")
    (folder / "study.yml").write_text(json.dumps(SIMULATED), encoding="utf-8")
    for number, name in enumerate(WAVES):
        wave(number).to_csv(folder / f"{name}.csv", index=False)
    survey = read_survey(read_study(folder))
    run(survey, WAVES[0], output=folder / "output" / WAVES[0])
    for segment in ("plan", "region"):
        for part, reason in parts_of(survey, WAVES[1], segment).items():
            if not reason:
                run(survey, WAVES[1], part=part, output=folder / "output" / str(part))
    for options in (
        ("--document", "technical-appendix", "--to", "html"),
        ("--to", "html,pdf,docx,pptx"),
    ):
        done = mot("report", folder, "--renderer", "embedded", "--quiet", *options)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def records(study):
    paths = (study / "output").rglob("findings.json")
    return [json.loads(path.read_text("utf-8")) for path in paths]


def group(waves, segment=None, value=None):
    return (("wave", tuple(waves)), *([(segment, (value,))] if segment else []))


@pytest.fixture(scope="module")
def shown(records):
    """(outcome, moment or "") → group → the count of it that some output shows."""
    found = {}

    def show(outcome, moment, of, n):
        if n is not None:
            assert found.setdefault((outcome, moment), {}).setdefault(of, int(n)) == n

    for record in records:
        part = tuple((record["part"] or {}).values())
        for each in [*record["outcomes"], *record["outcomes_alone"]]:
            show(each["id"], "", group(each["waves"], *part), each["n_obs"])
            for row in each["moments"]:
                show(each["id"], row["driver"], group(each["waves"], *part), row["n"])
        for each in record["segments"] if not part else []:
            for row in each["values"]:
                of = group(each["waves"], each["segment"], row["value"])
                show(each["outcome"], "", of, row["n"])
            for row in each["cells"]:
                of = group(each["waves"], each["segment"], row["value"])
                show(each["outcome"], row["moment"], of, row["n"])
            for result in each["results"]:
                for row in result["moments"]:
                    of = group(each["waves"], each["segment"], result["value"])
                    show(each["outcome"], row["driver"], of, row["n"])
    return found


@pytest.fixture(scope="module")
def customers():
    frames = [wave(number).assign(wave=name) for number, name in enumerate(WAVES)]
    return pd.concat(frames, ignore_index=True)


def counted(customers, moment):
    return customers if moment == "" else customers[customers[moment] < 6]


def small_groups(customers):
    """Every value of fewer than ten, in each wave and in both, with its number."""
    return {
        group(waves, segment, value): n
        for waves in ([WAVES[0]], [WAVES[1]], WAVES)
        for segment in SEGMENTS
        for value, n in customers[customers["wave"].isin(waves)][segment].value_counts().items()
        if n < 10
    }


@pytest.mark.parametrize("moment", ["", *MOMENTS])
@pytest.mark.parametrize("outcome", ["recommend", "spend"])
def test_no_sum_of_counts_tells_one_below_ten(customers, shown, outcome, moment):
    kinds = customers[["wave", *SEGMENTS]].drop_duplicates()
    small = small_groups(counted(customers, moment))
    assert small
    known = shown[outcome, moment]
    assert not small.keys() & known.keys()
    for of in small:
        least, most = possible_counts(kinds, known, of, small)
        assert least < most, of


def test_what_is_shown_is_right_and_what_is_to_be_hidden_is_there(customers, shown):
    for (_, moment), groups in shown.items():
        rows = counted(customers, moment)
        for of, n in groups.items():
            inside = np.logical_and.reduce([rows[column].isin(values) for column, values in of])
            assert inside.sum() == n, of
    small = small_groups(customers)
    assert {6, 7} == {*small.values()}
    known = shown["recommend", ""].values()
    assert not {*known} & HIDDEN
    assert len(known) > 15


def words(path):
    """What a reader of an output sees, cell by cell or as text, without pictures and looks."""
    if path.suffix == ".xlsx":
        sheets = openpyxl.load_workbook(path).worksheets
        cells = [
            cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row
        ]
        return " ; ".join(str(cell) for cell in cells if cell is not None)
    if path.suffix in (".docx", ".pptx"):
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name).decode() for name in archive.namelist() if "xml" in name]
        return " ; ".join(re.findall(r"<(?:w|a):t[^>]*>([^<]*)<", " ".join(parts)))
    if path.suffix == ".pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        text = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", text)
    return text


def test_no_output_tells_a_count_that_gives_another_away(study):
    paths = [path for path in (study / "output").rglob("*") if path.is_file()]
    assert {path.suffix for path in paths} >= {".html", ".pdf", ".docx", ".pptx", ".xlsx", ".csv"}
    for path in paths:
        if WAVES[0] not in path.parts:  # there, they were no secret yet
            found = re.findall(r"(?<![\w.,−-])(\d+)(?:\.0)?(?![\w.,]*\w)", words(path))
            assert not {*map(int, found)} & HIDDEN, path.relative_to(study)


def test_there_is_no_report_on_a_value_that_would_tell(study):
    parts = {path.name for path in (study / "output").glob("*=*")}
    assert parts >= {"plan=contract", "plan=prepaid", "region=south"}
    assert parts.isdisjoint({"plan=business", "region=north", "region=far south"})
