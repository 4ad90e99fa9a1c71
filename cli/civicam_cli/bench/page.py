"""docs/benchmarks.md from the record: goals first, then each part with its figures, its host and its chart."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from civicam_cli.bench.document import Measured, Record
from civicam_cli.bench.part import Part, table

HEAD = """# Benchmarks

Written by `civicam bench`: do not edit. Each part says which machine it was measured on and when; `civicam bench --only
PART` measures one anew and leaves the others as they stand. Figures of different hosts do not compare: ratios do.
"""


def write_page(page: Path, record: Record, parts: Sequence[Part]) -> None:
    """The page, the record beside it (from which it is made again), and a chart for each part that has one."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.with_suffix(".json").write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    for part in parts:
        if part.chart and part.name in record.parts:
            picture = part.chart(record.parts[part.name].share).svg()
            page.with_name(_picture(page, part)).write_text(picture, encoding="utf-8")
    page.write_text("\n".join(_lines(page, record, parts)).rstrip() + "\n", encoding="utf-8")


def _lines(page: Path, record: Record, parts: Sequence[Part]) -> Iterator[str]:
    yield HEAD
    goals = [
        (goal.measure, goal.wanted, goal.came_to(record.parts[part.name].share))
        for part in parts
        if part.name in record.parts
        for goal in part.goals
    ]
    if goals:
        yield from table(("measure", "goal", "came to"), goals)
    for part in parts:
        if part.name in record.parts:
            measured = record.parts[part.name]
            yield f"\n## {part.title}\n"
            yield from part.section(measured.share)
            if part.chart:
                yield f"\n![{part.title}]({_picture(page, part)})"
            yield f"\n{_where(part, measured)}"


def _picture(page: Path, part: Part) -> str:
    return f"{page.stem}-{part.name}.svg"


def _where(part: Part, measured: Measured) -> str:
    host, isa = measured.host, measured.host.get("isa")
    abilities = ", ".join(map(str, isa)) if isinstance(isa, list) else ""
    packages = ", ".join(f"{name} {number}" for name, number in measured.versions.items())
    machine = f"{host.get('cpu')}, {host.get('cores')} cores ({abilities})"
    return f"*`civicam bench --only {part.name}`, {measured.measured_at}, {machine}; {packages}*"
