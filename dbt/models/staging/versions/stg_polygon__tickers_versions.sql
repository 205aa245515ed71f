{{ overruled('tickers') }}
