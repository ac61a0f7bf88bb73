#!/usr/bin/env python3
"""Draws the record of grow.py as docs/performance/growth.svg. The same record gives the same bytes.

Needs matplotlib: `pip install matplotlib`.
"""

import argparse
import csv
import statistics
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

TOP = Path(__file__).resolve().parent.parent.parent
FIELDS = {"wall_s": "wall, s", "cpu_s": "CPU, s", "peak_rss_mb": "peak, MB"}
VARIED = {"files": "files in a slice", "slices": "slices",
          "percent": "% of files changed by a slice"}

# Text stays text, so that the bytes do not follow from the fonts of a machine.
STYLE = {"svg.hashsalt": "diskprint", "svg.fonttype": "none", "font.family": "sans-serif",
         "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def main():
    args = arguments()
    points, rows = table(args.record / "points.csv"), table(args.record / "raw.csv")
    matplotlib.rcParams.update(STYLE)
    figure, grid = pyplot.subplots(len(FIELDS), len(VARIED), figsize=(8.5, 6), sharex="col",
                                   sharey="row", layout="constrained")
    for panels, (field, label) in zip(grid, FIELDS.items()):
        panels[0].set_ylabel(label)
        for panel, varied in zip(panels, VARIED):
            draw(panel, series(points, rows, varied, field))
    for panels in grid:
        panels[0].set_ylim(bottom=0)  # with all that share the axis drawn
    for panel, label in zip(grid[-1], VARIED.values()):
        panel.set_xlabel(label)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    pyplot.savefig(args.out, metadata={"Date": None, "Creator": None})
    print(args.out)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("record", type=Path, help="folder of the record")
    add("--out", type=Path, default=TOP / "docs/performance/growth.svg", help="(%(default)s)")
    return parser.parse_args()


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def series(points, rows, varied, field):
    """Pairs of the value of what is varied and the field of all runs there."""
    return [(float(point["value"]),
             [float(row[field]) for row in rows if row["what"] == point["what"]])
            for point in points if point["varied"] == varied]


def draw(panel, points):
    """Medians with bars from smallest to largest, and dashed the straight line through the first
    and the last of them."""
    at = [value for value, _ in points]
    middle = [statistics.median(costs) for _, costs in points]
    low = [middle - min(costs) for middle, (_, costs) in zip(middle, points)]
    high = [max(costs) - middle for middle, (_, costs) in zip(middle, points)]
    panel.plot([at[0], at[-1]], [middle[0], middle[-1]], "--", color="0.7", linewidth=1)
    panel.errorbar(at, middle, [low, high], fmt="o-", color="#1f5f8b", markersize=4, capsize=2)
    panel.set_xticks(at, [f"{value:g}" if value < 1000 else f"{value / 1000:g} k" for value in at])


if __name__ == "__main__":
    main()
