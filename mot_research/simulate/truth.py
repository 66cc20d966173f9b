"""The truth that is planted in the simulated study: what really moves its customers."""

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

PLANS = ("prepaid", "contract", "family")
PLAN_SHARES = (0.40, 0.38, 0.22)
REGIONS = ("North", "East", "South", "West", "Islands")
REGION_SHARES = (0.28, 0.24, 0.20, 0.16, 0.12)
BRANCHES = (26, 24, 20, 17, 13)  # per region; 100 in all

# Recommend is 0 to 10; renewed is on the logit scale.
RECOMMEND_LEVEL = 7.0
RECOMMEND_NOISE = 1.85
RENEWED_LEVEL = 1.25
TENURE_ON_RECOMMEND = 0.03  # points per year
TENURE_ON_RENEWED = 0.03  # logits per year
BRANCH_ON_RECOMMEND = 0.45  # standard deviation between branches, in points
BRANCH_ON_RENEWED = 0.15
BRANCH_ON_RATINGS = 0.20  # standard deviation, in standard deviations of a rating
HALO = 0.60  # loading of every rating on the respondent's general mood
DESIGN_EFFECT = 1.3  # of the weights: 1 + their squared coefficient of variation

RENEWAL_CALL_ON_RENEWED = 0.75  # logits, for a customer with a contract called in time


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What is true of one moment.

    ``recommend`` and ``renewed`` are effects of one rating point among those who had the
    moment (points of 0–10; logits); ``*_contact`` of having had it at all, on average over
    those who had it; ``penalty`` and ``reward`` act on recommend (``*_renewed`` on renewed)
    where the rating is 1–2 or 5; ``by_plan`` multiplies the effects of a rating point.
    """

    reach: float
    mean: float = 3.8
    sd: float = 1.05
    recommend: float = 0.0
    renewed: float = 0.0
    revenue: float = 0.0  # log revenue per rating point, among those who stay
    recommend_contact: float = 0.0
    renewed_contact: float = 0.0
    penalty: float = 0.0
    penalty_renewed: float = 0.0
    reward: float = 0.0
    by_plan: dict[str, float] = field(default_factory=dict)
    blank: float = 0.03
    last_wave_shift: float = 0.0  # of the mean rating, in the last wave only

    def shares(self) -> tuple[float, ...]:
        """The shares of the ratings 1 to 5 among those who had it (before the last wave)."""
        spread = self.sd * math.sqrt(1 + BRANCH_ON_RATINGS**2)
        below = [0.0]
        below += [
            (1 + math.erf((k + 0.5 - self.mean) / spread / math.sqrt(2))) / 2 for k in range(1, 5)
        ]
        below.append(1.0)
        return tuple(below[k + 1] - below[k] for k in range(5))


PLANTED = MappingProxyType(
    {
        "coverage_check": Planted(reach=0.55, mean=3.7),
        "campaign": Planted(reach=0.72, mean=3.9),
        "plan_advice": Planted(reach=0.80, recommend=0.32, renewed=0.13, revenue=0.03),
        "price_promise": Planted(reach=1.0, mean=3.5, recommend=0.22, renewed=0.18, revenue=0.02),
        "number_porting": Planted(reach=0.60, mean=3.5, sd=1.2, penalty=1.80, penalty_renewed=0.35),
        "activation": Planted(reach=0.95, mean=4.1, sd=0.95),
        "welcome_pack": Planted(reach=0.85, mean=3.8),
        "first_bill": Planted(
            reach=0.94, mean=3.7, recommend=0.44, renewed=0.18, revenue=0.02, last_wave_shift=-0.75
        ),
        "hotline_person": Planted(reach=0.48, mean=3.3, recommend=0.28, renewed=0.08, blank=0.15),
        "outage_call": Planted(reach=0.20, mean=3.2, sd=1.2, recommend=0.35, renewed=0.12),
        "third_call": Planted(
            reach=0.12, mean=2.7, sd=1.2, recommend_contact=-1.20, renewed_contact=-0.45
        ),
        "lost_phone": Planted(reach=0.042, mean=3.3, sd=1.3, recommend=1.15, renewed=0.50),
        "complaint_closed": Planted(reach=0.16, mean=3.0, sd=1.25, recommend=0.40, renewed=0.14),
        "move_home": Planted(reach=0.14, mean=3.6),
        "network_daily": Planted(reach=1.0, mean=3.8, recommend=0.50, renewed=0.16, revenue=0.03),
        "app_selfcare": Planted(reach=0.80, recommend=0.32, renewed=0.13, revenue=0.03),
        "data_limit": Planted(reach=0.50, mean=3.3, recommend=0.08, renewed=0.04, revenue=0.06),
        "roaming_welcome": Planted(
            reach=0.58, mean=3.6, recommend=0.50, renewed=0.22, revenue=0.03
        ),
        "anniversary": Planted(reach=0.40, mean=3.7, sd=1.15, reward=1.40),
        "upgrade_offer": Planted(
            reach=0.55,
            mean=3.4,
            recommend=0.45,
            renewed=0.18,
            revenue=0.04,
            by_plan={"prepaid": -0.85, "contract": 1.0, "family": 1.0},
        ),
        "feedback_answered": Planted(reach=0.30, mean=3.5),
        "refer_friend": Planted(reach=0.26, mean=3.9),
    }
)

#: What tests and readers look for, by name.
TRUTH: MappingProxyType[str, Any] = MappingProxyType(
    {
        "hidden_driver": "roaming_welcome",
        "brand_bet_without_effect": "campaign",
        "basic": "number_porting",
        "delighter": "anniversary",
        "flips": {"moment": "upgrade_offer", "segment": "plan", "negative_in": "prepaid"},
        "rare_but_decisive": "lost_phone",
        "contact_hurts_quality_silent": "third_call",
        "missed": {"moment": "before_expiry", "outcome": "renewed"},
        "dropped": {
            "moment": "first_bill",
            "wave": "2026Q3",
            "cause": "the new bill layout of June 2026",
        },
        "tied": ("plan_advice", "app_selfcare"),
        "many_blanks": "hotline_person",
        "nulls": (
            "coverage_check",
            "campaign",
            "activation",
            "welcome_pack",
            "move_home",
            "feedback_answered",
            "refer_friend",
        ),
        "strong": ("network_daily", "first_bill", "roaming_welcome", "plan_advice", "app_selfcare"),
    }
)
