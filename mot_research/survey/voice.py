"""What customers say in their own words: comments, the moments they speak of, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mot_research.errors import shown
from mot_research.study.definition import Study
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import numbers, texts
from mot_research.survey.columns import Cells
from mot_research.survey.masking import mask
from mot_research.survey.missing_column import missing_column
from mot_research.survey.problems import Problem, examples
from mot_research.survey.tables import Table
from mot_research.survey.terms import agreement_with_codes, matched, terms_of
from mot_research.survey.wave import Wave

VALENCES = (-1, 0, 1)
SEPARATOR = ";"
NOBODY = -1  # the row of a comment that belongs to no respondent of its wave

Code = tuple[str | None, float]
CodeFrame = dict[tuple[str, str], list[Code]]


@dataclass(frozen=True, eq=False)
class Voice:
    """Every comment of a study, with personal data masked.

    Attributes
    ----------
    comments : DataFrame, one row a comment
        ``wave``; ``row``, the place of the respondent in the wave, −1 where the comment belongs
        to none of it (it has no weight then); ``text``, masked, "" where there is none;
        ``source``.
    mentions : DataFrame, one row a comment and moment
        ``comment`` (its row in ``comments``), ``moment``, ``valence`` (−1, 0 or 1 by the code,
        else by the respondent's own rating of the moment; NaN where neither says).
    matched_by : {"codes", "terms"}
        Whether people said which moments a comment speaks of, or a search for terms.
    agreement : DataFrame or None
        Of the terms with the codes, where there are both, as :func:`agreement_with_codes`.
    """

    comments: pd.DataFrame
    mentions: pd.DataFrame
    matched_by: Literal["codes", "terms"]
    agreement: pd.DataFrame | None = None

    def to_code_by_hand(self, n: int = 100, *, seed: int = 0) -> pd.DataFrame:
        """A sample of comments for people to code, without what the terms found.

        Fill in ``codes`` and name the file under ``voice: file``: then codes count, and the
        agreement of the terms with them is reported.

        Parameters
        ----------
        n : int
            Comments at most.
        seed : int
            The same seed gives the same sample.

        Returns
        -------
        DataFrame
            ``wave``, ``text``, ``source``, and ``codes`` to be filled in.
        """
        written = self.comments[self.comments["text"] != ""]
        sample = written.sample(min(n, len(written)), random_state=seed).sort_index()
        return sample[["wave", "text", "source"]].assign(codes="")


def voice_of(
    study: Study,
    waves: Mapping[str, Wave],
    table: Table | None,
    frame: Table | None,
    own: Mapping[str, set[str]],
) -> tuple[Voice | None, list[Problem]]:
    """Return the voice of a study and every problem of its files.

    Nothing in them raises or stops a wave.

    Parameters
    ----------
    study : Study
    waves : mapping of id to Wave
        Those that can be used; comments of others are left out.
    table : Table or None
        ``wave``, ``text`` or ``codes`` (or both), ``respondent``, ``source``. None: the codes
        stand in the waves' own columns.
    frame : Table or None
        The code frame: ``code``, ``moment`` (blank: about none), ``wave`` (blank: all),
        ``valence``. A row for a wave goes before one for all.
    own : mapping of respondent to their own values
        Masked in their comments, as all personal data that have a form.
    """
    problems: list[Problem] = []
    if table is None:
        comments = _from_waves(waves)
    else:
        needed = ("wave",) if "codes" in table.frame else ("wave", "text")
        if lacking := missing_column(table, needed, "comments"):
            return None, [lacking]
        comments, found = _from_file(study, waves, table, own)
        problems += found
    codes: CodeFrame = {}
    if frame is not None:
        codes, found = _code_frame(study, frame)
        problems += found
    if codes and comments["codes"].notna().any():
        mentions, found = _coded(comments, codes)
        problems += found
        by_terms, agreement = False, _agreement(study, comments, mentions)
    else:
        mentions, by_terms, agreement = _by_terms(study, comments), True, None
    mentions["valence"] = _completed(study, waves, comments, mentions)
    return Voice(
        comments=comments.drop(columns="codes"),
        mentions=mentions,
        matched_by="terms" if by_terms else "codes",
        agreement=agreement,
    ), problems


def _from_waves(waves: Mapping[str, Wave]) -> pd.DataFrame:
    """One comment a respondent with any code, in the columns of the wave."""
    parts = []
    for wave in waves.values():
        cells, said = wave.coded.to_numpy(dtype=object), wave.coded.notna().to_numpy()
        rows = np.flatnonzero(said.any(axis=1))
        codes = np.array([SEPARATOR.join(cells[i, said[i]]) for i in rows], dtype=object)
        parts.append(
            pd.DataFrame({"wave": wave.id, "row": rows, "text": "", "source": "", "codes": codes})
        )
    columns = ["wave", "row", "text", "source", "codes"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _from_file(
    study: Study, waves: Mapping[str, Wave], table: Table, own: Mapping[str, set[str]]
) -> tuple[pd.DataFrame, list[Problem]]:
    frame = table.frame
    blank = pd.Series(pd.NA, index=frame.index, dtype="str")
    column = {
        name: texts(frame[name]) if name in frame else blank
        for name in ("respondent", "wave", "text", "codes", "source")
    }
    problems = []
    if "respondent" not in frame:
        problems.append(
            Problem(
                column="respondent",
                rule="voice_without_respondents",
                severity="note",
                what_to_do=f"'{shown(table.path.name)}' does not say who wrote a comment, so no "
                "share of customers can be given. Add a column respondent, if it is known.",
            )
        )
    known = [wave.id for wave in study.waves]
    odd = ~column["wave"].isin(known).to_numpy()
    first = next(iter(column["wave"][odd].dropna()), None)
    hint = "" if first is None else did_you_mean(first, known)
    cells = Cells(wave="", name="wave", column=column["wave"].fillna("(blank)"))
    problems += cells.problem(
        "unknown_wave",
        odd,
        f"Comments of waves that the study does not have are left out.{hint}",
        "warning",
    )
    empty = (column["text"].isna() & column["codes"].isna()).to_numpy()
    cells = Cells(wave="", name="text", column=column["text"])
    problems += cells.problem(
        "comment_empty", empty & ~odd, "Rows with neither text nor codes are left out.", "note"
    )
    used = column["wave"].isin(list(waves)).to_numpy() & ~empty
    comments = pd.DataFrame({name: values[used] for name, values in column.items()})
    comments = comments.reset_index(drop=True)
    comments["row"] = _places(comments, waves)
    problems += _without_partner(comments)
    comments["text"] = [
        "" if pd.isna(text) else mask(text, own.get(who, ()) if isinstance(who, str) else ())
        for text, who in zip(comments["text"], comments["respondent"], strict=True)
    ]
    comments["source"] = comments["source"].fillna("")
    return comments[["wave", "row", "text", "source", "codes"]], problems


def _places(comments: pd.DataFrame, waves: Mapping[str, Wave]) -> np.ndarray:
    """The row of each comment's respondent in its wave, −1 where there is none."""
    places = np.full(len(comments), NOBODY)
    for wave in waves.values():
        if wave.respondent is None:
            continue
        known = wave.respondent.dropna()
        rows = pd.Series(known.index.to_numpy(), index=known.to_numpy())
        rows = rows[~rows.index.duplicated()]
        mine = (comments["wave"] == wave.id).to_numpy()
        places[mine] = rows.reindex(comments.loc[mine, "respondent"]).fillna(NOBODY).astype(int)
    return places


def _without_partner(comments: pd.DataFrame) -> Iterator[Problem]:
    for wave, own in comments[comments["row"] == NOBODY].groupby("wave", sort=False):
        named = own["respondent"].dropna()
        if len(named):
            yield Problem(
                wave=str(wave),
                column="respondent",
                rule="comment_without_respondent",
                count=len(named),
                examples=examples(named),
                severity="note",
                what_to_do="These comments are by nobody of the wave: they have no weight, so they "
                "are counted and quoted, and stand in no share. If that is too many, compare how "
                "both files write the ids.",
            )


def _code_frame(study: Study, table: Table) -> tuple[CodeFrame, list[Problem]]:
    """What each code of each wave ("" for all) stands for."""
    if lacking := missing_column(table, ("code", "moment"), "codes"):
        return {}, [lacking]
    frame = table.frame
    blank = pd.Series(pd.NA, index=frame.index, dtype="str")
    waves, codes, moments = (
        texts(frame[name]) if name in frame else blank for name in ("wave", "code", "moment")
    )
    valences = (
        numbers(frame["valence"]).values if "valence" in frame else np.full(len(frame), np.nan)
    )
    known = {
        "moment": [moment.id for moment in study.moments],
        "wave": [wave.id for wave in study.waves],
    }
    problems: list[Problem] = []
    odd = np.zeros(len(frame), dtype=bool)
    for name, cells in (("moment", moments), ("wave", waves)):
        wrong = (cells.notna() & ~cells.isin(known[name])).to_numpy()
        first = next(iter(cells[wrong]), "")
        problems += Cells(wave="", name=name, column=cells).problem(
            f"unknown_{name}",
            wrong,
            f"The code frame names a {name} that the study does not have; these codes are left "
            f"out.{did_you_mean(first, known[name])}",
            "warning",
        )
        odd |= wrong
    if "valence" in frame:
        wrong = frame["valence"].notna().to_numpy() & ~np.isin(valences, VALENCES)
        problems += Cells(wave="", name="valence", column=frame["valence"]).problem(
            "not_a_valence",
            wrong,
            "Write −1 for negative, 0 for neither, 1 for positive; these codes keep their moment "
            "and lose their valence.",
            "warning",
        )
        valences = np.where(wrong, np.nan, valences)
    found: CodeFrame = {}
    usable = ~odd & codes.notna().to_numpy()
    rows = zip(waves[usable].fillna(""), codes[usable], moments[usable], strict=True)
    for (wave, code, moment), valence in zip(rows, valences[usable], strict=True):
        found.setdefault((wave, code), []).append((None if pd.isna(moment) else moment, valence))
    return found, problems


def _coded(comments: pd.DataFrame, codes: CodeFrame) -> tuple[pd.DataFrame, list[Problem]]:
    rows: list[tuple[int, str, float]] = []
    unknown: dict[str, list[str]] = {}
    for place, wave, cell in zip(comments.index, comments["wave"], comments["codes"], strict=True):
        for code in (
            filter(None, map(str.strip, str(cell).split(SEPARATOR))) if cell == cell else ()
        ):
            meaning = codes.get((wave, code), codes.get(("", code)))
            if meaning is None:
                unknown.setdefault(wave, []).append(code)
            rows += [(place, moment, v) for moment, v in meaning or () if moment is not None]
    problems = [
        Problem(
            wave=wave,
            column="codes",
            rule="unknown_code",
            count=len(found),
            examples=examples(found),
            severity="warning",
            what_to_do=f"The code frame does not have these codes, so they count for nothing."
            f"{did_you_mean(found[0], _names(codes, wave))} Add them, with a blank moment where "
            "they are about none.",
        )
        for wave, found in unknown.items()
    ]
    return _one_a_moment(rows), problems


def _names(codes: CodeFrame, wave: str) -> list[str]:
    return sorted({code for of, code in codes if of in ("", wave)})


def _by_terms(study: Study, comments: pd.DataFrame) -> pd.DataFrame:
    terms = terms_of(study)
    names = list(terms)
    found = matched(list(comments["text"]), terms)
    return _one_a_moment(
        [(int(i), names[j], np.nan) for i, j in zip(*np.nonzero(found), strict=True)]
    )


def _one_a_moment(rows: list[tuple[int, str, float]]) -> pd.DataFrame:
    """One mention a comment and moment; of several codes the lowest valence holds."""
    mentions = pd.DataFrame(rows, columns=["comment", "moment", "valence"])
    mentions = mentions.astype({"comment": "int64", "moment": "str", "valence": "float64"})
    lowest = mentions.groupby(["comment", "moment"], sort=False).agg({"valence": "min"})
    return lowest.reset_index()


def _agreement(study: Study, comments: pd.DataFrame, mentions: pd.DataFrame) -> pd.DataFrame | None:
    """Of the terms with the codes, on comments that have text and codes."""
    both = ((comments["text"] != "") & comments["codes"].notna()).to_numpy()
    terms = terms_of(study)
    if not both.any() or not terms:
        return None
    names = list(terms)
    coded = np.zeros((len(comments), len(names)), dtype=bool)
    mine = mentions[mentions["moment"].isin(names)]
    coded[mine["comment"], [names.index(name) for name in mine["moment"]]] = True
    return agreement_with_codes(
        coded[both], matched(list(comments.loc[both, "text"]), terms), names
    )


def _completed(
    study: Study, waves: Mapping[str, Wave], comments: pd.DataFrame, mentions: pd.DataFrame
) -> np.ndarray:
    """The valence of each mention: of its code, else by the respondent's rating of the moment."""
    valence = mentions["valence"].to_numpy(dtype=float).copy()
    of = comments.loc[mentions["comment"], ["wave", "row"]].reset_index(drop=True)
    row = of["row"].to_numpy()
    for wave_id, moment_id in set(zip(of["wave"], mentions["moment"], strict=True)):
        wave, moment = waves[wave_id], study.moment(moment_id)
        mine = ((of["wave"] == wave_id) & (mentions["moment"] == moment_id)).to_numpy()
        open_ = np.flatnonzero(mine & np.isnan(valence) & (row != NOBODY))
        if moment.rating is None or moment.id not in wave.asked or not len(open_):
            continue
        scale = study.ratings_for(moment)
        rating = wave.ratings[moment.id].to_numpy()[row[open_]]
        sign = np.where(
            np.isin(rating, scale.bottom_box), -1, np.where(np.isin(rating, scale.top_box), 1, 0)
        )
        valence[open_] = np.where(np.isnan(rating), np.nan, sign)
    return valence
