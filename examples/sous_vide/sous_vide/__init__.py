"""A service that cooks under vacuum: it controls an appliance through the cloud of its vendor."""

__version__ = "1.0.0"
