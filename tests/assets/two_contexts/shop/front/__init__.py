"""What customers see."""

from shop import billing

HEADING = f"Shop: {billing.__name__}"
