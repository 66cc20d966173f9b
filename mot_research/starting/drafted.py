"""The study file of a draft: every guess with its reason beside it."""

from collections.abc import Iterable, Iterator

from mot_research.errors import shown
from mot_research.starting.draft import DESIGN, Draft, ids_of
from mot_research.starting.guess import Guess
from mot_research.starting.outcomes import LEFT, STAYED
from mot_research.starting.profile import Profile
from mot_research.starting.roles import asked_beside
from mot_research.starting.scales import Scale
from mot_research.study.definition import SIX_STAGES
from mot_research.study.writing import as_flow, comment, scalar

HEAD = """\
{drafted}

study:
  name: {name}
  # population: 240000      # the number of customers that the survey stands for
  # currency: EUR           # of all amounts of money

# The stages of the experience. Agree on them, then give each moment its stage.
stages:
{stages}

# The moments: questions on a scale that go along with the others. What a survey can't know
# (stage, owner, what customers expect) is best added in workshop/moments.xlsx, then:
#     mot moments FOLDER --import FOLDER/workshop/moments.xlsx
moments:
{moments}

{scale}

# The first outcome of a role (relationship, revenue) decides, the others support it.
outcomes:
{outcomes}

{roles}
waves:
{waves}

# Not used:
{unused}
"""

NO_OUTCOME = (
    "  # No column is named like an outcome. Which one says whether they stay, buy or recommend?",
    "  # - {id: recommend, column: its name in the file, kind: score, low: 0, high: 10}",
)


def drafted_study_yml(draft: Draft, *, name: str, file: str) -> str:
    """The text of the study file.

    Parameters
    ----------
    draft : Draft
    name : str
        The study's.
    file : str
        The survey's file, relative to the study's folder.
    """
    return HEAD.format(
        drafted=_lines(
            comment(
                f"DRAFTED from {shown(file)} by guessing: by words in names and labels, and by "
                "the numbers in the columns. Each guess has its reason beside it. Correct what is "
                "wrong, then run `mot check`. Look first at the codes of the scale, at the "
                "outcomes, and at what is no moment at all."
            )
        ),
        name=scalar(name),
        stages="\n".join(
            f"  - {as_flow({'id': s.id, 'name': s.name, 'definition': s.definition})}"
            for s in SIX_STAGES
        ),
        moments=_lines(_moments(draft)),
        scale=_lines(_scale(draft)),
        outcomes=_lines(_outcomes(draft)),
        roles=_lines(_roles(draft)),
        waves=_lines(_waves(draft, file)),
        unused=_lines(_unused(draft)),
    )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _moments(draft: Draft) -> Iterator[str]:
    main = draft.scale
    names = draft.names
    ids = ids_of(list(names))
    expected = {asked_beside(guess.column): guess.column for guess in draft.of("expected")}
    reasons = [guess.why for guess in draft.of("moment")]
    most = max(reasons, key=reasons.count)
    yield from comment(f"{reasons.count(most)} of {len(reasons)}: {most}.", indent=2)
    for guess in draft.of("moment"):
        profile = draft.profile(guess.column)
        if guess.why != most:
            yield from comment(f"{guess.why}:", indent=2)
        yield f"  - id: {scalar(ids[guess.column])}"
        yield f"    name: {scalar(names[guess.column])}"
        if profile.label and profile.label != names[guess.column]:
            yield f"    description: {scalar(profile.label)}"
        yield f"    rating: {scalar(guess.column)}"
        if guess.column in expected:
            yield f"    expected: {scalar(expected[guess.column])}"
        own = {} if guess.scale is None else _own_scale(guess.scale, main)
        if own:
            yield f"    ratings: {as_flow(own)}"


def _own_scale(scale: Scale, main: Scale) -> dict[str, object]:
    """What a moment's scale has otherwise than that of most moments."""
    if (scale.low, scale.high) != (main.low, main.high):
        codes = {"not_experienced": [*scale.not_experienced], "blank": [*scale.blank]}
        return {"low": scale.low, "high": scale.high, **codes}
    if set(scale.blank) & set(main.not_experienced):
        return {"not_experienced": [*scale.not_experienced], "blank": [*scale.blank]}
    return {}


def _scale(draft: Draft) -> Iterator[str]:
    scale = draft.scale
    all_scales = [guess.scale for guess in draft.of("moment") if guess.scale is not None]
    same = sum((one.low, one.high) == (scale.low, scale.high) for one in all_scales)
    yield from comment(
        f"The scale of {same} of {len(all_scales)} questions. not_experienced: did not have this "
        "contact; blank: no answer. Check both: a code on the wrong side changes every result."
    )
    yield from comment(draft.caution)
    codes = {"not_experienced": scale.not_experienced, "blank": scale.blank}
    given = {key: [*value] for key, value in codes.items() if value}
    yield f"ratings: {as_flow({'low': scale.low, 'high': scale.high, **given})}"


def _outcomes(draft: Draft) -> Iterator[str]:
    if not draft.outcomes:
        yield from NO_OUTCOME
    ids = ids_of([guess.column for guess in draft.outcomes])
    for guess in draft.outcomes:
        profile = draft.profile(guess.column)
        yield from comment(f"{guess.why}.{_asked(profile)}", indent=2)
        yield f"  - {as_flow({'id': ids[guess.column], **_outcome(guess, profile)})}"


def _outcome(guess: Guess, profile: Profile) -> dict[str, object]:
    parts: dict[str, object] = {}
    if guess.scale is not None:
        scale = guess.scale
        parts = {"column": guess.column, "kind": "score", "low": scale.low, "high": scale.high}
        blank = [*scale.blank, *scale.not_experienced]
    elif guess.answers is not None:
        kept = STAYED.search(profile.told) or LEFT.search(profile.told)
        parts = {"role": "revenue", "goal": "retention"} if kept else {}
        parts |= {"column": guess.column, "kind": "binary"}
        parts |= {"yes": [guess.answers.yes], "no": [guess.answers.no]}
        blank = [*guess.answers.blank]
    else:
        return {"role": "revenue", "goal": "revenue", "column": guess.column, "kind": "amount"}
    return parts | ({"blank": blank} if blank else {})


def _asked(profile: Profile) -> str:
    return f" Asked: {profile.label}" if profile.label else ""


def _roles(draft: Draft) -> Iterator[str]:
    for role in DESIGN:
        for guess in draft.of(role):
            yield f"{role}: {scalar(guess.column)}  # {shown(guess.why)}"
    for key, guesses in (("segments", draft.of("segment")), ("controls", draft.of("control"))):
        for guess in guesses:
            yield from comment(f"{guess.column}: {guess.why}")
        if guesses:
            yield f"{key}: {as_flow([guess.column for guess in guesses])}"


def _waves(draft: Draft, file: str) -> Iterator[str]:
    marks = [guess.column for guess in draft.of("wave")]
    for wave in draft.waves:
        parts: dict[str, object] = {"id": wave.id, "file": file}
        if wave.value is not None:
            parts["where"] = {marks[0]: wave.value}
        if wave.first is not None and wave.last is not None:
            parts |= {"from": wave.first.isoformat(), "to": wave.last.isoformat()}
        parts |= dict.fromkeys(wave.without)
        yield f"  - {as_flow(parts)}"


def _unused(draft: Draft) -> Iterator[str]:
    for guess in (*draft.of("comments"), *draft.of("not used")):
        yield from comment(f"{guess.column}: {guess.why}")
