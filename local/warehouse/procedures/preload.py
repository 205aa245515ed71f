"""Imported once by the process that handlers are forked from: each of them starts with Snowpark already loaded."""

import gzip  # noqa: F401
import json  # noqa: F401

import pandas  # noqa: F401
import pyarrow  # noqa: F401
import snowflake.connector
import snowflake.snowpark  # noqa: F401
