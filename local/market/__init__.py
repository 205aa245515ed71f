"""A stand-in for the Polygon.io (Massive) REST API, on replayed and synthetic data.

Start it with `python -m local.market`, or embed it with `local.market.app.create_app(MarketSettings(...))`.

    sessions   XNYS sessions: positions, dates, when each one is complete
    replay     real bars of the past, moved session by session onto the current calendar
    synthetic  any number of seeded SIM… tickers
    listings   which security has which ticker, and when: renames, recycled tickers, FIGIs and their gaps
    universe   both of them as one market: bars, splits, dividends, ticker reference
    surface    the option model: rate, dividend yields, volatility surface, prices, greeks
    contracts  which option contracts exist on which day
    chain      bars and snapshots of those contracts
    query      parameters, filters and cursor paging, as the API reads them
    plans      what a plan serves: since when, from when, the option chain
    gate       authorisation, rate limit, delay, the server's own log of requests
    faults     failures on demand
    aggregates, reference, options, status    the endpoints
    process    starts it in a process of its own
"""
