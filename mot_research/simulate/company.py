"""Harbour Mobile, an invented operator: its stages and moments as its workshop wrote them."""

from dataclasses import dataclass

STAGES = (
    ("awareness", "Awareness", "People notice us and wonder whether we are for them"),
    ("buy_in", "Buy-in", "They compare, ask and decide that we may be the one"),
    ("acquisition", "Acquisition", "From the signature to a phone that works, the first bill paid"),
    ("care", "Care", "Something is wrong or unclear and they turn to us"),
    ("use", "Use", "The service in daily life, at home and abroad"),
    ("share", "Share", "They tell others, and stay because they want to"),
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The workshop's words for one moment; empty fields are left out of the study file."""

    id: str
    name: str
    stage: str
    category: str
    owner: str
    description: str
    expectation: str
    ideal: str
    interaction: tuple[str, ...]
    mark: str = "moment_of_truth"
    partners: tuple[str, ...] = ()
    handoffs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    data_needed: tuple[str, ...] = ()
    trigger: str = ""
    brand_bet: str = ""
    cost_per_year: int = 0
    shortlisted_by: float = 0.0  # the share of the voters who chose it, about


MOMENTS = (
    Moment(
        id="coverage_check", name="Checks the coverage at home", stage="awareness",
        category="request", owner="Marketing", partners=("Network",),
        description="Looks up on the map whether the signal reaches home and work",
        expectation="The map tells the truth about my street",
        ideal="An honest answer by address, indoors and outdoors",
        interaction=("web", "branch"), cost_per_year=60000, shortlisted_by=0.35,
    ),
    Moment(
        id="campaign", name="Meets the lighthouse campaign", stage="awareness",
        category="relationship", owner="Marketing",
        description="Sees or hears the lighthouse campaign, on posters and in films",
        expectation="Tell me something that is true, and make me smile",
        ideal="People hum the tune and know what we promise",
        interaction=("poster", "television", "social media"), cost_per_year=900000,
        brand_bet="The lighthouse is who we are: we are there when it gets dark",
        shortlisted_by=0.85,
    ),
    Moment(
        id="plan_advice", name="Is advised on a plan", stage="buy_in", category="revenue",
        mark="decision_point", owner="Sales", partners=("Marketing",),
        description="Compares plans with an adviser in the branch, in chat or on the phone",
        expectation="Sell me what I need, not what you must sell",
        ideal="Three questions, one recommendation, and the reason for it",
        interaction=("branch", "chat", "phone"), metrics=("advice_minutes",),
        cost_per_year=240000, shortlisted_by=0.90,
    ),
    Moment(
        id="price_promise", name="The price is the price", stage="buy_in", category="revenue",
        mark="decision_point", owner="Sales", partners=("Billing",),
        handoffs=("Sales → Billing",),
        description="Sees the full price before signing, and again on paper",
        expectation="No surprise after I have signed",
        ideal="One number, valid for two years",
        interaction=("branch", "web"), cost_per_year=150000, shortlisted_by=0.75,
    ),
    Moment(
        id="number_porting", name="Brings the old number along", stage="acquisition",
        category="request", owner="IT", partners=("Sales", "Customer care"),
        handoffs=("Sales → IT", "IT → Customer care"),
        description="The number moves from the old operator to us",
        expectation="I can be reached all day, and on the day that was agreed",
        ideal="Nobody notices, not even the customer",
        interaction=("text message", "app"), metrics=("porting_days",),
        data_needed=("porting gateway",), cost_per_year=180000, shortlisted_by=0.70,
    ),
    Moment(
        id="activation", name="The phone works on day one", stage="acquisition",
        category="request", owner="IT", partners=("Sales",),
        description="Puts in the card or scans the code, and makes the first call",
        expectation="It works at once, without reading anything",
        ideal="Two minutes from the box to the first call",
        interaction=("app", "branch"), cost_per_year=90000, shortlisted_by=0.65,
    ),
    Moment(
        id="welcome_pack", name="Receives the welcome pack", stage="acquisition",
        category="relationship", owner="Marketing",
        description="A parcel with the card, a letter and a small present",
        expectation="Welcome me, briefly",
        ideal="A present that is kept",
        interaction=("post",), cost_per_year=210000, shortlisted_by=0.55,
    ),
    Moment(
        id="first_bill", name="First bill arrives", stage="acquisition", category="relationship",
        owner="Billing", partners=("Customer care", "IT"),
        handoffs=("Billing → Customer care",),
        description="The first invoice after joining, or the first in a new layout",
        expectation="I understand every line",
        ideal="One page, no jargon, a person to ask",
        interaction=("e-mail", "app"), metrics=("bill_disputes",),
        data_needed=("billing system",), cost_per_year=120000, shortlisted_by=0.80,
        trigger="{when: {event: first_invoice, nth: 1}, "
                "answer: {event: welcome_call, within: 14 days}}",
    ),
    Moment(
        id="hotline_person", name="Gets through to a person", stage="care", category="request",
        owner="Customer care", partners=("IT",),
        description="Calls the hotline and leaves the menu behind",
        expectation="A person within three minutes who can decide",
        ideal="Answered by someone who already knows why I call",
        interaction=("phone",), metrics=("hotline_wait_minutes",), cost_per_year=650000,
        shortlisted_by=0.80,
    ),
    Moment(
        id="outage_call", name="Calls about an outage", stage="care", category="rescue",
        owner="Network", partners=("Customer care",),
        handoffs=("Customer care → Network", "Network → Customer care"),
        description="Nothing works any more and the customer calls to ask why",
        expectation="Tell me what is broken and until when",
        ideal="We text before the customer calls",
        interaction=("phone", "text message"), metrics=("outage_minutes",),
        cost_per_year=300000, shortlisted_by=0.75,
    ),
    Moment(
        id="third_call", name="Calls a third time in a month", stage="care", category="rescue",
        owner="Customer care", partners=("Billing", "Network", "IT"),
        description="Has called three times within 30 days, mostly about the same thing",
        expectation="Somebody takes it over and stays with it until it is solved",
        ideal="After the second call we call back, with the solution",
        interaction=("phone",), metrics=("repeat_calls",), data_needed=("call log",),
        cost_per_year=170000, shortlisted_by=0.20,
        trigger="{when: {event: service_call, at_least: 3, in: 30 days}, "
                "answer: {event: case_manager, within: 5 days}}",
    ),
    Moment(
        id="lost_phone", name="Reports a lost or stolen phone", stage="care", category="rescue",
        owner="Customer care", partners=("IT", "Sales"),
        handoffs=("Customer care → Sales",),
        description="The phone is gone: block the card, save the number, get a spare",
        expectation="Block it now, and let me be reached again today",
        ideal="Blocked in one minute, a spare phone in the next branch",
        interaction=("phone", "branch"), cost_per_year=45000, shortlisted_by=0.75,
    ),
    Moment(
        id="complaint_closed", name="A complaint is closed", stage="care", category="rescue",
        owner="Customer care", partners=("Billing",),
        description="The answer to a written complaint, and what was done about it",
        expectation="Somebody has read what I wrote, and did something",
        ideal="A call, an apology, and the money back within a week",
        interaction=("e-mail", "letter"), metrics=("complaint_days",), cost_per_year=140000,
        shortlisted_by=0.60,
    ),
    Moment(
        id="move_home", name="Moves home with us", stage="care", category="request",
        mark="internal_interaction", owner="Sales", partners=("IT", "Network"),
        handoffs=("Sales → Network",),
        description="Takes the home connection along to a new address",
        expectation="It works on the day I move in",
        ideal="One date, one visit",
        interaction=("web", "branch"), cost_per_year=80000, shortlisted_by=0.40,
    ),
    Moment(
        id="network_daily", name="The network in daily life", stage="use",
        category="relationship", owner="Network",
        description="Calls and data at home, at work and on the way",
        expectation="It simply works",
        ideal="Nobody ever thinks about it",
        interaction=("network",), metrics=("dropped_calls",), cost_per_year=2400000,
        shortlisted_by=0.95,
    ),
    Moment(
        id="app_selfcare", name="Settles it in the app", stage="use", category="request",
        owner="IT", partners=("Billing", "Customer care"),
        description="Changes a plan, finds a bill or blocks a service without asking anybody",
        expectation="Done in a minute, and I can see that it is done",
        ideal="Nobody needs to call",
        interaction=("app",), metrics=("app_rating",), cost_per_year=350000,
        shortlisted_by=0.85,
    ),
    Moment(
        id="data_limit", name="Data run out before the month", stage="use", category="revenue",
        owner="Marketing", partners=("IT",),
        description="The message that the data are used up, with an offer of more",
        expectation="Warn me early and let me choose",
        ideal="A warning at 80 %, and one touch for more",
        interaction=("text message", "app"), cost_per_year=70000, shortlisted_by=0.55,
    ),
    Moment(
        id="roaming_welcome", name="Is welcomed abroad", stage="use", category="relationship",
        owner="Network", partners=("Marketing",),
        description="The first message after crossing a border: what works, what it costs",
        expectation="Tell me what it costs before it costs me",
        ideal="One message, one price, and a number that helps at any hour",
        interaction=("text message",), metrics=("roaming_complaints",), cost_per_year=95000,
        shortlisted_by=0.15,
    ),
    Moment(
        id="anniversary", name="The 100th top-up, the first year", stage="share",
        category="relationship", owner="Marketing", partners=("IT",),
        description="A round number with us passes: the 100th top-up or a year of contract",
        expectation="Nothing. I would not expect anybody to notice",
        ideal="A present that shows that we know the customer",
        interaction=("text message", "post"), data_needed=("top-up log",), cost_per_year=110000,
        shortlisted_by=0.60,
        trigger="{when: {event: top_up, nth: 100}, answer: {event: present, within: 7 days}}",
    ),
    Moment(
        id="upgrade_offer", name="Is offered a bigger plan", stage="use", category="revenue",
        mark="decision_point", owner="Sales", partners=("Marketing",),
        description="A call or a message that offers more for more",
        expectation="Only when it is good for me",
        ideal="An offer made of the customer's own use, easy to decline",
        interaction=("phone", "app"), cost_per_year=130000, shortlisted_by=0.65,
    ),
    Moment(
        id="before_expiry", name="Before the contract expires", stage="care",
        category="revenue", mark="decision_point", owner="Sales", partners=("Customer care",),
        handoffs=("Customer care → Sales",),
        description="The month before the contract ends, when others call with offers",
        expectation="Call me first, with something at least as good as for new customers",
        ideal="A call four weeks before the end, from the branch that knows me",
        interaction=("phone",), data_needed=("contract dates",), cost_per_year=160000,
        shortlisted_by=0.70,
        trigger="{when: {before: contract_end, days: 30}, "
                "answer: {event: renewal_call, within: 21 days}}",
    ),
    Moment(
        id="feedback_answered", name="Feedback is answered", stage="share",
        category="relationship", mark="internal_interaction", owner="Customer care",
        partners=("Marketing",),
        description="Somebody answers to a review or a survey comment",
        expectation="Tell me what became of it",
        ideal="You said, we did",
        interaction=("e-mail", "social media"), cost_per_year=75000, shortlisted_by=0.45,
    ),
    Moment(
        id="refer_friend", name="Brings a friend", stage="share", category="revenue",
        owner="Marketing", partners=("Sales",),
        description="Recommends us to a friend and gets a credit for it",
        expectation="The credit comes by itself",
        ideal="Both are thanked on the same day",
        interaction=("app",), cost_per_year=85000, shortlisted_by=0.70,
    ),
)
