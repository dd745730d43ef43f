"""Ways of getting GPUs or tokens, as a reader says them: each alone, and with renting by the hour beside it."""

from __future__ import annotations

# Those that a reader asks for first come first.
ALONE = {
    "rent": "renting it all by the hour",
    "buy": "buying alone",
    "reserve": "signing contracts alone",
    "api": "calling token APIs alone",
}
# Where an option rents beside what gives it its name until the end, it is no option of that alone.
THROUGHOUT = "the end"
BESIDE = {
    "buy": "buying and renting by the hour, without contracts,",
    "reserve": "contracts and renting by the hour, without buying,",
}
