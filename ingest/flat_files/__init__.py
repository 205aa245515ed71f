"""The vendor's flat files: all bars of a session in one gzip CSV, in an S3 bucket with keys of its own.

    bucket      list the files and fetch one: streamed, hashed and read through on the way
    source      whether bars come from files or from the API, and which files there are
    planning    which of them to fetch. Pure
    fetching    fetch a batch of them

docs/flat-files.md describes the whole.
"""
