"""Charts that PowerPoint draws itself, with their data in a workbook that can be edited.

An interval is an error bar; python-pptx has no word for one, so its XML is
written here (ECMA-376, part 1, 21.2.2.55).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_MARKER_STYLE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Length, Pt

from mot_research.report import house_style as style
from mot_research.report.escaping import plain_text
from mot_research.report.wave_charts import LOSS

LABELS = 0.46  # share of a bar chart's width that its labels take
AXIS_HEIGHT = 0.62  # inches below the bars: numbers and the axis title
MARKERS = {
    "o": XL_MARKER_STYLE.CIRCLE,
    "D": XL_MARKER_STYLE.DIAMOND,
    "s": XL_MARKER_STYLE.SQUARE,
    "^": XL_MARKER_STYLE.TRIANGLE,
    "X": XL_MARKER_STYLE.X,
}
WHITE = "#ffffff"
NO_END = 0.0
LEVEL_WIDTH = 0.006  # of the axis: how thick the mark of a level is
MARGIN = 0.06  # of the range, on both sides of an axis
# What may stand after error bars in a series of bars and of points.
AFTER_ERROR_BARS = ("c:cat", "c:val", "c:xVal", "c:yVal", "c:smooth", "c:shape", "c:extLst")


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    @property
    def emu(self) -> tuple[Length, Length, Length, Length]:
        """Left, top, width and height as python-pptx has them."""
        return Inches(self.left), Inches(self.top), Inches(self.width), Inches(self.height)


@dataclass(frozen=True)
class Bar:
    """One bar with the ends of its interval, where it has one."""

    label: str
    value: float
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class BarChart:
    """Bars to the right, the first on top."""

    bars: tuple[Bar, ...]
    axis: str
    maximum: float | None = None

    def draw(self, shapes: Any, box: Box, accent: str) -> Any:
        """Add the chart to a slide; return its frame."""
        data = SafeCategories([plain_text(bar.label) for bar in self.bars])
        data.add_series(self.axis, [bar.value for bar in self.bars])
        frame = shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *box.emu, data)
        chart = frame.chart
        _sideways(chart, box, len(self.bars), self.axis)
        ends = [end for bar in self.bars for end in (0.0, bar.value, *(bar.ends or ()))]
        _scale(chart.value_axis, min(ends), self.maximum or max(ends))
        _fill(chart.plots[0].series[0].format, lighter(accent))
        below, above = _distances([bar.value for bar in self.bars], [bar.ends for bar in self.bars])
        _add_error_bars(chart.plots[0].series[0]._element, below, above, style.INK)
        return frame


@dataclass(frozen=True)
class Point:
    """A mark with a short name and its two intervals."""

    label: str
    x: float
    y: float
    x_ends: tuple[float, float] | None
    y_ends: tuple[float, float] | None


@dataclass(frozen=True)
class Scatter:
    """Points in named groups, each group with a mark of its own."""

    groups: tuple[tuple[str, style.MarkStyle, tuple[Point, ...]], ...]
    x_axis: str
    y_axis: str
    target: float | None = None

    def draw(self, shapes: Any, box: Box, accent: str) -> Any:
        """Add the chart to a slide; return its frame."""
        points = [point for _, _, group in self.groups for point in group]
        x_low, x_high = _range([(point.x, point.x_ends) for point in points])
        y_low, y_high = _range([(point.y, point.y_ends) for point in points])
        y_low = min(0.0, *(end for point in points for end in (point.y, *(point.y_ends or ()))))
        data = XyChartData()
        for name, _, group in self.groups:
            series = data.add_series(name)
            for point in group:
                series.add_data_point(point.x, point.y)
        drawn_target = self.target is not None and x_low < self.target < x_high
        if drawn_target:
            line = data.add_series("Target")
            line.add_data_point(self.target, y_low)
            line.add_data_point(self.target, y_high)
        frame = shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *box.emu, data)
        chart = frame.chart
        _house_type(chart, 11)
        for axis, title, low, high in (
            (chart.category_axis, self.x_axis, x_low, x_high),
            (chart.value_axis, self.y_axis, y_low, y_high),
        ):
            _axis(axis, title)
            _scale(axis, low, high)
        for series, (_, mark, group) in zip(chart.plots[0].series, self.groups, strict=False):
            _mark(series, mark, accent)
            for place, point in enumerate(group):
                if point.label:
                    _name(series.points[place], point.label)
            xs = _distances([point.x for point in group], [point.x_ends for point in group])
            ys = _distances([point.y for point in group], [point.y_ends for point in group])
            _add_error_bars(series._element, *xs, mark.edge, "x")
            _add_error_bars(series._element, *ys, mark.edge, "y")
        if drawn_target:
            _dashed(chart.plots[0].series[len(self.groups)])
        chart.has_legend = True
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        return frame


@dataclass(frozen=True)
class Waterfall:
    """A level before, steps that lead to the level now; a step has a label and a size."""

    before: tuple[str, float]
    steps: tuple[tuple[str, float], ...]
    now: tuple[str, float]
    axis: str

    def draw(self, shapes: Any, box: Box, accent: str) -> Any:
        """Add the chart to a slide: stacked bars on a base that is not filled."""
        pieces = self._pieces()
        low = min(min(piece) for _, piece, _ in pieces)
        high = max(max(piece) for _, piece, _ in pieces)
        width = (high - low) or abs(high) or 1.0
        thick = LEVEL_WIDTH * width
        spans = [
            (start - thick / 2, start + thick / 2) if sign == 0 else tuple(sorted((start, end)))
            for _, (start, end), sign in pieces
        ]
        data = SafeCategories([plain_text(label) for label, _, _ in pieces])
        data.add_series("base", [max(0.0, a) + min(0.0, b) for a, b in spans])
        data.add_series("step", [max(0.0, b) - max(0.0, a) for a, b in spans])
        data.add_series("step below zero", [min(0.0, a) - min(0.0, b) for a, b in spans])
        frame = shapes.add_chart(XL_CHART_TYPE.BAR_STACKED, *box.emu, data)
        chart = frame.chart
        _sideways(chart, box, len(pieces), self.axis)
        _scale(chart.value_axis, low - MARGIN * width, high + MARGIN * width)
        base, *visible = chart.plots[0].series
        base.format.fill.background()
        for series in visible:
            for place, (_, _, sign) in enumerate(pieces):
                colour = {0: style.INK, 1: accent, -1: LOSS}[sign]
                _fill(series.points[place].format, colour)
        return frame

    def _pieces(self) -> list[tuple[str, tuple[float, float], int]]:
        """Return each row with where it starts and ends, and the sign of its step."""
        level = self.before[1]
        rows = [(self.before[0], (level, level), 0)]
        for label, size in self.steps:
            rows.append((label, (level, level + size), 1 if size > 0 else -1))
            level += size
        return [*rows, (self.now[0], (self.now[1], self.now[1]), 0)]


NativeChart = BarChart | Scatter | Waterfall


class SafeCategories(CategoryChartData):
    """Data of a bar chart whose workbook holds text as text, never as a formula."""

    def __init__(self, categories: Sequence[str]) -> None:
        super().__init__()
        self.categories = categories

    @property
    def xlsx_blob(self) -> bytes:
        """The workbook behind the chart, laid out as python-pptx refers to it."""
        import xlsxwriter

        written = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(written, options) as book:
            sheet = book.add_worksheet("Sheet1")
            for row, category in enumerate(self.categories, start=1):
                sheet.write_string(row, 0, str(category.label))
            for column, series in enumerate(self, start=1):
                sheet.write_string(0, column, series.name)
                sheet.write_column(1, column, series.values)
        return written.getvalue()


def lighter(colour: str, share: float = 0.6) -> str:
    """Return a colour mixed with so much white."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)


def rgb(colour: str) -> RGBColor:
    """Return a colour as python-pptx has it."""
    return RGBColor.from_string(colour.lstrip("#").upper())


def _range(values: Sequence[tuple[float, tuple[float, float] | None]]) -> tuple[float, float]:
    ends = [end for value, both in values for end in (value, *(both or ()))]
    low, high = min(ends), max(ends)
    room = MARGIN * ((high - low) or 1.0)
    return low - room, high + room


def _distances(
    values: Sequence[float], ends: Sequence[tuple[float, float] | None]
) -> tuple[list[float], list[float]]:
    """Return how far each interval goes below and above its value; nowhere without one."""
    below = [
        NO_END if both is None else max(0.0, v - both[0])
        for v, both in zip(values, ends, strict=True)
    ]
    above = [
        NO_END if both is None else max(0.0, both[1] - v)
        for v, both in zip(values, ends, strict=True)
    ]
    return below, above


def _add_error_bars(
    series: Any,
    below: Sequence[float],
    above: Sequence[float],
    colour: str,
    direction: Literal["x", "y"] | None = None,
) -> None:
    """Add an interval to each point of a series; none where all have no length."""
    if not any((*below, *above)):
        return
    bars = parse_xml(
        f"<c:errBars {nsdecls('c', 'a')}>"
        + ("" if direction is None else f'<c:errDir val="{direction}"/>')
        + '<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>'
        f"<c:plus>{_numbers(above)}</c:plus><c:minus>{_numbers(below)}</c:minus>"
        f'<c:spPr><a:ln w="12700"><a:solidFill><a:srgbClr val="{rgb(colour)}"/></a:solidFill>'
        "</a:ln></c:spPr></c:errBars>"
    )
    following = next(child for child in series if child.tag in map(qn, AFTER_ERROR_BARS))
    following.addprevious(bars)


def _numbers(values: Sequence[float]) -> str:
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{float(value)!r}</c:v></c:pt>'
        for place, value in enumerate(values)
    )
    return (
        f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>'
        f"{points}</c:numLit>"
    )


def _sideways(chart: Chart, box: Box, n_bars: int, title: str) -> None:
    """Set a chart of horizontal bars: the first on top, room for the labels."""
    room = 72 * (box.height - AXIS_HEIGHT) / max(n_bars, 1)
    _house_type(chart, max(8, min(12, int(0.7 * room))))
    chart.has_legend = False
    chart.plots[0].gap_width = 55
    chart.plots[0].overlap = 100
    categories = chart.category_axis
    categories.reverse_order = True
    categories.format.line.fill.background()
    categories.has_major_gridlines = False
    low = categories._element.find(qn("c:tickLblPos"))
    low.set("val", "low")
    _axis(chart.value_axis, title)
    crosses = categories._element.getparent().find(qn("c:valAx")).find(qn("c:crosses"))
    crosses.set("val", "max")
    bottom = AXIS_HEIGHT / box.height
    _inner_plot(chart, LABELS, 0.01, 1 - LABELS - 0.03, 1 - bottom - 0.01)


def _inner_plot(chart: Chart, x: float, y: float, width: float, height: float) -> None:
    """Say where the bars stand, in parts of the chart."""
    area = chart._chartSpace.find(f"{qn('c:chart')}/{qn('c:plotArea')}")
    for automatic in area.findall(qn("c:layout")):
        area.remove(automatic)
    places = zip("xywh", (x, y, width, height), strict=True)
    layout = parse_xml(
        f'<c:layout {nsdecls("c")}><c:manualLayout><c:layoutTarget val="inner"/>'
        '<c:xMode val="edge"/><c:yMode val="edge"/>'
        + "".join(f'<c:{name} val="{value:.4f}"/>' for name, value in places)
        + "</c:manualLayout></c:layout>"
    )
    area.insert(0, layout)


def _house_type(chart: Chart, size: int) -> None:
    chart.font.size, chart.font.color.rgb = Pt(size), rgb(style.INK)
    chart.has_title = False


def _axis(axis: Any, title: str) -> None:
    axis.has_title = True
    axis.axis_title.text_frame.text = plain_text(title)
    run = axis.axis_title.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold, run.font.color.rgb = Pt(11), False, rgb(style.SOFT)
    axis.has_major_gridlines = True
    axis.major_gridlines.format.line.color.rgb = rgb(style.GRID)
    axis.format.line.color.rgb = rgb(style.FAINT)
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "General", False


def _scale(axis: Any, low: float, high: float) -> None:
    """Let an axis begin and end at round numbers around these."""
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(nbins=8, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    axis.minimum_scale, axis.maximum_scale = float(ticks[0]), float(ticks[-1])
    axis.major_unit = float(ticks[1] - ticks[0])


def _fill(target: Any, colour: str) -> None:
    target.fill.solid()
    target.fill.fore_color.rgb = rgb(colour)


def _mark(series: Any, mark: style.MarkStyle, accent: str) -> None:
    series.format.line.fill.background()
    series.marker.style = MARKERS[mark.marker]
    series.marker.size = max(6, round(mark.size**0.5))
    fill, edge = (accent if part == style.ACCENT else part for part in (mark.fill, mark.edge))
    _fill(series.marker.format, lighter(edge) if fill == style.PAPER else fill)
    series.marker.format.line.color.rgb = rgb(edge)


def _name(point: Any, label: str) -> None:
    frame = point.data_label.text_frame
    frame.text = plain_text(label)
    frame.paragraphs[0].runs[0].font.size = Pt(10)
    point.data_label.position = XL_LABEL_POSITION.RIGHT


def _dashed(series: Any) -> None:
    from pptx.enum.dml import MSO_LINE

    series.marker.style = XL_MARKER_STYLE.NONE
    series.format.line.color.rgb = rgb(style.SOFT)
    series.format.line.width = Pt(1.25)
    series.format.line.dash_style = MSO_LINE.DASH
