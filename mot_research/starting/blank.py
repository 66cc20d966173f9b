"""The study file of a study that begins with nothing but its name."""

from mot_research.study.definition import SIX_STAGES
from mot_research.study.writing import comment, scalar
from mot_research.workshop.stage_questions import EASILY_MISSED, STAGE_QUESTIONS

TEXT = """\
# The study of {title}: what you believe about your customers' experience, and where their
# answers lie. Fill it from top to bottom; after each step run `mot check` on this folder, and it
# names the next one. Notes begin with #: keep, change or remove them. To use an example that
# stands in notes, remove the # before it. All keys, for editors that complete them: `mot schema`.

study:
  name: {name}
  # population: 240000      # the number of customers that the survey stands for
  # currency: EUR           # of all amounts of money

# 1. The stages of the experience, in the customer's order. These six are a good beginning: agree
# on them, and on what each one is, before you list moments. The question above each stage helps
# to find its moments.
stages:
{stages}

# 2. The moments: contacts with you that can decide whether a customer stays, buys more or leaves.
# List them with colleagues of every department in workshop/moments.xlsx, one row a moment, then:
#     mot moments FOLDER --import FOLDER/workshop/moments.xlsx
# Or write them here. Only id and name are needed; the rest can come later. Easily missed:
{missed}
moments:
#  - id: first_bill
#    name: First bill arrives
#    stage: acquisition
#    category: relationship      # rescue | revenue | request | relationship
#    description: The first invoice after joining
#    interaction: [e-mail, app]
#    expectation: I understand every line
#    owner: Billing
#    partners: [Contact centre]
#    rating: q12_first_bill      # its question in the survey: the column's name
#    cost_per_year: 120000       # to bring it to its target

# 3. The scale on which the survey asks for the moments. With codes, for example:
# {{low: 1, high: 5, not_experienced: [6], blank: [0]}}, where 6 is "did not have this contact" and
# 0 is no answer.
ratings: {{low: 1, high: 5}}

# 4. What the moments are meant to drive. The first outcome of a role (relationship, revenue)
# decides, the others support it. Kinds: score | ordered | binary | amount | share.
outcomes:
#  - {{id: recommend, name: Likelihood to recommend, column: ltr, kind: score, low: 0, high: 10}}
#  - {{id: renewed, role: revenue, goal: retention, column: renewed, kind: binary,
#     yes: [1], no: [0]}}

# 5. The waves of the survey, oldest first: CSV, Excel, Parquet or SPSS. A new one is checked,
# copied and named here by: mot add-wave FOLDER FILE --id 2026Q1
waves:
#  - {{id: 2026Q1, file: waves/2026q1.csv, from: 2026-01-10, to: 2026-02-02}}

# 6. What else the survey's file has. Each line adds to the report.
# respondent: customer_id       # the customer's id
# weight: weight                # survey weights
# stratum: region               # how the sample was drawn
# cluster: branch
# segments: [plan]              # the report looks at each value by itself
# controls: [tenure_years]      # held constant in every model

# 7. What the company knows beside the survey. Each file adds a section to the report.
# workshop: {{votes: workshop/votes.csv}}          # what `mot ballot` collects
# voice: {{file: voice/verbatims.csv, codes: voice/codes.csv}}
# operations: {{file: operations.csv}}
# customers: {{file: customers.csv}}
# events: {{file: events.csv}}
"""


def blank_study_yml(name: str) -> str:
    """The text of a commented study.yml with the six stages and no moment yet."""
    stages = []
    for stage in SIX_STAGES:
        stages += comment(STAGE_QUESTIONS[stage.id], indent=2)
        stages += [
            f"  - id: {scalar(stage.id)}",
            f"    name: {scalar(stage.name)}",
            f"    definition: {scalar(stage.definition or '')}",
        ]
    return TEXT.format(
        title=comment(name)[0].removeprefix("# "),
        name=scalar(name),
        stages="\n".join(stages),
        missed="\n".join(f"# - {question}" for question in EASILY_MISSED),
    )
