"""What the user can set: options, ini values and ``gate.yaml``, read into one frozen object."""
