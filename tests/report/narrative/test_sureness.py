import dataclasses

from mot_research.report.narrative import answer, captions, one_moment, sureness
from mot_research.report.narrative.phrases import with_names
from tests.report import cases

ODD = cases.odd_cases()


def test_warnings_are_grouped_by_their_rules_and_name_moments():
    lines = sureness.warnings(ODD["everything"]).replace("\\", "").split("\n")
    assert lines[0].startswith("- **Who answered.** Likelihood to recommend: Few rated it")
    assert "“Outage call” (51)" in lines[0]
    assert lines[1].startswith("- **What the outcomes are.**")


def test_what_has_a_section_of_its_own_is_no_warning_too():
    everything = ODD["everything"]
    told = [
        f"Likelihood to recommend: {caution.text}"
        for caution in everything.segments["plan"]["recommend"].cautions
    ]
    assert told
    found = dataclasses.replace(everything, warnings=(*everything.warnings, *told))
    assert sureness.warnings(found) == sureness.warnings(everything)


def test_an_id_within_a_longer_word_stays():
    findings = ODD["usual"]
    assert with_names("m2 and m20, not xm2 or m2_b.", findings) == (
        "“Outage call” and “Loyalty gift after five years”, not xm2 or m2_b."
    )


def test_an_id_that_is_a_word_is_no_id_within_a_sentence():
    study = cases.study(2).model_copy(deep=True)
    moments = (study.moments[0].model_copy(update={"id": "contract"}), study.moments[1])
    findings = dataclasses.replace(
        ODD["usual"], study=study.model_copy(update={"moments": moments})
    )
    text = "Renewed the contract: not tested: contract, m2. The contract may end."
    named = with_names(text, findings)
    assert named.startswith("Renewed the contract: not tested: “First bill arrives")
    assert named.endswith("“Outage call”. The contract may end.")


def test_sampled_numbers_and_the_halo_are_told():
    text = sureness.method(ODD["everything"]).replace("\\", "")
    assert "For Likelihood to recommend some numbers are sampled or approximated" in text
    assert "34\N{NO-BREAK SPACE}% of what the 20 ratings say" in text


def test_a_model_per_moment_speaks_of_no_ranks():
    findings = ODD["a model per moment"]
    assert "one model per moment" in answer.answer(findings)
    assert "0\N{NO-BREAK SPACE}%" not in answer.answer(findings)
    assert "LMG" not in sureness.method(findings)
    assert "model of its own" in sureness.method(findings)
    for result in findings.drivers.values():
        assert "no shares to compare" in captions.alt_importance_bars(result, findings)


def test_only_what_is_weak_is_said_to_be_so():
    everything = ODD["everything"]
    said = [one_moment.how_robust(row, everything) for row in everything.priorities.listed]
    assert "3\N{NO-BREAK SPACE}% of what is left" in said[0]
    assert "its sign turns without one segment" in said[1]
    assert set(said[2:]) == {""}
