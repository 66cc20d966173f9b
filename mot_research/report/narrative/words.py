"""The words that readers meet for the names that the code uses."""

VERDICTS = {
    "proven": "Proven",
    "brand_bet": "Brand bet",
    "likely": "Likely",
    "minor": "Minor",
    "not_proven": "Not proven",
    "not_tested": "Not tested",
}
LIST_HEADINGS = {"proven": "Proven", "brand_bet": "Brand bets", "likely": "Likely"}
LIST_KINDS = {  # one, several
    "proven": ("proven", "proven"),
    "brand_bet": ("brand bet", "brand bets"),
    "likely": ("likely", "likely"),
}
ACTIONS = {
    "fix": "Fix",
    "protect": "Protect",
    "wow": "Wow",
    "bet": "Bet",
    "find_out": "Find out",
    "stop_and_ask": "Stop and ask",
}
ROLES = {"relationship": "relationship", "revenue": "revenue"}
THE_ROLES = {"relationship": "the relationship", "revenue": "revenue"}
GOALS = {
    "bond": "bond",
    "retention": "retention",
    "revenue": "revenue",
    "share_of_wallet": "share of wallet",
}
ASYMMETRY = {
    "basic": "must be right every time",
    "performance": "the better it goes, the better",
    "delight": "a place to wow",
    "undecided": "right every time or wow: undecided",
}
KINDS = {  # beside a picture
    "basic": "right every time",
    "performance": "the better, the better",
    "delight": "a place to wow",
    "undecided": "undecided",
}
FLAGS = {
    "missed_by_workshop": "missed by the workshop",
    "rare_but_decisive": "rare but decisive",
    "loud_voice": "loud in the voice of customers",
    "conflict": "helps one outcome and hurts the other",
    "reversed": "the sign is reversed: check coding and scale",
    "chosen_by_gut": "chosen by gut",
    "having_it_matters": "having it goes with the outcome more than how it went",
}
CATEGORIES = {
    "rescue": "rescue of a customer in distress",
    "revenue": "revenue building",
    "request": "response to a request",
    "relationship": "relationship building",
}
CONTACTS = {
    "rescue": "rescue",
    "revenue": "revenue-building",
    "request": "request",
    "relationship": "relationship-building",
}
MARKS = {
    "moment_of_truth": "moment of truth",
    "internal_interaction": "internal interaction",
    "decision_point": "decision point",
}
ANSWERED_IN_TIME = "Answered in time"  # what metric 10 is where a moment has a trigger
IF_ANSWERED = "when answered in time"
METRICS = {
    "reach": "Reach",
    "mean_rating": "Mean rating",
    "top_box": "Top box",
    "bottom_box": "Bottom box",
    "gap_to_expectation": "Gap to expectation",
    "importance_relationship": "Share of importance, relationship",
    "importance_revenue": "Share of importance, revenue",
    "penalty": "Penalty when it goes wrong",
    "reward": "Reward when it shines",
    "answered_in_time": "Spread of the ratings",
    "trend": "Moved since the last wave",
    "mentions": "Customers who mention it",
    "negative_share": "Negative among them",
    "revenue_at_stake": "Revenue at stake",
    "consensus": "Silos that chose it",
}
NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
UP, DOWN = "▲", "▼"
NO_STAGE = "No stage"
NO_OWNER = "no owner"
SIMULATED = "Simulated data."


def number(n: int) -> str:
    """Return a count as people write it in a sentence: seven, 13."""
    return NUMBERS[n] if n < len(NUMBERS) else f"{n:,}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return "one moment", "seven moments", "no moments"."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def listed(parts: list[str], *, last: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def sentence(text: str) -> str:
    """Return the text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]
