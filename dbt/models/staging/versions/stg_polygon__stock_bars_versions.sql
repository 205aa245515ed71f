{{ overruled('stock_bars') }}
