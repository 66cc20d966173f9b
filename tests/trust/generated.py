"""Studies and tables made up by Hypothesis: sound ones, and such as people write by mistake."""

from copy import deepcopy

from hypothesis import strategies as st

# Letters of many scripts, marks that turn text around, what spreadsheets and shells would run.
CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
HOSTILE = st.sampled_from(
    [
        *("=1+1", "@SUM(A1)", "<script>alert(1)</script>", "'; DROP TABLE log; --", "$(id)"),
        *(
            "\u202egnp.exe",
            "👩‍👩‍👧",
            "e\u0301",
            "ﬁ",
            "İ",
            "ß",
            "null",
            "true",
            "yes",
            "~",
            "1e3",
            "007",
        ),
        *(
            "{a: b}",
            "a: b",
            "- a",
            "# a",
            "&a",
            "*a",
            "!!str",
            "|",
            ">",
            '"',
            "%",
            "`",
            "2026-01-10",
        ),
    ]
)
TEXTS = (
    st.text(CHARACTERS, min_size=1, max_size=20).map(str.strip).filter(bool)
    | HOSTILE
    | st.just("x" * 999)
)
IDS = st.from_regex(r"[a-z_][a-z0-9_]{0,11}", fullmatch=True)
DAYS = st.dates().map(str)
WRONG = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | HOSTILE
    | st.sampled_from(["../../etc/passwd", "/dev/zero", "9" * 400, "2026-02-30", "1e999", ""])
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(IDS, st.integers(), max_size=2)
)


@st.composite
def scales(draw):
    low = draw(st.integers(-5, 5))
    high = low + draw(st.integers(1, 20))
    codes = draw(st.lists(st.integers(high + 1, high + 90), max_size=4, unique=True))
    cut = draw(st.integers(0, len(codes)))
    return {
        "low": low,
        "high": high,
        "not_experienced": codes[:cut],
        "blank": codes[cut:],
        "target": draw(st.integers(low, high)),
    }


@st.composite
def triggers(draw):
    when = draw(
        st.fixed_dictionaries({"event": TEXTS, "nth": st.integers(1, 200)})
        | st.fixed_dictionaries(
            {"event": TEXTS, "at_least": st.integers(1, 9), "in": st.just("30 days")}
        )
        | st.fixed_dictionaries({"before": IDS, "days": st.integers(0, 400)})
    )
    answer = {"event": draw(TEXTS), "within": f"{draw(st.integers(0, 999))} hours"}
    return {"when": when} | ({"answer": answer} if draw(st.booleans()) else {})


@st.composite
def studies(draw):
    """A sound study, as the plain values of its file."""
    columns = draw(st.lists(IDS, min_size=1, max_size=5, unique_by=str.casefold))
    stages = draw(st.lists(IDS, min_size=1, max_size=3, unique_by=str.casefold))
    moments = [
        {"id": column, "name": draw(TEXTS), "rating": f"q {column}"}
        | draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "stage": st.sampled_from(stages),
                    "category": st.sampled_from(["rescue", "revenue", "request", "relationship"]),
                    "description": TEXTS,
                    "interaction": st.lists(TEXTS, max_size=2),
                    "owner": TEXTS,
                    "trigger": triggers(),
                    "shortlist": st.booleans(),
                    "cost_per_year": st.integers(0, 10**9),
                },
            )
        )
        for column in columns
    ]
    scale = draw(scales())
    begin, end = sorted([draw(DAYS), draw(DAYS)])
    return {
        "study": {"name": draw(TEXTS), "population": draw(st.integers(1, 10**9))},
        "stages": [{"id": stage, "name": draw(TEXTS)} for stage in stages],
        "moments": moments,
        "ratings": scale,
        "outcomes": [
            {"id": "ltr", "column": "o ltr", "kind": "score", "low": 0, "high": 10, "blank": [99]},
            {"id": "stays", "column": "o stays", "kind": "binary", "yes": [1, "Y"], "no": [0]},
        ][: draw(st.integers(0, 2))],
        "waves": [{"id": "2026Q1", "file": "wave.csv", "from": begin, "to": end}],
        "rules": {"top": draw(st.integers(1, 99)), "seed": draw(st.integers(0, 2**63 - 1))},
    }


@st.composite
def nearly_studies(draw):
    """A study with a few slips: a value of another kind, a key unknown, missing or in its place."""
    study = deepcopy(draw(studies()))
    for _ in range(draw(st.integers(1, 3))):
        parts = [part for part in _parts(study) if part]
        part = draw(st.sampled_from(parts))
        place = draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        match draw(st.sampled_from(["wrong", "wrong", "away", "unknown", "other", "twice"])):
            case "wrong":
                part[place] = draw(WRONG)
            case "away":
                del part[place]
            case "unknown" if isinstance(part, dict):
                part[draw(TEXTS)] = draw(WRONG)
            case "twice" if isinstance(part, list):
                part.append(deepcopy(part[place]))
            case _:
                part[place] = deepcopy(draw(st.sampled_from(parts)))
        study = deepcopy(study)  # a part within itself would be endless
    return study


def _parts(value):
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        yield value
        for each in inner:
            yield from _parts(each)


CELLS = (
    st.sampled_from(["", " ", "NA", "1,5", "1.500", "1e3", "-0", "inf", "nan", "٣", "0x1", "1_0"])
    | st.integers(-3, 120).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | TEXTS
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"))
)
TIMES = st.datetimes().map(str) | DAYS | CELLS


def tables(**columns):
    """Rows of a table by its columns' cells; a column may stand anywhere, or be away."""
    rows = st.lists(st.tuples(*columns.values()), min_size=1, max_size=8)
    order = st.permutations(list(columns)).flatmap(
        lambda names: st.integers(max(len(names) - 1, 1), len(names)).map(lambda n: names[:n])
    )
    return st.builds(
        lambda names, cells: (
            names,
            [[dict(zip(columns, row, strict=True))[name] for name in names] for row in cells],
        ),
        order,
        rows,
    )


RESPONDENTS = st.sampled_from(["C0", "C1", "C2", "c1", "", "X"]) | CELLS
MOMENTS = st.sampled_from(["first_bill", "outage", "First bill arrives", ""]) | TEXTS
WAVES = st.sampled_from(["2026Q1", "2026q1", "2026Q2", ""]) | TEXTS
TABLES = {
    "votes.csv": tables(
        participant=st.sampled_from(["AB", "CD", ""]) | TEXTS,
        silo=TEXTS,
        moment=MOMENTS,
        shortlisted=st.sampled_from(["1", "0", "", "yes", "1.0", "2"]),
        rank=st.sampled_from(["1", "2", "", "0", "inf", "1e400"]) | CELLS,
    ),
    "codes.csv": tables(
        wave=WAVES, code=st.sampled_from(["1", "2", ""]) | TEXTS, moment=MOMENTS, valence=CELLS
    ),
    "verbatims.csv": tables(
        respondent=RESPONDENTS,
        wave=WAVES,
        text=CELLS,
        codes=st.sampled_from(["1", "1;2", ";", ""]) | TEXTS,
        source=TEXTS,
    ),
    "events.csv": tables(
        respondent=RESPONDENTS,
        event=st.sampled_from(["invoice", "welcome_call", ""]) | TEXTS,
        time=TIMES,
    ),
    "recordings.csv": tables(
        respondent=RESPONDENTS,
        time=TIMES,
        moment=MOMENTS,
        mark=st.sampled_from(["moment_of_truth", "decision_point", "truth", ""]),
        emotion=CELLS,
    ),
    "operations.csv": tables(
        metric=st.sampled_from(["bill_disputes", "Bill_disputes", ""]) | TEXTS,
        date=TIMES,
        value=CELLS,
    ),
    "customers.csv": tables(
        id=RESPONDENTS, customer_since=TIMES, contract_end=TIMES, left_on=TIMES
    ),
    "revenue.csv": tables(id=RESPONDENTS, wave=WAVES, revenue=CELLS),
}
