"""The accounts: python -m auth.server. Starts the monitor beside itself."""

import hashlib
import os
import secrets
import sqlite3
import subprocess
import sys
from contextlib import closing

from flask import Flask, request

from auth.database import connect

app = Flask(__name__)
PRODUCTS = [{"id": number, "name": f"Product {number}", "price": number * 1.5} for number in range(1, 21)]


def digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


@app.get("/health")
def health():
    return {"status": "healthy", "part": "accounts"}


@app.post("/api/auth/register")
def register():
    data = request.get_json()
    try:
        with closing(connect()) as connection, connection:
            connection.execute(
                "INSERT INTO users (email, password) VALUES (?, ?)", (data["email"], digest(data["password"]))
            )
    except sqlite3.IntegrityError:
        return {"error": "this address is taken"}, 409
    return {"email": data["email"]}, 201


@app.post("/api/auth/login")
def login():
    data = request.get_json()
    with closing(connect()) as connection, connection:
        row = connection.execute(
            "SELECT id FROM users WHERE email = ? AND password = ?", (data["email"], digest(data["password"]))
        ).fetchone()
        if row is None:
            return {"error": "wrong address or password"}, 401
        token = secrets.token_hex(16)
        connection.execute("INSERT INTO sessions (token, user_id) VALUES (?, ?)", (token, row[0]))
    return {"token": token}


@app.get("/api/users/me")
def me():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with closing(connect()) as connection:
        row = connection.execute(
            "SELECT id, email FROM users JOIN sessions ON users.id = sessions.user_id WHERE token = ?", (token,)
        ).fetchone()
    return {"id": row[0], "email": row[1]} if row else ({"error": "no session"}, 401)


@app.get("/api/products")
def products():
    return {"items": PRODUCTS}


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8010"))
    subprocess.Popen([sys.executable, "-m", "auth.monitor", str(port + 1)])
    app.run(port=port, threaded=True)
