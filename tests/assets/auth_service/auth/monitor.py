"""The second process: says whether it is healthy."""

import sys

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return {"status": "healthy", "part": "monitor"}


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
