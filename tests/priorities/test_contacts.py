"""Metric 10 and the grade of a moment by its trigger."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

import mot_research as mot
from mot_research.drivers.waves import study_units
from mot_research.priorities.answered import answered_in_time
from mot_research.priorities.contact_grades import contact_grade
from mot_research.priorities.result import Metric
from mot_research.priorities.rules import RULES, grade_by
from mot_research.priorities.wave_means import WaveMeans
from tests.drivers.test_missed_contacts import RENEWED, missed, people, survey_of

OTHERWISE = Metric(1.1, 1.0, 1.2, 300)


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return survey_of(tmp_path_factory.mktemp("study"), people(1, n=600))


def metric(survey, contacts=None):
    means = WaveMeans(study_units(survey), 0.95)
    return answered_in_time(contacts or survey.contacts, "m", means, survey["w"], OTHERWISE)


def test_of_a_survey_it_is_the_weighted_share_of_the_wave(survey):
    status = survey.contacts.fired["m"].table["status"]
    decided = status.isin(["in_time", "late", "never"])
    found = metric(survey)
    assert found.value == pytest.approx((status == "in_time").sum() / decided.sum())
    assert found.n == decided.sum()
    assert found.ci_lower < found.value < found.ci_upper


def test_of_all_customers_it_is_the_share_of_the_log(survey):
    """Wilson's interval by its formula."""
    everyone = dataclasses.replace(survey.contacts, surveyed_share=0.1)
    found = metric(survey, everyone)
    n, p, z = found.n, found.value, stats.norm.ppf(0.975)
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (found.ci_lower, found.ci_upper) == pytest.approx((middle - half, middle + half))


def test_few_are_not_shown(survey):
    one = survey.contacts.fired["m"]
    few = dataclasses.replace(one, table=one.table.head(20))
    contacts = dataclasses.replace(survey.contacts, fired={"m": few}, surveyed_share=0.1)
    assert metric(survey, contacts) == Metric(None, n=20, reason="too few to say (n = 20)")


def test_without_an_answer_it_is_the_spread(survey):
    one = survey.contacts.fired["m"]
    trigger = one.moment.trigger.model_copy(update={"answer": None})
    moment = one.moment.model_copy(update={"trigger": trigger})
    contacts = dataclasses.replace(
        survey.contacts, fired={"m": dataclasses.replace(one, moment=moment)}
    )
    assert metric(survey, contacts) is OTHERWISE


class TestTheGrade:
    def grade(self, survey, **changes):
        one = dataclasses.replace(missed(survey), q_value=0.001, **changes)
        return contact_grade(survey.study.outcome("stays"), one, survey.study.rules)

    def test_is_likely_at_most_and_says_why(self, survey):
        grade = self.grade(survey)
        assert grade.grade == "likely"
        assert grade.by == "contact"
        assert "Observational" in grade.reason
        assert "a trial would prove it" in grade.reason
        assert grade.p_top is None
        assert grade_by(grade.checks) == grade.grade
        by_rule = {check.rule: check for check in grade.checks}
        assert set(by_rule) <= set(RULES)
        assert by_rule["by_lot"].passed is False
        assert by_rule["answer_helps"].value == grade.effect

    def test_against_the_company_it_is_reversed(self, survey):
        grade = self.grade(survey, effect=-0.2, ci_lower=-0.3, ci_upper=-0.1)
        assert (grade.grade, grade.flags) == ("not_proven", ("reversed",))
        assert grade.reason.startswith("Reversed")

    def test_within_chance_it_is_not_proven(self, survey):
        one = dataclasses.replace(missed(survey), q_value=0.3)
        grade = contact_grade(survey.study.outcome("stays"), one, survey.study.rules)
        assert grade.grade == "not_proven"
        assert "anything from" in grade.reason

    def test_untestable_it_is_not_tested_with_the_reason(self, survey):
        grade = self.grade(survey, reason="no overlap")
        assert grade.grade == "not_tested"
        assert "no overlap" in grade.reason
        assert grade.effect is None


def test_a_run_grades_the_moment_by_its_trigger(tmp_path):
    survey = survey_of(tmp_path, people(2, n=1500, effect=1.2), outcomes=[RENEWED])
    findings = mot.run(survey.study, also=())
    row = findings.priorities["m"]
    assert row.verdict == "likely"
    assert row.grades["revenue"].effect == findings.contacts.effect("m", "stays").effect
    assert row.action == "find_out"
    assert findings.contacts.answered == {"m"}
    named = {file.name for file in findings.inputs}
    assert {"events.csv", "customers.csv"} <= named
    assert not any("events" in line for line in findings.not_used)
