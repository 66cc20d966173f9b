"""The workshop: what each participant of each silo chose, and where they disagree."""

import numpy as np
import pandas as pd

from mot_research.simulate.company import MOMENTS, STAGES
from mot_research.simulate.draws import normal

SILOS = ("Marketing", "Sales", "Customer care", "Network", "Billing", "IT")
PARTICIPANTS_PER_SILO = 3
CATEGORIES = ("rescue", "revenue", "request", "relationship")
AGREE_ON_STAGE = 0.75
AGREE_ON_CATEGORY = 0.80
OWN_MOMENT = 0.20  # how much likelier a silo chooses a moment of its own


def draw_votes(rng: np.random.Generator) -> pd.DataFrame:
    """One row per participant and moment, in the columns of the design.

    ``shortlisted`` is 1 or 0; ``rank`` counts from 1 among what a participant chose.
    """
    stages = [stage for stage, _, _ in STAGES]
    rows = []
    for silo in SILOS:
        for number in range(1, PARTICIPANTS_PER_SILO + 1):
            lots = rng.random((len(MOMENTS), 5))
            liking = normal(rng, len(MOMENTS))
            wish = np.array([m.shortlisted_by + OWN_MOMENT * (m.owner == silo) for m in MOMENTS])
            chosen = lots[:, 0] < wish
            order = np.argsort(np.where(chosen, -3 * wish - liking, np.inf), kind="stable")
            rank = np.argsort(order, kind="stable") + 1
            for i, moment in enumerate(MOMENTS):
                rows.append(
                    {
                        "participant": f"{silo} {number}",
                        "silo": silo,
                        "moment": moment.id,
                        "stage": _vote(moment.stage, stages, AGREE_ON_STAGE, lots[i, 1:3]),
                        "category": _vote(
                            moment.category, CATEGORIES, AGREE_ON_CATEGORY, lots[i, 3:5]
                        ),
                        "shortlisted": int(chosen[i]),
                        "rank": str(rank[i]) if chosen[i] else "",
                    }
                )
    return pd.DataFrame(rows)


def _vote(usual: str, options: list[str] | tuple[str, ...], agree: float, lot: np.ndarray) -> str:
    """The usual answer, or a neighbour of it."""
    if lot[0] < agree:
        return usual
    position = options.index(usual) + (1 if lot[1] < 0.5 else -1)
    return options[position % len(options)]
