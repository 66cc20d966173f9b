"""Write the simulated study: its study.yml, its files and the truth that was planted."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from mot_research.errors import StudyError, shown
from mot_research.simulate import truth
from mot_research.simulate.draws import streams
from mot_research.simulate.records import (
    draw_customers,
    draw_events,
    draw_operations,
    draw_revenue,
)
from mot_research.simulate.study_file import readme, study_yml
from mot_research.simulate.voice import codes_table, draw_recordings, draw_verbatims
from mot_research.simulate.waves import WAVES, draw_branches, draw_wave, survey_columns
from mot_research.simulate.workshop import draw_votes


def simulate_study(
    directory: str | Path, *, seed: int = 20260101, n_respondents: int = 1500
) -> Path:
    """Write a whole study of an invented company with a known truth.

    Four quarterly waves with weights, branches as clusters, regions as strata, 20 rated moments
    and one without a rating, outcomes, votes, events, verbatims and the rest, with the planted
    truth beside them in ``truth.json``. The same arguments give the same bytes.

    Parameters
    ----------
    directory : path
        A folder that does not exist yet, or is empty.
    seed : int
        Of all draws; each table has its own stream.
    n_respondents : int
        Respondents per wave, at least 1.

    Returns
    -------
    Path
        The study file, ``directory/study.yml``.

    Raises
    ------
    StudyError
        Where the folder holds something already, or an argument is not allowed.

    Examples
    --------
    >>> import mot_research as mot
    >>> path = mot.simulate_study("operator", n_respondents=50)
    >>> sorted(found.name for found in path.parent.iterdir() if found.is_dir())
    ['crm', 'voice', 'waves', 'workshop']
    """
    folder = Path(directory)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(
            f"'{shown(folder)}' is not an empty folder: the simulated study writes only where "
            "it can overwrite nothing. Name a new folder, or empty this one."
        )
    if n_respondents < 1 or seed < 0:
        raise StudyError(
            f"n_respondents is {n_respondents} and seed is {seed}: allowed are whole numbers, "
            "at least 1 respondent per wave and a seed of 0 or more."
        )
    for path, text in study_texts(seed=seed, n_respondents=n_respondents).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))
    return folder / "study.yml"


def study_texts(*, seed: int, n_respondents: int) -> dict[str, str]:
    """Every file of the study as text, by its path inside the folder."""
    rng = streams(seed)
    branches = draw_branches(rng["branches"])
    waves = {wave.id: draw_wave(rng[wave.id], wave, branches, n_respondents) for wave in WAVES}
    customers = draw_customers(rng["customers"], waves)
    tables = {
        **{f"waves/{wave.lower()}.csv": frame[survey_columns()] for wave, frame in waves.items()},
        "crm/revenue.csv": draw_revenue(rng["revenue"], waves),
        "customers.csv": customers,
        "events.csv": draw_events(rng["events"], waves, customers),
        "workshop/votes.csv": draw_votes(rng["votes"]),
        "voice/verbatims.csv": draw_verbatims(rng["voice"], waves),
        "voice/codes.csv": codes_table(),
        "recordings.csv": draw_recordings(rng["recordings"], waves),
        "operations.csv": draw_operations(rng["operations"]),
    }
    return {
        "study.yml": study_yml(seed=seed, n_respondents=n_respondents),
        "README.md": readme(n_respondents=n_respondents),
        "truth.json": _truth_json(seed=seed, n_respondents=n_respondents),
        **{path: _csv(frame) for path, frame in tables.items()},
    }


#: Decimals of the columns that are not whole numbers or text.
DECIMALS = {"tenure_years": 1, "prior_revenue": 2, "weight": 4, "revenue": 2, "value": 2}


def _csv(frame: pd.DataFrame) -> str:
    """CSV with fixed decimals and plain newlines, so that the bytes are the same everywhere."""
    written = frame.copy()
    for column in written.columns.intersection(list(DECIMALS)):
        decimals = DECIMALS[column]
        written[column] = [f"{value:.{decimals}f}" for value in written[column]]
    return written.to_csv(index=False, lineterminator="\n")


def _truth_json(*, seed: int, n_respondents: int) -> str:
    def plain(value: object) -> object:
        return dict(value) if isinstance(value, Mapping) else value

    content = {
        "about": "The truth planted in the simulated study beside this file. Harbour Mobile "
        "does not exist.",
        "seed": seed,
        "n_respondents": n_respondents,
        "planted": {key: plain(value) for key, value in truth.TRUTH.items()},
        "moments": {moment: asdict(planted) for moment, planted in truth.PLANTED.items()},
        "design_effect": truth.DESIGN_EFFECT,
        "halo": truth.HALO,
        "renewal_call_on_renewed": truth.RENEWAL_CALL_ON_RENEWED,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
