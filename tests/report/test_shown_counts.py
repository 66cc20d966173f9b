"""Counts that leave the house: none below ten, and none that tells one."""

import numpy as np
import pandas as pd
import pytest

from mot_research.report.contact_charts import WITHHELD, funnel_table, hidden_counts
from mot_research.report.shown_counts import (
    hidden_cells,
    shown_absences,
    shown_contacts,
    shown_groups,
)
from mot_research.survey.contacts import STATUSES


def contacts(*rows):
    columns = ["by", "value", "moment", "name", "triggered", *STATUSES]
    frame = pd.DataFrame(
        [(by, value, "m", "M", sum(counts), *counts) for by, value, *counts in rows],
        columns=columns,
    )
    decided = frame[["in_time", "late", "never"]].sum(axis=1)
    return frame.assign(share_in_time=frame["in_time"] / decided)


@pytest.mark.parametrize("seed", range(20))
def test_no_row_and_no_column_of_a_table_tells_a_small_count(seed):
    rng = np.random.default_rng(seed)
    table = rng.choice([0, 3, 8, 10, 12, 40, 200], size=(4, 5))
    hidden = hidden_cells(table)
    small = (table > 0) & (table < 10)
    assert hidden[small].all()
    for cells, is_hidden, is_small in [
        *zip(table, hidden, small, strict=True),
        *zip(table.T, hidden.T, small.T, strict=True),
    ]:
        if is_small.any() and not is_hidden[cells > 0].all():
            assert cells[is_hidden].sum() >= 10
            assert is_hidden[cells > 0].sum() >= 2


BY_PLAN = contacts(
    ("all", "", 500, 60, 90, 0, 0),
    ("plan", "a", 300, 52, 40, 0, 0),
    ("plan", "b", 195, 8, 50, 0, 0),
    ("plan", "c", 5, 0, 0, 0, 0),
)


def test_due_contacts_of_a_segment_are_hidden_across_its_values():
    shown = shown_contacts(BY_PLAN)
    assert shown.loc[0, "triggered"] == 650
    assert shown.loc[3, ["triggered", *STATUSES]].isna().all()
    assert shown.loc[2, ["triggered", *STATUSES]].isna().all()  # or c = all - a - b
    assert pd.isna(shown.loc[1, "late"])  # or b = 60 - 52
    assert shown.loc[[1, 2, 3], "share_in_time"].isna().all()
    assert shown.loc[0, "share_in_time"] == pytest.approx(500 / 650)


def test_the_table_and_the_sheet_of_due_contacts_say_no_more():
    rows = funnel_table(BY_PLAN).rows
    assert rows[0][1:4] == ("650", "500", "60")
    assert rows[2][1:] == (WITHHELD, WITHHELD, "fewer than 10", WITHHELD, WITHHELD, WITHHELD)
    assert rows[3][1:3] == ("suppressed: fewer than 10", "")
    sheet = hidden_counts(BY_PLAN)
    assert sheet.loc[2, ["triggered", "in_time", "late"]].to_list() == [
        WITHHELD, WITHHELD, "fewer than 10"
    ]  # fmt: skip
    assert sheet.loc[1, "late"] == WITHHELD
    assert sheet.loc[1:, "share_in_time"].isna().all()


def test_a_row_of_few_is_hidden_whole():
    shown = shown_contacts(contacts(("all", "", 3, 2, 1, 0, 0)))
    assert shown.loc[0, ["triggered", *STATUSES, "share_in_time"]].isna().all()


def test_absences_go_with_their_shares():
    counts = pd.DataFrame(
        {"n_rated": [1395, 1400], "n_not_experienced": [97, 100], "n_blank": [8, 0],
         "n_not_asked": [0, 0], "share_blank": [8 / 1500, 0.0]},
        index=pd.Index(["m1", "m2"], name="moment"),
    )  # fmt: skip
    shown = shown_absences(counts)
    assert shown.loc["m1", ["n_not_experienced", "n_blank", "share_blank"]].isna().all()
    assert shown.loc["m1", "n_rated"] == 1395
    assert shown.loc["m2"].notna().all()


def test_groups_of_few_have_no_size():
    assert shown_groups({"n_left": 4, "n_missed": 40, "n_pending": 0, "effect": 3.0}) == {
        "n_left": None, "n_missed": 40, "n_pending": 0
    }  # fmt: skip
