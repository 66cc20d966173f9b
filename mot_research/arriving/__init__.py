"""A new wave: what its file holds, how it differs from the last, and its entry in the study."""

from mot_research.arriving.adding import add_wave
from mot_research.arriving.arrival import Arrival, arrive, earlier_waves
from mot_research.arriving.dialogue import settled, yes_or_no
from mot_research.arriving.entry import Described, pairs
from mot_research.arriving.told import compared, found_in, refusal, to_write

__all__ = [
    "Arrival",
    "Described",
    "add_wave",
    "arrive",
    "compared",
    "earlier_waves",
    "found_in",
    "pairs",
    "refusal",
    "settled",
    "to_write",
    "yes_or_no",
]
