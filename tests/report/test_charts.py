import dataclasses
import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle
from matplotlib.text import Text

from mot_research.priorities.result import Metric
from mot_research.report import charts, house_style, matrix, scorecard_chart, wave_charts
from mot_research.report.experience_map import experience_map
from mot_research.report.rank_groups import alike
from tests.report import cases, further

ODD = cases.odd_cases()
plt.switch_backend("Agg")
HIGHEST = 9.0  # inches: a page has 9.7 between its margins, and a picture a caption
TOUCHING = 1.0  # pixels by which two texts may touch: the rounding of their boxes


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


LONG = [f"{name}, told in as many words as an engaged workshop finds" for name in cases.NAMES]
SAME_PICTURES = ("pooled waves", "everything, one outcome", "one wave", "nothing proven", "usual")
PICTURED = {case: findings for case, findings in ODD.items() if case not in SAME_PICTURES}
PICTURED |= {"long names": further.with_everything(cases.findings(20, names=LONG))}


def pictures(findings) -> dict[str, Axes]:
    """An axes of each figure of the report and its appendix, by what it shows."""
    made = {"map": experience_map(findings)}
    made |= {"matrix": matrix.priority_matrices(findings.priorities)[0]}
    made |= {"matrix alone": matrix.priority_matrix(findings.priorities)}
    for name, result in findings.drivers.items():
        made[f"bars of {name}"] = charts.importance_bars(result)
        made[f"ranks of {name}"] = charts.rank_plot(result)
    made |= dict(zip(["penalties"], wave_charts.penalty_rewards(findings), strict=False))
    made |= dict(zip(["change"], wave_charts.change_waterfalls(findings), strict=False))
    made |= dict(zip(["stages"], scorecard_chart.stage_scorecards(findings), strict=False))
    return made


def drawn_texts(figure) -> list[Text]:
    """Every text that a reader sees: no ticks beyond the limits, none of a shared axis."""
    figure.draw_without_rendering()
    texts = [artist for artist in figure.get_children() if isinstance(artist, Text)]
    inset = [child for ax in figure.axes for child in ax.child_axes]
    for ax in [*figure.axes, *inset]:
        texts += ax.texts
        if ax.axison:
            (bottom, top), (left, right) = sorted(ax.get_ylim()), sorted(ax.get_xlim())
            x_labels = zip(ax.get_xticks(), ax.get_xticklabels(), strict=False)
            y_labels = zip(ax.get_yticks(), ax.get_yticklabels(), strict=False)
            texts += [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
            texts += [label for x, label in x_labels if left <= x <= right]
            texts += [label for y, label in y_labels if bottom <= y <= top]
        if ax.get_legend():
            texts += ax.get_legend().get_texts()
    return [text for text in texts if text.get_text().strip() and text.get_visible()]


def overlaps(texts) -> list[tuple[str, str]]:
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > TOUCHING
        and min(a.y1, b.y1) - max(a.y0, b.y0) > TOUCHING
    ]


def cut_off(figure, texts) -> list[str]:
    inside = figure.bbox.padded(TOUCHING)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    return [
        text
        for text, box in boxes
        if not (inside.contains(box.x0, box.y0) and inside.contains(box.x1, box.y1))
    ]


@pytest.mark.parametrize("case", list(PICTURED))
def test_a_picture_fits_a_page_and_no_text_overlaps_or_is_cut_off(case):
    for name, ax in pictures(PICTURED[case]).items():
        texts = drawn_texts(ax.figure)
        assert (name, overlaps(texts)) == (name, [])
        assert (name, cut_off(ax.figure, texts)) == (name, [])
        width, height = ax.figure.get_size_inches()
        assert (name, width) == (name, house_style.PAGE_WIDTH)
        assert height <= HIGHEST, name


def test_the_sizes_of_the_map_are_the_shares_of_importance():
    ax = experience_map(ODD["usual"])
    circles = [patch for patch in ax.patches if isinstance(patch, Circle) and patch.zorder == 3]
    spots = matrix.matrix_spots(ODD["usual"].priorities, "relationship")
    shares = sorted(spot.y for spot in spots)
    areas = sorted(circle.radius**2 for circle in circles)
    large = areas[-5:]  # the smallest circles keep a size that can be seen
    np.testing.assert_allclose(
        np.array(large) / large[-1], np.array(shares[-5:]) / shares[-1], rtol=1e-9
    )


def test_moments_without_any_stage_stand_under_one_head():
    ax = experience_map(ODD["three moments"])
    heads = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.zorder]
    assert len([head for head in heads if head.get_width() > house_style.PAGE_WIDTH / 2]) == 1
    assert [text.get_text() for text in ax.texts].count("No stage") == 1
    assert "" not in [text.get_text() for text in ax.texts]


def test_ratings_get_lighter_as_they_rise():
    light = [sum(house_style.rating_colours()(part)[:3]) for part in np.linspace(0, 1, 21)]
    assert np.all(np.diff(light) > 0)  # grey print keeps the order


def test_badges_stay_apart_and_the_first_stays_at_its_point():
    points = np.array([[50.0, 50.0], [50.5, 50.0], [51.0, 50.5], [90.0, 50.0]])
    radii = [5.0] * 4
    shifts = np.array(matrix._shifts(points, radii, np.array([0.0, 0.0, 100.0, 100.0])))
    assert tuple(shifts[0]) == tuple(shifts[3]) == (0.0, 0.0)
    placed = points + shifts
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(placed, 2)]
    assert min(apart) >= 10.0


def test_every_listed_place_stands_in_its_mark():
    ax = matrix.priority_matrix(ODD["forty moments"].priorities)
    places = {text.get_text() for text in ax.texts}
    assert {str(place) for place in range(1, 11)} <= places


def test_intervals_are_drawn_in_the_matrix():
    spots = matrix.matrix_spots(ODD["usual"].priorities, "relationship")
    ax = matrix.priority_matrix(ODD["usual"].priorities)
    drawn = {tuple(np.round(line.get_ydata(), 6)) for line in ax.lines}
    assert all(tuple(np.round(spot.y_ends, 6)) in drawn for spot in spots)


def test_small_numbers_are_not_drawn():
    priorities = ODD["usual"].priorities
    row = priorities.rows[0]
    few = dataclasses.replace(row.metrics["mean_rating"], n=29)
    changed = dataclasses.replace(row, metrics={**row.metrics, "mean_rating": few})
    fewer = dataclasses.replace(priorities, rows=(changed, *priorities.rows[1:]))
    before = matrix.matrix_spots(priorities, "relationship")
    after = matrix.matrix_spots(fewer, "relationship")
    assert [spot.row.moment.id for spot in before][1:] == [spot.row.moment.id for spot in after]


def test_a_matrix_for_each_role():
    assert len(matrix.priority_matrices(ODD["usual"].priorities)) == 2
    assert len(matrix.priority_matrices(ODD["no revenue"].priorities)) == 1
    assert len(matrix.priority_matrices(ODD["no outcome"].priorities)) == 1


def test_a_share_larger_for_revenue_than_any_for_the_relationship_stays_in_its_panel():
    priorities = ODD["usual"].priorities
    first, *rest = priorities.rows
    metrics = first.metrics | {"importance_revenue": Metric(0.9, 0.8, 0.95, 900)}
    first = dataclasses.replace(first, metrics=metrics)
    priorities = dataclasses.replace(priorities, rows=(first, *rest))
    for ax in matrix.priority_matrices(priorities):
        bottom, top = ax.get_ylim()
        assert bottom <= 0 < 95 < top


def test_charts_draw_on_given_axes():
    _, ax = plt.subplots()
    usual = ODD["usual"]
    assert matrix.priority_matrix(usual.priorities, ax) is ax
    assert charts.importance_bars(usual.drivers["recommend"], plt.subplots()[1]) is not ax
    assert usual.drivers["recommend"].plot(ax=ax) is ax


def test_each_picture_is_a_method_of_its_result():
    _, ax = plt.subplots()
    everything = ODD["everything"]
    result = everything.drivers["recommend"]
    for plot in (
        everything.plot_map,
        everything.plot_penalty_reward,
        everything.priorities.plot,
        everything.change["recommend"].plot,
        result.plot,
        result.plot_ranks,
    ):
        assert plot(ax) is ax
        ax.clear()


def test_the_target_is_drawn_where_moments_share_it():
    texts = [text.get_text() for text in matrix.priority_matrix(ODD["usual"].priorities).texts]
    assert "target 4" in texts


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
    matrix.priority_matrix(ODD["usual"].priorities)
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
    ax = matrix.priority_matrix(ODD["hostile names"].priorities)
    names = [text for text in drawn_texts(ax.figure) if "$" in text.get_text()]
    assert names
    assert not any(text.get_parse_math() for text in names)


def test_verdicts_differ_without_colour():
    marks = house_style.VERDICT_MARKS.values()
    assert len({(mark.marker, mark.fill == house_style.PAPER) for mark in marks}) == len(marks)
