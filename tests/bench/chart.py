"""Time and memory over the size of a month, as one SVG: the same figures give the same bytes."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from tests.bench.months import size_text
from tests.bench.results import Results
from tests.bench.tables import GOAL_RATIO

WIDTH, HEIGHT = 640, 420
_MEMORY_GOALS = {10_000_000: 1.5, 100_000_000: 4.0}
"""GiB that a month of so many calls may take (issue of speed and size)."""


def _axis_labels(values: list[float]) -> list[float]:
    """1, 2, 5, 10 ... around the values, for a logarithmic axis."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    steps = [factor * 10.0**power for power in range(low, high + 1) for factor in (1, 2, 5)]
    first = max((step for step in steps if step <= min(values)), default=steps[0])
    last = min((step for step in steps if step >= max(values)), default=steps[-1])
    return [step for step in steps if first <= step <= last]


def _chart(title: str, y_title: str, series: dict[str, list[tuple[int, float]]]) -> str:
    """Lines over the number of calls, both axes logarithmic: what grows with the calls is straight, at 45°."""
    import pygal
    from pygal.style import Style

    style = Style(
        background="#ffffff",
        plot_background="#ffffff",
        colors=("#8a8a8a", "#1f6fb4", "#d1661b"),
        font_family="sans-serif",
        title_font_size=16,
        label_font_size=12,
        legend_font_size=13,
        major_label_font_size=12,
    )
    points = [point for line in series.values() for point in line]
    labels = _axis_labels([value for _, value in points])
    chart = pygal.XY(
        width=WIDTH,
        height=HEIGHT,
        style=style,
        title=title,
        x_title="calls in the month",
        y_title=y_title,
        logarithmic=True,
        js=[],
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series),
        stroke_style={"width": 2},
        dots_size=4,
        explicit_size=True,
        pretty_print=False,
        no_prefix=False,
        disable_xml_declaration=True,
    )
    chart.x_labels = [
        {"value": math.log10(calls), "label": size_text(calls)} for calls in sorted({calls for calls, _ in points})
    ]
    chart.y_labels = [{"value": step, "label": f"{step:g}"} for step in labels]
    for name, line in series.items():
        chart.add(name, [(math.log10(calls), value) for calls, value in line], allow_interruptions=True)
    corner = math.log10(points[0][0])
    chart.add(None, [(corner, labels[0]), (corner, labels[-1])], show_dots=False, stroke=False)  # the axis' ends
    chart.uuid = re.sub(r"[^a-z]+", "-", title.lower())
    svg = str(chart.render(is_unicode=True))
    return re.sub(r"<!--.*?-->|<script.*?</script>", "", svg, flags=re.DOTALL)  # a comment has the day it was drawn


def _series(sizes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    entries = list(sizes.values())
    goals = [entry for entry in entries if entry["calls"] in _MEMORY_GOALS]
    time = {
        f"goal: {GOAL_RATIO} × F": [(entry["calls"], GOAL_RATIO * entry["floor_seconds"]) for entry in entries],
        "month end": [(entry["calls"], entry["seconds"]) for entry in entries],
        "floor F": [(entry["calls"], entry["floor_seconds"]) for entry in entries],
    }
    memory = {
        "goal": [(entry["calls"], _MEMORY_GOALS[entry["calls"]]) for entry in goals],
        "month end": [(entry["calls"], entry["peak_mib"] / 1024) for entry in entries],
        "floor F": [(entry["calls"], entry["floor_peak_mib"] / 1024) for entry in entries],
    }
    return time, memory


def _placed(svg: str, left: int) -> str:
    """The chart as a part of a wider one."""
    return svg.replace("<svg ", f'<svg x="{left}" y="0" ', 1)


def chart_svg(results: Results) -> str:
    """Seconds on the left, memory on the right."""
    time, memory = _series(results["month_end"])
    left = _chart("Time of a month end", "seconds", time)
    right = _chart("Memory of a month end", "GiB at the peak", memory)
    size = f'viewBox="0 0 {2 * WIDTH} {HEIGHT}" width="{2 * WIDTH}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    return f"{head}{_placed(left, 0)}{_placed(right, WIDTH)}</svg>\n"


def write_chart(path: Path, results: Results) -> bool:
    """The chart at the path; nothing, and False, where no month was measured."""
    if not results["month_end"]:
        return False
    path.write_text(chart_svg(results), encoding="utf-8")
    return True
