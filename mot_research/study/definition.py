"""What we believe before the survey: the whole study, checked across its parts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from mot_research.errors import StudyError, shown
from mot_research.study.fields import Column, Id, Line, Lines, Part
from mot_research.study.parts import (
    SIX_STAGES,
    About,
    Customers,
    DataFile,
    Events,
    Look,
    Moment,
    Outcome,
    Rules,
    Stage,
    Voice,
    WaveFile,
    Workshop,
)
from mot_research.study.ratings import Ratings
from mot_research.study.suggestions import did_you_mean

__all__ = [
    "SIX_STAGES",
    "About",
    "Customers",
    "DataFile",
    "Events",
    "Look",
    "Moment",
    "Outcome",
    "Ratings",
    "Rules",
    "Stage",
    "Study",
    "Voice",
    "WaveFile",
    "Workshop",
]

DesignRole = Literal["respondent", "weight", "stratum", "cluster"]
Named = TypeVar("Named", Stage, Moment, Outcome, WaveFile)
Problem = tuple[tuple[str | int, ...], str]


def _named(value: Any) -> Any:
    """`study: Harbour Mobile` for `study: {name: Harbour Mobile}`."""
    return {"name": value} if isinstance(value, str) else value


def _no_entry(value: Any) -> Any:
    """`waves:` with nothing after it, as in a study that is only begun."""
    return () if value is None else value


def _moment_list(value: Any) -> Any:
    """`{column: name}` as a list of moments; the column gives the id."""
    if not isinstance(value, dict):
        return _no_entry(value)
    moments = []
    for key, name in value.items():
        column = str(key)
        plain = "".join(c if c.isalnum() or c in "_-." else "_" for c in column.strip())
        moments.append({"id": plain.strip("_-.") or "moment", "name": name, "rating": column})
    return moments


class Study(Part):
    """A study of moments of truth, as its study.yml defines it.

    Immutable. Everything but the study's name may be left out: a missing part
    is missing from the report, and `mot check` names it. `name`, `population`
    and `currency` stand under `study:` in the file. Its fields are the keys of the
    file; those that Python keeps for itself end in `_` (`from_`, `in_`).
    """

    model_config = ConfigDict(
        title="mot_research study", json_schema_extra={"$id": "study.schema.json"}
    )

    about: Annotated[About, BeforeValidator(_named, json_schema_input_type=About | str)] = Field(
        alias="study", description="Its name, or name, population and currency."
    )
    look: Look = Field(Look(), description="Logo and colour of the reports.")
    stages: tuple[Stage, ...] = Field(
        SIX_STAGES,
        min_length=1,
        description="The stages of the experience, in their order; default the six.",
    )
    moments: Annotated[
        tuple[Moment, ...],
        BeforeValidator(
            _moment_list, json_schema_input_type=dict[str, Line] | tuple[Moment, ...] | None
        ),
    ] = Field((), description="The moments of truth: a list, or column: name.")
    ratings: Ratings | None = Field(None, description="The scale that moments are rated on.")
    outcomes: Annotated[
        tuple[Outcome, ...],
        BeforeValidator(_no_entry, json_schema_input_type=tuple[Outcome, ...] | None),
    ] = Field((), description="What to drive; the first of a role decides, the others support.")
    respondent: Column | None = Field(None, description="The column of customer ids.")
    weight: Column | None = Field(None, description="The column of survey weights.")
    stratum: Column | None = Field(None, description="The column of sampling strata.")
    cluster: Column | None = Field(None, description="The column of sampling clusters.")
    segments: Lines = Field((), description="Columns to report by.")
    controls: Lines = Field((), description="Columns held constant in every model.")
    scales: dict[Id, Annotated[Lines, Field(min_length=2)]] = Field(
        default_factory=dict, description="Multi-item measures: name and its columns."
    )
    waves: Annotated[
        tuple[WaveFile, ...],
        BeforeValidator(_no_entry, json_schema_input_type=tuple[WaveFile, ...] | None),
    ] = Field((), description="The survey waves, oldest first.")
    customers: Customers | None = Field(None, description="One row a customer, with dates.")
    events: Events | None = Field(None, description="Columns respondent, event, time.")
    recordings: DataFile | None = Field(
        None, description="Columns respondent, time, moment, mark, emotion."
    )
    workshop: Workshop | None = Field(None, description="The votes of the silos.")
    voice: Voice | None = Field(None, description="The comments, or columns of their codes.")
    operations: DataFile | None = Field(None, description="Columns metric, date, value.")
    rules: Rules = Field(Rules(), description="Thresholds, resamples and seed.")

    _path: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        problems = list(_disagreements(self))
        if problems:
            raise ValidationError.from_exception_data(
                "Study",
                [
                    InitErrorDetails(
                        type=PydanticCustomError("study", "{message}", {"message": message}),
                        loc=place,
                        input=None,
                    )
                    for place, message in problems
                ],
            )
        return self

    @property
    def name(self) -> str:
        """As the reports print it."""
        return self.about.name

    @property
    def population(self) -> int | None:
        """How many customers the survey stands for."""
        return self.about.population

    @property
    def currency(self) -> str | None:
        """Of all amounts, as three capital letters."""
        return self.about.currency

    @property
    def path(self) -> Path | None:
        """The study file, where the study was read from one."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder that all paths of the study are relative to."""
        return Path() if self._path is None else self._path.parent

    def at(self, path: Path) -> Self:
        """Return the same study as if it were read from `path`."""
        study = self.model_copy()
        study._path = path
        return study

    def resolve(self, relative: str) -> Path:
        """Return where a file of the study lies.

        Raises StudyError if a symbolic link leads out of the study's folder, or in a circle.
        """
        path = self.folder / relative
        try:
            inside = path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError):  # before Python 3.13 a circle is a RuntimeError
            raise StudyError(
                f"'{shown(relative)}' is a link that leads nowhere. Copy the file into the folder."
            ) from None
        if not inside:
            raise StudyError(
                f"'{shown(relative)}' is a link that leads out of the study's folder. "
                "Copy the file into the folder."
            )
        return path

    def holds(self, relative: str) -> bool:
        """Return whether a file of this name lies in the study's folder."""
        return os.path.isfile(self.folder / relative)  # Path.is_file raises for a name too long

    def stage(self, stage_id: str) -> Stage:
        """Return the stage of this id; StudyError if there is none."""
        return _by_id(self.stages, stage_id, "stage")

    def moment(self, moment_id: str) -> Moment:
        """Return the moment of this id; StudyError if there is none."""
        return _by_id(self.moments, moment_id, "moment")

    def outcome(self, outcome_id: str) -> Outcome:
        """Return the outcome of this id; StudyError if there is none."""
        return _by_id(self.outcomes, outcome_id, "outcome")

    def wave(self, wave_id: str) -> WaveFile:
        """Return where the wave of this id lies; StudyError if there is none."""
        return _by_id(self.waves, wave_id, "wave")

    @property
    def latest_wave(self) -> WaveFile:
        """The last wave listed. StudyError if there is none."""
        if not self.waves:
            raise StudyError(
                "The study lists no waves. Add: waves: [{id: 2026Q1, file: 2026q1.csv}]"
            )
        return self.waves[-1]

    def ratings_for(self, moment: Moment) -> Ratings:
        """Return the scale of one moment: the study's, with what the moment overrides.

        With another `low` or `high`, the study's target and boxes don't carry
        over: they default on the moment's own scale. StudyError if there is
        neither (only where the moment has no rating).
        """
        try:
            return _ratings_for(self.ratings, moment)
        except ValidationError:
            raise StudyError(
                f"Moment '{moment.id}' has no scale. Add: ratings: {{low: 1, high: 5}}"
            ) from None

    def design_column(self, wave: WaveFile, role: DesignRole) -> str | None:
        """Return the column of weights, strata, clusters or ids on a wave; None: it has none."""
        source = wave if role in wave.model_fields_set else self
        column: str | None = getattr(source, role)
        return column

    @property
    def column_names(self) -> set[str]:
        """Every column of the waves that the study names, but for the design's."""
        names = {*self.segments, *self.controls, *(self.voice.columns if self.voice else ())}
        for moment in self.moments:
            own = (moment.rating, moment.expected, moment.emotion)
            names |= {column for column in own if column is not None}
        names |= {outcome.column for outcome in self.outcomes if outcome.file is None}
        return names.union(*self.scales.values())

    def is_mature(self, outcome: Outcome, wave: WaveFile) -> bool:
        """Return whether the outcome is complete for a wave's customers.

        True where the wave's `to` plus the outcome's `after` is no later than
        its `through`, and where the dates are not given. No clock is read.
        """
        if wave.to is None or outcome.through is None:
            return True
        after = outcome.after
        return (wave.to if after is None else wave.to + after) <= outcome.through


def _by_id(parts: tuple[Named, ...], wanted: str, kind: str) -> Named:
    for part in parts:
        if part.id == wanted:
            return part
    raise StudyError(_unknown(kind, wanted, [part.id for part in parts]))


def _unknown(kind: str, wanted: str, known: list[str]) -> str:
    article = "an" if kind[0] in "aeiou" else "a"
    return (
        f"'{shown(wanted)}' is not {article} {kind}.{did_you_mean(wanted, known)} "
        f"{kind.capitalize()}s: {', '.join(shown(name) for name in known) or 'none'}"
    )


def _ratings_for(base: Ratings | None, moment: Moment) -> Ratings:
    def given(part: Part | None) -> dict[str, Any]:
        return {} if part is None else part.model_dump(exclude_unset=True)

    own = {name: value for name, value in given(moment.ratings).items() if value is not None}
    inherited = given(base)
    if "low" in own or "high" in own:
        for name in ("target", "top_box", "bottom_box"):
            inherited.pop(name, None)
    return Ratings.model_validate(inherited | own)


def _disagreements(study: Study) -> Iterator[Problem]:
    """Yield every place where two parts of the study contradict each other."""
    for kind in ("stages", "moments", "outcomes", "waves"):
        yield from _repeated_ids(kind, getattr(study, kind))
    stages = [stage.id for stage in study.stages]
    for index, moment in enumerate(study.moments):
        place = ("moments", index)
        if moment.stage is not None and moment.stage not in stages:
            yield (*place, "stage"), _unknown("stage", moment.stage, stages)
        yield from _rating_problems(study, moment, place)
    yield from _columns_used_twice(study)
    yield from _joins_without_respondent(study)


def _repeated_ids(kind: str, parts: tuple[Any, ...]) -> Iterator[Problem]:
    """Ids become names of files, so they must differ in more than their case."""
    first: dict[str, int] = {}
    for index, part in enumerate(parts):
        before = first.setdefault(part.id.casefold(), index)
        if before != index:
            yield (
                (kind, index, "id"),
                f"'{shown(part.id)}' is already the id of {kind}[{before}]; ids must differ",
            )


def _rating_problems(
    study: Study, moment: Moment, place: tuple[str | int, ...]
) -> Iterator[Problem]:
    if moment.rating is None:
        for name in ("expected", "emotion", "ratings"):
            if getattr(moment, name) is not None:
                yield (*place, name), f"{name} stands beside a rating: add rating, the column"
        return
    try:
        _ratings_for(study.ratings, moment)
    except ValidationError as error:
        if study.ratings is None and moment.ratings is None:
            yield ("ratings",), "moments have a rating: add the scale, as in {low: 1, high: 5}"
            return
        for detail in error.errors():
            reason = detail.get("ctx", {}).get("error", detail["msg"])
            name = ".".join(str(step) for step in detail["loc"])
            if detail["type"] != "default_factory_not_called":
                yield (*place, "ratings"), f"{name}: {reason}" if name else str(reason)


def _columns_used_twice(study: Study) -> Iterator[Problem]:
    """A rating that is also an outcome, or two ratings from one column, explain themselves.

    Two outcomes may read one column: a score, and whether it is at the top.
    """
    uses: dict[str, str] = {}
    for index, moment in enumerate(study.moments):
        if moment.rating is not None:
            use = f"the rating of moment '{moment.id}'"
            other = uses.setdefault(moment.rating, use)
            if other is not use:
                yield ("moments", index, "rating"), _used_twice(moment.rating, other, use)
    for index, outcome in enumerate(study.outcomes):
        if outcome.file is None and outcome.column in uses:
            use = f"outcome '{outcome.id}'"
            message = _used_twice(outcome.column, uses[outcome.column], use)
            yield ("outcomes", index, "column"), message
    own = [outcome for outcome in study.outcomes if outcome.file is None]
    uses |= {outcome.column: f"outcome '{outcome.id}'" for outcome in own}
    for index, column in enumerate(study.controls):
        if column in uses:
            yield ("controls", index), _used_twice(column, uses[column], "a control")


def _used_twice(column: str, one: str, other: str) -> str:
    return f"column '{shown(column)}' is both {one} and {other}"


def _joins_without_respondent(study: Study) -> Iterator[Problem]:
    if study.respondent is not None:
        return
    for index, outcome in enumerate(study.outcomes):
        if outcome.file is not None and not any(wave.respondent for wave in study.waves):
            yield (
                ("outcomes", index, "file"),
                "an outcome's own file is joined by respondent: add respondent, the column of ids",
            )
