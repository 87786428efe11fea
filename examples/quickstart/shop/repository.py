"""Customers, kept in SQLite."""

import sqlite3


class CustomerRepo:
    def __init__(self, path=":memory:"):
        self._db = sqlite3.connect(path)
        self._db.row_factory = sqlite3.Row
        self._db.execute("create table if not exists customers (id integer primary key, name text, email text)")

    def add(self, name, email):
        with self._db:
            return self._db.execute("insert into customers (name, email) values (?, ?)", (name, email)).lastrowid

    def get(self, customer_id):
        row = self._db.execute("select id, name, email from customers where id = ?", (customer_id,)).fetchone()
        if row is None:
            raise LookupError(f"no customer {customer_id}")
        return dict(row)

    def close(self):
        self._db.close()
