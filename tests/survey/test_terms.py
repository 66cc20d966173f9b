"""Terms of the study found in texts, and how far people agree."""

import numpy as np
import pytest

from mot_research.study.definition import Study
from mot_research.survey.terms import agreement_with_codes, matched, terms_of


def study(**terms):
    names = {"bill": "First bill arrives", "call": "Calls about an outage", "shop": "The shop"}
    moments = [
        {"id": name, "name": title} | ({"terms": terms[name]} if name in terms else {})
        for name, title in names.items()
    ]
    return Study.model_validate({"study": "Small", "moments": moments})


def test_terms_are_those_declared_or_the_telling_words_of_the_name():
    assert terms_of(study(shop=["store", "branch*"])) == {
        "bill": ("bill", "arrives"),
        "call": ("outage",),
        "shop": ("store", "branch*"),
    }


def test_a_word_of_two_names_tells_neither():
    both = Study.model_validate(
        {"study": "S", "moments": [{"id": "a", "name": "Bill paper"}, {"id": "b", "name": "Bill"}]}
    )
    assert terms_of(both) == {"a": ("paper",)}


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("bill", "My BILL came", True),
        ("bill", "two bills, the bill's end", True),
        ("bill", "billing and billboards", False),
        ("bill*", "billing", True),
        ("wi-fi", "no wi fi here", True),
        ("first bill", "the first\n bill", True),
        ("first bill", "bill first", False),
        ("c++", "in C++ we trust", True),
        ("?!", "what?!", False),
        (".*", "anything", False),
        ("überweisung", "ÜBERWEISUNG", True),
    ],
)
def test_a_term_is_found_as_whole_words(term, text, found):
    assert matched([text], {"m": [term]}).tolist() == [[found]]


def test_agreement_is_precision_recall_and_kappa():
    coded = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=bool)
    by_terms = np.array([[1, 0], [0, 0], [1, 1], [0, 0]], dtype=bool)
    table = agreement_with_codes(coded, by_terms, ["a", "b"])
    assert table.loc["a", ["precision", "recall", "kappa"]].tolist() == pytest.approx([0.5, 0.5, 0])
    assert table.loc["b", ["precision", "recall", "kappa"]].tolist() == [1, 1, 1]
    assert table.loc["", ["n_coded", "n_matched", "n_both"]].tolist() == [3, 3, 2]
