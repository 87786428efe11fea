"""A service of two processes: accounts on one port, a health monitor on the next."""
