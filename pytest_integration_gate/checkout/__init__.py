"""What is checked out: the state of the files, what git says of them, and which module imports which."""
