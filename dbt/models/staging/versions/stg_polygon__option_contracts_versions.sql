{{ overruled('option_contracts') }}
