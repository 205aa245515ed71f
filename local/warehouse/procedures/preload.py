"""Imported once by the process that handlers are forked from: each of them starts with Snowpark already loaded."""

from importlib import import_module

from local.warehouse.staged import objects

# What handlers import: else each of them would do it anew.
MODULES = (
    "gzip",
    "json",
    "pandas",
    "pyarrow",
    "scipy.optimize",
    "scipy.special",
    "local.warehouse.functions.batch",
    "local.warehouse.procedures.staged_file",
)

for module in MODULES:
    import_module(module)
# Making it takes a tenth of a second; it opens no connection before it is used.
objects.client()
