"""What may be cooked: the rules of food safety. They know neither HTTP nor the vendor."""

from dataclasses import dataclass

from sous_vide.errors import ServiceError

DANGER_ZONE_ENDS = 55.0  # °C; below it bacteria grow faster than the heat kills them
HOTTEST = 95.0  # °C; above it the bag may burst
LONGEST = 72 * 60  # minutes
LONGEST_NAME = 64  # characters


@dataclass(frozen=True)
class Cook:
    """A cook that is safe: °C, minutes, and what is in the bag."""

    temperature: float
    minutes: int
    food: str


def read_cook(data: object) -> Cook:
    """Read a cook from the JSON of a request; raise ServiceError for the first thing that is wrong with it."""
    if not isinstance(data, dict):
        raise ServiceError("INVALID_REQUEST", "Send a JSON object with temperature, minutes and food.")
    return Cook(
        temperature=_temperature(data.get("temperature")),
        minutes=_minutes(data.get("minutes")),
        food=_food(data.get("food")),
    )


def _temperature(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN differs from itself
        raise ServiceError("INVALID_TEMPERATURE", "The temperature must be a number of degrees Celsius.")
    if value < DANGER_ZONE_ENDS:
        raise ServiceError(
            "TEMPERATURE_TOO_LOW", f"{value} °C is in the danger zone, which ends at {DANGER_ZONE_ENDS} °C."
        )
    if value > HOTTEST:
        raise ServiceError("TEMPERATURE_TOO_HIGH", f"{value} °C is more than the bag stands, which is {HOTTEST} °C.")
    return float(value)


def _minutes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST:
        raise ServiceError("INVALID_TIME", f"The time must be 1 to {LONGEST} whole minutes.")
    return value


def _food(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ServiceError("INVALID_FOOD", "Say what is cooked.")
    if "\0" in value or len(value) > LONGEST_NAME:
        raise ServiceError("INVALID_FOOD", f"The food must be at most {LONGEST_NAME} characters, without null bytes.")
    return value.strip()
