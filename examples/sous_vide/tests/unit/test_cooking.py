"""The rules of food safety need no stubs at all."""

import pytest

from sous_vide.cooking import Cook, read_cook
from sous_vide.errors import ServiceError

STEAK = {"temperature": 57.5, "minutes": 90, "food": "steak"}


def test_safe_cook_is_read():
    """Numbers become what the vendor wants, and blanks around the food go."""
    assert read_cook({"temperature": 60, "minutes": 90, "food": " steak "}) == Cook(60.0, 90, "steak")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"temperature": 54.9}, "TEMPERATURE_TOO_LOW"),
        ({"temperature": -3}, "TEMPERATURE_TOO_LOW"),
        ({"temperature": 95.1}, "TEMPERATURE_TOO_HIGH"),
        ({"temperature": 10**400}, "TEMPERATURE_TOO_HIGH"),
        ({"temperature": float("-inf")}, "TEMPERATURE_TOO_LOW"),
        ({"temperature": "60"}, "INVALID_TEMPERATURE"),
        ({"temperature": True}, "INVALID_TEMPERATURE"),
        ({"temperature": float("nan")}, "INVALID_TEMPERATURE"),
        ({"temperature": None}, "INVALID_TEMPERATURE"),
        ({"minutes": 0}, "INVALID_TIME"),
        ({"minutes": 72 * 60 + 1}, "INVALID_TIME"),
        ({"minutes": 1.5}, "INVALID_TIME"),
        ({"minutes": True}, "INVALID_TIME"),
        ({"food": ""}, "INVALID_FOOD"),
        ({"food": "  "}, "INVALID_FOOD"),
        ({"food": "x" * 65}, "INVALID_FOOD"),
        ({"food": "steak\0"}, "INVALID_FOOD"),
        ({"food": 7}, "INVALID_FOOD"),
    ],
)
def test_unsafe_cook_is_refused(change, code):
    """Each thing that is wrong has its code."""
    with pytest.raises(ServiceError) as refused:
        read_cook({**STEAK, **change})
    assert refused.value.code == code


@pytest.mark.parametrize("data", [None, [], "steak", 60])
def test_anything_but_an_object_is_refused(data):
    """JSON that is no object is no cook."""
    with pytest.raises(ServiceError) as refused:
        read_cook(data)
    assert refused.value.code == "INVALID_REQUEST"
