"""What to ask a workshop at each of the six stages, to find the moments in it."""

from collections.abc import Mapping

STAGE_QUESTIONS: Mapping[str, str] = {
    "awareness": "Where do people first meet us, before they want anything from us?",
    "buy_in": "What do they compare, ask or try until they believe that we may be the one?",
    "acquisition": "What happens from their yes until it works, and the first bill is paid?",
    "care": "When is something wrong or unclear, and how do they reach us, and we them?",
    "use": "Which contacts does a usual week hold, and which come once a year?",
    "share": "When do they renew, come back, or speak of us to others, and what do we do then?",
}
EASILY_MISSED = (
    "Which contacts does no department own, such as the 100th order?",
    "Who called three times in a month, and who noticed?",
    "What happens in the weeks before a contract ends?",
    "Which silence does the customer notice: no answer, no thanks, no warning?",
)
