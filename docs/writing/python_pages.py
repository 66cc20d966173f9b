"""The pages on what is used from Python: from the docstrings, read without importing anything."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import griffe

ROOT = Path(__file__).parents[2]
LONGEST_CALL = 88
TYPED = re.compile(r"^(?:>>>|\.\.\.) ?")  # in an example; other lines are what it prints

Sections = Iterable[griffe.DocstringSection]


@dataclass(frozen=True)
class Group:
    """One page: its title, what it holds, the objects by their place, and what explains them."""

    title: str
    about: str
    objects: tuple[str, ...]
    explained: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(path.rpartition(".")[2] for path in self.objects)


GROUPS = {
    "run": Group(
        "Run: everything a study says",
        "From a study to its findings, in one call.",
        ("workbook.run", "findings.Findings"),
        explained=(
            "tutorial",
            "notebooks",
        ),
    ),
    "study": Group(
        "Study: what we believe",
        "The study file as an object, a study of one's own, and what the workshop agrees on.",
        (
            "study.reading.read_study",
            "study.definition.Study",
            "starting.studies.new_study",
            "starting.studies.draft_study",
            "study.consensus.Consensus",
        ),
        explained=(
            "new-study",
            "methods/consensus",
        ),
    ),
    "survey": Group(
        "Survey: what customers said and did",
        "The waves, checked, with every problem in one table; comments; recorded journeys.",
        (
            "survey.reading.read_survey",
            "survey.wave.Survey",
            "survey.wave.Wave",
            "survey.voice.Voice",
            "survey.activity.ActivityMap",
        ),
        explained=(
            "methods/metrics",
            "methods/voice",
            "methods/journeys",
            "methods/contacts",
        ),
    ),
    "drivers": Group(
        "Drivers: what moves an outcome",
        "The analysis of any frame, and what a run finds of each outcome of a study.",
        (
            "drivers.analysis.driver_analysis",
            "drivers.result.DriverResult",
            "drivers.change.Change",
            "drivers.segments.Segments",
            "drivers.paths.Paths",
            "drivers.due_contacts.DueContacts",
            "drivers.missed_contacts.MissedContact",
            "drivers.lifts.Lifts",
            "drivers.prediction.Prediction",
            "drivers.robustness.Robustness",
            "drivers.reliability.Reliability",
            "drivers.sample_size.SampleSize",
            "drivers.cautions.Caution",
        ),
        explained=(
            "any-frame",
            "methods/importance",
            "methods/contact-and-quality",
            "methods/inference",
            "methods/outcomes",
            "methods/blanks",
            "methods/changes",
            "methods/paths",
            "methods/contacts",
            "methods/robustness",
        ),
    ),
    "priorities": Group(
        "Priorities: what to do",
        "The list with its verdicts and reasons, what it is worth, and who answers for it.",
        (
            "priorities.result.Priorities",
            "priorities.result.Priority",
            "priorities.result.Grade",
            "priorities.result.Combined",
            "priorities.result.Metric",
            "priorities.rules.Check",
            "priorities.value.Value",
            "priorities.plan.Purchase",
            "priorities.scorecard.Scorecard",
            "priorities.scorecard.Line",
            "priorities.by_segment.SegmentPriorities",
            "priorities.by_segment.SegmentVerdict",
            "priorities.voice.VoiceOfWave",
            "priorities.voice.MomentVoice",
            "priorities.expectation.Beside",
        ),
        explained=(
            "methods/verdicts",
            "methods/asymmetry",
            "methods/value",
            "methods/accountability",
            "methods/voice",
        ),
    ),
    "statistics": Group(
        "Statistics: importance of a covariance",
        "Arrays in, numbers out.",
        ("statistics.importance.lmg", "statistics.importance.relative_weights"),
        explained=("methods/importance",),
    ),
    "simulate": Group(
        "Simulate: a company with a known truth",
        "What the example and the tests are made by.",
        ("simulate.study.simulate_study",),
    ),
    "errors": Group(
        "Errors",
        "Every error that a user can meet has one root, and its message says what to do next.",
        (
            "errors.MotError",
            "errors.StudyError",
            "errors.SurveyError",
            "errors.AnalysisError",
            "errors.RenderError",
        ),
    ),
}

PAGE_OF = {name: page for page, group in GROUPS.items() for name in group.names}


@cache
def package() -> griffe.Module:
    """Return mot_research, read as text."""
    return griffe.load("mot_research", search_paths=[str(ROOT)], docstring_parser="numpy")


def group_page(group: Group) -> str:
    """Return one page of the reference."""
    parts = [f"# {group.title}", group.about]
    if group.explained:
        parts.append("Explained under " + ", ".join(map(_page_link, group.explained)) + ".")
    parts += ["\n\n".join(_object(package()[path])) for path in group.objects]
    return "\n\n".join(parts) + "\n"


def _page_link(page: str) -> str:
    """Return a link to a page of the documentation, by the first words of its title."""
    first = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").partition("\n")[0]
    return f"[{first.removeprefix('# ').partition(':')[0]}](../{page}.md)"


def overview() -> Iterator[str]:
    """Yield the table of contents: each name with its first sentence."""
    for key, group in GROUPS.items():
        yield f"## [{group.title}]({key}.md)"
        lines = []
        for path in group.objects:
            name = path.rpartition(".")[2]
            first = _plain(_sections(package()[path])[0].value).split("\n\n")[0]
            lines.append(f"- [`{name}`]({key}.md#{name.lower()}): {_in_one_line(first)}")
        yield "\n".join(lines)


def _object(found: griffe.Object) -> Iterator[str]:
    yield f"## {found.name}"
    if isinstance(found, griffe.Function):
        yield _signature(found)
    yield from _described(found)
    yield f"Defined in `{found.relative_package_filepath.as_posix()}`."
    if isinstance(found, griffe.Class):
        yield from _members(found)


def _members(owner: griffe.Class) -> Iterator[str]:
    """Yield the properties as one table, then each method."""
    own = [one for one in owner.members.values() if one.docstring and _is_public(one.name)]
    properties = [
        (f"`{one.name}`", _type(one.annotation), _in_one_line(_plain(one.docstring.value)))
        for one in own
        if isinstance(one, griffe.Attribute) and "property" in one.labels
    ]
    if properties:
        yield "**Properties**"
        yield table(("property", "type", "what it is"), properties)
    for one in own:
        if isinstance(one, griffe.Function):
            yield f"### {owner.name}{_as_member(one)}"
            yield _signature(one)
            yield from _described(one)


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__getitem__"


def _as_member(method: griffe.Function) -> str:
    if method.name == "__getitem__":
        return f"[{list(method.parameters)[1].name}]"
    return f".{method.name}"


def _signature(function: griffe.Function) -> str:
    """Return the call as it is written, one parameter a line where one line is too long."""
    given = [one for one in function.parameters if one.name != "self"]
    words = []
    for place, one in enumerate(given):
        kind = one.kind
        before = given[place - 1].kind if place else None
        if kind is griffe.ParameterKind.keyword_only and before is not kind:
            words.append("*")
        words.append(one.name if one.default is None else f"{one.name}={one.default}")
    opening, closing = f"{function.name}(", ")"
    if function.name == "__getitem__":
        opening, closing = f"{function.parent.name.lower()}[", "]"
    line = f"{opening}{', '.join(words)}{closing}"
    if len(line) > LONGEST_CALL:
        line = opening + "\n" + "".join(f"    {word},\n" for word in words) + closing
    returns = "" if function.returns is None else f" -> {function.returns}"
    return f"```py\n{line}{returns}\n```"


def _sections(found: griffe.Object) -> list[griffe.DocstringSection]:
    if found.docstring is None:
        raise ValueError(f"{found.path} has no docstring")
    return found.docstring.parse("numpy", warnings=False)


def _described(found: griffe.Object) -> Iterator[str]:
    for section in _sections(found):
        match section.kind.value:
            case "text":
                yield _plain(section.value)
            case "parameters" | "attributes" as kind:
                yield f"**{kind.capitalize()}**"
                yield _parameters(section.value, with_default=kind == "parameters")
            case "returns":
                yield "**Returns**"
                yield "\n".join(_bullet(one.name, one.annotation, one) for one in section.value)
            case "raises":
                yield "**Raises**"
                yield "\n".join(_bullet("", one.annotation, one) for one in section.value)
            case "examples":
                yield "**Example**"
                yield from _example(section.value)
            case "admonition":
                yield f"**{section.title}**"
                yield _plain(section.value.description)
            case other:
                raise ValueError(f"{found.path}: no form for a section of kind {other}")


def _parameters(found: Iterable[griffe.DocstringParameter], *, with_default: bool) -> str:
    """Return one row for each; those that share their words share the row."""
    rows = []
    for (words, kind), same in groupby(found, lambda one: (one.description, _type(one.annotation))):
        named = list(same)
        names = ", ".join(f"`{name}`" for one in named for name in one.name.split(", "))
        default = "" if named[0].value is None else str(named[0].value)
        if with_default and default and not default.isupper():
            kind = f"{kind}; default `{default}`"
        rows.append((names, kind, _in_one_line(_plain(words))))
    return table(("name", "type", "what it is"), rows)


def _bullet(name: str | None, annotation: object, found: griffe.DocstringNamedElement) -> str:
    head = ", ".join(part for part in (name and f"`{name}`", _type(annotation)) if part)
    words = _in_one_line(_plain(found.description))
    return f"- {head}: {words}" if words else f"- {head}"


def _example(parts: Iterable[tuple[griffe.DocstringSectionKind, str]]) -> Iterator[str]:
    """Yield what is typed as Python and what it prints as text, so that the page can be run."""
    for kind, text in parts:
        if kind is griffe.DocstringSectionKind.text:
            yield _plain(text)
            continue
        for is_typed, lines in groupby(text.splitlines(), lambda line: bool(TYPED.match(line))):
            block = "\n".join(TYPED.sub("", line) for line in lines).strip("\n")
            if block:
                yield f"```{'python' if is_typed else 'text'}\n{block}\n```"


def _type(annotation: object) -> str:
    """Return a type as people write it, the names of the reference as links."""
    text = "" if annotation is None else str(annotation)
    text = re.sub(r"[({]((?:'[^']*'(?:, )?)+)[)}]", lambda found: found[1].replace("'", "`"), text)
    return re.sub(r"\w+", lambda found: _link(found[0]), text.replace(" | ", " or "))


def _link(name: str) -> str:
    page = PAGE_OF.get(name)
    return name if page is None else f"[{name}]({page}.md#{name.lower()})"


def _plain(text: str) -> str:
    """Return reStructuredText's marks as Markdown's."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"``\1``", text)
    return text.replace("``", "`").strip()


def _in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a pipe table."""
    rule = ("---",) * (len(heads) - 1) + ("---------",)  # the last column is the widest
    lines = [heads, rule, *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
