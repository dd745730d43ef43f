"""What a workload asks for: a forecast in one of several units, the users that it has, or a trace."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from planner.catalog.models import NonNegative, Positive, wrong
from planner.catalog.row import sensible
from planner.fields import doc
from planner.scenario.section import ALWAYS, Amounts, Section
from planner.schedule import Schedule
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

# In Mtok; less a day than one is no demand.
A_TOKEN = 1e-6
# The load shape that a workload's own trace has.
OF_TRACE = "trace"
# The units that a forecast is in, once what users or a trace ask for is one.
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
    def _one_kind(self) -> Self:
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

    def scaled(self, factor: float) -> Self:
        """So many times the users, each as busy as before."""
        return self.model_copy(update={self.stated: self.count.scaled(factor)})

    @property
    def _kind(self) -> tuple[str, Schedule, tuple[str, ...]]:
        if self.daily is not None:
            return "daily", self.daily, ("sessions_per_day", "requests_per_session")
        assert self.concurrent is not None
        return "concurrent", self.concurrent, ("requests_per_hour",)


class Seen(Section):
    """What a trace says of demand; filled in when it is read, so that a kept scenario needs the file no more."""

    requests_per_s: Annotated[Positive, doc("mean over the hours that count", "requests/s")]
    hours: Annotated[Positive, doc("whole weeks, or days, of what was recorded; all of it where that is less", "hours")]
    input_tokens: Annotated[Positive | None, doc("mean, where single requests are known", "tokens")] = None
    output_tokens: Annotated[Positive | None, doc("mean, where single requests are known", "tokens")] = None
    levels: Annotated[
        tuple[NonNegative, ...],
        doc("rate over its mean in equal parts of the hours, the busiest first; none of less than a day", "factor"),
    ] = ()


class Demand(Section):
    """A forecast, in exactly one unit; geometric between dates."""

    output_mtok_per_day: Annotated[Amounts | None, doc("10⁶ output tokens a day", "Mtok per day")] = None
    requests_per_s: Annotated[
        Amounts | None, doc("mean over the day; filled in where users or a trace are given", "requests/s")
    ] = None
    gpu_hours_per_day: Annotated[
        Amounts | None, doc("gpu_hours workloads: weighted GPU-hours a day", "GPU-hours per day")
    ] = None
    csv: Annotated[
        str | None, doc("file beside the scenario with columns date and one of the units above; read when loading")
    ] = None
    users: Users | None = None
    trace: Annotated[
        str | None,
        doc(
            "file of requests, or of rates by window, beside the scenario: its rate, and where the workload states "
            "none its tokens, load and traffic; read when loading"
        ),
    ] = None
    columns: Annotated[
        str | None,
        doc("of a trace that no known tool wrote: time=ts,input=prompt,output=reply,unit=ms, or time=ts,rate=rps"),
    ] = None
    factor: Annotated[Amounts, doc("on the trace's own rate", "factor")] = ALWAYS
    trace_sha256: Annotated[
        str | None,
        Field(pattern="^[0-9a-f]{16}$"),
        doc("first 16 digits of the SHA-256 of the trace; filled in when loading, and where given it has to agree"),
    ] = None
    seen: Annotated[Seen | None, doc("what the trace says; filled in when loading")] = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        made = self._made()
        if made is not None and self.requests_per_s is None:
            # The rate that everything behind the scenario knows; nobody has said it so.
            self.__dict__["requests_per_s"] = made
        units: list[Any] = [self.output_mtok_per_day, self.gpu_hours_per_day, self.csv, self.users, self.trace]
        if made is None or self.requests_per_s != made:
            units.append(self.requests_per_s)
        if sum(unit is not None for unit in units) != 1:
            raise ValueError(
                "give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day, csv, users and trace"
            )
        self._check_trace()
        if self.output_mtok_per_day is not None:
            small = [mtok for mtok in self.output_mtok_per_day.values if 0 < mtok < A_TOKEN]
            if small:
                raise wrong("output_mtok_per_day", f"{small[0]:g} is less than a token a day; the unit is 10⁶ tokens")
        return self

    def _made(self) -> Schedule | None:
        """What users or a trace ask for, in requests/s."""
        if self.users is not None:
            return self.users.requests_per_s
        return None if self.seen is None else self.factor.scaled(self.seen.requests_per_s)

    def _check_trace(self) -> None:
        if self.trace is None:
            for field in ("columns", "trace_sha256", "seen"):
                if getattr(self, field) is not None:
                    raise wrong(field, "this belongs to trace: FILE")
            if self.factor != ALWAYS:
                raise wrong("factor", "this belongs to trace: FILE; other forecasts are numbers themselves")
        elif self.seen is None:
            raise wrong("trace", "nobody has read this trace; load the scenario from a file or a text")
        else:
            for value in (self._made() or ALWAYS).values:
                sensible(value)

    def scaled(self, factor: float) -> Self:
        """The same forecast times ``factor``; of users so many more."""
        parts: dict[str, Any] = {
            unit: getattr(self, unit).scaled(factor) for unit in UNITS if getattr(self, unit) is not None
        }
        if self.users is not None:
            users = self.users.scaled(factor)
            parts |= {"users": users, "requests_per_s": users.requests_per_s}
        if self.trace is not None:
            parts["factor"] = self.factor.scaled(factor)
        return self.model_copy(update=parts)
