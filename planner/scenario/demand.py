"""What a workload asks for: a forecast in one of several units, or the users that it has."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import model_validator

from planner.catalog.models import Positive, wrong
from planner.catalog.row import sensible
from planner.fields import doc
from planner.scenario.section import Amounts, Section
from planner.schedule import Schedule
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

# In Mtok; less a day than one is no demand.
A_TOKEN = 1e-6
# The units that a forecast is in, once what users ask for is one.
UNITS = ("output_mtok_per_day", "requests_per_s", "gpu_hours_per_day")


class Users(Section):
    """People, and how often each of them asks: by the day, or by the hour of those who are there at once."""

    daily: Annotated[Amounts | None, doc("users of a day, mean over its days", "users")] = None
    sessions_per_day: Annotated[Positive | None, doc("sessions of a daily user, mean", "sessions per day")] = None
    requests_per_session: Annotated[Positive | None, doc("mean", "requests per session")] = None
    concurrent: Annotated[Amounts | None, doc("users at the same time, mean over the day", "users")] = None
    requests_per_hour: Annotated[Positive | None, doc("requests of a concurrent user, mean", "requests per hour")] = (
        None
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Users:
        if (self.daily is None) == (self.concurrent is None):
            raise ValueError("give exactly one of daily and concurrent")
        stated, _, needed = self._kind
        for field, value in self:
            if field in needed and value is None:
                raise wrong(field, f"this field is missing; {stated} users make requests by {' and '.join(needed)}")
            if field not in (stated, *needed) and value is not None:
                raise wrong(field, f"this does not belong to {stated} users, whose fields are {', '.join(needed)}")
        for value in self.requests_per_s.values:
            sensible(value)
        return self

    @property
    def stated(self) -> str:
        """The field that counts them: daily or concurrent."""
        return self._kind[0]

    @property
    def count(self) -> Schedule:
        """How many they are, by date."""
        return self._kind[1]

    @property
    def requests_per_s(self) -> Schedule:
        """The requests/s that they make."""
        if self.concurrent is not None:
            return self.concurrent.scaled((self.requests_per_hour or 0.0) / SECONDS_PER_HOUR)
        return self.count.scaled((self.sessions_per_day or 0.0) * (self.requests_per_session or 0.0) / SECONDS_PER_DAY)

    def scaled(self, factor: float) -> Users:
        """So many times the users, each as busy as before."""
        return self.model_copy(update={self.stated: self.count.scaled(factor)})

    @property
    def _kind(self) -> tuple[str, Schedule, tuple[str, ...]]:
        if self.daily is not None:
            return "daily", self.daily, ("sessions_per_day", "requests_per_session")
        assert self.concurrent is not None
        return "concurrent", self.concurrent, ("requests_per_hour",)


class Demand(Section):
    """A forecast, in exactly one unit; geometric between dates."""

    output_mtok_per_day: Annotated[Amounts | None, doc("10⁶ output tokens a day", "Mtok per day")] = None
    requests_per_s: Annotated[
        Amounts | None, doc("mean over the day; filled in where users are given", "requests/s")
    ] = None
    gpu_hours_per_day: Annotated[
        Amounts | None, doc("gpu_hours workloads: weighted GPU-hours a day", "GPU-hours per day")
    ] = None
    csv: Annotated[
        str | None, doc("file beside the scenario with columns date and one of the units above; read when loading")
    ] = None
    users: Users | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Demand:
        self._fill_in()
        units: list[Any] = [self.output_mtok_per_day, self.gpu_hours_per_day, self.csv, self.users]
        if self.users is None or self.requests_per_s != self.users.requests_per_s:
            units.append(self.requests_per_s)
        if sum(unit is not None for unit in units) != 1:
            raise ValueError(
                "give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day, csv and users"
            )
        if self.output_mtok_per_day is not None:
            small = [mtok for mtok in self.output_mtok_per_day.values if 0 < mtok < A_TOKEN]
            if small:
                raise wrong("output_mtok_per_day", f"{small[0]:g} is less than a token a day; the unit is 10⁶ tokens")
        return self

    def _fill_in(self) -> None:
        """What users ask for, as the rate that everything behind the scenario knows; nobody has said it so."""
        if self.users is not None and self.requests_per_s is None:
            self.__dict__["requests_per_s"] = self.users.requests_per_s

    def scaled(self, factor: float) -> Demand:
        """The same forecast times ``factor``; of users so many more."""
        parts: dict[str, Any] = {
            unit: getattr(self, unit).scaled(factor) for unit in UNITS if getattr(self, unit) is not None
        }
        if self.users is not None:
            users = self.users.scaled(factor)
            parts |= {"users": users, "requests_per_s": users.requests_per_s}
        return self.model_copy(update=parts)
