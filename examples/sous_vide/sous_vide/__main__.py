"""Starts the service: `python -m sous_vide`, with its settings in the environment."""

import os
import sys

from sous_vide import __version__


def main() -> None:
    """Serve until the process ends; with --version, only say the version."""
    if "--version" in sys.argv:
        print(__version__)
        return
    from werkzeug.serving import make_server

    from sous_vide.api import create_app
    from sous_vide.vendor import VendorClient

    settings = os.environ
    vendor = VendorClient(settings["VENDOR_URL"], settings["VENDOR_API_KEY"], settings["DEVICE"])
    app = create_app(vendor, settings["SERVICE_TOKEN"])
    make_server("127.0.0.1", int(settings["PORT"]), app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
