"""A shop of two contexts, a kernel that they share, and a front."""
