create file format if not exists raw.ndjson
type = json
compression = auto
comment = 'Raw objects (one response a line) and manifests (one document)';
