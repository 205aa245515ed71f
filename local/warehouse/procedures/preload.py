"""Imported once by the process that handlers are forked from: each of them starts with Snowpark already loaded."""

import gzip  # noqa: F401
import json  # noqa: F401

import pandas  # noqa: F401
import pyarrow  # noqa: F401
import scipy.special  # noqa: F401

from local.warehouse.functions import batch  # noqa: F401
from local.warehouse.procedures import staged_file  # noqa: F401
from local.warehouse.staged import objects

# Making it takes a tenth of a second; it opens no connection before it is used.
objects.client()
