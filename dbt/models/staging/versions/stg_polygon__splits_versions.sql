{{ overruled('splits') }}
