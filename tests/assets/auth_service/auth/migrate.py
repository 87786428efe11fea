"""Makes the tables: python -m auth.migrate"""

from contextlib import closing

from auth.database import TABLES, connect

if __name__ == "__main__":
    with closing(connect()) as connection:
        connection.executescript(TABLES)
    print("tables are there")
