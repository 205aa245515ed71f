{{ overruled('option_chain') }}
