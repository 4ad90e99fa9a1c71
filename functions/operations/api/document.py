"""Prints the API's OpenAPI document: `python -m functions.operations.api.document`."""

import sys

from functions.operations.api.app import app
from functions.operations.api.routes.meta import openapi

if __name__ == "__main__":
    sys.stdout.write(openapi(app))
