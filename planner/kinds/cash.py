"""Categories of cash: one record each. What a category is, when it falls due, where it is booked and how it is shown.

Accounts, key figures, trace, ledger, FOCUS rows, workbook, reports and the published format all read ``RECORDS``. The
running cost of a system in service has its formula in ``planner.rules.running``, which refuses a record without one.
"""

from __future__ import annotations

from typing import Literal

from planner.frozen import dataclass

Group = Literal["capex", "opex", "proceeds", "revenue", "end of horizon"]
Booked = Literal["purchase", "conversion", "retirement", "system", "site", "contract", "hourly", "api", "sale"]
Falls = Literal["start", "middle"]
Table = Literal["purchases", "retirements", "fleet", "contracts", "on_demand", "token_api"]
PriceEvidence = Literal["row", "vendor", "scenario"]
# What is booked under these is a cost of owning systems.
_OWNING: tuple[Booked, ...] = ("purchase", "conversion", "retirement", "system", "site")


@dataclass(frozen=True)
class FocusService:
    """A category in FOCUS: service category, subcategory and name, how often it is charged, how it is priced.

    What is ``bought`` is a row of category Purchase when it is paid and of Usage in the periods that it serves.
    """

    category: str
    subcategory: str
    name: str
    frequency: Literal["One-Time", "Recurring", "Usage-Based"]
    pricing: Literal["Standard", "Dynamic"] = "Standard"
    bought: bool = False


@dataclass(frozen=True)
class CashCategory:
    """One category of cash, named ``key`` in tables and ``words`` in reports.

    ``booked`` is the decision, or the thing, that its payments belong to: a purchase, a hall's conversion, the
    retirement of an existing system, a system in service, a site, a contract, GPUs by the hour, a token API, or tokens
    sold. ``falls`` is the day of a period that discounting takes it at. ``table`` is the one whose catalog rows it is
    traced to; None where it is traced to none. ``evidence`` of its price is that catalog row's, a vendor's, or the
    scenario's own; ``on_price_path`` prices move with the scenario's price path. ``focus`` is None for what is no
    charge of the reported periods.
    """

    key: str
    words: str
    meaning: str
    group: Group
    booked: Booked
    falls: Falls
    evidence: PriceEvidence
    table: Table | None = None
    on_price_path: bool = False
    focus: FocusService | None = None

    @property
    def owning(self) -> bool:
        """Whether it is part of what an owned GPU-hour costs."""
        return self.booked in _OWNING

    @property
    def capacity(self) -> bool:
        """Whether it pays for GPUs in the period that it falls due, owned or rented."""
        return self.group in ("capex", "opex") and self.booked != "api"


HARDWARE = CashCategory(
    key="hardware",
    words="hardware",
    meaning="price of systems bought, the deposit when they are ordered",
    group="capex",
    booked="purchase",
    falls="start",
    evidence="row",
    table="purchases",
    on_price_path=True,
    focus=FocusService("Compute", "Other (Compute)", "GPU systems", "One-Time", bought=True),
)
NETWORK = CashCategory(
    key="network",
    words="network",
    meaning="network and storage of systems bought, a share of their price",
    group="capex",
    booked="purchase",
    falls="start",
    evidence="row",
    table="purchases",
    on_price_path=True,
    focus=FocusService(
        "Networking", "Network Infrastructure", "Network and storage of GPU systems", "One-Time", bought=True
    ),
)
INSTALLATION = CashCategory(
    key="installation",
    words="installation",
    meaning="installation and integration of systems bought, a share of their price",
    group="capex",
    booked="purchase",
    falls="start",
    evidence="row",
    table="purchases",
    on_price_path=True,
    focus=FocusService("Compute", "Other (Compute)", "Installation of GPU systems", "One-Time", bought=True),
)
CONVERSION = CashCategory(
    key="conversion",
    words="conversion",
    meaning="conversion of a hall to liquid cooling",
    group="capex",
    booked="conversion",
    falls="start",
    evidence="scenario",
    focus=FocusService("Other", "Other (Other)", "Conversion of a hall", "One-Time", bought=True),
)
SUPPORT = CashCategory(
    key="support",
    words="support",
    meaning="support of systems in service, a share a year of the price paid",
    group="opex",
    booked="system",
    falls="middle",
    evidence="row",
    table="fleet",
    focus=FocusService("Management and Governance", "Support", "Support of GPU systems", "Recurring"),
)
LICENCE = CashCategory(
    key="licence",
    words="licence",
    meaning="software licences of GPUs in service",
    group="opex",
    booked="system",
    falls="middle",
    evidence="scenario",
    table="fleet",
    focus=FocusService("AI and Machine Learning", "AI Platforms", "Software licences", "Recurring"),
)
STAFF = CashCategory(
    key="staff",
    words="staff",
    meaning="staff of a site, by the MW in service",
    group="opex",
    booked="system",
    falls="middle",
    evidence="scenario",
    table="fleet",
    focus=FocusService("Management and Governance", "Other (Management and Governance)", "Staff", "Recurring"),
)
COLOCATION = CashCategory(
    key="colocation",
    words="colocation",
    meaning="space and power provisioned at a site, by the kW in service",
    group="opex",
    booked="system",
    falls="middle",
    evidence="scenario",
    table="fleet",
    focus=FocusService("Other", "Other (Other)", "Colocation", "Recurring"),
)
LEASE = CashCategory(
    key="lease",
    words="lease",
    meaning="lease of a hall by its contracted kW, whatever stands there",
    group="opex",
    booked="site",
    falls="middle",
    evidence="scenario",
    table="fleet",
    focus=FocusService("Other", "Other (Other)", "Lease of a hall", "Recurring"),
)
ENERGY = CashCategory(
    key="energy",
    words="energy",
    meaning="electricity drawn at the sites, idle and busy",
    group="opex",
    booked="site",
    falls="middle",
    evidence="scenario",
    focus=FocusService("Other", "Other (Other)", "Electricity", "Usage-Based"),
)
RESERVED = CashCategory(
    key="reserved",
    words="reserved",
    meaning="contracts for GPUs, upfront on the first day and by the hour",
    group="opex",
    booked="contract",
    falls="middle",
    evidence="row",
    table="contracts",
    on_price_path=True,
    focus=FocusService("Compute", "Virtual Machines", "Reserved GPUs", "Recurring", bought=True),
)
ON_DEMAND = CashCategory(
    key="on_demand",
    words="on demand",
    meaning="GPUs rented by the hour",
    group="opex",
    booked="hourly",
    falls="middle",
    evidence="row",
    table="on_demand",
    on_price_path=True,
    focus=FocusService("Compute", "Virtual Machines", "GPUs on demand", "Usage-Based"),
)
SPOT = CashCategory(
    key="spot",
    words="spot",
    meaning="GPUs rented by the hour that may be taken away",
    group="opex",
    booked="hourly",
    falls="middle",
    evidence="row",
    table="on_demand",
    on_price_path=True,
    focus=FocusService("Compute", "Virtual Machines", "Spot GPUs", "Usage-Based", pricing="Dynamic"),
)
TOKEN_API = CashCategory(
    key="token_api",
    words="token APIs",
    meaning="tokens bought from token APIs",
    group="opex",
    booked="api",
    falls="middle",
    evidence="vendor",
    table="token_api",
    on_price_path=True,
    focus=FocusService("AI and Machine Learning", "Generative AI", "Token API", "Usage-Based"),
)
HARDWARE_SALE = CashCategory(
    key="hardware_sale",
    words="hardware sold",
    meaning="what existing systems bring when they are retired, in negative",
    group="proceeds",
    booked="retirement",
    falls="start",
    evidence="row",
    table="retirements",
    on_price_path=True,
    focus=FocusService("Compute", "Other (Compute)", "Sale of GPU systems", "One-Time"),
)
REVENUE = CashCategory(
    key="revenue",
    words="revenue",
    meaning="what customers pay for tokens served, in negative",
    group="revenue",
    booked="sale",
    falls="middle",
    evidence="scenario",
)
CONTRACT_TAIL = CashCategory(
    key="contract_tail",
    words="contracts after the horizon",
    meaning="what contracts still cost after the horizon, the share of it that is charged",
    group="end of horizon",
    booked="contract",
    falls="middle",
    evidence="row",
    table="contracts",
)
PREPAYMENT_CREDIT = CashCategory(
    key="prepayment_credit",
    words="credit for prepayment",
    meaning="prepayment of contracts not used up at the horizon's end, the share of it that is credited",
    group="end of horizon",
    booked="contract",
    falls="start",
    evidence="row",
    table="contracts",
)
RESIDUAL = CashCategory(
    key="residual",
    words="resale value of hardware",
    meaning="what hardware bought or kept is worth at the horizon's end",
    group="end of horizon",
    booked="purchase",
    falls="start",
    evidence="row",
    table="purchases",
)
RECORDS = (
    HARDWARE, NETWORK, INSTALLATION, CONVERSION,
    SUPPORT, LICENCE, STAFF, COLOCATION, LEASE, ENERGY, RESERVED, ON_DEMAND, SPOT, TOKEN_API,
    HARDWARE_SALE, REVENUE,
    CONTRACT_TAIL, PREPAYMENT_CREDIT, RESIDUAL,
)  # fmt: skip
BY_KEY = {record.key: record for record in RECORDS}
# Keys, in the order of tables.
CATEGORIES = tuple(BY_KEY)
CAPEX = tuple(record.key for record in RECORDS if record.group == "capex")
OPEX = tuple(record.key for record in RECORDS if record.group == "opex")
PROCEEDS = tuple(record.key for record in RECORDS if record.group == "proceeds")
END_OF_HORIZON = tuple(record.key for record in RECORDS if record.group == "end of horizon")
RESALE = (*PROCEEDS, RESIDUAL.key)
COSTS = tuple(record.key for record in RECORDS if record.group != "revenue")
OWNING = tuple(record.key for record in RECORDS if record.owning)
CAPACITY = tuple(record.key for record in RECORDS if record.capacity)


def in_words(category: str) -> str:
    """A category of cash as reports name it."""
    return BY_KEY[category].words
