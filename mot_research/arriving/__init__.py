"""A new wave: what its file holds, how it differs from the last, and its entry in the study."""

from mot_research.arriving.adding import add_wave
from mot_research.arriving.arrival import Arrival, arrive, earlier_waves
from mot_research.arriving.dialogue import settled, yes_or_no
from mot_research.arriving.entry import Described, pairs

__all__ = [
    "Arrival",
    "Described",
    "add_wave",
    "arrive",
    "earlier_waves",
    "pairs",
    "settled",
    "yes_or_no",
]
