call raw.load_manifests(%s)
