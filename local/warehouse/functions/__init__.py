"""Table functions in Python: what they are, where they are kept, and how a query calls them."""
