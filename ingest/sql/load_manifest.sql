call raw.load_manifest(%s)
