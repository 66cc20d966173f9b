import dataclasses
import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from mot_research.priorities.result import Metric
from mot_research.report import charts, house_style, wave_charts
from mot_research.report.experience_map import experience_map
from mot_research.report.rank_groups import alike
from tests.report import cases

ODD = cases.odd_cases()
plt.switch_backend("Agg")
TOUCHING = 1.0  # pixels by which two texts may touch: the rounding of their boxes


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn_texts(ax) -> list[Text]:
    """The names in the axes, as drawn (not the ticks, not the places in the marks)."""
    ax.figure.canvas.draw()
    return [text for text in ax.texts if len(text.get_text()) > 2 and text.get_visible()]


def overlaps(texts) -> list[tuple[str, str]]:
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > TOUCHING
        and min(a.y1, b.y1) - max(a.y0, b.y0) > TOUCHING
    ]


@pytest.mark.parametrize("case", list(ODD))
def test_names_in_the_matrix_do_not_overlap(case):
    ax = charts.priority_matrix(ODD[case].priorities)
    assert overlaps(drawn_texts(ax)) == []


@pytest.mark.parametrize("case", list(ODD))
def test_names_on_the_map_do_not_overlap(case):
    ax = experience_map(ODD[case])
    assert overlaps(drawn_texts(ax)) == []


@pytest.mark.parametrize("case", list(ODD))
def test_nothing_is_cut_off(case):
    findings = ODD[case]
    made = [charts.priority_matrix(findings.priorities), experience_map(findings)]
    made += [charts.importance_bars(result) for result in findings.drivers.values()]
    made += [*wave_charts.penalty_rewards(findings), *wave_charts.change_waterfalls(findings)]
    for ax in made:
        ax.figure.canvas.draw()
        inside = ax.figure.bbox.padded(TOUCHING)
        for text in shown_texts(ax):
            box = text.get_window_extent()
            corners = [(box.x0, box.y0), (box.x1, box.y1)]
            assert all(inside.contains(*corner) for corner in corners), text.get_text()


def shown_texts(ax) -> list[Text]:
    """Every text that is drawn; ticks beyond the limits are not."""
    texts = [text for text in ax.texts if text.get_text()]
    if ax.axison:
        (bottom, top), (left, right) = sorted(ax.get_ylim()), sorted(ax.get_xlim())
        x_labels = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
        y_labels = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
        texts += [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
        texts += [label for x, label in x_labels if left <= x <= right]
        texts += [label for y, label in y_labels if bottom <= y <= top]
    if ax.get_legend():
        texts += ax.get_legend().get_texts()
    return [text for text in texts if text.get_text().strip()]


def test_every_listed_place_stands_in_its_mark():
    ax = charts.priority_matrix(ODD["forty moments"].priorities)
    places = {text.get_text() for text in ax.texts}
    assert {str(place) for place in range(1, 11)} <= places


def test_intervals_are_drawn_in_the_matrix():
    spots = charts.matrix_spots(ODD["usual"].priorities, "relationship")
    ax = charts.priority_matrix(ODD["usual"].priorities)
    drawn = {tuple(np.round(line.get_ydata(), 6)) for line in ax.lines}
    assert all(tuple(np.round(spot.y_ends, 6)) in drawn for spot in spots)


def test_small_numbers_are_not_drawn():
    priorities = ODD["usual"].priorities
    row = priorities.rows[0]
    few = dataclasses.replace(row.metrics["mean_rating"], n=29)
    changed = dataclasses.replace(row, metrics={**row.metrics, "mean_rating": few})
    fewer = dataclasses.replace(priorities, rows=(changed, *priorities.rows[1:]))
    before = charts.matrix_spots(priorities, "relationship")
    after = charts.matrix_spots(fewer, "relationship")
    assert [spot.row.moment.id for spot in before][1:] == [spot.row.moment.id for spot in after]


def test_a_matrix_for_each_role():
    assert len(charts.priority_matrices(ODD["usual"].priorities)) == 2
    assert len(charts.priority_matrices(ODD["no revenue"].priorities)) == 1
    assert len(charts.priority_matrices(ODD["no outcome"].priorities)) == 1


def test_charts_draw_on_given_axes():
    _, ax = plt.subplots()
    usual = ODD["usual"]
    assert charts.priority_matrix(usual.priorities, ax) is ax
    assert charts.importance_bars(usual.drivers["recommend"], plt.subplots()[1]) is not ax
    assert usual.drivers["recommend"].plot(ax=ax) is ax


def test_the_target_is_drawn_where_moments_share_it():
    texts = [text.get_text() for text in charts.priority_matrix(ODD["usual"].priorities).texts]
    assert "below target" in texts


def test_bars_are_ordered_and_untested_stand_last():
    result = ODD["usual"].drivers["recommend"]
    ax = charts.importance_bars(result, names={"m1": "First"})
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[0] == "First"
    assert set(labels[-len(result.not_tested) :]) == set(result.not_tested)
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == sorted(widths, reverse=True)


def test_the_confidence_is_that_of_the_result():
    result = dataclasses.replace(ODD["usual"].drivers["recommend"], confidence=0.9)
    assert "90" in charts.importance_bars(result).get_xlabel()


def test_brackets_join_what_cannot_be_told_apart():
    result = ODD["usual"].drivers["recommend"]
    first = alike(result)[0]
    assert first == ("m1", "m2", "m3")
    apart = result.table.assign(rank_lower=result.table["rank"], rank_upper=result.table["rank"])
    assert alike(dataclasses.replace(result, table=apart)) == ()


def test_without_rank_intervals_there_is_no_bracket():
    result = ODD["usual"].drivers["recommend"]
    table = result.table.drop(columns=["rank_lower", "rank_upper"])
    assert alike(dataclasses.replace(result, table=table)) == ()


def test_a_model_per_moment_draws_no_bars():
    result = ODD["a model per moment"].drivers["recommend"]
    assert "one model per moment" in charts.importance_bars(result).texts[0].get_text()


def test_the_waterfall_begins_at_the_mean_before_and_ends_at_the_mean_now():
    everything = ODD["everything"]
    change = everything.change["recommend"]
    (ax,) = wave_charts.change_waterfalls(everything)
    ends = [bar.get_x() for bar in ax.patches] + [
        bar.get_x() + bar.get_width() for bar in ax.patches
    ]
    before, now = change.mean["a"].item(), change.mean["b"].item()
    assert ax.patches[0].get_x() == pytest.approx(before)
    assert ends[-1] == pytest.approx(now)
    assert wave_charts.change_waterfalls(ODD["usual"]) == []


def test_a_penalty_of_few_is_not_drawn():
    findings = cases.findings(3, both=1, one=0, bets=0, likely=0)
    row = findings.priorities.rows[0]
    few = {"penalty": Metric(1.1, 0.2, 2.0, 29), "reward": Metric(0.6, 0.1, 1.1, 60)}
    row = dataclasses.replace(row, metrics=row.metrics | few)
    priorities = dataclasses.replace(findings.priorities, rows=(row,))
    ax = wave_charts.penalty_reward(dataclasses.replace(findings, priorities=priorities))
    assert [bar.get_width() for bar in ax.patches] == [0.6]
    assert "too few to say" in [text.get_text() for text in ax.texts]


def test_no_setting_of_matplotlib_is_left_changed():
    before = dict(mpl.rcParams)
    charts.priority_matrix(ODD["usual"].priorities)
    experience_map(ODD["usual"])
    assert {key for key in before if before[key] != mpl.rcParams[key]} == set()


def test_interactive_mode_set_while_drawing_stays():
    with house_style.house_style():
        plt.ion()
    assert plt.isinteractive()
    plt.ioff()


def test_names_are_shortened_at_a_word():
    assert house_style.shorten("Third call about the same problem", 24) == "Third call about the…"
    assert house_style.shorten("W" * 10_000, 20) == "W" * 19 + "…"
    assert house_style.shorten(" a \n b ", 20) == "a b"


def test_what_no_font_draws_is_replaced():
    assert house_style.label("청구서 bill", 40) == "□ bill"
    assert house_style.label("\u202e\u200b", 40) == "□"


def test_mathematics_is_not_read():
    ax = charts.priority_matrix(ODD["hostile names"].priorities)
    names = [text for text in ax.texts if "$" in text.get_text()]
    assert names
    assert not any(text.get_parse_math() for text in names)


def test_verdicts_differ_without_colour():
    marks = house_style.VERDICT_MARKS.values()
    assert len({(mark.marker, mark.fill == house_style.PAPER) for mark in marks}) == len(marks)
