"""Where the accounts are kept."""

import os
import sqlite3
from pathlib import Path

TABLES = """
CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, password TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));
"""


def path() -> Path:
    return Path(os.environ.get("DATABASE_URL", "sqlite:///auth.db").removeprefix("sqlite:///"))


def connect() -> sqlite3.Connection:
    return sqlite3.connect(path(), timeout=10)
