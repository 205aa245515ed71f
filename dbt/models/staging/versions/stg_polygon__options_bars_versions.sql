{{ overruled('option_bars') }}
