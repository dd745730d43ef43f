"""The whole problem of a scenario as one programme."""

from __future__ import annotations

from planner.catalog.models import Catalog
from planner.scenario.models import Scenario
from tests.oracle.limits import Limits
from tests.oracle.offers import Offers
from tests.oracle.programme import Program
from tests.oracle.serving import Serving
from tests.oracle.sites import Sites
from tests.oracle.writer import Made


def program(scenario: Scenario, catalog: Catalog, fitted: Made | None = None, between: Made | None = None) -> Program:
    """The whole problem of a scenario; ``fitted`` and interpolated (``between``) points by the workload they serve."""
    return _Model(scenario, catalog, fitted or {}, between or {}).write()


class _Model(Sites, Offers, Serving, Limits):
    def write(self) -> Program:
        """Everything."""
        for site in self.scenario.sites:
            self.site(site)
        for offer, own_lead, quoted in self.reserved_offers():
            self.reserved(offer, own_lead, quoted)
        for offer in self.catalog.offers.values():
            if offer.kind != "reserved" and offer.kind in self.scenario.procurement.rent:
                self.hourly(offer)
        self.signed()
        sent = self.apis()
        self.serve(sent)
        self.budgets()
        self.shares()
        self.quotas()
        self.depths()
        return self.p
