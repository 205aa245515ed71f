{{ overruled('treasury_yields') }}
