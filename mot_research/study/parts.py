"""The parts of a study file: stages, moments, outcomes, waves, rules.

Everything is frozen and refuses unknown keys. The attribute names are those
of the file, but for `from` and `in`, which Python keeps for itself: `from_`
and `in_`.
"""

from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from mot_research.errors import shown
from mot_research.study.fields import (
    NO_TRUTH,
    Codes,
    Colour,
    Column,
    Date,
    Duration,
    Id,
    Line,
    Lines,
    Number,
    Part,
    RelativePath,
    Text,
    check_codes,
    check_disjoint,
    check_scale,
)
from mot_research.study.ratings import RatingsOverride
from mot_research.study.triggers import Trigger

Category = Literal["rescue", "revenue", "request", "relationship"]
Mark = Literal["moment_of_truth", "internal_interaction", "decision_point"]
Role = Literal["relationship", "revenue"]
Goal = Literal["bond", "revenue", "retention", "share_of_wallet"]
Kind = Literal["score", "ordered", "binary", "amount", "share"]


class About(Part):
    """Whose customers, how many, and in which currency."""

    name: Line = Field(description="The study's name, as the reports print it.")
    population: Annotated[int, Field(gt=0), NO_TRUTH] | None = Field(
        None, description="Number of customers the survey stands for; scales values up."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(
        None, description="Currency of all amounts, as three capital letters (EUR, USD)."
    )
    simulated: bool = Field(
        False, description="Whether the data are simulated: every page and picture then says so."
    )


class Look(Part):
    """The company's look in the reports."""

    logo: RelativePath | None = Field(None, description="An SVG or PNG file.")
    accent: Colour | None = Field(None, description="A colour as #rrggbb.")


class Stage(Part):
    """One stage of the experience."""

    id: Id = Field(description="By which moments name it.")
    name: Line = Field(description="As the reports print it.")
    definition: Text | None = Field(None, description="One line that people can agree on.")


SIX_STAGES = (
    Stage(id="awareness", name="Awareness", definition="People learn that we exist."),
    Stage(
        id="buy_in", name="Buy-in", definition="They come to believe that we are right for them."
    ),
    Stage(id="acquisition", name="Acquisition", definition="They choose, order and begin."),
    Stage(id="care", name="Care", definition="We help when something is asked or goes wrong."),
    Stage(id="use", name="Use", definition="The product or service in daily life."),
    Stage(id="share", name="Share", definition="They tell others, renew and bring them along."),
)


class Moment(Part):
    """One contact of a customer with the company."""

    id: Id = Field(description="One word, the same in every wave.")
    name: Line = Field(description="As the reports print it, said as the customer lives it.")
    stage: Id | None = Field(None, description="Id of a stage; left out: not set.")
    category: Category | None = Field(
        None, description="What the contact is for; left out: not set."
    )
    mark: Mark = Field("moment_of_truth", description="Its mark on the experience map.")
    description: Text | None = Field(None, description="What happens in it.")
    interaction: Lines = Field((), description="Methods of interaction: e-mail, app, shop.")
    expectation: Text | None = Field(None, description="What the customer expects.")
    ideal: Text | None = Field(None, description="What the company would do at its best.")
    owner: Line | None = Field(None, description="The department that answers for it.")
    partners: Lines = Field((), description="Departments that take part in it.")
    handoffs: Lines = Field((), description="Where it passes from one department to the next.")
    metrics: Lines = Field((), description="Operational metrics that belong to it.")
    data_needed: Lines = Field((), description="What is needed to serve it.")
    rating: Column | None = Field(
        None, description="The survey column; left out where the moment is not surveyed."
    )
    expected: Column | None = Field(None, description="A column: the rating expected.")
    emotion: Column | None = Field(None, description="A column: the feeling, as a number.")
    ratings: RatingsOverride | None = Field(
        None, description="What this moment has otherwise than the study's ratings."
    )
    terms: Lines = Field(
        (), description="Words by which comments speak of it; bill* stands for every ending."
    )
    trigger: Trigger | None = Field(
        None, description="When the event log says that it is due, and what answers it."
    )
    brand_bet: Text | None = Field(None, description="A gut pick, with its reason.")
    shortlist: bool | None = Field(
        None, description="The workshop's decision, where there are no votes."
    )
    cost_per_year: Annotated[float, Field(ge=0), NO_TRUTH] | None = Field(
        None, description="Cost per year of bringing it to its target."
    )


class Outcome(Part):
    """What the company wants: a bond with the customer, or revenue."""

    id: Id = Field(description="By which findings and commands name it.")
    name: Line = Field(
        default_factory=lambda given: given["id"],
        description="As the reports print it; default its id.",
    )
    role: Role = Field("relationship", description="The first outcome of a role decides.")
    goal: Goal = Field(
        default_factory=lambda given: "revenue" if given["role"] == "revenue" else "bond",
        description="Of the company; default revenue for the role revenue, else bond.",
    )
    kind: Kind = Field(description="Which values it has, and so which model it gets.")
    column: Column = Field(description="Its column, in the wave or in its own file.")
    low: Number | None = Field(None, description="Lowest value (score, ordered).")
    high: Number | None = Field(None, description="Highest value (score, ordered).")
    yes: Codes = Field((), description="Codes for yes (binary).")
    no: Codes = Field((), description="Codes for no (binary).")
    blank: Codes = Field((), description="Codes that are no answer.")
    file: RelativePath | None = Field(
        None, description="A file joined by respondent; left out: a column of the wave."
    )
    sheet: Line | None = Field(None, description="The sheet of an Excel file; default the first.")
    encoding: Line | None = Field(None, description="The encoding of a text file.")
    after: Duration | None = Field(
        None, description="How long after the wave's end the outcome is complete."
    )
    through: Date | None = Field(None, description="The last day that the outcome's data cover.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        scaled, binary = self.kind in ("score", "ordered"), self.kind == "binary"
        if scaled and (self.low is None or self.high is None):
            raise ValueError(f"an outcome of kind {self.kind} needs low and high")
        if binary and not (self.yes and self.no):
            raise ValueError("an outcome of kind binary needs yes and no, as in yes: [1], no: [0]")
        for names, allowed, kinds in (
            (("low", "high"), scaled, "score and ordered"),
            (("yes", "no"), binary, "binary"),
        ):
            given = [name for name in names if getattr(self, name) not in (None, ())]
            if given and not allowed:
                raise ValueError(
                    f"{' and '.join(given)} can't be used with kind {self.kind}, only with {kinds}"
                )
        if self.low is not None and self.high is not None:
            check_scale(self.low, self.high)
            check_codes("blank", self.blank, self.low, self.high)
        check_disjoint("yes", self.yes, "no", self.no)
        check_disjoint("yes", self.yes, "blank", self.blank)
        check_disjoint("no", self.no, "blank", self.blank)
        if self.file is None and (self.sheet or self.encoding):
            raise ValueError("sheet and encoding belong to an outcome's own file: add file")
        return self


class WaveFile(Part):
    """Where one wave lies, and what it has otherwise than the others."""

    id: Id = Field(description="By which commands and folders name it, such as 2026Q1.")
    file: RelativePath = Field(description="CSV, Excel, Parquet or SPSS.")
    sheet: Line | None = Field(None, description="The sheet of an Excel file; default the first.")
    encoding: Line | None = Field(
        None, description="The encoding of a text file that is not UTF-8, such as cp1252."
    )
    from_: Date | None = Field(None, alias="from", description="First day of the fieldwork.")
    to: Date | None = Field(None, description="Last day of the fieldwork.")
    columns: dict[Column, Column] = Field(
        default_factory=dict,
        description="Names that differ in this file: the study's column, then this file's.",
    )
    where: dict[Column, Codes] = Field(
        default_factory=dict,
        description="Keep only the rows whose column has this value, or one of these.",
    )
    not_asked: Lines = Field(
        (), description="Ids of moments or outcomes, or columns, that this wave does not have."
    )
    respondent: Column | None = Field(None, description="As in the study; null: has none.")
    weight: Column | None = Field(None, description="As in the study; null: has none.")
    stratum: Column | None = Field(None, description="As in the study; null: has none.")
    cluster: Column | None = Field(None, description="As in the study; null: has none.")

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise ValueError(f"to ({self.to}) is before from ({self.from_})")
        empty = [column for column, codes in self.where.items() if not codes]
        if empty:
            raise ValueError(f"where: '{shown(empty[0])}' lists no value, so no row would remain")
        return self


class DataFile(Part):
    """One of the study's other tables."""

    file: RelativePath = Field(description="CSV, Excel, Parquet or SPSS.")
    sheet: Line | None = Field(None, description="The sheet of an Excel file; default the first.")
    encoding: Line | None = Field(None, description="The encoding of a text file.")


class Customers(DataFile):
    """One row a customer, with dates."""

    left: Column = Field("left_on", description="The column of the day on which they left.")


class Events(DataFile):
    """The log of events: columns respondent, event, time."""

    through: Date | None = Field(
        None, description="The last day that the log covers; left out: that of its last event."
    )


class Workshop(Part):
    """What the silos decided."""

    votes: RelativePath = Field(
        description="Columns participant, silo, moment, stage, category, shortlisted, rank."
    )


class Voice(Part):
    """What customers say in their own words."""

    file: RelativePath | None = Field(
        None, description="Columns respondent, wave, text, codes, source."
    )
    columns: Lines = Field((), description="Or columns of the wave that hold coded answers.")
    codes: RelativePath | None = Field(
        None, description="Columns wave, code, label, moment, valence."
    )
    blank: Codes = Field((), description="Codes that stand for no comment.")
    quotes: bool = Field(False, description="Whether the report may print quotes.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (not self.columns):
            raise ValueError("give either file or columns")
        return self


def _complete_by_role(defaults: dict[str, float]) -> BeforeValidator:
    """A role that is left out keeps its default."""
    return BeforeValidator(
        lambda value: {**defaults, **value} if isinstance(value, dict) else value
    )


class Rules(Part):
    """The thresholds that turn numbers into verdicts."""

    top: Annotated[int, Field(ge=1), NO_TRUTH] = Field(10, description="Places on the list.")
    bets: Annotated[int, Field(ge=0), NO_TRUTH] = Field(2, description="Brand bets on it, at most.")
    min_n: Annotated[int, Field(ge=30), NO_TRUTH] = Field(
        50, description="Effective number of raters from which a moment gets a verdict."
    )
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1), NO_TRUTH] = Field(
        0.05, description="Largest q of an effect that counts as beyond chance."
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1), NO_TRUTH] = Field(
        0.95, description="Of every interval."
    )
    p_top: Annotated[float, Field(gt=0.5, le=1), NO_TRUTH] = Field(
        0.8, description="Share of the resamples in which a proven moment is among the top."
    )
    smallest_effect: Annotated[float, Field(ge=0), NO_TRUTH] = Field(
        0.05, description="Smallest effect of interest, in standard deviations of the outcome."
    )
    role_weights: Annotated[
        dict[Role, Annotated[float, Field(ge=0), NO_TRUTH]],
        _complete_by_role({"relationship": 0.5, "revenue": 0.5}),
    ] = Field({"relationship": 0.5, "revenue": 0.5}, description="Weights of the two roles.")
    pool: Annotated[
        dict[Role, Annotated[int, Field(ge=1), NO_TRUTH]],
        _complete_by_role({"relationship": 1, "revenue": 4}),
    ] = Field({"relationship": 1, "revenue": 4}, description="Waves pooled for a verdict.")
    budget: Annotated[float, Field(gt=0), NO_TRUTH] | None = Field(
        None, description="Money a year for bringing moments to their targets."
    )
    missing: Literal["em", "drop"] = Field(
        "em", description="Blanks by maximum likelihood, or rows with blanks left out."
    )
    n_resamples: Annotated[int, Field(ge=0, le=100_000), NO_TRUTH] = Field(
        2000, description="Resamples behind the intervals; 0 for none."
    )
    seed: Annotated[int, Field(ge=0, lt=2**63), NO_TRUTH] = Field(
        20260101, description="Of every draw: the same seed and files give the same numbers."
    )

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if sum(self.role_weights.values()) <= 0:
            raise ValueError("role_weights: at least one role needs a weight above 0")
        return self
