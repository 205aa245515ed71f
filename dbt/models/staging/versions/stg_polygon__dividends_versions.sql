{{ overruled('dividends') }}
