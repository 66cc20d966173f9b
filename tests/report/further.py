"""What findings hold beside drivers and verdicts, made by hand."""

import dataclasses
from datetime import datetime

import numpy as np
import pandas as pd

from mot_research.drivers.cautions import Caution
from mot_research.drivers.change import REFERENCE_POINT, Change
from mot_research.drivers.due_contacts import COUNTED, DueContacts
from mot_research.drivers.missed_contacts import MissedContact
from mot_research.drivers.paths import ASSOCIATION, Paths
from mot_research.drivers.prediction import Prediction
from mot_research.drivers.reliability import Reliability
from mot_research.drivers.robustness import Robustness
from mot_research.drivers.sample_size import SampleSize
from mot_research.drivers.segments import Segments
from mot_research.findings import Findings
from mot_research.priorities.result import Metric
from mot_research.study.definition import Study
from mot_research.survey.activity import ActivityMap, activity_map
from mot_research.survey.recordings import MARKS
from tests.report import said
from tests.report.accountable import accountable

TERMS = {"reach": 0.0, "ratings": -0.25, "mix": 0.02, "effects": 0.05, "both": -0.02}
EXTREMES = {"penalty": Metric(0.9, 0.6, 1.2, 120), "reward": Metric(0.3, -0.1, 0.7, 35)}
SMALL_VALUE, LARGE_VALUE = "corporate", "private"


def with_everything(findings: Findings) -> Findings:
    """The findings with a change, paths, segments, robustness and the rest; waves of two."""
    ids = [moment.id for moment in findings.study.moments]
    findings = accountable(findings)
    study = findings.study.model_copy(update={"segments": ("plan",)})
    names = list(findings.drivers)
    first = findings.drivers["recommend"]
    cautions = (Caution("few_raters", "Few rated it, after weighting: m2 (51)."),)
    rows = tuple(
        dataclasses.replace(row, metrics=row.metrics | EXTREMES) for row in findings.priorities.rows
    )
    return dataclasses.replace(
        findings,
        priorities=dataclasses.replace(findings.priorities, rows=rows),
        study=study,
        drivers=findings.drivers
        | {
            "recommend": dataclasses.replace(
                first, cautions=cautions, computed=("Importance of 20 drivers: sampled orders.",)
            )
        },
        warnings=(*findings.warnings, f"Likelihood to recommend: {cautions[0].text}"),
        change={"recommend": change("recommend", ids)},
        not_compared={name: "there is no earlier wave with it" for name in names[1:]},
        prediction={"recommend": prediction()},
        paths={"renewed": paths(ids)} if "renewed" in names else {},
        segments={"plan": {"recommend": segments(ids)}},
        robustness={"recommend": robustness(ids)},
        reliability=Reliability("2026Q3", scales(), 0.34, 0.3, len(ids), 170),
        sample_sizes={"recommend": sample_size(ids)},
        cautions=(Caution("common_method", findings.warnings[0]),),
        contacts=contacts({moment.id: moment.name for moment in findings.study.moments}, names),
        activity=activity(findings.study),
        **said.of(findings),
    )


def activity(study: Study) -> ActivityMap | None:
    """40 customers at the first moment, 25 of them at the second, 5 at the third."""
    ids = [moment.id for moment in study.moments][:3]
    seen = [
        (f"c{i}", pd.Timestamp("2026-07-10") + pd.Timedelta(hours=hour), name, mark, hour - 1.0)
        for i in range(40)
        for hour, (name, mark, n) in enumerate(zip(ids, MARKS, (40, 25, 5), strict=False))
        if i < n
    ]
    columns = ["respondent", "time", "moment", "mark", "emotion"]
    return activity_map(study, pd.DataFrame(seen, columns=columns))


def contacts(called: dict[str, str], outcomes: list[str]) -> DueContacts:
    """The first moment proven costly, the second within chance, the third too rare to test."""
    table = [
        ("all", "", moment, name, *counts)
        for (moment, name), counts in zip(
            called.items(),
            ([5000, 3000, 400, 1300, 200, 100], [600, 300, 6, 294, 0, 0], [40, 20, 5, 15, 0, 0]),
            strict=False,
        )
    ]
    frame = pd.DataFrame(table, columns=["by", "value", "moment", "name", *COUNTED])
    frame["share_in_time"] = frame["in_time"] / frame[["in_time", "late", "never"]].sum(axis=1)
    tested = [(0.4, 0.2, 0.6), (0.1, -0.1, 0.3)]
    effects = [
        MissedContact(
            moment=moment,
            outcome=outcome,
            waves=("2026Q3",),
            n_in_time=400,
            n_missed=300,
            n_left=3,
            n_pending=2,
            n_too_early=0,
            n_blank=5,
            n_trimmed=2,
            n_effective=250.0,
            n_effective_missed=240.0,
            effect=effect,
            std_error=0.1,
            ci_lower=lower,
            ci_upper=upper,
            p_value=0.001,
            mean_in_time=0.8,
            mean_missed=0.8 - effect,
            overlap=pd.DataFrame(
                {"lowest": [0.2, 0.1], "highest": [0.9, 0.8]},
                index=pd.Index(["in_time", "missed"], name="group"),
            ),
            balance=pd.DataFrame(
                {"before": [0.3], "after": [0.01]},
                index=pd.Index(["a|b <tenure>"], name="covariate"),
            ),
            **(
                {
                    "n_missed_customers": 51_234.0,
                    "passed_over": 51_234 * effect,
                    "passed_over_lower": 51_234 * lower,
                    "passed_over_upper": 51_234 * upper,
                }
                if outcome == "renewed"
                else {}
            ),
        )
        for outcome in outcomes
        for moment, (effect, lower, upper) in zip(called, tested, strict=False)
    ]
    rare = list(called)[2:3]
    effects += [
        MissedContact(moment, outcomes[0], (), 4, 9, 0, 0, 0, 0, reason="too few to say: [4](x)")
        for moment in rare
    ]
    return DueContacts(
        counts=frame,
        effects=tuple(effects),
        first=datetime(2025, 1, 1),
        last=datetime(2026, 9, 30),
        of_a_survey=True,
        scaled=True,
    )


def change(outcome: str, ids: list[str]) -> Change:
    total = sum(TERMS.values())
    mean = pd.DataFrame(
        [[6.6, 6.6 + total, total, 0.08, total - 0.16, total + 0.16, 0.01]],
        columns=["a", "b", "difference", "std_error", "ci_lower", "ci_upper", "p_value"],
        index=pd.Index([outcome], name="moment"),
    )
    terms = pd.DataFrame(
        [[v, v - 0.1, v + 0.1] for v in (*TERMS.values(), 0.0)],
        columns=["estimate", "ci_lower", "ci_upper"],
        index=pd.Index([*TERMS, "not_split"], name="term"),
    )
    compared = ids[:-1] or ids
    parts = pd.DataFrame(index=pd.Index([*compared, "tenure", "unexplained"], name="part"))
    parts["kind"] = ["moment"] * len(compared) + ["control", "unexplained"]
    for term in (*TERMS, "not_split", "total"):
        value = np.zeros(len(parts))
        value[0] = TERMS.get(term, total if term == "total" else 0.0)
        parts[term], parts[f"{term}_ci_lower"], parts[f"{term}_ci_upper"] = (
            value,
            value - 0.1,
            value + 0.1,
        )
    tests = {}
    for quantity in ("rating", "reach", "effect", "lmg", "share"):
        level = 3.5 if quantity == "rating" else 0.4
        step = np.where(np.arange(len(compared)) == 0, -0.2, 0.01)
        tests[quantity] = pd.DataFrame(
            {
                "a": level,
                "b": level + step,
                "difference": step,
                "std_error": 0.04,
                "ci_lower": step - 0.08,
                "ci_upper": step + 0.08,
                "p_value": np.where(step < 0, 0.0001, 0.8),
                "q_value": np.where(step < 0, 0.001, 0.9),
            },
            index=pd.Index(compared, name="moment"),
        )
    return Change(
        outcome=outcome,
        model="least squares on the score",
        wave_a="2026Q2",
        wave_b="2026Q3",
        mean=mean,
        terms=terms,
        parts=parts,
        tests=pd.concat(tests, names=["quantity"]),
        left_out={ids[-1]: "wave 2026Q2: not asked"} if len(ids) > 1 else {},
        notes=(REFERENCE_POINT,),
        n_obs=(1480, 1493),
        confidence=0.95,
        n_resamples=2000,
        n_importance_resamples=500,
    )


def prediction() -> Prediction:
    return Prediction(
        outcome="recommend",
        wave="2026Q3",
        r_squared=0.46,
        cross_validated=0.43,
        cross_validated_spread=0.003,
        n_folds=10,
        n_repeats=20,
        earlier="2026Q2",
        from_earlier=0.41,
        ci_lower=0.36,
        ci_upper=0.45,
        level_error=-0.08,
        own=0.46,
        confidence=0.95,
    )


def paths(ids: list[str]) -> Paths:
    table = pd.DataFrame(index=pd.Index(ids, name="driver"))
    for part, value in {"a": 0.4, "direct": 0.02, "indirect": 0.01, "total": 0.03}.items():
        table[part], table[f"{part}_ci_lower"], table[f"{part}_ci_upper"] = (
            value,
            0.5 * value,
            1.5 * value,
        )
    table["conflict"] = [i == 1 for i in range(len(ids))]
    table["opposed"] = False
    table["reason"] = ""
    return Paths(
        outcome="renewed",
        mediator="recommend",
        waves=("2026Q2", "2026Q3"),
        n_obs=2950,
        b=0.02,
        b_ci_lower=0.01,
        b_ci_upper=0.03,
        confidence=0.95,
        note=ASSOCIATION,
        table=table,
    )


def segments(ids: list[str]) -> Segments:
    """The first moment turns where it may be shown, the second in a value too small to show."""
    values = pd.DataFrame(
        {
            "n": [np.nan, 900],
            "n_effective": [np.nan, 850.0],
            "mean": [np.nan, 6.5],
            "status": ["suppressed", "analysed"],
            "reason": ["suppressed: fewer than 10", ""],
        },
        index=pd.Index([SMALL_VALUE, LARGE_VALUE], name="value"),
    )
    index = pd.MultiIndex.from_product([values.index, ids], names=["value", "moment"])
    cells = pd.DataFrame({"n": 900.0, "status": "shown"}, index=index)
    hidden = [(SMALL_VALUE, moment) for moment in ids[1:]]
    cells.loc[hidden, ["n", "status"]] = np.nan, "suppressed"
    flips = pd.DataFrame(
        {
            "effect": 0.02,
            "p_value": 0.001,
            "q_value": 0.004,
            "lowest_value": SMALL_VALUE,
            "lowest_effect": -0.7654,
            "highest_value": LARGE_VALUE,
            "highest_effect": 0.39,
            "flips": [i < 2 for i in range(len(ids))],
        },
        index=pd.Index(ids, name="moment"),
    )
    keys = pd.MultiIndex.from_tuples(
        [("effect", value, moment) for value in values.index for moment in ids],
        names=["quantity", "value", "moment"],
    )
    columns = ["segment", "rest", "difference", "std_error", "ci_lower", "ci_upper"]
    differences = pd.DataFrame(
        [[0.61, 0.2, 0.41, 0.1, 0.2, 0.6, 0.001, 0.01]] * len(keys),
        columns=[*columns, "p_value", "q_value"],
        index=keys,
    )
    return Segments(
        segment="plan",
        outcome="recommend",
        waves=("2026Q3",),
        values=values,
        results={},
        cells=cells,
        differences=differences,
        flips=flips,
        notes=("40 rows have no plan and are left out.",),
        confidence=0.95,
        n_resamples=500,
    )


def robustness(ids: list[str]) -> Robustness:
    table = pd.DataFrame(
        {
            "partial_r_squared": 0.01,
            "robustness_value": [0.03 if i == 0 else 0.1 for i in range(len(ids))],
            "vif": 1.3,
            "gvif": 1.1,
            "effect": 0.4,
            "effect_lowest": -0.1,
            "without_lowest": "plan = private",
            "effect_highest": 0.5,
            "without_highest": "plan = corporate",
            "rank_best": 1,
            "rank_worst": 4,
            "same_sign": [i != 1 for i in range(len(ids))],
        },
        index=pd.Index(ids, name="driver"),
    )
    conditions = pd.DataFrame([[31.2, "m1, m2"]], columns=["condition_index", "columns"])
    left_out = pd.DataFrame(columns=["segment", "value", "n_left_out", "driver", "effect", "rank"])
    return Robustness("recommend", table, 31.2, conditions, left_out, ("plan = x: too few",))


def scales() -> pd.DataFrame:
    return pd.DataFrame(
        [
            [3, 1490, 0.75, 0.73, 0.78, 0.76, ""],
            [2, 0, np.nan, np.nan, np.nan, np.nan, "not asked"],
        ],
        columns=["n_items", "n", "alpha", "alpha_ci_lower", "alpha_ci_upper", "omega", "reason"],
        index=pd.Index(["trust", "effort"], name="scale"),
    )


def sample_size(ids: list[str]) -> SampleSize:
    table = pd.DataFrame(
        {"n_effect": 3100.0, "n_border": np.nan}, index=pd.Index(ids, name="driver")
    )
    pair = tuple(ids[:2]) if len(ids) > 1 else ()
    return SampleSize("recommend", 1493, 10, 4200 if pair else None, pair, 0.8, 0.95, table)


def unranked(findings: Findings) -> Findings:
    """As a survey gives that asked each person about one moment: a model per moment."""
    alone = ["lmg", "contact", "share", "relative_weight", "first", "last", "rank", "rank_each"]
    alone += ["ci_lower", "ci_upper", "rank_lower", "rank_upper", "p_top", "p_top_each"]
    drivers = {}
    for name, result in findings.drivers.items():
        table = result.table.copy()
        table[alone] = np.nan
        drivers[name] = dataclasses.replace(
            result, table=table, r_squared=float("nan"), r_squared_controls=float("nan")
        )
    return dataclasses.replace(findings, drivers=drivers)
