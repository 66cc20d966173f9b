"""Triggers over an event log: against plain Python, and on logs as they come."""

import gzip
import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mot_research as mot
from mot_research.errors import StudyError
from mot_research.survey.contacts import read_contacts

START = datetime(2026, 1, 1)
END_OF_DAY = timedelta(days=1, microseconds=-1)
ANSWER = {"event": "answer", "within": "3 days"}


def study_of(folder, trigger, happened, people=None, **more):
    """A study of one moment; its event log is the frame or the text given."""
    text = {
        "study": "Small",
        "moments": [{"id": "m", "name": "Moment", "trigger": trigger}],
        "respondent": "customer",
        "events": {"file": "events.csv"},
    }
    if isinstance(happened, pd.DataFrame):
        happened.to_csv(folder / "events.csv", index=False)
    elif happened is not None:
        (folder / "events.csv").write_text(happened, encoding="utf-8")
    if people is not None:
        text["customers"] = {"file": "customers.csv"}
        people.to_csv(folder / "customers.csv", index=False)
    (folder / "study.yml").write_text(json.dumps(text | more), encoding="utf-8")
    return mot.read_study(folder / "study.yml")


def fired(study, respondents=()):
    """The moment's table by customer, and the problems by rule."""
    contacts, _, problems = read_contacts(study, list(respondents))
    table = None if contacts is None else contacts.fired["m"].table.set_index("respondent")
    return table, {problem.rule: problem for problem in problems}


def log(*rows):
    return pd.DataFrame(rows, columns=["respondent", "event", "time"])


# Against plain Python -----------------------------------------------------------------------

KINDS = ("order", "answer", "case_open", "case_closed")
WHO = ("a", "b")
rows = st.lists(
    st.tuples(st.sampled_from(WHO), st.sampled_from(KINDS), st.integers(0, 40 * 24)),
    min_size=1,
    max_size=30,
)
rules = st.one_of(
    st.fixed_dictionaries({"event": st.sampled_from(KINDS), "nth": st.integers(1, 4)}),
    st.fixed_dictionaries(
        {
            "event": st.sampled_from(KINDS),
            "at_least": st.integers(1, 4),
            "in": st.sampled_from(["36 hours", "2 days", "2 weeks"]),
        }
    ),
    st.fixed_dictionaries({"before": st.just("due"), "days": st.integers(0, 20)}),
)


def hours(text):
    number, unit = text.split()
    return int(number) * {"hours": 1, "days": 24, "weeks": 168}[unit]


def first_firing(when, times, due, left):
    """The instant at which the rule first fires for one customer, or None."""
    if "before" in when:
        if due is None:
            return None
        at = due - timedelta(days=when["days"])
        return at if left is None or left >= at else None
    if "nth" in when:
        return times[when["nth"] - 1] if len(times) >= when["nth"] else None
    window, k = timedelta(hours=hours(when["in"])), when["at_least"]
    return next(
        (t for i, t in enumerate(times) if i >= k - 1 and t - times[i - k + 1] <= window), None
    )


def first_answer(events, at, itself, settle):
    for kind, time in sorted(events, key=lambda event: event[1]):
        if kind != "answer" or time < at or (itself and time == at):
            continue
        opened = [t for name, t in events if name == "case_open" and t <= time]
        closed = [t for name, t in events if name == "case_closed" and t <= time]
        if not settle or not opened or (closed and max(closed) >= max(opened)):
            return time
    return None


def expected(events, when, within, settle, dues, lefts):
    """Status and times of each customer, straight from the definitions."""
    first = min(time for *_, time in events).replace(hour=0)
    last = max(time for *_, time in events).replace(hour=0) + END_OF_DAY
    found = {}
    for who in WHO:
        own = sorted(
            {(kind, time) for name, kind, time in events if name == who}, key=lambda e: e[1]
        )
        times = [time for kind, time in own if kind == when.get("event")]
        at = first_firing(when, times, dues.get(who), lefts.get(who))
        if at is None or not first <= at <= last:
            continue
        length = timedelta(hours=hours(within))
        by_day = length % timedelta(days=1) == timedelta()
        deadline = at.replace(hour=0) + length + END_OF_DAY if by_day else at + length
        answered = first_answer(own, at, when.get("event") == "answer", settle)
        left = lefts.get(who)
        if deadline > last:
            status = "pending"
        elif answered is not None and answered <= deadline:
            status = "in_time"
        elif left is not None and left < deadline:
            status = "left"
        else:
            status = "never" if answered is None else "late"
        found[who] = (at, deadline, answered, status)
    return found


@settings(max_examples=30, deadline=None)
@given(
    rows=rows,
    when=rules,
    within=st.sampled_from(["30 hours", "1 days", "5 days"]),
    settle=st.booleans(),
    dues=st.dictionaries(st.sampled_from(WHO), st.integers(0, 60)),
    lefts=st.dictionaries(st.sampled_from(WHO), st.integers(0, 40)),
)
def test_every_rule_equals_its_definition(
    tmp_path_factory, rows, when, within, settle, dues, lefts
):
    folder = tmp_path_factory.mktemp("study")
    events = [(who, kind, START + timedelta(hours=hour)) for who, kind, hour in rows]
    day = {who: START + timedelta(days=n) for who, n in dues.items()}
    gone = {who: START + timedelta(days=n) for who, n in lefts.items()}
    customers = pd.DataFrame(
        {
            "customer": WHO,
            "due": [day[who].date() if who in day else "" for who in WHO],
            "left_on": [gone[who].date() if who in gone else "" for who in WHO],
        }
    )
    trigger = {"when": when, "answer": {"event": "answer", "within": within}}
    if settle:
        trigger["settle_first"] = "case_open"
    table, _ = fired(study_of(folder, trigger, log(*events), customers))
    found = {
        who: (
            row.triggered.to_pydatetime(),
            row.deadline.to_pydatetime(),
            None if pd.isna(row.answered) else row.answered.to_pydatetime(),
            row.status,
        )
        for who, row in table.iterrows()
    }
    assert found == expected(events, when, within, settle, day, gone)


# Single definitions -------------------------------------------------------------------------


def test_the_hundredth_order(tmp_path):
    days = pd.date_range("2026-01-01", periods=101, freq="D").astype(str)
    orders = log(
        *[("a", "order", day) for day in days], *[("b", "order", day) for day in days[:99]]
    )
    table, _ = fired(study_of(tmp_path, {"when": {"event": "order", "nth": 100}}, orders))
    assert list(table.index) == ["a"]
    assert table.at["a", "triggered"] == pd.Timestamp("2026-04-10")
    assert table.at["a", "status"] == "triggered"  # no answer is named, so none is missed


def test_a_call_counts_until_the_end_of_the_last_day(tmp_path):
    calls = log(
        ("a", "order", "2026-01-01T09:00"),
        ("a", "answer", "2026-01-04T23:30"),
        ("b", "order", "2026-01-01T09:00"),
        ("b", "answer", "2026-01-05T00:00"),
        ("c", "order", "2026-02-01"),
    )
    trigger = {"when": {"event": "order", "nth": 1}, "answer": ANSWER}
    table, _ = fired(study_of(tmp_path, trigger, calls))
    assert table["status"].to_dict() == {"a": "in_time", "b": "late", "c": "pending"}


def test_hours_are_counted_to_the_minute(tmp_path):
    calls = log(
        ("a", "order", "2026-01-01T09:00"),
        ("a", "answer", "2026-01-02T21:00"),
        ("b", "order", "2026-01-01T09:00"),
        ("b", "answer", "2026-01-02T21:01"),
    )
    trigger = {
        "when": {"event": "order", "nth": 1},
        "answer": {"event": "answer", "within": "36 hours"},
    }
    table, _ = fired(
        study_of(tmp_path, trigger, calls, events={"file": "events.csv", "through": "2026-01-09"})
    )
    assert table["status"].to_dict() == {"a": "in_time", "b": "late"}


def test_an_answer_counts_only_once_the_complaint_is_settled(tmp_path):
    story = [("order", "2026-01-02"), ("answer", "2026-01-03"), ("end", "2026-02-01")]
    opened = ("complaint_open", "2026-01-01")
    stories = {
        "a": story,
        "b": [opened, *story],
        "c": [opened, ("complaint_closed", "2026-01-02"), *story],
        "d": [opened, *story, ("complaint_closed", "2026-01-04"), ("answer", "2026-01-05")],
    }
    calls = log(*[(who, *event) for who, own in stories.items() for event in own])
    trigger = {
        "when": {"event": "order", "nth": 1},
        "answer": ANSWER,
        "settle_first": "complaint_open",
    }
    table, _ = fired(study_of(tmp_path, trigger, calls))
    assert table["status"].to_dict() == {
        "a": "in_time",
        "b": "never",
        "c": "in_time",
        "d": "in_time",
    }
    assert table.at["d", "answered"] == pd.Timestamp("2026-01-05")


def test_what_settles_must_be_named_or_guessable(tmp_path):
    trigger = {"when": {"event": "order", "nth": 1}, "settle_first": "complaint"}
    with pytest.raises(StudyError, match="settled_by"):
        study_of(tmp_path, trigger, None)
    study = study_of(tmp_path, trigger | {"settled_by": "solved"}, None)
    assert study.moments[0].trigger.settling_event == "solved"


def test_who_left_before_the_deadline_is_not_missed(tmp_path):
    calls = log(*[(who, "order", "2026-01-01") for who in "abc"], ("z", "end", "2026-03-01"))
    customers = pd.DataFrame({"customer": list("abc"), "gone": ["2026-01-03", "2026-01-20", ""]})
    trigger = {"when": {"event": "order", "nth": 1}, "answer": ANSWER}
    study = study_of(
        tmp_path, trigger, calls, customers, customers={"file": "customers.csv", "left": "gone"}
    )
    assert fired(study)[0]["status"].to_dict() == {"a": "left", "b": "never", "c": "never"}


def test_due_before_the_log_begins_or_after_it_ends_is_left_out(tmp_path):
    calls = log(("z", "start", "2026-01-10"), ("z", "end", "2026-03-01"))
    customers = pd.DataFrame(
        {"customer": list("abc"), "due": ["2026-01-20", "2026-02-20", "2026-05-01"]}
    )
    trigger = {"when": {"before": "due", "days": 30}, "answer": ANSWER}
    table, problems = fired(study_of(tmp_path, trigger, calls, customers))
    assert list(table.index) == ["b"]
    assert problems["due_before_the_log"].count == 1


# Logs as they come --------------------------------------------------------------------------


@pytest.fixture
def orders():
    return log(
        ("a", "order", "2026-01-01T09:00"),
        ("a", "answer", "2026-01-02T09:00"),
        ("b", "order", "2026-01-01T09:00"),
        ("b", "end", "2026-03-01T09:00"),
    )


ONE = {"when": {"event": "order", "nth": 1}, "answer": ANSWER}


def test_the_order_of_the_rows_does_not_matter(tmp_path, orders):
    table, _ = fired(study_of(tmp_path, ONE, orders))
    again, _ = fired(study_of(tmp_path, ONE, orders.sample(frac=1, random_state=3)))
    pd.testing.assert_frame_equal(table, again)


@pytest.mark.parametrize("kind", ["parquet", "csv.gz", "semicolons", "latin", "xlsx", "utf-16"])
def test_every_kind_of_file_says_the_same(tmp_path, orders, kind):
    wanted, _ = fired(study_of(tmp_path, ONE, orders))
    name = {"semicolons": "log.csv", "latin": "log.csv", "utf-16": "log.csv"}.get(
        kind, f"log.{kind}"
    )
    path = tmp_path / name
    text = orders.to_csv(index=False)
    if kind == "parquet":
        orders.assign(time=pd.to_datetime(orders["time"])).to_parquet(path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif kind == "semicolons":
        path.write_text(text.replace(",", ";"), encoding="utf-8")
    elif kind == "latin":
        path.write_bytes((text + "ü,café,2026-01-05\n").encode("cp1252"))
    elif kind == "utf-16":
        path.write_bytes(text.encode("utf-16"))
    else:
        orders.to_excel(path, index=False, engine="xlsxwriter")
    table, problems = fired(study_of(tmp_path, ONE, None, events={"file": name}))
    assert not problems
    pd.testing.assert_frame_equal(table, wanted)


@pytest.mark.parametrize("dtype", ["int64", "float64", "str"])
def test_numbers_as_ids_meet_those_of_the_survey(tmp_path, dtype):
    orders = pd.DataFrame(
        {
            "respondent": pd.Series([7, 8], dtype="int64").astype(dtype),
            "event": "order",
            "time": pd.to_datetime(["2026-01-01", "2026-01-02"]),
        }
    )
    orders.to_parquet(tmp_path / "log.parquet")
    study = study_of(tmp_path, ONE, None, events={"file": "log.parquet"})
    contacts, _, problems = read_contacts(study, ["7", "8"])
    assert contacts.surveyed_share == 1
    assert {problem.rule for problem in problems} == {"event_unknown"}


def test_times_with_a_zone_are_taken_at_utc(tmp_path):
    calls = log(
        ("a", "order", "2026-01-01T23:30:00-05:00"),  # 4:30 on the second
        ("a", "answer", "2026-01-05T23:00:00+00:00"),
        ("b", "order", "2026-01-01T12:00:00Z"),
        ("b", "answer", "2026-01-05T01:00:00+02:00"),  # 23:00 on the fourth
        ("b", "end", "2026-03-01T00:00:00Z"),
    )
    table, problems = fired(study_of(tmp_path, ONE, calls))
    assert table.at["a", "triggered"] == pd.Timestamp("2026-01-02T04:30")
    assert table["status"].to_dict() == {"a": "in_time", "b": "in_time"}
    assert "mixed_zones" not in problems


def test_times_with_and_without_a_zone_are_a_problem(tmp_path):
    calls = log(("a", "order", "2026-01-01T12:00:00Z"), ("a", "answer", "2026-01-02T12:00"))
    assert fired(study_of(tmp_path, ONE, calls))[1]["mixed_zones"].count == 1


def test_repeated_rows_count_once(tmp_path):
    twice = {"when": {"event": "order", "at_least": 2, "in": "5 days"}, "answer": ANSWER}
    row = ("a", "order", "2026-01-01T09:00")
    table, problems = fired(study_of(tmp_path, twice, log(row, row, ("a", "answer", "2026-02-01"))))
    assert table.empty
    assert problems["repeated_events"].count == 1


def test_rows_that_can_not_be_used_are_counted(tmp_path):
    calls = log(
        ("a", "order", "2026-01-01"),
        ("a", "answer", "01.02.2026"),
        ("a", "answer", "2026-02-30"),
        ("a", "answer", "now"),
        ("", "order", "2026-01-01"),
        ("a", "", "2026-01-01"),
        ("a", "end", "2026-03-01"),
    )
    table, problems = fired(study_of(tmp_path, ONE, calls))
    assert table["status"].to_dict() == {"a": "never"}
    assert problems["bad_time"].count == 3
    assert "'01.02.2026'" in problems["bad_time"].examples
    assert problems["respondent_missing"].count == problems["event_missing"].count == 1


def test_unknown_events_are_named_with_the_nearest(tmp_path):
    calls = log(("a", "order", "2026-01-01"), ("a", "answers", "2026-01-02"))
    problem = fired(study_of(tmp_path, ONE, calls))[1]["event_unknown"]
    assert problem.severity == "warning"
    assert "Did you mean 'answers'?" in problem.what_to_do


def test_events_after_the_last_covered_day_are_left_out(tmp_path, orders):
    typo = pd.concat([orders, log(("b", "order", "2062-01-01"))])
    source = {"file": "events.csv", "through": "2026-03-01"}
    table, problems = fired(study_of(tmp_path, ONE, typo, events=source))
    assert table["status"].to_dict() == {"a": "in_time", "b": "never"}
    assert problems["event_after_through"].count == 1


@pytest.mark.parametrize("text", ["respondent,event,time\n", "", "who,what\n1,2\n", "a\0b", '"'])
def test_a_log_that_holds_nothing_is_a_problem_and_no_error(tmp_path, text):
    table, problems = fired(study_of(tmp_path, ONE, text))
    assert table is None
    assert problems
    assert {problem.severity for problem in problems.values()} == {"warning"}


def test_customers_without_the_date_of_a_trigger(tmp_path, orders):
    trigger = {"when": {"before": "contract_end", "days": 30}}
    contacts, _, problems = read_contacts(study_of(tmp_path, trigger, orders), [])
    assert not contacts.fired
    assert [problem.rule for problem in problems] == ["no_customer_dates"]
    customers = pd.DataFrame({"customer": ["a", "a"], "contract_ends": ["2026-02-30", "x"]})
    problems = read_contacts(study_of(tmp_path, trigger, orders, customers), [])[2]
    assert {problem.rule for problem in problems} == {"duplicate_customer", "column_missing"}
    customers = customers.rename(columns={"contract_ends": "contract_end"})
    problems = read_contacts(study_of(tmp_path, trigger, orders, customers), [])[2]
    assert "bad_date" in {problem.rule for problem in problems}


HOSTILE = (
    "'; DROP TABLE log; --",
    '" OR 1=1 --',
    "$event",
    "?",
    "read_csv('/etc/passwd')",
    "a\\'b",
    "%_",
    "*[1]?",
    "=1+1",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_looks_like_a_statement_is_only_text(tmp_path, text):
    calls = log(
        (text, text, "2026-01-01"),
        (text, "answer", "2026-01-02"),
        ("b", "order", "2026-01-01"),
        ("b", text, text),
        ("b", "end", "2026-03-01"),
    )
    folder = tmp_path / "a[1]'; --"
    folder.mkdir()
    people = pd.DataFrame({"customer": [text], text: ["2026-02-10"]})
    people.to_parquet(folder / "customers.parquet")
    for when in ({"event": text, "nth": 1}, {"before": text, "days": 30}):
        trigger = {"when": when, "answer": ANSWER}
        study = study_of(folder, trigger, calls, customers={"file": "customers.parquet"})
        assert fired(study, [text])[0].index.tolist() == [text]


def test_the_log_can_open_no_other_file(tmp_path, orders):
    import duckdb

    from mot_research.survey.event_log import open_log

    other = tmp_path / "other.csv"
    other.write_text("a\n1\n", encoding="utf-8")
    with open_log(study_of(tmp_path, ONE, orders), []) as opened:
        with pytest.raises(duckdb.PermissionException):
            opened.frame("SELECT * FROM read_csv($path)", path=str(other))
        with pytest.raises(duckdb.Error):
            opened.connection.execute("SET enable_external_access = true")
    with pytest.raises(duckdb.ConnectionException):
        opened.frame("SELECT 1")


def test_events_before_the_trigger_are_counted_of_the_surveyed(tmp_path):
    rng = np.random.default_rng(1)
    times = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 10_000, 400), "min")
    calls = log(
        *[(f"c{i % 20}", "call", time) for i, time in enumerate(times)],
        *[(f"c{i}", "order", "2026-01-05") for i in range(20)],
    )
    study = study_of(tmp_path, ONE, calls)
    before = read_contacts(study, [f"c{i}" for i in range(10)])[0].fired["m"].before
    own = calls[
        (calls["event"] == "call")
        & (pd.to_datetime(calls["time"], format="mixed") < pd.Timestamp("2026-01-05"))
    ]
    counted = own.groupby("respondent").size()
    assert before.index.isin([f"c{i}" for i in range(10)]).all()
    assert before["call"].to_dict() == counted[before.index].to_dict()
