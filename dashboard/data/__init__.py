"""The dashboard's one door to the warehouse: connection pool, SQL files, cache, and typed results."""
