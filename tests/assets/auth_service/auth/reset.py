"""Removes the database: python -m auth.reset"""

from auth.database import path

if __name__ == "__main__":
    path().unlink(missing_ok=True)
    print("database is gone")
